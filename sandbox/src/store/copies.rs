//! Copying what belongs to a project into another one.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::views::{self, View};
use super::{boards, buckets, list_buckets};
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;

/// New ids by old ones.
type Copies = HashMap<i64, i64>;

/// Copies the living tasks of a project with their lists.
pub(crate) fn tasks(
    db: &Connection,
    release: &Release,
    user: i64,
    from: i64,
    to: i64,
) -> Result<Copies, Failure> {
    let sql = "SELECT id FROM tasks WHERE project_id = ?1 AND deleted_at IS NULL ORDER BY id";
    let mut query = db.prepare_cached(sql)?;
    let old = query
        .query_map([from], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    let mut copies = Copies::new();
    for (place, task) in (1_i64..).zip(old) {
        let number = (!release.boards.copies_keep_numbers).then_some(place);
        db.prepare_cached(
            "INSERT INTO tasks (title, description, done, done_at, due_date, start_date, end_date, project_id, repeat_after,
             repeat_mode, priority, percent_done, hex_color, number, cover_image_attachment_id, created_by, created, updated)
             SELECT title, description, done, done_at, due_date, start_date, end_date, ?2, repeat_after,
             repeat_mode, priority, percent_done, hex_color, coalesce(?3, number), 0, ?4, ?5, ?5 FROM tasks WHERE id = ?1",
        )?
        .execute(params![task, to, number, user, Stamp::now().seconds()])?;
        let copy = db.last_insert_rowid();
        db.prepare_cached("INSERT INTO assignees (task_id, user_id) SELECT ?2, user_id FROM assignees WHERE task_id = ?1")?
            .execute([task, copy])?;
        db.prepare_cached(
            "INSERT INTO reminders (task_id, reminder, relative_period, relative_to)
             SELECT ?2, reminder, relative_period, relative_to FROM reminders WHERE task_id = ?1",
        )?
        .execute([task, copy])?;
        copies.insert(task, copy);
    }
    Ok(copies)
}

/// Copies the views of a project with their buckets, and the places of its tasks in them.
pub(crate) fn views(
    db: &Connection,
    release: &Release,
    user: i64,
    from: i64,
    to: i64,
    tasks: &Copies,
) -> Result<(), Failure> {
    for old in views::of_project(db, release, from)? {
        let now = Stamp::now();
        let mut view = View {
            project_id: to,
            created: now.clone(),
            updated: now,
            ..old.clone()
        };
        views::insert(db, &mut view)?;
        let copies = copy_buckets(db, release, user, old.id, view.id)?;
        for role in [&mut view.default_bucket_id, &mut view.done_bucket_id] {
            *role = copies.get(role).copied().unwrap_or_default();
        }
        views::update(db, &view)?;
        for (task, copy) in tasks {
            let sql = "INSERT INTO task_positions (view_id, task_id, position)
                       SELECT ?3, ?4, position FROM task_positions WHERE view_id = ?1 AND task_id = ?2";
            db.prepare_cached(sql)?
                .execute([old.id, *task, view.id, *copy])?;
            let bucket = boards::bucket_of(db, old.id, *task)?;
            let bucket = bucket.and_then(|bucket| copies.get(&bucket).copied());
            boards::put(db, view.id, *copy, bucket)?;
        }
    }
    Ok(())
}

/// Copies the buckets of a list, beside the one that it has of its own, and the places of its tasks (0.20).
pub(crate) fn board(
    db: &Connection,
    user: i64,
    from: i64,
    to: i64,
    tasks: &Copies,
) -> Result<(), Failure> {
    let mut buckets = Copies::new();
    for mut bucket in list_buckets::of_list(db, from)? {
        let old = bucket.id;
        bucket.project_id = to;
        bucket.created = Stamp::now();
        list_buckets::insert(db, user, &mut bucket)?;
        buckets.insert(old, bucket.id);
    }
    for (task, copy) in tasks {
        let sql = "SELECT bucket_id FROM tasks WHERE id = ?1";
        let bucket: i64 = db
            .prepare_cached(sql)?
            .query_row([task], |row| row.get(0))?;
        let sql = "UPDATE tasks SET (bucket_id, position, kanban_position) =
                   (SELECT ?3, position, kanban_position FROM tasks WHERE id = ?1) WHERE id = ?2";
        db.prepare_cached(sql)?
            .execute(params![task, copy, buckets.get(&bucket)])?;
    }
    Ok(())
}

fn copy_buckets(
    db: &Connection,
    release: &Release,
    user: i64,
    from: i64,
    to: i64,
) -> Result<Copies, Failure> {
    let mut copies = Copies::new();
    for mut bucket in buckets::of_view(db, release, from)? {
        let old = bucket.id;
        let now = Stamp::now();
        bucket.project_view_id = to;
        bucket.created = now.clone();
        bucket.updated = now;
        buckets::insert(db, user, &mut bucket)?;
        copies.insert(old, bucket.id);
    }
    Ok(copies)
}

/// Copies with whom a project is shared.
pub(crate) fn shares(db: &Connection, from: i64, to: i64) -> Result<(), Failure> {
    for (table, with) in [("shares", "user_id"), ("team_shares", "team_id")] {
        let sql = format!(
            "INSERT OR IGNORE INTO {table} (project_id, {with}, permission)
             SELECT ?2, {with}, permission FROM {table} WHERE project_id = ?1"
        );
        db.prepare_cached(&sql)?.execute([from, to])?;
    }
    Ok(())
}

/// Copies the background of a project.
pub(crate) fn background(db: &Connection, from: i64, to: i64) -> Result<(), Failure> {
    let file = "INSERT INTO files (name, mime, size, created, content)
                SELECT f.name, f.mime, f.size, f.created, f.content FROM backgrounds b JOIN files f ON f.id = b.file_id
                WHERE b.project_id = ?1";
    if db.prepare_cached(file)?.execute([from])? > 0 {
        let sql = "INSERT INTO backgrounds (project_id, file_id, created)
                   SELECT ?2, ?3, created FROM backgrounds WHERE project_id = ?1";
        let copy = db.last_insert_rowid();
        db.prepare_cached(sql)?.execute([from, to, copy])?;
    }
    Ok(())
}
