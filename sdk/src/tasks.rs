//! Tasks.
//!
//! ```no_run
//! use vikunja_sdk::{filter::DONE, model::{NewReminder, Order, ProjectId, ReminderBase, SortField, Timestamp}, ops, page::walk, tasks};
//! use std::time::Duration;
//!
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let mut flour = tasks::Create::new(ProjectId::from(3), "Buy flour");
//! flour.fields.due_date = "2030-01-02T15:00:00Z".parse::<Timestamp>()?.into();
//! flour.fields.reminders = vec![NewReminder::before(Duration::from_secs(3600), ReminderBase::DueDate)].into();
//! let flour = vikunja.send(&flour).await?;
//!
//! // One field; everything else of the task stays as it is.
//! let urgent = tasks::Fields { priority: 5.into(), ..Default::default() };
//! ops::edit(&mut vikunja, flour.id, &urgent).await?;
//!
//! let open = tasks::ListQuery {
//!     filter: Some(DONE.is(false)),
//!     sort: vec![(SortField::DueDate, Order::Ascending)],
//!     ..Default::default()
//! };
//! for task in walk(&vikunja, tasks::List { query: open }).collect(1000).await? {
//!     println!("{}", task.title);
//! }
//! # Ok(()) }
//! ```

mod bulk;
mod in_view;
mod one;

pub(crate) use bulk::FIRST_BULK;
pub use bulk::{CreateBulk, CreatedInBulk, UpdateBulk};
pub use in_view::{ListOfView, SetPosition, TasksOfView};
pub use one::{Duplicate, GetByIndex, MarkRead};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as JsonValue};

use crate::{
    Api, At, Body, BuildError, Changes, Endpoint, Json, Keyed, Object, Paged, Pages, Path, Query,
    Release, Route,
    filter::{self, Filter},
    model::{
        AttachmentId, BucketId, Expand, NewReminder, Order, Patch as Value, ProjectId, RepeatMode,
        SortField, Task, TaskId, Timestamp, UserId,
    },
    object,
    projects::{PROJECTS, search_name},
    retry::Repeat,
    views::VIEWS,
};

/// What can be written of a task. Labels, comments, attachments and relations have calls of their own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Title. Required to create; it cannot be empty.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub title: Value<String>,
    /// Description, HTML.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub description: Value<String>,
    /// Done. On a repeating task the server moves the dates on and leaves it undone; 2.x also unticks the checklists in
    /// its description.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub done: Value<bool>,
    /// When it is due. Reminders relative to a date follow it; when it is cleared they have no moment, and the server
    /// keeps only one of those.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub due_date: Value<Timestamp>,
    /// When it begins.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub start_date: Value<Timestamp>,
    /// When it ends.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub end_date: Value<Timestamp>,
    /// Reminders, all of them. Of several at the same moment the server keeps one. 0.20 knows absolute ones only.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub reminders: Value<Vec<NewReminder>>,
    /// The project that it is moved to. There it gets another number, bucket and position.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub project_id: Value<ProjectId>,
    /// Repetition, in seconds; 0 = none.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub repeat_after: Value<i64>,
    /// How it repeats.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub repeat_mode: Value<RepeatMode>,
    /// 0 unset, 1 low … 5 do now; the server takes any number.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub priority: Value<i64>,
    /// 0 … 1; the server takes any finite number.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub percent_done: Value<f64>,
    /// Colour: six hex digits, without `#`.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub hex_color: Value<String>,
    /// Assignees, all of them.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub assignees: Value<Vec<Assignee>>,
    /// The attachment that is the cover. While the task names one that was deleted, the server refuses every change
    /// (400, code 4020) that does not clear or replace it.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub cover_image_attachment_id: Value<AttachmentId>,
    /// Among the caller's favourites.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub is_favorite: Value<bool>,
    /// The bucket: on creation, and up to 0.23 to move it. Later releases would ignore it in a change.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub bucket_id: Value<BucketId>,
}

/// A user to assign.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Assignee {
    /// Who.
    pub id: UserId,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        // To these the server answers 200, and does nothing.
        self.title
            .check_not_emptied("the title of a task", at, String::is_empty)?;
        self.project_id
            .check_not_emptied("the project of a task", at, |id| id.get() == 0)?;
        if at.release >= VIEWS && !self.bucket_id.is_keep() {
            return Err(BuildError::Body(format!(
                "bucket_id of a task changes nothing from Vikunja {VIEWS} on; this server is {}: move the task with \
                 buckets::MoveTask",
                at.release
            )));
        }
        self.bucket_id
            .check_not_emptied("the bucket of a task", at, |id| id.get() == 0)
    }

    /// `done` on a repeating task moves its dates each time it is sent.
    fn repeat(&self) -> Repeat {
        match self.done {
            Value::Set(true) => Repeat::IfNothingHappened,
            _ => Repeat::ByOperation,
        }
    }

    /// Renames what 0.20 calls otherwise.
    fn adapt(&self, at: At, fields: &mut Map<String, JsonValue>) -> Result<(), BuildError> {
        self.percent_done.check_finite("percent_done of a task")?;
        if at.release >= PROJECTS {
            return Ok(());
        }
        if let Some(project) = fields.remove("project_id") {
            fields.insert("list_id".to_owned(), project);
        }
        if let Some(reminders) = fields.remove("reminders") {
            fields.insert("reminder_dates".to_owned(), reminder_dates(reminders, at)?);
        }
        Ok(())
    }
}

/// 0.20 has a list of times where later releases have objects.
fn reminder_dates(reminders: JsonValue, at: At) -> Result<JsonValue, BuildError> {
    let JsonValue::Array(reminders) = reminders else {
        return Ok(JsonValue::Null);
    };
    reminders
        .into_iter()
        .map(|mut reminder| match reminder["reminder"].take() {
            JsonValue::Null => Err(BuildError::Body(format!(
                "a reminder relative to a date needs Vikunja 0.21.0 or newer; this server is {}: give the moment",
                at.release
            ))),
            moment => Ok(moment),
        })
        .collect()
}

/// Makes a task.
#[derive(Clone, Debug)]
pub struct Create {
    /// Where.
    pub project: ProjectId,
    /// What it is to be; the title is required.
    pub fields: Fields,
}

impl Create {
    /// A task with this title.
    pub fn new(project: ProjectId, title: impl Into<String>) -> Self {
        Self {
            project,
            fields: Fields {
                title: Value::Set(title.into()),
                ..Fields::default()
            },
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/projects/{project}/tasks")
        .before(Release(0, 22, 0), "/projects/{project}")
        .before(PROJECTS, "/lists/{project}");
    type Reply = Json<Task>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        Body::json(&self.fields.to_json(at)?)
    }
}

/// What a list of tasks is asked for. All of it may be left out.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Page, from 1. On v1, 0 gives everything in one answer.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it (`max_items_per_page`, 50 unless set); v2: 1 to 1000, 50 unless given.
    pub per_page: Option<u64>,
    /// Part of the title, from 0.24 also of the description.
    pub search: Option<String>,
    /// What to sort by, the first being the most important. By id unless given.
    pub sort: Vec<(SortField, Order)>,
    /// Which tasks are wanted.
    pub filter: Option<Filter>,
    /// Time zone in which the days of [date math](crate::filter::DateMath) begin, an IANA name (0.24+). The server's
    /// unless given.
    pub filter_timezone: Option<String>,
    /// Every condition also matches tasks in which the field is unset (or 0); from 1.0 also those without labels,
    /// assignees or reminders.
    pub filter_include_nulls: Option<bool>,
    /// What to add to the tasks.
    pub expand: Vec<Expand>,
    /// Only tasks with a greater id than this, by id.
    ///
    /// A [walk](crate::page::walk) then goes on after the last id instead of by page number: begun after
    /// `TaskId(0)`, it misses no task that was there all the time, whatever others add and delete meanwhile. It goes by
    /// a condition on the id beside the filter, and cannot be sorted otherwise.
    pub after: Option<TaskId>,
}

impl ListQuery {
    pub(crate) fn encode(&self, at: At) -> Result<String, BuildError> {
        self.check(at)?;
        let mut query = Query::new();
        query
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref());
        if self.after.is_some() {
            query.push("sort_by", SortField::Id);
        }
        for (field, _) in &self.sort {
            query.push("sort_by", sort_name(field, at.release));
        }
        // The two lists are read side by side: an order that is left out would shift those after it.
        if self
            .sort
            .iter()
            .any(|(_, order)| *order != Order::default())
        {
            for (_, order) in &self.sort {
                query.push("order_by", order.as_str());
            }
        }
        let after = self.after.map(|id| filter::ID.gt(id));
        let wanted = self.filter.clone().into_iter().chain(after);
        if let Some(filter) = wanted.reduce(|filter, after| filter & after) {
            filter.push(at, &mut query)?;
        }
        query
            .maybe("filter_timezone", self.filter_timezone.as_deref())
            .maybe("filter_include_nulls", self.filter_include_nulls);
        push_expand(&self.expand, at, &mut query)?;
        Ok(query.finish())
    }

    fn advance(&mut self, number: u64, new: &[Task]) {
        match &mut self.after {
            Some(after) => *after = new.iter().map(|task| task.id).fold(*after, TaskId::max),
            None => self.page = Some(number),
        }
    }

    /// Refuses what the server would ignore without a word. What it refuses itself is left to it.
    fn check(&self, at: At) -> Result<(), BuildError> {
        if self.after.is_some() && self.expand.contains(&Expand::Subtasks) {
            return Err(BuildError::Body(
                "tasks after an id cannot be expanded by their subtasks, which would come out of order: leave one of both out"
                    .to_owned(),
            ));
        }
        if self.after.is_some() && !(self.sort.is_empty() && self.page.is_none_or(|page| page == 1))
        {
            return Err(BuildError::Body(
                "tasks after an id come by id, on their first page: leave sort and page out"
                    .to_owned(),
            ));
        }
        if self.filter_timezone.is_some() && at.release < filter::EXPRESSIONS {
            return Err(ignored("filter_timezone", filter::EXPRESSIONS, at));
        }
        Ok(())
    }
}

/// What the server would ignore without a word.
fn ignored(what: &str, since: Release, at: At) -> BuildError {
    BuildError::Body(format!(
        "{what} needs Vikunja {since} or newer; this server is {} and would ignore it: leave it out",
        at.release
    ))
}

/// Asks for what is to be added to tasks.
fn push_expand(expand: &[Expand], at: At, query: &mut Query) -> Result<(), BuildError> {
    // 1.0 and 1.1 ignore `expand` without brackets, silently.
    let name = match at.api {
        Api::V1 => "expand[]",
        Api::V2 => "expand",
    };
    for what in expand {
        let since = match what {
            // 0.24 always says who reacted.
            Expand::Subtasks | Expand::Reactions => Release(0, 24, 0),
            _ => Release(1, 0, 0),
        };
        if at.release < since {
            return Err(ignored(&format!("expand={what}"), since, at));
        }
        query.push(name, what);
    }
    Ok(())
}

/// What a release calls a field that is sorted by.
pub(crate) fn sort_name(field: &SortField, release: Release) -> &str {
    match field {
        SortField::Project if release < PROJECTS => "list_id",
        field => field.as_str(),
    }
}

impl Keyed for Task {
    type Key = TaskId;
    fn key(&self) -> TaskId {
        self.id
    }
}

/// Lists the tasks of all projects, done ones too, by id unless sorted otherwise.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// What is asked for.
    pub query: ListQuery,
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/tasks").before(Release(1, 0, 0), "/tasks/all");
    type Reply = Paged<Task>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        self.query.encode(at)
    }
}

impl Pages for List {
    type Item = Task;
    fn set_page(&mut self, number: u64) {
        self.query.page = Some(number);
    }
    fn advance(&mut self, number: u64, new: &[Task]) {
        self.query.advance(number, new);
    }
    /// What comes after an id has pages of its own each time.
    fn total_pages_hold(&self, _: Release) -> bool {
        self.query.after.is_none()
    }
}

/// Lists the tasks of one project; a negative id is a pseudo project, such as a saved filter.
#[derive(Clone, Debug)]
pub struct ListOfProject {
    /// Which.
    pub project: ProjectId,
    /// What is asked for.
    pub query: ListQuery,
}

impl Endpoint for ListOfProject {
    const ROUTE: Route =
        Route::read("/projects/{project}/tasks").before(PROJECTS, "/lists/{project}/tasks");
    type Reply = Paged<Task>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        self.query.encode(at)
    }
}

impl Pages for ListOfProject {
    type Item = Task;
    fn set_page(&mut self, number: u64) {
        self.query.page = Some(number);
    }
    fn advance(&mut self, number: u64, new: &[Task]) {
        self.query.advance(number, new);
    }
    /// What comes after an id has pages of its own each time.
    fn total_pages_hold(&self, _: Release) -> bool {
        self.query.after.is_none()
    }
}

/// Reads one task.
#[derive(Clone, Debug, Default)]
pub struct Get {
    /// Which.
    pub id: TaskId,
    /// What to add to it (1.0+), as lists add it to each of theirs.
    pub expand: Vec<Expand>,
}

impl Get {
    /// This task, with nothing added.
    pub fn new(id: TaskId) -> Self {
        Self {
            id,
            expand: Vec::new(),
        }
    }
}

impl Endpoint for Get {
    const ROUTE: Route = <TaskId as Object>::ROUTE;
    type Reply = Json<Task>;
    fn path(&self, path: &mut Path) {
        self.id.path(path);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        const SINCE: Release = Release(1, 0, 0);
        if at.release < SINCE && !self.expand.is_empty() {
            return Err(ignored("expand on one task", SINCE, at));
        }
        let mut query = Query::new();
        push_expand(&self.expand, at, &mut query)?;
        Ok(query.finish())
    }
}

/// Writes a whole task: **everything that is not named is reset**. Assignees and reminders are removed too; only the
/// title stays. [`crate::ops::edit`] changes single fields.
pub type Replace = object::Replace<TaskId>;

/// Changes the named fields of a task (v2). [`crate::ops::edit`] does so on every release.
pub type Patch = object::Patch<TaskId>;

/// Deletes a task. From 2.4 the server keeps it for 30 days, without a call to bring it back.
pub type Delete = object::Delete<TaskId>;

impl Object for TaskId {
    type Model = Task;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/tasks/{task}");
    fn path(&self, path: &mut Path) {
        path.set("task", self);
    }
}
