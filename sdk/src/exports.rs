//! All data of the caller in one file (ZIP), which the server makes on request and keeps for a week.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use vikunja_sdk::exports;
//!
//! let password = Some("correct horse".to_owned().into());
//! vikunja.send(&exports::Request { password: password.clone() }).await?;
//! // Later: the server sends a mail when it is ready, and from 1.0 it says so.
//! if let Some(export) = vikunja.send(&exports::Status).await? {
//!     println!("{} bytes", export.size);
//!     let mut download = vikunja.download(&exports::Download { password }).await?;
//!     download.save_to(&mut tokio::fs::File::create("vikunja.zip").await?).await?;
//! }
//! # Ok(()) }
//! ```

use secrecy::SecretString;
use serde::Serialize;

use crate::{
    Answer, Api, At, Body, BuildError, Content, Endpoint, Json, Release, Reply, ReplyError, Route,
    model::{Export, Message},
    secret::exposed_or_null,
};

/// Asks for an export. It is made after the answer, and takes the place of the one before.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    /// The account's password; `None` where somebody else checks it. A wrong one is 403 (up to 0.24: 412), code 1011.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed_or_null"
    )]
    pub password: Option<SecretString>,
}

impl Endpoint for Request {
    const ROUTE: Route = Route::act("/user/export/request").user_only();
    type Reply = Json<Message>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Reads whether an export is ready (1.0+); `None` = there is none, or it is being made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status;

impl Endpoint for Status {
    const ROUTE: Route = Route::read("/user/export")
        .since(Release(1, 0, 0))
        .user_only();
    type Reply = Ready;
}

/// Reads an [`Export`], if there is one: else v1 answers `{}`, and v2 `null`.
#[derive(Debug)]
pub struct Ready;

impl Reply for Ready {
    type Output = Option<Export>;

    fn read(answer: &Answer<'_>) -> Result<Self::Output, ReplyError> {
        match answer.body.trim_ascii() {
            b"{}" => Ok(None),
            _ => answer.json(),
        }
    }
}

/// Reads the export: whole into memory by [`crate::Execute`], as a stream by [`crate::Client::download`].
///
/// Where none is ready that is 404 (v2: code 19001); up to 0.24 it is 500.
#[derive(Clone, Debug, Serialize)]
pub struct Download {
    /// As in [`Request`].
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed_or_null"
    )]
    pub password: Option<SecretString>,
}

impl Endpoint for Download {
    /// It changes nothing, so that it may be repeated; it is a `POST` because of the password.
    const ROUTE: Route = Route::read("/user/export/download")
        .verb(Api::V1, "POST")
        .verb(Api::V2, "POST")
        .user_only();
    type Reply = Content;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}
