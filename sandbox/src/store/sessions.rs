//! Sessions behind refresh tokens (2.x).

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use crate::failure::Failure;
use crate::stamp::Stamp;

/// A session whose refresh token was right.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) user: i64,
    pub(crate) long: bool,
}

/// A session as its user sees it.
#[derive(Debug, Serialize)]
pub(crate) struct SessionShape {
    id: String,
    device_info: String,
    ip_address: String,
    last_active: Stamp,
    created: Stamp,
}

/// Where a session was begun.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) info: String,
    pub(crate) address: String,
}

/// Begins a session.
pub(crate) fn insert(
    db: &Connection,
    session: &Session,
    device: &Device,
    refresh_token: &str,
    now: i64,
    expires: i64,
) -> Result<(), Failure> {
    let sql = "INSERT INTO sessions
               (id, user_id, long, device_info, ip_address, refresh_token, created, last_active, expires)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8)";
    db.prepare_cached(sql)?.execute(params![
        session.id,
        session.user,
        session.long,
        device.info,
        device.address,
        refresh_token,
        now,
        expires
    ])?;
    Ok(())
}

/// The living session of a refresh token.
pub(crate) fn by_refresh_token(
    db: &Connection,
    refresh_token: &str,
    now: i64,
) -> Result<Option<Session>, Failure> {
    let sql = "SELECT id, user_id, long FROM sessions WHERE refresh_token = ?1 AND expires > ?2";
    let read = |row: &Row<'_>| {
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
    now: i64,
    expires: i64,
) -> Result<(), Failure> {
    let sql =
        "UPDATE sessions SET refresh_token = ?2, last_active = ?3, expires = ?4 WHERE id = ?1";
    db.prepare_cached(sql)?
        .execute(params![session, refresh_token, now, expires])?;
    Ok(())
}

/// A page of a user's sessions, the last used first, and how many there are in all.
pub(crate) fn list(
    db: &Connection,
    user: i64,
    (limit, offset): (i64, i64),
) -> Result<(Vec<SessionShape>, i64), Failure> {
    let sql = "SELECT count(*) FROM sessions WHERE user_id = ?1";
    let total = db
        .prepare_cached(sql)?
        .query_row([user], |row| row.get(0))?;
    let sql =
        "SELECT id, device_info, ip_address, last_active, created FROM sessions WHERE user_id = ?1
               ORDER BY last_active DESC, rowid LIMIT ?2 OFFSET ?3";
    let mut query = db.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        Ok(SessionShape {
            id: row.get(0)?,
            device_info: row.get(1)?,
            ip_address: row.get(2)?,
            last_active: Stamp::from_seconds(row.get(3)?),
            created: Stamp::from_seconds(row.get(4)?),
        })
    };
    let sessions = query.query_map([user, limit, offset], read)?;
    Ok((sessions.collect::<rusqlite::Result<Vec<_>>>()?, total))
}

/// Whose session that is.
pub(crate) fn user(db: &Connection, session: &str) -> Result<Option<i64>, Failure> {
    let mut query = db.prepare_cached("SELECT user_id FROM sessions WHERE id = ?1")?;
    Ok(query.query_row([session], |row| row.get(0)).optional()?)
}

pub(crate) fn delete(db: &Connection, session: &str) -> Result<(), Failure> {
    db.execute("DELETE FROM sessions WHERE id = ?1", [session])?;
    Ok(())
}

/// Ends all sessions of a user.
pub(crate) fn delete_all(db: &Connection, user: i64) -> Result<(), Failure> {
    db.execute("DELETE FROM sessions WHERE user_id = ?1", [user])?;
    Ok(())
}
