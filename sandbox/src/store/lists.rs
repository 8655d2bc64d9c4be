//! Where tasks stand in lists: 0.20 has one board per list, and keeps bucket and positions with the task.
//!
//! The board is a view of the list that nobody sees; it holds the buckets.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::tasks::Task;
use crate::failure::{Failure, domain};

/// The positions of a list or a bucket lie between 0 and this.
const SPAN: f64 = 4_294_967_296.0;
/// Distance between two tasks that stand by their index.
pub(super) const STEP: f64 = 65_536.0;
/// A position below this one leaves no room.
const LEAST: f64 = 0.1;

/// Gives a task that is not stored yet its bucket and positions, as far as the request does not.
pub(crate) fn place_new(db: &Connection, task: &mut Task) -> Result<(), Failure> {
    if task.bucket_id == 0 {
        task.bucket_id = default_bucket(db, task.project_id)?;
    }
    check_room(db, task.project_id, task.bucket_id)?;
    let by_index = task.index as f64 * STEP;
    let given = |position: f64| if position == 0.0 { by_index } else { position };
    task.position = given(task.position);
    task.kanban_position = Some(given(task.kanban_position.unwrap_or_default()));
    Ok(())
}

/// Decides which bucket an updated task is in, and whether that completes it.
pub(crate) fn choose_bucket(db: &Connection, old: &Task, new: &mut Task) -> Result<(), Failure> {
    if new.project_id != old.project_id {
        // Whatever was asked for.
        new.bucket_id = default_bucket(db, new.project_id)?;
        return Ok(());
    }
    if new.bucket_id == 0 {
        new.bucket_id = old.bucket_id;
    } else if new.bucket_id != old.bucket_id {
        check_room(db, new.project_id, new.bucket_id)?;
    }
    if old.done {
        return Ok(());
    }
    let done_bucket = done_bucket(db, new.project_id)?;
    new.done |= done_bucket == Some(new.bucket_id);
    if new.done && new.repeat_after > 0 {
        new.bucket_id = old.bucket_id;
    } else if new.done {
        new.bucket_id = done_bucket.unwrap_or(new.bucket_id);
    }
    Ok(())
}

/// Stores where a task stands, and makes room where its positions leave none.
pub(crate) fn stand(db: &Connection, task: &mut Task) -> Result<(), Failure> {
    let kanban = task.kanban_position.unwrap_or_default();
    db.prepare_cached(
        "UPDATE tasks SET bucket_id = ?2, position = ?3, kanban_position = ?4 WHERE id = ?1",
    )?
    .execute(params![task.id, task.bucket_id, task.position, kanban])?;
    if task.position < LEAST {
        renumber(db, "position", "project_id", task.project_id)?;
    }
    if kanban < LEAST {
        renumber(db, "kanban_position", "bucket_id", task.bucket_id)?;
    }
    let sql = "SELECT position, kanban_position FROM tasks WHERE id = ?1";
    (task.position, task.kanban_position) = db
        .prepare_cached(sql)?
        .query_row([task.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(())
}

/// Spreads the tasks of a list or a bucket evenly, in the order that they have.
fn renumber(db: &Connection, column: &str, of: &str, id: i64) -> Result<(), Failure> {
    let sql = format!("SELECT id FROM tasks WHERE {of} = ?1 ORDER BY {column}, id");
    let mut query = db.prepare_cached(&sql)?;
    let tasks = query
        .query_map([id], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    let step = SPAN / tasks.len() as f64;
    let sql = format!("UPDATE tasks SET {column} = ?2 WHERE id = ?1");
    for (place, task) in (1..).zip(&tasks) {
        db.prepare_cached(&sql)?
            .execute(params![task, step * f64::from(place)])?;
    }
    Ok(())
}

/// The leftmost bucket of a list.
pub(super) fn default_bucket(db: &Connection, list: i64) -> Result<i64, Failure> {
    let sql = "SELECT b.id FROM buckets b JOIN views v ON v.id = b.view_id
               WHERE v.project_id = ?1 ORDER BY b.position, b.id LIMIT 1";
    Ok(db
        .prepare_cached(sql)?
        .query_row([list], |row| row.get(0))?)
}

/// The bucket that tasks go into when they are done.
fn done_bucket(db: &Connection, list: i64) -> Result<Option<i64>, Failure> {
    let sql = "SELECT b.id FROM buckets b JOIN views v ON v.id = b.view_id
               WHERE v.project_id = ?1 AND b.is_done ORDER BY b.id LIMIT 1";
    Ok(db
        .prepare_cached(sql)?
        .query_row([list], |row| row.get(0))
        .optional()?)
}

/// Refuses a bucket that is not the list's or that is full.
fn check_room(db: &Connection, list: i64, bucket: i64) -> Result<(), Failure> {
    let sql = "SELECT v.project_id, b.most > 0 AND b.most <= (SELECT count(*) FROM tasks t WHERE t.bucket_id = b.id)
               FROM buckets b JOIN views v ON v.id = b.view_id WHERE b.id = ?1";
    let found = db
        .prepare_cached(sql)?
        .query_row([bucket], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
        .optional()?;
    match found {
        None => Err(domain(404, 10001, "This bucket does not exist.")),
        Some((own, _)) if own != list => Err(domain(
            400,
            10002,
            "This bucket does not belong to that list.",
        )),
        Some((_, true)) => Err(domain(
            412,
            10004,
            "You cannot add the task to this bucket as it already exceeded the limit of tasks it can hold.",
        )),
        Some(_) => Ok(()),
    }
}
