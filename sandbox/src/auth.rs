//! Log-in, refresh, renewal, log-out.

use std::time::Duration;

use axum::http::header;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::caller::Credential;
use crate::clock;
use crate::failure::{Failure, domain, plain};
use crate::release::{Api, Release};
use crate::reply::Reply;
use crate::store::link_shares::LinkShare;
use crate::store::sessions::{self, Device, Session};
use crate::store::users::{self, User};
use crate::tokens::{self, TokenOf};
use crate::{link_shares, totp};

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
    totp_passcode: String,
    long_token: bool,
}

pub(crate) fn user_gone() -> Failure {
    domain(404, 1005, "The user does not exist.")
}

pub(crate) fn login(call: &Call<'_>) -> Result<Reply, Failure> {
    let login: Login = call.bind_by_hand(LOGIN, "Please provide a username and password.")?;
    if login.username.is_empty() || login.password.is_empty() {
        return Err(credentials_missing());
    }
    let (user, hash) = call
        .read(|db| users::by_login(db, &login.username))?
        .ok_or_else(|| wrong_password(call.at.release))?;
    if user.bot_owner_id.is_some() {
        let text = "This account is a bot and cannot log in interactively.";
        return Err(domain(412, 1031, text));
    }
    // Outside the lock: this is the expensive part.
    if !bcrypt::verify(&login.password, &hash).unwrap_or(false) {
        return Err(wrong_password(call.at.release));
    }
    if call.world.faults().totp {
        return Err(totp::wrong_passcode());
    }
    call.write(|db| totp::check(call, db, user.id, &login.totp_passcode))?;
    let now = clock::now().as_second();
    if !call.at.release.sessions {
        return token_reply(call, &user, "", login.long_token, false, now);
    }
    let (session, refresh_token) =
        call.write(|db| begin_session(call, db, user.id, login.long_token))?;
    let reply = token_reply(call, &user, &session.id, session.long, false, now)?;
    Ok(reply.with_header(
        "set-cookie",
        &cookie(&refresh_token, session_life(session.long)),
    ))
}

/// Begins a session of a user; with its refresh token.
pub(crate) fn begin_session(
    call: &Call<'_>,
    db: &Connection,
    user: i64,
    long: bool,
) -> Result<(Session, String), Failure> {
    let (now, refresh_token) = (clock::now().as_second(), tokens::random_hex(128));
    let id = tokens::uuid();
    let session = Session { id, user, long };
    let device = Device {
        info: call.header(&header::USER_AGENT).unwrap_or_default().into(),
        address: call
            .address
            .map_or_else(String::new, |address| address.to_string()),
    };
    let expires = now + session_life(long);
    sessions::insert(db, &session, &device, &refresh_token, now, expires)?;
    Ok((session, refresh_token))
}

/// The session of a refresh token, its user, and the token that replaces it.
pub(crate) fn rotate(
    db: &Connection,
    refresh_token: &str,
) -> Result<(Session, User, String), Failure> {
    let (now, next) = (clock::now().as_second(), tokens::random_hex(128));
    let invalid = || plain(401, "Invalid or expired refresh token.");
    let session = sessions::by_refresh_token(db, refresh_token, now)?.ok_or_else(invalid)?;
    let user = users::by_id(db, session.user)?.ok_or_else(invalid)?;
    sessions::rotate(
        db,
        &session.id,
        &next,
        now,
        now + session_life(session.long),
    )?;
    Ok((session, user, next))
}

/// 2.x: a new token for the refresh cookie, which is replaced.
pub(crate) fn refresh(call: &Call<'_>) -> Result<Reply, Failure> {
    let sent = refresh_cookie(call).ok_or_else(|| plain(401, "No refresh token provided."))?;
    let (session, user, refresh_token) = call.write(|db| rotate(db, sent))?;
    let now = clock::now().as_second();
    let reply = token_reply(call, &user, &session.id, session.long, false, now)?;
    Ok(reply.with_header(
        "set-cookie",
        &cookie(&refresh_token, session_life(session.long)),
    ))
}

/// A new token for a valid one. From 2.0 only link shares may.
pub(crate) fn renew(call: &Call<'_>) -> Result<Reply, Failure> {
    let now = clock::now().as_second();
    match call.caller.as_ref().map(|caller| &caller.by) {
        Some(Credential::LinkShare { share, .. }) => {
            let share = link_shares::existing(call, *share)?;
            let body = json!({"token": share_token(call, &share)?});
            Ok(call.ok(Some("RenewTokenBodyBody"), &body))
        }
        _ if call.at.release.sessions => {
            let way = match call.at.api {
                Api::V1 => "POST /user/token/refresh with a refresh token",
                Api::V2 => "the refresh-token flow instead",
            };
            Err(plain(
                400,
                format!("User tokens cannot be renewed via this endpoint. Use {way}."),
            ))
        }
        Some(Credential::User { long, .. }) => {
            token_reply(call, call.user()?, "", *long, true, now)
        }
        _ => Err(Failure::Unauthorized),
    }
}

/// 2.x: ends the session; its token lives until it expires.
pub(crate) fn logout(call: &Call<'_>) -> Result<Reply, Failure> {
    if let Some(Credential::User {
        session: Some(session),
        ..
    }) = call.caller.as_ref().map(|caller| &caller.by)
    {
        call.write(|db| sessions::delete(db, session))?;
    }
    let reply = call.message("LogoutBodyBody", "Successfully logged out.");
    Ok(reply.with_header("set-cookie", &cookie("", 0)))
}

/// A link share's token, which lives as long as a session.
pub(crate) fn share_token(call: &Call<'_>, share: &LinkShare) -> Result<String, Failure> {
    let expires = clock::now().as_second() + session_life(false);
    let signer = &call.world.signer;
    signer
        .share_token(call.at.release, share, expires)
        .ok_or_else(unsigned)
}

/// A user's token.
pub(crate) fn user_token(
    call: &Call<'_>,
    user: &User,
    session: &str,
    long: bool,
    renewed: bool,
    now: i64,
) -> Result<String, Failure> {
    let token = TokenOf {
        session,
        long,
        renewed,
        expires: now + life(call, long),
    };
    let signer = &call.world.signer;
    signer
        .user_token(call.at.release, user, &token)
        .ok_or_else(unsigned)
}

/// How long a user's token lives, in seconds.
pub(crate) fn life(call: &Call<'_>, long: bool) -> i64 {
    call.world
        .faults()
        .token_life
        .map_or_else(|| token_life(call.at.release, long), seconds)
}

fn unsigned() -> Failure {
    Failure::Internal("a token could not be signed".to_owned())
}

fn token_reply(
    call: &Call<'_>,
    user: &User,
    session: &str,
    long: bool,
    renewed: bool,
    now: i64,
) -> Result<Reply, Failure> {
    let token = user_token(call, user, session, long, renewed, now)?;
    let reply = call.ok(Some("AuthTokenBodyBody"), &json!({"token": token}));
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

pub(crate) fn wrong_password(release: &Release) -> Failure {
    domain(
        release.wrong_login_status,
        1011,
        "Wrong username or password.",
    )
}

pub(crate) fn credentials_missing() -> Failure {
    domain(400, 1004, "Please specify a username and a password.")
}
