//! Labels, and which tasks they are on.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};
use serde::{Deserialize, Serialize};

use super::users::{SHAPE, UserShape};
use crate::failure::Failure;
use crate::stamp::Stamp;

/// A label, as the API shows and takes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Label {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) hex_color: String,
    pub(crate) created_by: Option<UserShape>,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
    /// Only in v2's read of one label.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) max_permission: Option<i64>,
}

/// The columns of [`Label::read`], of the aliases `l` and `u`.
fn columns() -> String {
    format!("l.id, l.title, l.description, l.hex_color, l.created, l.updated, {SHAPE}")
}

/// Number of those columns.
const WIDTH: usize = 11;

impl Label {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            title: row.get(1)?,
            description: row.get(2)?,
            hex_color: row.get(3)?,
            created: Stamp::from_seconds(row.get(4)?),
            updated: Stamp::from_seconds(row.get(5)?),
            created_by: UserShape::read_author(row, 6)?,
            max_permission: None,
        })
    }
}

/// Whose labels, and on which tasks: everybody sees his own, and those on the tasks of his projects (a JSON array of ids).
#[derive(Debug)]
pub(crate) struct Sight<'a> {
    pub(crate) user: i64,
    pub(crate) projects: &'a str,
}

/// Fulfilled by a label `l` that the user ?1 with the projects ?2 sees.
const SEEN: &str = "(l.created_by = ?1 OR EXISTS (
    SELECT 1 FROM task_labels x JOIN tasks t ON t.id = x.task_id
    WHERE x.label_id = l.id AND t.deleted_at IS NULL AND t.project_id IN (SELECT value FROM json_each(?2))))";

/// Which labels a list holds: those seen, and what else restricts it.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) sight: Option<Sight<'a>>,
    /// Only those on this task.
    pub(crate) task: Option<i64>,
    pub(crate) search: Option<&'a str>,
}

impl Wanted<'_> {
    /// The conditions in SQL, with their values.
    fn condition(&self) -> (String, Vec<Sql>) {
        let (mut sql, mut values) = match &self.sight {
            Some(sight) => (
                SEEN.to_owned(),
                vec![sight.user.into(), sight.projects.to_owned().into()],
            ),
            None => ("TRUE".to_owned(), Vec::new()),
        };
        if let Some(task) = self.task {
            sql.push_str(" AND l.id IN (SELECT label_id FROM task_labels WHERE task_id = ?)");
            values.push(task.into());
        }
        if let Some(search) = self.search {
            // Numbers among a comma-separated list are ids; without any it is part of a title.
            let ids: Vec<i64> = search
                .split(',')
                .filter_map(|piece| piece.parse().ok())
                .collect();
            if ids.is_empty() {
                sql.push_str(" AND l.title LIKE '%' || ? || '%'");
                values.push(search.to_owned().into());
            } else {
                sql.push_str(" AND l.id IN (SELECT value FROM json_each(?))");
                values.push(serde_json::json!(ids).to_string().into());
            }
        }
        (sql, values)
    }
}

/// A page of labels, and how many there are in all.
pub(crate) fn list(
    db: &Connection,
    wanted: &Wanted<'_>,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Label>, i64), Failure> {
    let (condition, mut values) = wanted.condition();
    let total = db
        .prepare_cached(&format!("SELECT count(*) FROM labels l WHERE {condition}"))?
        .query_row(params_from_iter(&values), |row| row.get(0))?;
    let sql = format!(
        "SELECT {} FROM labels l JOIN users u ON u.id = l.created_by WHERE {condition}
         ORDER BY l.id LIMIT ? OFFSET ?",
        columns()
    );
    values.extend([limit.into(), offset.into()]);
    let mut query = db.prepare_cached(&sql)?;
    let labels = query
        .query_map(params_from_iter(&values), Label::read)?
        .collect::<rusqlite::Result<_>>()?;
    Ok((labels, total))
}

/// One label, whoever asks.
pub(crate) fn by_id(db: &Connection, label: i64) -> Result<Option<Label>, Failure> {
    let sql = format!(
        "SELECT {} FROM labels l JOIN users u ON u.id = l.created_by WHERE l.id = ?1",
        columns()
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row([label], Label::read)
        .optional()?)
}

/// Whether the user sees the label.
pub(crate) fn is_seen(db: &Connection, sight: &Sight<'_>, label: i64) -> Result<bool, Failure> {
    let sql = format!("SELECT 1 FROM labels l WHERE {SEEN} AND l.id = ?3");
    Ok(db
        .prepare_cached(&sql)?
        .exists(params![sight.user, sight.projects, label])?)
}

/// Stores a new label, under that id if one is given, and answers its id.
pub(crate) fn insert(
    db: &Connection,
    id: Option<i64>,
    creator: i64,
    label: &Label,
) -> Result<i64, Failure> {
    db.prepare_cached(
        "INSERT INTO labels (id, title, description, hex_color, created_by, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
    )?
    .execute(params![
        id,
        label.title,
        label.description,
        label.hex_color,
        creator,
        label.created.seconds()
    ])?;
    Ok(db.last_insert_rowid())
}

/// Stores everything that a label update may change.
pub(crate) fn update(db: &Connection, label: &Label) -> Result<(), Failure> {
    db.prepare_cached(
        "UPDATE labels SET title = ?2, description = ?3, hex_color = ?4, updated = ?5 WHERE id = ?1",
    )?
    .execute(params![
        label.id,
        label.title,
        label.description,
        label.hex_color,
        Stamp::now().seconds()
    ])?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, label: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM labels WHERE id = ?1")?
        .execute([label])?;
    Ok(())
}

/// Puts a label on a task; false when it is there already.
pub(crate) fn put(db: &Connection, task: i64, label: i64) -> Result<bool, Failure> {
    let sql = "INSERT OR IGNORE INTO task_labels (task_id, label_id) VALUES (?1, ?2)";
    Ok(db.prepare_cached(sql)?.execute([task, label])? > 0)
}

/// Takes a label off a task; false when it is not there.
pub(crate) fn take(db: &Connection, task: i64, label: i64) -> Result<bool, Failure> {
    let sql = "DELETE FROM task_labels WHERE task_id = ?1 AND label_id = ?2";
    Ok(db.prepare_cached(sql)?.execute([task, label])? > 0)
}

/// Takes all labels off a task but these.
pub(crate) fn keep_only(db: &Connection, task: i64, labels: &[i64]) -> Result<(), Failure> {
    let sql = "DELETE FROM task_labels WHERE task_id = ?1
               AND label_id NOT IN (SELECT value FROM json_each(?2))";
    db.prepare_cached(sql)?
        .execute(params![task, serde_json::json!(labels).to_string()])?;
    Ok(())
}

/// Calls `add` with each label of these tasks (a JSON array of ids), and its task.
pub(crate) fn of_tasks(
    db: &Connection,
    tasks: &str,
    mut add: impl FnMut(i64, Label),
) -> Result<(), Failure> {
    let sql = format!(
        "SELECT {}, x.task_id FROM json_each(?1) j CROSS JOIN task_labels x ON x.task_id = j.value
         JOIN labels l ON l.id = x.label_id JOIN users u ON u.id = l.created_by ORDER BY l.id",
        columns()
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query([tasks])?;
    while let Some(row) = rows.next()? {
        add(row.get(WIDTH)?, Label::read(row)?);
    }
    Ok(())
}
