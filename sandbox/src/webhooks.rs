//! Webhooks of projects and of users: the handlers. What they are told is decided in [`crate::deliveries`].

use rusqlite::Connection;

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Denied, Failure, Violation, not_allowed, plain};
use crate::paging::{Count, Page, count_of};
use crate::projects::{WRITE, check_access};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::projects::FAVORITES;
use crate::store::webhooks::{self as store, Owner, Webhook};

const ALL_FIELDS: &[Field] = &[
    Field::new("target_url", Kind::Text),
    Field::new("events", Kind::Array),
    Field::new("id", Kind::Integer),
    Field::new("project_id", Kind::Integer),
    Field::new("user_id", Kind::Ignored),
    Field::new("secret", Kind::Text),
    Field::new("basic_auth_user", Kind::Text),
    Field::new("basic_auth_password", Kind::Text),
    Field::new("created_by", Kind::Ignored),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
    Field::new("target_url", Kind::Text).required().url(),
    Field::new("events", Kind::Array).required(),
];

/// Of a user's webhook nothing is required before it is looked at.
const USER_FIELDS: &[Field] = ALL_FIELDS.split_at(ALL_FIELDS.len() - 2).0;

const FIELDS: &[Field] = ALL_FIELDS.split_at(2).1;

#[expect(clippy::unnecessary_wraps, reason = "all handlers have one type")]
pub(crate) fn read_events(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(call.ok(None, call.at.release.webhooks.events))
}

#[expect(clippy::unnecessary_wraps, reason = "all handlers have one type")]
pub(crate) fn read_user_events(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(call.ok(None, call.at.release.webhooks.user_events))
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let project = call.id("project")?;
    let page = Page::asked(call)?;
    call.read(|db| {
        if project != FAVORITES {
            check_access(db, call.user()?, project, 0).map_err(|failure| match failure {
                Failure::Forbidden(_) => not_allowed(),
                other => other,
            })?;
        }
        list(call, db, Owner::Project(project), page)
    })
}

pub(crate) fn read_all_of_user(call: &Call<'_>) -> Result<Reply, Failure> {
    let owner = Owner::User(call.user()?.id);
    let page = Page::asked(call)?;
    call.read(|db| list(call, db, owner, page))
}

fn list(call: &Call<'_>, db: &Connection, owner: Owner, page: Page) -> Result<Reply, Failure> {
    // v1 has no pages of a user's webhooks.
    let unpaged = call.at.api == Api::V1 && matches!(owner, Owner::User(_));
    let part = if unpaged {
        (-1, 0)
    } else {
        (page.limit(), page.offset())
    };
    let (found, total) = store::list(db, owner, part)?;
    let shown: Vec<Webhook> = found
        .into_iter()
        .map(|webhook| webhook.shown(call.at.release))
        .collect();
    if unpaged {
        return Ok(call.ok(None, &shown));
    }
    let count = Count {
        total,
        here: count_of(&shown),
        forgotten_beyond_end: false,
    };
    Ok(page.reply(call, "PaginatedWebhook", &shown, count))
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let project = call.id("project")?;
    let wanted: Webhook = call.bind(FIELDS, &[("project_id", project)])?;
    call.write(|db| {
        let owner = Owner::Project(wanted.project_id);
        let rules = &call.at.release.webhooks;
        // An id makes the server look for that webhook, from 2.x on.
        check_may_change(call, db, owner, wanted.id, rules.guarded && wanted.id != 0)?;
        insert(call, db, owner, wanted, rules.events)
    })
}

pub(crate) fn create_of_user(call: &Call<'_>) -> Result<Reply, Failure> {
    let owner = Owner::User(call.user()?.id);
    let wanted: Webhook = call.bind(USER_FIELDS, &[])?;
    let known = call.at.release.webhooks.user_events;
    call.write(|db| insert(call, db, owner, wanted, known))
}

fn insert(
    call: &Call<'_>,
    db: &Connection,
    owner: Owner,
    mut webhook: Webhook,
    known: &[&str],
) -> Result<Reply, Failure> {
    let (user, release) = (call.user()?, call.at.release);
    check_events(call, &webhook, known)?;
    let scheme = webhook
        .target_url
        .split_once("://")
        .map(|(scheme, _)| scheme);
    if !matches!(scheme, Some("http" | "https")) {
        return Err(refused(call, "target_url"));
    }
    let taken = || Ok(store::by_id(db, webhook.id)?.is_some());
    webhook.id = call.sent_id(webhook.id, taken)?.unwrap_or_default();
    if !release.webhooks.newer_keys {
        (webhook.basic_auth_user, webhook.basic_auth_password) = (None, None);
    }
    webhook.created = Stamp::now();
    webhook.updated = Stamp::now();
    webhook.created_by = Some(user.shape());
    store::insert(db, owner, user.id, &mut webhook)?;
    Ok(call.ok(None, &answered(release, webhook)))
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, id) = (call.id("project")?, call.id_at(1, "webhook")?);
    let wanted: Webhook = call.bind(FIELDS, &[("project_id", project), ("id", id)])?;
    call.write(|db| {
        let owner = Owner::Project(wanted.project_id);
        let guarded = call.at.release.webhooks.guarded;
        let owner = check_may_change(call, db, owner, wanted.id, guarded)?;
        replace(call, db, owner, wanted)
    })
}

pub(crate) fn update_of_user(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("webhook")?;
    let wanted: Webhook = call.bind(USER_FIELDS, &[("id", id)])?;
    call.write(|db| {
        let owner = check_own(call, db, wanted.id)?;
        replace(call, db, owner, wanted)
    })
}

/// Stores the events alone, whatever the answer says, of which any are taken, whoever the webhook belongs to.
fn replace(
    call: &Call<'_>,
    db: &Connection,
    owner: Owner,
    mut webhook: Webhook,
) -> Result<Reply, Failure> {
    let release = call.at.release;
    check_events(call, &webhook, release.webhooks.events)?;
    webhook.updated = Stamp::now();
    store::set_events(db, &webhook)?;
    let (project, user) = match owner {
        Owner::Project(project) => (project, 0),
        Owner::User(user) => (0, user),
    };
    webhook.project_id = project;
    webhook.user_id = Some(user);
    Ok(call.ok(None, &answered(release, webhook)))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, id) = (call.id("project")?, call.id_at(1, "webhook")?);
    call.write(|db| {
        let guarded = call.at.release.webhooks.guarded;
        check_may_change(call, db, Owner::Project(project), id, guarded)?;
        store::delete(db, id)?;
        Ok(call.deleted())
    })
}

pub(crate) fn delete_of_user(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("webhook")?;
    call.write(|db| {
        check_own(call, db, id)?;
        store::delete(db, id)?;
        Ok(call.deleted())
    })
}

/// The answer to a write repeats what was sent, secrets too in releases that do not know better.
fn answered(release: &crate::Release, webhook: Webhook) -> Webhook {
    let secret = webhook.secret.clone();
    let shown = webhook.shown(release);
    if release.webhooks.secrets_told {
        Webhook { secret, ..shown }
    } else {
        shown
    }
}

/// Refuses who may not write to the owner: the one that the request names or, if `guarded`, the webhook's own.
fn check_may_change(
    call: &Call<'_>,
    db: &Connection,
    named: Owner,
    id: i64,
    guarded: bool,
) -> Result<Owner, Failure> {
    let user = call.user()?;
    let owner = if guarded {
        let found = store::by_id(db, id)?;
        found.ok_or(Failure::Forbidden(Denied::Act))?.owner()
    } else {
        named
    };
    match owner {
        Owner::Project(project) => check_access(db, user, project, WRITE).map(drop),
        Owner::User(own) if own == user.id => Ok(()),
        Owner::User(_) => Err(Failure::Forbidden(Denied::Act)),
    }?;
    Ok(owner)
}

/// Users have no webhooks but their own.
fn check_own(call: &Call<'_>, db: &Connection, id: i64) -> Result<Owner, Failure> {
    let own = Owner::User(call.user()?.id);
    let found = store::by_id(db, id)?.filter(|webhook| webhook.owner() == own);
    found.map(|_| own).ok_or_else(|| plain(404, "Not Found"))
}

fn check_events(call: &Call<'_>, webhook: &Webhook, known: &[&str]) -> Result<(), Failure> {
    let mut events = webhook.events.iter().flatten();
    if events.all(|event| known.contains(&event.as_str())) {
        Ok(())
    } else {
        Err(refused(call, "events"))
    }
}

fn refused(call: &Call<'_>, field: &str) -> Failure {
    if !call.at.release.webhooks.checked {
        return Failure::Breaks("a webhook with a wrong event or address");
    }
    Failure::Invalid(vec![Violation {
        location: format!("body.{field}"),
        v1: field.to_owned(),
        v2: "Invalid data".to_owned(),
        value: None,
    }])
}
