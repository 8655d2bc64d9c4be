//! Time spent on tasks and projects (v2, 2.4+).
//!
//! All of this needs a licence with `time_tracking` (`enabled_pro_features` of `/info`); on other servers these routes
//! answer 404. **Not checked on a running server**, but for that answer: requests and answers are as the server's own
//! document describes them.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{
//!     filter::{Unit, now},
//!     model::{ProjectId, TaskId},
//!     page::walk,
//!     time_entries::{self, PROJECT, START},
//! };
//!
//! vikunja.send(&time_entries::Create::timer(TaskId::from(7))).await?;
//! vikunja.send(&time_entries::StopTimer).await?;
//!
//! let this_week = START.ge(now().start_of(Unit::Week));
//! let list = time_entries::List {
//!     filter: Some(PROJECT.eq(ProjectId::from(3)) & this_week),
//!     ..Default::default()
//! };
//! for entry in walk(&vikunja, list).collect(1000).await? {
//!     println!("{:?} – {:?}: {}", entry.start_time, entry.end_time, entry.comment);
//! }
//! # Ok(()) }
//! ```

use serde::Serialize;
use serde_json::{Map, Value as JsonValue};

use crate::{
    Api, At, Body, BuildError, Changes, Endpoint, Json, Keyed, Object, Paged, Pages, Path, Query,
    Route,
    filter::{Date, Filter, Number},
    model::{
        Patch as Value, ProjectId, TaskId, TimeEntry, TimeEntryId, Timestamp, UserId, WorkedOn,
    },
    object,
    projects::search_name,
};

/// Who worked, for [`List::filter`].
pub const USER: Number<UserId> = Number::named("user_id");
/// On which task, for [`List::filter`]. 0 = on a project.
pub const TASK: Number<TaskId> = Number::named("task_id");
/// On which project as such, for [`List::filter`]. 0 = on a task.
pub const PROJECT: Number<ProjectId> = Number::named("project_id");
/// When it began, for [`List::filter`].
pub const START: Date = Date::named("start_time");
/// When it ended, for [`List::filter`].
pub const END: Date = Date::named("end_time");

/// The timers that run, for [`List::filter`].
pub fn is_running() -> Filter {
    Filter::raw("end_time = null")
}

/// What can be written of a time entry.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fields {
    /// What was worked on. Required to create and to replace.
    #[serde(skip)]
    pub on: Option<WorkedOn>,
    /// When it began; without, a new one begins now. It cannot be cleared.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub start_time: Value<Timestamp>,
    /// When it ended; without, a new one is a running timer. It cannot be cleared: one that has ended does not run again
    /// (code 18006).
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub end_time: Value<Timestamp>,
    /// What was done.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub comment: Value<String>,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        self.start_time
            .check_not_emptied("the beginning of a time entry", at, |_| false)?;
        self.end_time
            .check_not_emptied("the end of a time entry", at, |_| false)
    }

    /// Task and project go together: the server wants exactly one of them.
    fn adapt(&self, _: At, fields: &mut Map<String, JsonValue>) -> Result<(), BuildError> {
        let (task, project) = match self.on {
            Some(WorkedOn::Task(task)) => (task.get(), 0),
            Some(WorkedOn::Project(project)) => (0, project.get()),
            None => return Ok(()),
        };
        fields.insert("task_id".to_owned(), task.into());
        fields.insert("project_id".to_owned(), project.into());
        Ok(())
    }
}

/// Notes time that the caller worked, or starts the caller's timer, which stops the one that runs.
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// What it is to be.
    pub fields: Fields,
}

impl Create {
    /// A timer that runs from now on.
    pub fn timer(on: impl Into<WorkedOn>) -> Self {
        Self {
            fields: Fields {
                on: Some(on.into()),
                ..Fields::default()
            },
        }
    }

    /// Time that was worked.
    pub fn worked(on: impl Into<WorkedOn>, from: Timestamp, until: Timestamp) -> Self {
        let mut entry = Self::timer(on);
        entry.fields.start_time = from.into();
        entry.fields.end_time = until.into();
        entry
    }
}

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/time-entries").only(Api::V2);
    type Reply = Json<TimeEntry>;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Lists the time entries that the caller sees: the caller's own, and those on what the caller may read.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page, 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the comment.
    pub search: Option<String>,
    /// Which: conditions on [`USER`], [`TASK`], [`PROJECT`], [`START`] and [`END`], or [`is_running`]. Another field is
    /// 400, code 18003.
    pub filter: Option<Filter>,
    /// Time zone in which days, weeks and so on of the filter begin, an IANA name.
    pub filter_timezone: Option<String>,
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/time-entries").only(Api::V2);
    type Reply = Paged<TimeEntry>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        let mut query = Query::new();
        if let Some(filter) = &self.filter {
            filter.push(at, &mut query)?;
        }
        Ok(query
            .maybe("filter_timezone", self.filter_timezone.as_deref())
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl Keyed for TimeEntry {
    type Key = TimeEntryId;
    fn key(&self) -> TimeEntryId {
        self.id
    }
}

impl Pages for List {
    type Item = TimeEntry;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Reads one time entry.
pub type Get = object::Get<TimeEntryId>;

/// Writes a whole time entry: **everything that is not named is reset**. Only who worked may.
/// [`crate::ops::edit`] changes single fields.
pub type Replace = object::Replace<TimeEntryId>;

/// Changes the named fields of a time entry; [`crate::ops::edit`] also reads it again. Only who worked may.
pub type Patch = object::Patch<TimeEntryId>;

/// Deletes a time entry; a timer that runs is gone. Only who worked may.
pub type Delete = object::Delete<TimeEntryId>;

impl Object for TimeEntryId {
    type Model = TimeEntry;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/time-entries/{entry}").only(Api::V2);
    fn path(&self, path: &mut Path) {
        path.set("entry", self);
    }
}

/// What time is spent on.
pub trait Worked: Object {
    /// Where its time entries are.
    const ENTRIES: Route;
}

impl Worked for TaskId {
    const ENTRIES: Route = Route::read("/tasks/{task}/time-entries").only(Api::V2);
}

impl Worked for ProjectId {
    const ENTRIES: Route = Route::read("/projects/{project}/time-entries").only(Api::V2);
}

/// Lists what everybody worked on a task, or on a project and the tasks in it. What the caller may not read, or does not
/// exist, has no entries.
#[derive(Clone, Debug)]
pub struct ListOf<W> {
    /// Which task or project.
    pub on: W,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page, 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the comment.
    pub search: Option<String>,
}

impl<W> ListOf<W> {
    /// The time entries of this task or project.
    pub fn new(on: W) -> Self {
        Self {
            on,
            page: None,
            per_page: None,
            search: None,
        }
    }
}

impl<W: Worked> Endpoint for ListOf<W> {
    const ROUTE: Route = W::ENTRIES;
    type Reply = Paged<TimeEntry>;
    fn path(&self, path: &mut Path) {
        self.on.path(path);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl<W: Worked> Pages for ListOf<W> {
    type Item = TimeEntry;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Stops the caller's timer now. 404, code 18005, where none runs. It is not repeated when its answer is lost.
#[derive(Clone, Copy, Debug, Default)]
pub struct StopTimer;

impl Endpoint for StopTimer {
    const ROUTE: Route = Route::act("/time-entries/timer/stop").only(Api::V2);
    type Reply = Json<TimeEntry>;
}
