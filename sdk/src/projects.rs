//! Projects, which 0.20 calls lists.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{model::Patch, ops, page::walk, projects};
//!
//! let project = vikunja.send(&projects::Create::new("Kitchen")).await?;
//! let changes = projects::Fields { hex_color: "aa5500".into(), identifier: Patch::Clear, ..Default::default() };
//! ops::edit(&mut vikunja, project.id, &changes).await?;
//! for project in walk(&vikunja, projects::List::default()).collect(1000).await? {
//!     println!("{} {}", project.id, project.title);
//! }
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as JsonValue};

use crate::{
    At, Body, BuildError, Changes, Endpoint, Json, Keyed, Object, Paged, Pages, Path, Query,
    Release, Route,
    model::{NamespaceId, Patch as Value, Position, Project, ProjectId},
    object,
};

/// First release with projects instead of namespaces and lists.
pub(crate) const PROJECTS: Release = Release(0, 21, 0);

/// What can be written of a project.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Title, 1 to 250 characters. Required to create and to replace; it cannot be empty.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub title: Value<String>,
    /// Description, HTML. No release can clear it.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub description: Value<String>,
    /// Prefix of the tasks' identifiers, at most 10 characters, unique.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub identifier: Value<String>,
    /// Colour: six hex digits, without `#`.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub hex_color: Value<String>,
    /// The project above (0.21+); clearing it makes this one top-level.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub parent_project_id: Value<ProjectId>,
    /// The namespace of a list (0.20); needed to replace one.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub namespace_id: Value<NamespaceId>,
    /// Archived: nothing in it can be changed.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub is_archived: Value<bool>,
    /// Among the caller's favourites.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub is_favorite: Value<bool>,
    /// Order among its siblings.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub position: Value<Position>,
}

impl Changes for Fields {
    /// 2.x reads a parent of `null` as «keep it»; 0 is none on every release.
    fn adapt(&self, _: At, fields: &mut Map<String, JsonValue>) -> Result<(), BuildError> {
        if matches!(self.parent_project_id, Value::Clear) {
            fields.insert("parent_project_id".to_owned(), JsonValue::from(0));
        }
        Ok(())
    }

    fn check(&self, at: At) -> Result<(), BuildError> {
        self.title
            .check_not_emptied("the title of a project", at, String::is_empty)?;
        self.description
            .check_not_emptied("the description of a project", at, String::is_empty)?;
        self.namespace_id
            .check_not_emptied("the namespace of a list", at, |id| id.get() == 0)?;
        // What a release does not know it ignores, and answers 200.
        let needs = if at.release < PROJECTS && !self.parent_project_id.is_keep() {
            format!("parent_project_id needs Vikunja {PROJECTS} or newer")
        } else if at.release >= PROJECTS && !self.namespace_id.is_keep() {
            format!("namespace_id needs Vikunja before {PROJECTS}")
        } else {
            return Ok(());
        };
        Err(BuildError::Body(format!(
            "{needs}; this server is {}",
            at.release
        )))
    }
}

/// Makes a project; on 0.20 a list.
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// The namespace that the list goes into: needed on 0.20, unused later.
    pub namespace: Option<NamespaceId>,
    /// What it is to be; the title is required.
    pub fields: Fields,
}

impl Create {
    /// A project with this title.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            namespace: None,
            fields: Fields {
                title: Value::Set(title.into()),
                ..Fields::default()
            },
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route =
        Route::create("/projects").before(PROJECTS, "/namespaces/{namespace}/lists");
    type Reply = Json<Project>;
    fn path(&self, path: &mut Path) {
        path.maybe("namespace", self.namespace);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        self.fields.check(at)?;
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Lists the projects that the caller sees.
///
/// From 0.24 every page repeats the pseudo projects: saved filters (ids ≤ −2) and, while a favourite task exists, the
/// favourites (−1). [`crate::page::walk`] drops the repetitions and ends all the same.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the title, or ids with commas.
    pub search: Option<String>,
    /// Archived ones too.
    pub is_archived: Option<bool>,
    /// `permissions` (1.0+) fills `max_permission`.
    pub expand: Option<String>,
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/projects").before(PROJECTS, "/lists");
    type Reply = Paged<Project>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .maybe("is_archived", self.is_archived)
            .maybe("expand", self.expand.as_deref())
            .finish())
    }
}

/// The name of the search parameter.
pub(crate) fn search_name(at: At) -> &'static str {
    match at.api {
        crate::Api::V1 => "s",
        crate::Api::V2 => "q",
    }
}

impl Keyed for Project {
    type Key = ProjectId;
    fn key(&self) -> ProjectId {
        self.id
    }
}

impl Pages for List {
    type Item = Project;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
    fn total_pages_hold(&self, release: Release) -> bool {
        release >= PROJECTS
    }
}

/// Reads one project.
pub type Get = object::Get<ProjectId>;

/// Writes a whole project: **everything that is not named is reset**.
/// [`crate::ops::edit`] changes single fields.
pub type Replace = object::Replace<ProjectId>;

/// Changes the named fields of a project (v2). [`crate::ops::edit`] does so on every release.
pub type Patch = object::Patch<ProjectId>;

/// Deletes a project with its children and all their tasks.
pub type Delete = object::Delete<ProjectId>;

impl Object for ProjectId {
    type Model = Project;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/projects/{project}").before(PROJECTS, "/lists/{project}");
    fn path(&self, path: &mut Path) {
        path.set("project", self);
    }
}
