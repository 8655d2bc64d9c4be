//! The only seam: carry out a typed endpoint.

use std::{future::Future, time::Duration};

use http::StatusCode;

use crate::{ApiError, BuildError, Code, Endpoint, Output, ReplyError, Session, retry::Happened};

/// What an executor's errors can say.
pub trait Failure: std::error::Error + From<BuildError> + Send + Sync + 'static {
    /// The server's answer, where there was one.
    fn reply(&self) -> Option<&ReplyError>;

    /// What came of the request, as the [retry table](crate::retry) sees it.
    fn happened(&self) -> Happened;

    /// The server's refusal, where it refused.
    fn refusal(&self) -> Option<&ApiError> {
        match self.reply() {
            Some(ReplyError::Api(error)) => Some(error),
            _ => None,
        }
    }

    /// HTTP status of the server's refusal.
    fn status(&self) -> Option<StatusCode> {
        self.refusal().map(|error| error.status)
    }

    /// Vikunja's code in the server's refusal.
    fn code(&self) -> Option<Code> {
        self.refusal().and_then(|error| error.code)
    }

    /// Whether the thing that was asked for is not there.
    fn is_not_found(&self) -> bool {
        self.refusal().is_some_and(ApiError::is_not_found)
    }

    /// Whether the token was refused.
    fn is_unauthorized(&self) -> bool {
        self.refusal().is_some_and(ApiError::is_unauthorized)
    }

    /// Whether the request may have reached the server; if not, nothing can have happened there.
    fn was_sent(&self) -> bool {
        self.reply().is_some() || self.happened() == Happened::Lost
    }

    /// Whether the same request may succeed later. What may be repeated at once, a client has repeated already; where
    /// [`was_sent`](Self::was_sent) is true, a creation that is sent again can make a second thing.
    fn is_retryable(&self) -> bool {
        match self.happened() {
            Happened::Status(status) => matches!(status, 408 | 500 | 502..=504),
            Happened::NotSent | Happened::Lost | Happened::Limited(_) => true,
            Happened::Unusable => false,
        }
    }

    /// How long a rate limiter wants to be left alone.
    fn retry_after(&self) -> Option<Duration> {
        match self.happened() {
            Happened::Limited(seconds) => Some(Duration::from_secs(seconds?.saturating_add(1))),
            _ => None,
        }
    }
}

impl ReplyError {
    /// What an answer that counts as a failure means to the [retry table](crate::retry).
    pub fn happened(&self) -> Happened {
        match self {
            Self::Api(error) => match error.status.as_u16() {
                429 => Happened::Limited(error.limit.map(|limit| limit.seconds_left())),
                status => Happened::Status(status),
            },
            Self::Decode(_) | Self::Files(_) => Happened::Unusable,
        }
    }
}

/// Carries out endpoints: [`crate::Client`] over the network, a load tester's user, a fake in a test.
///
/// The seam is typed, not bytes: only at the typed level is a 200 with a wrong body a failure.
pub trait Execute: Send {
    /// How it fails.
    type Error: Failure;

    /// Server and credential.
    fn session(&self) -> &Session;

    /// Sends the endpoint's request and reads the answer.
    fn execute<E: Endpoint>(
        &mut self,
        endpoint: &E,
    ) -> impl Future<Output = Result<Output<E>, Self::Error>> + Send;
}

impl<X: Execute> Execute for &mut X {
    type Error = X::Error;

    fn session(&self) -> &Session {
        (**self).session()
    }

    fn execute<E: Endpoint>(
        &mut self,
        endpoint: &E,
    ) -> impl Future<Output = Result<Output<E>, X::Error>> + Send {
        (**self).execute(endpoint)
    }
}
