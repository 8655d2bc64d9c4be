//! Logging in with an OpenID provider. [`OpenIdAuth`](crate::model::OpenIdAuth) in `/info` says which ones a server knows.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::openid;
//!
//! // What the provider gave to the address that it was told to come back to:
//! let log_in = openid::LogIn::new("keycloak", "code".to_owned().into(), "https://example.com/auth/openid/keycloak");
//! vikunja.log_in_with(&log_in).await?;
//! # Ok(()) }
//! ```

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::{At, Body, BuildError, Endpoint, Path, Release, Route, retry::Repeat, users::Tokens};

/// Logs in with the code of an OpenID provider: for [`crate::ops::log_in`]. Who is new gets an account.
///
/// What the provider refuses is 400 without a code; an account with a second factor wants its passcode as
/// [`users::LogIn`](crate::users::LogIn) does. Where OpenID is switched off that is 404 (up to 0.24: 401); an unknown
/// provider is 500.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// Key of the provider: [`OpenIdProvider::key`](crate::model::OpenIdProvider::key).
    pub provider: String,
    /// The code that the provider gave.
    pub code: SecretString,
    /// Where the provider was told to come back to (0.22+; older servers have it in their configuration).
    pub redirect_url: String,
    /// The scope that the provider was asked for, where it gave it back.
    pub scope: Option<String>,
    /// Code of the second factor, for accounts that have one (2.x).
    pub totp_passcode: Option<SecretString>,
}

impl LogIn {
    /// With a code.
    pub fn new(
        provider: impl Into<String>,
        code: SecretString,
        redirect_url: impl Into<String>,
    ) -> Self {
        Self {
            provider: provider.into(),
            code,
            redirect_url: redirect_url.into(),
            scope: None,
            totp_passcode: None,
        }
    }
}

/// First release that is told the address.
const REDIRECT: Release = Release(0, 22, 0);

impl Endpoint for LogIn {
    const ROUTE: Route = Route::act("/auth/openid/{provider}/callback").public();
    type Reply = Tokens;
    fn path(&self, path: &mut Path) {
        path.set("provider", &self.provider);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        let mut body = json!({"code": self.code.expose_secret()});
        if at.release >= REDIRECT {
            body["redirect_url"] = self.redirect_url.as_str().into();
        }
        if let Some(scope) = &self.scope {
            body["scope"] = scope.as_str().into();
        }
        if let Some(passcode) = &self.totp_passcode {
            body["totp_passcode"] = passcode.expose_secret().into();
        }
        Body::json(&body)
    }
    fn repeat(&self) -> Repeat {
        Repeat::Never
    }
}
