-- Saved filters, which show up as projects with the id -(id + 1). `filter` is a query in JSON.
CREATE TABLE IF NOT EXISTS filters (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    filter TEXT NOT NULL,
    is_favorite INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS filters_owner ON filters (owner_id);
-- project_id may be that of a saved filter. `filter` is a query in JSON or NULL, bucket_filters a list of them.
CREATE TABLE IF NOT EXISTS views (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL,
    title TEXT NOT NULL,
    view_kind TEXT NOT NULL,
    filter TEXT,
    position REAL NOT NULL,
    bucket_mode TEXT NOT NULL,
    bucket_filters TEXT,
    default_bucket_id INTEGER NOT NULL DEFAULT 0,
    done_bucket_id INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS views_project ON views (project_id);
-- "limit" is a word of SQL.
CREATE TABLE IF NOT EXISTS buckets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    view_id INTEGER NOT NULL REFERENCES views (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    most INTEGER NOT NULL DEFAULT 0,
    -- 0.20 alone; later the view knows.
    is_done INTEGER NOT NULL DEFAULT 0,
    position REAL NOT NULL,
    created_by INTEGER NOT NULL REFERENCES users (id),
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS buckets_view ON buckets (view_id);
-- Where a task stands in a view.
CREATE TABLE IF NOT EXISTS task_positions (
    view_id INTEGER NOT NULL REFERENCES views (id) ON DELETE CASCADE,
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    position REAL NOT NULL,
    PRIMARY KEY (view_id, task_id)
) WITHOUT ROWID;
-- The lowest position of a view is asked for with every new task.
CREATE INDEX IF NOT EXISTS task_positions_order ON task_positions (view_id, position);
CREATE INDEX IF NOT EXISTS task_positions_task ON task_positions (task_id);
-- Which bucket of a board a task is in.
CREATE TABLE IF NOT EXISTS task_buckets (
    view_id INTEGER NOT NULL REFERENCES views (id) ON DELETE CASCADE,
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    bucket_id INTEGER NOT NULL REFERENCES buckets (id) ON DELETE CASCADE,
    PRIMARY KEY (view_id, task_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS task_buckets_bucket ON task_buckets (bucket_id);
CREATE INDEX IF NOT EXISTS task_buckets_task ON task_buckets (task_id);
CREATE TABLE IF NOT EXISTS backgrounds (
    project_id INTEGER PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    file_id INTEGER NOT NULL REFERENCES files (id),
    created INTEGER NOT NULL
);
