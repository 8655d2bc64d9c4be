//! Everything that one running sandbox knows.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use crate::catalogue::Catalogue;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::deliveries::Outbox;
use crate::faults::Faults;
use crate::limiter::Limiter;
use crate::live::Listeners;
use crate::log::{Log, Request};
use crate::release::Api;
use crate::scopes::Scopes;
use crate::stamp::Stamp;
use crate::store::Store;
use crate::timer::Timer;
use crate::tokens::Signer;

#[derive(Debug)]
pub(crate) struct World {
    /// What it was started with, but for the faults, which can change.
    pub(crate) config: Config,
    pub(crate) catalogue: Catalogue,
    pub(crate) scopes: Scopes,
    pub(crate) store: Store,
    pub(crate) signer: Signer,
    pub(crate) timer: Timer,
    pub(crate) clock: Clock,
    pub(crate) login_limiter: Limiter,
    /// The general limit, counted apart for each API.
    general_limiters: [Limiter; 2],
    faults: RwLock<Arc<Faults>>,
    pub(crate) started: Instant,
    pub(crate) started_at: Stamp,
    received: AtomicU64,
    /// The minute since 1970 up to which was told what is due.
    pub(crate) told_until: AtomicI64,
    /// What was received.
    pub(crate) requests: Log<Request>,
    /// What webhooks are told.
    pub(crate) outbox: Outbox,
    /// Whom WebSockets tell something.
    pub(crate) listeners: Listeners,
}

impl World {
    pub(crate) fn new(mut config: Config) -> Result<Self, crate::Error> {
        let faults = std::mem::take(&mut config.faults);
        let clock = Clock::default();
        clock.advance(faults.clock.milliseconds());
        let minute = clock.within(clock::now).as_second().div_euclid(60);
        Ok(Self {
            catalogue: Catalogue::of(config.release),
            scopes: Scopes::of(config.release),
            store: Store::open(config.data.as_deref())
                .map_err(|error| crate::Error::Database(error.to_string()))?,
            signer: Signer::new(config.secret.as_deref()),
            timer: Timer::start().map_err(crate::Error::Thread)?,
            login_limiter: Limiter::default(),
            general_limiters: <[Limiter; 2]>::default(),
            started: Instant::now(),
            started_at: clock.within(Stamp::now),
            clock,
            faults: RwLock::new(Arc::new(faults)),
            received: AtomicU64::new(0),
            told_until: AtomicI64::new(minute),
            requests: Log::default(),
            outbox: Outbox::default(),
            listeners: Listeners::default(),
            config,
        })
    }

    /// What goes wrong at present.
    pub(crate) fn faults(&self) -> Arc<Faults> {
        let faults = self.faults.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&faults)
    }

    /// What goes wrong from now on.
    pub(crate) fn set_faults(&self, faults: Faults) {
        let mut place = self.faults.write().unwrap_or_else(PoisonError::into_inner);
        let before = place.clock.milliseconds();
        self.clock
            .advance(faults.clock.milliseconds().saturating_sub(before));
        *place = Arc::new(faults);
    }

    pub(crate) fn general_limiter(&self, api: Api) -> &Limiter {
        let [v1, v2] = &self.general_limiters;
        if api == Api::V1 { v1 } else { v2 }
    }

    /// Counts a request; the first is number 0.
    pub(crate) fn next_number(&self) -> u64 {
        self.received.fetch_add(1, Ordering::Relaxed)
    }
}
