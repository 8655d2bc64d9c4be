//! What was received, for whoever tests a client.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use bytes::Bytes;
use serde_json::Value;

/// How much of a body is remembered.
const KEPT: usize = 64 << 10;

/// How many entries are remembered.
const LENGTH: usize = 10_000;

/// The last of something, oldest first.
#[derive(Debug)]
pub(crate) struct Log<T>(Mutex<VecDeque<T>>);

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Log<T> {
    pub(crate) fn push(&self, entry: T) {
        let mut entries = self.lock();
        if entries.len() == LENGTH {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.lock().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that the sandbox received, and the status it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Path with the query, as received.
    pub path: String,
    /// What it asked for, e.g. `tasks.read_all`; `None` for what the release does not have.
    pub operation: Option<&'static str>,
    /// Headers. Credentials among them are marked as sensitive: `{:?}` does not show them.
    pub headers: HeaderMap,
    /// The first 64 KiB of the body.
    pub body: Bytes,
    /// Status of the answer, also of one that was never sent because of a fault.
    pub status: u16,
}

impl Request {
    /// What is remembered of a body: a copy, because a slice would keep the whole of it.
    pub(crate) fn kept(body: &[u8]) -> Bytes {
        Bytes::copy_from_slice(&body[..body.len().min(KEPT)])
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
