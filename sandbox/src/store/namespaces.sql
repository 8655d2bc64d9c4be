-- 0.20 alone has namespaces; elsewhere the table stays empty.
CREATE TABLE IF NOT EXISTS namespaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    hex_color TEXT NOT NULL,
    is_archived INTEGER NOT NULL,
    owner_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS namespaces_owner ON namespaces (owner_id);
CREATE TABLE IF NOT EXISTS namespace_users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace_id INTEGER NOT NULL REFERENCES namespaces (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    permission INTEGER NOT NULL,
    UNIQUE (user_id, namespace_id)
);
CREATE TABLE IF NOT EXISTS namespace_teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace_id INTEGER NOT NULL REFERENCES namespaces (id) ON DELETE CASCADE,
    team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    permission INTEGER NOT NULL,
    UNIQUE (team_id, namespace_id)
);
-- Who was given access to which project itself, by name or in a team.
CREATE VIEW IF NOT EXISTS own_grants (user_id, project_id, permission) AS
    SELECT user_id, project_id, permission FROM shares
    UNION ALL
    SELECT m.user_id, s.project_id, s.permission
    FROM team_members m CROSS JOIN team_shares s ON s.team_id = m.team_id;
-- Who has access to which namespace, by whatever way.
CREATE VIEW IF NOT EXISTS namespace_grants (user_id, namespace_id, permission) AS
    SELECT owner_id, id, 2 FROM namespaces
    UNION ALL
    SELECT user_id, namespace_id, permission FROM namespace_users
    UNION ALL
    SELECT m.user_id, s.namespace_id, s.permission
    FROM team_members m CROSS JOIN namespace_teams s ON s.team_id = m.team_id;
-- Who was given access to which project, by whatever way.
CREATE VIEW IF NOT EXISTS grants (user_id, project_id, permission) AS
    SELECT user_id, project_id, permission FROM own_grants
    UNION ALL
    SELECT g.user_id, p.id, g.permission
    FROM namespace_grants g CROSS JOIN projects p ON p.namespace_id = g.namespace_id
    UNION ALL
    SELECT -id, project_id, permission FROM link_shares;
