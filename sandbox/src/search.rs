//! Finding users: the handlers.

use serde_json::{Value, json};

use crate::call::Call;
use crate::failure::{Failure, plain};
use crate::projects::check_access;
use crate::release::Api;
use crate::reply::Reply;
use crate::store::users::{self as store, UserShape};

pub(crate) fn users(call: &Call<'_>) -> Result<Reply, Failure> {
    let found = match call.search() {
        Some(text) => call.read(|db| store::search(db, text))?,
        None => Vec::new(),
    };
    Ok(reply(call, &found))
}

/// Those who can be assigned to tasks of a project.
pub(crate) fn users_of_project(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, user) = (call.id("project")?, call.user()?);
    call.read(|db| {
        check_access(db, user, project, 0).map_err(|failure| match (failure, call.at.api) {
            // A hand-written handler, with its own words on each API.
            (Failure::Forbidden(_), Api::V1) => plain(403, "Forbidden"),
            (Failure::Forbidden(_), Api::V2) => plain(403, "forbidden"),
            (other, _) => other,
        })?;
        let parts = call.at.release.people.members_found_by_parts;
        let found = store::with_access(db, project, call.search(), parts)?;
        Ok(reply(call, &found))
    })
}

/// Everything at once, whatever page is asked for.
fn reply(call: &Call<'_>, found: &[UserShape]) -> Reply {
    match call.at.api {
        Api::V1 if found.is_empty() => call.ok(None, &Value::Null),
        Api::V1 => call.ok(None, found),
        Api::V2 => {
            let envelope = json!({
                "items": found,
                "total": found.len(),
                "page": 1,
                "per_page": found.len(),
                "total_pages": usize::from(!found.is_empty()),
            });
            call.ok(Some("PaginatedUser"), &envelope)
        }
    }
}
