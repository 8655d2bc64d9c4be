//! Tokens that a server with a mailer would send.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::failure::Failure;

/// What a token is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    PasswordReset,
    AccountDeletion,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::PasswordReset => "password reset",
            Self::AccountDeletion => "account deletion",
        }
    }
}

pub(crate) fn insert(
    db: &Connection,
    user: i64,
    purpose: Purpose,
    token: &str,
) -> Result<(), Failure> {
    db.execute(
        "INSERT INTO mail_tokens (token, user_id, purpose) VALUES (?1, ?2, ?3)",
        params![token, user, purpose.name()],
    )?;
    Ok(())
}

/// Whose token that is.
pub(crate) fn user(db: &Connection, purpose: Purpose, token: &str) -> Result<Option<i64>, Failure> {
    let sql = "SELECT user_id FROM mail_tokens WHERE token = ?1 AND purpose = ?2";
    Ok(db
        .query_row(sql, params![token, purpose.name()], |row| row.get(0))
        .optional()?)
}

/// Forgets all tokens of a user for that purpose.
pub(crate) fn delete(db: &Connection, user: i64, purpose: Purpose) -> Result<(), Failure> {
    db.execute(
        "DELETE FROM mail_tokens WHERE user_id = ?1 AND purpose = ?2",
        params![user, purpose.name()],
    )?;
    Ok(())
}

/// Address, purpose and token of everything that would have been sent, oldest first.
pub(crate) fn all(db: &Connection) -> Result<Vec<(String, String, String)>, Failure> {
    let sql =
        "SELECT u.email, m.purpose, m.token FROM mail_tokens m JOIN users u ON u.id = m.user_id
               ORDER BY m.rowid";
    let mut query = db.prepare(sql)?;
    let tokens = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(tokens.collect::<rusqlite::Result<Vec<_>>>()?)
}
