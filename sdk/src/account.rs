//! The caller's account: password, email address, and its end. What needs no token is for who cannot log in.
//!
//! Registering, logging in and reading the account are in [`users`](crate::users), its settings in
//! [`settings`](crate::settings).
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::account;
//!
//! let change = account::ChangePassword {
//!     old_password: "correct horse".to_owned().into(),
//!     new_password: "battery staple".to_owned().into(),
//! };
//! vikunja.send(&change).await?;
//! // From 2.0 that has ended all sessions.
//! vikunja.log_in("alice", change.new_password).await?;
//! # Ok(()) }
//! ```

use secrecy::SecretString;
use serde::Serialize;

use crate::{
    Api, At, Body, BuildError, Empty, Endpoint, Json, Route,
    model::Message,
    secret::{exposed, exposed_or_null},
};

/// Changes the password. A wrong old one is 403 (up to 0.24: 412), code 1011; an account whose password somebody else
/// checks is 412, code 1021.
///
/// From 2.0 it ends all sessions, the caller's too: the token lives until it expires and is not renewed. Log in again.
#[derive(Clone, Debug, Serialize)]
pub struct ChangePassword {
    /// As it is.
    #[serde(serialize_with = "exposed")]
    pub old_password: SecretString,
    /// As it is to be: 8 to 71 ASCII characters fit every release.
    #[serde(serialize_with = "exposed")]
    pub new_password: SecretString,
}

impl Endpoint for ChangePassword {
    const ROUTE: Route = Route::act("/user/password").user_only();
    type Reply = Json<Message>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Changes the email address. The server does not look whether it is one.
///
/// Where the server sends mail, the address is to be [confirmed](ConfirmEmail): **from 1.0 nobody can log in before that**
/// (412, code 1012), so that a wrong address locks the account.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeEmail {
    /// As it is to be.
    pub new_email: String,
    /// The account's password; a wrong one is 403 (up to 0.24: 412), code 1011.
    #[serde(serialize_with = "exposed")]
    pub password: SecretString,
}

impl Endpoint for ChangeEmail {
    const ROUTE: Route = Route::act("/user/settings/email")
        .verb(Api::V2, "PUT")
        .user_only();
    type Reply = Json<Message>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Confirms an email address. A wrong token, or one that was used, is 412, code 1010.
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmEmail {
    /// From the link in the mail: its parameter `userEmailConfirm`.
    #[serde(serialize_with = "exposed")]
    pub token: SecretString,
}

impl Endpoint for ConfirmEmail {
    const ROUTE: Route = Route::act("/user/confirm").public();
    type Reply = Json<Message>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Asks for a mail with which the password can be [reset](ResetPassword). An unknown address is 404, code 1005.
#[derive(Clone, Debug, Serialize)]
pub struct RequestPasswordReset {
    /// The account's email address.
    pub email: String,
}

impl Endpoint for RequestPasswordReset {
    const ROUTE: Route = Route::act("/user/password/token").public();
    type Reply = Json<Message>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Gives a forgotten password anew. A wrong token is 412, code 1009; up to 1.0 one that was used works again.
///
/// From 2.0 it ends all sessions of the account.
#[derive(Clone, Debug, Serialize)]
pub struct ResetPassword {
    /// From the link in the mail: its parameter `userPasswordReset`.
    #[serde(serialize_with = "exposed")]
    pub token: SecretString,
    /// The password to be: 8 to 71 ASCII characters fit every release.
    #[serde(serialize_with = "exposed")]
    pub new_password: SecretString,
}

impl Endpoint for ResetPassword {
    const ROUTE: Route = Route::act("/user/password/reset").public();
    type Reply = Json<Message>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Asks for a mail with which the account can be [deleted](ConfirmDeletion). Nothing is deleted by this call.
///
/// A server can have deletion switched off (`user_deletion_enabled` of `/info`): then these three routes are 404 on v1.
#[derive(Clone, Debug, Serialize)]
pub struct RequestDeletion {
    /// The account's password; `None` where somebody else checks it (0.20 wants any word then).
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed_or_null"
    )]
    pub password: Option<SecretString>,
}

impl Endpoint for RequestDeletion {
    const ROUTE: Route = Route::act("/user/deletion/request").user_only();
    type Reply = Empty;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Has the account deleted **with all that it owns**, three days later; [`User::deletion_scheduled_at`] says when.
///
/// A wrong token is 400, code 1028; up to 0.24 the server says «success» to it and does nothing.
///
/// [`User::deletion_scheduled_at`]: crate::model::User::deletion_scheduled_at
#[derive(Clone, Debug, Serialize)]
pub struct ConfirmDeletion {
    /// From the link in the mail: its parameter `accountDeletionConfirm`.
    #[serde(serialize_with = "exposed")]
    pub token: SecretString,
}

impl Endpoint for ConfirmDeletion {
    const ROUTE: Route = Route::act("/user/deletion/confirm").user_only();
    type Reply = Empty;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Keeps an account that was to be deleted.
#[derive(Clone, Debug, Serialize)]
pub struct CancelDeletion {
    /// The account's password; `None` where somebody else checks it (0.20 wants any word then).
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed_or_null"
    )]
    pub password: Option<SecretString>,
}

impl Endpoint for CancelDeletion {
    const ROUTE: Route = Route::act("/user/deletion/cancel").user_only();
    type Reply = Empty;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}
