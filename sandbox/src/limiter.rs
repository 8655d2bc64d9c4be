//! Rate limits with a fixed window of one minute, as the server keeps them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::clock;

/// The window: it begins with the first call and its end does not move.
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Counts calls by key.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    windows: Mutex<HashMap<String, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    ends: Timestamp,
    used: u32,
}

/// What the limiter says to one call, which the answer repeats in its headers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Unix seconds, rounded down: the window really ends up to a second later.
    pub(crate) reset: i64,
    pub(crate) exceeded: bool,
}

impl Limiter {
    /// Counts one call against a limit.
    pub(crate) fn take(&self, key: &str, limit: u32) -> Allowance {
        let now = clock::now();
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
            limit,
            remaining: limit.saturating_sub(window.used),
            reset: window.ends.as_second(),
            exceeded: window.used > limit,
        }
    }
}
