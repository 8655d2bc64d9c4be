//! Tasks: the handlers.

use rusqlite::Connection;
use serde_json::json;

use crate::body::{Field, Kind, bind_object};
use crate::call::Call;
use crate::events::Event;
use crate::expand::{self, Expand};
use crate::failure::{Denied, Failure, domain, not_allowed, plain};
use crate::paging::{Count, Page, count_of};
use crate::projects::{self, WRITE};
use crate::release::{Api, Release};
use crate::repeat;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::boards::{self, Sent};
use crate::store::filters::pseudo_id;
use crate::store::lists;
use crate::store::projects::{FAVORITES, Project, told_access};
use crate::store::subscriptions;
use crate::store::tasks::{self as store, Condition, Selection, Task};
use crate::store::users::{User, UserShape};
use crate::store::views::View;
use crate::store::{files, unread};
use crate::{board, filter, saved_filters, views};

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

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    list(call, Listed::of(visible(call)?))
}

pub(crate) fn read_all_of_project(call: &Call<'_>) -> Result<Reply, Failure> {
    // A link share gets its own project's tasks, whatever it asks for.
    let asked = call.id("project")?;
    let project = call.shared_project().unwrap_or(asked);
    let listed = of_project(call, project, None)?;
    list(call, listed)
}

/// Tasks of a view; v1 answers the buckets of a board, unless the filter asks for certain ones.
pub(crate) fn read_all_of_view(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, id) = (call.id("project")?, call.id_at(1, "view")?);
    let (listed, view) = of_view(call, project, id)?;
    let with_buckets = view.is_board() || view.has_bucket_filters();
    if call.at.api == Api::V1 && with_buckets && !filter::names_bucket(call) {
        return board::read(call, listed, &view);
    }
    list(call, listed)
}

/// What a list is about before the request narrows it down.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) projects: String,
    pub(crate) conditions: Vec<Condition>,
    /// A saved filter's own order, which comes after the request's.
    sort_by: Vec<String>,
    order_by: Vec<String>,
    view: Option<View>,
}

impl Listed {
    fn of(projects: String) -> Self {
        Self {
            projects,
            ..Self::default()
        }
    }

    /// What the request leaves of it.
    pub(crate) fn selection(self, call: &Call<'_>) -> Result<Selection, Failure> {
        let asked = [
            call.search().map(searched),
            filter::condition(call, self.view.as_ref())?,
        ];
        Ok(Selection {
            projects: self.projects,
            condition: Condition::all(
                self.conditions
                    .into_iter()
                    .chain(asked.into_iter().flatten()),
            ),
            view: self.view.map(|view| view.id),
        })
    }

    fn order(&self, call: &Call<'_>) -> Result<String, Failure> {
        fn joined<'a>(asked: impl Iterator<Item = &'a str>, own: &'a [String]) -> Vec<&'a str> {
            asked.chain(own.iter().map(String::as_str)).collect()
        }
        let sort_by = joined(call.query_all("sort_by"), &self.sort_by);
        let order_by = joined(call.query_all("order_by"), &self.order_by);
        filter::order(call.at.release, &sort_by, &order_by, self.view.is_some())
    }
}

/// The tasks of a project, of the favourites, or of a saved filter.
fn of_project(call: &Call<'_>, project: i64, view: Option<&View>) -> Result<Listed, Failure> {
    let user = call.user()?;
    match project {
        FAVORITES => {
            let sql =
                "t.id IN (SELECT entity_id FROM favorites WHERE user_id = ?1 AND kind = 'task')";
            Ok(Listed {
                conditions: vec![Condition {
                    sql: sql.to_owned(),
                    values: Vec::new(),
                }],
                ..Listed::of(visible(call)?)
            })
        }
        project if project < FAVORITES => {
            let filter = call.read(|db| saved_filters::found(db, pseudo_id(project)))?;
            if filter.owner_id() != user.id && call.at.release.boards.foreign_filter_refused {
                return Err(projects::not_allowed());
            }
            let own = filter::stored(call.at.release, &filter.query, view)?;
            Ok(Listed {
                conditions: own.into_iter().collect(),
                sort_by: filter.query.sort_by.unwrap_or_default(),
                order_by: filter.query.order_by.unwrap_or_default(),
                ..Listed::of(visible(call)?)
            })
        }
        project => {
            call.read(|db| match projects::check_access(db, user, project, 0) {
                Err(Failure::Forbidden(_)) => Err(no_access_to_project()),
                other => other,
            })?;
            Ok(Listed::of(format!("[{project}]")))
        }
    }
}

/// The tasks of a view: those of its project, less what the view's own filter leaves out.
pub(crate) fn of_view(call: &Call<'_>, project: i64, id: i64) -> Result<(Listed, View), Failure> {
    let release = call.at.release;
    // Who must not see the project does not hear whether it has the view.
    of_project(call, project, None)?;
    let view = call.read(|db| views::found(db, release, project, id))?;
    let mut listed = of_project(call, project, Some(&view))?;
    if let Some(query) = &view.filter.query {
        listed
            .conditions
            .extend(filter::stored(release, query, Some(&view))?);
        let search = query.s.as_deref().filter(|text| !text.is_empty());
        listed.conditions.extend(search.map(searched));
    }
    if project < FAVORITES && release.boards.filters_place_later {
        saved_filters::place_later(call, &listed, &view)?;
    }
    listed.view = Some(view.clone());
    Ok((listed, view))
}

/// The projects that the caller sees.
pub(crate) fn visible(call: &Call<'_>) -> Result<String, Failure> {
    let user = call.user()?;
    call.read(|db| crate::store::projects::visible(db, user.id))
}

/// A page of these tasks.
fn list(call: &Call<'_>, listed: Listed) -> Result<Reply, Failure> {
    let (page, user, expand) = (Page::asked(call)?, call.user()?, Expand::asked(call)?);
    let order = listed.order(call)?;
    let mut selection = listed.selection(call)?;
    if expand.subtasks {
        selection.leave_out_subtasks(call.at.release.subtasks_below);
    }
    call.read(|db| {
        let total = store::count(db, user.id, &selection)?;
        let mut tasks = store::page(db, user.id, &selection, &order, page.limit(), page.offset())?;
        if expand.subtasks {
            expand::add_subtasks(db, user.id, &mut tasks)?;
        }
        expand.fill(call, db, &mut tasks)?;
        let here = count_of(&tasks);
        Ok(page.reply(
            call,
            "PaginatedTask",
            &tasks,
            Count {
                total,
                here,
                // Someone without any project gets nothing at all.
                forgotten_beyond_end: selection.projects == "[]",
            },
        ))
    })
}

/// One phrase in title or description, or `#n` for the task of that number.
pub(crate) fn searched(text: &str) -> Condition {
    let number = text
        .strip_prefix('#')
        .and_then(|number| number.parse::<i64>().ok());
    Condition {
        sql: "t.title LIKE '%' || ? || '%' OR t.description LIKE '%' || ? || '%' OR t.number = ?"
            .to_owned(),
        values: vec![
            text.to_owned().into(),
            text.to_owned().into(),
            number.into(),
        ],
    }
}

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
    let (user, release) = (call.user()?, call.at.release);
    let now = Stamp::now();
    task.project_id = project.id;
    if !release.index_on_create || task.index <= 0 {
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
    if release.index_on_create {
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
    match call.at.release.repeat_limit {
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
