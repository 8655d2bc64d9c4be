//! Subscriptions: whoever subscribes is notified of what others do. API tokens are refused here.
//!
//! No release lists them: what is read alone says it, as its `subscription`, and there also what it inherits from what
//! is above it.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{model::TaskId, subscriptions};
//!
//! let task = TaskId::from(7);
//! vikunja.send(&subscriptions::Create { to: task }).await?;
//! vikunja.send(&subscriptions::Delete { to: task }).await?;
//! # Ok(()) }
//! ```

use crate::{
    Empty, Endpoint, Json, Op, Path, Route,
    model::{NamespaceId, ProjectId, Subscription, TaskId},
    namespaces::GONE,
    projects::PROJECTS,
};

/// What one can subscribe to: a task, a project with its tasks, up to 0.20 a namespace with its lists.
pub trait Subject: Copy + Send + Sync + Into<i64> {
    /// Where its subscription is.
    const ROUTE: Route = Route::read("/subscriptions/{entity}/{id}")
        .before(PROJECTS, "/subscriptions/{old_entity}/{id}")
        .user_only();
    /// What the server calls its kind, and what it did up to 0.20.
    const KINDS: (&str, &str);
}

impl Subject for TaskId {
    const KINDS: (&str, &str) = ("task", "task");
}

impl Subject for ProjectId {
    const KINDS: (&str, &str) = ("project", "list");
}

impl Subject for NamespaceId {
    const ROUTE: Route = Route::read("/subscriptions/{old_entity}/{id}")
        .until(GONE)
        .user_only();
    const KINDS: (&str, &str) = ("namespace", "namespace");
}

fn fill<S: Subject>(to: S, path: &mut Path) {
    let (entity, old_entity) = S::KINDS;
    path.set("entity", entity)
        .set("old_entity", old_entity)
        .set("id", to.into());
}

/// Subscribes the caller. Who has subscribed already, also to something above it, is told 412, code 12002.
#[derive(Clone, Copy, Debug)]
pub struct Create<S> {
    /// To what.
    pub to: S,
}

impl<S: Subject> Endpoint for Create<S> {
    const ROUTE: Route = S::ROUTE.with_op(Op::Create);
    type Reply = Json<Subscription>;
    fn path(&self, path: &mut Path) {
        fill(self.to, path);
    }
}

/// Ends the caller's subscription. Without one to this very thing it is 403.
#[derive(Clone, Copy, Debug)]
pub struct Delete<S> {
    /// To what.
    pub to: S,
}

impl<S: Subject> Endpoint for Delete<S> {
    const ROUTE: Route = S::ROUTE.with_op(Op::Delete);
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        fill(self.to, path);
    }
}
