//! OAuth 2.0 (2.3): codes for programs that a user lets in, and the tokens for which they are exchanged.

use aws_lc_rs::digest;
use axum::extract::Query;
use axum::http::{Uri, header};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::auth::{begin_session, life, rotate, user_gone, user_token};
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::clock;
use crate::failure::{Failure, domain, plain};
use crate::reply::Reply;
use crate::store::oauth_codes::{self, Code};
use crate::store::sessions::Session;
use crate::store::users::{self, User};
use crate::tokens;

/// How long a code can be exchanged, in seconds.
const CODE_LIFE: i64 = 600;

const AUTHORIZE: &[Field] = &[
    Field::new("response_type", Kind::Text),
    Field::new("client_id", Kind::Text),
    Field::new("redirect_uri", Kind::Text),
    Field::new("state", Kind::Text),
    Field::new("code_challenge", Kind::Text),
    Field::new("code_challenge_method", Kind::Text),
];

const TOKEN: &[Field] = &[
    Field::new("grant_type", Kind::Text),
    Field::new("code", Kind::Text),
    Field::new("client_id", Kind::Text),
    Field::new("redirect_uri", Kind::Text),
    Field::new("code_verifier", Kind::Text),
    Field::new("refresh_token", Kind::Text),
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Authorize {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenRequest {
    grant_type: String,
    code: String,
    client_id: String,
    redirect_uri: String,
    code_verifier: String,
    refresh_token: String,
}

#[derive(Serialize)]
struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: String,
}

/// Lets a program in; it has to prove later that it is the same one (PKCE).
pub(crate) fn authorize(call: &Call<'_>) -> Result<Reply, Failure> {
    let (sent, user): (Authorize, _) = (call.bind(AUTHORIZE, &[])?, call.user()?);
    if sent.response_type != "code" {
        return Err(plain(400, "response_type must be 'code'"));
    }
    if !is_allowed(&sent.redirect_uri) {
        return Err(redirect_not_allowed());
    }
    if sent.code_challenge.is_empty() || sent.code_challenge_method != "S256" {
        let text = "PKCE (code_challenge with S256 method) is required.";
        return Err(domain(400, 17003, text));
    }
    let text = tokens::random_text(64);
    let code = Code {
        user: user.id,
        client_id: sent.client_id,
        redirect_uri: sent.redirect_uri,
        challenge: sent.code_challenge,
        expires: clock::now().as_second() + CODE_LIFE,
    };
    call.write(|db| oauth_codes::insert(db, &text, &code))?;
    let answer = json!({"code": text, "redirect_uri": code.redirect_uri, "state": sent.state});
    Ok(call.ok(Some("AuthorizeResponse"), &answer))
}

pub(crate) fn token(call: &Call<'_>) -> Result<Reply, Failure> {
    let sent = token_request(call)?;
    let (session, user, refresh_token) = match sent.grant_type.as_str() {
        "authorization_code" => exchange(call, &sent)?,
        "refresh_token" => call.write(|db| rotate(db, &sent.refresh_token))?,
        _ => {
            let text =
                "The grant_type is not supported. Use 'authorization_code' or 'refresh_token'.";
            return Err(domain(400, 17007, text));
        }
    };
    let now = clock::now().as_second();
    let answer = TokenResponse {
        access_token: user_token(call, &user, &session.id, session.long, false, now)?,
        token_type: "bearer",
        expires_in: life(call, session.long),
        refresh_token,
    };
    Ok(call.ok(Some("TokenResponse"), &answer))
}

/// JSON, or a form on both APIs.
fn token_request(call: &Call<'_>) -> Result<TokenRequest, Failure> {
    let content_type = call.header(&header::CONTENT_TYPE).unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return call.bind(TOKEN, &[]);
    }
    let text = String::from_utf8_lossy(call.body);
    let form = Uri::try_from(format!("/?{text}"))
        .ok()
        .and_then(|uri| Query::try_from_uri(&uri).ok());
    Ok(form.map(|Query(form)| form).unwrap_or_default())
}

/// Begins a session for a code, which is used up even where it is refused.
fn exchange(call: &Call<'_>, sent: &TokenRequest) -> Result<(Session, User, String), Failure> {
    let invalid = || {
        let text = "The authorization code is invalid or has already been used.";
        domain(400, 17004, text)
    };
    let code = call.write(|db| oauth_codes::take(db, &sent.code))?;
    let code = code.ok_or_else(invalid)?;
    if code.client_id != sent.client_id {
        let text = "The OAuth client ID is not recognized.";
        return Err(domain(400, 17001, text));
    }
    if code.redirect_uri != sent.redirect_uri {
        return Err(redirect_not_allowed());
    }
    if code.expires < clock::now().as_second() {
        return Err(domain(400, 17005, "The authorization code has expired."));
    }
    let hash = digest::digest(&digest::SHA256, sent.code_verifier.as_bytes());
    if BASE64_URL_SAFE_NO_PAD.encode(hash) != code.challenge {
        let text = "The code_verifier does not match the code_challenge.";
        return Err(domain(400, 17006, text));
    }
    call.write(|db: &Connection| {
        let user = users::by_id(db, code.user)?.ok_or_else(user_gone)?;
        let (session, refresh_token) = begin_session(call, db, user.id, false)?;
        Ok((session, user, refresh_token))
    })
}

fn redirect_not_allowed() -> Failure {
    let text = "The redirect URI is not allowed for this client.";
    domain(400, 17002, text)
}

/// Programs on the same machine, by HTTP or by a scheme of their own.
fn is_allowed(redirect_uri: &str) -> bool {
    let Some((scheme, rest)) = redirect_uri.split_once(':') else {
        return false;
    };
    if scheme.starts_with("vikunja-") {
        return true;
    }
    let host = rest.strip_prefix("//").and_then(|rest| {
        rest.parse::<axum::http::uri::Authority>().ok().or_else(|| {
            rest.split_once('/')
                .and_then(|(authority, _)| authority.parse().ok())
        })
    });
    scheme == "http"
        && host.is_some_and(|host| matches!(host.host(), "127.0.0.1" | "[::1]" | "localhost"))
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn codes_stay_on_the_machine() {
        for uri in [
            "http://127.0.0.1:9/callback",
            "http://localhost/x",
            "http://[::1]:8/x",
            "http://127.0.0.1",
            "vikunja-app://x",
        ] {
            assert!(is_allowed(uri), "{uri}");
        }
        for uri in [
            "",
            "https://127.0.0.1/x",
            "https://example.com/callback",
            "http://127.0.0.1@example.com/",
            "http://localhost.example.com/",
            "other://x",
        ] {
            assert!(!is_allowed(uri), "{uri}");
        }
    }
}
