//! Saved filters, which show up as projects.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::json;

use super::projects::Project;
use super::users::{SHAPE, UserShape};
use super::views::{Query, from_json};
use crate::failure::Failure;
use crate::stamp::Stamp;

/// A saved filter, as the API shows it.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct SavedFilter {
    pub(crate) id: i64,
    #[serde(rename = "filters")]
    pub(crate) query: Query,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) owner: Option<UserShape>,
    pub(crate) is_favorite: bool,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
    /// Only in v2's read of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_permission: Option<i64>,
}

const COLUMNS: &str = "f.id, f.title, f.description, f.filter, f.is_favorite, f.created, f.updated";

impl SavedFilter {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            title: row.get(1)?,
            description: row.get(2)?,
            query: from_json(row, 3)?.unwrap_or_default(),
            is_favorite: row.get(4)?,
            created: Stamp::from_seconds(row.get(5)?),
            updated: Stamp::from_seconds(row.get(6)?),
            owner: Some(UserShape::read(row, 7)?),
            max_permission: None,
        })
    }

    /// As a project. Lists show a stub of the owner.
    pub(crate) fn project(&self, owner: Option<UserShape>) -> Project {
        Project {
            id: pseudo_id(self.id),
            title: self.title.clone(),
            description: self.description.clone(),
            parent_project_id: Some(0),
            owner,
            is_favorite: self.is_favorite,
            created: self.created.clone(),
            updated: self.updated.clone(),
            ..Project::default()
        }
    }

    /// The id of whoever made it.
    pub(crate) fn owner_id(&self) -> i64 {
        self.owner.as_ref().map_or(0, |owner| owner.id)
    }
}

/// The project that a saved filter shows up as, and the other way round.
pub(crate) fn pseudo_id(id: i64) -> i64 {
    -(id + 1)
}

/// The saved filters of a user.
pub(crate) fn of_user(db: &Connection, owner: i64) -> Result<Vec<SavedFilter>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} FROM filters f JOIN users u ON u.id = f.owner_id WHERE f.owner_id = ?1 ORDER BY f.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    Ok(query
        .query_map([owner], SavedFilter::read)?
        .collect::<rusqlite::Result<Vec<_>>>()?)
}

/// One saved filter, whoever owns it.
pub(crate) fn by_id(db: &Connection, filter: i64) -> Result<Option<SavedFilter>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} FROM filters f JOIN users u ON u.id = f.owner_id WHERE f.id = ?1"
    );
    Ok(db
        .prepare_cached(&sql)?
        .query_row([filter], SavedFilter::read)
        .optional()?)
}

/// Stores a new saved filter and gives it its id.
pub(crate) fn insert(db: &Connection, owner: i64, filter: &mut SavedFilter) -> Result<(), Failure> {
    db.prepare_cached(
        "INSERT INTO filters (owner_id, title, description, filter, is_favorite, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
    )?
    .execute(params![
        owner,
        filter.title,
        filter.description,
        json!(filter.query).to_string(),
        filter.is_favorite,
        filter.created.seconds()
    ])?;
    filter.id = db.last_insert_rowid();
    Ok(())
}

/// Stores everything that an update of a saved filter may change.
pub(crate) fn update(db: &Connection, filter: &SavedFilter) -> Result<(), Failure> {
    db.prepare_cached(
        "UPDATE filters SET title = ?2, description = ?3, filter = ?4, is_favorite = ?5, updated = ?6 WHERE id = ?1",
    )?
    .execute(params![
        filter.id,
        filter.title,
        filter.description,
        json!(filter.query).to_string(),
        filter.is_favorite,
        filter.updated.seconds()
    ])?;
    Ok(())
}

/// Deletes a saved filter with its views.
pub(crate) fn delete(db: &Connection, filter: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM views WHERE project_id = ?1")?
        .execute([pseudo_id(filter)])?;
    db.prepare_cached("DELETE FROM filters WHERE id = ?1")?
        .execute([filter])?;
    Ok(())
}
