//! One user's HTTP/1.1 connection, and the clock around it.
//!
//! A hyper connection instead of goose's client: less than half the CPU per request, one real connection per user, and
//! a clock that stops at the last byte of the body instead of at the headers.

mod connections;
mod error;
mod target;

pub use connections::{Connections, Keep};
pub use error::LineError;
use error::why;
pub use target::{Resolve, Target};

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use tokio::time::timeout;
use vikunja_sdk::{Endpoint, Execute, Output, Pending, RateLimit, ReplyError, Session};

use crate::record::Timing;
use target::Sender;

/// A request carried out, with its clock.
pub struct Timed<T> {
    /// What came of it.
    pub result: Result<T, LineError>,
    /// How long the parts took.
    pub timing: Timing,
}

/// What becomes of the body of an answer. That of a refusal is always kept: it says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// It can be read.
    Kept,
    /// That of a success is counted and dropped, part by part.
    Counted,
}

/// Longest answer that is kept in memory.
const LONGEST_ANSWER: usize = 64 << 20;

/// A connection that is made when it is needed, and made again when the server has closed it.
pub struct Line {
    session: Session,
    target: Arc<Target>,
    patience: Duration,
    keep: Keep,
    sender: Option<Sender>,
    /// Whether the last connection was lost: the next one takes its place.
    lost: bool,
    /// Connections that were made in the place of lost ones.
    pub reconnects: u64,
    /// Requests that were sent again, because the server had closed a kept connection before a byte of the answer.
    pub resent: u64,
    /// What the last answer said of its rate limiter.
    pub limit: Option<RateLimit>,
    /// What the stand-in calls itself in its answers, where it is that.
    pub sandbox: Option<String>,
}

impl Line {
    /// A line for one session.
    pub fn new(session: Session, target: Arc<Target>, patience: Duration) -> Self {
        Self {
            session,
            target,
            patience,
            keep: Keep::Own,
            sender: None,
            lost: false,
            reconnects: 0,
            resent: 0,
            limit: None,
            sandbox: None,
        }
    }

    /// A line that does this with its connection between two requests.
    #[must_use]
    pub fn keeping(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// Where it goes.
    pub fn target(&self) -> Arc<Target> {
        Arc::clone(&self.target)
    }

    /// Closes the connection: the next request makes a new one.
    pub fn hang_up(&mut self) {
        self.sender = None;
    }

    /// The same line, with another session.
    pub fn set_session(&mut self, session: Session) {
        self.session = session;
    }

    /// Sends a request, lets `read` read the answer, and says how long the parts took. Reading is not in the response
    /// time. Of a success whose body is only counted `read` sees an empty one.
    pub async fn timed<E: Endpoint, T>(
        &mut self,
        (request, pending): (http::Request<Bytes>, Pending<E>),
        body: Body,
        read: impl FnOnce(&Pending<E>, &http::Response<Bytes>) -> Result<T, ReplyError>,
    ) -> Timed<T> {
        let mut timing = Timing::default();
        let is_read = !pending.route().op.writes();
        let started = Instant::now();
        let exchanged = timeout(
            self.patience,
            self.exchange(request, body, started, is_read, &mut timing),
        )
        .await;
        let last_byte = Instant::now();
        timing.last_byte = last_byte - started;
        let response = exchanged.unwrap_or_else(|_| {
            // The answer may still come: this connection is of no use to the next request.
            self.lose();
            Err(LineError::TimeOut(self.patience))
        });
        let result = response.and_then(|response| {
            self.look_at(response.headers());
            Ok(read(&pending, &response)?)
        });
        timing.decode = last_byte.elapsed();
        Timed { result, timing }
    }

    fn lose(&mut self) {
        self.lost |= self.sender.take().is_some();
    }

    fn look_at(&mut self, headers: &HeaderMap) {
        self.limit = RateLimit::of(headers);
        if self.sandbox.is_none() {
            self.sandbox = sandbox_of(headers);
        }
    }

    async fn exchange(
        &mut self,
        mut request: http::Request<Bytes>,
        kept: Body,
        started: Instant,
        is_read: bool,
        timing: &mut Timing,
    ) -> Result<http::Response<Bytes>, LineError> {
        let keep = self.keep.clone();
        let mut turn = None;
        if let Keep::Shared(pool) = &keep {
            (turn, self.sender) = pool.take().await;
        }
        self.connect_if_closed(timing).await?;
        // On a connection of our own the request names the path only; the host is a header.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
        let headers = request.headers_mut();
        for (name, value) in &self.target.headers {
            headers.append(name, value.clone());
        }
        if matches!(keep, Keep::Nothing) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        let request = request.map(Full::new);
        let was_kept = timing.connect.is_none();
        let spare = (is_read && was_kept).then(|| request.clone());
        let answer = match self.send(request).await {
            Err((_, unsent)) if was_kept && (unsent.is_some() || spare.is_some()) => {
                // The server has closed the connection between two answers, as servers do: that is no failure of theirs,
                // and the time of connecting again is in this request. What changes something is sent again only if it
                // has not left this machine.
                self.resent += 1;
                self.connect_if_closed(timing).await?;
                match unsent.or(spare) {
                    Some(again) => self.send(again).await,
                    None => return Err(LineError::Broken("before the request".to_owned())),
                }
            }
            answer => answer,
        };
        timing.first_byte = started.elapsed();
        let (head, body) = answer.map_err(|(error, _)| error)?.into_parts();
        let kept = if head.status.is_success() {
            kept
        } else {
            Body::Kept
        };
        let (bytes, body) = take_in(body, kept).await.map_err(|error| {
            self.lose();
            LineError::Broken(format!("in the middle of the answer: {}", why(&*error)))
        })?;
        timing.bytes = bytes;
        match keep {
            Keep::Own => {}
            Keep::Nothing => self.sender = None,
            Keep::Shared(pool) => {
                if let Some(sender) = self.sender.take() {
                    pool.give_back(sender);
                }
            }
        }
        drop(turn);
        Ok(http::Response::from_parts(head, body))
    }

    /// Sends; a request that has not left this machine comes back with the error.
    async fn send(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, (LineError, Option<http::Request<Full<Bytes>>>)> {
        let Some(sender) = self.sender.as_mut() else {
            let error = LineError::Broken("before the request".to_owned());
            return Err((error, Some(request)));
        };
        let answer = sender.try_send_request(request).await;
        answer.map_err(|mut failed| {
            self.lose();
            let unsent = failed.take_message();
            let error =
                LineError::Broken(format!("before an answer: {}", why(&failed.into_error())));
            (error, unsent)
        })
    }

    async fn connect_if_closed(&mut self, timing: &mut Timing) -> Result<(), LineError> {
        if let Some(sender) = self.sender.as_mut() {
            if sender.ready().await.is_ok() {
                return Ok(());
            }
            self.lose();
        }
        let started = Instant::now();
        let connected = self.target.connect().await;
        timing.connect = Some(started.elapsed());
        self.sender = Some(connected?);
        self.reconnects += u64::from(std::mem::take(&mut self.lost));
        Ok(())
    }
}

/// Reads a body to its end; its length, and itself where it is kept.
async fn take_in(
    body: Incoming,
    kept: Body,
) -> Result<(u64, Bytes), Box<dyn std::error::Error + Send + Sync>> {
    let mut body = Limited::new(body, LONGEST_ANSWER);
    if kept == Body::Kept {
        let whole = body.collect().await?.to_bytes();
        return Ok((whole.len() as u64, whole));
    }
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame?.data_ref().map_or(0, Bytes::len) as u64;
    }
    Ok((length, Bytes::new()))
}

/// Every answer of the stand-in says that it is one.
fn sandbox_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-vikunja-sandbox")?;
    Some(value.to_str().unwrap_or("of unknown version").to_owned())
}

impl Execute for Line {
    type Error = LineError;

    fn session(&self) -> &Session {
        &self.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, LineError> {
        let call = self.session.call(endpoint)?;
        self.timed(call, Body::Kept, Pending::decode).await.result
    }
}
