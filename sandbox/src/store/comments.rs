//! Comments on tasks.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::reactions::Reactions;
use super::users::{SHAPE, UserShape};
use crate::failure::Failure;
use crate::stamp::Stamp;

/// A comment, as the API shows and takes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Comment {
    pub(crate) id: i64,
    #[serde(rename = "comment")]
    pub(crate) text: String,
    pub(crate) author: Option<UserShape>,
    /// Only in the list of a task's comments.
    pub(crate) reactions: Option<Reactions>,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
    /// Only in v2's read of one comment.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) max_permission: Option<i64>,
    #[serde(skip)]
    pub(crate) task: i64,
}

/// The columns of [`Comment::read`], of the aliases `c` and `u`.
fn columns() -> String {
    format!("c.id, c.comment, c.created, c.updated, c.task_id, {SHAPE}")
}

impl Comment {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            text: row.get(1)?,
            created: Stamp::from_seconds(row.get(2)?),
            updated: Stamp::from_seconds(row.get(3)?),
            task: row.get(4)?,
            author: UserShape::read_author(row, 5)?,
            ..Self::default()
        })
    }
}

/// Which comments a list holds.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) task: i64,
    pub(crate) search: Option<&'a str>,
    pub(crate) newest_first: bool,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// A page of a task's comments, and how many there are in all.
pub(crate) fn list(db: &Connection, wanted: &Wanted<'_>) -> Result<(Vec<Comment>, i64), Failure> {
    let found = "c.task_id = ?1 AND (?2 IS NULL OR c.comment LIKE '%' || ?2 || '%')";
    let total = db
        .prepare_cached(&format!("SELECT count(*) FROM comments c WHERE {found}"))?
        .query_row(params![wanted.task, wanted.search], |row| row.get(0))?;
    let direction = if wanted.newest_first { "DESC" } else { "ASC" };
    // Sorted by whole seconds, as the server does: the order within a second is that of creation either way.
    let sql = format!(
        "SELECT {} FROM comments c JOIN users u ON u.id = c.author_id WHERE {found}
         ORDER BY c.created {direction}, c.id LIMIT ?3 OFFSET ?4",
        columns()
    );
    let mut query = db.prepare_cached(&sql)?;
    let page = params![wanted.task, wanted.search, wanted.limit, wanted.offset];
    let comments = query
        .query_map(page, Comment::read)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((comments, total))
}

/// One comment.
pub(crate) fn by_id(db: &Connection, comment: i64) -> Result<Option<Comment>, Failure> {
    let sql = format!(
        "SELECT {} FROM comments c JOIN users u ON u.id = c.author_id WHERE c.id = ?1",
        columns()
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row([comment], Comment::read)
        .optional()?)
}

/// Stores a new comment, under that id if one is given, and answers its id.
pub(crate) fn insert(
    db: &Connection,
    id: Option<i64>,
    author: i64,
    comment: &Comment,
) -> Result<i64, Failure> {
    db.prepare_cached(
        "INSERT INTO comments (id, task_id, author_id, comment, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )?
    .execute(params![id, comment.task, author, comment.text, comment.created.seconds()])?;
    Ok(db.last_insert_rowid())
}

pub(crate) fn update(db: &Connection, comment: &Comment) -> Result<(), Failure> {
    db.prepare_cached("UPDATE comments SET comment = ?2, updated = ?3 WHERE id = ?1")?
        .execute(params![comment.id, comment.text, comment.updated.seconds()])?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, comment: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM comments WHERE id = ?1")?
        .execute([comment])?;
    Ok(())
}

/// How many comments a task shows when they are expanded.
const EXPANDED: i64 = 50;

/// Calls `add` with each of the first comments of these tasks (a JSON array of ids).
pub(crate) fn of_tasks(
    db: &Connection,
    tasks: &str,
    mut add: impl FnMut(Comment),
) -> Result<(), Failure> {
    let sql = format!(
        "SELECT {} FROM (
            SELECT c.id, row_number() OVER (PARTITION BY c.task_id ORDER BY c.created, c.id) AS place
            FROM json_each(?1) j CROSS JOIN comments c ON c.task_id = j.value
         ) picked JOIN comments c ON c.id = picked.id JOIN users u ON u.id = c.author_id
         WHERE picked.place <= ?2 ORDER BY c.created, c.id",
        columns()
    );
    let mut query = db.prepare_cached(&sql)?;
    for comment in query.query_map(params![tasks, EXPANDED], Comment::read)? {
        add(comment?);
    }
    Ok(())
}

/// Calls `add` with each of these tasks (a JSON array of ids) that has comments, and how many.
pub(crate) fn count_of_tasks(
    db: &Connection,
    tasks: &str,
    mut add: impl FnMut(i64, i64),
) -> Result<(), Failure> {
    let sql = "SELECT c.task_id, count(*) FROM json_each(?1) j CROSS JOIN comments c ON c.task_id = j.value
               GROUP BY c.task_id";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query([tasks])?;
    while let Some(row) = rows.next()? {
        add(row.get(0)?, row.get(1)?);
    }
    Ok(())
}
