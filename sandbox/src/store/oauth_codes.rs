//! Authorization codes of OAuth 2.0.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::failure::Failure;

/// What a client was allowed, until it fetches its token.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) user: i64,
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    /// Hash of the secret that only the client knows, as it sent it.
    pub(crate) challenge: String,
    pub(crate) expires: i64,
}

pub(crate) fn insert(db: &Connection, text: &str, code: &Code) -> Result<(), Failure> {
    let sql = "INSERT INTO oauth_codes (code, user_id, client_id, redirect_uri, challenge, expires)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    db.execute(
        sql,
        params![
            text,
            code.user,
            code.client_id,
            code.redirect_uri,
            code.challenge,
            code.expires
        ],
    )?;
    Ok(())
}

/// Uses a code up.
pub(crate) fn take(db: &Connection, text: &str) -> Result<Option<Code>, Failure> {
    let sql = "DELETE FROM oauth_codes WHERE code = ?1
               RETURNING user_id, client_id, redirect_uri, challenge, expires";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Code {
            user: row.get(0)?,
            client_id: row.get(1)?,
            redirect_uri: row.get(2)?,
            challenge: row.get(3)?,
            expires: row.get(4)?,
        })
    };
    Ok(db.prepare(sql)?.query_row([text], read).optional()?)
}
