-- kind: 'task' or 'project'. A subscription outlives what it is about, so that the deletion can be told.
CREATE TABLE IF NOT EXISTS subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    entity_id INTEGER NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (user_id, kind, entity_id)
);
CREATE INDEX IF NOT EXISTS subscriptions_entity ON subscriptions (kind, entity_id);
-- subject_id: whatever nobody wants to be told of twice, 0 for nothing. notification: JSON.
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    subject_id INTEGER NOT NULL,
    notification TEXT NOT NULL,
    read_at INTEGER,
    created INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS notifications_user ON notifications (user_id, name, subject_id);
-- Those who chose something. file_id: what they uploaded.
CREATE TABLE IF NOT EXISTS avatars (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    file_id INTEGER REFERENCES files (id)
);
-- The last one of each.
CREATE TABLE IF NOT EXISTS exports (
    user_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE
);
-- finished: null while an import runs, and for good when it failed.
CREATE TABLE IF NOT EXISTS imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    migrator TEXT NOT NULL,
    started INTEGER NOT NULL,
    finished INTEGER
);
