//! Second factors.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::failure::Failure;

/// A user's second factor.
#[derive(Debug)]
pub(crate) struct Totp {
    pub(crate) secret: String,
    pub(crate) enabled: bool,
}

pub(crate) fn of(db: &Connection, user: i64) -> Result<Option<Totp>, Failure> {
    let sql = "SELECT secret, enabled FROM totps WHERE user_id = ?1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Totp {
            secret: row.get(0)?,
            enabled: row.get(1)?,
        })
    };
    Ok(db.prepare_cached(sql)?.query_row([user], read).optional()?)
}

pub(crate) fn insert(db: &Connection, user: i64, secret: &str) -> Result<(), Failure> {
    db.execute(
        "INSERT INTO totps (user_id, secret) VALUES (?1, ?2)",
        params![user, secret],
    )?;
    Ok(())
}

pub(crate) fn enable(db: &Connection, user: i64) -> Result<(), Failure> {
    db.execute("UPDATE totps SET enabled = 1 WHERE user_id = ?1", [user])?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, user: i64) -> Result<(), Failure> {
    db.execute("DELETE FROM totps WHERE user_id = ?1", [user])?;
    Ok(())
}

/// Uses the passcode of that step up; false when it was used before.
pub(crate) fn use_up(db: &Connection, user: i64, step: i64) -> Result<bool, Failure> {
    let stored = db.execute(
        "INSERT OR IGNORE INTO used_passcodes (user_id, step) VALUES (?1, ?2)",
        [user, step],
    )?;
    Ok(stored > 0)
}
