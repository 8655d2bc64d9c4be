//! Who a task is assigned to. Replacing a task with [`crate::tasks::Replace`] sets its assignees too.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{assignees, model::TaskId, ops};
//!
//! let task = TaskId::from(7);
//! if let Some(bob) = ops::user_named(&mut vikunja, "bob").await?.one() {
//!     vikunja.send(&assignees::Add { task, user: bob.id }).await?;
//! }
//! # Ok(()) }
//! ```

use serde_json::json;

use crate::{
    At, Body, BuildError, Empty, Endpoint, Json, Keyed, Paged, Pages, Path, Query, Release, Route,
    model::{TaskAssignee, TaskId, User, UserId},
    projects::search_name,
};

/// Lists the users that a task is assigned to, with their email addresses (2.4+).
///
/// Earlier releases have the route and answer 500 to it; `assignees` of the task itself says the same on every release.
#[derive(Clone, Debug)]
pub struct List {
    /// Which.
    pub task: TaskId,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the user name.
    pub search: Option<String>,
}

impl List {
    /// The assignees of this task.
    pub fn new(task: TaskId) -> Self {
        Self {
            task,
            page: None,
            per_page: None,
            search: None,
        }
    }
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/tasks/{task}/assignees").since(Release(2, 4, 0));
    type Reply = Paged<User>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl Keyed for User {
    type Key = UserId;
    fn key(&self) -> UserId {
        self.id
    }
}

impl Pages for List {
    type Item = User;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Assigns a task to a user, who is subscribed to it thereby.
///
/// A user without access to the project is 403, code 7003; one who is assigned already is 400, code 4021.
#[derive(Clone, Copy, Debug)]
pub struct Add {
    /// The task.
    pub task: TaskId,
    /// The user.
    pub user: UserId,
}

impl Endpoint for Add {
    const ROUTE: Route = Route::create("/tasks/{task}/assignees");
    type Reply = Json<TaskAssignee>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"user_id": self.user}))
    }
}

/// Takes a task away from a user. It succeeds where the user was not assigned, too.
#[derive(Clone, Copy, Debug)]
pub struct Remove {
    /// The task.
    pub task: TaskId,
    /// The user.
    pub user: UserId,
}

impl Endpoint for Remove {
    const ROUTE: Route = Route::delete("/tasks/{task}/assignees/{user}");
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task).set("user", self.user);
    }
}

/// Makes these the assignees of a task: adds who is missing, removes the others.
///
/// 1.0 to 2.1 refuse API tokens here (401). The server only repeats what was sent, so nothing is answered.
#[derive(Clone, Debug)]
pub struct SetAll {
    /// The task.
    pub task: TaskId,
    /// All of its assignees; none leaves it to nobody.
    pub users: Vec<UserId>,
}

impl Endpoint for SetAll {
    const ROUTE: Route = Route::replace("/tasks/{task}/assignees/bulk")
        .user_only_between(Release(1, 0, 0), Release(2, 2, 0));
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        let users: Vec<_> = self.users.iter().map(|id| json!({"id": id})).collect();
        Body::json(&json!({"assignees": users}))
    }
}
