//! One sending of one request, over reqwest: the only IO of this crate.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use tracing::Span;

use super::{Client, Error, TransportError};
use crate::{Endpoint, Execute, Output, Resolved, Session};

/// Longest answer that is kept in memory.
const LONGEST_ANSWER: usize = 64 << 20;

/// Sends once: without repetition, renewal or turn.
pub(super) struct Attempt<'a> {
    pub(super) client: &'a Client,
    /// Hears of the route and of every status.
    pub(super) span: &'a Span,
}

impl Execute for Attempt<'_> {
    type Error = Error;

    fn session(&self) -> &Session {
        &self.client.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, Error> {
        let (request, pending) = self.client.session.call(endpoint)?;
        let response = self.exchange(request, pending.route()).await?;
        Ok(pending.decode(&response)?)
    }
}

impl Attempt<'_> {
    /// The part that is the same for every endpoint.
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        route: &Resolved,
    ) -> Result<http::Response<Bytes>, Error> {
        let span = self.span;
        if !span.is_disabled() {
            span.record("http.request.method", route.verb);
            span.record(
                "url.template",
                format!("{}{}", route.at.api.prefix(), route.template),
            );
            span.record("vikunja.release", route.at.release.to_string());
        }
        self.client.shared.gate.pace().await;
        let started = Instant::now();
        let answer = match self.head(request).await {
            Ok(answer) => whole(answer).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(answer) => {
                span.record("http.response.status_code", answer.status().as_u16());
                Ok(answer)
            }
            Err(error) => Err(error.of(*route, started.elapsed()).into()),
        }
    }

    /// Sends, and waits for the answer's head.
    async fn head(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<reqwest::Response, TransportError> {
        let mut request = reqwest::Request::try_from(request)?;
        *request.timeout_mut() = Some(self.client.shared.attempt_timeout);
        Ok(self.client.shared.http.execute(request).await?)
    }
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
