//! The HTTP client over reqwest: the only IO of this crate.

use std::{
    error::Error as StdError,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use secrecy::SecretString;

use crate::{
    ApiError, BuildError, Endpoint, Execute, Failure, Output, Pending, ReplyError, Server, Session,
    auth::Token,
    ops,
    retry::{self, Happened, Policy},
    users,
};

/// Longest answer that is kept in memory.
const LONGEST_ANSWER: usize = 64 << 20;

/// A client of one server, over reqwest. Cheap to clone; clones share connections and token.
///
/// Time-outs: 10 s to connect, 60 s for each attempt. Redirects are not followed: none can carry the token elsewhere.
/// A dropped future leaves nothing behind on this side; a write that was sent may still happen on the server.
#[derive(Clone, Debug)]
pub struct Client {
    session: Session,
    http: reqwest::Client,
    /// When a request is sent again.
    pub retry: Policy,
}

impl Client {
    /// Connects to the server at `address` and asks for its release.
    pub async fn connect(address: &str) -> Result<Self, Error> {
        Self::with_http(Server::new(address)?, default_http()?)
            .identified()
            .await
    }

    /// A client over a reqwest client of your own (proxies, certificates, time-outs), for a server that is known.
    /// Give it a redirect policy of «none».
    pub fn with_http(server: Server, http: reqwest::Client) -> Self {
        Self {
            session: Session::new(server),
            http,
            retry: Policy::default(),
        }
    }

    /// Asks the server for its release, again or for the first time.
    pub async fn identified(mut self) -> Result<Self, Error> {
        let server = ops::identify(&mut self).await?.server;
        Ok(self.at(server))
    }

    /// The same client and token, for a server that is known: with its API chosen, say.
    #[must_use]
    pub fn at(mut self, server: Server) -> Self {
        let token = self.session.token();
        self.session = Session::new(server);
        self.session.set_token(token);
        self
    }

    /// Logs in with name and password and keeps the token.
    pub async fn log_in(
        &mut self,
        username: &str,
        password: SecretString,
    ) -> Result<users::LoggedIn, Error> {
        ops::log_in(self, &users::LogIn::new(username, password)).await
    }

    /// Uses a token that you have: a JWT or an API token.
    pub fn with_token(self, token: SecretString) -> Result<Self, Error> {
        self.session.set_token(Some(Token::new(token)?));
        Ok(self)
    }

    /// Sends one endpoint's request and reads the answer: [`Execute::execute`] for a shared client.
    pub async fn send<E: Endpoint>(&self, endpoint: &E) -> Result<Output<E>, Error> {
        let (request, pending) = self.session.call(endpoint)?;
        let response = self.exchange(&request, &pending).await?;
        Ok(pending.decode(&response)?)
    }

    /// Sends until there is an answer that counts.
    async fn exchange<E>(
        &self,
        request: &http::Request<Bytes>,
        pending: &Pending<E>,
    ) -> Result<http::Response<Bytes>, Error> {
        let asked = pending.asked();
        let mut sent = 0;
        let mut lost = false;
        loop {
            sent += 1;
            let started = Instant::now();
            let result = self.once(request).await;
            let happened = match &result {
                Ok(response) => match response.status().as_u16() {
                    429 => Happened::Limited(
                        crate::RateLimit::of(response.headers()).map(|limit| limit.seconds_left()),
                    ),
                    status => Happened::Status(status),
                },
                Err(error) if error.kind == TransportErrorKind::TooLong => Happened::Unusable,
                Err(error) if error.was_sent() => Happened::Lost,
                Err(_) => Happened::NotSent,
            };
            if lost && retry::is_done(asked, happened) {
                let mut gone = http::Response::new(Bytes::new());
                *gone.status_mut() = http::StatusCode::NO_CONTENT;
                return Ok(gone);
            }
            match self.retry.again(asked, happened, sent, fastrand::f64()) {
                Some(wait) => {
                    lost |= retry::may_have_happened(happened);
                    tokio::time::sleep(wait).await;
                }
                None => {
                    return result.map_err(|mut error| {
                        error.route = pending.route().to_string();
                        error.after = started.elapsed();
                        Error::Transport(error)
                    });
                }
            }
        }
    }

    async fn once(
        &self,
        request: &http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request.clone()).map_err(TransportError::new)?;
        let mut answer = self
            .http
            .execute(request)
            .await
            .map_err(TransportError::new)?;
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        while let Some(part) = answer.chunk().await.map_err(TransportError::new)? {
            if body.len() + part.len() > LONGEST_ANSWER {
                return Err(TransportError::too_long());
            }
            body.extend_from_slice(&part);
        }
        *response.body_mut() = body.freeze();
        Ok(response)
    }
}

fn default_http() -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .user_agent(concat!("vikunja-sdk/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(60))
        .build()
        .map_err(|error| Error::Transport(TransportError::new(error)))
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

/// What a [`Client`] can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request could not be built: nothing was sent.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// No complete answer.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The server refused, or its answer could not be read.
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

impl Failure for Error {
    fn reply(&self) -> Option<&ReplyError> {
        match self {
            Self::Reply(reply) => Some(reply),
            _ => None,
        }
    }
}

impl Error {
    /// The server's refusal, where it refused.
    pub fn api(&self) -> Option<&ApiError> {
        self.refusal()
    }

    /// Whether the thing that was asked for is not there.
    pub fn is_not_found(&self) -> bool {
        self.api().is_some_and(ApiError::is_not_found)
    }

    /// Whether the request left this machine; if not, nothing can have happened on the server.
    pub fn was_sent(&self) -> bool {
        match self {
            Self::Build(_) => false,
            Self::Transport(error) => error.was_sent(),
            Self::Reply(_) => true,
        }
    }

    /// Whether the same request may succeed later. The client has already tried what [`Policy`] allows.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Build(_) => false,
            Self::Transport(error) => error.kind != TransportErrorKind::TooLong,
            Self::Reply(_) => self
                .status()
                .is_some_and(|status| matches!(status.as_u16(), 408 | 429 | 500 | 502..=504)),
        }
    }

    /// How long a rate limiter wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        let refusal = self.api().filter(|error| error.status.as_u16() == 429)?;
        Some(Duration::from_secs(refusal.limit?.seconds_left() + 1))
    }
}

/// No complete answer came.
#[derive(Debug)]
#[non_exhaustive]
pub struct TransportError {
    /// What happened.
    pub kind: TransportErrorKind,
    /// The route that was called.
    route: String,
    after: Duration,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Why no complete answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection: name, port, TLS.
    Connect,
    /// Too slow.
    TimedOut,
    /// The answer is larger than this client keeps in memory.
    TooLong,
    /// The connection broke.
    Broken,
}

impl TransportError {
    fn new(error: reqwest::Error) -> Self {
        let kind = if error.is_connect() {
            TransportErrorKind::Connect
        } else if error.is_timeout() {
            TransportErrorKind::TimedOut
        } else {
            TransportErrorKind::Broken
        };
        Self {
            kind,
            route: String::new(),
            after: Duration::ZERO,
            // The address is not repeated: it may be one that holds a link share's hash.
            source: Some(Box::new(error.without_url())),
        }
    }

    fn too_long() -> Self {
        Self {
            kind: TransportErrorKind::TooLong,
            route: String::new(),
            after: Duration::ZERO,
            source: None,
        }
    }

    /// Whether the request may have reached the server.
    pub fn was_sent(&self) -> bool {
        self.kind != TransportErrorKind::Connect
    }
}

impl std::fmt::Display for TransportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = match self.kind {
            TransportErrorKind::Connect => "no connection to the server",
            TransportErrorKind::TimedOut => "no answer in time",
            TransportErrorKind::TooLong => "the answer is too long",
            TransportErrorKind::Broken => "the connection broke",
        };
        write!(f, "{}: {what} after {:.1?}", self.route, self.after)?;
        let mut source = StdError::source(self);
        while let Some(error) = source {
            // reqwest and hyper repeat one another; the innermost says why.
            if error.source().is_none() {
                write!(f, ": {error}")?;
            }
            source = error.source();
        }
        Ok(())
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|error| error as &(dyn StdError + 'static))
    }
}
