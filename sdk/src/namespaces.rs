//! Namespaces: what held lists up to 0.20. From 0.21 projects hold projects.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{namespaces, page::walk, projects};
//!
//! // Up to 0.20 a project stands in a namespace; pseudo namespaces have negative ids.
//! let namespaces = walk(&vikunja, namespaces::List::default()).collect(100).await?;
//! let mut project = projects::Create::new("Kitchen");
//! project.namespace = namespaces.iter().map(|one| one.id).find(|id| id.get() > 0);
//! vikunja.send(&project).await?;
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize};

use crate::{
    All, At, Body, BuildError, Changes, Endpoint, Json, Keyed, Object, Paged, Pages, Path, Query,
    Release, Route,
    model::{Namespace, NamespaceId, Patch, Project},
    object,
    projects::search_name,
};

/// First release without namespaces.
pub(crate) const GONE: Release = Release(0, 21, 0);

/// What can be written of a namespace. There is no `name`: it is `title`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Title, 1 to 250 characters; it cannot be empty.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub title: Patch<String>,
    /// Description. It cannot be cleared.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub description: Patch<String>,
    /// Colour: six hex digits, without `#`.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub hex_color: Patch<String>,
    /// Archived: its lists cannot be changed.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub is_archived: Patch<bool>,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        self.title
            .check_not_emptied("the title of a namespace", at, String::is_empty)?;
        self.description
            .check_not_emptied("the description of a namespace", at, String::is_empty)
    }
}

/// Makes a namespace.
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// What it is to be; the title is required.
    pub fields: Fields,
}

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/namespaces").until(GONE);
    type Reply = Json<Namespace>;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        self.fields.check(at)?;
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Lists the namespaces with their lists, pseudo namespaces (negative ids) among them.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page; the server caps it.
    pub per_page: Option<u64>,
    /// Part of the title.
    pub search: Option<String>,
    /// Archived ones too.
    pub is_archived: Option<bool>,
    /// Without their lists.
    pub namespaces_only: Option<bool>,
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/namespaces").until(GONE);
    type Reply = Paged<Namespace>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .maybe("is_archived", self.is_archived)
            .maybe("namespaces_only", self.namespaces_only)
            .finish())
    }
}

impl Keyed for Namespace {
    type Key = NamespaceId;
    fn key(&self) -> NamespaceId {
        self.id
    }
}

impl Pages for List {
    type Item = Namespace;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Lists what is in a namespace, all at once; also in a pseudo namespace, such as
/// [`NamespaceId::FILTERS`](crate::model::NamespaceId::FILTERS).
#[derive(Clone, Copy, Debug)]
pub struct Lists {
    /// Which.
    pub namespace: NamespaceId,
}

impl Endpoint for Lists {
    const ROUTE: Route = Route::read("/namespaces/{namespace}/lists").until(GONE);
    type Reply = All<Project>;
    fn path(&self, path: &mut Path) {
        path.set("namespace", self.namespace);
    }
}

/// Reads one namespace.
pub type Get = object::Get<NamespaceId>;

/// Writes a whole namespace: **everything that is not named is reset**.
/// [`crate::ops::edit`] changes single fields.
pub type Replace = object::Replace<NamespaceId>;

/// Deletes a namespace with its lists and their tasks.
pub type Delete = object::Delete<NamespaceId>;

impl Object for NamespaceId {
    type Model = Namespace;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/namespaces/{namespace}").until(GONE);
    fn path(&self, path: &mut Path) {
        path.set("namespace", self);
    }
}
