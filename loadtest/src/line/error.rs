//! Why an endpoint could not be carried out.

use std::{error::Error, io, time::Duration};

use vikunja_sdk::{BuildError, Failure, Release, ReplyError, Resolved, Server, retry::Happened};

use crate::record::Class;

/// An error of hyper, and what is behind it: its own text leaves that out.
pub(super) fn why(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        source = error.source();
    }
    text
}

/// Why an endpoint could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The request could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The host's name is not known.
    #[error("the host {0} is not known: {1}")]
    UnknownHost(String, io::Error),
    /// Nothing listens, or nothing is reached.
    #[error("no connection to {0}: {1}")]
    Connect(String, io::Error),
    /// This machine has no more ports or descriptors.
    #[error("this machine cannot open another connection: {0}")]
    Exhausted(io::Error),
    /// TLS failed.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// No complete answer in time.
    #[error("no complete answer in {0:?}")]
    TimeOut(Duration),
    /// The connection broke.
    #[error("the connection broke {0}")]
    Broken(String),
    /// The server refused, or its answer cannot be read.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// A readable answer with something else in it than was promised.
    #[error("{0}")]
    Content(String),
}

impl LineError {
    pub(super) fn of_connect(host: &str, port: u16, error: io::Error) -> Self {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable};
        // EMFILE and ENFILE have no kind of their own.
        let out_of_files = matches!(error.raw_os_error(), Some(23 | 24));
        match error.kind() {
            AddrInUse | AddrNotAvailable => Self::Exhausted(error),
            _ if out_of_files => Self::Exhausted(error),
            _ => Self::Connect(format!("{host}:{port}"), error),
        }
    }

    /// The class that it counts in.
    pub fn class(&self) -> Class {
        match self {
            Self::Build(_) | Self::Exhausted(_) => Class::Generator,
            Self::UnknownHost(..) | Self::Connect(..) | Self::Tls(_) => Class::Connect,
            Self::TimeOut(_) => Class::TimeOut,
            Self::Broken(_) => Class::Broken,
            Self::Content(_) => Class::Content,
            Self::Reply(ReplyError::Api(error)) => match error.status.as_u16() {
                429 => Class::Limited,
                500..=599 => Class::Server,
                _ => Class::Client,
            },
            Self::Reply(_) => Class::Decode,
        }
    }

    /// The class that it counts in, on this server.
    pub fn class_on(&self, server: &Server) -> Class {
        match self {
            Self::Reply(ReplyError::Api(error))
                if error.status.as_u16() == 500
                    && error.route.op.writes()
                    && server.release >= Release(2, 0, 0)
                    && server.concurrent_writes != Some(true) =>
            {
                Class::Locked
            }
            _ => self.class(),
        }
    }

    /// What was asked and what came of it. An answer's error names its route itself.
    pub fn in_words(&self, route: &Resolved) -> String {
        match self {
            Self::Reply(reply) => reply.to_string(),
            other => format!("{route}: {other}"),
        }
    }

    /// HTTP status, where there was a refusal.
    pub fn status_code(&self) -> Option<u16> {
        self.status().map(|status| status.as_u16())
    }
}

impl Failure for LineError {
    fn reply(&self) -> Option<&ReplyError> {
        match self {
            Self::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    fn happened(&self) -> Happened {
        match self {
            Self::Reply(reply) => reply.happened(),
            Self::Connect(..) | Self::UnknownHost(..) | Self::Tls(_) | Self::Exhausted(_) => {
                Happened::NotSent
            }
            Self::TimeOut(_) | Self::Broken(_) => Happened::Lost,
            Self::Build(_) | Self::Content(_) => Happened::Unusable,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use vikunja_sdk::{Endpoint, Session, auth::Token, model::ProjectId, tasks};

    use super::*;

    /// The class of a 500 to this, on this server.
    fn class<E: Endpoint>(
        endpoint: &E,
        release: Release,
        concurrent_writes: Option<bool>,
    ) -> Class {
        let mut server = Server::new("http://localhost")
            .unwrap()
            .with_release(release);
        server.concurrent_writes = concurrent_writes;
        let session = Session::new(server);
        session.set_token(Some(Token::new("tk_0123456789".into()).unwrap()));
        let (_, pending) = session.call(endpoint).unwrap();
        let mut answer = http::Response::new(Bytes::from_static(b"{}"));
        *answer.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        let refusal = pending.accept(&answer).unwrap_err();
        LineError::from(refusal).class_on(session.server())
    }

    #[test]
    fn a_locked_database_is_a_class_of_its_own_and_only_that() {
        let (create, list) = (
            tasks::Create::new(ProjectId(1), "one"),
            tasks::List::default(),
        );
        let new = Release(2, 5, 0);
        assert_eq!(class(&create, new, Some(false)), Class::Locked);
        assert_eq!(class(&create, Release(2, 0, 0), None), Class::Locked);
        assert_eq!(class(&create, new, Some(true)), Class::Server);
        assert_eq!(class(&create, Release(1, 0, 0), None), Class::Server);
        assert_eq!(class(&list, new, Some(false)), Class::Server);
    }
}
