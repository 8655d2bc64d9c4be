//! Tokens for CalDAV: the handlers. Nothing here takes them.

use serde_json::json;

use crate::call::Call;
use crate::failure::Failure;
use crate::paging::{Count, Page, count_of};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::caldav_tokens::{self as store, CaldavToken};
use crate::tokens;

/// Everything on every page, and without v1's headers.
pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let found = call.read(|db| store::list(db, user.id))?;
    if call.at.api == Api::V1 {
        return Ok(call.ok(None, &found));
    }
    let here = count_of(&found);
    let count = Count {
        total: here,
        here,
        forgotten_beyond_end: false,
    };
    Ok(Page::asked(call)?.reply(call, "PaginatedToken", &found, count))
}

/// Wants no body.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (user, created) = (call.user()?, Stamp::now());
    let token = tokens::random_text(64);
    let id = call.write(|db| store::insert(db, user.id, &token, &created))?;
    let made = CaldavToken { id, token, created };
    Ok(call.ok(Some("Token"), &made))
}

/// Says nothing about a token that does not exist.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("id")?, call.user()?);
    call.write(|db| store::delete(db, user.id, id))?;
    Ok(match call.at.api {
        Api::V1 => call.ok(
            None,
            &json!({"message": "The token was deleted successfully."}),
        ),
        Api::V2 => call.deleted(),
    })
}
