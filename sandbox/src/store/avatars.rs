//! Where avatars come from.

use rusqlite::{Connection, OptionalExtension as _};

use crate::failure::Failure;

/// What a user's avatar is made of.
#[derive(Debug)]
pub(crate) struct Avatar {
    pub(crate) provider: String,
    /// What was uploaded.
    pub(crate) image: Option<Vec<u8>>,
}

/// What a user chose, or what an account begins with.
pub(crate) fn of(db: &Connection, user: i64) -> Result<Avatar, Failure> {
    let found = db
        .prepare_cached(
            "SELECT a.provider, f.content FROM avatars a LEFT JOIN files f ON f.id = a.file_id WHERE a.user_id = ?1",
        )?
        .query_row([user], |row| {
            Ok(Avatar {
                provider: row.get(0)?,
                image: row.get(1)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_else(|| Avatar {
        provider: "initials".to_owned(),
        image: None,
    }))
}

pub(crate) fn set_provider(db: &Connection, user: i64, provider: &str) -> Result<(), Failure> {
    db.prepare_cached(
        "INSERT INTO avatars (user_id, provider) VALUES (?1, ?2)
         ON CONFLICT (user_id) DO UPDATE SET provider = ?2",
    )?
    .execute((user, provider))?;
    Ok(())
}

/// Makes a stored file the avatar.
pub(crate) fn set_file(db: &Connection, user: i64, file: i64) -> Result<(), Failure> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO avatars (user_id, provider, file_id) VALUES (?1, 'upload', ?2)",
    )?
    .execute((user, file))?;
    Ok(())
}
