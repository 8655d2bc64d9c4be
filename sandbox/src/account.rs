//! Accounts without a client: a test that is not about logging in starts with one.

use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use serde_json::{Value, json};

use crate::answer::{Incoming, answer};
use crate::server::{Error, Sandbox};

/// An account of a sandbox, logged in.
#[derive(Clone)]
#[non_exhaustive]
pub struct Account {
    /// Its name. The email address is `<name>@example.com`.
    pub username: String,
    /// Its password.
    pub password: String,
    /// A JSON web token: `Authorization: Bearer <token>`.
    pub token: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Registers a user and logs in, past faults, limits and the request log. Fails for a name that is taken, or that
    /// the release refuses.
    pub fn sign_up(&self, username: &str) -> Result<Account, Error> {
        let password = "correct-horse-9".to_owned();
        let account = json!({
            "username": username,
            "email": format!("{username}@example.com"),
            "password": password,
        });
        self.call("/api/v1/register", &account)?;
        let token = self.call("/api/v1/login", &account)?["token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        Ok(Account {
            username: username.to_owned(),
            password,
            token,
        })
    }

    fn call(&self, path: &'static str, body: &Value) -> Result<Value, Error> {
        let json = HeaderValue::from_static("application/json");
        let request = Incoming {
            method: Method::POST,
            uri: Uri::from_static(path),
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, json)]),
            body: body.to_string().into(),
            address: None,
        };
        let world = self.world();
        let reply = world.clock.within(|| answer(world, &request));
        if reply.status.is_success() {
            return Ok(serde_json::from_slice(&reply.body).unwrap_or_default());
        }
        Err(Error::Refused {
            path,
            status: reply.status.as_u16(),
            body: String::from_utf8_lossy(&reply.body).trim().to_owned(),
        })
    }
}
