//! An executor for flows of several requests.

use std::collections::BTreeMap;

use bytes::Bytes;
use vikunja_sdk::{BuildError, Endpoint, Execute, Failure, Output, ReplyError, Session};

/// An executor that answers from memory, by path.
pub(crate) struct Canned {
    pub(crate) session: Session,
    pub(crate) answers: BTreeMap<&'static str, (u16, String)>,
    /// The paths that were asked for, in order.
    pub(crate) asked: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CannedError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

impl Failure for CannedError {
    fn reply(&self) -> Option<&ReplyError> {
        match self {
            Self::Reply(reply) => Some(reply),
            Self::Build(_) => None,
        }
    }
}

impl Execute for Canned {
    type Error = CannedError;

    fn session(&self) -> &Session {
        &self.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, CannedError> {
        let (request, pending) = self.session.call(endpoint)?;
        self.asked.push(request.uri().path().to_owned());
        let known = self.answers.get(request.uri().path());
        let (status, body) = known.cloned().unwrap_or((404, "{}".to_owned()));
        let answer = http::Response::builder()
            .status(status)
            .body(Bytes::from(body))
            .unwrap();
        Ok(pending.decode(&answer)?)
    }
}
