//! Labels, and the labels of a task.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{labels, model::TaskId, ops};
//!
//! let urgent = match ops::label_named(&mut vikunja, "urgent").await?.one() {
//!     Some(label) => label,
//!     None => vikunja.send(&labels::Create::new("urgent")).await?,
//! };
//! vikunja.send(&labels::Add { task: TaskId::from(7), label: urgent.id }).await?;
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Api, At, Body, BuildError, Changes, Empty, Endpoint, Json, Keyed, Object, Paged, Pages, Path,
    Query, Release, Route,
    model::{Label, LabelId, Patch as Value, TaskId, TaskLabel},
    object,
    projects::search_name,
};

/// What can be written of a label.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Title, at most 250 characters. The server asks for none: without one the label has an empty title, and then v2
    /// refuses every change (422) that does not give it one.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub title: Value<String>,
    /// Description.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub description: Value<String>,
    /// Colour: six hex digits, without `#`.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub hex_color: Value<String>,
}

impl Changes for Fields {
    /// v2 refuses an empty title, takes `null` for one, and refuses every later change of the label.
    fn check(&self, at: At) -> Result<(), BuildError> {
        match at.api {
            Api::V1 => Ok(()),
            Api::V2 => self
                .title
                .check_not_emptied("the title of a label", at, String::is_empty),
        }
    }
}

/// Makes a label. Titles need not be unique. Link shares may not (403).
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// What it is to be.
    pub fields: Fields,
}

impl Create {
    /// A label with this title.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            fields: Fields {
                title: Value::Set(title.into()),
                ..Fields::default()
            },
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/labels");
    type Reply = Json<Label>;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Lists the caller's labels and those on tasks that the caller sees.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the title.
    pub search: Option<String>,
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/labels");
    type Reply = Paged<Label>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl Keyed for Label {
    type Key = LabelId;
    fn key(&self) -> LabelId {
        self.id
    }
}

impl Pages for List {
    type Item = Label;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Reads one label. One that does not exist is 403, like one that the caller may not see.
pub type Get = object::Get<LabelId>;

/// Writes a whole label: **everything that is not named is emptied**, the title too. Only who made it may (403).
/// [`crate::ops::edit`] changes single fields.
pub type Replace = object::Replace<LabelId>;

/// Changes the named fields of a label (v2). [`crate::ops::edit`] does so on every release.
pub type Patch = object::Patch<LabelId>;

/// Deletes a label, and so takes it off all tasks. Only who made it may (403).
pub type Delete = object::Delete<LabelId>;

impl Object for LabelId {
    type Model = Label;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/labels/{label}");
    fn path(&self, path: &mut Path) {
        path.set("label", self);
    }
}

/// Lists the labels of a task.
///
/// There is no `per_page`: the server counts pages by it and fills them up to its own maximum all the same.
#[derive(Clone, Debug)]
pub struct ListOfTask {
    /// Which.
    pub task: TaskId,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Part of the title.
    pub search: Option<String>,
}

impl ListOfTask {
    /// The labels of this task.
    pub fn new(task: TaskId) -> Self {
        Self {
            task,
            page: None,
            search: None,
        }
    }
}

impl Endpoint for ListOfTask {
    const ROUTE: Route = Route::read("/tasks/{task}/labels");
    type Reply = Paged<Label>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl Pages for ListOfTask {
    type Item = Label;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
    /// v2 counts pages of 50, whatever a page holds there.
    fn total_pages_hold(&self, release: Release) -> bool {
        !release.has_v2()
    }
}

/// Puts a label on a task. One that is on it already is 400, code 8001.
#[derive(Clone, Copy, Debug)]
pub struct Add {
    /// The task.
    pub task: TaskId,
    /// The label.
    pub label: LabelId,
}

impl Endpoint for Add {
    const ROUTE: Route = Route::create("/tasks/{task}/labels");
    type Reply = Json<TaskLabel>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"label_id": self.label}))
    }
}

/// Takes a label off a task. One that is not on it is 403.
#[derive(Clone, Copy, Debug)]
pub struct Remove {
    /// The task.
    pub task: TaskId,
    /// The label.
    pub label: LabelId,
}

impl Endpoint for Remove {
    const ROUTE: Route = Route::delete("/tasks/{task}/labels/{label}");
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task).set("label", self.label);
    }
}

/// Makes these the labels of a task: adds what is missing, removes the others.
///
/// Up to 1.x a label that does not exist (404, code 8002) fails the call **after** the others were removed. 1.0 to 2.1
/// refuse API tokens here (401). The server only repeats what was sent, so nothing is answered.
#[derive(Clone, Debug)]
pub struct SetAll {
    /// The task.
    pub task: TaskId,
    /// All of its labels; none empties it.
    pub labels: Vec<LabelId>,
}

impl Endpoint for SetAll {
    const ROUTE: Route = Route::replace("/tasks/{task}/labels/bulk")
        .user_only_between(Release(1, 0, 0), Release(2, 2, 0));
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        let labels: Vec<_> = self.labels.iter().map(|id| json!({"id": id})).collect();
        Body::json(&json!({"labels": labels}))
    }
}
