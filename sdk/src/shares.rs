//! Link shares.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{page::walk, shares, tasks};
//!
//! let guest = vikunja
//!     .log_in_with(&shares::LogIn { hash: "the end of the link".to_owned().into(), password: None })
//!     .await?;
//! let tasks = tasks::ListOfProject { project: guest.project, query: Default::default() };
//! let tasks = walk(&vikunja, tasks).collect(1000).await?;
//! # Ok(()) }
//! ```

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Answer, At, Body, BuildError, Endpoint, Path, Reply, ReplyError, Route,
    auth::Credentials,
    model::{LinkShare, ProjectId},
    retry::Repeat,
    users::Tokens,
};

/// Logs in with the hash of a link share: for [`crate::Client::log_in_with`]. The token sees the shared project, and nothing
/// else.
///
/// An unknown hash is 404, code 3006; without a needed password it is 412, code 13001; with a wrong one 403, code
/// 13002.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// The hash in the link.
    pub hash: SecretString,
    /// The password, where the share has one.
    pub password: Option<SecretString>,
}

impl Endpoint for LogIn {
    const ROUTE: Route = Route::act("/shares/{share}/auth").public();
    type Reply = LoggedIn;
    fn path(&self, path: &mut Path) {
        path.secret("share", &self.hash);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&match &self.password {
            Some(password) => json!({"password": password.expose_secret()}),
            None => json!({}),
        })
    }
    fn repeat(&self) -> Repeat {
        Repeat::Never
    }
}

/// Who is logged in by a link share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Guest {
    /// For the requests that follow.
    pub credentials: Credentials,
    /// The project that is shared.
    pub project: ProjectId,
    /// How it is shared.
    pub share: LinkShare,
}

impl AsRef<Credentials> for Guest {
    fn as_ref(&self) -> &Credentials {
        &self.credentials
    }
}

/// Reads a [`Guest`].
#[derive(Debug)]
pub struct LoggedIn;

impl Reply for LoggedIn {
    type Output = Guest;

    fn read(answer: &Answer<'_>) -> Result<Guest, ReplyError> {
        #[derive(Deserialize)]
        struct Shared {
            #[serde(alias = "list_id")]
            project_id: ProjectId,
        }
        let Shared { project_id } = answer.json()?;
        Ok(Guest {
            project: project_id,
            credentials: Tokens::read(answer)?,
            share: answer.json()?,
        })
    }
}
