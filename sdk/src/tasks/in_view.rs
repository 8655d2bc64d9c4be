//! Tasks of a view, and their order in it.

use serde_json::json;

use super::ListQuery;
use crate::{
    Answer, At, Body, BuildError, Endpoint, Json, Page, Paged, Pages, Path, Reply, ReplyError,
    Route,
    model::{Position, ProjectId, Task, TaskId, TaskPosition, ViewId},
    views::{SHOWN, VIEWS, holds_buckets},
};

/// Lists the tasks that a view shows (0.24+), in its order: their `position` is that in the view.
///
/// **The default list view leaves done tasks out**: the view's own filter and that of the request both count. On v1 a
/// board answers buckets, which is an error here: read it with [`crate::buckets::Board`].
#[derive(Clone, Debug)]
pub struct ListOfView {
    /// Of which project.
    pub project: ProjectId,
    /// Which.
    pub view: ViewId,
    /// What is asked for.
    pub query: ListQuery,
}

impl ListOfView {
    /// All that this view shows.
    pub fn new(project: ProjectId, view: ViewId) -> Self {
        Self {
            project,
            view,
            query: ListQuery::default(),
        }
    }
}

impl Endpoint for ListOfView {
    const ROUTE: Route = SHOWN;
    type Reply = TasksOfView;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project).set("view", self.view);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        self.query.encode(at)
    }
}

impl Pages for ListOfView {
    type Item = Task;
    fn set_page(&mut self, number: u64) {
        self.query.page = Some(number);
    }
}

/// Reads a page of tasks, and refuses buckets.
#[derive(Debug)]
pub struct TasksOfView;

impl Reply for TasksOfView {
    type Output = Page<Task>;

    fn read(answer: &Answer<'_>) -> Result<Page<Task>, ReplyError> {
        if holds_buckets(answer)? == Some(true) {
            return Err(answer.unreadable(
                ".",
                "this view is a board and answers buckets: read it with buckets::Board",
            ));
        }
        Paged::read(answer)
    }
}

/// Places a task in a view (0.24+): [`Position`] finds the place before, after or between others. Up to 0.23 the task
/// itself has positions, which the server gives.
///
/// The answer is the place that it got, in 0.24 the one that was asked for. Where tasks come too close to each other or
/// to 0, the server places all tasks of the view anew. A view that does not exist is a success all the same.
#[derive(Clone, Copy, Debug)]
pub struct SetPosition {
    /// The task.
    pub task: TaskId,
    /// In which view.
    pub view: ViewId,
    /// Where.
    pub position: Position,
}

impl Endpoint for SetPosition {
    const ROUTE: Route = Route::replace("/tasks/{task}/position").since(VIEWS);
    type Reply = Json<TaskPosition>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"project_view_id": self.view, "position": self.position}))
    }
}
