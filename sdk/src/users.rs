//! Accounts and log-in.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::users;
//!
//! let log_in = users::LogIn {
//!     totp_passcode: Some("123456".to_owned().into()),
//!     long_token: true,
//!     ..users::LogIn::new("alice", "correct horse".to_owned().into())
//! };
//! vikunja.log_in_with(&log_in).await?;
//! println!("{}", vikunja.send(&users::Current).await?.username);
//! # Ok(()) }
//! ```

use http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Answer, Api, At, Body, BuildError, Endpoint, Json, Paged, Query, Release, Reply, ReplyError,
    Route,
    auth::{Credentials, Token},
    model::{Message, User},
    projects::search_name,
    retry::Repeat,
};

/// Registers an account. The answer is the user, not a token: log in next.
///
/// Portable on every release: a name of `[a-z0-9]`, 3 characters or more, and a password of 8 to 71 ASCII characters.
/// A server whose registration is closed answers 404.
#[derive(Clone, Debug)]
pub struct Register {
    /// User name.
    pub username: String,
    /// Email address.
    pub email: String,
    /// Password.
    pub password: SecretString,
}

impl Endpoint for Register {
    const ROUTE: Route = Route::act("/register").public();
    type Reply = Json<User>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({
            "username": self.username,
            "email": self.email,
            "password": self.password.expose_secret(),
        }))
    }
    fn repeat(&self) -> Repeat {
        Repeat::Never
    }
}

/// Logs in. Never sent twice by itself: log-ins are limited to ten a minute and address, and cost the server a hash.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// User name or email address.
    pub username: String,
    /// Password.
    pub password: SecretString,
    /// Code of the second factor, for accounts that have one.
    pub totp_passcode: Option<SecretString>,
    /// Ask for a long session (30 days instead of three).
    pub long_token: bool,
}

impl LogIn {
    /// With name and password.
    pub fn new(username: impl Into<String>, password: SecretString) -> Self {
        Self {
            username: username.into(),
            password,
            totp_passcode: None,
            long_token: false,
        }
    }
}

impl Endpoint for LogIn {
    const ROUTE: Route = Route::act("/login").public();
    type Reply = Tokens;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        let mut body = json!({
            "username": self.username,
            "password": self.password.expose_secret(),
        });
        if let Some(passcode) = &self.totp_passcode {
            body["totp_passcode"] = passcode.expose_secret().into();
        }
        if self.long_token {
            body["long_token"] = true.into();
        }
        Body::json(&body)
    }
    fn repeat(&self) -> Repeat {
        Repeat::Never
    }
}

/// Name of the cookie that carries the refresh token.
const REFRESH_COOKIE: &str = "vikunja_refresh_token";

/// Gets a new token for the refresh cookie (2.0+, where tokens live ten minutes). Every use replaces the cookie, and the
/// old one is refused from then on: one refresh at a time for each session.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The cookie's value, from [`Credentials::refresh`].
    pub refresh: SecretString,
}

impl Endpoint for Refresh {
    const ROUTE: Route = Route::act("/user/token/refresh")
        .cookie()
        .since(Release(2, 0, 0));
    type Reply = Tokens;
    fn headers(&self, headers: &mut HeaderMap) -> Result<(), BuildError> {
        let cookie = format!("{REFRESH_COOKIE}={}", self.refresh.expose_secret());
        let mut cookie = HeaderValue::try_from(cookie).map_err(|_| {
            BuildError::Token("the refresh token has characters that no header can carry")
        })?;
        cookie.set_sensitive(true);
        headers.insert(header::COOKIE, cookie);
        Ok(())
    }
}

/// Exchanges a valid JWT for a new one: users up to 1.1, link shares on every release.
#[derive(Clone, Copy, Debug, Default)]
pub struct Renew;

impl Endpoint for Renew {
    const ROUTE: Route = Route::act("/user/token").user_only();
    type Reply = Tokens;
}

/// Ends the session (2.0+): the refresh cookie is void. The JWT goes on working until it expires.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogOut;

impl Endpoint for LogOut {
    const ROUTE: Route = Route::act("/user/logout")
        .on(Api::V2, "/logout")
        .user_only_on(Api::V1)
        .since(Release(2, 0, 0));
    type Reply = Json<Message>;
}

/// Reads the account that the token belongs to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Current;

impl Endpoint for Current {
    const ROUTE: Route = Route::read("/user").api_tokens_since(Release(1, 0, 0));
    type Reply = Json<User>;
}

/// Looks for users: by exact name in any case, or by parts of the name or the exact email address where they have
/// allowed it. All come at once.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// What is looked for; without it nobody is found.
    pub search: Option<String>,
}

impl Endpoint for Search {
    const ROUTE: Route = Route::read("/users").api_tokens_since(Release(1, 0, 0));
    type Reply = Paged<User>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

/// Reads a token and the refresh cookie.
#[derive(Debug)]
pub struct Tokens;

impl Reply for Tokens {
    type Output = Credentials;

    fn read(answer: &Answer<'_>) -> Result<Credentials, ReplyError> {
        #[derive(Deserialize)]
        struct Body {
            token: String,
        }
        let body: Body = answer.json()?;
        let refresh = answer
            .headers
            .get_all(header::SET_COOKIE)
            .iter()
            .filter_map(|cookie| cookie.to_str().ok())
            .filter_map(|cookie| cookie.strip_prefix(REFRESH_COOKIE)?.strip_prefix('='))
            .map(|value| value.split(';').next().unwrap_or(value))
            .find(|value| !value.is_empty())
            .map(SecretString::from);
        let token = Token::new(SecretString::from(body.token))
            .map_err(|error| answer.unreadable("token", error.to_string()))?;
        Ok(Credentials { token, refresh })
    }
}
