//! Rate limits with a fixed window of one minute, as the server keeps them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The window: it begins with the first call and its end does not move.
const WINDOW: Duration = Duration::from_secs(60);

/// Counts calls by key.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: u32,
    windows: Mutex<HashMap<String, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: SystemTime,
    used: u32,
}

/// What the limiter says to one call, which the answer repeats in its headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Unix seconds, rounded down: the window really ends up to a second later.
    pub(crate) reset: u64,
    pub(crate) exceeded: bool,
}

impl Limiter {
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit,
            windows: Mutex::default(),
        }
    }

    /// Counts one call.
    pub(crate) fn take(&self, key: &str) -> Allowance {
        let now = SystemTime::now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(key.to_owned()).or_insert(Window {
            ends: now + WINDOW,
            used: 0,
        });
        if window.ends <= now {
            *window = Window {
                ends: now + WINDOW,
                used: 0,
            };
        }
        window.used = window.used.saturating_add(1);
        Allowance {
            limit: self.limit,
            remaining: self.limit.saturating_sub(window.used),
            reset: window
                .ends
                .duration_since(UNIX_EPOCH)
                .map_or(0, |time| time.as_secs()),
            exceeded: window.used > self.limit,
        }
    }
}
