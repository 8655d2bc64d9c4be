//! Log-in, refresh, renewal, log-out, and who a token belongs to.

use std::time::Duration;

use axum::http::header;
use serde::Deserialize;
use serde_json::json;

use crate::body::{Field, Kind};
use crate::call::{Call, Caller};
use crate::clock;
use crate::failure::{Failure, domain, plain};
use crate::release::{Api, Release};
use crate::reply::Reply;
use crate::store::sessions::{self, Session};
use crate::store::users::{self, User};
use crate::tokens::{self, TokenOf};
use crate::world::World;

/// `service.jwtttl`: three days.
const LIFE: i64 = 259_200;
/// `service.jwtttllong`: thirty days.
const LONG_LIFE: i64 = 2_592_000;
/// `service.jwtttlshort` (2.x).
const SHORT_LIFE: i64 = 600;

const COOKIE: &str = "vikunja_refresh_token";

const LOGIN: &[Field] = &[
    Field::new("username", Kind::Text),
    Field::new("password", Kind::Text),
    Field::new("totp_passcode", Kind::Text),
    Field::new("long_token", Kind::Boolean),
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Login {
    username: String,
    password: String,
    long_token: bool,
}

/// The caller of a request by its bearer token.
pub(crate) fn caller(world: &World, authorization: Option<&str>) -> Result<Caller, Failure> {
    let (scheme, token) = authorization
        .and_then(|value| value.split_once(' '))
        .ok_or(Failure::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Failure::NoToken);
    }
    let known = world
        .signer
        .check(token.trim())
        .ok_or(Failure::Unauthorized)?;
    let user = world
        .store
        .read(|db| users::by_id(db, known.id))?
        .ok_or_else(user_gone)?;
    Ok(Caller {
        user,
        session: known.sid,
        long: known.long,
    })
}

pub(crate) fn user_gone() -> Failure {
    domain(404, 1005, "The user does not exist.")
}

pub(crate) fn login(call: &Call<'_>) -> Result<Reply, Failure> {
    let login: Login = call.bind(LOGIN, &[]).map_err(|failure| {
        hand_written(call, failure, "Please provide a username and password.")
    })?;
    if login.username.is_empty() || login.password.is_empty() {
        return Err(credentials_missing());
    }
    let release = call.at.release;
    let wrong = || {
        domain(
            release.wrong_login_status,
            1011,
            "Wrong username or password.",
        )
    };
    let (user, hash) = call
        .read(|db| users::by_login(db, &login.username))?
        .ok_or_else(wrong)?;
    // Outside the lock: this is the expensive part.
    if !bcrypt::verify(&login.password, &hash).unwrap_or(false) {
        return Err(wrong());
    }
    if call.world.faults().totp {
        return Err(domain(412, 1017, "Invalid totp passcode."));
    }
    let now = clock::now().as_second();
    if !release.sessions {
        return token_reply(call, &user, "", login.long_token, false, now);
    }
    let session = Session {
        id: tokens::uuid(),
        user: user.id,
        long: login.long_token,
    };
    let refresh_token = tokens::random_hex(64);
    call.write(|db| {
        sessions::insert(
            db,
            &session,
            &refresh_token,
            now + session_life(session.long),
        )
    })?;
    let reply = token_reply(call, &user, &session.id, session.long, false, now)?;
    Ok(reply.with_header(
        "set-cookie",
        &cookie(&refresh_token, session_life(session.long)),
    ))
}

/// 2.x: a new token for the refresh cookie, which is replaced.
pub(crate) fn refresh(call: &Call<'_>) -> Result<Reply, Failure> {
    let sent = refresh_cookie(call).ok_or_else(|| plain(401, "No refresh token provided."))?;
    let now = clock::now().as_second();
    let refresh_token = tokens::random_hex(64);
    let (session, user) = call.write(|db| {
        let invalid = || plain(401, "Invalid or expired refresh token.");
        let session = sessions::by_refresh_token(db, sent, now)?.ok_or_else(invalid)?;
        let user = users::by_id(db, session.user)?.ok_or_else(invalid)?;
        sessions::rotate(
            db,
            &session.id,
            &refresh_token,
            now + session_life(session.long),
        )?;
        Ok((session, user))
    })?;
    let reply = token_reply(call, &user, &session.id, session.long, false, now)?;
    Ok(reply.with_header(
        "set-cookie",
        &cookie(&refresh_token, session_life(session.long)),
    ))
}

/// Up to 1.x: a new token for a valid one. Later only link shares may.
pub(crate) fn renew(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.at.release.sessions {
        let way = match call.at.api {
            Api::V1 => "POST /user/token/refresh with a refresh token",
            Api::V2 => "the refresh-token flow instead",
        };
        return Err(plain(
            400,
            format!("User tokens cannot be renewed via this endpoint. Use {way}."),
        ));
    }
    let long = call.caller.as_ref().is_some_and(|caller| caller.long);
    token_reply(call, call.user()?, "", long, true, clock::now().as_second())
}

/// 2.x: ends the session; its token lives until it expires.
pub(crate) fn logout(call: &Call<'_>) -> Result<Reply, Failure> {
    if let Some(session) = call
        .caller
        .as_ref()
        .and_then(|caller| caller.session.as_deref())
    {
        call.write(|db| sessions::delete(db, session))?;
    }
    let reply = call.ok(
        Some("LogoutBodyBody"),
        &json!({"message": "Successfully logged out."}),
    );
    Ok(reply.with_header("set-cookie", &cookie("", 0)))
}

fn token_reply(
    call: &Call<'_>,
    user: &User,
    session: &str,
    long: bool,
    renewed: bool,
    now: i64,
) -> Result<Reply, Failure> {
    let life = call
        .world
        .faults()
        .token_life
        .map_or_else(|| token_life(call.at.release, long), seconds);
    let token = TokenOf {
        session,
        long,
        renewed,
        expires: now + life,
    };
    let signed = call.world.signer.user_token(call.at.release, user, &token);
    let signed =
        signed.ok_or_else(|| Failure::Internal("a token could not be signed".to_owned()))?;
    let reply = call.ok(Some("AuthTokenBodyBody"), &json!({"token": signed}));
    Ok(reply.with_header("cache-control", "no-store"))
}

fn token_life(release: &Release, long: bool) -> i64 {
    if release.sessions {
        SHORT_LIFE
    } else {
        session_life(long)
    }
}

fn session_life(long: bool) -> i64 {
    if long { LONG_LIFE } else { LIFE }
}

fn seconds(life: Duration) -> i64 {
    i64::try_from(life.as_secs()).unwrap_or(i64::MAX)
}

/// The cookie's path is v1's route, whichever API was asked.
fn cookie(refresh_token: &str, life: i64) -> String {
    format!(
        "{COOKIE}={refresh_token}; Path=/api/v1/user/token/refresh; Max-Age={life}; HttpOnly; SameSite=Lax"
    )
}

fn refresh_cookie<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    let cookies = call.header(&header::COOKIE)?.split(';');
    cookies
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

pub(crate) fn credentials_missing() -> Failure {
    domain(400, 1004, "Please specify a username and a password.")
}

/// v1's log-in and registration do not say what was wrong with an unreadable body.
pub(crate) fn hand_written(call: &Call<'_>, failure: Failure, message: &str) -> Failure {
    match (failure, call.at.api) {
        (Failure::Unreadable(_), Api::V1) => plain(400, message),
        (failure, _) => failure,
    }
}
