//! Who is there: no user goes missing without a word.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
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

/// How many users there were at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Present {
    /// Which of the repeated runs, from 0.
    pub repeat: usize,
    /// Since the start of its clock.
    pub seconds: f64,
    /// Users for whom there was work.
    pub planned: u64,
    /// Of these, who were there and logged in.
    pub live: u64,
}

/// Where a user is.
const AWAY: u8 = 0;
const HERE: u8 = 1;
/// It left when its work was done.
const DONE: u8 = 2;
/// It left before.
const LOST: u8 = 3;

/// Keeps count of them.
#[derive(Debug)]
pub struct Attendance {
    users: Mutex<Users>,
    each: Vec<AtomicU8>,
}

impl Attendance {
    /// Of a run with so many.
    pub fn of(planned: u64) -> Self {
        Self {
            users: Mutex::new(Users {
                planned,
                ..Users::default()
            }),
            each: (0..planned).map(|_| AtomicU8::new(AWAY)).collect(),
        }
    }

    /// A user comes.
    pub(super) fn arrive<'a>(&'a self, user: usize, clock: &'a Clock) -> Departure<'a> {
        self.set(user, HERE);
        Departure {
            attendance: self,
            user,
            clock,
            has_gathered: false,
            reason: Some("ended unexpectedly, which is a bug of the load tester"),
        }
    }

    /// How many of those who have work are planned, and how many of them are there and logged in.
    pub(super) fn count(
        &self,
        has_work: impl Fn(usize) -> bool,
        is_logged_in: impl Fn(usize) -> bool,
    ) -> (u64, u64) {
        let (mut planned, mut live) = (0, 0);
        for (user, state) in self.each.iter().enumerate() {
            let state = state.load(Ordering::Relaxed);
            if state != DONE && has_work(user) {
                planned += 1;
                live += u64::from(state == HERE && is_logged_in(user));
            }
        }
        (planned, live)
    }

    fn set(&self, user: usize, state: u8) {
        if let Some(each) = self.each.get(user) {
            each.store(state, Ordering::Relaxed);
        }
    }

    /// Who was there.
    pub fn users(&self) -> Users {
        let mut users = self
            .users
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
    user: usize,
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
        let state = if self.reason.is_none() { DONE } else { LOST };
        self.attendance.set(self.user, state);
        let mut users = self
            .attendance
            .users
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
        let mut first = attendance.arrive(0, &clock);
        assert!(!first.gathered());
        drop(attendance.arrive(1, &clock));
        assert!(clock.started().is_some(), "the other one is not waited for");
        assert_eq!(attendance.count(|_| true, |_| true), (3, 1));
        assert_eq!(attendance.count(|_| true, |_| false), (3, 0));
        assert_eq!(attendance.count(|user| user == 0, |_| true), (1, 1));
        first.leave_as_planned();
        let users = attendance.users();
        assert_eq!((users.planned, users.stayed), (3, 1));
        assert_eq!(attendance.count(|_| true, |_| true), (2, 0));
        assert_eq!(users.left["never started"], 1);
        assert_eq!(users.left.values().sum::<u64>(), 2);
    }
}
