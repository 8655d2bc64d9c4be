//! Many tasks in one call: the handlers.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Domain, Failure, domain};
use crate::projects::{WRITE, check_access};
use crate::repeat;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::tasks::{self as store, Task};
use crate::tasks::{self, NEW_FIELDS};

const CREATE_FIELDS: &[Field] =
    &[Field::new("tasks", Kind::Records(NEW_FIELDS)).schema_length(1, 100)];

const IDS: Field = Field::new("task_ids", Kind::Array);

/// A bulk update that names its fields.
const UPDATE_FIELDS: &[Field] = &[
    IDS,
    Field::new("fields", Kind::Array),
    Field::new("values", Kind::Record(NEW_FIELDS)),
];

/// The fields that such an update may name.
const CHANGEABLE: [&str; 14] = [
    "title",
    "description",
    "done",
    "due_date",
    "repeat_after",
    "priority",
    "start_date",
    "end_date",
    "hex_color",
    "percent_done",
    "project_id",
    "bucket_id",
    "repeat_mode",
    "cover_image_attachment_id",
];

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Create {
    tasks: Option<Vec<Task>>,
}

/// Makes tasks, all or none.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("project")?;
    let wanted: Create = call.bind(CREATE_FIELDS, &[])?;
    let mut tasks = wanted.tasks.unwrap_or_default();
    if tasks.is_empty() {
        let message = "A bulk task creation must contain between 1 and 100 tasks, got 0.";
        return Err(domain(400, 4030, message));
    }
    call.write(|db| {
        let project = tasks::check_project(call, db, id)?;
        for (place, task) in tasks.iter().enumerate() {
            tasks::check_title(call, task)
                .and_then(|()| tasks::check_repetition(call, task))
                .map_err(|failure| at_place(place, failure))?;
        }
        tasks::make_all(call, db, &project, &mut tasks)?;
        let answer = Create { tasks: Some(tasks) };
        Ok(call.ok(None, &answer))
    })
}

/// Says which task of a bulk creation is wrong.
fn at_place(place: usize, failure: Failure) -> Failure {
    match failure {
        Failure::Domain(Domain { message, .. }) => {
            let message = format!("The task at index {place} is invalid: {message}");
            domain(400, 4031, message)
        }
        other => other,
    }
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.at.release.tasks.bulk_names_fields {
        update_fields(call)
    } else {
        update_flat(call)
    }
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Update {
    task_ids: Option<Vec<i64>>,
    fields: Option<Vec<String>>,
    values: Task,
    /// Each as the answer to a task update.
    #[serde(skip_deserializing)]
    tasks: Vec<Task>,
}

/// Writes the named fields, or all; and assignees, reminders and the favourite mark, whether named or not.
fn update_fields(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut update: Update = call.bind(UPDATE_FIELDS, &[])?;
    let (fields, values) = (update.fields.as_deref().unwrap_or_default(), &update.values);
    let settle = if call.at.release.tasks.bulk_moves_dates {
        repeat::settle
    } else {
        repeat::settle_but_dates
    };
    let ids = update.task_ids.as_deref().unwrap_or_default();
    let tasks = call.write(|db| {
        for task in existing(call, db, ids)? {
            check_access(db, call.user()?, task.project_id, WRITE)?;
        }
        if let Some(unknown) = fields
            .iter()
            .find(|field| !CHANGEABLE.contains(&field.as_str()))
        {
            let message = format!("The task field '{unknown}' is invalid.");
            return Err(domain(400, 4027, message));
        }
        tasks::check_repetition(call, values)?;
        ids.iter()
            .map(|id| {
                let old = store::by_id(db, call.user()?.id, *id)?.ok_or_else(tasks::not_found)?;
                let task = with_fields(&old, fields, values);
                tasks::store_all(call, db, task, settle)
            })
            .collect::<Result<Vec<_>, _>>()
    })?;
    update.tasks = tasks;
    Ok(call.ok(None, &update))
}

/// The task with these fields of `values`, or with all of them when none is named.
fn with_fields(old: &Task, fields: &[String], values: &Task) -> Task {
    let mut task = Task {
        id: old.id,
        assignees: values.assignees.clone(),
        reminders: values.reminders.clone(),
        is_favorite: values.is_favorite,
        ..Task::default()
    };
    for field in CHANGEABLE {
        let named = fields.is_empty() || fields.iter().any(|name| name == field);
        copy_field(field, if named { values } else { old }, &mut task);
    }
    task
}

fn copy_field(field: &str, from: &Task, to: &mut Task) {
    match field {
        "title" => to.title.clone_from(&from.title),
        "description" => to.description.clone_from(&from.description),
        "done" => to.done = from.done,
        "due_date" => to.due_date.clone_from(&from.due_date),
        "repeat_after" => to.repeat_after = from.repeat_after,
        "priority" => to.priority = from.priority,
        "start_date" => to.start_date.clone_from(&from.start_date),
        "end_date" => to.end_date.clone_from(&from.end_date),
        "hex_color" => to.hex_color.clone_from(&from.hex_color),
        "percent_done" => to.percent_done = from.percent_done,
        "project_id" => to.project_id = from.project_id,
        "repeat_mode" => to.repeat_mode = from.repeat_mode,
        "cover_image_attachment_id" => {
            to.cover_image_attachment_id = from.cover_image_attachment_id;
        }
        // A task update does not move between buckets.
        _ => to.bucket_id = from.bucket_id,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ids {
    task_ids: Option<Vec<i64>>,
}

#[derive(Serialize)]
struct Flat {
    task_ids: Option<Vec<i64>>,
    #[serde(flatten)]
    values: Task,
}

/// The form of older releases. Writes few fields: zero values leave them alone, except `done`, dates and assignees.
fn update_flat(call: &Call<'_>) -> Result<Reply, Failure> {
    let Ids { task_ids } = call.bind(&[IDS], &[])?;
    let values: Task = call.bind(tasks::fields(call.at.release), &[])?;
    let user = call.user()?;
    call.write(|db| {
        let tasks = existing(call, db, task_ids.as_deref().unwrap_or_default())?;
        let project = tasks.first().map_or(0, |task| task.project_id);
        if tasks.iter().any(|task| task.project_id != project) {
            let message = "All tasks must be in the same project.";
            return Err(domain(400, 4003, message));
        }
        check_access(db, user, project, WRITE)?;
        for old in &tasks {
            let task = with_values(old, &values);
            tasks::check_assignees(db, &task)?;
            store::update(db, user.id, &task)?;
        }
        Ok(call.ok(None, &Flat { task_ids, values }))
    })
}

fn with_values(old: &Task, values: &Task) -> Task {
    let mut task = Task {
        done: values.done,
        due_date: values.due_date.clone(),
        start_date: values.start_date.clone(),
        end_date: values.end_date.clone(),
        assignees: values.assignees.clone(),
        updated: Stamp::now_in_seconds(),
        ..old.clone()
    };
    if !values.title.is_empty() {
        task.title.clone_from(&values.title);
    }
    if !values.description.is_empty() {
        task.description.clone_from(&values.description);
    }
    if values.priority != 0 {
        task.priority = values.priority;
    }
    if values.repeat_after != 0 {
        task.repeat_after = values.repeat_after;
    }
    repeat::settle(old, &mut task);
    // These are left as they are.
    Task {
        done_at: old.done_at.clone(),
        reminders: old.reminders.clone(),
        ..task
    }
}

/// The living ones of these tasks; refused when there is none.
fn existing(call: &Call<'_>, db: &Connection, ids: &[i64]) -> Result<Vec<Task>, Failure> {
    let tasks = store::by_ids(db, call.user()?.id, ids)?;
    if tasks.is_empty() {
        let message = "Need at least one tasks to do bulk editing.";
        return Err(domain(400, 4004, message));
    }
    Ok(tasks)
}
