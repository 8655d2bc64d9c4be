//! The second factor: passcodes by time. A server can have it switched off (`totp_enabled` of `/info`): then these routes
//! are 404 without a code.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{totp, users};
//!
//! let enrolled = vikunja.send(&totp::Enroll).await?;
//! // Show it, or give `enrolled.url` to an authenticator app; then ask for what the app says.
//! let picture = vikunja.send(&totp::QrCode).await?;
//! let passcode = "123456".to_owned().into();
//! vikunja.send(&totp::Enable { passcode }).await?;
//!
//! // From now on, and from 2.0 at once:
//! let log_in = users::LogIn {
//!     totp_passcode: Some("654321".to_owned().into()),
//!     ..users::LogIn::new("alice", "correct horse".to_owned().into())
//! };
//! vikunja.log_in_with(&log_in).await?;
//! # Ok(()) }
//! ```

use secrecy::SecretString;
use serde::Serialize;

use crate::{
    At, Body, BuildError, Content, Endpoint, Json, Route,
    model::{Message, Totp},
    secret::exposed,
};

/// Reads the second factor, with its secret. Where none is enrolled that is 412, code 1016.
#[derive(Clone, Copy, Debug, Default)]
pub struct Get;

impl Endpoint for Get {
    const ROUTE: Route = Route::read("/user/settings/totp").user_only();
    type Reply = Json<Totp>;
}

/// Makes a secret for the second factor. Logging in needs no passcode before it is [enabled](Enable). Where one is
/// enrolled already, enabled or not, that is 412, code 1015: [disable](Disable) it first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Enroll;

impl Endpoint for Enroll {
    const ROUTE: Route = Route::act("/user/settings/totp/enroll").user_only();
    type Reply = Json<Totp>;
}

/// Has logging in need a passcode. A wrong one is 412, code 1017.
///
/// From 2.0 it ends all sessions, the caller's too: the token lives until it expires and is not renewed. Log in again.
#[derive(Clone, Debug, Serialize)]
pub struct Enable {
    /// What the authenticator app says now.
    #[serde(serialize_with = "exposed")]
    pub passcode: SecretString,
}

impl Endpoint for Enable {
    const ROUTE: Route = Route::act("/user/settings/totp/enable").user_only();
    type Reply = Json<Message>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Forgets the second factor; also one that is enrolled only. Where there is none, that is a success, too.
#[derive(Clone, Debug, Serialize)]
pub struct Disable {
    /// The account's password; a wrong one is 403 (up to 0.24: 412), code 1011.
    #[serde(serialize_with = "exposed")]
    pub password: SecretString,
}

impl Endpoint for Disable {
    const ROUTE: Route = Route::act("/user/settings/totp/disable").user_only();
    /// Up to 0.24 the message says «enabled».
    type Reply = Json<Message>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Reads a picture (JPEG) of what authenticator apps read: it holds the secret. Where none is enrolled that is 412, code
/// 1016.
#[derive(Clone, Copy, Debug, Default)]
pub struct QrCode;

impl Endpoint for QrCode {
    const ROUTE: Route = Route::read("/user/settings/totp/qrcode").user_only();
    type Reply = Content;
}
