//! The HTTP client over reqwest.

mod attempt;
mod builder;
mod error;
mod files;
mod gate;
mod outgoing;
mod renewer;
#[cfg(feature = "ws")]
mod socket;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use tokio::time::timeout;
use tracing::{Instrument, Span};

use self::{attempt::Attempt, files::Slot, gate::Gate, renewer::Renewals};
pub use self::{
    builder::ClientBuilder,
    error::{Error, Phase, TransportError, TransportErrorKind},
    files::Download,
    gate::Pace,
};
use crate::{
    Endpoint, Execute, Failure, Output, Release, Server, Session,
    auth::{Credentials, Token, TokenKind},
    ops,
    renewing::{is_due, may_be_renewed},
    retry::{Budget, Policy, Repeat},
    retrying::Retrying,
    users,
};

/// A client of one server, over reqwest. Cheap to clone; clones share connections, credentials, turns and budget.
///
/// What it does by itself:
///
/// - It repeats what may be repeated, by the table of [`crate::retry`], with a [`Budget`].
/// - It renews a user's and a link share's token before it expires, and once more when the server says that it has; one
///   renewal at a time, in a task of its own.
/// - It sends writes one at a time where the server cannot take them side by side (SQLite from 2.4).
/// - It follows no redirect: none can carry the token elsewhere.
///
/// Time-outs: 10 s to connect, 60 s for each attempt, 180 s for a call with its waits and repetitions. Large files go
/// through [`upload`](Client::upload) and [`download`](Client::download), which take as long as something moves. An answer
/// that is kept in memory may have 64 MiB. `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` apply.
///
/// A dropped future leaves nothing behind on this side, and no credentials are lost; a write that was sent may still
/// happen on the server.
///
/// There is one `tracing` span for each call, `vikunja` at level debug, with the fields of OpenTelemetry:
/// `http.request.method`, `url.template` (never an id), `http.request.resend_count`, `http.response.status_code`; and
/// `vikunja.release`. No token, no body.
#[derive(Clone, Debug)]
pub struct Client {
    session: Session,
    renewals: Arc<Renewals>,
    shared: Arc<Shared>,
    /// When a request is sent again.
    pub retry: Policy,
    call_timeout: Duration,
}

/// What all clients of a server have in common, whoever is logged in.
struct Shared {
    http: reqwest::Client,
    attempt_timeout: Duration,
    parallel_writes: bool,
    gate: Gate,
    budget: Arc<Budget>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Client {
    /// Connects to the server at `address` and asks for its release.
    pub async fn connect(address: &str) -> Result<Self, Error> {
        Self::builder(address).connect().await
    }

    /// Connects as the environment says: `VIKUNJA_URL`, and `VIKUNJA_TOKEN` or `VIKUNJA_USERNAME` with
    /// `VIKUNJA_PASSWORD`.
    pub async fn from_env() -> Result<Self, Error> {
        ClientBuilder::from_env()?.connect().await
    }

    /// A client with other settings.
    pub fn builder(address: &str) -> ClientBuilder {
        ClientBuilder::new(address)
    }

    /// Asks the server for its release, again or for the first time.
    pub async fn identified(mut self) -> Result<Self, Error> {
        let server = ops::identify(&mut self).await?.server;
        Ok(self.at(server))
    }

    /// The same client, sharing all it has, for a server of which something else is known: its API chosen, say.
    #[must_use]
    pub fn at(mut self, server: Server) -> Self {
        self.session = self.session.at(server);
        self
    }

    /// Another session with the same server, in which nobody is logged in: for another user, over the same connections.
    /// What was set by [`ClientBuilder::on_credentials`] does not hear of it.
    #[must_use]
    pub fn signed_out(&self) -> Self {
        Self {
            session: Session::new(self.session.server().clone()),
            renewals: Arc::default(),
            ..self.clone()
        }
    }

    /// The same client, sharing all it has, whose calls give up after this time, waits and repetitions included.
    #[must_use]
    pub fn within(&self, time: Duration) -> Self {
        Self {
            call_timeout: time,
            ..self.clone()
        }
    }

    /// Logs in with name and password and keeps the credentials.
    pub async fn log_in(
        &self,
        username: &str,
        password: SecretString,
    ) -> Result<Credentials, Error> {
        self.log_in_with(&users::LogIn::new(username, password))
            .await
    }

    /// Logs in, with a second factor or for a long time ([`users::LogIn`]) or by a link share
    /// ([`crate::shares::LogIn`]), and keeps the credentials.
    pub async fn log_in_with<E: Endpoint>(&self, log_in: &E) -> Result<Output<E>, Error>
    where
        Output<E>: AsRef<Credentials>,
    {
        let logged_in = self.send(log_in).await?;
        let credentials = Some(logged_in.as_ref().clone());
        self.renewals.keep(credentials.clone()).await;
        self.session.set_credentials(credentials);
        Ok(logged_in)
    }

    /// Ends the session and forgets the credentials. Up to 1.x, and for what is no user's session, there is nothing to
    /// end on the server; from 2.0 the token itself goes on working until it expires (ten minutes).
    pub async fn log_out(&self) -> Result<(), Error> {
        let has_session = self.session.server().release >= Release(2, 0, 0)
            && self.session.token_kind() == Some(TokenKind::User);
        if has_session {
            match self.send(&users::LogOut).await {
                // Over already.
                Err(error) if error.is_unauthorized() => {}
                other => drop(other?),
            }
        }
        self.session.set_credentials(None);
        self.renewals.keep(None).await;
        Ok(())
    }

    /// Uses a token that you have, a JWT or an API token, in all clones from now on. For another user beside this one see
    /// [`signed_out`](Self::signed_out).
    pub fn set_token(&self, token: SecretString) -> Result<(), Error> {
        self.session.set_token(Some(Token::new(token)?));
        Ok(())
    }

    /// Sends one endpoint's request and reads the answer: [`Execute::execute`] for a shared client.
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<Output<E>, Error> {
        self.carry_out(endpoint, None).await
    }

    /// As far as the whole answer, or to its head where there is a slot for the rest.
    async fn carry_out<E: Endpoint>(
        &self,
        endpoint: &E,
        slot: Option<&mut Slot>,
    ) -> Result<Output<E>, Error> {
        let started = Instant::now();
        let span = span();
        let call = timeout(self.call_timeout, self.renewed(endpoint, slot, &span));
        call.instrument(span.clone()).await.unwrap_or_else(|_| {
            let route = self.session.prepare(endpoint).ok();
            let route = route.map(|(_, pending)| *pending.route());
            Err(TransportError::timed_out()
                .of(route, started.elapsed())
                .into())
        })
    }

    /// With credentials that are as fresh as they can be.
    async fn renewed<E: Endpoint>(
        &self,
        endpoint: &E,
        mut slot: Option<&mut Slot>,
        span: &Span,
    ) -> Result<Output<E>, Error> {
        let seen = self.session.generation();
        if is_due(&self.session, endpoint) {
            if self.session.is_expired() {
                self.renew(seen).await;
            } else {
                // Good for a while yet: nobody has to wait for the new one.
                self.start_renewal(seen);
            }
        }
        let result = self.repeated(endpoint, slot.as_deref_mut(), span).await;
        let is_renewed = may_be_renewed(&self.session, &result) && self.renew(seen).await;
        // A stream of which something was read cannot be sent again; the next call has the new token.
        if is_renewed && endpoint.repeat() != Repeat::Never {
            return self.repeated(endpoint, slot, span).await;
        }
        result
    }

    /// In its turn, and as often as it takes.
    async fn repeated<E: Endpoint>(
        &self,
        endpoint: &E,
        slot: Option<&mut Slot>,
        span: &Span,
    ) -> Result<Output<E>, Error> {
        let one_at_a_time = endpoint.route().op().writes() && !self.takes_parallel_writes();
        let _turn = self.shared.gate.turn(one_at_a_time).await;
        let mut attempts = self.attempts(slot, span);
        let result = attempts.execute(endpoint).await;
        if attempts.repeated() > 0 {
            span.record("http.request.resend_count", attempts.repeated());
        }
        result
    }

    fn attempts<'a>(&'a self, slot: Option<&'a mut Slot>, span: &'a Span) -> Retrying<Attempt<'a>> {
        let attempt = Attempt {
            client: self,
            slot,
            span,
        };
        let attempts = Retrying::within(attempt, self.retry, Arc::clone(&self.shared.budget));
        match Instant::now().checked_add(self.call_timeout) {
            Some(end) => attempts.until(end),
            None => attempts,
        }
    }

    fn takes_parallel_writes(&self) -> bool {
        let server = self.session.server();
        let is_sqlite = match server.concurrent_writes {
            Some(concurrent) => !concurrent,
            None => self.retry.assume_sqlite && server.release >= Release(2, 0, 0),
        };
        self.shared.parallel_writes || !is_sqlite
    }
}

/// The span of one call; its fields are filled as they become known.
fn span() -> Span {
    tracing::debug_span!(
        "vikunja",
        http.request.method = tracing::field::Empty,
        http.request.resend_count = tracing::field::Empty,
        http.response.status_code = tracing::field::Empty,
        url.template = tracing::field::Empty,
        vikunja.release = tracing::field::Empty,
    )
}

impl Execute for Client {
    type Error = Error;

    fn session(&self) -> &Session {
        &self.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, Error> {
        self.send(endpoint).await
    }
}

impl Execute for &Client {
    type Error = Error;

    fn session(&self) -> &Session {
        &self.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, Error> {
        self.send(endpoint).await
    }
}
