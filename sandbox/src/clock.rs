//! The sandbox's own clock: the system's, moved by as much as the sandbox is told.
//!
//! Handlers ask [`now`], which finds the clock of the sandbox whose thread it is on, so that several sandboxes in one
//! process can live in different times.

use std::cell::RefCell;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use jiff::tz::TimeZoneDatabase;
use jiff::{SignedDuration, Timestamp};

/// A clock that can be moved.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    /// Milliseconds that it is ahead of the system's clock.
    ahead: Arc<AtomicI64>,
}

thread_local! {
    static OF_THIS_THREAD: RefCell<Clock> = RefCell::default();
}

/// The time zones that are built in: those of machines differ.
pub(crate) fn zones() -> &'static TimeZoneDatabase {
    static BUNDLED: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
    &BUNDLED
}

/// The present.
pub(crate) fn now() -> Timestamp {
    let ahead = OF_THIS_THREAD.with_borrow(|clock| clock.ahead.load(Ordering::Relaxed));
    let system = Timestamp::now();
    // A clock moved out of the calendar stands still at its end.
    system
        .saturating_add(SignedDuration::from_millis(ahead))
        .unwrap_or(system)
}

impl Clock {
    /// Moves it on, or back.
    pub(crate) fn advance(&self, milliseconds: i64) {
        self.ahead.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Whether it tells another time than the system's.
    pub(crate) fn is_moved(&self) -> bool {
        self.ahead.load(Ordering::Relaxed) != 0
    }

    /// Makes it the clock of this thread.
    pub(crate) fn install(&self) {
        OF_THIS_THREAD.set(self.clone());
    }

    /// Works by this clock.
    pub(crate) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = OF_THIS_THREAD.replace(self.clone());
        let done = work();
        OF_THIS_THREAD.set(before);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_clock_moves_its_own_work_alone() {
        let clock = Clock::default();
        clock.advance(3_600_000);
        let (here, there) = (now(), clock.within(now));
        let ahead = there.duration_since(here).as_secs();
        assert!((3599..=3601).contains(&ahead), "{ahead}");
        clock.advance(-3_600_000);
        assert!(clock.within(now).duration_since(here).as_secs() < 5);
    }
}
