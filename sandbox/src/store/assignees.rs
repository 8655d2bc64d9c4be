//! Who works on a task.

use rusqlite::{Connection, params};

use super::users::{SHAPE, UserShape};
use crate::failure::Failure;

/// Assigns a user; false when he is assigned already.
pub(crate) fn insert(db: &Connection, task: i64, user: i64) -> Result<bool, Failure> {
    let sql = "INSERT OR IGNORE INTO assignees (task_id, user_id) VALUES (?1, ?2)";
    Ok(db.prepare_cached(sql)?.execute([task, user])? > 0)
}

/// Unassigns a user; false when he was not assigned.
pub(crate) fn delete(db: &Connection, task: i64, user: i64) -> Result<bool, Failure> {
    let sql = "DELETE FROM assignees WHERE task_id = ?1 AND user_id = ?2";
    Ok(db.prepare_cached(sql)?.execute([task, user])? > 0)
}

/// Unassigns everybody but these; false when there was nobody else.
pub(crate) fn keep_only(db: &Connection, task: i64, users: &[i64]) -> Result<bool, Failure> {
    let sql = "DELETE FROM assignees WHERE task_id = ?1
               AND user_id NOT IN (SELECT value FROM json_each(?2))";
    let users = serde_json::json!(users).to_string();
    Ok(db.prepare_cached(sql)?.execute(params![task, users])? > 0)
}

/// A page of a task's assignees, with their addresses, and how many there are in all.
pub(crate) fn list(
    db: &Connection,
    task: i64,
    search: Option<&str>,
    limit: i64,
    offset: i64,
) -> Result<(Vec<UserShape>, i64), Failure> {
    let found = "FROM assignees a JOIN users u ON u.id = a.user_id
                 WHERE a.task_id = ?1 AND (?2 IS NULL OR u.username LIKE '%' || ?2 || '%')";
    let total = db
        .prepare_cached(&format!("SELECT count(*) {found}"))?
        .query_row(params![task, search], |row| row.get(0))?;
    let sql = format!("SELECT {SHAPE}, u.email {found} ORDER BY a.id LIMIT ?3 OFFSET ?4");
    let mut query = db.prepare_cached(&sql)?;
    let users = query
        .query_map(params![task, search, limit, offset], |row| {
            Ok(UserShape {
                email: row.get(5)?,
                ..UserShape::read(row, 0)?
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok((users, total))
}
