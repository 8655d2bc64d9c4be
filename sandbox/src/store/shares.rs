//! Projects shared with users and with teams.

use rusqlite::Connection;

use super::users::{SHAPE, UserShape};
use crate::failure::Failure;

/// With whom a project is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum With {
    User,
    Team,
}

impl With {
    /// Table, and its column for whom the project is shared with.
    fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::User => ("shares", "user_id"),
            Self::Team => ("team_shares", "team_id"),
        }
    }
}

/// Shares a project, and answers the share's id.
pub(crate) fn insert(
    db: &Connection,
    with: With,
    project: i64,
    whom: i64,
    permission: i64,
) -> Result<i64, Failure> {
    let (table, column) = with.table();
    let sql = format!("INSERT INTO {table} (project_id, {column}, permission) VALUES (?1, ?2, ?3)");
    db.prepare_cached(&sql)?
        .execute([project, whom, permission])?;
    Ok(db.last_insert_rowid())
}

/// Changes a share, if there is one.
pub(crate) fn update(
    db: &Connection,
    with: With,
    project: i64,
    whom: i64,
    permission: i64,
) -> Result<(), Failure> {
    let (table, column) = with.table();
    let sql = format!("UPDATE {table} SET permission = ?3 WHERE project_id = ?1 AND {column} = ?2");
    db.prepare_cached(&sql)?
        .execute([project, whom, permission])?;
    Ok(())
}

/// Ends a share; false when there was none.
pub(crate) fn delete(
    db: &Connection,
    with: With,
    project: i64,
    whom: i64,
) -> Result<bool, Failure> {
    let (table, column) = with.table();
    let sql = format!("DELETE FROM {table} WHERE project_id = ?1 AND {column} = ?2");
    Ok(db.prepare_cached(&sql)?.execute([project, whom])? > 0)
}

pub(crate) fn exists(
    db: &Connection,
    with: With,
    project: i64,
    whom: i64,
) -> Result<bool, Failure> {
    let (table, column) = with.table();
    let sql = format!("SELECT 1 FROM {table} WHERE project_id = ?1 AND {column} = ?2");
    Ok(db.prepare_cached(&sql)?.exists([project, whom])?)
}

/// A page of the users that a project is shared with, and their access.
pub(crate) fn users(
    db: &Connection,
    project: i64,
    (limit, offset): (i64, i64),
) -> Result<Vec<(UserShape, i64)>, Failure> {
    let sql = format!(
        "SELECT {SHAPE}, s.permission FROM shares s JOIN users u ON u.id = s.user_id
         WHERE s.project_id = ?1 ORDER BY s.id LIMIT ?2 OFFSET ?3"
    );
    let mut query = db.prepare_cached(&sql)?;
    let rows = query.query_map([project, limit, offset], |row| {
        Ok((UserShape::read(row, 0)?, row.get(5)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
}

pub(crate) fn count(db: &Connection, with: With, project: i64) -> Result<i64, Failure> {
    let (table, _) = with.table();
    let sql = format!("SELECT count(*) FROM {table} WHERE project_id = ?1");
    Ok(db
        .prepare_cached(&sql)?
        .query_row([project], |row| row.get(0))?)
}
