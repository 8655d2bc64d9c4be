//! Saved filters: searches for tasks that are shown like projects.
//!
//! No release lists them: each is a project of its own in [`crate::projects::List`] (0.20: a list in the pseudo namespace
//! [`NamespaceId::FILTERS`](crate::model::NamespaceId::FILTERS)), whose id
//! [`FilterId::project`](crate::model::FilterId::project) gives and
//! [`ProjectId::filter`](crate::model::ProjectId::filter) reads. From 2.4 every new user has one.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{filter::{DONE, DUE_DATE, now}, model::Patch, ops, page::walk, saved_filters, tasks};
//!
//! let overdue = DONE.is(false) & DUE_DATE.lt(now());
//! let filter = vikunja.send(&saved_filters::Create::new("Overdue", overdue)).await?;
//! let found = tasks::ListOfProject { project: filter.id.project(), query: Default::default() };
//! let found = walk(&vikunja, found).collect(1000).await?;
//! let favourite = saved_filters::Fields { is_favorite: true.into(), ..Default::default() };
//! ops::edit(&mut vikunja, filter.id, &favourite).await?;
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as JsonValue};

use crate::{
    At, Body, BuildError, Changes, Endpoint, Json, Object, Path, Route,
    filter::{Selection, name_all},
    model::{FilterId, Patch as Value, SavedFilter},
    object,
};

/// What can be written of a saved filter.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Title, 1 to 250 characters; it cannot be empty.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub title: Value<String>,
    /// Description.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub description: Value<String>,
    /// Which tasks it finds, and in which order: all of it is replaced. It cannot be empty.
    #[serde(skip)]
    pub filters: Value<Selection>,
    /// Among the caller's favourites.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub is_favorite: Value<bool>,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        self.title
            .check_not_emptied("the title of a saved filter", at, String::is_empty)?;
        self.filters
            .check_not_emptied("what a saved filter finds", at, |selection| {
                *selection == Selection::default()
            })
    }

    /// Writes what it finds as the release stores it.
    fn adapt(&self, at: At, fields: &mut Map<String, JsonValue>) -> Result<(), BuildError> {
        if let Value::Set(selection) = &self.filters {
            fields.insert("filters".to_owned(), selection.to_json(at)?.into());
        }
        Ok(())
    }

    fn to_patch(&self, at: At) -> Result<Map<String, JsonValue>, BuildError> {
        let mut fields = self.to_json(at)?;
        name_all(&mut fields, "filters");
        Ok(fields)
    }
}

/// Makes a saved filter. Link shares may not (403).
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// What it is to be; the title and what it finds are required.
    pub fields: Fields,
}

impl Create {
    /// A filter with this title, which finds this.
    pub fn new(title: impl Into<String>, finds: impl Into<Selection>) -> Self {
        Self {
            fields: Fields {
                title: Value::Set(title.into()),
                filters: Value::Set(finds.into()),
                ..Fields::default()
            },
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/filters");
    type Reply = Json<SavedFilter>;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Reads one saved filter. Only its owner may (403).
pub type Get = object::Get<FilterId>;

/// Writes a whole saved filter: **everything that is not named is reset**; without title or filters it is refused.
/// [`crate::ops::edit`] changes single fields.
pub type Replace = object::Replace<FilterId>;

/// Changes the named fields of a saved filter (v2). [`crate::ops::edit`] does so on every release.
pub type Patch = object::Patch<FilterId>;

/// Deletes a saved filter; the tasks stay.
pub type Delete = object::Delete<FilterId>;

impl Object for FilterId {
    type Model = SavedFilter;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/filters/{filter}");
    fn path(&self, path: &mut Path) {
        path.set("filter", self);
    }
}
