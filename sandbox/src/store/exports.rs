//! Exports: the archives themselves, and what is read for them alone.

use rusqlite::{Connection, OptionalExtension as _};
use serde_json::{Value, json};

use super::files::File;
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;

/// The file of a user's last export, if he ever asked for one.
pub(crate) fn of_user(db: &Connection, user: i64) -> Result<Option<File>, Failure> {
    let sql = "SELECT f.id, f.name, f.mime, f.size, f.created FROM exports e JOIN files f ON f.id = e.file_id
               WHERE e.user_id = ?1";
    let mut query = db.prepare_cached(sql)?;
    let file = query.query_row([user], |row| {
        Ok(File {
            id: row.get(0)?,
            name: row.get(1)?,
            mime: row.get(2)?,
            size: row.get(3)?,
            created: Stamp::from_seconds(row.get(4)?),
        })
    });
    Ok(file.optional()?)
}

/// Makes a stored file the user's export, and deletes the one before.
pub(crate) fn replace(db: &Connection, user: i64, file: i64) -> Result<(), Failure> {
    let old = "DELETE FROM files WHERE id IN (SELECT file_id FROM exports WHERE user_id = ?1)";
    db.execute(old, [user])?;
    let sql = "INSERT INTO exports (user_id, file_id) VALUES (?1, ?2)";
    db.execute(sql, [user, file])?;
    Ok(())
}

/// The file that is a project's background.
pub(crate) fn background(db: &Connection, project: i64) -> Result<Option<i64>, Failure> {
    let sql = "SELECT file_id FROM backgrounds WHERE project_id = ?1";
    let mut query = db.prepare_cached(sql)?;
    Ok(query.query_row([project], |row| row.get(0)).optional()?)
}

/// Where a project's tasks stand in its views.
pub(crate) fn positions(db: &Connection, project: i64) -> Result<Vec<Value>, Failure> {
    let sql = "SELECT p.task_id, p.view_id, p.position FROM task_positions p JOIN views v ON v.id = p.view_id
               WHERE v.project_id = ?1 ORDER BY p.view_id, p.task_id";
    let mut query = db.prepare_cached(sql)?;
    let rows = query.query_map([project], |row| {
        let (task, view, position): (i64, i64, f64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(json!({"task_id": task, "project_view_id": view, "position": position}))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// In which buckets they are.
pub(crate) fn task_buckets(
    db: &Connection,
    release: &Release,
    project: i64,
) -> Result<Vec<Value>, Failure> {
    let sql = "SELECT b.bucket_id, b.task_id, b.view_id FROM task_buckets b JOIN views v ON v.id = b.view_id
               WHERE v.project_id = ?1 ORDER BY b.view_id, b.task_id";
    let mut query = db.prepare_cached(sql)?;
    let rows = query.query_map([project], |row| {
        let (bucket, task, view): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let mut place = json!({"bucket_id": bucket, "task_id": task, "project_view_id": view});
        // The model is that of a moved task.
        if release.boards.move_answers_task {
            place["bucket"] = Value::Null;
            place["task"] = Value::Null;
        } else {
            place["task_done"] = false.into();
        }
        Ok(place)
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
