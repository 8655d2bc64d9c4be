//! The only seam: carry out a typed endpoint.

use std::future::Future;

use http::StatusCode;

use crate::{ApiError, BuildError, Endpoint, Output, ReplyError, Session};

/// What an executor's errors can say.
pub trait Failure: From<BuildError> + Send + 'static {
    /// The server's answer, where there was one.
    fn reply(&self) -> Option<&ReplyError>;

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
