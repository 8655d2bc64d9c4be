//! Projects.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::backgrounds;
use super::users::{SHAPE, User, UserShape};
use super::views::{self, View};
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;

/// A project, as the API shows and takes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Project {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) identifier: String,
    pub(crate) hex_color: String,
    /// Absent in a request is not the same as 0.
    pub(crate) parent_project_id: Option<i64>,
    /// 0.20 alone, which has no parents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace_id: Option<i64>,
    pub(crate) owner: Option<UserShape>,
    pub(crate) is_archived: bool,
    #[serde(skip_deserializing)]
    pub(crate) background_information: Option<Value>,
    pub(crate) background_blur_hash: String,
    pub(crate) is_favorite: bool,
    pub(crate) position: f64,
    #[serde(skip_deserializing)]
    pub(crate) views: Option<Vec<View>>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) subscription: Option<Value>,
    /// Absent up to 0.24, otherwise a number or null.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) max_permission: Option<Value>,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
}

impl Project {
    /// With nothing but its own columns.
    pub(crate) fn bare(self) -> Self {
        Self {
            owner: None,
            views: None,
            max_permission: Some(0.into()),
            subscription: None,
            ..self
        }
    }
}

/// Id of the pseudo project that holds the favourite tasks.
pub(crate) const FAVORITES: i64 = -1;

/// Access of a project's owner: everything.
const OWNER: i64 = 2;

/// Projects that a user (?1) may see.
const VISIBLE: &str = "
    WITH RECURSIVE visible (id) AS (
        SELECT id FROM projects WHERE owner_id = ?1
        UNION SELECT project_id FROM grants WHERE user_id = ?1
        UNION SELECT projects.id FROM projects JOIN visible ON projects.parent_id = visible.id)";

const COLUMNS: &str = "p.id, p.title, p.description, p.identifier, p.hex_color, p.parent_id, p.is_archived,
    EXISTS (SELECT 1 FROM favorites f WHERE f.user_id = ?1 AND f.kind = 'project' AND f.entity_id = p.id),
    p.position, p.created, p.updated, p.namespace_id";

impl Project {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            title: row.get(1)?,
            description: row.get(2)?,
            identifier: row.get(3)?,
            hex_color: row.get(4)?,
            parent_project_id: Some(row.get(5)?),
            is_archived: row.get(6)?,
            is_favorite: row.get(7)?,
            position: row.get(8)?,
            created: Stamp::from_seconds(row.get(9)?),
            updated: Stamp::from_seconds(row.get(10)?),
            namespace_id: row.get(11)?,
            owner: Some(UserShape::read(row, 12)?),
            ..Self::default()
        })
    }
}

/// The caller's access to a project, if any: the most that the project or one of its parents gives.
pub(crate) fn access(db: &Connection, user: i64, project: i64) -> Result<Option<i64>, Failure> {
    let sql = "SELECT p.parent_id, p.owner_id, (SELECT max(permission) FROM grants WHERE user_id = ?1 AND project_id = ?2)
               FROM projects p WHERE p.id = ?2";
    let mut query = db.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?));
    let (mut at, mut access) = (project, None);
    while let Some((parent, owner, shared)) = query.query_row([user, at], read).optional()? {
        access = access.max(if owner == user { Some(OWNER) } else { shared });
        if user < 0 {
            // A link share shares one project, without its children.
            break;
        }
        at = parent;
    }
    Ok(access)
}

/// The access that a read tells, of someone who has `access`.
///
/// Up to 0.24 that is the higher one of a share with a team and of a share with a user, whoever the two are with:
/// the first pair of which one is the caller's. Writing is allowed by the true access alone.
pub(crate) fn told_access(
    db: &Connection,
    release: &Release,
    user: i64,
    project: i64,
    access: i64,
) -> Result<i64, Failure> {
    if !release.people.shares_mixed {
        return Ok(access);
    }
    let sql = "SELECT max(coalesce(t.permission, 0), coalesce(u.permission, 0)) FROM projects p
               LEFT JOIN team_shares t ON t.project_id = p.id LEFT JOIN shares u ON u.project_id = p.id
               WHERE p.id = ?2 AND (u.user_id = ?1 OR t.team_id IN (SELECT team_id FROM team_members WHERE user_id = ?1))
               ORDER BY t.id, u.id LIMIT 1";
    let told: Option<i64> = db
        .prepare_cached(sql)?
        .query_row([user, project], |row| row.get(0))
        .optional()?;
    Ok(told.map_or(access, |told| told.max(access)))
}

/// The ids of all projects that a user sees, as a JSON array.
pub(crate) fn visible(db: &Connection, user: i64) -> Result<String, Failure> {
    Ok(json!(visible_ids(db, user)?).to_string())
}

/// The ids of all projects that a user sees, in their order.
///
/// Walked through here, because a recursive query costs more than reading all projects of a small server.
pub(crate) fn visible_ids(db: &Connection, user: i64) -> Result<Vec<i64>, Failure> {
    let sql = "SELECT id, parent_id, owner_id = ?1 OR id IN (SELECT project_id FROM grants WHERE user_id = ?1)
               FROM projects";
    let mut query = db.prepare_cached(sql)?;
    let (mut found, mut children) = (Vec::new(), HashMap::<i64, Vec<i64>>::new());
    let mut rows = query.query([user])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        children.entry(row.get(1)?).or_default().push(id);
        if row.get(2)? {
            found.push(id);
        }
    }
    let mut next = 0;
    // A link share sees no children.
    while let Some(project) = found.get(next).filter(|_| user > 0) {
        // A project below two visible ones is found twice and listed once.
        found.extend(children.remove(project).unwrap_or_default());
        next += 1;
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Everybody who sees a project.
pub(crate) fn readers(db: &Connection, project: i64) -> Result<Vec<i64>, Failure> {
    let sql = "WITH RECURSIVE up (id) AS (SELECT ?1 UNION SELECT p.parent_id FROM projects p JOIN up ON p.id = up.id)
               SELECT owner_id FROM projects WHERE id IN up
               UNION SELECT user_id FROM grants WHERE project_id IN up";
    let mut query = db.prepare_cached(sql)?;
    let readers = query.query_map([project], |row| row.get(0))?;
    Ok(readers.collect::<rusqlite::Result<_>>()?)
}

/// The project of that identifier, in any case.
pub(crate) fn by_identifier(db: &Connection, identifier: &str) -> Result<Option<i64>, Failure> {
    let sql = "SELECT id FROM projects WHERE identifier = ?1 COLLATE NOCASE AND identifier <> ''";
    Ok(db
        .prepare_cached(sql)?
        .query_row([identifier], |row| row.get(0))
        .optional()?)
}

pub(crate) fn exists(db: &Connection, project: i64) -> Result<bool, Failure> {
    Ok(db
        .prepare_cached("SELECT 1 FROM projects WHERE id = ?1")?
        .exists([project])?)
}

/// One project without its views.
pub(crate) fn by_id(db: &Connection, user: i64, project: i64) -> Result<Option<Project>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} FROM projects p JOIN users u ON u.id = p.owner_id WHERE p.id = ?2"
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row([user, project], Project::read)
        .optional()?)
}

/// The projects that fulfil a condition over ?1, the user, and ?2, without their views.
pub(crate) fn matching(
    db: &Connection,
    user: i64,
    condition: &str,
    value: &str,
) -> Result<Vec<Project>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} FROM projects p JOIN users u ON u.id = p.owner_id WHERE {condition}
         ORDER BY p.position, p.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let projects = query.query_map(params![user, value], Project::read)?;
    Ok(projects.collect::<rusqlite::Result<Vec<_>>>()?)
}

/// What a project list is restricted to.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) search: Option<&'a str>,
    pub(crate) archived: bool,
    /// A search looks at nested projects too, and shows them as top-level ones when their parent is not found.
    pub(crate) nested: bool,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// A page of the projects that a user sees, without views, and how many there are in all.
///
/// The list begins with the matching top-level and shared projects; their children come along whatever their title.
pub(crate) fn list(
    db: &Connection,
    user: i64,
    wanted: &Wanted<'_>,
) -> Result<(Vec<Project>, i64), Failure> {
    let found = format!(
        "{VISIBLE}, roots (id) AS (
            SELECT p.id FROM projects p JOIN visible v ON v.id = p.id
            WHERE (?2 IS NULL OR p.title LIKE '%' || ?2 || '%')
              AND (?4 OR p.parent_id = 0 OR p.id IN (SELECT project_id FROM grants WHERE user_id = ?1))
              AND (?3 OR p.is_archived = 0 AND (p.namespace_id IS NULL
                OR NOT EXISTS (SELECT 1 FROM namespaces n WHERE n.id = p.namespace_id AND n.is_archived)))
        ), found (id) AS (
            SELECT id FROM roots
            UNION SELECT p.id FROM projects p JOIN found ON p.parent_id = found.id WHERE ?3 OR p.is_archived = 0
        )"
    );
    let total_sql = format!("{found} SELECT count(*) FROM found");
    let filter = params![user, wanted.search, wanted.archived, wanted.nested];
    let total = db
        .prepare_cached(&total_sql)?
        .query_row(filter, |row| row.get(0))?;
    let page_sql = format!(
        "{found} SELECT {COLUMNS}, {SHAPE}, ?4 AND p.parent_id NOT IN found FROM found JOIN projects p ON p.id = found.id JOIN users u ON u.id = p.owner_id
         ORDER BY p.position, p.id LIMIT ?5 OFFSET ?6"
    );
    let mut query = db.prepare_cached(&page_sql)?;
    let page = params![
        user,
        wanted.search,
        wanted.archived,
        wanted.nested,
        wanted.limit,
        wanted.offset
    ];
    let read = |row: &Row<'_>| {
        let project = Project::read(row)?;
        let orphan: bool = row.get(17)?;
        Ok(if orphan {
            Project {
                parent_project_id: Some(0),
                ..project
            }
        } else {
            project
        })
    };
    let projects = query
        .query_map(page, read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok((projects, total))
}

/// Fills in views and backgrounds of these projects, with one query each.
pub(crate) fn add_views(
    db: &Connection,
    release: &Release,
    projects: &mut [Project],
) -> Result<(), Failure> {
    let ids: Vec<i64> = projects.iter().map(|project| project.id).collect();
    let mut views = views::of_projects(db, release, &ids)?;
    let with_background = backgrounds::of_projects(db, &ids)?;
    for project in projects {
        if with_background.contains(&project.id) {
            project.background_information = Some(json!({"Type": "upload"}));
        }
        project
            .views
            .get_or_insert_with(|| views.remove(&project.id).unwrap_or_default());
    }
    Ok(())
}

/// Makes a project with its views, and answers it as the creation does: stub owner, times with nanoseconds.
pub(crate) fn insert(
    db: &Connection,
    release: &Release,
    owner: &User,
    wanted: &Project,
) -> Result<Project, Failure> {
    let mut project = insert_bare(db, release, owner, wanted)?;
    project.views = Some(views::insert_first(
        db, release, owner.id, project.id, true,
    )?);
    Ok(project)
}

/// The same without views.
pub(crate) fn insert_bare(
    db: &Connection,
    release: &Release,
    owner: &User,
    wanted: &Project,
) -> Result<Project, Failure> {
    let now = Stamp::now();
    let parent = wanted.parent_project_id.unwrap_or_default();
    db.prepare_cached(
        "INSERT INTO projects (title, description, identifier, hex_color, parent_id, owner_id, is_archived, created, updated,
         namespace_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)",
    )?
    .execute(params![
        wanted.title,
        wanted.description,
        wanted.identifier,
        wanted.hex_color,
        parent,
        owner.id,
        wanted.is_archived,
        now.seconds(),
        wanted.namespace_id
    ])?;
    let id = db.last_insert_rowid();
    // A given position is kept, an absent one follows from the id.
    let position = if wanted.position == 0.0 {
        id as f64 * 65_536.0
    } else {
        wanted.position
    };
    db.execute(
        "UPDATE projects SET position = ?2 WHERE id = ?1",
        params![id, position],
    )?;
    set_favorite(db, owner.id, id, wanted.is_favorite)?;
    Ok(Project {
        id,
        parent_project_id: Some(parent),
        owner: Some(if release.lists {
            owner.shape()
        } else {
            owner.stub()
        }),
        position,
        views: None,
        created: now.clone(),
        updated: now,
        ..wanted.clone()
    })
}

/// Stores every column of a project.
pub(crate) fn update(db: &Connection, user: i64, project: &Project) -> Result<(), Failure> {
    db.prepare_cached(
        "UPDATE projects SET title = ?2, description = ?3, identifier = ?4, hex_color = ?5, parent_id = ?6,
         is_archived = ?7, position = ?8, updated = ?9, namespace_id = ?10 WHERE id = ?1",
    )?
    .execute(params![
        project.id,
        project.title,
        project.description,
        project.identifier,
        project.hex_color,
        project.parent_project_id,
        project.is_archived,
        project.position,
        project.updated.seconds(),
        project.namespace_id
    ])?;
    set_favorite(db, user, project.id, project.is_favorite)
}

fn set_favorite(db: &Connection, user: i64, project: i64, favorite: bool) -> Result<(), Failure> {
    super::tasks::set_favorite(db, "project", user, project, favorite)
}

/// Spreads the children of a project evenly, as the server does when a position leaves no room.
pub(crate) fn renumber_children(db: &Connection, parent: i64) -> Result<(), Failure> {
    let mut query =
        db.prepare_cached("SELECT id FROM projects WHERE parent_id = ?1 ORDER BY position, id")?;
    let ids = query
        .query_map([parent], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    let step = 4_294_967_296.0 / ids.len() as f64;
    for (place, id) in (1..).zip(&ids) {
        db.prepare_cached("UPDATE projects SET position = ?2 WHERE id = ?1")?
            .execute(params![id, step * f64::from(place)])?;
    }
    Ok(())
}

pub(crate) fn identifier_taken(
    db: &Connection,
    identifier: &str,
    except: i64,
) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM projects WHERE identifier = ?1 AND id <> ?2";
    Ok(!identifier.is_empty()
        && db
            .prepare_cached(sql)?
            .exists(params![identifier, except])?)
}

/// Whether a project or one of its parents is archived.
pub(crate) fn is_archived(db: &Connection, project: i64) -> Result<bool, Failure> {
    let sql = "WITH RECURSIVE up (id) AS (SELECT ?1 UNION SELECT p.parent_id FROM projects p JOIN up ON p.id = up.id)
               SELECT 1 FROM projects WHERE is_archived AND id IN up";
    Ok(db.prepare_cached(sql)?.exists([project])?)
}

/// Whether `below` is the project itself or somewhere below it.
pub(crate) fn is_below(db: &Connection, project: i64, below: i64) -> Result<bool, Failure> {
    let sql = "WITH RECURSIVE up (id) AS (SELECT ?2 UNION SELECT p.parent_id FROM projects p JOIN up ON p.id = up.id)
               SELECT 1 FROM up WHERE id = ?1";
    Ok(db.prepare_cached(sql)?.exists([project, below])?)
}

/// A project and everything below it, as a JSON array of ids.
pub(crate) fn with_children(db: &Connection, project: i64) -> Result<String, Failure> {
    let sql = "WITH RECURSIVE down (id) AS (SELECT ?1 UNION SELECT p.id FROM projects p JOIN down ON p.parent_id = down.id)
               SELECT json_group_array(id) FROM down";
    Ok(db
        .prepare_cached(sql)?
        .query_row([project], |row| row.get(0))?)
}

/// Deletes a project, its children and all their tasks and views.
pub(crate) fn delete(db: &Connection, project: i64) -> Result<(), Failure> {
    let down = "WITH RECURSIVE down (id) AS (SELECT ?1 UNION SELECT p.id FROM projects p JOIN down ON p.parent_id = down.id)";
    db.execute(
        &format!("{down} DELETE FROM views WHERE project_id IN down"),
        [project],
    )?;
    db.execute(
        &format!("{down} DELETE FROM projects WHERE id IN down"),
        [project],
    )?;
    Ok(())
}

/// The pseudo project of the favourite tasks, as it is read alone.
pub(crate) fn favorites(release: &Release, owner: Option<UserShape>, since: &Stamp) -> Project {
    Project {
        id: FAVORITES,
        title: "Favorites".to_owned(),
        description: format!(
            "This {} has all tasks marked as favorites.",
            release.project_word
        ),
        parent_project_id: Some(0),
        namespace_id: release.lists.then_some(crate::namespaces::FAVORITES),
        owner,
        is_favorite: true,
        position: if release.lists { 0.0 } else { -1.0 },
        views: Some(views::of_favorites(release)),
        created: since.clone(),
        updated: since.clone(),
        ..Project::default()
    }
}
