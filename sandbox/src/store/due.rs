//! What is due: reminders and overdue tasks, with those whom it concerns.

use rusqlite::{Connection, params};

use super::tasks::{self, Reminder, Task};
use super::users::{self, User};
use crate::failure::Failure;
use crate::stamp::Stamp;

/// Whom a task concerns: whoever made it, and whoever it is assigned to.
const CONCERNED: &str = "(SELECT id AS task_id, created_by AS user_id FROM tasks
    UNION SELECT task_id, user_id FROM assignees)";

/// The reminders of open tasks from the one second on and before the other, the last one of a task's minute, for
/// everyone concerned.
pub(crate) fn reminders(
    db: &Connection,
    (from, before): (i64, i64),
) -> Result<Vec<(Task, User, Reminder)>, Failure> {
    let sql = format!(
        "SELECT t.id, c.user_id, max(r.reminder), r.relative_period, r.relative_to FROM reminders r
         JOIN tasks t ON t.id = r.task_id JOIN {CONCERNED} c ON c.task_id = t.id
         WHERE r.reminder >= ?1 AND r.reminder < ?2 AND NOT t.done AND t.deleted_at IS NULL AND c.user_id > 0
         GROUP BY t.id, c.user_id, r.reminder / 60 ORDER BY max(r.reminder), t.id, c.user_id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query([from, before])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let reminder = Reminder {
            at: Stamp::from_seconds(row.get(2)?),
            relative_period: row.get(3)?,
            relative_to: row.get(4)?,
        };
        let (task, user) = (
            tasks::by_id(db, 0, row.get(0)?)?,
            users::by_id(db, row.get(1)?)?,
        );
        if let (Some(task), Some(user)) = (task, user) {
            found.push((task.bare(), user, reminder));
        }
    }
    Ok(found)
}

/// Everyone who can have overdue tasks.
pub(crate) fn people(db: &Connection) -> Result<Vec<User>, Failure> {
    let mut query = db.prepare_cached("SELECT id FROM users WHERE id > 0 ORDER BY id")?;
    let ids = query.query_map([], |row| row.get(0))?;
    let ids = ids.collect::<rusqlite::Result<Vec<i64>>>()?;
    ids.into_iter()
        .filter_map(|id| users::by_id(db, id).transpose())
        .collect()
}

/// The open tasks that concern a user and were due before that second.
pub(crate) fn overdue(db: &Connection, user: i64, before: i64) -> Result<Vec<Task>, Failure> {
    let sql = format!(
        "SELECT t.id FROM tasks t JOIN {CONCERNED} c ON c.task_id = t.id
         WHERE c.user_id = ?1 AND t.due_date < ?2 AND NOT t.done AND t.deleted_at IS NULL ORDER BY t.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let ids = query.query_map(params![user, before], |row| row.get(0))?;
    let ids = ids.collect::<rusqlite::Result<Vec<i64>>>()?;
    let found = tasks::by_ids(db, 0, &ids)?;
    Ok(found.into_iter().map(Task::bare).collect())
}
