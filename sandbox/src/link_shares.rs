//! Projects shared by a link: the shares, and what one may do with them.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::auth::share_token;
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Denied, Failure, domain, not_allowed, plain};
use crate::paging::{Count, Page, count_of};
use crate::projects::{ADMIN, WRITE, check_access, not_found};
use crate::release::{Api, At, Binding};
use crate::reply::Reply;
use crate::shares::wanted_access;
use crate::stamp::Stamp;
use crate::store::link_shares::{self as store, LinkShare};
use crate::store::namespaces;
use crate::store::projects::{self, Project};
use crate::store::users::{User, UserShape};
use crate::tokens;

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Ignored),
    Field::new("hash", Kind::Ignored),
    Field::new("name", Kind::Text),
    Field::new("right", Kind::Integer),
    Field::new("permission", Kind::Integer),
    Field::new("sharing_type", Kind::Ignored),
    Field::new("password", Kind::Text),
    Field::new("shared_by", Kind::Ignored),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
];

const LOGIN: &[Field] = &[Field::new("password", Kind::Text)];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Login {
    password: String,
}

/// A share as the API shows it, but for the permission, whose key differs.
#[derive(Serialize)]
struct Shape<'a> {
    id: i64,
    hash: &'a str,
    name: &'a str,
    /// 1 = open, 2 = with a password.
    sharing_type: i64,
    /// Never told.
    password: &'static str,
    shared_by: Option<UserShape>,
    created: &'a Stamp,
    updated: &'a Stamp,
}

/// What a link share is told about things that are not for it. Everything else depends on its access to the project.
pub(crate) fn check(at: At, operation: &str) -> Result<(), Failure> {
    let rules = &at.release.accounts.shares;
    let (resource, action) = operation.split_once('.').unwrap_or((operation, ""));
    Err(match (resource, action) {
        ("filters", "read_one") => {
            let text = "Saved filters are not available for link shares.";
            domain(412, 11002, text)
        }
        ("teams" | "notifications" | "sessions" | "bots", "read_all") | ("subscriptions", _) => {
            not_allowed()
        }
        ("labels", "read_all") if !rules.see_labels => not_allowed(),
        ("link_shares", "read_all") if rules.for_admins => not_allowed(),
        ("webhooks", "read_all") if at.release.webhooks.closed_to_links => not_allowed(),
        ("teams" | "link_shares", "read_one") => Failure::Forbidden(Denied::Sight),
        (
            "link_shares" | "project_users" | "project_teams" | "filters" | "teams" | "bots"
            | "webhooks",
            "create" | "update" | "delete",
        )
        | ("labels" | "projects" | "namespaces", "create") => Failure::Forbidden(Denied::Act),
        ("projects", "duplicate") if rules.no_account.is_some() => no_user(),
        ("api_tokens", "read_all" | "create" | "delete") if rules.refused_api_tokens => no_user(),
        ("users", "search") | ("projects", "search_users")
            if at.api == Api::V1 && rules.no_account.is_some() =>
        {
            no_account(at, resource, action)
        }
        ("user", "read_one" | "timezones") | ("user_webhooks", "read_events") => return Ok(()),
        (
            "user" | "avatar_provider" | "totp" | "caldav_tokens" | "exports" | "account_deletion"
            | "user_webhooks",
            _,
        )
        | ("auth", "oauth_authorize") => no_account(at, resource, action),
        _ => return Ok(()),
    })
}

fn no_user() -> Failure {
    domain(403, 1023, "You can't do that as a link share.")
}

/// What a link share is told that asks for something only accounts have.
fn no_account(at: At, resource: &str, action: &str) -> Failure {
    match (at.api, resource, at.release.accounts.shares.no_account) {
        (Api::V2, "totp", _) => {
            let text = "This account is managed by a third-party authentication provider.";
            domain(412, 1021, text)
        }
        (Api::V2, "exports" | "account_deletion", _) => {
            plain(403, "only users can manage account deletion")
        }
        (Api::V2, _, _) => no_user(),
        (Api::V1, "user", Some(_)) if action == "change_password" => {
            plain(500, "Error getting current user.")
        }
        (Api::V1, _, Some((status, code, text))) => domain(status, code, text),
        (Api::V1, _, None) => Failure::Breaks("a link share has no account"),
    }
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, page, user) = (call.id("project")?, Page::asked(call)?, call.user()?);
    let wanted = if call.at.release.accounts.shares.for_admins {
        ADMIN
    } else {
        0
    };
    call.read(|db| {
        check_access(db, user, project, wanted).map_err(|failure| match failure {
            Failure::Forbidden(_) => not_allowed(),
            other => other,
        })?;
        let part = (page.limit(), page.offset());
        let (shares, total) = store::list(db, project, call.search(), part)?;
        let shown = |(share, by): (LinkShare, UserShape)| shape(call, &share, Some(by));
        let items: Vec<Value> = shares.into_iter().map(shown).collect();
        let count = Count {
            total,
            here: count_of(&items),
            forgotten_beyond_end: true,
        };
        Ok(page.reply(call, "PaginatedLinkSharing", &items, count))
    })
}

/// Writers share with others what they may do themselves, admins everything.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, user, release) = (call.id("project")?, call.user()?, call.at.release);
    let body: serde_json::Map<String, Value> = call.bind(FIELDS, &[])?;
    // What cannot be read is told at once, what is not allowed only to those who may share.
    let permission = match wanted_access(call, &body) {
        Err(failure @ Failure::Unreadable(_)) => return Err(failure),
        permission => permission,
    };
    let text = |key: &str| body.get(key).and_then(Value::as_str).unwrap_or_default();
    // Outside the lock: this is the expensive part.
    let password = match text("password") {
        "" => String::new(),
        password => crate::accounts::hash(call, password)?,
    };
    let needed = if matches!(permission, Ok(ADMIN)) {
        ADMIN
    } else {
        WRITE
    };
    call.write(|db| {
        check_access(db, user, project, needed)?;
        let permission = permission?;
        let now = Stamp::now();
        let mut share = LinkShare {
            id: 0,
            project,
            hash: tokens::random_text(40),
            name: text("name").to_owned(),
            permission,
            password,
            shared_by: user.id,
            created: now.clone(),
            updated: now,
        };
        store::insert(db, &mut share, release.accounts.shares.users_named_alike)?;
        Ok(call.ok(None, &shape(call, &share, Some(user.stub()))))
    })
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, id, user) = (call.id("project")?, share_id(call)?, call.user()?);
    if !call.at.release.accounts.shares.readable {
        return Err(missing());
    }
    let (share, access) = call.read(|db| {
        if !projects::exists(db, project)? {
            return Err(not_found());
        }
        let share = store::by_id(db, id)?.filter(|share| share.project == project);
        let share = share.ok_or_else(missing)?;
        let access = projects::access(db, user.id, project)?;
        Ok((share, access.ok_or(Failure::Forbidden(Denied::Sight))?))
    })?;
    let mut shown = shape(call, &share, None);
    if call.at.api == Api::V2 {
        shown["max_permission"] = access.into();
    }
    Ok(call.version("LinkShareReadBody", &shown, &share.updated, access))
}

/// Says nothing about a share that does not exist.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, id, user) = (call.id("project")?, share_id(call)?, call.user()?);
    call.write(|db| {
        check_access(db, user, project, WRITE)?;
        let outlived = call.at.release.accounts.shares.outlived_by_tokens;
        store::delete(db, project, id, outlived)?;
        Ok(call.deleted())
    })
}

/// A token for whoever has the link, and the password if there is one.
pub(crate) fn login(call: &Call<'_>) -> Result<Reply, Failure> {
    let login: Login = call.bind(LOGIN, &[]).map_err(|failure| match failure {
        Failure::Unreadable(_) if call.at.api == Api::V1 => {
            match call.at.release.refusals.binding {
                Binding::Text => Failure::Breaks("the body cannot be read"),
                Binding::Coded => plain(400, "Bad Request"),
            }
        }
        other => other,
    })?;
    let hash = call.params.first().map_or("", String::as_str);
    let share = call.read(|db| store::by_hash(db, hash))?;
    let share = share.ok_or_else(missing)?;
    if !share.password.is_empty() {
        if login.password.is_empty() {
            let text =
                "This link share requires a password for authentication, but none was provided.";
            return Err(domain(412, 13001, text));
        }
        if !bcrypt::verify(&login.password, &share.password).unwrap_or(false) {
            let text = "The provided link share password is invalid.";
            return Err(domain(403, 13002, text));
        }
    }
    let mut shown = shape(call, &share, None);
    shown["token"] = share_token(call, &share)?.into();
    shown["project_id"] = share.project.into();
    Ok(call.ok(Some("LinkShareToken"), &shown))
}

/// The one project that a link share sees, in a list that counts nothing.
pub(crate) fn only_project(
    call: &Call<'_>,
    db: &Connection,
    user: &User,
    project: i64,
) -> Result<Vec<Project>, Failure> {
    let release = call.at.release;
    let mut found: Vec<Project> = projects::by_id(db, user.id, project)?.into_iter().collect();
    if release.lists {
        namespaces::add_emails(db, &mut found)?;
    }
    projects::add_views(db, release, &mut found)?;
    for project in &mut found {
        project.max_permission = release.permissions.then(|| json!(0));
    }
    Ok(found)
}

/// The share of a token; its user may outlive it.
pub(crate) fn existing(call: &Call<'_>, share: i64) -> Result<LinkShare, Failure> {
    let share = call.read(|db| store::by_id(db, share))?;
    share.ok_or_else(missing)
}

pub(crate) fn missing() -> Failure {
    domain(404, 3006, "The {project} share does not exist.")
}

fn share_id(call: &Call<'_>) -> Result<i64, Failure> {
    call.id_at(1, "share")
}

fn shape(call: &Call<'_>, share: &LinkShare, shared_by: Option<UserShape>) -> Value {
    let mut shown = json!(Shape {
        id: share.id,
        hash: &share.hash,
        name: &share.name,
        sharing_type: if share.password.is_empty() { 1 } else { 2 },
        password: "",
        shared_by,
        created: &share.created,
        updated: &share.updated,
    });
    shown[call.at.release.access_word] = share.permission.into();
    shown
}
