//! When a request is sent again: a pure table, by what happened and what was asked.
//!
//! | What happened | Repeated |
//! |---|---|
//! | not sent, or 408: the server has not got all of it | any operation |
//! | 429 | any operation, after `X-RateLimit-Reset` + 1 s (the server sends no `Retry-After`) |
//! | complete 500 to a write, release ≥ 2.0 on SQLite | writes too: such a 500 stored nothing |
//! | answer lost, 502–504, other 500 | reads; deletions, replacements and patches unless the endpoint objects |
//! | anything else | never |
//!
//! A deletion whose answer was lost, and whose repetition finds nothing, counts as done.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use crate::{Op, Release};

/// What an endpoint says about being sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Repeat {
    /// As the table says for its operation.
    #[default]
    ByOperation,
    /// Doing it twice is not doing it once (`done` on a repeating task moves its dates each time): only when the first
    /// one surely did nothing.
    IfNothingHappened,
    /// Never, not even when it was not sent: logging in, registering.
    Never,
}

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The operation.
    pub op: Op,
    /// What the endpoint says.
    pub repeat: Repeat,
    /// Release of the server.
    pub release: Release,
    /// `concurrent_writes` of `/info`: `Some(false)` on SQLite from 2.4.
    pub concurrent_writes: Option<bool>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Happened {
    /// Nothing left this machine: connect, DNS.
    NotSent,
    /// 429, with the seconds until the limiter's window ends, where the answer said so.
    Limited(Option<u64>),
    /// A complete answer with this status.
    Status(u16),
    /// The request was sent, and no complete answer came.
    Lost,
    /// It will be no better next time: the request cannot be built, the answer is too long or cannot be read.
    Unusable,
}

/// How often and how long.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// Sendings in all, the first one included; 1 = never again.
    pub tries: u32,
    /// Sendings in all of a write that a 2.x server on SQLite answered with 500.
    pub locked_tries: u32,
    /// Longest single wait. A limiter that wants more ends the tries.
    pub longest_wait: Duration,
    /// Take a 500 to a write for a locked SQLite file although `/info` does not say SQLite (2.0 – 2.3).
    pub assume_sqlite: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tries: 3,
            locked_tries: 6,
            longest_wait: Duration::from_secs(65),
            assume_sqlite: false,
        }
    }
}

impl Policy {
    /// Never sends twice.
    pub const NEVER: Self = Self {
        tries: 1,
        locked_tries: 1,
        longest_wait: Duration::ZERO,
        assume_sqlite: false,
    };

    /// How long to wait before sending again, or `None` to stop.
    ///
    /// `sent` counts the sendings so far, `chance` is a random number in 0 … 1 for the jitter.
    pub fn again(
        &self,
        asked: Asked,
        happened: Happened,
        sent: u32,
        chance: f64,
    ) -> Option<Duration> {
        if asked.repeat == Repeat::Never {
            return None;
        }
        let locked = self.is_locked_sqlite(asked, happened);
        let (allowed, tries) = match happened {
            Happened::NotSent | Happened::Limited(_) | Happened::Status(408) => (true, self.tries),
            Happened::Status(500) if locked => (true, self.locked_tries),
            Happened::Status(500 | 502..=504) | Happened::Lost => {
                (can_happen_twice(asked), self.tries)
            }
            Happened::Status(_) | Happened::Unusable => (false, 0),
        };
        if !allowed || sent >= tries {
            return None;
        }
        let chance = if chance.is_nan() {
            0.0
        } else {
            chance.clamp(0.0, 1.0)
        };
        let wait = match happened {
            Happened::Limited(Some(seconds)) => Duration::from_secs(seconds.saturating_add(1))
                .saturating_add(Duration::from_millis(500).mul_f64(chance)),
            // 20 ms doubling with half of it jitter spreads writers that hit a locked file; 200 ms suits a network.
            _ => Duration::from_millis(if locked { 20 } else { 200 })
                // Not beyond 6.4 s: the longer a server is away, the less is won by waiting longer still.
                .saturating_mul(1 << sent.min(5))
                .mul_f64(0.5 + chance / 2.0),
        };
        (wait <= self.longest_wait).then_some(wait)
    }

    /// Whether a repetition after this is taken from the [`Budget`].
    pub fn is_budgeted(&self, asked: Asked, happened: Happened) -> bool {
        !matches!(happened, Happened::Limited(_)) && !self.is_locked_sqlite(asked, happened)
    }

    /// Whether it may have been done although it is repeated.
    #[cfg(feature = "tokio")]
    pub(crate) fn may_have_happened(&self, asked: Asked, happened: Happened) -> bool {
        matches!(happened, Happened::Lost | Happened::Status(500 | 502..=504))
            && !self.is_locked_sqlite(asked, happened)
    }

    fn is_locked_sqlite(&self, asked: Asked, happened: Happened) -> bool {
        let sqlite = match asked.concurrent_writes {
            Some(concurrent) => !concurrent,
            None => self.assume_sqlite,
        };
        happened == Happened::Status(500)
            && asked.op.writes()
            && asked.release >= Release(2, 0, 0)
            && sqlite
    }
}

fn can_happen_twice(asked: Asked) -> bool {
    match asked.op {
        Op::Read => true,
        Op::Delete | Op::Replace | Op::Patch => asked.repeat == Repeat::ByOperation,
        Op::Create | Op::Act => false,
    }
}

/// What a client may spend on repetitions, so that an ailing server is not asked three times as much by all at once.
///
/// As in the AWS SDKs: a repetition costs 5, a success gives back 1, and at the beginning there are 500. Pauses that a
/// limiter asked for and locked SQLite files cost nothing: there the server is well.
#[derive(Debug)]
pub struct Budget {
    left: AtomicU32,
    most: u32,
}

impl Budget {
    const COST: u32 = 5;

    /// A budget that begins with this much and never has more.
    pub fn new(most: u32) -> Self {
        Self {
            left: AtomicU32::new(most),
            most,
        }
    }

    /// Takes what a repetition costs; `false` when there is not enough.
    pub fn take(&self) -> bool {
        let less = |left: u32| left.checked_sub(Self::COST);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }

    /// Gives back what a success is worth.
    pub fn give_back(&self) {
        // Nearly always full: one load.
        if self.left.load(Ordering::Relaxed) < self.most {
            let more = |left: u32| (left < self.most).then_some(left + 1);
            let _ = self
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(500)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Asked = Asked {
        op: Op::Read,
        repeat: Repeat::ByOperation,
        release: Release(2, 5, 0),
        concurrent_writes: Some(true),
    };

    fn again(op: Op, repeat: Repeat, happened: Happened) -> bool {
        let asked = Asked { op, repeat, ..READ };
        Policy::default().again(asked, happened, 1, 0.5).is_some()
    }

    #[test]
    fn the_table() {
        use Happened::{Limited, Lost, NotSent, Status};
        use Op::{Act, Create, Delete, Patch, Read, Replace};
        let rows = [
            (NotSent, [true, true, true, true, true, true]),
            (Limited(Some(3)), [true, true, true, true, true, true]),
            (Limited(Some(300)), [false; 6]),
            (Lost, [true, false, true, true, true, false]),
            (Status(500), [true, false, true, true, true, false]),
            (Status(503), [true, false, true, true, true, false]),
            (Status(501), [false; 6]),
            (Happened::Unusable, [false; 6]),
            (Limited(Some(u64::MAX)), [false; 6]),
            (Status(404), [false; 6]),
            (Status(401), [false; 6]),
            (Status(422), [false; 6]),
        ];
        for (happened, expected) in rows {
            let got = [Read, Create, Replace, Patch, Delete, Act]
                .map(|op| again(op, Repeat::ByOperation, happened));
            assert_eq!(got, expected, "{happened:?}");
        }
        assert!(!again(Patch, Repeat::IfNothingHappened, Lost));
        assert!(again(Patch, Repeat::IfNothingHappened, NotSent));
        assert!(!again(Act, Repeat::Never, NotSent));
    }

    #[test]
    fn a_locked_sqlite_file_stored_nothing() {
        let create = Asked {
            op: Op::Create,
            concurrent_writes: Some(false),
            ..READ
        };
        let policy = Policy::default();
        let locked = Happened::Status(500);
        assert!(policy.again(create, locked, 5, 0.0).is_some());
        assert!(policy.again(create, locked, 6, 0.0).is_none());
        assert!(
            policy
                .again(create, Happened::Status(503), 1, 0.0)
                .is_none()
        );
        let old = Asked {
            release: Release(2, 3, 0),
            concurrent_writes: None,
            ..create
        };
        assert!(policy.again(old, locked, 1, 0.0).is_none());
        let assuming = Policy {
            assume_sqlite: true,
            ..policy
        };
        assert!(assuming.again(old, locked, 1, 0.0).is_some());
        let older = Asked {
            release: Release(1, 0, 0),
            ..old
        };
        assert!(assuming.again(older, locked, 1, 0.0).is_none());
    }

    #[test]
    fn an_empty_budget_ends_repetitions_until_something_succeeds() {
        let budget = Budget::new(11);
        assert!(budget.take() && budget.take() && !budget.take());
        for _ in 0..4 {
            budget.give_back();
        }
        assert!(budget.take() && !budget.take());
        for _ in 0..100 {
            budget.give_back();
        }
        assert!(budget.take() && budget.take() && !budget.take());
        let policy = Policy::default();
        assert!(policy.is_budgeted(READ, Happened::Lost));
        assert!(!policy.is_budgeted(READ, Happened::Limited(None)));
    }

    #[test]
    fn the_limiter_is_waited_out_and_a_second_more() {
        let wait = Policy::default().again(READ, Happened::Limited(Some(7)), 1, 0.0);
        assert_eq!(wait, Some(Duration::from_secs(8)));
    }
}
