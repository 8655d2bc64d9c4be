//! Subscriptions: the handlers.

use rusqlite::Connection;

use crate::call::Call;
use crate::failure::{Denied, Failure, Violation, domain};
use crate::namespaces;
use crate::projects::check_access;
use crate::release::{Api, Release};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::subscriptions::{self as store, Kind, Subscription};
use crate::store::tasks;

/// What one can subscribe to in a release.
fn kinds(release: &Release) -> &'static [Kind] {
    if release.lists {
        &[Kind::Namespace, Kind::Project, Kind::Task]
    } else {
        &[Kind::Project, Kind::Task]
    }
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let kind = kind(call)?
        .ok_or_else(|| domain(412, 12001, "The subscription entity type is invalid."))?;
    let entity = call.id_at(1, "entityID")?;
    call.write(|db| {
        if effective(call, db, kind, entity)? {
            return Err(domain(412, 12002, "You're already subscribed."));
        }
        let created = Stamp::now();
        let subscription = Subscription {
            id: store::insert(db, user.id, kind, entity, &created)?,
            kind,
            entity: kind.name(call.at.release),
            entity_id: entity,
            user: (call.at.release.people.subscriptions_have_user)
                .then(|| serde_json::to_value(user.stub()).unwrap_or_default()),
            created,
        };
        Ok(call.ok(Some("Subscription"), &subscription))
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let forbidden = || Failure::Forbidden(Denied::Act);
    let kind = kind(call)?.ok_or_else(forbidden)?;
    let entity = call.id_at(1, "entityID")?;
    call.write(|db| {
        if store::delete(db, user.id, kind, entity)? {
            Ok(call.deleted())
        } else {
            Err(forbidden())
        }
    })
}

/// What the path names. v2 refuses anything else by its schema, v1 in different ways.
fn kind(call: &Call<'_>) -> Result<Option<Kind>, Failure> {
    let (name, release) = (call.param(0), call.at.release);
    let mut kinds = kinds(release).iter();
    let kind = kinds.find(|kind| kind.name(release) == name).copied();
    if kind.is_none() && call.at.api == Api::V2 {
        return Err(Failure::Invalid(vec![Violation {
            location: "path.entity".to_owned(),
            v1: String::new(),
            v2: "expected value to be one of \"project, task\"".to_owned(),
            value: Some(name.into()),
        }]));
    }
    Ok(kind)
}

/// Whether the caller, who has to see the entity, has news of it already.
fn effective(call: &Call<'_>, db: &Connection, kind: Kind, entity: i64) -> Result<bool, Failure> {
    let (user, release) = (call.user()?, call.at.release);
    let found = match kind {
        Kind::Task => {
            let project = tasks::project_of(db, entity)?.ok_or_else(crate::tasks::not_found)?;
            check_access(db, user, project, 0)?;
            store::of_task(db, release, user.id, entity, project)?
        }
        Kind::Project => {
            check_access(db, user, entity, 0)?;
            store::of_project(db, release, user.id, entity)?
        }
        Kind::Namespace => {
            namespaces::check_access(db, user, entity, 0)?;
            store::of_namespace(db, release, user.id, entity)?
        }
    };
    Ok(found.is_some())
}
