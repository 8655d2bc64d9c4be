//! Subscriptions, which give news of a task, or of a project and everything below it.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::Value;

use super::projects::Project;
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;

/// What one can subscribe to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Task,
    Project,
    /// In 0.20.
    Namespace,
}

impl Kind {
    /// As stored.
    fn stored(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Project => "project",
            Self::Namespace => "namespace",
        }
    }

    fn of_stored(name: &str) -> Self {
        match name {
            "task" => Self::Task,
            "namespace" => Self::Namespace,
            _ => Self::Project,
        }
    }

    /// As the release calls it.
    pub(crate) fn name(self, release: &Release) -> &'static str {
        match self {
            Self::Project => release.project_word,
            other => other.stored(),
        }
    }
}

/// A subscription, as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Subscription {
    pub(crate) id: i64,
    pub(crate) entity: &'static str,
    pub(crate) entity_id: i64,
    /// Up to 0.24: null but in the answer to subscribing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Value>,
    pub(crate) created: Stamp,
    #[serde(skip)]
    pub(crate) kind: Kind,
}

const COLUMNS: &str = "id, kind, entity_id, created";

impl Subscription {
    /// Reads [`COLUMNS`].
    fn read(row: &Row<'_>, release: &Release) -> rusqlite::Result<Self> {
        let kind = Kind::of_stored(row.get_ref(1)?.as_str()?);
        Ok(Self {
            id: row.get(0)?,
            kind,
            entity: kind.name(release),
            entity_id: row.get(2)?,
            user: release
                .people
                .subscriptions_have_user
                .then_some(Value::Null),
            created: Stamp::from_seconds(row.get(3)?),
        })
    }

    /// As a key of a task or project.
    fn shape(&self) -> Option<Value> {
        serde_json::to_value(self).ok()
    }
}

/// Subscribes, unless that was done already, and answers the subscription's id.
pub(crate) fn insert(
    db: &Connection,
    user: i64,
    kind: Kind,
    entity: i64,
    now: &Stamp,
) -> Result<i64, Failure> {
    db.prepare_cached(
        // Not `INSERT OR IGNORE`, which would use up an id.
        "INSERT INTO subscriptions (user_id, kind, entity_id, created) SELECT ?1, ?2, ?3, ?4
         WHERE NOT EXISTS (SELECT 1 FROM subscriptions WHERE user_id = ?1 AND kind = ?2 AND entity_id = ?3)",
    )?
    .execute(params![user, kind.stored(), entity, now.seconds()])?;
    Ok(db.last_insert_rowid())
}

/// Ends a subscription; false when there was none.
pub(crate) fn delete(db: &Connection, user: i64, kind: Kind, entity: i64) -> Result<bool, Failure> {
    let sql = "DELETE FROM subscriptions WHERE user_id = ?1 AND kind = ?2 AND entity_id = ?3";
    Ok(db
        .prepare_cached(sql)?
        .execute(params![user, kind.stored(), entity])?
        > 0)
}

/// The subscription that gives a user news of a task: its own, or else that of its project.
pub(crate) fn of_task(
    db: &Connection,
    release: &Release,
    user: i64,
    task: i64,
    project: i64,
) -> Result<Option<Value>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS} FROM subscriptions WHERE user_id = ?1 AND kind = 'task' AND entity_id = ?2"
    );
    let own = db
        .prepare_cached(&sql)?
        .query_row([user, task], |row| Subscription::read(row, release))
        .optional()?;
    match own {
        Some(own) => Ok(own.shape()),
        None => of_project(db, release, user, project),
    }
}

/// The subscription that gives a user news of a project: its own, or else that of the nearest parent or of the namespace.
pub(crate) fn of_project(
    db: &Connection,
    release: &Release,
    user: i64,
    project: i64,
) -> Result<Option<Value>, Failure> {
    let known = Known::of(db, release, user)?;
    Ok(known.nearest(project).and_then(Subscription::shape))
}

/// Gives a subscription that is repeated as it was sent the key that got lost on the way.
pub(crate) fn complete(release: &Release, sent: &mut Option<Value>) {
    if release.people.subscriptions_have_user
        && let Some(Value::Object(subscription)) = sent
    {
        subscription.entry("user").or_insert(Value::Null);
    }
}

/// The subscription of a user to a namespace.
pub(crate) fn of_namespace(
    db: &Connection,
    release: &Release,
    user: i64,
    namespace: i64,
) -> Result<Option<Value>, Failure> {
    let known = Known::of(db, release, user)?;
    let found = known.own.get(&(Kind::Namespace, namespace));
    Ok(found.and_then(Subscription::shape))
}

/// Fills in the subscriptions of listed projects, if none of their own then, when wanted, that of what they are in.
pub(crate) fn add_to_list(
    db: &Connection,
    release: &Release,
    user: i64,
    projects: &mut [Project],
    inherited: bool,
) -> Result<(), Failure> {
    let known = Known::of(db, release, user)?;
    for project in projects {
        let found = if inherited {
            known.nearest(project.id)
        } else {
            known.own.get(&(Kind::Project, project.id))
        };
        project.subscription = found.and_then(Subscription::shape);
    }
    Ok(())
}

/// A user's subscriptions to projects and namespaces, and where projects are.
struct Known {
    own: HashMap<(Kind, i64), Subscription>,
    /// What a project is in.
    above: HashMap<i64, (Kind, i64)>,
}

impl Known {
    fn of(db: &Connection, release: &Release, user: i64) -> Result<Self, Failure> {
        let sql =
            format!("SELECT {COLUMNS} FROM subscriptions WHERE user_id = ?1 AND kind <> 'task'");
        let mut query = db.prepare_cached(&sql)?;
        let own = query
            .query_map([user], |row| {
                Subscription::read(row, release).map(|one| ((one.kind, one.entity_id), one))
            })?
            .collect::<rusqlite::Result<HashMap<_, _>>>()?;
        // Hardly anybody subscribes to a project.
        let above = if own.is_empty() {
            HashMap::new()
        } else {
            let mut query =
                db.prepare_cached("SELECT id, parent_id, namespace_id FROM projects")?;
            let read = |row: &Row<'_>| {
                let above = match row.get(2)? {
                    Some(namespace) => (Kind::Namespace, namespace),
                    None => (Kind::Project, row.get(1)?),
                };
                Ok((row.get(0)?, above))
            };
            query
                .query_map([], read)?
                .collect::<rusqlite::Result<_>>()?
        };
        Ok(Self { own, above })
    }

    fn nearest(&self, project: i64) -> Option<&Subscription> {
        let above = |(kind, id): &(Kind, i64)| match kind {
            Kind::Project => self.above.get(id).copied(),
            _ => None,
        };
        std::iter::successors(Some((Kind::Project, project)), above)
            .find_map(|at| self.own.get(&at))
    }
}

/// Who is told of what happens to a task, to a project, or to a task in a project; 0 stands for neither.
pub(crate) fn subscribers(db: &Connection, task: i64, project: i64) -> Result<Vec<i64>, Failure> {
    let sql = "WITH RECURSIVE up (id) AS (SELECT ?2 UNION SELECT p.parent_id FROM projects p JOIN up ON p.id = up.id)
               SELECT user_id FROM subscriptions
               WHERE (kind = 'task' AND entity_id = ?1) OR (kind = 'project' AND entity_id IN up)
                  OR (kind = 'namespace' AND entity_id IN (SELECT namespace_id FROM projects WHERE id IN up))
               GROUP BY user_id ORDER BY min(id)";
    let mut query = db.prepare_cached(sql)?;
    let rows = query.query_map([task, project], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
}
