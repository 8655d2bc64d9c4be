//! API tokens.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::users::{self, User};
use crate::failure::Failure;
use crate::scopes::Permissions;
use crate::stamp::Stamp;

/// An API token, as the API shows and takes it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ApiToken {
    #[serde(skip_deserializing)]
    pub(crate) id: i64,
    pub(crate) title: String,
    /// Only in the answer to a creation.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    pub(crate) permissions: Permissions,
    pub(crate) expires_at: Stamp,
    pub(crate) created: Stamp,
    /// From 2.4.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner_id: Option<i64>,
}

pub(crate) fn insert(db: &Connection, owner: i64, token: &mut ApiToken) -> Result<(), Failure> {
    let sql = "INSERT INTO api_tokens (owner_id, title, token, permissions, expires_at, created)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    db.prepare_cached(sql)?.execute(params![
        owner,
        token.title,
        token.token,
        serde_json::json!(token.permissions).to_string(),
        token.expires_at.seconds(),
        token.created.seconds(),
    ])?;
    token.id = db.last_insert_rowid();
    Ok(())
}

/// A page of a user's tokens whose title holds that text, and how many there are in all.
pub(crate) fn list(
    db: &Connection,
    owner: i64,
    search: &str,
    (limit, offset): (i64, i64),
) -> Result<(Vec<ApiToken>, i64), Failure> {
    let found = "FROM api_tokens WHERE owner_id = ?1 AND title LIKE '%' || ?2 || '%'";
    let total = db
        .prepare_cached(&format!("SELECT count(*) {found}"))?
        .query_row(params![owner, search], |row| row.get(0))?;
    let sql = format!(
        "SELECT id, title, permissions, expires_at, created, owner_id {found} ORDER BY id LIMIT ?3 OFFSET ?4"
    );
    let mut query = db.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| {
        Ok(ApiToken {
            id: row.get(0)?,
            title: row.get(1)?,
            token: None,
            permissions: permissions(&row.get::<_, String>(2)?),
            expires_at: Stamp::from_seconds(row.get(3)?),
            created: Stamp::from_seconds(row.get(4)?),
            owner_id: row.get(5)?,
        })
    };
    let tokens = query.query_map(params![owner, search, limit, offset], read)?;
    Ok((tokens.collect::<rusqlite::Result<Vec<_>>>()?, total))
}

/// Deletes a token of that user, or of one of the user's bots; false when there is none.
pub(crate) fn delete(db: &Connection, id: i64, owner: i64) -> Result<bool, Failure> {
    let sql = "DELETE FROM api_tokens WHERE id = ?1
               AND owner_id IN (SELECT id FROM users WHERE id = ?2 OR bot_owner_id = ?2)";
    Ok(db.prepare_cached(sql)?.execute([id, owner])? > 0)
}

/// Owner and permissions of a token that has not expired, and whose owner may act.
pub(crate) fn living(
    db: &Connection,
    token: &str,
    now: i64,
) -> Result<Option<(User, Permissions)>, Failure> {
    let sql = "SELECT owner_id, permissions FROM api_tokens WHERE token = ?1 AND expires_at > ?2";
    let found = db
        .prepare_cached(sql)?
        .query_row(params![token, now], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?))
        })
        .optional()?;
    let Some((owner, text)) = found else {
        return Ok(None);
    };
    let owner = users::by_id(db, owner)?.filter(User::is_active);
    Ok(owner.map(|owner| (owner, permissions(&text))))
}

fn permissions(text: &str) -> Permissions {
    serde_json::from_str(text).unwrap_or_default()
}
