//! Reactions to tasks and comments.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::users::{SHAPE, UserShape};
use crate::failure::Failure;

/// Who reacted, by what.
pub(crate) type Reactions = BTreeMap<String, Vec<UserShape>>;

/// What is reacted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Task,
    Comment,
}

impl Subject {
    fn column(self) -> &'static str {
        match self {
            Self::Task => "task_id",
            Self::Comment => "comment_id",
        }
    }
}

/// Stores a reaction; false when it was there already.
pub(crate) fn insert(
    db: &Connection,
    subject: Subject,
    id: i64,
    user: i64,
    value: &str,
) -> Result<bool, Failure> {
    let column = subject.column();
    let sql =
        format!("INSERT OR IGNORE INTO reactions ({column}, user_id, value) VALUES (?1, ?2, ?3)");
    Ok(db.prepare_cached(&sql)?.execute(params![id, user, value])? > 0)
}

/// Takes a user's reaction back, if there is one.
pub(crate) fn delete(
    db: &Connection,
    subject: Subject,
    id: i64,
    user: i64,
    value: &str,
) -> Result<(), Failure> {
    let column = subject.column();
    let sql = format!("DELETE FROM reactions WHERE {column} = ?1 AND user_id = ?2 AND value = ?3");
    db.prepare_cached(&sql)?.execute(params![id, user, value])?;
    Ok(())
}

/// Calls `add` with each reaction to these subjects (a JSON array of ids): subject, value, user.
pub(crate) fn of_all(
    db: &Connection,
    subject: Subject,
    ids: &str,
    mut add: impl FnMut(i64, String, UserShape),
) -> Result<(), Failure> {
    let column = subject.column();
    let sql = format!(
        "SELECT r.{column}, r.value, {SHAPE} FROM json_each(?1) j CROSS JOIN reactions r ON r.{column} = j.value
         JOIN users u ON u.id = r.user_id ORDER BY r.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query([ids])?;
    while let Some(row) = rows.next()? {
        add(row.get(0)?, row.get(1)?, UserShape::read(row, 2)?);
    }
    Ok(())
}
