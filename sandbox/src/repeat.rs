//! Done, undone, and what a repeating task does instead of being done.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::clock;
use crate::stamp::Stamp;
use crate::store::tasks::Task;

/// `repeat_mode`: each date by `repeat_after`.
const AFTER: i64 = 0;
/// `repeat_mode`: each date by a month.
const MONTHLY: i64 = 1;
/// `repeat_mode`: `repeat_after` from now.
const FROM_NOW: i64 = 2;

/// Settles `done`, `done_at` and, for a repeating task, its dates. The **stored** interval counts.
pub(crate) fn settle(old: &Task, new: &mut Task) {
    if new.done && !old.done {
        let now = clock::now();
        if repeats(old) {
            repeat(old, new, now.as_second());
            new.done = false;
        }
        new.done_at = Stamp::from_timestamp(now);
    } else if old.done && !new.done {
        new.done_at = Stamp::default();
    }
}

/// As [`settle`], but the dates stay as sent: only done, `done_at` and reminders follow.
pub(crate) fn settle_but_dates(old: &Task, new: &mut Task) {
    let sent = [&new.due_date, &new.start_date, &new.end_date].map(Stamp::clone);
    settle(old, new);
    [new.due_date, new.start_date, new.end_date] = sent;
}

/// Whether done makes it come again.
pub(crate) fn repeats(task: &Task) -> bool {
    match task.repeat_mode {
        MONTHLY => true,
        AFTER | FROM_NOW => task.repeat_after > 0,
        _ => false,
    }
}

fn repeat(old: &Task, new: &mut Task, now: i64) {
    match old.repeat_mode {
        MONTHLY => move_dates(old, new, a_month_later),
        FROM_NOW => from_now(old, new, now),
        _ => move_dates(old, new, |date| beyond_now(date, old.repeat_after, now)),
    }
}

/// Moves every date that the task had, and its reminders with them.
fn move_dates(old: &Task, new: &mut Task, later: impl Fn(i64) -> i64) {
    let moved = |date: &Stamp| Stamp::from_seconds(date.seconds().map(&later));
    new.due_date = moved(&old.due_date);
    new.start_date = moved(&old.start_date);
    new.end_date = moved(&old.end_date);
    new.reminders.clone_from(&old.reminders);
    for reminder in new.reminders.iter_mut().flatten() {
        reminder.at = moved(&reminder.at);
    }
}

/// At least one interval on, and on until it lies in the future.
fn beyond_now(date: i64, interval: i64, now: i64) -> i64 {
    let next = date.saturating_add(interval);
    if next > now {
        next
    } else {
        next + ((now - next) / interval + 1) * interval
    }
}

/// As Go adds a month: 31 January becomes 3 March.
fn a_month_later(date: i64) -> i64 {
    let Ok(zoned) = Timestamp::from_second(date).map(|time| time.to_zoned(TimeZone::UTC)) else {
        return date;
    };
    let first = zoned
        .first_of_month()
        .and_then(|first| first.checked_add(Span::new().months(1)));
    let later =
        first.and_then(|first| first.checked_add(Span::new().days(i64::from(zoned.day()) - 1)));
    later.map_or(date, |later| later.timestamp().as_second())
}

/// Due date from now; start and end keep their distance to each other, reminders theirs to the first.
fn from_now(old: &Task, new: &mut Task, now: i64) {
    let next = now.saturating_add(old.repeat_after);
    let at = |seconds: i64| Stamp::from_seconds(Some(seconds));
    new.due_date = if old.due_date.is_set() {
        at(next)
    } else {
        Stamp::default()
    };
    (new.start_date, new.end_date) = match (old.start_date.seconds(), old.end_date.seconds()) {
        (Some(start), Some(end)) => (at(next), at(next + end - start)),
        (Some(_), None) => (at(next), Stamp::default()),
        (None, Some(_)) => (Stamp::default(), at(next)),
        (None, None) => (Stamp::default(), Stamp::default()),
    };
    new.reminders.clone_from(&old.reminders);
    let absolute = |reminder: &&crate::store::tasks::Reminder| reminder.relative_to.is_empty();
    let first = old
        .reminders
        .iter()
        .flatten()
        .filter(absolute)
        .filter_map(|one| one.at.seconds())
        .min();
    let (due, start, end) = (
        new.due_date.clone(),
        new.start_date.clone(),
        new.end_date.clone(),
    );
    for reminder in new.reminders.iter_mut().flatten() {
        match reminder.relative_to.as_str() {
            "due_date" => reminder.follow(&due),
            "start_date" => reminder.follow(&start),
            "end_date" => reminder.follow(&end),
            _ => reminder.at = reminder.at.plus(next - first.unwrap_or(next)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> i64 {
        Stamp::parse(text)
            .and_then(|stamp| stamp.seconds())
            .expect("a time")
    }

    #[test]
    fn months_overflow_as_in_go() {
        assert_eq!(
            a_month_later(seconds("2026-01-31T09:00:00Z")),
            seconds("2026-03-03T09:00:00Z")
        );
        assert_eq!(
            a_month_later(seconds("2026-12-05T09:00:00Z")),
            seconds("2027-01-05T09:00:00Z")
        );
    }

    #[test]
    fn an_interval_leads_into_the_future() {
        assert_eq!(beyond_now(100, 10, 50), 110);
        assert_eq!(beyond_now(100, 10, 115), 120);
        assert_eq!(beyond_now(100, 10, 120), 130);
    }
}
