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
use serde_json::{Map, Value as JsonValue, json};

use crate::{
    All, Api, At, Body, BuildError, Changes, Endpoint, Json, Keyed, Object, Paged, Pages, Path,
    Query, Release, Route,
    model::{DuplicatedProject, NamespaceId, Patch as Value, Position, Project, ProjectId, User},
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
        Api::V1 => "s",
        Api::V2 => "q",
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

/// First release that leaves the shares out of a copy unless told otherwise.
const BARE_COPIES: Release = Release(2, 4, 0);

/// Makes a copy of a project with its tasks.
#[derive(Clone, Copy, Debug)]
pub struct Duplicate {
    /// Which.
    pub project: ProjectId,
    /// The project that the copy goes into (0.21+); none = top level.
    pub parent: Option<ProjectId>,
    /// The namespace that the copy goes into: needed on 0.20, unused later.
    pub namespace: Option<NamespaceId>,
    /// Whether the copy is shared with whom the original is. **Before 2.4 it always is**, and later it is not unless
    /// given.
    pub with_shares: Option<bool>,
}

impl Duplicate {
    /// A copy of this project at the top level.
    pub fn new(project: ProjectId) -> Self {
        Self {
            project,
            parent: None,
            namespace: None,
            with_shares: None,
        }
    }
}

impl Endpoint for Duplicate {
    const ROUTE: Route = Route::create("/projects/{project}/duplicate")
        .before(PROJECTS, "/lists/{project}/duplicate");
    type Reply = Json<DuplicatedProject>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        self.check(at)?;
        let mut body = Map::new();
        if let Some(namespace) = self.namespace.filter(|_| at.release < PROJECTS) {
            body.insert("namespace_id".to_owned(), json!(namespace));
        }
        if let Some(parent) = self.parent {
            body.insert("parent_project_id".to_owned(), json!(parent));
        }
        if let Some(with_shares) = self.with_shares.filter(|_| at.release >= BARE_COPIES) {
            body.insert("duplicate_shares".to_owned(), json!(with_shares));
        }
        Body::json(&body)
    }
}

impl Duplicate {
    /// Refuses what the server would ignore, or tell without the reason.
    fn check(&self, at: At) -> Result<(), BuildError> {
        let is_list = at.release < PROJECTS;
        let wrong = if is_list && self.parent.is_some() {
            format!("a copy inside of a project needs Vikunja {PROJECTS} or newer")
        } else if is_list && self.namespace.is_none() {
            format!("the copy of a list needs a namespace before Vikunja {PROJECTS}")
        } else if at.release < BARE_COPIES && self.with_shares == Some(false) {
            format!("a copy without shares needs Vikunja {BARE_COPIES} or newer")
        } else {
            return Ok(());
        };
        Err(BuildError::Body(format!(
            "{wrong}; this server is {}",
            at.release
        )))
    }
}

/// Looks for users among those who may see a project, by a part of the name; all of them unless something is looked
/// for. They come at once.
#[derive(Clone, Debug)]
pub struct SearchUsers {
    /// Which project.
    pub project: ProjectId,
    /// What is looked for.
    pub search: Option<String>,
}

impl Endpoint for SearchUsers {
    const ROUTE: Route = Route::read("/projects/{project}/users/search")
        .on(Api::V1, "/projects/{project}/projectusers")
        .before(PROJECTS, "/lists/{project}/listusers");
    type Reply = All<User>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}
