//! Buckets of boards.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::tasks::Task;
use super::users::{SHAPE, UserShape};
use super::views::View;
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;

/// A bucket, as the API shows and takes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Bucket {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) project_view_id: i64,
    #[serde(skip_deserializing, skip_serializing_if = "Tasks::is_absent")]
    pub(crate) tasks: Tasks,
    /// How many tasks it may hold; 0 = any number.
    pub(crate) limit: i64,
    #[serde(skip_deserializing)]
    pub(crate) count: i64,
    pub(crate) position: f64,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
    #[serde(skip_deserializing)]
    pub(crate) created_by: Option<UserShape>,
}

/// The tasks in a bucket. An empty one has no key or, up to 0.24, `null`.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(untagged)]
pub(crate) enum Tasks {
    #[default]
    Absent,
    Null(()),
    Some(Vec<Task>),
}

impl Tasks {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// What a bucket without tasks shows.
    pub(crate) fn none(release: &Release) -> Self {
        if release.boards.null_tasks {
            Self::Null(())
        } else {
            Self::Absent
        }
    }

    /// Adds one behind the others.
    pub(crate) fn push(&mut self, task: Task) {
        if let Self::Some(tasks) = self {
            tasks.push(task);
        } else {
            *self = Self::Some(vec![task]);
        }
    }
}

const COLUMNS: &str = "b.id, b.title, b.view_id, b.most, b.position, b.created, b.updated";

impl Bucket {
    /// Reads [`COLUMNS`]; without whoever made it.
    fn read(row: &Row<'_>, release: &Release) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            title: row.get(1)?,
            project_view_id: row.get(2)?,
            tasks: Tasks::none(release),
            limit: row.get(3)?,
            count: 0,
            position: row.get(4)?,
            created: Stamp::from_seconds(row.get(5)?),
            updated: Stamp::from_seconds(row.get(6)?),
            created_by: None,
        })
    }
}

/// The buckets of a view in their order, each with its creator.
pub(crate) fn of_view(
    db: &Connection,
    release: &Release,
    view: i64,
) -> Result<Vec<Bucket>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} FROM buckets b JOIN users u ON u.id = b.created_by
         WHERE b.view_id = ?1 ORDER BY b.position, b.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| {
        Ok(Bucket {
            created_by: UserShape::read_author(row, 7)?,
            ..Bucket::read(row, release)?
        })
    };
    Ok(query
        .query_map([view], read)?
        .collect::<rusqlite::Result<Vec<_>>>()?)
}

/// One bucket, without its creator.
pub(crate) fn by_id(
    db: &Connection,
    release: &Release,
    bucket: i64,
) -> Result<Option<Bucket>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM buckets b WHERE b.id = ?1");
    Ok(db
        .prepare_cached(&sql)?
        .query_row([bucket], |row| Bucket::read(row, release))
        .optional()?)
}

/// The buckets that each of these tasks (a JSON array of ids) is in, with the task.
pub(crate) fn of_tasks(
    db: &Connection,
    release: &Release,
    tasks: &str,
) -> Result<Vec<(i64, Bucket)>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, tb.task_id FROM json_each(?1) j CROSS JOIN task_buckets tb ON tb.task_id = j.value
         JOIN buckets b ON b.id = tb.bucket_id ORDER BY b.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| Ok((row.get(7)?, Bucket::read(row, release)?));
    Ok(query
        .query_map([tasks], read)?
        .collect::<rusqlite::Result<Vec<_>>>()?)
}

/// The leftmost bucket of a view.
pub(crate) fn leftmost(db: &Connection, view: i64) -> Result<Option<i64>, Failure> {
    let sql = "SELECT id FROM buckets WHERE view_id = ?1 ORDER BY position, id LIMIT 1";
    Ok(db
        .prepare_cached(sql)?
        .query_row([view], |row| row.get(0))
        .optional()?)
}

/// How many buckets a view has.
pub(crate) fn count(db: &Connection, view: i64) -> Result<i64, Failure> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM buckets WHERE view_id = ?1")?
        .query_row([view], |row| row.get(0))?)
}

/// How many tasks a bucket holds.
pub(crate) fn fill(db: &Connection, bucket: i64) -> Result<i64, Failure> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM task_buckets WHERE bucket_id = ?1")?
        .query_row([bucket], |row| row.get(0))?)
}

/// Stores a new bucket, and gives it its id and, without one, its position.
pub(crate) fn insert(db: &Connection, user: i64, bucket: &mut Bucket) -> Result<(), Failure> {
    db.prepare_cached(
        "INSERT INTO buckets (view_id, title, most, position, created_by, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
    )?
    .execute(params![
        bucket.project_view_id,
        bucket.title,
        bucket.limit,
        bucket.position,
        user,
        bucket.created.seconds()
    ])?;
    bucket.id = db.last_insert_rowid();
    if bucket.position == 0.0 {
        bucket.position = bucket.id as f64 * 65_536.0;
        db.prepare_cached("UPDATE buckets SET position = ?2 WHERE id = ?1")?
            .execute(params![bucket.id, bucket.position])?;
    }
    Ok(())
}

/// Gives a new board its buckets and, where the release does, their roles.
pub(crate) fn insert_first(
    db: &Connection,
    release: &Release,
    user: i64,
    view: &mut View,
) -> Result<(), Failure> {
    let mut ids = Vec::new();
    for (title, position) in release.buckets {
        let now = Stamp::now();
        let mut bucket = Bucket {
            title: (*title).to_owned(),
            project_view_id: view.id,
            position: *position,
            created: now.clone(),
            updated: now,
            ..Bucket::default()
        };
        insert(db, user, &mut bucket)?;
        ids.push(bucket.id);
    }
    if release.board_roles {
        view.default_bucket_id = ids.first().copied().unwrap_or_default();
        view.done_bucket_id = ids.last().copied().unwrap_or_default();
        super::views::update(db, view)?;
    }
    Ok(())
}

/// Stores what an update of a bucket may change.
pub(crate) fn update(db: &Connection, bucket: &Bucket) -> Result<(), Failure> {
    db.prepare_cached(
        "UPDATE buckets SET title = ?2, most = ?3, position = ?4, updated = ?5 WHERE id = ?1",
    )?
    .execute(params![
        bucket.id,
        bucket.title,
        bucket.limit,
        bucket.position,
        bucket.updated.seconds()
    ])?;
    Ok(())
}

/// Deletes a bucket. Its tasks go into the default bucket, unless it is that itself: then they are in none.
pub(crate) fn delete(db: &Connection, view: &View, bucket: i64) -> Result<(), Failure> {
    let heir = super::boards::default_bucket(db, view)?.filter(|heir| *heir != bucket);
    if let Some(heir) = heir {
        db.prepare_cached("UPDATE task_buckets SET bucket_id = ?2 WHERE bucket_id = ?1")?
            .execute([bucket, heir])?;
    }
    db.prepare_cached("DELETE FROM buckets WHERE id = ?1")?
        .execute([bucket])?;
    db.prepare_cached(
        "UPDATE views SET default_bucket_id = iif(default_bucket_id = ?2, 0, default_bucket_id),
         done_bucket_id = iif(done_bucket_id = ?2, 0, done_bucket_id) WHERE id = ?1",
    )?
    .execute([view.id, bucket])?;
    Ok(())
}
