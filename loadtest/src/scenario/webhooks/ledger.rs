//! What was written, and what of it was delivered.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use hdrhistogram::Histogram;
use tokio::sync::Notify;
use vikunja_sdk::{
    model::EventName,
    webhook::{Delivery, Rejected},
};

use crate::{
    exit::Problem,
    report::{Distribution, EventPart, WebhooksPart},
};

/// What was done to a task. Each makes one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    Create,
    Edit,
}

impl Action {
    pub(super) const ALL: [Self; 2] = [Self::Create, Self::Edit];

    pub(super) fn event(self) -> EventName {
        match self {
            Self::Create => EventName::TaskCreated,
            Self::Edit => EventName::TaskUpdated,
        }
    }
}

/// One of them: to which task, by its number in this run.
pub(super) type Entry = (Action, u64);

/// Title of a task, by its number. It never changes: up to 1.x an event shows its task as it is when it is delivered.
pub(super) fn title(number: u64) -> String {
    format!("{TITLE}{number}")
}

const TITLE: &str = "Webhook test ";

/// The entry that a delivery is of.
fn entry(delivery: &Delivery) -> Option<Entry> {
    let name = delivery.event.name();
    let action = Action::ALL.into_iter().find(|one| one.event() == name)?;
    let number = delivery.event.task()?.title.strip_prefix(TITLE)?;
    Some((action, number.parse().ok()?))
}

/// Keeps account. A delivery can be here before the write's answer is.
#[derive(Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
    /// Rung when something came.
    bell: Notify,
}

#[derive(Default)]
struct Book {
    writes: BTreeMap<Entry, Write>,
    rejected: u64,
    first_rejected: Option<String>,
    strangers: u64,
}

struct Write {
    sent: Instant,
    stored: bool,
    came: Vec<Instant>,
}

impl Write {
    fn is_lost(&self) -> bool {
        self.stored && self.came.is_empty()
    }
}

impl Ledger {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is written now.
    pub(super) fn send(&self, entry: Entry) {
        let write = Write {
            sent: Instant::now(),
            stored: false,
            came: Vec::new(),
        };
        self.book().writes.insert(entry, write);
    }

    /// The server says that it is stored, so that its event is owed. What failed may have been stored or not: nothing is
    /// owed for it.
    pub(super) fn stored(&self, entry: Entry) {
        if let Some(write) = self.book().writes.get_mut(&entry) {
            write.stored = true;
        }
    }

    /// Something came.
    pub(super) fn take(&self, received: Result<Delivery, Rejected>, came: Instant) {
        let mut book = self.book();
        match received {
            Ok(delivery) => {
                let entry = entry(&delivery);
                match entry.and_then(|entry| book.writes.get_mut(&entry)) {
                    Some(write) => write.came.push(came),
                    None => book.strangers += 1,
                }
            }
            Err(why) => {
                book.rejected += 1;
                book.first_rejected.get_or_insert_with(|| why.to_string());
            }
        }
        self.bell.notify_waiters();
    }

    /// Whether everything came that is owed.
    fn is_settled(&self) -> bool {
        !self.book().writes.values().any(Write::is_lost)
    }

    /// Waits until everything came that is owed.
    pub(super) async fn settled(&self) {
        loop {
            let bell = self.bell.notified();
            tokio::pin!(bell);
            // From here on no ring is missed.
            bell.as_mut().enable();
            if self.is_settled() {
                return;
            }
            bell.await;
        }
    }

    /// Why nothing was taken, where something came.
    pub(super) fn first_rejected(&self) -> Option<String> {
        self.book().first_rejected.clone()
    }

    /// Begins anew: what came so far was a trial.
    pub(super) fn clear(&self) {
        *self.book() = Book::default();
    }

    /// What came of it.
    pub(super) fn told(&self, receiver: &str) -> Result<WebhooksPart, Problem> {
        let book = self.book();
        let events = Action::ALL.map(|action| {
            let all = book.writes.iter().filter(|((one, _), _)| *one == action);
            let all: Vec<&Write> = all.map(|(_, write)| write).collect();
            let uncounted = |error: &dyn std::fmt::Display| {
                Problem::new(format!("delays of webhooks cannot be counted: {error}"))
            };
            let mut delays = Histogram::<u64>::new(3).map_err(|error| uncounted(&error))?;
            for write in &all {
                if let Some(first) = write.came.first() {
                    let delay = first.saturating_duration_since(write.sent);
                    // Not `saturating_record`: that does not grow the histogram, and all delays would be 2 µs.
                    delays
                        .record(delay.as_micros() as u64)
                        .map_err(|error| uncounted(&error))?;
                }
            }
            Ok::<_, Problem>(EventPart {
                event: action.event().to_string(),
                writes: all.iter().filter(|write| write.stored).count() as u64,
                delivered: delays.len(),
                lost: all.iter().filter(|write| write.is_lost()).count() as u64,
                duplicates: all
                    .iter()
                    .map(|write| write.came.len().saturating_sub(1) as u64)
                    .sum(),
                delay: Distribution::of(&delays),
            })
        });
        Ok(WebhooksPart {
            receiver: receiver.to_owned(),
            events: events.into_iter().collect::<Result<_, Problem>>()?,
            rejected: book.rejected,
            first_rejected: book.first_rejected.clone(),
            strangers: book.strangers,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;
    use vikunja_sdk::webhook::Verifier;

    use super::*;

    fn delivery(event: &str, title: &str) -> Result<Delivery, Rejected> {
        let body = json!({
            "event_name": event,
            "time": "2030-01-01T00:00:00Z",
            "data": {"doer": {"id": 1, "username": "u"}, "task": {"id": 1, "title": title}},
        });
        let verifier = Verifier::new([]).unwrap().allow_unsigned().tolerance(None);
        verifier.receive(body.to_string(), None)
    }

    #[tokio::test]
    async fn what_was_written_and_what_came_are_compared() {
        let ledger = Ledger::default();
        for entry in [
            (Action::Create, 1),
            (Action::Create, 2),
            (Action::Create, 3),
            (Action::Edit, 1),
        ] {
            ledger.send(entry);
        }
        let late = Instant::now() + Duration::from_secs(2);
        // Before the answer to the write.
        ledger.take(delivery("task.created", "Webhook test 1"), late);
        ledger.stored((Action::Create, 1));
        ledger.stored((Action::Create, 2));
        ledger.take(delivery("task.created", "Webhook test 1"), late);
        assert!(!ledger.is_settled(), "2 has not come");
        for (event, title) in [
            ("task.created", "Webhook test 77"),
            ("task.created", "of somebody else"),
            ("task.deleted", "Webhook test 1"),
        ] {
            ledger.take(delivery(event, title), late);
        }
        ledger.take(Err(Rejected::Unsigned), late);
        let told = ledger.told("http://r/").unwrap();
        let [created, edited] = &told.events[..] else {
            panic!("{told:?}");
        };
        assert_eq!(created.event, "task.created");
        let counts = |part: &EventPart| (part.writes, part.delivered, part.lost, part.duplicates);
        assert_eq!(counts(created), (2, 1, 1, 1));
        assert!(created.delay.percentiles["p50"] >= Some(1_999_000));
        assert_eq!(counts(edited), (0, 0, 0, 0), "a failed write owes nothing");
        assert_eq!((told.rejected, told.strangers), (1, 3));
        assert!(told.first_rejected.unwrap().contains("x-vikunja-signature"));

        ledger.take(delivery("task.created", "Webhook test 2"), late);
        ledger.settled().await;
    }
}
