//! An executor that remembers its last exchange: what was asked, what came, and how long it took.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use vikunja_sdk::{Auth, Endpoint, Execute, Output, Session};

use crate::line::{Body, Line, LineError};

/// A line, and its last exchange.
pub struct Witness {
    /// The line.
    pub line: Line,
    /// The last exchange.
    pub last: Exchange,
}

/// An exchange.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// Method, path and body. A body that goes without a token is not in it: it holds a password.
    pub asked: String,
    /// Status, where there was an answer.
    pub status: Option<StatusCode>,
    /// The answer's body as it came.
    pub body: Bytes,
    /// From the send to the last byte.
    pub took: Duration,
}

impl Witness {
    /// Watches this line.
    pub fn new(line: Line) -> Self {
        Self {
            line,
            last: Exchange::default(),
        }
    }
}

impl Execute for Witness {
    type Error = LineError;

    fn session(&self) -> &Session {
        self.line.session()
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, LineError> {
        self.last = Exchange::default();
        let call = self.line.session().call(endpoint)?;
        let (request, pending) = &call;
        let route = pending.route();
        let path = request.uri().path_and_query();
        self.last.asked = format!(
            "{} {}",
            request.method(),
            path.map_or("/", http::uri::PathAndQuery::as_str)
        );
        if route.auth == Auth::Bearer && !request.body().is_empty() {
            self.last.asked += " ";
            self.last.asked += &String::from_utf8_lossy(request.body());
        }
        let last = &mut self.last;
        let timed = self
            .line
            .timed(call, Body::Kept, |pending, answer| {
                last.status = Some(answer.status());
                last.body = answer.body().clone();
                pending.decode(answer)
            })
            .await;
        self.last.took = timed.timing.last_byte;
        timed.result
    }
}
