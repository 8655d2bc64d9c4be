//! Not more than so many requests a second, from all accounts together.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::Instant};
use vikunja_sdk::{Endpoint, Execute, Output, Session};

/// When the next request may go. Clones share it.
#[derive(Clone, Debug)]
pub struct Pace {
    gap: Duration,
    next: Arc<Mutex<Instant>>,
}

impl Pace {
    /// So many a second; `None` = as fast as it goes.
    pub fn new(rate: Option<f64>) -> Self {
        Self {
            gap: rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate)),
            next: Arc::new(Mutex::new(Instant::now())),
        }
    }

    /// Waits for its turn.
    async fn turn(&self) {
        if self.gap.is_zero() {
            return;
        }
        let mut next = self.next.lock().await;
        // What was not used is not made up for: no bursts.
        let mine = (*next).max(Instant::now());
        *next = mine + self.gap;
        drop(next);
        tokio::time::sleep_until(mine).await;
    }
}

/// An executor that keeps the pace.
#[derive(Debug)]
pub(super) struct Paced<X> {
    inner: X,
    pace: Pace,
}

impl<X> Paced<X> {
    /// Sends through this one.
    pub(super) fn new(inner: X, pace: Pace) -> Self {
        Self { inner, pace }
    }
}

impl<X: Execute> Execute for Paced<X> {
    type Error = X::Error;

    fn session(&self) -> &Session {
        self.inner.session()
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, X::Error> {
        self.pace.turn().await;
        self.inner.execute(endpoint).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn requests_go_one_gap_after_another_and_never_in_bursts() {
        let pace = Pace::new(Some(10.0));
        let begun = Instant::now();
        for _ in 0..5 {
            pace.turn().await;
        }
        assert_eq!(begun.elapsed().as_millis() / 10, 40);
        tokio::time::sleep(Duration::from_secs(10)).await;
        let rested = Instant::now();
        pace.turn().await;
        pace.turn().await;
        assert_eq!(rested.elapsed().as_millis() / 10, 10);
    }
}
