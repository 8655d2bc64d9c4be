//! The figures for Prometheus.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, http::header, routing::get};

use crate::{exit::Problem, progress::say};

/// Serves the page at `/metrics`, until the process ends.
pub(super) async fn start(address: SocketAddr, page: Arc<Mutex<String>>) -> Result<(), Problem> {
    let refused = |error| {
        Problem::new(format!(
            "--listen {address}: cannot be listened on: {error}"
        ))
        .advise("give another address: --listen ADDRESS:PORT")
    };
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let metrics = get(async move || {
        let text = page.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
    });
    let router = Router::new().route("/metrics", metrics);
    say(&format!("figures at http://{address}/metrics"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(())
}
