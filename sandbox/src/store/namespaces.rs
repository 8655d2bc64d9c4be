//! Namespaces, which hold the lists of 0.20.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::projects::{self, Project};
use super::users::{SHAPE, User, UserShape};
use crate::failure::Failure;
use crate::stamp::Stamp;

/// A namespace, as the API shows and takes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Namespace {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) hex_color: String,
    pub(crate) is_archived: bool,
    pub(crate) owner: Option<UserShape>,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) subscription: Option<Value>,
}

const COLUMNS: &str =
    "n.id, n.title, n.description, n.hex_color, n.is_archived, n.created, n.updated";

impl Namespace {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            title: row.get(1)?,
            description: row.get(2)?,
            hex_color: row.get(3)?,
            is_archived: row.get(4)?,
            created: Stamp::from_seconds(row.get(5)?),
            updated: Stamp::from_seconds(row.get(6)?),
            owner: Some(UserShape::read(row, 7)?),
            subscription: None,
        })
    }
}

/// Makes a namespace, under the id that it has, if any.
pub(crate) fn insert(
    db: &Connection,
    owner: &User,
    wanted: Namespace,
) -> Result<Namespace, Failure> {
    let now = Stamp::now();
    let id = (wanted.id != 0).then_some(wanted.id);
    db.prepare_cached(
        "INSERT INTO namespaces (id, title, description, hex_color, is_archived, owner_id, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    )?
    .execute(params![
        id,
        wanted.title,
        wanted.description,
        wanted.hex_color,
        wanted.is_archived,
        owner.id,
        now.seconds()
    ])?;
    Ok(Namespace {
        id: db.last_insert_rowid(),
        owner: Some(owner.shape()),
        created: now.clone(),
        updated: now,
        ..wanted
    })
}

pub(crate) fn by_id(db: &Connection, id: i64) -> Result<Option<Namespace>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} FROM namespaces n JOIN users u ON u.id = n.owner_id WHERE n.id = ?1"
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row([id], Namespace::read)
        .optional()?)
}

/// A user's access to a namespace, if any.
pub(crate) fn access(db: &Connection, user: i64, namespace: i64) -> Result<Option<i64>, Failure> {
    let sql =
        "SELECT max(permission) FROM namespace_grants WHERE user_id = ?1 AND namespace_id = ?2";
    Ok(db
        .prepare_cached(sql)?
        .query_row([user, namespace], |row| row.get(0))?)
}

pub(crate) fn is_archived(db: &Connection, namespace: i64) -> Result<bool, Failure> {
    Ok(db
        .prepare_cached("SELECT 1 FROM namespaces WHERE id = ?1 AND is_archived")?
        .exists([namespace])?)
}

/// What a list of namespaces is restricted to.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) search: Option<&'a str>,
    pub(crate) archived: bool,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// A page of the namespaces that a user sees, and how many there are that are not archived.
pub(crate) fn list(
    db: &Connection,
    user: i64,
    wanted: &Wanted<'_>,
) -> Result<(Vec<Namespace>, i64), Failure> {
    let from = "FROM namespaces n JOIN users u ON u.id = n.owner_id
                WHERE n.id IN (SELECT namespace_id FROM namespace_grants WHERE user_id = ?1)
                  AND (?2 IS NULL OR n.title LIKE '%' || ?2 || '%')";
    let total = db
        .prepare_cached(&format!("SELECT count(*) {from} AND n.is_archived = 0"))?
        .query_row(params![user, wanted.search], |row| row.get(0))?;
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} {from} AND (?3 OR n.is_archived = 0) ORDER BY n.id LIMIT ?4 OFFSET ?5"
    );
    let mut query = db.prepare_cached(&sql)?;
    let page = params![
        user,
        wanted.search,
        wanted.archived,
        wanted.limit,
        wanted.offset
    ];
    let namespaces = query
        .query_map(page, Namespace::read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok((namespaces, total))
}

/// Stores what an update changes: an empty description is not written.
pub(crate) fn update(db: &Connection, namespace: &Namespace) -> Result<(), Failure> {
    db.prepare_cached(
        "UPDATE namespaces SET title = ?2, description = coalesce(nullif(?3, ''), description), hex_color = ?4,
         is_archived = ?5, updated = ?6 WHERE id = ?1",
    )?
    .execute(params![
        namespace.id,
        namespace.title,
        namespace.description,
        namespace.hex_color,
        namespace.is_archived,
        namespace.updated.seconds()
    ])?;
    Ok(())
}

/// Deletes a namespace, and its lists with all that is in them.
pub(crate) fn delete(db: &Connection, namespace: i64) -> Result<(), Failure> {
    let mut query = db.prepare_cached("SELECT id FROM projects WHERE namespace_id = ?1")?;
    let lists = query
        .query_map([namespace], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    for list in lists {
        projects::delete(db, list)?;
    }
    db.execute("DELETE FROM namespaces WHERE id = ?1", [namespace])?;
    Ok(())
}

/// The lists of these namespaces, as list calls show them.
pub(crate) fn lists(
    db: &Connection,
    user: i64,
    namespaces: &[Namespace],
    archived: bool,
) -> Result<Vec<Project>, Failure> {
    let ids: Vec<i64> = namespaces.iter().map(|namespace| namespace.id).collect();
    let condition = "p.namespace_id IN (SELECT value FROM json_each(?2))";
    let mut lists = projects::matching(db, user, condition, &json!(ids).to_string())?;
    lists.retain(|list| archived || !list.is_archived);
    add_emails(db, &mut lists)?;
    Ok(lists)
}

/// The lists of others that a user was given, by name or in a team.
pub(crate) fn shared_lists(
    db: &Connection,
    user: i64,
    archived: bool,
) -> Result<Vec<Project>, Failure> {
    let condition = "p.owner_id <> ?1 AND ?2 = ''
                     AND p.id IN (SELECT project_id FROM own_grants WHERE user_id = ?1)";
    let mut lists = projects::matching(db, user, condition, "")?;
    lists.retain(|list| archived || !list.is_archived);
    add_emails(db, &mut lists)?;
    Ok(lists)
}

/// Lists of lists show the addresses of the owners.
pub(crate) fn add_emails(db: &Connection, lists: &mut [Project]) -> Result<(), Failure> {
    let mut emails = HashMap::new();
    let mut query = db.prepare_cached("SELECT email FROM users WHERE id = ?1")?;
    for owner in lists.iter_mut().filter_map(|list| list.owner.as_mut()) {
        if let std::collections::hash_map::Entry::Vacant(unknown) = emails.entry(owner.id) {
            unknown.insert(query.query_row([owner.id], |row| row.get::<_, String>(0))?);
        }
        owner.email.clone_from(&emails[&owner.id]);
    }
    Ok(())
}

/// Whether a user has favourite tasks in lists of namespaces that he sees, archived ones too.
pub(crate) fn has_favorites(db: &Connection, user: i64) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM favorites f JOIN tasks t ON t.id = f.entity_id JOIN projects p ON p.id = t.project_id
               WHERE f.user_id = ?1 AND f.kind = 'task'
               AND p.namespace_id IN (SELECT namespace_id FROM namespace_grants WHERE user_id = ?1)";
    Ok(db.prepare_cached(sql)?.exists([user])?)
}
