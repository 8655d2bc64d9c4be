-- Times are unix seconds, NULL = not set.
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    email TEXT NOT NULL,
    password TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    default_project_id INTEGER NOT NULL DEFAULT 0,
    settings TEXT NOT NULL DEFAULT '',
    bot_owner_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    status INTEGER NOT NULL DEFAULT 0,
    deletion_scheduled_at INTEGER,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
-- Nobody, who has what deleted users wrote.
INSERT OR IGNORE INTO users (id, username, email, password, created, updated) VALUES (0, '', '', '', 0, 0);
-- Link shares act as users with negative ids, who may be called alike. They and bots have no address.
CREATE UNIQUE INDEX IF NOT EXISTS users_username ON users (username) WHERE id > 0;
CREATE UNIQUE INDEX IF NOT EXISTS users_email ON users (email) WHERE email <> '';
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    refresh_token TEXT NOT NULL UNIQUE,
    long INTEGER NOT NULL,
    device_info TEXT NOT NULL,
    ip_address TEXT NOT NULL,
    created INTEGER NOT NULL,
    last_active INTEGER NOT NULL,
    expires INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS sessions_user ON sessions (user_id);
CREATE TABLE IF NOT EXISTS projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    identifier TEXT NOT NULL DEFAULT '',
    hex_color TEXT NOT NULL DEFAULT '',
    parent_id INTEGER NOT NULL DEFAULT 0,
    -- 0.20 alone.
    namespace_id INTEGER REFERENCES namespaces (id) ON DELETE CASCADE,
    owner_id INTEGER NOT NULL REFERENCES users (id),
    is_archived INTEGER NOT NULL DEFAULT 0,
    position REAL NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS projects_owner ON projects (owner_id);
CREATE INDEX IF NOT EXISTS projects_parent ON projects (parent_id);
CREATE INDEX IF NOT EXISTS projects_namespace ON projects (namespace_id) WHERE namespace_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS shares (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    permission INTEGER NOT NULL,
    UNIQUE (user_id, project_id)
);
CREATE TABLE IF NOT EXISTS tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    done INTEGER NOT NULL,
    done_at INTEGER,
    due_date INTEGER,
    start_date INTEGER,
    end_date INTEGER,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    repeat_after INTEGER NOT NULL,
    repeat_mode INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    percent_done REAL NOT NULL,
    hex_color TEXT NOT NULL,
    number INTEGER NOT NULL,
    cover_image_attachment_id INTEGER NOT NULL,
    created_by INTEGER NOT NULL REFERENCES users (id),
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    deleted_at INTEGER,
    -- 0.20 alone; later views have places for tasks.
    bucket_id INTEGER,
    position REAL,
    kanban_position REAL
);
CREATE INDEX IF NOT EXISTS tasks_project ON tasks (project_id, number);
-- Counting and paging read this alone.
CREATE INDEX IF NOT EXISTS tasks_bucket ON tasks (bucket_id) WHERE bucket_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS tasks_living ON tasks (project_id, id) WHERE deleted_at IS NULL;
CREATE TABLE IF NOT EXISTS reminders (
    id INTEGER PRIMARY KEY,
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    reminder INTEGER,
    relative_period INTEGER NOT NULL,
    relative_to TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS reminders_task ON reminders (task_id);
CREATE TABLE IF NOT EXISTS assignees (
    id INTEGER PRIMARY KEY,
    task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    UNIQUE (task_id, user_id)
);
-- kind: 'task' or 'project'.
CREATE TABLE IF NOT EXISTS favorites (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    entity_id INTEGER NOT NULL,
    PRIMARY KEY (user_id, kind, entity_id)
);
