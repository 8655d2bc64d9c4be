//! Tasks.

mod selection;

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::buckets::Bucket;
use super::comments::Comment;
use super::files::{self, Attachment};
use super::labels::{self, Label};
use super::reactions::Reactions;
use super::users::{SHAPE, UserShape};
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;

pub(crate) use selection::{
    Condition, Selection, count, counts_by_bucket, ids, page, page_by_bucket,
};

/// A task, as the API shows and takes it. The server binds a request's body into the very model it answers with,
/// which is why its answers to writes mirror the request; so does this.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Task {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) done: bool,
    pub(crate) done_at: Stamp,
    pub(crate) due_date: Stamp,
    #[serde(deserialize_with = "none_when_empty")]
    pub(crate) reminders: Option<Vec<Reminder>>,
    pub(crate) project_id: i64,
    pub(crate) repeat_after: i64,
    pub(crate) repeat_mode: i64,
    pub(crate) priority: i64,
    pub(crate) start_date: Stamp,
    pub(crate) end_date: Stamp,
    pub(crate) assignees: Option<Vec<UserShape>>,
    #[serde(deserialize_with = "none_when_empty")]
    pub(crate) labels: Option<Vec<Label>>,
    pub(crate) hex_color: String,
    pub(crate) percent_done: f64,
    pub(crate) identifier: String,
    pub(crate) index: i64,
    /// By the kind of the relation.
    pub(crate) related_tasks: Option<BTreeMap<String, Vec<Task>>>,
    #[serde(deserialize_with = "none_when_empty")]
    pub(crate) attachments: Option<Vec<Attachment>>,
    pub(crate) cover_image_attachment_id: i64,
    pub(crate) is_favorite: bool,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
    pub(crate) bucket_id: i64,
    pub(crate) position: f64,
    /// 0.20 alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kanban_position: Option<f64>,
    pub(crate) reactions: Option<Reactions>,
    pub(crate) created_by: Option<UserShape>,
    /// Only in the read of one task, and repeated where it is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subscription: Option<Value>,
    /// Only when asked for with `expand`, and in a bucket.
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub(crate) buckets: Vec<Bucket>,
    /// Only when asked for with `expand`, like the two below.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) comment_count: Option<i64>,
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    pub(crate) comments: Vec<Comment>,
    #[serde(skip_deserializing, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_unread: bool,
    /// Only in v2's read of one task.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) max_permission: Option<i64>,
}

/// The server answers an empty list with `null`, even to those who sent one.
fn none_when_empty<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let list = Option::<Vec<T>>::deserialize(deserializer)?;
    Ok(list.filter(|list| !list.is_empty()))
}

/// When to remind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Reminder {
    #[serde(rename = "reminder")]
    pub(crate) at: Stamp,
    pub(crate) relative_period: i64,
    pub(crate) relative_to: String,
}

impl Reminder {
    /// Moves a relative reminder to where its base is.
    pub(crate) fn follow(&mut self, base: &Stamp) {
        self.at = base.plus(self.relative_period);
    }
}

const COLUMNS: &str = "t.id, t.title, t.description, t.done, t.done_at, t.due_date, t.project_id, t.repeat_after,
    t.repeat_mode, t.priority, t.start_date, t.end_date, t.hex_color, t.percent_done, p.identifier, t.number,
    t.cover_image_attachment_id,
    EXISTS (SELECT 1 FROM favorites f WHERE f.user_id = ?1 AND f.kind = 'task' AND f.entity_id = t.id),
    t.created, t.updated, coalesce(t.bucket_id, 0), coalesce(t.position, 0), t.kanban_position";

/// The columns of [`Task::read`], for the user ?1, with the creator's.
pub(crate) fn columns() -> String {
    format!("{COLUMNS}, {SHAPE}")
}

/// Number of those columns.
pub(crate) const WIDTH: usize = 28;

impl Task {
    /// With nothing but its own columns.
    pub(crate) fn bare(self) -> Self {
        Self {
            reminders: None,
            assignees: None,
            labels: None,
            identifier: String::new(),
            related_tasks: None,
            attachments: None,
            reactions: None,
            created_by: None,
            ..self
        }
    }

    /// Reads a row of [`columns`].
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let number: i64 = row.get(15)?;
        Ok(Self {
            id: row.get(0)?,
            title: row.get(1)?,
            description: row.get(2)?,
            done: row.get(3)?,
            done_at: Stamp::from_seconds(row.get(4)?),
            due_date: Stamp::from_seconds(row.get(5)?),
            project_id: row.get(6)?,
            repeat_after: row.get(7)?,
            repeat_mode: row.get(8)?,
            priority: row.get(9)?,
            start_date: Stamp::from_seconds(row.get(10)?),
            end_date: Stamp::from_seconds(row.get(11)?),
            hex_color: row.get(12)?,
            percent_done: row.get(13)?,
            identifier: identifier(row.get_ref(14)?.as_str()?, number),
            index: number,
            cover_image_attachment_id: row.get(16)?,
            is_favorite: row.get(17)?,
            created: Stamp::from_seconds(row.get(18)?),
            updated: Stamp::from_seconds(row.get(19)?),
            bucket_id: row.get(20)?,
            position: row.get(21)?,
            kanban_position: row.get(22)?,
            created_by: UserShape::read_author(row, 23)?,
            related_tasks: Some(BTreeMap::new()),
            ..Self::default()
        })
    }
}

/// `KIT-3`, or `#3` in a project without identifier.
pub(crate) fn identifier(project: &str, number: i64) -> String {
    if project.is_empty() {
        format!("#{number}")
    } else {
        format!("{project}-{number}")
    }
}

/// What is read with every task.
pub(crate) const JOINED: &str =
    "JOIN projects p ON p.id = t.project_id JOIN users u ON u.id = t.created_by";

/// One living task, complete but for its relations.
pub(crate) fn by_id(db: &Connection, user: i64, task: i64) -> Result<Option<Task>, Failure> {
    Ok(by_ids(db, user, &[task])?.pop())
}

/// The living ones of these tasks, complete but for their relations, by id.
pub(crate) fn by_ids(db: &Connection, user: i64, tasks: &[i64]) -> Result<Vec<Task>, Failure> {
    let sql = format!(
        "SELECT {} FROM json_each(?2) j CROSS JOIN tasks t ON t.id = j.value {JOINED}
         WHERE t.deleted_at IS NULL ORDER BY t.id",
        columns()
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut found = query
        .query_map(
            params![user, serde_json::json!(tasks).to_string()],
            Task::read,
        )?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    add_lists(db, &mut found)?;
    Ok(found)
}

/// The description of a task, empty for one that is gone.
pub(crate) fn description(db: &Connection, task: i64) -> Result<String, Failure> {
    let sql = "SELECT description FROM tasks WHERE id = ?1";
    let found = db
        .prepare_cached(sql)?
        .query_row([task], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Where the tasks of a page are, by id, and their ids as a JSON array: for filling in what hangs on them
/// with one query per kind, however many tasks there are.
pub(crate) fn places(tasks: &[Task]) -> (HashMap<i64, usize>, String) {
    let places: HashMap<i64, usize> = tasks
        .iter()
        .enumerate()
        .map(|(place, task)| (task.id, place))
        .collect();
    let ids = serde_json::json!(places.keys().collect::<Vec<_>>()).to_string();
    (places, ids)
}

/// Fills in assignees, reminders, labels and attachments.
fn add_lists(db: &Connection, tasks: &mut [Task]) -> Result<(), Failure> {
    let (places, ids) = places(tasks);
    let sql = format!(
        "SELECT {SHAPE}, a.task_id FROM json_each(?1) j CROSS JOIN assignees a ON a.task_id = j.value
         JOIN users u ON u.id = a.user_id ORDER BY a.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    for found in query.query_map([&ids], |row| {
        Ok((row.get::<_, i64>(5)?, UserShape::read(row, 0)?))
    })? {
        let (task, user) = found?;
        tasks[places[&task]]
            .assignees
            .get_or_insert_default()
            .push(user);
    }
    let sql = "SELECT task_id, reminder, relative_period, relative_to
               FROM json_each(?1) j CROSS JOIN reminders r ON r.task_id = j.value ORDER BY reminder, r.id";
    let mut query = db.prepare_cached(sql)?;
    for found in query.query_map([&ids], |row| {
        Ok((row.get::<_, i64>(0)?, read_reminder(row)?))
    })? {
        let (task, reminder) = found?;
        tasks[places[&task]]
            .reminders
            .get_or_insert_default()
            .push(reminder);
    }
    labels::of_tasks(db, &ids, |task, label| {
        tasks[places[&task]]
            .labels
            .get_or_insert_default()
            .push(label);
    })?;
    files::of_tasks(db, &ids, |attachment| {
        tasks[places[&attachment.task_id]]
            .attachments
            .get_or_insert_default()
            .push(attachment);
    })
}

/// Fills in the buckets that tasks are in, with one query.
pub(crate) fn add_buckets(
    db: &Connection,
    release: &Release,
    tasks: &mut [Task],
) -> Result<(), Failure> {
    let ids: Vec<i64> = tasks.iter().map(|task| task.id).collect();
    let mut by_task: HashMap<i64, Vec<Bucket>> = HashMap::new();
    for (task, bucket) in
        super::buckets::of_tasks(db, release, &serde_json::json!(ids).to_string())?
    {
        by_task.entry(task).or_default().push(bucket);
    }
    for task in tasks {
        task.buckets = by_task.remove(&task.id).unwrap_or_default();
    }
    Ok(())
}

fn read_reminder(row: &Row<'_>) -> rusqlite::Result<Reminder> {
    Ok(Reminder {
        at: Stamp::from_seconds(row.get(1)?),
        relative_period: row.get(2)?,
        relative_to: row.get(3)?,
    })
}

/// The number that the project's next task gets.
pub(crate) fn next_index(db: &Connection, project: i64) -> Result<i64, Failure> {
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM tasks WHERE project_id = ?1";
    Ok(db
        .prepare_cached(sql)?
        .query_row([project], |row| row.get(0))?)
}

/// Stores a new task without its lists, and gives it its id.
pub(crate) fn insert(db: &Connection, user: i64, task: &mut Task) -> Result<(), Failure> {
    db.prepare_cached(
        "INSERT INTO tasks (title, description, done, done_at, due_date, start_date, end_date, project_id, repeat_after,
         repeat_mode, priority, percent_done, hex_color, number, cover_image_attachment_id, created_by, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?17)",
    )?
    .execute(params![
        task.title,
        task.description,
        task.done,
        task.done_at.seconds(),
        task.due_date.seconds(),
        task.start_date.seconds(),
        task.end_date.seconds(),
        task.project_id,
        task.repeat_after,
        task.repeat_mode,
        task.priority,
        task.percent_done,
        task.hex_color,
        task.index,
        task.cover_image_attachment_id,
        user,
        task.created.seconds()
    ])?;
    task.id = db.last_insert_rowid();
    set_favorite(db, "task", user, task.id, task.is_favorite)
}

/// Stores every column of a task, and replaces its lists.
pub(crate) fn update(db: &Connection, user: i64, task: &Task) -> Result<(), Failure> {
    db.prepare_cached(
        "UPDATE tasks SET title = ?2, description = ?3, done = ?4, done_at = ?5, due_date = ?6, start_date = ?7,
         end_date = ?8, project_id = ?9, repeat_after = ?10, repeat_mode = ?11, priority = ?12, percent_done = ?13,
         hex_color = ?14, number = ?15, cover_image_attachment_id = ?16, updated = ?17 WHERE id = ?1",
    )?
    .execute(params![
        task.id,
        task.title,
        task.description,
        task.done,
        task.done_at.seconds(),
        task.due_date.seconds(),
        task.start_date.seconds(),
        task.end_date.seconds(),
        task.project_id,
        task.repeat_after,
        task.repeat_mode,
        task.priority,
        task.percent_done,
        task.hex_color,
        task.index,
        task.cover_image_attachment_id,
        task.updated.seconds()
    ])?;
    db.prepare_cached("DELETE FROM assignees WHERE task_id = ?1")?
        .execute([task.id])?;
    db.prepare_cached("DELETE FROM reminders WHERE task_id = ?1")?
        .execute([task.id])?;
    set_favorite(db, "task", user, task.id, task.is_favorite)?;
    insert_lists(db, task)
}

/// Stores assignees and reminders of a task that has none yet.
pub(crate) fn insert_lists(db: &Connection, task: &Task) -> Result<(), Failure> {
    for assignee in task.assignees.iter().flatten() {
        db.prepare_cached("INSERT OR IGNORE INTO assignees (task_id, user_id) VALUES (?1, ?2)")?
            .execute([task.id, assignee.id])?;
    }
    for reminder in task.reminders.iter().flatten() {
        db.prepare_cached(
            "INSERT INTO reminders (task_id, reminder, relative_period, relative_to) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![task.id, reminder.at.seconds(), reminder.relative_period, reminder.relative_to])?;
    }
    Ok(())
}

/// Marks or unmarks a favourite, of `kind` `task` or `project`.
pub(crate) fn set_favorite(
    db: &Connection,
    kind: &str,
    user: i64,
    entity: i64,
    favorite: bool,
) -> Result<(), Failure> {
    let sql = if favorite {
        "INSERT OR IGNORE INTO favorites (user_id, kind, entity_id) VALUES (?1, ?2, ?3)"
    } else {
        "DELETE FROM favorites WHERE user_id = ?1 AND kind = ?2 AND entity_id = ?3"
    };
    db.prepare_cached(sql)?
        .execute(params![user, kind, entity])?;
    Ok(())
}

/// Whether a user has favourite tasks.
pub(crate) fn has_favorites(db: &Connection, user: i64) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM favorites f JOIN tasks t ON t.id = f.entity_id
               WHERE f.user_id = ?1 AND f.kind = 'task' AND t.deleted_at IS NULL";
    Ok(db.prepare_cached(sql)?.exists([user])?)
}

/// The project of a living task.
pub(crate) fn project_of(db: &Connection, task: i64) -> Result<Option<i64>, Failure> {
    let sql = "SELECT project_id FROM tasks WHERE id = ?1 AND deleted_at IS NULL";
    Ok(db
        .prepare_cached(sql)?
        .query_row([task], |row| row.get(0))
        .optional()?)
}

/// Notes that something about the task has changed.
pub(crate) fn touch(db: &Connection, task: i64) -> Result<(), Failure> {
    db.prepare_cached("UPDATE tasks SET updated = ?2 WHERE id = ?1")?
        .execute(params![task, Stamp::now().seconds()])?;
    Ok(())
}

/// The living task of that number in a project.
pub(crate) fn by_index(db: &Connection, project: i64, number: i64) -> Result<Option<i64>, Failure> {
    let sql = "SELECT id FROM tasks WHERE project_id = ?1 AND number = ?2 AND deleted_at IS NULL";
    Ok(db
        .prepare_cached(sql)?
        .query_row([project, number], |row| row.get(0))
        .optional()?)
}

/// Deletes a task: for good, or kept out of sight so that its number is not given again.
pub(crate) fn delete(db: &Connection, release: &Release, task: i64) -> Result<(), Failure> {
    if release.tasks.index_reused {
        db.prepare_cached("DELETE FROM tasks WHERE id = ?1")?
            .execute([task])?;
    } else {
        db.prepare_cached("UPDATE tasks SET deleted_at = ?2 WHERE id = ?1")?
            .execute(params![task, Stamp::now().seconds()])?;
        super::boards::forget(db, task)?;
    }
    Ok(())
}
