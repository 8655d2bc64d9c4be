//! Projects shared with users.

use rusqlite::Connection;

use super::users::{SHAPE, UserShape};
use crate::failure::Failure;

/// Shares a project, and answers the share's id.
pub(crate) fn insert(
    db: &Connection,
    project: i64,
    user: i64,
    permission: i64,
) -> Result<i64, Failure> {
    db.prepare_cached("INSERT INTO shares (project_id, user_id, permission) VALUES (?1, ?2, ?3)")?
        .execute([project, user, permission])?;
    Ok(db.last_insert_rowid())
}

/// Changes a share, if there is one.
pub(crate) fn update(
    db: &Connection,
    project: i64,
    user: i64,
    permission: i64,
) -> Result<(), Failure> {
    db.prepare_cached("UPDATE shares SET permission = ?3 WHERE project_id = ?1 AND user_id = ?2")?
        .execute([project, user, permission])?;
    Ok(())
}

/// Ends a share; false when there was none.
pub(crate) fn delete(db: &Connection, project: i64, user: i64) -> Result<bool, Failure> {
    let sql = "DELETE FROM shares WHERE project_id = ?1 AND user_id = ?2";
    Ok(db.prepare_cached(sql)?.execute([project, user])? > 0)
}

pub(crate) fn exists(db: &Connection, project: i64, user: i64) -> Result<bool, Failure> {
    Ok(db
        .prepare_cached("SELECT 1 FROM shares WHERE project_id = ?1 AND user_id = ?2")?
        .exists([project, user])?)
}

/// The users that a project is shared with, and their access.
pub(crate) fn list(
    db: &Connection,
    project: i64,
    limit: i64,
    offset: i64,
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

pub(crate) fn count(db: &Connection, project: i64) -> Result<i64, Failure> {
    let sql = "SELECT count(*) FROM shares WHERE project_id = ?1";
    Ok(db
        .prepare_cached(sql)?
        .query_row([project], |row| row.get(0))?)
}
