//! A server for webhooks in this process.

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use vikunja_sdk::webhook::{Delivery, Rejected, SIGNATURE, Verifier};

use crate::exit::Problem;

/// Largest delivery.
const LARGEST: usize = 1 << 20;

/// What is done with what came, at the moment when all of it was here.
pub(super) type Take = dyn Fn(Result<Delivery, Rejected>, Instant) + Send + Sync;

/// Receives until it is dropped.
pub(super) struct Receiver {
    pub(super) bound: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Receiver {
    pub(super) async fn start(
        listen: SocketAddr,
        verifier: Verifier,
        take: Arc<Take>,
    ) -> Result<Self, Problem> {
        let cannot = |error: std::io::Error| {
            Problem::new(format!("webhooks cannot be received on {listen}: {error}"))
                .advise("give another address: --receiver-listen ADDRESS:PORT")
        };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let bound = listener.local_addr().map_err(cannot)?;
        let serving = tokio::spawn(async move {
            // They end with it.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        // A connection that broke at once; the server tries again.
                        let Ok((stream, _)) = accepted else { continue };
                        let (verifier, take) = (verifier.clone(), Arc::clone(&take));
                        let service = service_fn(move |request| {
                            answer(request, verifier.clone(), Arc::clone(&take))
                        });
                        connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { bound, serving })
    }
}

async fn answer(
    request: Request<Incoming>,
    verifier: Verifier,
    take: Arc<Take>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let status = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => {
            let came = Instant::now();
            let signature = head.headers.get(SIGNATURE).map(http::HeaderValue::as_bytes);
            let received = verifier.receive(body.to_bytes(), signature);
            let status = received
                .as_ref()
                .map_or_else(Rejected::status, |_| StatusCode::OK);
            take(received, came);
            status
        }
        Err(_) => StatusCode::BAD_REQUEST,
    };
    let mut answer = Response::new(Empty::new());
    *answer.status_mut() = status;
    Ok(answer)
}
