//! API tokens: the handlers, and the token check.
#![expect(clippy::unnecessary_wraps, reason = "all handlers have one type")]

use crate::auth::user_gone;
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::caller::API_TOKEN;
use crate::failure::{Denied, Domain, Failure, domain};
use crate::paging::{Count, Page, count_of};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::api_tokens::{self as store, ApiToken};
use crate::store::users::{self, User};
use crate::tokens;

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Ignored),
    Field::new("title", Kind::Text).required(),
    Field::new("token", Kind::Ignored),
    Field::new("permissions", Kind::Object).required(),
    Field::new("expires_at", Kind::Time).required(),
    Field::new("created", Kind::Ignored),
    Field::new("owner_id", Kind::Integer),
];

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (page, user) = (Page::asked(call)?, call.user()?);
    let owner = owner(
        call,
        user,
        call.query("owner_id").and_then(|id| id.parse().ok()),
    )?;
    let part = (page.limit(), page.offset());
    let search = call.search().unwrap_or_default();
    let (mut tokens, total) = call.read(|db| store::list(db, owner, search, part))?;
    if !call.at.release.accounts.bots {
        for token in &mut tokens {
            token.owner_id = None;
        }
    }
    let count = Count {
        total,
        here: count_of(&tokens),
        forgotten_beyond_end: false,
    };
    Ok(page.reply(call, "PaginatedAPIToken", &tokens, count))
}

/// A date in the past is taken, too.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (mut token, user): (ApiToken, _) = (call.bind(FIELDS, &[])?, call.user()?);
    call.world
        .scopes
        .check(&token.permissions)
        .map_err(|unknown| {
            Failure::Domain(Domain {
                status: 400,
                code: 14002,
                message: format!(
                    "The permission {} of group {} is invalid.",
                    unknown.name, unknown.group
                ),
                params: vec![("group", unknown.group), ("permission", unknown.name)],
                fields: Vec::new(),
            })
        })?;
    let owner = owner(call, user, token.owner_id)?;
    token.owner_id = call.at.release.accounts.bots.then_some(owner);
    token.token = Some(format!("{API_TOKEN}{}", tokens::random_hex(20)));
    token.created = Stamp::now();
    call.write(|db| store::insert(db, owner, &mut token))?;
    Ok(call.ok(None, &token))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("id")?, call.user()?);
    if call.write(|db| store::delete(db, id, user.id))? {
        Ok(call.deleted())
    } else {
        Err(Failure::Forbidden(Denied::Act))
    }
}

/// Whose tokens are meant: the caller's, or those of one of the caller's bots.
fn owner(call: &Call<'_>, user: &User, named: Option<i64>) -> Result<i64, Failure> {
    let named = named.filter(|_| call.at.release.accounts.bots);
    let Some(named) = named.filter(|named| *named != 0 && *named != user.id) else {
        return Ok(user.id);
    };
    let bot = call.read(|db| users::by_id(db, named))?;
    let bot = bot.ok_or_else(user_gone)?;
    if bot.bot_owner_id != Some(user.id) {
        return Err(domain(403, 1033, "You do not own this bot user."));
    }
    crate::bots::check_active(&bot)?;
    Ok(bot.id)
}

/// The permissions that there are.
pub(crate) fn routes(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(call.ok(None, &call.world.scopes.catalogue()))
}

pub(crate) fn check(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(call.message("TokenTestBodyBody", "ok"))
}

/// v1 answers good news as a teapot.
pub(crate) fn check_teapot(call: &Call<'_>) -> Result<Reply, Failure> {
    Ok(match call.at.api {
        Api::V1 => call.message("TokenTestBodyBody", "🍵"),
        Api::V2 => call.message("TokenTestBodyBody", "ok"),
    })
}
