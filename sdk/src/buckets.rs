//! Buckets, the columns of a board. Up to 0.23 a project is a board; from 0.24 its kanban views are.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{buckets, model::{ProjectId, TaskId, ViewId, ViewKind}, ops, views};
//!
//! let project = ProjectId::from(3);
//! let views = vikunja.send(&views::List { project }).await?;
//! if let Some(view) = views.iter().find(|view| view.view_kind == ViewKind::Kanban) {
//!     let place = buckets::Place::view(project, view.id);
//!     let waiting = vikunja.send(&buckets::Create::new(place, "Waiting")).await?.id;
//!     vikunja.send(&buckets::MoveTask { place, bucket: waiting, task: TaskId::from(7) }).await?;
//!     let limited = buckets::Fields { limit: 5.into(), ..Default::default() };
//!     ops::edit_bucket(&mut vikunja, place, waiting, &limited).await?;
//!     for bucket in vikunja.send(&buckets::Board::new(place)).await? {
//!         println!("{}: {} tasks", bucket.title, bucket.tasks.len());
//!     }
//! }
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    All, Answer, Api, At, Body, BuildError, Changes, Empty, Endpoint, Json, Op, Path, Reply,
    ReplyError, Route,
    model::{Bucket, BucketId, Patch, Position, ProjectId, TaskBucket, TaskId, ViewId},
    projects::PROJECTS,
    retry::Repeat,
    tasks::ListQuery,
    views::{VIEWS, holds_buckets},
};

/// Where the buckets are.
pub(crate) const ALL: Route = Route::read("/projects/{project}/views/{view}/buckets")
    .before(VIEWS, "/projects/{project}/buckets")
    .before(PROJECTS, "/lists/{project}/buckets");

/// Where one of them is.
pub(crate) const ONE: Route = Route::read("/projects/{project}/views/{view}/buckets/{bucket}")
    .before(VIEWS, "/projects/{project}/buckets/{bucket}")
    .before(PROJECTS, "/lists/{project}/buckets/{bucket}");

/// Where buckets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The project.
    pub project: ProjectId,
    /// The view of it: needed from 0.24 on, unused before.
    pub view: Option<ViewId>,
}

impl Place {
    /// A kanban view of a project (0.24+).
    pub fn view(project: ProjectId, view: ViewId) -> Self {
        Self {
            project,
            view: Some(view),
        }
    }

    /// A project (up to 0.23).
    pub fn project(project: ProjectId) -> Self {
        Self {
            project,
            view: None,
        }
    }

    pub(crate) fn path(self, path: &mut Path) {
        path.set("project", self.project).maybe("view", self.view);
    }
}

/// What can be written of a bucket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Title; it cannot be empty.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub title: Patch<String>,
    /// How many tasks it takes; 0 = any number.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub limit: Patch<i64>,
    /// Order among the buckets; cleared, it is the leftmost.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub position: Patch<Position>,
    /// Whether its tasks are done (up to 0.23; later that is
    /// [`done_bucket_id`](crate::views::Fields::done_bucket_id) of the view).
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub is_done_bucket: Patch<bool>,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        self.title
            .check_not_emptied("the title of a bucket", at, String::is_empty)
    }

    fn adapt(&self, at: At, _: &mut Map<String, Value>) -> Result<(), BuildError> {
        if at.release >= VIEWS && !self.is_done_bucket.is_keep() {
            return Err(BuildError::Body(format!(
                "is_done_bucket needs Vikunja before {VIEWS}; this server is {}: set done_bucket_id of the view",
                at.release
            )));
        }
        Ok(())
    }
}

/// Makes a bucket, behind the others unless placed otherwise.
///
/// In a view whose buckets come from filters that is a success, and does nothing.
#[derive(Clone, Debug)]
pub struct Create {
    /// Where.
    pub place: Place,
    /// What it is to be; the title is required.
    pub fields: Fields,
}

impl Create {
    /// A bucket with this title.
    pub fn new(place: Place, title: impl Into<String>) -> Self {
        Self {
            place,
            fields: Fields {
                title: Patch::Set(title.into()),
                ..Fields::default()
            },
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route = ALL.with_op(Op::Create);
    type Reply = Json<Bucket>;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Lists the buckets from left to right, all at once, up to 0.23 with one page of their tasks each.
///
/// Views without a board have none, and neither have those whose buckets come from filters: [`Board`] shows these.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// Where.
    pub place: Place,
}

impl Endpoint for List {
    const ROUTE: Route = ALL;
    type Reply = All<Bucket>;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
    }
}

/// Reads a board: all buckets, **each with one page of its tasks**. [`Bucket::count`] says how many there are (0.21+);
/// the next page of all buckets is read by the query's `page`.
///
/// A view that is no board is an error, and so is one whose tasks are filtered by `bucket_id`: it answers tasks.
#[derive(Clone, Debug)]
pub struct Board {
    /// Where.
    pub place: Place,
    /// What is asked for; pages are counted within each bucket.
    pub query: ListQuery,
}

impl Board {
    /// The first page of each bucket.
    pub fn new(place: Place) -> Self {
        Self {
            place,
            query: ListQuery::default(),
        }
    }
}

impl Endpoint for Board {
    const ROUTE: Route = Route::read("/projects/{project}/views/{view}/buckets/tasks")
        .on(Api::V1, "/projects/{project}/views/{view}/tasks")
        .before(VIEWS, "/projects/{project}/buckets")
        .before(PROJECTS, "/lists/{project}/buckets");
    type Reply = Columns;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        self.query.encode(at)
    }
}

/// Reads the buckets of a [`Board`].
#[derive(Debug)]
pub struct Columns;

impl Reply for Columns {
    type Output = Vec<Bucket>;

    fn read(answer: &Answer<'_>) -> Result<Vec<Bucket>, ReplyError> {
        if holds_buckets(answer)? == Some(false) {
            return Err(answer.unreadable(
                ".",
                "this view answers tasks instead of buckets: list them with tasks::ListOfView",
            ));
        }
        All::read(answer)
    }
}

/// Writes a whole bucket: **limit and position are reset where they are not named**, so that it becomes the leftmost.
/// [`crate::ops::edit_bucket`] changes single fields. The answer has no creator, no time of creation and no count.
#[derive(Clone, Debug)]
pub struct Replace {
    /// Where.
    pub place: Place,
    /// Which.
    pub bucket: BucketId,
    /// All of it; the title is required.
    pub fields: Fields,
}

impl Endpoint for Replace {
    const ROUTE: Route = ONE.with_op(Op::Replace);
    type Reply = Json<Bucket>;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
        path.set("bucket", self.bucket);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        self.fields.check(at)?;
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Deletes a bucket; its tasks go into the default bucket.
///
/// **Those of the default bucket itself go into none** (0.24+) and vanish from the board: name another one first
/// ([`crate::views::Fields::default_bucket_id`]). Where the view names none, as in 0.24, the leftmost is the default. The
/// last bucket cannot be deleted (412, code 10003).
#[derive(Clone, Copy, Debug)]
pub struct Delete {
    /// Where.
    pub place: Place,
    /// Which.
    pub bucket: BucketId,
}

impl Endpoint for Delete {
    const ROUTE: Route = ONE.with_op(Op::Delete);
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
        path.set("bucket", self.bucket);
    }
}

/// Moves a task into a bucket of a view (0.24+). Up to 0.23 [`crate::tasks::Fields::bucket_id`] does.
///
/// **Into the done bucket the task becomes done, out of it undone.** A repeating task moves its dates there and ends in
/// the default bucket, undone (0.24: nothing happens to it). A full bucket is 412, code 10004; one of another view is
/// 404, code 3014.
#[derive(Clone, Copy, Debug)]
pub struct MoveTask {
    /// Where.
    pub place: Place,
    /// Into which.
    pub bucket: BucketId,
    /// The task.
    pub task: TaskId,
}

impl Endpoint for MoveTask {
    const ROUTE: Route =
        Route::replace("/projects/{project}/views/{view}/buckets/{bucket}/tasks").since(VIEWS);
    type Reply = Json<TaskBucket>;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
        path.set("bucket", self.bucket);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"task_id": self.task}))
    }
    /// A repeating task would move its dates each time.
    fn repeat(&self) -> Repeat {
        Repeat::IfNothingHappened
    }
}
