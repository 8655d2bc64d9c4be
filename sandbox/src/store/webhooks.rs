//! Webhooks of projects and of users.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::users::{SHAPE, UserShape};
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;

/// A webhook, as the API shows and takes it.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Webhook {
    pub(crate) id: i64,
    pub(crate) target_url: String,
    pub(crate) events: Option<Vec<String>>,
    /// 0 for a user's own.
    pub(crate) project_id: i64,
    /// 0 for a project's. From 2.2, as the two below.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) user_id: Option<i64>,
    pub(crate) secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) basic_auth_user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) basic_auth_password: Option<String>,
    #[serde(skip_deserializing)]
    pub(crate) created_by: Option<UserShape>,
    #[serde(skip_deserializing)]
    pub(crate) created: Stamp,
    #[serde(skip_deserializing)]
    pub(crate) updated: Stamp,
}

/// Whose webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Project(i64),
    User(i64),
}

const COLUMNS: &str = "w.id, w.target_url, w.events, w.project_id, coalesce(w.user_id, 0), w.secret, w.basic_auth_user,
    w.basic_auth_password, w.created, w.updated";

impl Webhook {
    /// Reads [`COLUMNS`] and [`SHAPE`].
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let events = row.get_ref(2)?.as_str()?;
        Ok(Self {
            id: row.get(0)?,
            target_url: row.get(1)?,
            events: serde_json::from_str(events).unwrap_or_default(),
            project_id: row.get(3)?,
            user_id: Some(row.get(4)?),
            secret: row.get(5)?,
            basic_auth_user: Some(row.get(6)?),
            basic_auth_password: Some(row.get(7)?),
            created: Stamp::from_seconds(row.get(8)?),
            updated: Stamp::from_seconds(row.get(9)?),
            created_by: Some(UserShape::read(row, 10)?),
        })
    }

    /// With the keys of the release, and without what is secret.
    pub(crate) fn shown(self, release: &Release) -> Self {
        let hidden = release.webhooks.newer_keys.then(String::new);
        Self {
            user_id: self.user_id.filter(|_| release.webhooks.newer_keys),
            secret: String::new(),
            basic_auth_user: hidden.clone(),
            basic_auth_password: hidden,
            ..self
        }
    }

    /// Whose it is.
    pub(crate) fn owner(&self) -> Owner {
        match self.user_id {
            Some(user) if user != 0 => Owner::User(user),
            _ => Owner::Project(self.project_id),
        }
    }

    /// Whether it wants to be told of such events.
    pub(crate) fn wants(&self, event: &str) -> bool {
        self.events.iter().flatten().any(|name| name == event)
    }
}

impl Owner {
    /// The condition that selects them, with its value as ?1.
    fn condition(self) -> (&'static str, i64) {
        match self {
            Self::Project(project) => ("w.project_id = ?1 AND w.user_id IS NULL", project),
            Self::User(user) => ("w.user_id = ?1", user),
        }
    }
}

/// A page of someone's webhooks, and how many there are in all.
pub(crate) fn list(
    db: &Connection,
    owner: Owner,
    (limit, offset): (i64, i64),
) -> Result<(Vec<Webhook>, i64), Failure> {
    let (condition, id) = owner.condition();
    let total = db
        .prepare_cached(&format!(
            "SELECT count(*) FROM webhooks w WHERE {condition}"
        ))?
        .query_row([id], |row| row.get(0))?;
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} FROM webhooks w JOIN users u ON u.id = w.created_by WHERE {condition}
         ORDER BY w.id LIMIT ?2 OFFSET ?3"
    );
    let mut query = db.prepare_cached(&sql)?;
    let found = query.query_map([id, limit, offset], Webhook::read)?;
    Ok((found.collect::<rusqlite::Result<Vec<_>>>()?, total))
}

pub(crate) fn by_id(db: &Connection, id: i64) -> Result<Option<Webhook>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, {SHAPE} FROM webhooks w JOIN users u ON u.id = w.created_by WHERE w.id = ?1"
    );
    let mut query = db.prepare_cached(&sql)?;
    Ok(query.query_row([id], Webhook::read).optional()?)
}

/// The webhooks of a project and of those that it is in, outermost first.
pub(crate) fn of_project_and_above(db: &Connection, project: i64) -> Result<Vec<Webhook>, Failure> {
    let sql = format!(
        "WITH RECURSIVE above (id, height) AS (
            SELECT ?1, 0
            UNION SELECT p.parent_id, height + 1 FROM projects p JOIN above ON p.id = above.id WHERE p.parent_id <> 0)
         SELECT {COLUMNS}, {SHAPE} FROM above JOIN webhooks w ON w.project_id = above.id AND w.user_id IS NULL
         JOIN users u ON u.id = w.created_by ORDER BY above.height DESC, w.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let found = query.query_map([project], Webhook::read)?;
    Ok(found.collect::<rusqlite::Result<Vec<_>>>()?)
}

/// Whether anybody wants to be told of such events.
pub(crate) fn is_wanted(db: &Connection, event: &str) -> Result<bool, Failure> {
    let sql = "SELECT 1 FROM webhooks w, json_each(w.events) e WHERE e.value = ?1";
    Ok(db.prepare_cached(sql)?.exists([event])?)
}

/// Stores a new webhook, under the id that it has, if any, and gives it its id.
pub(crate) fn insert(
    db: &Connection,
    owner: Owner,
    creator: i64,
    webhook: &mut Webhook,
) -> Result<(), Failure> {
    let (project, user) = match owner {
        Owner::Project(project) => (project, None),
        Owner::User(user) => (0, Some(user)),
    };
    db.prepare_cached(
        "INSERT INTO webhooks (id, target_url, events, project_id, user_id, secret, basic_auth_user, basic_auth_password,
         created_by, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
    )?
    .execute(params![
        (webhook.id != 0).then_some(webhook.id),
        webhook.target_url,
        serde_json::json!(webhook.events).to_string(),
        project,
        user,
        webhook.secret,
        webhook.basic_auth_user.as_deref().unwrap_or_default(),
        webhook.basic_auth_password.as_deref().unwrap_or_default(),
        creator,
        webhook.created.seconds(),
    ])?;
    webhook.id = db.last_insert_rowid();
    webhook.project_id = project;
    webhook.user_id = Some(user.unwrap_or_default());
    Ok(())
}

/// Changes the one thing that can be changed.
pub(crate) fn set_events(db: &Connection, webhook: &Webhook) -> Result<(), Failure> {
    db.prepare_cached("UPDATE webhooks SET events = ?2, updated = ?3 WHERE id = ?1")?
        .execute(params![
            webhook.id,
            serde_json::json!(webhook.events).to_string(),
            webhook.updated.seconds(),
        ])?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, id: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM webhooks WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}
