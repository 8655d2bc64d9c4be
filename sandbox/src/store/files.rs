//! Uploaded files, and the attachments that they are on tasks.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::users::{SHAPE, UserShape};
use crate::failure::Failure;
use crate::multipart::Part;
use crate::stamp::Stamp;

/// What is known about a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct File {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) size: i64,
    pub(crate) created: Stamp,
}

impl File {
    /// A file as it was sent, without an id as long as it is not stored.
    pub(crate) fn new(part: &Part<'_>, mime: &str) -> Self {
        Self {
            id: 0,
            name: part.file.clone().unwrap_or_default(),
            mime: mime.to_owned(),
            size: i64::try_from(part.content.len()).unwrap_or(i64::MAX),
            created: Stamp::now(),
        }
    }
}

/// A file on a task, as the API shows it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attachment {
    pub(crate) id: i64,
    pub(crate) task_id: i64,
    pub(crate) created_by: Option<UserShape>,
    pub(crate) file: File,
    pub(crate) created: Stamp,
}

/// The columns of [`Attachment::read`], of the aliases `a`, `f` and `u`.
fn columns() -> String {
    format!("a.id, a.task_id, a.created, f.id, f.name, f.mime, f.size, f.created, {SHAPE}")
}

/// What is read with every attachment.
const JOINED: &str = "JOIN files f ON f.id = a.file_id JOIN users u ON u.id = a.created_by";

impl Attachment {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            task_id: row.get(1)?,
            created: Stamp::from_seconds(row.get(2)?),
            file: File {
                id: row.get(3)?,
                name: row.get(4)?,
                mime: row.get(5)?,
                size: row.get(6)?,
                created: Stamp::from_seconds(row.get(7)?),
            },
            created_by: UserShape::read_author(row, 8)?,
        })
    }
}

/// Stores a file, and gives it its id.
pub(crate) fn insert(db: &Connection, file: &mut File, content: &[u8]) -> Result<(), Failure> {
    db.prepare_cached(
        "INSERT INTO files (name, mime, size, created, content) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        file.name,
        file.mime,
        file.size,
        file.created.seconds(),
        content
    ])?;
    file.id = db.last_insert_rowid();
    Ok(())
}

/// The bytes of a file.
pub(crate) fn content(db: &Connection, file: i64) -> Result<Vec<u8>, Failure> {
    Ok(db
        .prepare_cached("SELECT content FROM files WHERE id = ?1")?
        .query_row([file], |row| row.get(0))?)
}

/// Attaches a stored file to a task, and answers the attachment's id.
pub(crate) fn attach(
    db: &Connection,
    task: i64,
    file: i64,
    user: i64,
    created: &Stamp,
) -> Result<i64, Failure> {
    db.prepare_cached(
        "INSERT INTO attachments (task_id, file_id, created_by, created) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![task, file, user, created.seconds()])?;
    Ok(db.last_insert_rowid())
}

/// An attachment of that task.
pub(crate) fn attachment(
    db: &Connection,
    task: i64,
    attachment: i64,
) -> Result<Option<Attachment>, Failure> {
    let sql = format!(
        "SELECT {} FROM attachments a {JOINED} WHERE a.task_id = ?1 AND a.id = ?2",
        columns()
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row([task, attachment], Attachment::read)
        .optional()?)
}

/// A page of a task's attachments, and how many there are in all.
pub(crate) fn attachments(
    db: &Connection,
    task: i64,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Attachment>, i64), Failure> {
    let total = db
        .prepare_cached("SELECT count(*) FROM attachments WHERE task_id = ?1")?
        .query_row([task], |row| row.get(0))?;
    let sql = format!(
        "SELECT {} FROM attachments a {JOINED} WHERE a.task_id = ?1 ORDER BY a.id LIMIT ?2 OFFSET ?3",
        columns()
    );
    let mut query = db.prepare_cached(&sql)?;
    let attachments = query
        .query_map([task, limit, offset], Attachment::read)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((attachments, total))
}

/// Calls `add` with each attachment of these tasks (a JSON array of ids).
pub(crate) fn of_tasks(
    db: &Connection,
    tasks: &str,
    mut add: impl FnMut(Attachment),
) -> Result<(), Failure> {
    let sql = format!(
        "SELECT {} FROM json_each(?1) j CROSS JOIN attachments a ON a.task_id = j.value {JOINED} ORDER BY a.id",
        columns()
    );
    let mut query = db.prepare_cached(&sql)?;
    for attachment in query.query_map([tasks], Attachment::read)? {
        add(attachment?);
    }
    Ok(())
}

/// Deletes a file, and with it the attachment that it is.
pub(crate) fn delete(db: &Connection, file: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM files WHERE id = ?1")?
        .execute([file])?;
    Ok(())
}

/// Makes an attachment the cover of its task.
pub(crate) fn set_cover(db: &Connection, task: i64, attachment: i64) -> Result<(), Failure> {
    db.prepare_cached("UPDATE tasks SET cover_image_attachment_id = ?2 WHERE id = ?1")?
        .execute([task, attachment])?;
    Ok(())
}
