//! Tasks: the handlers.

mod listed;

use rusqlite::Connection;
use serde_json::json;

use crate::body::{Field, Kind, bind_object};
use crate::call::Call;
use crate::events::Event;
use crate::expand::Expand;
use crate::failure::{Denied, Failure, domain, not_allowed, plain};
use crate::projects::{self, WRITE};
use crate::release::{Api, Release};
use crate::repeat;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::boards::{self, Sent};
use crate::store::lists;
use crate::store::projects::{Project, told_access};
use crate::store::subscriptions;
use crate::store::tasks::{self as store, Task};
use crate::store::users::{User, UserShape};
use crate::store::{files, unread};

pub(crate) use listed::{
    Listed, of_view, read_all, read_all_of_project, read_all_of_view, searched,
};

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("title", Kind::Text).schema_length(1, 0),
    Field::new("description", Kind::Text),
    Field::new("done", Kind::Boolean),
    Field::new("done_at", Kind::Time),
    Field::new("due_date", Kind::Time),
    Field::new("reminders", Kind::Array),
    Field::new("project_id", Kind::Integer),
    Field::new("repeat_after", Kind::Integer),
    Field::new("repeat_mode", Kind::Integer),
    Field::new("priority", Kind::Integer),
    Field::new("start_date", Kind::Time),
    Field::new("end_date", Kind::Time),
    Field::new("assignees", Kind::Array),
    Field::new("labels", Kind::Array),
    Field::colour("hex_color"),
    Field::new("percent_done", Kind::Number),
    Field::new("identifier", Kind::Text),
    Field::new("index", Kind::Integer),
    Field::new("related_tasks", Kind::Object),
    Field::new("attachments", Kind::Array),
    Field::new("cover_image_attachment_id", Kind::Integer),
    Field::new("is_favorite", Kind::Boolean),
    Field::new("created", Kind::Time),
    Field::new("updated", Kind::Time),
    Field::new("bucket_id", Kind::Integer),
    Field::new("position", Kind::Number),
    Field::new("reactions", Kind::Object),
    Field::new("created_by", Kind::Object),
    Field::new("subscription", Kind::Object),
    Field::new("buckets", Kind::Ignored),
    Field::new("comments", Kind::Ignored),
    Field::new("comment_count", Kind::Ignored),
    Field::new("is_unread", Kind::Ignored),
    Field::new("max_permission", Kind::Ignored),
    Field::new("kanban_position", Kind::Number),
];

/// The fields that an update may have; `kanban_position` in releases with lists alone.
pub(crate) fn fields(release: &Release) -> &'static [Field] {
    &FIELDS[..FIELDS.len() - usize::from(!release.lists)]
}

/// The fields that a creation may have: v2 does not want to be told `max_permission` of tasks that do not exist yet.
fn new_fields(release: &Release) -> &'static [Field] {
    if release.lists { FIELDS } else { NEW_FIELDS }
}

/// Those of releases with projects.
pub(crate) const NEW_FIELDS: &[Field] = FIELDS.split_at(FIELDS.len() - 2).0;

/// v2's schema of a task that is read alone.
const READ_SCHEMA: &str = "TaskReadOneBody";

/// What v2 calls a task's id in paths.
const ID: &str = "projecttask";

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id(ID)?;
    answer_one(call, |_| Ok(id))
}

/// The project may be named by its identifier.
pub(crate) fn read_one_by_index(call: &Call<'_>) -> Result<Reply, Failure> {
    let project = call.param(0);
    let number = call.id_at(1, "index")?;
    answer_one(call, |db| {
        let project = match project.parse() {
            Ok(id) => id,
            Err(_) => crate::store::projects::by_identifier(db, project)?
                .ok_or_else(|| no_project_named(call))?,
        };
        store::by_index(db, project, number)?.ok_or_else(not_found)
    })
}

/// Where a project is named by its identifier, v1 has a text of its own.
fn no_project_named(call: &Call<'_>) -> Failure {
    match call.at.api {
        Api::V1 => plain(404, "Project not found"),
        Api::V2 => projects::not_found(),
    }
}

fn answer_one(
    call: &Call<'_>,
    id: impl FnOnce(&Connection) -> Result<i64, Failure>,
) -> Result<Reply, Failure> {
    let expand = Expand::asked(call)?;
    let (mut task, access) = call.read(|db| {
        let (task, access) = read(call, db, id(db)?, expand)?;
        let user = call.user()?.id;
        let told = told_access(db, call.at.release, user, task.project_id, access)?;
        Ok((task, told))
    })?;
    task.description = call.shown_text(&task.description)?;
    task.max_permission = call.permission(access);
    Ok(call.version(READ_SCHEMA, &task, &task.updated, access))
}

/// A task as one read shows it, and the caller's access.
pub(crate) fn read(
    call: &Call<'_>,
    db: &Connection,
    id: i64,
    expand: Expand,
) -> Result<(Task, i64), Failure> {
    let mut task = store::by_id(db, call.user()?.id, id)?.ok_or_else(not_found)?;
    let access = access(call, db, id)?.ok_or(Failure::Forbidden(Denied::Sight))?;
    expand.fill(call, db, std::slice::from_mut(&mut task))?;
    let (release, user) = (call.at.release, call.user()?.id);
    task.subscription = subscriptions::of_task(db, release, user, id, task.project_id)?;
    Ok((task, access))
}

/// The caller's access to a living task, if any.
pub(crate) fn access(call: &Call<'_>, db: &Connection, task: i64) -> Result<Option<i64>, Failure> {
    let project = store::project_of(db, task)?.ok_or_else(not_found)?;
    crate::store::projects::access(db, call.user()?.id, project)
}

/// The project of a living task that the caller may write to.
pub(crate) fn check_write(db: &Connection, user: &User, task: i64) -> Result<i64, Failure> {
    let project = store::project_of(db, task)?.ok_or_else(not_found)?;
    projects::check_access(db, user, project, WRITE)?;
    if crate::store::projects::is_archived(db, project)? {
        return Err(projects::archived());
    }
    Ok(project)
}

/// Says nothing about a task that does not exist or is out of sight.
pub(crate) fn mark_read(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id(ID)?, call.user()?);
    call.write(|db| unread::delete(db, id, user.id))?;
    Ok(match call.at.api {
        Api::V1 => call.ok(None, &json!({"TaskID": id, "UserID": 0})),
        Api::V2 => call.ok(Some("TaskReadBodyBody"), &json!({"message": "success"})),
    })
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let project = call.id("project")?;
    let task: Task = call.bind(new_fields(call.at.release), &[("project_id", project)])?;
    check_repetition(call, &task)?;
    call.write(|db| {
        let project = check_project(call, db, task.project_id)?;
        check_title(call, &task)?;
        Ok(call.ok(None, &make(call, db, &project, task)?))
    })
}

/// A project in which the caller may make tasks.
pub(crate) fn check_project(call: &Call<'_>, db: &Connection, id: i64) -> Result<Project, Failure> {
    let user = call.user()?;
    projects::check_access(db, user, id, WRITE)?;
    crate::store::projects::by_id(db, user.id, id)?.ok_or_else(projects::not_found)
}

pub(crate) fn check_title(call: &Call<'_>, task: &Task) -> Result<(), Failure> {
    if task.title.is_empty() {
        let what = if call.at.release.lists {
            "list task"
        } else {
            "task"
        };
        let message = format!("You must provide at least a {what} title.");
        return Err(domain(400, 4001, message));
    }
    Ok(())
}

/// Makes a task. The answer mirrors the request.
pub(crate) fn make(
    call: &Call<'_>,
    db: &Connection,
    project: &Project,
    mut task: Task,
) -> Result<Task, Failure> {
    make_all(call, db, project, std::slice::from_mut(&mut task))?;
    Ok(task)
}

/// Makes tasks of one project, which get their places in its views together.
pub(crate) fn make_all(
    call: &Call<'_>,
    db: &Connection,
    project: &Project,
    tasks: &mut [Task],
) -> Result<(), Failure> {
    let release = call.at.release;
    projects::check_open(db, project)?;
    for task in &mut *tasks {
        insert(call, db, project, task)?;
    }
    if !release.lists {
        boards::place_new(db, release, project.id, tasks)?;
    }
    for task in tasks {
        // Only now, so that releases without transactions keep the task that they refuse.
        check_assignees(db, task)?;
        compute_reminders(task)?;
        store::insert_lists(db, task)?;
        tell_assignees(call, task, &[]);
        call.tell(Event::TaskCreated { task: task.id });
    }
    Ok(())
}

/// Stores a new task without its lists.
fn insert(
    call: &Call<'_>,
    db: &Connection,
    project: &Project,
    task: &mut Task,
) -> Result<(), Failure> {
    let (user, release) = (call.author(db)?, call.at.release);
    let now = Stamp::now();
    task.project_id = project.id;
    if !release.tasks.index_on_create || task.index <= 0 {
        task.index = store::next_index(db, project.id)?;
    }
    task.identifier = store::identifier(&project.identifier, task.index);
    task.assignees.get_or_insert_default();
    task.related_tasks = None;
    task.created_by = Some(user.shape());
    task.created = now.clone();
    task.updated = now;
    if release.lists {
        lists::place_new(db, task)?;
    }
    store::insert(db, user.id, task)?;
    if release.lists {
        lists::stand(db, task)?;
    }
    Ok(())
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id(ID)?;
    let wanted: Task = call.bind(fields(call.at.release), &[("id", id)])?;
    check_repetition(call, &wanted)?;
    call.write(|db| replace(call, db, wanted))
}

/// v2's partial update: read, merge, replace.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id(ID)?;
    call.write(|db| {
        let (mut now, access) = read(call, db, id, Expand::default())?;
        now.description = call.shown_text(&now.description)?;
        now.max_permission = Some(access);
        let merged = crate::patch::merged(call, READ_SCHEMA, &now)?;
        let wanted: Task = bind_object(
            call.at,
            merged,
            None,
            fields(call.at.release),
            &[("id", id)],
        )?;
        check_repetition(call, &wanted)?;
        replace(call, db, wanted)
    })
}

/// Stores a task as sent, and answers it.
fn replace(call: &Call<'_>, db: &Connection, mut wanted: Task) -> Result<Reply, Failure> {
    check_write(db, call.user()?, wanted.id)?;
    wanted.description = call.rich_text(&wanted.description)?;
    let mut task = store_all(call, db, wanted, repeat::settle)?;
    task.description = call.shown_text(&task.description)?;
    Ok(call.ok(None, &task))
}

/// Stores everything that a task update may change; what the task does not name is reset.
/// `settle` says what becomes of a task that gets done. The answer mirrors the request.
pub(crate) fn store_all(
    call: &Call<'_>,
    db: &Connection,
    mut task: Task,
    settle: fn(&Task, &mut Task),
) -> Result<Task, Failure> {
    let user = call.user()?;
    let sent = Sent::by(&task);
    let old = store::by_id(db, user.id, task.id)?.ok_or_else(not_found)?;
    if task.project_id == 0 {
        task.project_id = old.project_id;
    }
    task.index = old.index;
    if task.project_id != old.project_id {
        check_move(db, user, task.project_id)?;
        task.index = store::next_index(db, task.project_id)?;
    }
    if task.title.is_empty() {
        task.title.clone_from(&old.title);
    }
    check_cover(db, &task)?;
    compute_reminders(&mut task)?;
    check_assignees(db, &task)?;
    let release = call.at.release;
    if release.tasks.index_on_create {
        task.done_at = old.done_at.clone();
    }
    if release.lists {
        lists::choose_bucket(db, &old, &mut task)?;
    }
    settle(&old, &mut task);
    task.updated = Stamp::now_in_seconds();
    store::update(db, user.id, &task)?;
    if release.lists {
        lists::stand(db, &mut task)?;
    } else {
        boards::follow(db, release, &old, &mut task, sent)?;
    }
    tell_assignees(call, &task, old.assignees.as_deref().unwrap_or_default());
    call.tell(Event::TaskUpdated { task: task.id });
    subscriptions::complete(call.at.release, &mut task.subscription);
    // Nobody left: null where there was somebody, an empty list where there was nobody.
    if task.assignees.as_ref().is_none_or(Vec::is_empty) {
        task.assignees = old.assignees.is_none().then(Vec::<UserShape>::new);
    }
    Ok(task)
}

/// The cover must be one of the task's own attachments; a creation does not look.
fn check_cover(db: &Connection, task: &Task) -> Result<(), Failure> {
    let cover = task.cover_image_attachment_id;
    if cover != 0 && files::attachment(db, task.id, cover)?.is_none() {
        let message = "This attachment does not belong to that task.";
        return Err(domain(400, 4020, message));
    }
    Ok(())
}

fn check_move(db: &Connection, user: &User, project: i64) -> Result<(), Failure> {
    match projects::check_access(db, user, project, WRITE) {
        Err(Failure::Forbidden(_)) => Err(not_allowed()),
        other => other.map(drop),
    }
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id(ID)?;
    call.write(|db| {
        check_write(db, call.user()?, id)?;
        let mut task = store::by_id(db, call.user()?.id, id)?.ok_or_else(not_found)?;
        Expand::always(call.at.release).fill(call, db, std::slice::from_mut(&mut task))?;
        let task = Box::new(task);
        store::delete(db, call.at.release, id)?;
        call.tell(Event::TaskDeleted { task });
        Ok(call.deleted())
    })
}

/// Says who was assigned and was not before.
fn tell_assignees(call: &Call<'_>, task: &Task, before: &[UserShape]) {
    let known = |id| before.iter().any(|user| user.id == id);
    for assignee in task
        .assignees
        .iter()
        .flatten()
        .filter(|user| !known(user.id))
    {
        call.tell(Event::AssigneeCreated {
            task: task.id,
            assignee: assignee.id,
        });
    }
}

pub(crate) fn check_repetition(call: &Call<'_>, task: &Task) -> Result<(), Failure> {
    match call.at.release.tasks.repeat_limit {
        Some(limit) if !(0..=limit).contains(&task.repeat_after) => Err(domain(
            400,
            4029,
            format!("The task repeat interval must be between 0 and {limit} seconds (10 years)."),
        )),
        _ => Ok(()),
    }
}

/// Fills in the moments of relative reminders.
pub(crate) fn compute_reminders(task: &mut Task) -> Result<(), Failure> {
    let (due, start, end) = (
        task.due_date.clone(),
        task.start_date.clone(),
        task.end_date.clone(),
    );
    for reminder in task.reminders.iter_mut().flatten() {
        let base = match reminder.relative_to.as_str() {
            "due_date" => &due,
            "start_date" => &start,
            "end_date" => &end,
            "" if reminder.relative_period == 0 => continue,
            _ => {
                return Err(domain(
                    400,
                    4022,
                    "Please provide what the reminder date is relative to",
                ));
            }
        };
        reminder.follow(base);
    }
    Ok(())
}

pub(crate) fn check_assignees(db: &Connection, task: &Task) -> Result<(), Failure> {
    for assignee in task.assignees.iter().flatten() {
        if crate::store::projects::access(db, assignee.id, task.project_id)?.is_none() {
            return Err(no_access_to_project());
        }
    }
    Ok(())
}

pub(crate) fn no_access_to_project() -> Failure {
    domain(
        403,
        7003,
        "This user does not have access to the {project}.",
    )
}

pub(crate) fn not_found() -> Failure {
    domain(404, 4002, "This task does not exist")
}
