//! Copying what belongs to a project into another one.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use serde_json::json;

use super::link_shares::{self, LinkShare};
use super::views::{self, View};
use super::{assignees, boards, buckets, files, list_buckets, projects};
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;
use crate::tokens;

/// New ids by old ones.
pub(crate) type Copies = BTreeMap<i64, i64>;

/// Copies the living tasks of a project with what hangs on them. Reactions stay behind, and so do relations with tasks
/// of other projects. The cover of a copy is still the attachment of its original.
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
             repeat_mode, priority, percent_done, hex_color, coalesce(?3, number), cover_image_attachment_id, ?4, ?5, ?5
             FROM tasks WHERE id = ?1",
        )?
        .execute(params![task, to, number, user, Stamp::now().seconds()])?;
        copies.insert(task, db.last_insert_rowid());
    }
    let pairs = json!(copies.iter().collect::<Vec<_>>()).to_string();
    rows(db, user, &pairs)?;
    attachments(db, user, &pairs)?;
    Ok(copies)
}

/// New by old ids from a JSON array of pairs, the user who copies, and now.
const GIVEN: &str = "WITH copy (old, new) AS (SELECT value ->> 0, value ->> 1 FROM json_each(?1)),
    given (user, now) AS (VALUES (?2, ?3))";

/// Copies what is a row of its own on a task, without anything below it.
const ROWS: [&str; 5] = [
    "INSERT INTO reminders (task_id, reminder, relative_period, relative_to)
     SELECT copy.new, r.reminder, r.relative_period, r.relative_to
     FROM copy JOIN reminders r ON r.task_id = copy.old ORDER BY r.id",
    "INSERT INTO task_labels (task_id, label_id)
     SELECT copy.new, l.label_id FROM copy JOIN task_labels l ON l.task_id = copy.old",
    "INSERT INTO comments (task_id, author_id, comment, created, updated)
     SELECT copy.new, c.author_id, c.comment, given.now, given.now
     FROM given JOIN copy JOIN comments c ON c.task_id = copy.old ORDER BY c.id",
    "INSERT INTO relations (task_id, kind, other_task_id, created_by, created)
     SELECT copy.new, r.kind, other.new, given.user, given.now
     FROM given JOIN copy JOIN relations r ON r.task_id = copy.old JOIN copy other ON other.old = r.other_task_id ORDER BY r.id",
    "INSERT INTO favorites (user_id, kind, entity_id)
     SELECT f.user_id, f.kind, copy.new
     FROM given JOIN copy JOIN favorites f ON f.user_id = given.user AND f.kind = 'task' AND f.entity_id = copy.old",
];

fn rows(db: &Connection, user: i64, copies: &str) -> Result<(), Failure> {
    for sql in ROWS {
        db.prepare_cached(&format!("{GIVEN} {sql}"))?
            .execute(params![copies, user, Stamp::now().seconds()])?;
    }
    Ok(())
}

/// Copies attachments with their files.
fn attachments(db: &Connection, user: i64, copies: &str) -> Result<(), Failure> {
    let now = Stamp::now();
    let sql = format!(
        "{GIVEN} SELECT copy.new, a.file_id FROM given JOIN copy JOIN attachments a ON a.task_id = copy.old ORDER BY a.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let found = query
        .query_map(params![copies, user, now.seconds()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    for (task, file) in found {
        let sql = "INSERT INTO files (name, mime, size, created, content)
                   SELECT name, mime, size, ?2, content FROM files WHERE id = ?1";
        db.prepare_cached(sql)?
            .execute(params![file, now.seconds()])?;
        files::attach(db, task, db.last_insert_rowid(), user, &now)?;
    }
    Ok(())
}

/// Assigns the copies to whom the originals are assigned, as far as he sees the project that they are in; answers
/// tasks and users.
pub(crate) fn assignees(
    db: &Connection,
    to: i64,
    tasks: &Copies,
) -> Result<Vec<(i64, i64)>, Failure> {
    let mut query =
        db.prepare_cached("SELECT user_id FROM assignees WHERE task_id = ?1 ORDER BY id")?;
    let mut made = Vec::new();
    for (task, copy) in tasks {
        let users = query.query_map([task], |row| row.get(0))?;
        for user in users.collect::<rusqlite::Result<Vec<i64>>>()? {
            if projects::access(db, user, to)?.is_some() {
                assignees::insert(db, *copy, user)?;
                made.push((*copy, user));
            }
        }
    }
    Ok(made)
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

/// Copies with whom a project is shared. Links get a secret of their own.
pub(crate) fn shares(
    db: &Connection,
    release: &Release,
    user: i64,
    from: i64,
    to: i64,
) -> Result<(), Failure> {
    for (table, with) in [("shares", "user_id"), ("team_shares", "team_id")] {
        let sql = format!(
            "INSERT OR IGNORE INTO {table} (project_id, {with}, permission)
             SELECT ?2, {with}, permission FROM {table} WHERE project_id = ?1"
        );
        db.prepare_cached(&sql)?.execute([from, to])?;
    }
    let now = Stamp::now();
    let (links, _) = link_shares::list(db, from, None, ALL)?;
    for (link, _) in links {
        let mut copy = LinkShare {
            id: 0,
            project: to,
            hash: tokens::random_text(40),
            shared_by: user,
            created: now.clone(),
            updated: now.clone(),
            ..link
        };
        link_shares::insert(db, &mut copy, release.accounts.shares.users_named_alike)?;
    }
    Ok(())
}

/// The page on which everything is.
const ALL: (i64, i64) = (i64::MAX, 0);

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
