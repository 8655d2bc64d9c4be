//! OAuth 2.0 (2.3+): lets a program act for a user who does not tell it the password. Authorization codes with PKCE
//! (RFC 7636, S256) are the only way.
//!
//! The user's side [authorizes](Authorize), the program [exchanges](Exchange) the code for [`Credentials`], and
//! [`Client`](crate::Client) renews them like any others.
//!
//! ```no_run
//! # async fn example(user: vikunja_sdk::Client, program: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::oauth;
//!
//! // The program makes up a verifier of 43 characters or more, and tells its SHA-256 in base64url without padding.
//! let redirect_uri = "http://127.0.0.1:8123/callback".to_owned();
//! let authorized = user
//!     .send(&oauth::Authorize {
//!         client_id: "my-program".to_owned(),
//!         redirect_uri: redirect_uri.clone(),
//!         state: "something random".to_owned(),
//!         code_challenge: "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM".to_owned(),
//!     })
//!     .await?;
//! let exchange = oauth::Exchange {
//!     code: authorized.code,
//!     client_id: "my-program".to_owned(),
//!     redirect_uri,
//!     code_verifier: "v".repeat(43).into(),
//! };
//! program.log_in_with(&exchange).await?;
//! # Ok(()) }
//! ```

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Answer, At, Body, BuildError, Endpoint, Json, Release, Reply, ReplyError, Route,
    auth::{Credentials, Token},
    model::OAuthCode,
    retry::Repeat,
    secret,
};

/// First release with it.
const OAUTH: Release = Release(2, 3, 0);

/// Lets a program act for the caller: the answer is the code for it. There is no redirect; whoever shows the user the
/// question brings the code to `redirect_uri`. Link shares are refused.
#[derive(Clone, Debug)]
pub struct Authorize {
    /// What the program calls itself. The server takes any name.
    pub client_id: String,
    /// Where the program waits for the code: `http` on `127.0.0.1`, `[::1]` or `localhost`, any port, or a scheme that
    /// begins with `vikunja-`. Others are 400, code 17002.
    pub redirect_uri: String,
    /// Comes back as it is, so that the program can tell that it had asked.
    pub state: String,
    /// SHA-256 of the verifier, in base64url without padding.
    pub code_challenge: String,
}

impl Endpoint for Authorize {
    const ROUTE: Route = Route::act("/oauth/authorize").since(OAUTH).user_only();
    type Reply = Json<OAuthCode>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": self.code_challenge,
            "code_challenge_method": "S256",
        }))
    }
}

/// Exchanges a code for credentials: for [`crate::ops::log_in`]. A code works once, also when that fails: then 400, code
/// 17004.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The code.
    pub code: SecretString,
    /// As it was authorized; another one is 400, code 17001.
    pub client_id: String,
    /// As it was authorized.
    pub redirect_uri: String,
    /// What the challenge was made of; another one is 400, code 17006.
    pub code_verifier: SecretString,
}

/// Where tokens come from.
const TOKEN: Route = Route::act("/oauth/token").public().since(OAUTH);

impl Endpoint for Exchange {
    const ROUTE: Route = TOKEN;
    type Reply = Tokens;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({
            "grant_type": "authorization_code",
            "code": self.code.expose_secret(),
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.code_verifier.expose_secret(),
        }))
    }
    fn repeat(&self) -> Repeat {
        Repeat::Never
    }
}

/// Gets new credentials for a refresh token, and voids it: a used one is 401. [`crate::users::Refresh`] does the same with
/// the same token; it is what [`Client`](crate::Client) sends by itself.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// From [`Credentials::refresh`].
    pub refresh: SecretString,
    /// What the program calls itself.
    pub client_id: String,
}

impl Endpoint for Refresh {
    const ROUTE: Route = TOKEN;
    type Reply = Tokens;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({
            "grant_type": "refresh_token",
            "refresh_token": self.refresh.expose_secret(),
            "client_id": self.client_id,
        }))
    }
    fn repeat(&self) -> Repeat {
        Repeat::Never
    }
}

/// Reads credentials from where OAuth has them.
#[derive(Debug)]
pub struct Tokens;

impl Reply for Tokens {
    type Output = Credentials;

    fn read(answer: &Answer<'_>) -> Result<Credentials, ReplyError> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(deserialize_with = "secret::read")]
            access_token: SecretString,
            #[serde(deserialize_with = "secret::read")]
            refresh_token: SecretString,
        }
        let body: Body = answer.json()?;
        let token = Token::new(body.access_token)
            .map_err(|error| answer.unreadable("access_token", error.to_string()))?;
        Ok(Credentials {
            token,
            refresh: Some(body.refresh_token),
        })
    }
}
