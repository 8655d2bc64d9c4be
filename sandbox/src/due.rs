//! What time brings: reminders fire, and tasks are overdue. Webhooks are told of it (2.2); notifications are not.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::events::Event;
use crate::failure::Failure;
use crate::store::tasks::Task;
use crate::store::{due as store, users, webhooks};
use crate::world::World;
use crate::{clock, deliveries};

const MINUTE: i64 = 60;

/// Tells what is due at every full minute until the server ends.
pub(crate) async fn run(world: Arc<World>) {
    loop {
        let into = clock::now().as_second().rem_euclid(MINUTE);
        let left = Duration::from_secs((MINUTE - into).unsigned_abs());
        world.timer.sleep(left).await;
        tell(&world);
    }
}

/// Tells what became due since the last time. What cannot be read is told to nobody.
pub(crate) fn tell(world: &World) {
    let until = clock::now().as_second().div_euclid(MINUTE);
    let since = world
        .told_until
        .swap(until, std::sync::atomic::Ordering::Relaxed);
    if since >= until {
        return;
    }
    let events = world.store.read(|db| {
        let mut events = Vec::new();
        if webhooks::is_wanted(db, "task.reminder.fired")? {
            // At the beginning of its minute, up to which a reminder may be early.
            let span = ((since + 1) * MINUTE, (until + 1) * MINUTE);
            for (task, user, reminder) in store::reminders(db, span)? {
                let (task, user) = (Box::new(task), Box::new(user));
                events.push(Event::ReminderFired {
                    task,
                    user,
                    reminder,
                });
            }
        }
        if webhooks::is_wanted(db, "task.overdue")? || webhooks::is_wanted(db, "tasks.overdue")? {
            overdue(db, (since * MINUTE, until * MINUTE), &mut events)?;
        }
        Ok(events)
    });
    for event in events.unwrap_or_default() {
        // A database that cannot be read has no webhooks either.
        let _ = deliveries::tell(world, event, None);
    }
}

/// Everyone's overdue tasks, once a day at the time that they chose, whether or not they want mails.
fn overdue(
    db: &Connection,
    (since, until): (i64, i64),
    events: &mut Vec<Event>,
) -> Result<(), Failure> {
    for user in store::people(db)? {
        let (time, zone) = crate::users::overdue_time(&users::settings(db, user.id)?);
        if !is_between(&time, &zone, since, until) {
            continue;
        }
        let tasks: Vec<Task> = store::overdue(db, user.id, until)?;
        if tasks.is_empty() {
            continue;
        }
        let user = Box::new(user);
        for task in &tasks {
            let (task, user) = (Box::new(task.clone()), user.clone());
            events.push(Event::TaskOverdue { task, user });
        }
        events.push(Event::TasksOverdue { tasks, user });
    }
    Ok(())
}

/// Whether that time of day comes after the one moment and not after the other.
fn is_between(time: &str, zone: &str, since: i64, until: i64) -> bool {
    let of_day = || {
        let (hour, minute) = time.split_once(':')?;
        Some((hour.parse::<i8>().ok()?, minute.parse::<i8>().ok()?))
    };
    let next = || {
        let (hour, minute) = of_day()?;
        let zone = clock::zones().get(zone).ok()?;
        let since = Timestamp::from_second(since).ok()?.to_zoned(zone.clone());
        let mut next = since
            .date()
            .at(hour, minute, 0, 0)
            .to_zoned(zone.clone())
            .ok()?;
        if next <= since {
            let tomorrow = since.date().tomorrow().ok()?;
            next = tomorrow.at(hour, minute, 0, 0).to_zoned(zone).ok()?;
        }
        Some(next.timestamp().as_second())
    };
    next().is_some_and(|next| next <= until)
}

#[cfg(test)]
mod tests {
    use super::is_between;

    #[test]
    fn a_time_of_day_comes_once_a_day() {
        let at = |text: &str| {
            let time: jiff::Timestamp = text.parse().expect("a time");
            time.as_second()
        };
        let (eight, nine) = (at("2026-11-23T08:00:00Z"), at("2026-11-23T09:00:00Z"));
        assert!(is_between("9:00", "GMT", eight, nine));
        assert!(!is_between("9:00", "GMT", nine, nine + 86_399));
        assert!(is_between("9:00", "GMT", nine, nine + 86_400));
        assert!(is_between("10:00", "Europe/Berlin", eight, nine));
        assert!(!is_between("9:00", "Europe/Berlin", eight, nine));
        assert!(!is_between("soon", "GMT", eight, nine));
    }
}
