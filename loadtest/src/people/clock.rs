//! What all users of a run go by: when it starts, and how it ends.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::watch;

/// How far a run is. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// Users connect and arrive.
    Gathering,
    /// The clock runs.
    Running,
    /// Time is over: nothing new begins, nobody thinks any more.
    Over,
    /// What is still under way is cut off, and counted.
    Cut,
    /// Stopped or given up: what is under way is cut off, and not counted.
    Halted,
}

/// The clock of a run.
pub(super) struct Clock {
    opened: Instant,
    started: OnceLock<Instant>,
    /// Users that have not gathered yet.
    missing: AtomicU64,
    moment: watch::Sender<Moment>,
    /// From the last user's arrival to the start.
    lead: Duration,
    at_start: Box<dyn Fn() + Send + Sync>,
}

impl Clock {
    /// For so many users, who gather first. With the last one it calls `at_start`, and starts after `lead`.
    pub(super) fn new(
        users: u64,
        lead: Duration,
        at_start: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            opened: Instant::now(),
            started: OnceLock::new(),
            missing: AtomicU64::new(users),
            moment: watch::Sender::new(Moment::Gathering),
            lead,
            at_start: Box::new(at_start),
        }
    }

    /// When the users began to gather.
    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    /// When the clock was started; `None` before.
    pub(super) fn started(&self) -> Option<Instant> {
        self.started.get().copied()
    }

    /// A user is there, or will never be. Whether it was the last one.
    pub(super) fn gathered(&self) -> bool {
        self.missing.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Starts it.
    pub(super) fn start(&self) {
        (self.at_start)();
        // There is one last user, so this is called once.
        let _ = self.started.set(Instant::now() + self.lead);
        self.advance(Moment::Running);
    }

    /// Goes on to a moment; never back.
    pub(super) fn advance(&self, to: Moment) {
        self.moment.send_if_modified(|now| {
            let later = to > *now;
            *now = (*now).max(to);
            later
        });
    }

    /// How far it is.
    pub(super) fn moment(&self) -> Moment {
        *self.moment.borrow()
    }

    /// Waits until it is so far.
    pub(super) async fn reached(&self, moment: Moment) {
        // The sender lives in `self`: waiting cannot fail.
        let _ = self.moment.subscribe().wait_for(|now| *now >= moment).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_goes_on_and_never_back() {
        let clock = Clock::new(2, Duration::ZERO, || {});
        assert!(!clock.gathered());
        assert!(clock.gathered());
        clock.start();
        clock.advance(Moment::Cut);
        clock.advance(Moment::Over);
        assert_eq!(clock.moment(), Moment::Cut);
        clock.reached(Moment::Running).await;
        clock.reached(Moment::Cut).await;
        assert!(clock.started().is_some());
    }
}
