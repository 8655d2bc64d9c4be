//! Where tasks stand in views: their positions, and their buckets on boards.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::json;

use super::buckets::{self, Bucket};
use super::tasks::Task;
use super::views::{self, View};
use crate::failure::{Failure, domain};
use crate::release::Release;

/// The positions of a whole view lie between 0 and this.
const SPAN: f64 = 4_294_967_296.0;
/// Distance between two tasks that stand by their index.
const STEP: f64 = 65_536.0;

/// What the request for an update says, before the server fills in the rest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    done: bool,
    repeats: bool,
    /// The position that an update of `done` leads to.
    position: f64,
}

impl Sent {
    pub(crate) fn by(task: &Task) -> Self {
        Self {
            done: task.done,
            repeats: crate::repeat::repeats(task),
            position: if task.position == 0.0 {
                by_index(task)
            } else {
                task.position
            },
        }
    }
}

fn by_index(task: &Task) -> f64 {
    task.index as f64 * STEP
}

fn unknown_bucket() -> Failure {
    domain(404, 10001, "This bucket does not exist.")
}

/// Refuses one more task in a bucket that is full.
pub(crate) fn check_room(db: &Connection, bucket: &Bucket) -> Result<(), Failure> {
    if bucket.limit > 0 && buckets::fill(db, bucket.id)? >= bucket.limit {
        return Err(domain(
            412,
            10004,
            "You cannot add the task to this bucket as it already exceeded the limit of tasks it can hold.",
        ));
    }
    Ok(())
}

/// The bucket that tasks go into when nobody says where.
pub(crate) fn default_bucket(db: &Connection, view: &View) -> Result<Option<i64>, Failure> {
    if view.default_bucket_id == 0 {
        buckets::leftmost(db, view.id)
    } else {
        Ok(Some(view.default_bucket_id))
    }
}

/// Gives new tasks of one project a place in every view of it. `bucket_id` of a task may name a bucket.
pub(crate) fn place_new(
    db: &Connection,
    release: &Release,
    project: i64,
    tasks: &mut [Task],
) -> Result<(), Failure> {
    let views = views::of_project(db, release, project)?;
    for view in &views {
        place(db, release, view, tasks)?;
    }
    for task in tasks {
        let wanted = wanted_bucket(db, release, task.bucket_id, &views)?;
        for view in views.iter().filter(|view| view.is_board()) {
            let wanted = wanted
                .as_ref()
                .filter(|bucket| bucket.project_view_id == view.id);
            let bucket = match wanted {
                Some(bucket) => Some(bucket.id),
                None => usual_bucket(db, view, task)?,
            };
            put(db, view.id, task.id, bucket)?;
        }
    }
    Ok(())
}

fn wanted_bucket(
    db: &Connection,
    release: &Release,
    bucket: i64,
    views: &[View],
) -> Result<Option<Bucket>, Failure> {
    if bucket == 0 {
        return Ok(None);
    }
    let bucket = buckets::by_id(db, release, bucket)?.ok_or_else(unknown_bucket)?;
    let own = views.iter().any(|view| view.id == bucket.project_view_id);
    if !own && release.boards.foreign_bucket_refused {
        return Err(unknown_bucket());
    }
    if own && release.boards.full_refuses_new {
        check_room(db, &bucket)?;
    }
    Ok(own.then_some(bucket))
}

/// Where a task goes on a board: the done bucket when it is done.
fn usual_bucket(db: &Connection, view: &View, task: &Task) -> Result<Option<i64>, Failure> {
    if task.done && view.done_bucket_id != 0 {
        Ok(Some(view.done_bucket_id))
    } else {
        default_bucket(db, view)
    }
}

/// Gives tasks a position in a view that does not know them. Those that come together start from the same place.
fn place(
    db: &Connection,
    release: &Release,
    view: &View,
    tasks: &mut [Task],
) -> Result<(), Failure> {
    let boards = release.boards;
    let mut top = None;
    if boards.new_tasks_first {
        top = lowest(db, view.id)?.map(|lowest| lowest / 2.0);
        if top.is_some_and(|top| top < boards.least_position) {
            renumber(db, view.id)?;
            top = lowest(db, view.id)?.map(|lowest| lowest / 2.0);
        }
    }
    let together = tasks.len() > 1;
    for task in tasks {
        let position = match top {
            _ if task.position != 0.0 => task.position,
            Some(top) => top,
            None => by_index(task),
        };
        store(db, view.id, task.id, position)?;
        if boards.first_view_decides && top.is_some() {
            task.position = position;
        }
    }
    match top {
        Some(top) if together => spread(db, release, view.id, top),
        _ => Ok(()),
    }
}

fn lowest(db: &Connection, view: i64) -> Result<Option<f64>, Failure> {
    let sql = "SELECT min(position) FROM task_positions WHERE view_id = ?1";
    Ok(db
        .prepare_cached(sql)?
        .query_row([view], |row| row.get(0))?)
}

fn store(db: &Connection, view: i64, task: i64, position: f64) -> Result<(), Failure> {
    let sql = "INSERT INTO task_positions (view_id, task_id, position) VALUES (?1, ?2, ?3)
               ON CONFLICT DO UPDATE SET position = excluded.position";
    db.prepare_cached(sql)?
        .execute(params![view, task, position])?;
    Ok(())
}

/// The position of a task in a view.
pub(crate) fn position(db: &Connection, view: i64, task: i64) -> Result<Option<f64>, Failure> {
    let sql = "SELECT position FROM task_positions WHERE view_id = ?1 AND task_id = ?2";
    Ok(db
        .prepare_cached(sql)?
        .query_row([view, task], |row| row.get(0))
        .optional()?)
}

/// Moves a task within a view, and makes room where that leaves none.
pub(crate) fn set_position(
    db: &Connection,
    release: &Release,
    view: i64,
    task: i64,
    wanted: f64,
) -> Result<(), Failure> {
    let boards = release.boards;
    if boards.one_position_per_task && position(db, view, task)?.is_some() {
        db.prepare_cached("DELETE FROM task_positions WHERE task_id = ?1")?
            .execute([task])?;
    }
    store(db, view, task, wanted)?;
    if wanted < boards.least_position {
        renumber(db, view)
    } else if boards.spreads_equals {
        spread(db, release, view, wanted)
    } else {
        Ok(())
    }
}

/// Spreads the tasks of a view evenly, in the order that they have; those without a position come last.
pub(crate) fn renumber(db: &Connection, view: i64) -> Result<(), Failure> {
    // A saved filter has no tasks of its own, so it is about those that have a place already.
    let sql = "SELECT t.id FROM views v JOIN tasks t ON t.project_id = v.project_id AND t.deleted_at IS NULL
               LEFT JOIN task_positions p ON p.view_id = v.id AND p.task_id = t.id
               WHERE v.id = ?1 ORDER BY p.position IS NULL, p.position, t.id";
    let mut tasks = ids(db, sql, view)?;
    if tasks.is_empty() {
        let sql =
            "SELECT task_id FROM task_positions WHERE view_id = ?1 ORDER BY position, task_id";
        tasks = ids(db, sql, view)?;
    }
    spread_over(db, view, &tasks, 0.0, SPAN / tasks.len() as f64)
}

fn ids(db: &Connection, sql: &str, view: i64) -> Result<Vec<i64>, Failure> {
    let mut query = db.prepare_cached(sql)?;
    let ids = query.query_map([view], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<Vec<i64>>>()?)
}

fn spread_over(
    db: &Connection,
    view: i64,
    tasks: &[i64],
    from: f64,
    step: f64,
) -> Result<(), Failure> {
    for (place, task) in (1..).zip(tasks) {
        store(db, view, *task, from + step * f64::from(place))?;
    }
    Ok(())
}

/// Spreads tasks of that position between the neighbours on both sides.
fn spread(db: &Connection, release: &Release, view: i64, position: f64) -> Result<(), Failure> {
    let sql =
        "SELECT task_id FROM task_positions WHERE view_id = ?1 AND position = ?2 ORDER BY task_id";
    let mut query = db.prepare_cached(sql)?;
    let equals = query
        .query_map(params![view, position], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    if equals.len() < 2 {
        return Ok(());
    }
    let sql = "SELECT (SELECT max(position) FROM task_positions WHERE view_id = ?1 AND position < ?2),
                      (SELECT min(position) FROM task_positions WHERE view_id = ?1 AND position > ?2)";
    let (left, right): (Option<f64>, Option<f64>) = db
        .prepare_cached(sql)?
        .query_row(params![view, position], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let (left, right) = (left.unwrap_or_default(), right.unwrap_or(SPAN));
    let step = (right - left) / (equals.len() + 1) as f64;
    if step < release.boards.least_position {
        return renumber(db, view);
    }
    spread_over(db, view, &equals, left, step)
}

/// Puts a task into a bucket of a board, or into none.
pub(crate) fn put(
    db: &Connection,
    view: i64,
    task: i64,
    bucket: Option<i64>,
) -> Result<(), Failure> {
    let Some(bucket) = bucket else {
        return Ok(());
    };
    // The default bucket that a view names may be gone.
    let sql = "INSERT INTO task_buckets (view_id, task_id, bucket_id) SELECT ?1, ?2, id FROM buckets WHERE id = ?3
               ON CONFLICT DO UPDATE SET bucket_id = excluded.bucket_id";
    db.prepare_cached(sql)?.execute([view, task, bucket])?;
    Ok(())
}

/// The bucket of a board that a task is in.
pub(crate) fn bucket_of(db: &Connection, view: i64, task: i64) -> Result<Option<i64>, Failure> {
    let sql = "SELECT bucket_id FROM task_buckets WHERE view_id = ?1 AND task_id = ?2";
    Ok(db
        .prepare_cached(sql)?
        .query_row([view, task], |row| row.get(0))
        .optional()?)
}

/// Lets the boards follow an update: to another project, to the done bucket or back.
pub(crate) fn follow(
    db: &Connection,
    release: &Release,
    old: &Task,
    new: &mut Task,
    sent: Sent,
) -> Result<(), Failure> {
    if new.project_id != old.project_id {
        return arrive(db, release, new);
    }
    if sent.done == old.done {
        return Ok(());
    }
    let repeated = sent.done && !new.done;
    if repeated && sent.repeats && !release.boards.repeating_task_moves {
        return Ok(());
    }
    for view in boards_with_end(db, release, new.project_id)? {
        move_by_done(db, release, &view, new)?;
        set_position(db, release, view.id, new.id, sent.position)?;
    }
    Ok(())
}

/// Lets the other boards of a project follow when one of them completed a task.
pub(crate) fn follow_board(
    db: &Connection,
    release: &Release,
    moved_on: i64,
    task: &Task,
) -> Result<(), Failure> {
    for view in boards_with_end(db, release, task.project_id)? {
        if view.id != moved_on {
            move_by_done(db, release, &view, task)?;
        }
    }
    Ok(())
}

fn boards_with_end(
    db: &Connection,
    release: &Release,
    project: i64,
) -> Result<impl Iterator<Item = View>, Failure> {
    let views = views::of_project(db, release, project)?;
    Ok(views
        .into_iter()
        .filter(|view| view.is_board() && view.done_bucket_id != 0))
}

fn move_by_done(
    db: &Connection,
    release: &Release,
    view: &View,
    task: &Task,
) -> Result<(), Failure> {
    let now = bucket_of(db, view.id, task.id)?;
    if task.done && now != Some(view.done_bucket_id) {
        let end = buckets::by_id(db, release, view.done_bucket_id)?;
        if let Some(end) = &end {
            check_room(db, end)?;
        }
        return put(db, view.id, task.id, end.map(|end| end.id));
    }
    if task.done {
        return Ok(());
    }
    put(db, view.id, task.id, default_bucket(db, view)?)
}

/// A task from another project: its old places are gone, and boards alone give it a new one.
fn arrive(db: &Connection, release: &Release, task: &mut Task) -> Result<(), Failure> {
    forget(db, task.id)?;
    let views = views::of_project(db, release, task.project_id)?;
    for view in views.iter().filter(|view| view.is_board()) {
        if view.done_bucket_id == 0 && !release.boards.placed_on_every_board {
            continue;
        }
        place(db, release, view, std::slice::from_mut(task))?;
        put(db, view.id, task.id, usual_bucket(db, view, task)?)?;
    }
    Ok(())
}

/// Takes a task off all views.
pub(crate) fn forget(db: &Connection, task: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM task_positions WHERE task_id = ?1")?
        .execute([task])?;
    db.prepare_cached("DELETE FROM task_buckets WHERE task_id = ?1")?
        .execute([task])?;
    Ok(())
}

/// Gives every task of a project a place in a new view.
pub(crate) fn fill_view(db: &Connection, view: &View) -> Result<(), Failure> {
    renumber(db, view.id)?;
    let sql = "SELECT id FROM tasks WHERE project_id = (SELECT project_id FROM views WHERE id = ?1) AND deleted_at IS NULL";
    fill_board(db, view, &ids(db, sql, view.id)?)
}

/// Puts tasks that a board does not know into its default bucket.
pub(crate) fn fill_board(db: &Connection, view: &View, tasks: &[i64]) -> Result<(), Failure> {
    if !view.is_board() {
        return Ok(());
    }
    let sql = "INSERT OR IGNORE INTO task_buckets (view_id, task_id, bucket_id)
               SELECT ?1, j.value, b.id FROM json_each(?2) j JOIN buckets b ON b.id = ?3";
    db.prepare_cached(sql)?.execute(params![
        view.id,
        json!(tasks).to_string(),
        default_bucket(db, view)?
    ])?;
    Ok(())
}

/// Gives these tasks, in this order, the places of a new view of a saved filter.
pub(crate) fn fill_filter_view(db: &Connection, view: &View, tasks: &[i64]) -> Result<(), Failure> {
    spread_over(db, view.id, tasks, 0.0, SPAN / tasks.len() as f64)
}

/// Gives tasks that a view of a saved filter does not know a place at its top.
pub(crate) fn add_to_filter_view(
    db: &Connection,
    view: &View,
    tasks: &[i64],
) -> Result<(), Failure> {
    let sql = "SELECT j.value FROM json_each(?2) j LEFT JOIN task_positions p ON p.view_id = ?1 AND p.task_id = j.value
               WHERE p.task_id IS NULL ORDER BY j.value";
    let mut query = db.prepare_cached(sql)?;
    let new = query
        .query_map(params![view.id, json!(tasks).to_string()], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    for task in new {
        let lowest = lowest(db, view.id)?.unwrap_or(2.0 * STEP);
        store(db, view.id, task, lowest / 2.0)?;
    }
    Ok(())
}

/// Fills in the positions that tasks have in a view, with one query for all.
pub(crate) fn add_positions(db: &Connection, view: i64, tasks: &mut [Task]) -> Result<(), Failure> {
    let sql = "SELECT p.task_id, p.position FROM json_each(?2) j
               CROSS JOIN task_positions p ON p.view_id = ?1 AND p.task_id = j.value";
    let ids: Vec<i64> = tasks.iter().map(|task| task.id).collect();
    let mut query = db.prepare_cached(sql)?;
    let positions = query
        .query_map(params![view, json!(ids).to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<HashMap<i64, f64>>>()?;
    for task in tasks {
        task.position = positions.get(&task.id).copied().unwrap_or_default();
    }
    Ok(())
}
