//! Background pictures of projects.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::json;

use crate::failure::Failure;
use crate::stamp::Stamp;

/// A picture, and since when it is there.
#[derive(Debug)]
pub(crate) struct Background {
    pub(crate) image: Vec<u8>,
    pub(crate) created: i64,
}

pub(crate) fn of_project(db: &Connection, project: i64) -> Result<Option<Background>, Failure> {
    let sql = "SELECT f.content, b.created FROM backgrounds b JOIN files f ON f.id = b.file_id WHERE b.project_id = ?1";
    Ok(db
        .prepare_cached(sql)?
        .query_row([project], |row| {
            Ok(Background {
                image: row.get(0)?,
                created: row.get(1)?,
            })
        })
        .optional()?)
}

/// Those of the projects that have a background.
pub(crate) fn of_projects(db: &Connection, projects: &[i64]) -> Result<HashSet<i64>, Failure> {
    let sql = "SELECT b.project_id FROM json_each(?1) j CROSS JOIN backgrounds b ON b.project_id = j.value";
    let mut query = db.prepare_cached(sql)?;
    let found = query.query_map([json!(projects).to_string()], |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Makes a stored file the background.
pub(crate) fn set(db: &Connection, project: i64, file: i64) -> Result<(), Failure> {
    let sql =
        "INSERT OR REPLACE INTO backgrounds (project_id, file_id, created) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?
        .execute(params![project, file, Stamp::now().seconds()])?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, project: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM backgrounds WHERE project_id = ?1")?
        .execute([project])?;
    Ok(())
}
