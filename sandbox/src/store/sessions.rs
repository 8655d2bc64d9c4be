//! Sessions behind refresh cookies (2.x).

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::failure::Failure;

/// A session whose refresh token was right.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user: i64,
    pub(crate) long: bool,
}

pub(crate) fn insert(
    db: &Connection,
    session: &Session,
    refresh_token: &str,
    expires: i64,
) -> Result<(), Failure> {
    db.prepare_cached("INSERT INTO sessions (id, user_id, long, refresh_token, expires) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![session.id, session.user, session.long, refresh_token, expires])?;
    Ok(())
}

/// The living session of a refresh token.
pub(crate) fn by_refresh_token(
    db: &Connection,
    refresh_token: &str,
    now: i64,
) -> Result<Option<Session>, Failure> {
    let sql = "SELECT id, user_id, long FROM sessions WHERE refresh_token = ?1 AND expires > ?2";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Session {
            id: row.get(0)?,
            user: row.get(1)?,
            long: row.get(2)?,
        })
    };
    Ok(db
        .prepare_cached(sql)?
        .query_row(params![refresh_token, now], read)
        .optional()?)
}

/// Replaces the refresh token; the old one is worth nothing from now on.
pub(crate) fn rotate(
    db: &Connection,
    session: &str,
    refresh_token: &str,
    expires: i64,
) -> Result<(), Failure> {
    db.prepare_cached("UPDATE sessions SET refresh_token = ?2, expires = ?3 WHERE id = ?1")?
        .execute(params![session, refresh_token, expires])?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, session: &str) -> Result<(), Failure> {
    db.execute("DELETE FROM sessions WHERE id = ?1", [session])?;
    Ok(())
}
