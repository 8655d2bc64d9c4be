//! What else can be done with one task.

use std::fmt::Display;

use crate::{
    Empty, Endpoint, Json, Path, Release, Route,
    model::{DuplicatedTask, Task, TaskId},
};

/// Reads a task by its number within a project (2.4+): what `#12` or `KITCHEN-12` names.
#[derive(Clone, Copy, Debug)]
pub struct GetByIndex<P> {
    /// The project: its id, or its identifier in upper or lower case.
    pub project: P,
    /// The number.
    pub index: i64,
}

impl<P: Display + Sync> Endpoint for GetByIndex<P> {
    const ROUTE: Route =
        Route::read("/projects/{project}/tasks/by-index/{index}").since(Release(2, 4, 0));
    type Reply = Json<Task>;
    fn path(&self, path: &mut Path) {
        path.set("project", &self.project).set("index", self.index);
    }
}

/// Makes a copy of a task in its project (2.2+), with dates, labels, assignees and reminders. The two know each
/// other as `copiedfrom` and `copiedto`.
#[derive(Clone, Copy, Debug)]
pub struct Duplicate {
    /// Which.
    pub task: TaskId,
}

impl Endpoint for Duplicate {
    const ROUTE: Route = Route::create("/tasks/{task}/duplicate").since(Release(2, 2, 0));
    type Reply = Json<DuplicatedTask>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
}

/// Marks the comments on a task as read by the caller (1.0+): [`Task::is_unread`] is false then.
#[derive(Clone, Copy, Debug)]
pub struct MarkRead {
    /// Which.
    pub task: TaskId,
}

impl Endpoint for MarkRead {
    const ROUTE: Route = Route::replace("/tasks/{task}/read").since(Release(1, 0, 0));
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
}
