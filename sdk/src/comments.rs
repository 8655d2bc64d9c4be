//! Comments on tasks. A server can have them switched off: then these routes are 404.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{comments, model::TaskId, ops, page::walk};
//!
//! let task = TaskId::from(7);
//! let comment = vikunja.send(&comments::Create::new(task, "<p>Flour is out.</p>")).await?;
//! let changed = comments::Fields { comment: "<p>Flour is back.</p>".into() };
//! ops::edit(&mut vikunja, (task, comment.id), &changed).await?;
//! let all = walk(&vikunja, comments::List::new(task)).collect(100).await?;
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize};

use crate::{
    At, Body, BuildError, Changes, Endpoint, Json, Keyed, Object, Paged, Pages, Path, Query,
    Release, Route,
    model::{CommentId, Patch as Value, TaskComment, TaskId},
    object,
    projects::search_name,
};

/// What can be written of a comment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// The text, HTML. From 1.0 it cannot be empty.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub comment: Value<String>,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        if at.release < Release(1, 0, 0) {
            return Ok(());
        }
        self.comment
            .check_not_emptied("the text of a comment", at, String::is_empty)
    }
}

/// Comments on a task.
#[derive(Clone, Debug)]
pub struct Create {
    /// Which.
    pub task: TaskId,
    /// What is said.
    pub fields: Fields,
}

impl Create {
    /// A comment with this text.
    pub fn new(task: TaskId, text: impl Into<String>) -> Self {
        Self {
            task,
            fields: Fields {
                comment: Value::Set(text.into()),
            },
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/tasks/{task}/comments");
    type Reply = Json<TaskComment>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Lists the comments on a task, the oldest first.
#[derive(Clone, Debug)]
pub struct List {
    /// Which.
    pub task: TaskId,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the text.
    pub search: Option<String>,
    /// `desc` puts the newest first (2.0+), to the second; older releases ignore it.
    pub order_by: Option<String>,
}

impl List {
    /// The comments on this task.
    pub fn new(task: TaskId) -> Self {
        Self {
            task,
            page: None,
            per_page: None,
            search: None,
            order_by: None,
        }
    }
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/tasks/{task}/comments");
    type Reply = Paged<TaskComment>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .maybe("order_by", self.order_by.as_deref())
            .finish())
    }
}

impl Keyed for TaskComment {
    type Key = CommentId;
    fn key(&self) -> CommentId {
        self.id
    }
}

impl Pages for List {
    type Item = TaskComment;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Reads one comment. Who reacted is in [`List`] only.
pub type Get = object::Get<(TaskId, CommentId)>;

/// Writes a whole comment: **without a text it is emptied** (up to 0.24; later refused). Only its author may (403). The
/// answer has no author and no time of creation.
pub type Replace = object::Replace<(TaskId, CommentId)>;

/// Changes a comment (v2). [`crate::ops::edit`] does so on every release.
pub type Patch = object::Patch<(TaskId, CommentId)>;

/// Deletes a comment. Only its author may (403).
pub type Delete = object::Delete<(TaskId, CommentId)>;

/// A comment is found through its task.
impl Object for (TaskId, CommentId) {
    type Model = TaskComment;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/tasks/{task}/comments/{comment}");
    fn path(&self, path: &mut Path) {
        path.set("task", self.0).set("comment", self.1);
    }
}
