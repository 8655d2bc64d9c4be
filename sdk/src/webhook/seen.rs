use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::Digest;

/// Remembers what was received, so that each event counts once: [`Recent`] in memory, or a store of your own, which
/// several receivers can share and which outlives them.
///
/// ```
/// use std::convert::Infallible;
/// use vikunja_sdk::webhook::{Delivery, Recent, Seen};
///
/// async fn take(delivery: Delivery, seen: &Recent, jobs: &tokio::sync::mpsc::Sender<Delivery>) -> Result<u16, Infallible> {
///     let digest = delivery.digest();
///     if !seen.insert(&digest).await? {
///         return Ok(200); // sent again
///     }
///     if jobs.try_send(delivery).is_err() {
///         seen.remove(&digest).await?; // so that the next attempt counts
///         return Ok(503);
///     }
///     Ok(200)
/// }
/// ```
pub trait Seen: Send + Sync {
    /// How the store fails.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Remembers an event; true where it was not known. Of several callers with the same one at the same time, one only
    /// gets true.
    fn insert(&self, digest: &Digest) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Forgets an event that could not be worked on: it counts when it is sent again.
    fn remove(&self, digest: &Digest) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// Remembers the latest events, in memory.
#[derive(Debug)]
pub struct Recent {
    most: usize,
    window: Duration,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    since: HashMap<Digest, Instant>,
    /// In the order in which they came. One that was removed still stands here.
    order: VecDeque<(Digest, Instant)>,
}

impl Default for Recent {
    /// 10,000 events, for ten minutes: longer than a [`Verifier`](super::Verifier) takes what is sent again. They take about
    /// 1.5 MB.
    fn default() -> Self {
        Self::new(10_000, Duration::from_secs(600))
    }
}

impl Recent {
    /// Remembers so many events at most (one at least), each for so long from when it came first. When there are more, the
    /// oldest is forgotten.
    pub fn new(most: usize, window: Duration) -> Self {
        Self {
            most: most.max(1),
            window,
            known: Mutex::default(),
        }
    }

    fn insert_at(&self, digest: Digest, now: Instant) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |at: &Instant| now.saturating_duration_since(*at) >= self.window;
        while known.order.front().is_some_and(|(_, at)| is_over(at)) {
            known.forget_oldest();
        }
        if known.since.contains_key(&digest) {
            return false;
        }
        while known.order.len() >= self.most {
            known.forget_oldest();
        }
        known.since.insert(digest, now);
        known.order.push_back((digest, now));
        true
    }
}

impl Known {
    fn forget_oldest(&mut self) {
        // What came anew after it was removed has a later place.
        if let Some((oldest, at)) = self.order.pop_front()
            && self.since.get(&oldest) == Some(&at)
        {
            self.since.remove(&oldest);
        }
    }
}

impl Seen for Recent {
    type Error = Infallible;

    async fn insert(&self, digest: &Digest) -> Result<bool, Infallible> {
        Ok(self.insert_at(*digest, Instant::now()))
    }

    async fn remove(&self, digest: &Digest) -> Result<(), Infallible> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.since.remove(digest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u8) -> Digest {
        Digest([number; 32])
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn an_event_counts_once_in_its_window() {
        let (recent, start) = (Recent::new(10, Duration::from_secs(60)), Instant::now());
        assert!(recent.insert_at(digest(1), start));
        assert!(!recent.insert_at(digest(1), after(start, 59)));
        // The window begins with the first one: what comes every minute is not silenced for ever.
        assert!(recent.insert_at(digest(1), after(start, 60)));
        assert!(!recent.insert_at(digest(1), after(start, 61)));
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let (recent, start) = (Recent::new(2, Duration::from_secs(60)), Instant::now());
        for number in [1, 2, 3] {
            assert!(recent.insert_at(digest(number), start));
        }
        assert!(!recent.insert_at(digest(3), start));
        assert!(recent.insert_at(digest(1), start));
        let known = recent.known.lock().unwrap();
        assert!(known.since.len() <= 2 && known.order.len() <= 2);
    }

    #[test]
    fn a_repeat_forgets_nobody() {
        let (recent, start) = (Recent::new(2, Duration::from_secs(60)), Instant::now());
        assert!(recent.insert_at(digest(1), start));
        assert!(recent.insert_at(digest(2), start));
        assert!(!recent.insert_at(digest(2), start));
        assert!(!recent.insert_at(digest(1), start));
    }

    #[tokio::test]
    async fn what_is_removed_counts_again() {
        let recent = Recent::new(2, Duration::from_secs(60));
        assert_eq!(recent.insert(&digest(1)).await, Ok(true));
        assert_eq!(recent.remove(&digest(1)).await, Ok(()));
        assert_eq!(recent.insert(&digest(1)).await, Ok(true));
        assert_eq!(recent.insert(&digest(1)).await, Ok(false));
        // Its first place is given up before its second one.
        assert_eq!(recent.insert(&digest(2)).await, Ok(true));
        assert_eq!(recent.insert(&digest(1)).await, Ok(false));
    }
}
