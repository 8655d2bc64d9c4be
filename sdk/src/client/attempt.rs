//! One sending of one request, over reqwest: the only IO of this crate.

use std::{
    future::Future,
    pin::pin,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use tokio::time::timeout;
use tracing::Span;

use super::{
    Client, Error, TransportError,
    files::Slot,
    outgoing::{self, Progress},
};
use crate::{Body, Endpoint, Execute, Output, Reply, Resolved, Session};

/// Longest answer that is kept in memory.
const LONGEST_ANSWER: usize = 64 << 20;

/// Sends once: without repetition, renewal or turn.
pub(super) struct Attempt<'a> {
    pub(super) client: &'a Client,
    /// Hears of the route and of every status.
    pub(super) span: &'a Span,
    /// Where the body of an accepted answer is left unread; without a slot it is read whole.
    pub(super) slot: Option<&'a mut Slot>,
}

impl Execute for Attempt<'_> {
    type Error = Error;

    fn session(&self) -> &Session {
        &self.client.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, Error> {
        let (request, pending) = self.client.session.prepare(endpoint)?;
        let accepts = <E::Reply as Reply>::accepts;
        let response = self.exchange(request, pending.route(), accepts).await?;
        Ok(pending.decode(&response)?)
    }
}

impl Attempt<'_> {
    /// The part that is the same for every endpoint.
    async fn exchange(
        &mut self,
        request: http::Request<Body>,
        route: &Resolved,
        accepts: fn(StatusCode) -> bool,
    ) -> Result<http::Response<Bytes>, Error> {
        let span = self.span;
        if !span.is_disabled() {
            span.record("http.request.method", route.verb);
            span.record(
                "url.template",
                format!("{}{}", route.prefix(), route.template),
            );
            span.record("vikunja.release", route.at.release.to_string());
        }
        self.client.shared.gate.pace().await;
        let started = Instant::now();
        let progress = Progress::default();
        let request = request.map(|body| outgoing::body(body, &progress));
        let stall = self.client.shared.attempt_timeout;
        match moving(self.answer(request, route, accepts), stall, &progress).await {
            Ok(answer) => {
                span.record("http.response.status_code", answer.status().as_u16());
                Ok(answer)
            }
            Err(error) => Err(error.of(*route, started.elapsed()).into()),
        }
    }

    /// Sends, and waits for the whole answer, or for its head where the rest is wanted in the slot. A refusal is always
    /// read whole.
    async fn answer(
        &mut self,
        request: http::Request<reqwest::Body>,
        route: &Resolved,
        accepts: fn(StatusCode) -> bool,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request)?;
        let answer = self.client.shared.http.execute(request).await?;
        match &mut self.slot {
            Some(slot) if accepts(answer.status()) => {
                let head = head(&answer);
                **slot = Some((*route, answer));
                Ok(head)
            }
            _ => whole(answer).await,
        }
    }
}

/// Waits for an exchange, which may take this long, or longer while its request's body is on the move.
async fn moving<T>(
    exchange: impl Future<Output = Result<T, TransportError>>,
    stall: Duration,
    progress: &Progress,
) -> Result<T, TransportError> {
    let mut exchange = pin!(exchange);
    loop {
        let before = progress.bytes();
        match timeout(stall, &mut exchange).await {
            Ok(answer) => return answer,
            Err(_) if progress.bytes() > before => {}
            Err(_) => return Err(TransportError::timed_out()),
        }
    }
}

/// An answer without its body.
fn head(answer: &reqwest::Response) -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    answer.headers().clone_into(response.headers_mut());
    response
}

/// Waits for the rest.
async fn whole(mut answer: reqwest::Response) -> Result<http::Response<Bytes>, TransportError> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    let first = answer.chunk().await?.unwrap_or_default();
    let Some(second) = answer.chunk().await? else {
        // Short answers come in one piece, which need not be copied.
        *response.body_mut() = first;
        return Ok(response);
    };
    let mut body = BytesMut::from(first);
    let mut next = Some(second);
    while let Some(part) = next {
        if body.len() + part.len() > LONGEST_ANSWER {
            return Err(TransportError::too_long());
        }
        body.extend_from_slice(&part);
        next = answer.chunk().await?;
    }
    *response.body_mut() = body.freeze();
    Ok(response)
}
