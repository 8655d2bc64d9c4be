//! What a request waits for before it is sent: its turn among the writes, and the pace that the caller has set.

use std::{collections::VecDeque, time::Duration};

use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, sleep_until},
};

/// At most so many requests in any stretch of time of this length: a limiter on the client's side, so that the server's
/// need not refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Requests, repetitions included; at least 1.
    pub requests: usize,
    /// Length of the stretch.
    pub per: Duration,
}

/// Shared by all clones of a client.
#[derive(Debug, Default)]
pub(super) struct Gate {
    writes: Mutex<()>,
    pace: Option<(Pace, Mutex<VecDeque<Instant>>)>,
}

impl Gate {
    pub(super) fn new(pace: Option<Pace>) -> Self {
        Self {
            writes: Mutex::default(),
            pace: pace.map(|pace| (pace, Mutex::default())),
        }
    }

    /// Waits until no other write is under way; holds the others back until the guard is dropped.
    pub(super) async fn turn(&self, one_at_a_time: bool) -> Option<MutexGuard<'_, ()>> {
        if one_at_a_time {
            Some(self.writes.lock().await)
        } else {
            None
        }
    }

    /// Waits until one more request keeps the pace.
    pub(super) async fn pace(&self) {
        let Some((pace, sent)) = &self.pace else {
            return;
        };
        // Tokio's lock is fair: whoever came first goes first, also while it sleeps.
        let mut sent = sent.lock().await;
        if sent.len() >= pace.requests.max(1)
            && let Some(oldest) = sent.front().copied()
        {
            // A stretch without end is as good as a year.
            let end = oldest.checked_add(pace.per);
            sleep_until(end.unwrap_or(oldest + Duration::from_secs(31_536_000))).await;
            // After the wait: one that is dropped in it has taken nothing.
            sent.pop_front();
        }
        sent.push_back(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_stretch_holds_more_than_the_pace() {
        let per = Duration::from_secs(60);
        let gate = Gate::new(Some(Pace { requests: 3, per }));
        let begun = Instant::now();
        let mut passed = Vec::new();
        for _ in 0..7 {
            gate.pace().await;
            passed.push(begun.elapsed().as_secs());
            tokio::time::advance(Duration::from_secs(5)).await;
        }
        assert_eq!(passed, [0, 5, 10, 60, 65, 70, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_wait_takes_no_place() {
        let per = Duration::from_secs(60);
        let gate = Gate::new(Some(Pace { requests: 1, per }));
        gate.pace().await;
        let waited = tokio::time::timeout(Duration::from_secs(1), gate.pace()).await;
        assert!(waited.is_err());
        let begun = Instant::now();
        gate.pace().await;
        assert_eq!(begun.elapsed().as_secs(), 59);
    }

    #[tokio::test(start_paused = true)]
    async fn writes_go_one_at_a_time_where_told() {
        let gate = Gate::default();
        let first = gate.turn(true).await;
        let second = tokio::time::timeout(Duration::from_secs(1), gate.turn(true)).await;
        assert!(first.is_some() && second.is_err());
        drop(first);
        assert!(gate.turn(true).await.is_some());
        assert!(gate.turn(false).await.is_none());
    }
}
