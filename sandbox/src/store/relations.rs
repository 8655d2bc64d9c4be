//! Relations between tasks. Each stands in the table twice, seen from either side.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::tasks::{self, Task};
use super::users::{SHAPE, UserShape};
use crate::failure::Failure;
use crate::stamp::Stamp;

/// Kinds of relations, in the order in which the server names them, each with its inverse.
pub(crate) const KINDS: [(&str, &str); 11] = [
    ("subtask", "parenttask"),
    ("parenttask", "subtask"),
    ("related", "related"),
    ("duplicateof", "duplicates"),
    ("duplicates", "duplicateof"),
    ("blocking", "blocked"),
    ("blocked", "blocking"),
    ("precedes", "follows"),
    ("follows", "precedes"),
    ("copiedfrom", "copiedto"),
    ("copiedto", "copiedfrom"),
];

/// The kind in which the other side sees a relation; none for an unknown kind.
pub(crate) fn inverse(kind: &str) -> Option<&'static str> {
    let known = KINDS.iter().find(|(known, _)| *known == kind)?;
    Some(known.1)
}

/// A relation as one side sees it, as the API shows and takes it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Relation {
    pub(crate) task_id: i64,
    pub(crate) other_task_id: i64,
    #[serde(rename = "relation_kind")]
    pub(crate) kind: String,
    pub(crate) created_by: Option<UserShape>,
    pub(crate) created: Stamp,
}

/// Relates two tasks, from both sides; false when they are related like that already.
pub(crate) fn insert(db: &Connection, relation: &Relation) -> Result<bool, Failure> {
    let (task, kind, other) = (relation.task_id, &relation.kind, relation.other_task_id);
    let by = relation.created_by.as_ref().map(|user| user.id);
    let created = relation.created.seconds();
    let sql = "INSERT OR IGNORE INTO relations (task_id, kind, other_task_id, created_by, created)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut statement = db.prepare_cached(sql)?;
    if statement.execute(params![task, kind, other, by, created])? == 0 {
        return Ok(false);
    }
    statement.execute(params![other, inverse(kind), task, by, created])?;
    Ok(true)
}

/// The relation of that kind between two tasks.
pub(crate) fn find(
    db: &Connection,
    task: i64,
    kind: &str,
    other: i64,
) -> Result<Option<Relation>, Failure> {
    let sql = format!(
        "SELECT r.created, {SHAPE} FROM relations r JOIN users u ON u.id = r.created_by
         WHERE r.task_id = ?1 AND r.kind = ?2 AND r.other_task_id = ?3"
    );
    let mut query = db.prepare_cached(&sql)?;
    let read = |row: &Row<'_>| {
        Ok(Relation {
            task_id: task,
            other_task_id: other,
            kind: kind.to_owned(),
            created_by: UserShape::read_author(row, 1)?,
            created: Stamp::from_seconds(row.get(0)?),
        })
    };
    Ok(query
        .query_row(params![task, kind, other], read)
        .optional()?)
}

/// Ends a relation, and `back` from the other side.
pub(crate) fn delete(db: &Connection, relation: &Relation, back: &str) -> Result<(), Failure> {
    let sql = "DELETE FROM relations WHERE task_id = ?1 AND kind = ?2 AND other_task_id = ?3";
    let mut statement = db.prepare_cached(sql)?;
    let (task, other) = (relation.task_id, relation.other_task_id);
    statement.execute(params![task, relation.kind, other])?;
    statement.execute(params![other, back, task])?;
    Ok(())
}

/// Whether `below` can be reached from `task` by relations of that kind, or is the task itself.
pub(crate) fn leads_to(
    db: &Connection,
    task: i64,
    kind: &str,
    below: i64,
) -> Result<bool, Failure> {
    let sql = "WITH RECURSIVE reached (id) AS (
                   SELECT ?1 UNION SELECT r.other_task_id FROM relations r JOIN reached ON r.task_id = reached.id
                   WHERE r.kind = ?2)
               SELECT 1 FROM reached WHERE id = ?3";
    Ok(db.prepare_cached(sql)?.exists(params![task, kind, below])?)
}

/// The ids of all subtasks of these tasks (a JSON array of ids), and of theirs, that are not among them.
pub(crate) fn subtasks(db: &Connection, tasks: &str) -> Result<Vec<i64>, Failure> {
    let sql = "WITH RECURSIVE below (id) AS (
                   SELECT value FROM json_each(?1)
                   UNION SELECT r.other_task_id FROM relations r JOIN below ON r.task_id = below.id
                   WHERE r.kind = 'subtask')
               SELECT id FROM below WHERE id NOT IN (SELECT value FROM json_each(?1)) ORDER BY id";
    let mut query = db.prepare_cached(sql)?;
    let ids = query.query_map([tasks], |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Calls `add` with each living task that is related to one of these (a JSON array of ids): task, kind, other task.
pub(crate) fn of_tasks(
    db: &Connection,
    user: i64,
    tasks: &str,
    mut add: impl FnMut(i64, String, Task),
) -> Result<(), Failure> {
    let sql = format!(
        "SELECT {}, r.task_id, r.kind FROM json_each(?2) j CROSS JOIN relations r ON r.task_id = j.value
         CROSS JOIN tasks t ON t.id = r.other_task_id {} WHERE t.deleted_at IS NULL ORDER BY r.id",
        tasks::columns(),
        tasks::JOINED
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut rows = query.query(params![user, tasks])?;
    while let Some(row) = rows.next()? {
        let task = Task {
            // A related task is shown as its table has it.
            identifier: String::new(),
            created_by: None,
            related_tasks: None,
            ..Task::read(row)?
        };
        add(row.get(tasks::WIDTH)?, row.get(tasks::WIDTH + 1)?, task);
    }
    Ok(())
}
