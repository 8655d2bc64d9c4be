//! The buckets of lists (0.20), which hang on the board that nobody sees.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::tasks::Task;
use super::users::{SHAPE, UserShape};
use crate::failure::Failure;
use crate::stamp::Stamp;

/// A bucket of a list, as the API shows and takes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Bucket {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) project_id: i64,
    #[serde(skip_deserializing)]
    pub(crate) tasks: Option<Vec<Task>>,
    /// How many tasks it may hold; 0 = any number.
    pub(crate) limit: i64,
    #[serde(rename = "is_done_bucket")]
    pub(crate) is_done: bool,
    pub(crate) position: f64,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
    #[serde(skip_deserializing)]
    pub(crate) created_by: Option<UserShape>,
}

const COLUMNS: &str =
    "b.id, b.title, v.project_id, b.most, b.is_done, b.position, b.created, b.updated";
const JOINED: &str =
    "FROM buckets b JOIN views v ON v.id = b.view_id JOIN users u ON u.id = b.created_by";

impl Bucket {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            title: row.get(1)?,
            project_id: row.get(2)?,
            tasks: None,
            limit: row.get(3)?,
            is_done: row.get(4)?,
            position: row.get(5)?,
            created: Stamp::from_seconds(row.get(6)?),
            updated: Stamp::from_seconds(row.get(7)?),
            created_by: UserShape::read_author(row, 8)?,
        })
    }
}

/// The buckets of a list in their order, without tasks.
pub(crate) fn of_list(db: &Connection, list: i64) -> Result<Vec<Bucket>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} {JOINED} WHERE v.project_id = ?1 ORDER BY b.position, b.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let buckets = query.query_map([list], Bucket::read)?;
    Ok(buckets.collect::<rusqlite::Result<Vec<_>>>()?)
}

/// One bucket, of whatever list.
pub(crate) fn by_id(db: &Connection, bucket: i64) -> Result<Option<Bucket>, Failure> {
    let sql = format!("SELECT {COLUMNS}, {SHAPE} {JOINED} WHERE b.id = ?1");
    Ok(db
        .prepare_cached(&sql)?
        .query_row([bucket], Bucket::read)
        .optional()?)
}

/// Stores a new bucket, and gives it its id and, without one, its position.
pub(crate) fn insert(db: &Connection, user: i64, bucket: &mut Bucket) -> Result<(), Failure> {
    db.prepare_cached(
        "INSERT INTO buckets (view_id, title, most, is_done, position, created_by, created, updated)
         SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?7 FROM views WHERE project_id = ?1",
    )?
    .execute(params![
        bucket.project_id,
        bucket.title,
        bucket.limit,
        bucket.is_done,
        bucket.position,
        user,
        bucket.created.seconds()
    ])?;
    bucket.id = db.last_insert_rowid();
    if bucket.position == 0.0 {
        bucket.position = bucket.id as f64 * super::lists::STEP;
        db.prepare_cached("UPDATE buckets SET position = ?2 WHERE id = ?1")?
            .execute(params![bucket.id, bucket.position])?;
    }
    Ok(())
}

/// Stores what an update of a bucket may change.
pub(crate) fn update(db: &Connection, bucket: &Bucket) -> Result<(), Failure> {
    db.prepare_cached(
        "UPDATE buckets SET title = ?2, most = ?3, is_done = ?4, position = ?5, updated = ?6 WHERE id = ?1",
    )?
    .execute(params![
        bucket.id,
        bucket.title,
        bucket.limit,
        bucket.is_done,
        bucket.position,
        bucket.updated.seconds()
    ])?;
    Ok(())
}

/// Deletes a bucket. Its tasks go into the leftmost one that remains.
pub(crate) fn delete(db: &Connection, bucket: &Bucket) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM buckets WHERE id = ?1")?
        .execute([bucket.id])?;
    let heir = super::lists::default_bucket(db, bucket.project_id)?;
    db.prepare_cached("UPDATE tasks SET bucket_id = ?2 WHERE bucket_id = ?1")?
        .execute([bucket.id, heir])?;
    Ok(())
}
