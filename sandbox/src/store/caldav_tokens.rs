//! Tokens for CalDAV.

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::failure::Failure;
use crate::stamp::Stamp;

/// A token for CalDAV, as the API shows it: the token itself only when it is made.
#[derive(Debug, Serialize)]
pub(crate) struct CaldavToken {
    pub(crate) id: i64,
    pub(crate) token: String,
    pub(crate) created: Stamp,
}

pub(crate) fn insert(db: &Connection, user: i64, token: &str, now: &Stamp) -> Result<i64, Failure> {
    db.execute(
        "INSERT INTO caldav_tokens (user_id, token, created) VALUES (?1, ?2, ?3)",
        params![user, token, now.seconds()],
    )?;
    Ok(db.last_insert_rowid())
}

pub(crate) fn list(db: &Connection, user: i64) -> Result<Vec<CaldavToken>, Failure> {
    let mut query =
        db.prepare("SELECT id, created FROM caldav_tokens WHERE user_id = ?1 ORDER BY id")?;
    let tokens = query.query_map([user], |row| {
        Ok(CaldavToken {
            id: row.get(0)?,
            token: String::new(),
            created: Stamp::from_seconds(row.get(1)?),
        })
    })?;
    Ok(tokens.collect::<rusqlite::Result<Vec<_>>>()?)
}

/// Deletes a token of that user, if there is one.
pub(crate) fn delete(db: &Connection, user: i64, id: i64) -> Result<(), Failure> {
    db.execute(
        "DELETE FROM caldav_tokens WHERE user_id = ?1 AND id = ?2",
        [user, id],
    )?;
    Ok(())
}
