//! Link shares. Each acts as a user of its own, whose id is the share's, negated: what other tables say about users
//! holds for it, too.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::users::{self, NewUser, SHAPE, UserShape};
use crate::failure::Failure;
use crate::stamp::Stamp;

/// A link share.
#[derive(Debug)]
pub(crate) struct LinkShare {
    pub(crate) id: i64,
    pub(crate) project: i64,
    pub(crate) hash: String,
    pub(crate) name: String,
    pub(crate) permission: i64,
    /// The password's hash; empty for a share that is open.
    pub(crate) password: String,
    pub(crate) shared_by: i64,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
}

const COLUMNS: &str = "l.id, l.project_id, l.hash, l.name, l.permission, l.password, l.shared_by, l.created, l.updated";

impl LinkShare {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            project: row.get(1)?,
            hash: row.get(2)?,
            name: row.get(3)?,
            permission: row.get(4)?,
            password: row.get(5)?,
            shared_by: row.get(6)?,
            created: Stamp::from_seconds(row.get(7)?),
            updated: Stamp::from_seconds(row.get(8)?),
        })
    }
}

/// The user that a share acts as.
pub(crate) fn user_id(share: i64) -> i64 {
    -share
}

/// Stores a share, and the user that it acts as. The user is called as the share is if `users_named_alike`.
pub(crate) fn insert(
    db: &Connection,
    share: &mut LinkShare,
    users_named_alike: bool,
) -> Result<(), Failure> {
    let sql = "INSERT INTO link_shares (project_id, hash, name, permission, password, shared_by, created, updated)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    db.prepare_cached(sql)?.execute(params![
        share.project,
        share.hash,
        share.name,
        share.permission,
        share.password,
        share.shared_by,
        share.created.seconds(),
    ])?;
    share.id = db.last_insert_rowid();
    let user = NewUser {
        id: Some(user_id(share.id)),
        username: if users_named_alike {
            share.name.clone()
        } else {
            format!("link-share-{}", share.id)
        },
        name: if share.name.is_empty() {
            "Link Share".to_owned()
        } else {
            format!("{} (Link Share)", share.name)
        },
        ..NewUser::default()
    };
    users::insert(db, &user, &share.created)?;
    Ok(())
}

pub(crate) fn by_id(db: &Connection, id: i64) -> Result<Option<LinkShare>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM link_shares l WHERE l.id = ?1 AND NOT l.is_over");
    let mut query = db.prepare_cached(&sql)?;
    Ok(query.query_row([id], LinkShare::read).optional()?)
}

pub(crate) fn by_hash(db: &Connection, hash: &str) -> Result<Option<LinkShare>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM link_shares l WHERE l.hash = ?1 AND NOT l.is_over");
    let mut query = db.prepare_cached(&sql)?;
    Ok(query.query_row([hash], LinkShare::read).optional()?)
}

/// A page of a project's shares whose name holds that text, each with whoever made it, and how many shares there are.
pub(crate) fn list(
    db: &Connection,
    project: i64,
    search: Option<&str>,
    (limit, offset): (i64, i64),
) -> Result<(Vec<(LinkShare, UserShape)>, i64), Failure> {
    // What is searched for is never counted.
    let total = db
        .prepare_cached(
            "SELECT count(*) FROM link_shares WHERE project_id = ?1 AND NOT is_over AND ?2 IS NULL",
        )?
        .query_row(params![project, search], |row| row.get(0))?;
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE}, u.email FROM link_shares l JOIN users u ON u.id = l.shared_by
         WHERE l.project_id = ?1 AND NOT l.is_over AND (?2 IS NULL OR l.name LIKE '%' || ?2 || '%') ORDER BY l.id LIMIT ?3 OFFSET ?4"
    );
    let mut query = db.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| {
        let shared_by = UserShape {
            email: row.get(14)?,
            ..UserShape::read(row, 9)?
        };
        Ok((LinkShare::read(row)?, shared_by))
    };
    let shares = query.query_map(params![project, search, limit, offset], read)?;
    Ok((shares.collect::<rusqlite::Result<Vec<_>>>()?, total))
}

/// Deletes a share of that project, if there is one. Tokens that outlive it keep its access.
/// The user that it acted as stays, as the author of what it wrote.
pub(crate) fn delete(
    db: &Connection,
    project: i64,
    id: i64,
    outlived_by_tokens: bool,
) -> Result<(), Failure> {
    let sql = if outlived_by_tokens {
        "UPDATE link_shares SET is_over = 1 WHERE id = ?1 AND project_id = ?2"
    } else {
        "DELETE FROM link_shares WHERE id = ?1 AND project_id = ?2"
    };
    db.execute(sql, [id, project])?;
    Ok(())
}
