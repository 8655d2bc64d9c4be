//! Views of a project (0.24+): lists, tables, time lines and boards of the same tasks.
//!
//! Every project has four. **The default list view hides done tasks**: its filter is `done = false`. A board's columns
//! are in [`crate::buckets`].
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{filter::PRIORITY, model::{Patch, ProjectId}, ops, views};
//!
//! let project = ProjectId::from(3);
//! let mut create = views::Create::new(project, "Urgent");
//! create.fields.filter = Patch::Set(PRIORITY.ge(4).into());
//! let view = vikunja.send(&create).await?;
//! let renamed = views::Fields { title: "Now".into(), ..Default::default() };
//! ops::edit(&mut vikunja, (project, view.id), &renamed).await?;
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Map, Value as JsonValue, json};

use crate::{
    All, Answer, At, Body, BuildError, Changes, Endpoint, Json, Object, Op, Page, Paged, Path,
    Release, Reply, ReplyError, Route,
    filter::{Selection, name_all},
    model::{
        Bucket, BucketConfigurationMode, BucketId, Patch as Value, Position, ProjectId,
        ProjectView, Task, ViewId, ViewKind,
    },
    object,
    tasks::ListQuery,
};

/// First release with views; from it on buckets belong to them.
pub(crate) const VIEWS: Release = Release(0, 24, 0);

const ALL: Route = Route::read("/projects/{project}/views").since(VIEWS);

/// What can be written of a view.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Title, 1 to 250 characters; it cannot be empty.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub title: Value<String>,
    /// How it shows the tasks; a list unless given.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub view_kind: Value<ViewKind>,
    /// Which tasks it shows, and in which order. 0.24 stores a filter and nothing else.
    #[serde(skip)]
    pub filter: Value<Selection>,
    /// Order among the views; cleared, it comes first.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub position: Value<Position>,
    /// Where its buckets come from. **A board that is made without it has no buckets** (up to 2.3). 2.5 goes by the kind:
    /// boards without it, or with [`BucketConfigurationMode::None`], are made with three, and other views have none
    /// whatever is said.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub bucket_configuration_mode: Value<BucketConfigurationMode>,
    /// Its buckets, all of them, where they come from filters.
    #[serde(skip)]
    pub bucket_configuration: Value<Vec<FilteredBucket>>,
    /// The bucket of new tasks; cleared, it is the leftmost.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub default_bucket_id: Value<BucketId>,
    /// The bucket of done tasks: what is moved into it is done, what is done moves into it. 2.5 refuses a bucket of
    /// another view (400, code 10002), earlier releases store it.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub done_bucket_id: Value<BucketId>,
}

/// A bucket that shows what a filter finds.
#[derive(Clone, Debug, PartialEq)]
pub struct FilteredBucket {
    /// Title.
    pub title: String,
    /// What it shows.
    pub filter: Selection,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        self.title
            .check_not_emptied("the title of a view", at, String::is_empty)?;
        self.view_kind
            .check_not_emptied("the kind of a view", at, |_| false)?;
        self.bucket_configuration_mode.check_not_emptied(
            "the bucket configuration mode of a view",
            at,
            |_| false,
        )
    }

    /// Writes the filters as the release stores them.
    fn adapt(&self, at: At, fields: &mut Map<String, JsonValue>) -> Result<(), BuildError> {
        if !self.filter.is_keep() {
            let filter = self.filter.value().map(|filter| filter.in_view(at));
            fields.insert("filter".to_owned(), json!(filter.transpose()?));
        }
        if !self.bucket_configuration.is_keep() {
            let buckets = self.bucket_configuration.value().map(|buckets| {
                let buckets = buckets.iter().map(|bucket| {
                    Ok(json!({"title": bucket.title, "filter": bucket.filter.in_view(at)?}))
                });
                buckets.collect::<Result<Vec<_>, BuildError>>()
            });
            fields.insert(
                "bucket_configuration".to_owned(),
                json!(buckets.transpose()?),
            );
        }
        Ok(())
    }

    fn to_patch(&self, at: At) -> Result<Map<String, JsonValue>, BuildError> {
        let mut fields = self.to_json(at)?;
        name_all(&mut fields, "filter");
        Ok(fields)
    }
}

/// Makes a view. Only who administers the project may (403).
#[derive(Clone, Debug)]
pub struct Create {
    /// Of which project; a saved filter's pseudo project has views, too.
    pub project: ProjectId,
    /// What it is to be; the title is required.
    pub fields: Fields,
}

impl Create {
    /// A list of all tasks, with this title.
    pub fn new(project: ProjectId, title: impl Into<String>) -> Self {
        Self {
            project,
            fields: Fields {
                title: Value::Set(title.into()),
                ..Fields::default()
            },
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route = ALL.with_op(Op::Create);
    type Reply = Json<ProjectView>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Lists the views of a project by their position, all at once. Those of the favourites are in
/// [`Project::views`](crate::model::Project::views) only.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// Which.
    pub project: ProjectId,
}

impl Endpoint for List {
    const ROUTE: Route = ALL;
    type Reply = All<ProjectView>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
}

/// Reads one view.
pub type Get = object::Get<(ProjectId, ViewId)>;

/// Writes a whole view: **everything that is not named is reset**. It becomes a list, and up to 2.3 a board loses its
/// buckets. [`crate::ops::edit`] changes single fields.
pub type Replace = object::Replace<(ProjectId, ViewId)>;

/// Changes the named fields of a view (v2). [`crate::ops::edit`] does so on every release.
pub type Patch = object::Patch<(ProjectId, ViewId)>;

/// Deletes a view with its buckets; the tasks stay. One that does not exist is 404, code 3014; up to 1.x that is a
/// success.
pub type Delete = object::Delete<(ProjectId, ViewId)>;

/// A view is found through its project.
impl Object for (ProjectId, ViewId) {
    type Model = ProjectView;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/projects/{project}/views/{view}").since(VIEWS);
    fn path(&self, path: &mut Path) {
        path.set("project", self.0).set("view", self.1);
    }
}

/// Reads what a view shows, whatever its kind.
///
/// On v1 a board answers buckets, unless the filter that is asked for names `bucket_id`; on v2 every view answers tasks.
/// [`crate::tasks::ListOfView`] reads the tasks of other views page by page, [`crate::buckets::Board`] reads a board
/// on every release.
#[derive(Clone, Debug)]
pub struct Show {
    /// Of which project.
    pub project: ProjectId,
    /// Which.
    pub view: ViewId,
    /// What is asked for; a filter is added to that of the view.
    pub query: ListQuery,
}

/// Where a view shows its tasks.
pub(crate) const SHOWN: Route = Route::read("/projects/{project}/views/{view}/tasks").since(VIEWS);

impl Endpoint for Show {
    const ROUTE: Route = SHOWN;
    type Reply = Shown;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project).set("view", self.view);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        self.query.encode(at)
    }
}

/// What a view shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// One page of tasks; empty also for a board without buckets.
    Tasks(Page<Task>),
    /// All buckets, each with one page of its tasks.
    Buckets(Vec<Bucket>),
}

impl Reply for Shown {
    type Output = Self;

    fn read(answer: &Answer<'_>) -> Result<Self, ReplyError> {
        if holds_buckets(answer)? == Some(true) {
            All::read(answer).map(Self::Buckets)
        } else {
            Paged::read(answer).map(Self::Tasks)
        }
    }
}

/// Whether the items of an answer are buckets; `None` = there are none. A bucket could be read as a task, and a task as a
/// bucket; but only buckets have a limit.
pub(crate) fn holds_buckets(answer: &Answer<'_>) -> Result<Option<bool>, ReplyError> {
    #[derive(Deserialize)]
    struct Item {
        limit: Option<IgnoredAny>,
    }
    let items: Vec<Item> = All::read(answer)?;
    Ok(items.first().map(|item| item.limit.is_some()))
}
