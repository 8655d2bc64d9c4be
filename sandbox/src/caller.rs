//! Who calls: a user, an API token, or a link share.

use crate::auth::user_gone;
use crate::catalogue::{Credentials, Route};
use crate::clock;
use crate::failure::{Failure, plain};
use crate::release::{Api, At};
use crate::store::users::{self, User};
use crate::store::{api_tokens, link_shares};
use crate::tokens::{Known, LINK_SHARE};
use crate::world::World;

/// Whoever sent a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Whose rights count: the user, an API token's owner, or the user that a link share acts as.
    pub(crate) user: User,
    pub(crate) by: Credential,
}

/// What a caller showed.
#[derive(Debug, Clone)]
pub(crate) enum Credential {
    /// A user's own token, with its session (2.x) and life.
    User { session: Option<String>, long: bool },
    /// An API token that may do this.
    ApiToken,
    /// The token of a link share, and the project that it shares.
    LinkShare { share: i64, project: i64 },
}

/// What every API token begins with.
pub(crate) const API_TOKEN: &str = "tk_";

impl Caller {
    pub(crate) fn is_link_share(&self) -> bool {
        matches!(self.by, Credential::LinkShare { .. })
    }
}

/// The caller of a route, or of no route, by the bearer token. None where the token is let through unseen.
pub(crate) fn identify(
    world: &World,
    at: At,
    route: Option<&Route>,
    authorization: Option<&str>,
) -> Result<Option<Caller>, Failure> {
    let (scheme, token) = authorization
        .and_then(|value| value.split_once(' '))
        .ok_or(Failure::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Failure::NoToken);
    }
    let token = token.trim();
    if token.starts_with(API_TOKEN) {
        return by_api_token(world, at, route, token);
    }
    let known = world.signer.check(token).ok_or(Failure::Unauthorized)?;
    let caller = if known.kind == LINK_SHARE {
        by_link_share(world, at, &known)
    } else {
        by_user_token(world, known)
    };
    caller.map(Some)
}

fn by_user_token(world: &World, known: Known) -> Result<Caller, Failure> {
    let user = world.store.read(|db| users::by_id(db, known.id))?;
    Ok(Caller {
        user: user.ok_or_else(user_gone)?,
        by: Credential::User {
            session: known.sid,
            long: known.long,
        },
    })
}

fn by_link_share(world: &World, at: At, known: &Known) -> Result<Caller, Failure> {
    let outlives = at.release.accounts.shares.outlived_by_tokens;
    let user = world.store.read(|db| {
        let is_there = link_shares::by_id(db, known.id)?.is_some();
        users::by_id(db, link_shares::user_id(known.id))
            .map(|user| user.filter(|_| is_there || outlives))
    })?;
    let gone = || match at.api {
        Api::V1 => plain(500, "Could not determine the current user."),
        Api::V2 => plain(401, "invalid or missing authentication"),
    };
    Ok(Caller {
        user: user.ok_or_else(gone)?,
        by: Credential::LinkShare {
            share: known.id,
            project: known.project_id,
        },
    })
}

/// An API token may call what one of its permissions opens, and the token check.
fn by_api_token(
    world: &World,
    at: At,
    route: Option<&Route>,
    token: &str,
) -> Result<Option<Caller>, Failure> {
    let route = route.ok_or(Failure::Unauthorized)?;
    let is_check = matches!(route.operation, "token.check" | "token.check_teapot");
    if is_check && at.release.accounts.token_check_unguarded {
        return match route.operation {
            "token.check" => Ok(None),
            _ => Err(Failure::Breaks("an API token brings no user to be checked")),
        };
    }
    if route.credentials != Credentials::ApiToken {
        return Err(Failure::Unauthorized);
    }
    let found = world
        .store
        .read(|db| api_tokens::living(db, token, clock::now().as_second()))?;
    let (user, permissions) = found.ok_or(Failure::Unauthorized)?;
    if !is_check && !world.scopes.open(&permissions, at.api, route.operation) {
        return Err(Failure::Unauthorized);
    }
    Ok(Some(Caller {
        user: User {
            is_whole: true,
            ..user
        },
        by: Credential::ApiToken,
    }))
}
