//! Which imports were begun and ended.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::failure::Failure;
use crate::stamp::Stamp;

/// An import.
#[derive(Debug, Default)]
pub(crate) struct Import {
    pub(crate) id: i64,
    /// From what, as the API names it.
    pub(crate) migrator: String,
    pub(crate) started: Stamp,
    /// Not set while it runs, and for good when it failed.
    pub(crate) finished: Stamp,
}

/// Begins one, and answers its id.
pub(crate) fn begin(db: &Connection, user: i64, migrator: &str) -> Result<i64, Failure> {
    let sql = "INSERT INTO imports (user_id, migrator, started) VALUES (?1, ?2, ?3)";
    db.execute(sql, params![user, migrator, Stamp::now().seconds()])?;
    Ok(db.last_insert_rowid())
}

pub(crate) fn finish(db: &Connection, import: i64) -> Result<(), Failure> {
    let sql = "UPDATE imports SET finished = ?2 WHERE id = ?1";
    db.execute(sql, params![import, Stamp::now().seconds()])?;
    Ok(())
}

/// A user's last import from there, if there ever was one.
pub(crate) fn last(db: &Connection, user: i64, migrator: &str) -> Result<Option<Import>, Failure> {
    let sql =
        "SELECT id, migrator, started, finished FROM imports WHERE user_id = ?1 AND migrator = ?2
               ORDER BY id DESC LIMIT 1";
    let found = db.query_row(sql, params![user, migrator], |row| {
        Ok(Import {
            id: row.get(0)?,
            migrator: row.get(1)?,
            started: Stamp::from_seconds(row.get(2)?),
            finished: Stamp::from_seconds(row.get(3)?),
        })
    });
    Ok(found.optional()?)
}
