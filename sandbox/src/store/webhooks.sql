-- project_id: 0 for a user's own. A webhook outlives its project, so that the deletion can be told. events: JSON.
CREATE TABLE IF NOT EXISTS webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    target_url TEXT NOT NULL,
    events TEXT NOT NULL,
    project_id INTEGER NOT NULL,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    basic_auth_user TEXT NOT NULL,
    basic_auth_password TEXT NOT NULL,
    created_by INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS webhooks_project ON webhooks (project_id);
CREATE INDEX IF NOT EXISTS webhooks_user ON webhooks (user_id) WHERE user_id IS NOT NULL;
