//! What a client can fail with.

use std::{error::Error as StdError, time::Duration};

use super::outgoing::LocalError;
use crate::{BuildError, Failure, ReplyError, Resolved, retry::Happened};

/// What a [`crate::Client`] can fail with.
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

    fn happened(&self) -> Happened {
        match self {
            Self::Build(_) => Happened::Unusable,
            Self::Transport(error) => match error.kind {
                TransportErrorKind::Connect => Happened::NotSent,
                TransportErrorKind::TimedOut | TransportErrorKind::Broken => Happened::Lost,
                TransportErrorKind::TooLong | TransportErrorKind::Local => Happened::Unusable,
            },
            Self::Reply(reply) => reply.happened(),
        }
    }

    fn was_sent(&self) -> bool {
        match self {
            Self::Build(_) => false,
            Self::Transport(error) => error.was_sent(),
            Self::Reply(_) => true,
        }
    }
}

/// How far a request came before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// It could not be built.
    Build,
    /// There was no connection.
    Connect,
    /// There was no complete answer in time.
    TimeOut,
    /// The connection broke, the answer was too long, or a file on this side failed.
    Exchange,
    /// The server refused.
    Reply,
    /// The server agreed, and its answer could not be read.
    Decode,
}

impl Error {
    /// How far the request came.
    pub fn phase(&self) -> Phase {
        match self {
            Self::Build(_) => Phase::Build,
            Self::Transport(error) => match error.kind {
                TransportErrorKind::Connect => Phase::Connect,
                TransportErrorKind::TimedOut => Phase::TimeOut,
                TransportErrorKind::TooLong
                | TransportErrorKind::Broken
                | TransportErrorKind::Local => Phase::Exchange,
            },
            Self::Reply(ReplyError::Api(_) | ReplyError::Files(_)) => Phase::Reply,
            Self::Reply(ReplyError::Decode(_)) => Phase::Decode,
        }
    }

    /// The route that was called, once it was known.
    pub fn route(&self) -> Option<&Resolved> {
        match self {
            Self::Build(_) => None,
            Self::Transport(error) => error.route.as_ref(),
            Self::Reply(ReplyError::Api(error)) => Some(&error.route),
            Self::Reply(ReplyError::Decode(error)) => Some(&error.route),
            Self::Reply(ReplyError::Files(error)) => Some(&error.route),
        }
    }
}

/// No complete answer came.
#[derive(Debug)]
#[non_exhaustive]
pub struct TransportError {
    /// What happened.
    pub kind: TransportErrorKind,
    /// The route that was called, where there is one.
    route: Option<Resolved>,
    after: Duration,
    cause: Option<Box<dyn StdError + Send + Sync>>,
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
    /// A file to send could not be read, or one that was received not be written.
    Local,
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let kind = if is_local(&error) {
            TransportErrorKind::Local
        } else if error.is_connect() {
            TransportErrorKind::Connect
        } else if error.is_timeout() {
            TransportErrorKind::TimedOut
        } else {
            TransportErrorKind::Broken
        };
        Self {
            kind,
            route: None,
            after: Duration::ZERO,
            // The address is not repeated: it may be one that holds a link share's hash.
            cause: Some(Box::new(error.without_url())),
        }
    }
}

/// Whether a file that was to be sent failed, and not the connection.
fn is_local(error: &reqwest::Error) -> bool {
    let mut source = StdError::source(error);
    while let Some(error) = source {
        if error.is::<LocalError>() {
            return true;
        }
        source = error.source();
    }
    false
}

impl TransportError {
    fn without_source(kind: TransportErrorKind) -> Self {
        Self {
            kind,
            route: None,
            after: Duration::ZERO,
            cause: None,
        }
    }

    pub(super) fn too_long() -> Self {
        Self::without_source(TransportErrorKind::TooLong)
    }

    pub(super) fn timed_out() -> Self {
        Self::without_source(TransportErrorKind::TimedOut)
    }

    pub(super) fn broken() -> Self {
        Self::without_source(TransportErrorKind::Broken)
    }

    pub(super) fn local(error: &std::io::Error) -> Self {
        let problem = format!("what was received cannot be written: {error}");
        Self {
            cause: Some(Box::new(LocalError(problem))),
            ..Self::without_source(TransportErrorKind::Local)
        }
    }

    /// The same error, of this route, after this time.
    pub(super) fn of(self, route: impl Into<Option<Resolved>>, after: Duration) -> Self {
        Self {
            route: route.into(),
            after,
            ..self
        }
    }

    /// What happened below, such as the error of reqwest. The text says the innermost of it; so it is no `source()`, which
    /// would be printed a second time.
    pub fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause
            .as_deref()
            .map(|error| error as &(dyn StdError + 'static))
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
            TransportErrorKind::Local => "a file on this side failed",
        };
        if let Some(route) = &self.route {
            write!(f, "{route}: ")?;
        }
        write!(f, "{what} after {:.1?}", self.after)?;
        let mut source = self.cause();
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

impl StdError for TransportError {}
