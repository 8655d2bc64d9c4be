//! From a request to a delivery: the one way for all that speak HTTP.

use std::{fmt, future::poll_fn, pin::pin};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, request};
use http_body::Body;

use super::{Delivery, Rejected, SIGNATURE, Verifier};

/// Reads a request and checks it. A rejection is told to who listens to `tracing`.
pub(super) async fn receive<B>(
    verifier: &Verifier,
    head: &request::Parts,
    body: B,
) -> Result<Delivery, Rejected>
where
    B: Body<Error: fmt::Display>,
{
    let received = async {
        let body = whole(body, verifier.max_body).await?;
        verifier.receive(body, signature(&head.headers)?)
    };
    let tell =
        |rejected: &Rejected| tracing::warn!(%rejected, "not taken for a delivery of a webhook");
    received.await.inspect_err(tell)
}

/// The signature. Of two, nobody could say which counts.
fn signature(headers: &HeaderMap) -> Result<Option<&[u8]>, Rejected> {
    let mut all = headers.get_all(SIGNATURE).iter();
    match (all.next(), all.next()) {
        (first, None) => Ok(first.map(http::HeaderValue::as_bytes)),
        (_, Some(_)) => Err(Rejected::Malformed),
    }
}

/// Reads a body into one piece, up to a limit. The pieces are not kept: many small ones would take many times their
/// size, before anybody knows who sends them.
async fn whole<B>(body: B, limit: usize) -> Result<Bytes, Rejected>
where
    B: Body<Error: fmt::Display>,
{
    let too_large = Err(Rejected::TooLarge { limit });
    // What Content-Length announces.
    if body.size_hint().lower() > limit as u64 {
        return too_large;
    }
    let mut whole = BytesMut::new();
    let mut body = pin!(body);
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|error| Rejected::Unfinished {
            problem: error.to_string(),
        })?;
        if let Ok(data) = frame.into_data() {
            if data.remaining() > limit - whole.len() {
                return too_large;
            }
            whole.put(data);
        }
    }
    Ok(whole.freeze())
}
