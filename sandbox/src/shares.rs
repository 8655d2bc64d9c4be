//! Projects shared with users: the handlers.

use rusqlite::Connection;
use serde_json::{Map, Value};

use crate::auth::user_gone;
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Failure, Unreadable, domain};
use crate::paging::{Count, Page, count_of};
use crate::projects::{ADMIN, check_access};
use crate::release::Binding;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::shares as store;
use crate::store::users::{self, User, UserShape};

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Ignored),
    Field::new("user_id", Kind::Text),
    Field::new("username", Kind::Text),
    Field::new("right", Kind::Integer),
    Field::new("permission", Kind::Integer),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
];

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, page, user) = (call.id("project")?, Page::asked(call)?, call.user()?);
    call.read(|db| {
        check_access(db, user, project, 0)?;
        let total = store::count(db, project)?;
        let shares = store::list(db, project, page.limit(), page.offset())?;
        let with_access = |(user, access): (UserShape, i64)| {
            let mut shape = serde_json::to_value(user).unwrap_or_default();
            shape[call.at.release.access_word] = access.into();
            shape
        };
        let items: Vec<Value> = shares.into_iter().map(with_access).collect();
        let count = Count {
            total,
            here: count_of(&items),
            forgotten_beyond_end: false,
        };
        Ok(page.reply(call, "PaginatedUserWithPermission", &items, count))
    })
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, caller) = (call.id("project")?, call.user()?);
    let (name, access) = wanted(call)?;
    call.write(|db| {
        check_access(db, caller, project, ADMIN)?;
        let user = named(db, &name)?;
        let owner = crate::store::projects::by_id(db, caller.id, project)?
            .and_then(|project| project.owner);
        if store::exists(db, project, user.id)? || owner.is_some_and(|owner| owner.id == user.id) {
            return Err(domain(
                409,
                7002,
                "This user already has access to this project.",
            ));
        }
        let id = store::insert(db, project, user.id, access)?;
        Ok(reply(call, id, &name, access, &Stamp::now()))
    })
}

/// Says nothing about a share that does not exist, and answers no id.
pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, caller) = (call.id("project")?, call.user()?);
    let (_, access) = wanted(call)?;
    let name = call.params.get(1).map_or("", String::as_str);
    call.write(|db| {
        check_access(db, caller, project, ADMIN)?;
        store::update(db, project, named(db, name)?.id, access)?;
        Ok(reply(call, 0, name, access, &Stamp::default()))
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, caller) = (call.id("project")?, call.user()?);
    let name = call.params.get(1).map_or("", String::as_str);
    call.write(|db| {
        check_access(db, caller, project, ADMIN)?;
        if !store::delete(db, project, named(db, name)?.id)? {
            return Err(domain(
                403,
                7003,
                "This user does not have access to the project.",
            ));
        }
        Ok(call.deleted())
    })
}

/// Up to 0.24 the username is called `user_id`.
fn name_key(call: &Call<'_>) -> &'static str {
    if call.at.release.permissions {
        "username"
    } else {
        "user_id"
    }
}

/// Username and access that a body names.
fn wanted(call: &Call<'_>) -> Result<(String, i64), Failure> {
    let mut body: Map<String, Value> = call.bind(FIELDS, &[])?;
    let name = body
        .remove(name_key(call))
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default();
    let access = body
        .get(call.at.release.access_word)
        .and_then(Value::as_i64)
        .unwrap_or_default();
    if access < 0 || (access > ADMIN && call.at.release.binding == Binding::Text) {
        return Err(domain(
            400,
            9001,
            format!("The {} is invalid.", call.at.release.access_word),
        ));
    }
    if access > ADMIN {
        return Err(Failure::Unreadable(Unreadable {
            v2_status: 422,
            go: String::new(),
            v2: "expected number <= 2".to_owned(),
            location: "body.permission".to_owned(),
            value: Some(access.into()),
            bad_request: true,
        }));
    }
    Ok((name, access))
}

fn named(db: &Connection, name: &str) -> Result<User, Failure> {
    users::by_name(db, name)?.ok_or_else(user_gone)
}

fn reply(call: &Call<'_>, id: i64, name: &str, access: i64, created: &Stamp) -> Reply {
    let stamp = |stamp: &Stamp| serde_json::to_value(stamp).unwrap_or_default();
    let share = Map::from_iter([
        ("id".to_owned(), id.into()),
        (name_key(call).to_owned(), name.into()),
        (call.at.release.access_word.to_owned(), access.into()),
        ("created".to_owned(), stamp(created)),
        ("updated".to_owned(), stamp(&Stamp::now())),
    ]);
    call.ok(None, &share)
}
