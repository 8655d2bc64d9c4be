//! News of tasks that somebody has not read yet.

use rusqlite::{Connection, params};

use crate::failure::Failure;

pub(crate) fn insert(db: &Connection, task: i64, user: i64) -> Result<(), Failure> {
    db.prepare_cached("INSERT OR IGNORE INTO unread (task_id, user_id) VALUES (?1, ?2)")?
        .execute([task, user])?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, task: i64, user: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM unread WHERE task_id = ?1 AND user_id = ?2")?
        .execute([task, user])?;
    Ok(())
}

/// Calls `add` with each of these tasks (a JSON array of ids) that has news for the user.
pub(crate) fn of_tasks(
    db: &Connection,
    user: i64,
    tasks: &str,
    mut add: impl FnMut(i64),
) -> Result<(), Failure> {
    let sql = "SELECT n.task_id FROM json_each(?1) j CROSS JOIN unread n ON n.task_id = j.value WHERE n.user_id = ?2";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![tasks, user])?;
    while let Some(row) = rows.next()? {
        add(row.get(0)?);
    }
    Ok(())
}
