//! Notifications.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::stamp::Stamp;

/// A notification, as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Notification {
    pub(crate) id: i64,
    #[serde(rename = "notification")]
    pub(crate) news: Value,
    pub(crate) name: String,
    pub(crate) read_at: Stamp,
    pub(crate) created: Stamp,
    /// Only in the answer to an update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) read: Option<bool>,
}

const COLUMNS: &str = "id, notification, name, read_at, created";

impl Notification {
    /// Reads [`COLUMNS`].
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = row.get_ref(1)?.as_str()?;
        Ok(Self {
            id: row.get(0)?,
            news: serde_json::from_str(text).unwrap_or_default(),
            name: row.get(2)?,
            read_at: Stamp::from_seconds(row.get(3)?),
            created: Stamp::from_seconds(row.get(4)?),
            read: None,
        })
    }
}

/// Tells a user something: its name, and the subject that [`was_told`] asks for, 0 if nobody will.
pub(crate) fn insert(
    db: &Connection,
    user: i64,
    (name, subject): (&str, i64),
    news: &Value,
) -> Result<Notification, Failure> {
    let created = Stamp::now_in_seconds();
    db.prepare_cached(
        "INSERT INTO notifications (user_id, name, subject_id, notification, created) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        user,
        name,
        subject,
        news.to_string(),
        created.seconds()
    ])?;
    Ok(Notification {
        id: db.last_insert_rowid(),
        news: news.clone(),
        name: name.to_owned(),
        read_at: Stamp::default(),
        created,
        read: None,
    })
}

/// Whether a user was told that of a subject.
pub(crate) fn was_told(
    db: &Connection,
    user: i64,
    name: &str,
    subject: i64,
) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM notifications WHERE user_id = ?1 AND name = ?2 AND subject_id = ?3";
    Ok(db
        .prepare_cached(sql)?
        .exists(params![user, name, subject])?)
}

/// A page of a user's notifications, newest first, and how many there are in all.
pub(crate) fn list(
    db: &Connection,
    user: i64,
    (limit, offset): (i64, i64),
) -> Result<(Vec<Notification>, i64), Failure> {
    let total = db
        .prepare_cached("SELECT count(*) FROM notifications WHERE user_id = ?1")?
        .query_row([user], |row| row.get(0))?;
    let sql = format!(
        "SELECT {COLUMNS} FROM notifications WHERE user_id = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3"
    );
    let mut query = db.prepare_cached(&sql)?;
    let rows = query.query_map([user, limit, offset], Notification::read)?;
    Ok((rows.collect::<rusqlite::Result<Vec<_>>>()?, total))
}

/// A notification of this user.
pub(crate) fn by_id(db: &Connection, user: i64, id: i64) -> Result<Option<Notification>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM notifications WHERE user_id = ?1 AND id = ?2");
    Ok(db
        .prepare_cached(&sql)?
        .query_row([user, id], Notification::read)
        .optional()?)
}

/// Marks one as read at that time, or as unread.
pub(crate) fn mark(db: &Connection, id: i64, read_at: &Stamp) -> Result<(), Failure> {
    db.prepare_cached("UPDATE notifications SET read_at = ?2 WHERE id = ?1")?
        .execute(params![id, read_at.seconds()])?;
    Ok(())
}

/// Marks all unread ones of a user as read.
pub(crate) fn mark_all(db: &Connection, user: i64) -> Result<(), Failure> {
    let sql = "UPDATE notifications SET read_at = ?2 WHERE user_id = ?1 AND read_at IS NULL";
    db.prepare_cached(sql)?
        .execute(params![user, Stamp::now().seconds()])?;
    Ok(())
}
