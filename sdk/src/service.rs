//! Whether a server is well, and what it counts. [`crate::info`] says what it can.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::service;
//!
//! vikunja.send(&service::Health).await?;
//! println!("the server is well");
//! # Ok(()) }
//! ```

use http::{HeaderMap, header};
use secrecy::SecretString;

use crate::{
    Answer, Api, BuildError, Endpoint, Json, Reply, ReplyError, Route, auth, model, reply::Text,
};

/// Asks whether the server is well, at its root: `/health`. Needs no token, exists everywhere.
///
/// From 1.0 a database or Redis that does not answer is a 500. Any other answer than `OK` is an error too: what stands
/// in front of a server likes to say 200.
#[derive(Clone, Copy, Debug, Default)]
pub struct Health;

impl Endpoint for Health {
    const ROUTE: Route = Route::read("/health")
        .public()
        .of_unknown_release()
        .at_root();
    type Reply = Well;
}

/// `OK`, and nothing else.
#[derive(Debug)]
pub struct Well;

impl Reply for Well {
    type Output = ();

    fn read(answer: &Answer<'_>) -> Result<(), ReplyError> {
        match answer.body.trim_ascii() {
            b"OK" => Ok(()),
            _ => Err(answer.unreadable(".", "expected the text OK: is this a Vikunja server?")),
        }
    }
}

/// Asks whether the server and its OpenID providers are well (2.4+, v2). Needs no token.
#[derive(Clone, Copy, Debug, Default)]
pub struct HealthInDetail;

impl Endpoint for HealthInDetail {
    const ROUTE: Route = Route::read("/health").public().only(Api::V2);
    type Reply = Json<model::Health>;
}

/// Reads the server's counters as Prometheus wants them, a text (v1 only). A server has them switched off unless told
/// otherwise: 404, up to 0.24 401.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// User name and password of the counters, where the server wants them (`metrics.username` of its configuration;
    /// else 401). They are no account's.
    pub login: Option<(String, SecretString)>,
}

impl Endpoint for Metrics {
    const ROUTE: Route = Route::read("/metrics")
        .public()
        .only(Api::V1)
        .of_unknown_release();
    type Reply = Text;
    fn headers(&self, headers: &mut HeaderMap) -> Result<(), BuildError> {
        if let Some((username, password)) = &self.login {
            headers.insert(header::AUTHORIZATION, auth::basic(username, password)?);
        }
        Ok(())
    }
}
