//! Who is there: no user goes missing without a word.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::clock::Clock;

/// Users of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Users {
    /// How many were planned.
    pub planned: u64,
    /// How many were there until the end.
    pub stayed: u64,
    /// Why the others left, and how many for each reason.
    pub left: BTreeMap<String, u64>,
}

impl Users {
    /// Adds those of another run.
    pub fn add(&mut self, other: Self) {
        self.planned += other.planned;
        self.stayed += other.stayed;
        for (reason, count) in other.left {
            *self.left.entry(reason).or_default() += count;
        }
    }
}

/// Keeps count of them.
#[derive(Debug)]
pub struct Attendance(Mutex<Users>);

impl Attendance {
    /// Of a run with so many.
    pub fn of(planned: u64) -> Self {
        Self(Mutex::new(Users {
            planned,
            ..Users::default()
        }))
    }

    /// A user comes.
    pub(super) fn arrive<'a>(&'a self, clock: &'a Clock) -> Departure<'a> {
        Departure {
            attendance: self,
            clock,
            has_gathered: false,
            reason: Some("ended unexpectedly, which is a bug of the load tester"),
        }
    }

    /// Who was there.
    pub fn users(&self) -> Users {
        let mut users = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let seen = users.stayed + users.left.values().sum::<u64>();
        let missing = users.planned.saturating_sub(seen);
        if missing > 0 {
            users.left.insert("never started".to_owned(), missing);
        }
        users
    }
}

/// A user's leave, whatever comes: also a panic is counted, and nobody waits for who will not come.
pub(super) struct Departure<'a> {
    attendance: &'a Attendance,
    clock: &'a Clock,
    has_gathered: bool,
    reason: Option<&'static str>,
}

impl Departure<'_> {
    /// The user is ready; whether it was the last one.
    pub(super) fn gathered(&mut self) -> bool {
        self.has_gathered = true;
        self.clock.gathered()
    }

    /// The user has done its work.
    pub(super) fn leave_as_planned(mut self) {
        self.reason = None;
    }
}

impl Drop for Departure<'_> {
    fn drop(&mut self) {
        let mut users = self
            .attendance
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match self.reason {
            None => users.stayed += 1,
            Some(reason) => *users.left.entry(reason.to_owned()).or_default() += 1,
        }
        drop(users);
        if !self.has_gathered && self.clock.gathered() {
            self.clock.start();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn nobody_waits_for_a_user_that_is_gone_and_it_is_counted() {
        let (attendance, clock) = (Attendance::of(3), Clock::new(2, Duration::ZERO, || {}));
        let mut first = attendance.arrive(&clock);
        assert!(!first.gathered());
        drop(attendance.arrive(&clock));
        assert!(clock.started().is_some(), "the other one is not waited for");
        first.leave_as_planned();
        let users = attendance.users();
        assert_eq!((users.planned, users.stayed), (3, 1));
        assert_eq!(users.left["never started"], 1);
        assert_eq!(users.left.values().sum::<u64>(), 2);
    }
}
