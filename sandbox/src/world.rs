//! Everything that one running sandbox knows.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::limiter::Limiter;
use crate::release::Api;
use crate::stamp::Stamp;
use crate::store::Store;
use crate::timer::Timer;
use crate::tokens::Signer;

/// How many received requests are remembered.
const LOG_LENGTH: usize = 10_000;
/// The per-address limit when none is configured: the header is always there, the limit never bites.
const LOGIN_LIMIT: u32 = 100_000;

/// A request that the sandbox received, and the status it answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// Path with the query, as received.
    pub path: String,
    /// Status of the answer.
    pub status: u16,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) catalogue: Catalogue,
    pub(crate) store: Store,
    pub(crate) signer: Signer,
    pub(crate) timer: Timer,
    pub(crate) login_limiter: Limiter,
    /// The general limit, counted apart for each API.
    general_limiters: Option<[Limiter; 2]>,
    pub(crate) started: Instant,
    pub(crate) started_at: Stamp,
    received: AtomicU64,
    log: Mutex<VecDeque<Request>>,
}

impl World {
    pub(crate) fn new(config: Config) -> Result<Self, crate::Error> {
        Ok(Self {
            catalogue: Catalogue::of(config.release, &config.faults.missing),
            store: Store::open(config.data.as_deref())
                .map_err(|error| crate::Error::Database(error.to_string()))?,
            signer: Signer::new(config.secret.as_deref()),
            timer: Timer::start().map_err(crate::Error::Thread)?,
            login_limiter: Limiter::new(config.faults.login_limit.unwrap_or(LOGIN_LIMIT)),
            general_limiters: config
                .faults
                .limit
                .map(|limit| [Limiter::new(limit), Limiter::new(limit)]),
            started: Instant::now(),
            started_at: Stamp::now(),
            received: AtomicU64::new(0),
            log: Mutex::default(),
            config,
        })
    }

    pub(crate) fn general_limiter(&self, api: Api) -> Option<&Limiter> {
        self.general_limiters
            .as_ref()
            .map(|[v1, v2]| if api == Api::V1 { v1 } else { v2 })
    }

    /// Counts a request; the first is number 0.
    pub(crate) fn next_number(&self) -> u64 {
        self.received.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn remember(&self, request: Request) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == LOG_LENGTH {
            log.pop_front();
        }
        log.push_back(request);
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}
