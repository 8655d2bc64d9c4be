//! Reactions to tasks and comments (0.24+), mostly emojis.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{model::TaskId, reactions};
//!
//! let task = TaskId::from(7);
//! vikunja.send(&reactions::Add { to: task, value: "👍".to_owned() }).await?;
//! for (value, users) in vikunja.send(&reactions::List { to: task }).await? {
//!     println!("{value} {}", users.len());
//! }
//! # Ok(()) }
//! ```

use serde_json::json;

use crate::{
    Answer, Api, At, Body, BuildError, Empty, Endpoint, Json, Op, Path, Reply, ReplyError, Route,
    model::{CommentId, Reaction, Reactions, TaskId},
    views::VIEWS,
};

/// What one can react to: a task or a comment.
pub trait Subject: Copy + Send + Sync + Into<i64> {
    /// What the server calls its kind.
    const KIND: &str;
}

impl Subject for TaskId {
    const KIND: &str = "tasks";
}

impl Subject for CommentId {
    const KIND: &str = "comments";
}

const ROUTE: Route = Route::read("/{kind}/{id}/reactions").since(VIEWS);

fn fill<S: Subject>(to: S, path: &mut Path) {
    path.set("kind", S::KIND).set("id", to.into());
}

/// Reads who reacted how, all at once.
#[derive(Clone, Copy, Debug)]
pub struct List<S> {
    /// To what.
    pub to: S,
}

impl<S: Subject> Endpoint for List<S> {
    const ROUTE: Route = ROUTE;
    type Reply = Reacted;
    fn path(&self, path: &mut Path) {
        fill(self.to, path);
    }
}

/// Reads [`Reactions`]; where nobody reacted, v1 answers `null`.
#[derive(Debug)]
pub struct Reacted;

impl Reply for Reacted {
    type Output = Reactions;

    fn read(answer: &Answer<'_>) -> Result<Reactions, ReplyError> {
        Ok(answer.json::<Option<_>>()?.unwrap_or_default())
    }
}

/// Reacts. The same once more is a success, and nothing new.
#[derive(Clone, Debug)]
pub struct Add<S> {
    /// To what.
    pub to: S,
    /// How: at most 20 characters.
    pub value: String,
}

impl<S: Subject> Endpoint for Add<S> {
    const ROUTE: Route = ROUTE.with_op(Op::Create);
    type Reply = Json<Reaction>;
    fn path(&self, path: &mut Path) {
        fill(self.to, path);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"value": self.value}))
    }
}

/// Takes the caller's reaction back. One that is not there is a success.
#[derive(Clone, Debug)]
pub struct Remove<S> {
    /// From what.
    pub to: S,
    /// Which.
    pub value: String,
}

impl<S: Subject> Endpoint for Remove<S> {
    const ROUTE: Route = Route::delete("/{kind}/{id}/reactions/delete")
        .since(VIEWS)
        .verb(Api::V1, "POST")
        .verb(Api::V2, "POST");
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        fill(self.to, path);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"value": self.value}))
    }
}
