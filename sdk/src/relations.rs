//! Relations between tasks. They are read with the task, as its `related_tasks`.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{model::{RelationKind, TaskId}, relations, tasks};
//!
//! let (bread, flour) = (TaskId::from(7), TaskId::from(8));
//! let kind = RelationKind::Blocked;
//! vikunja.send(&relations::Create { task: bread, kind, other: flour }).await?;
//! let bread = vikunja.send(&tasks::Get::new(bread)).await?;
//! println!("{:?}", bread.related_tasks);
//! # Ok(()) }
//! ```

use serde_json::json;

use crate::{
    At, Body, BuildError, Empty, Endpoint, Json, Path, Route,
    model::{RelationKind, TaskId, TaskRelation},
};

/// Says what one task is to another; the server adds the opposite to the other task.
///
/// One that exists is 409, code 4008; a circle of subtasks is 409, code 4023 (0.20 takes it). Circles of other
/// kinds are taken.
#[derive(Clone, Debug)]
pub struct Create {
    /// This task.
    pub task: TaskId,
    /// What they are to each other.
    pub kind: RelationKind,
    /// The other task.
    pub other: TaskId,
}

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/tasks/{task}/relations");
    type Reply = Json<TaskRelation>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"other_task_id": self.other, "relation_kind": self.kind}))
    }
}

/// Ends a relation, on both tasks; 0.20 leaves the opposite on the other one.
#[derive(Clone, Debug)]
pub struct Delete {
    /// This task.
    pub task: TaskId,
    /// What they were to each other.
    pub kind: RelationKind,
    /// The other task.
    pub other: TaskId,
}

impl Endpoint for Delete {
    const ROUTE: Route = Route::delete("/tasks/{task}/relations/{kind}/{other}");
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task)
            .set("kind", &self.kind)
            .set("other", self.other);
    }
}
