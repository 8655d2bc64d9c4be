//! What came back by webhooks, in results, in the verdict and for people.

use serde::{Deserialize, Serialize};

use super::Distribution;
use crate::verdict::Row;

/// Webhooks of one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WebhooksPart {
    /// Where they were received, as the server was told.
    pub receiver: String,
    /// What came, by event.
    pub events: Vec<EventPart>,
    /// Deliveries that were not taken: without a signature or with a wrong one, or unreadable.
    pub rejected: u64,
    /// Why the first of them was not.
    pub first_rejected: Option<String>,
    /// Signed deliveries of what this run has not written.
    pub strangers: u64,
}

/// Deliveries of one event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventPart {
    /// Its name.
    pub event: String,
    /// Writes that the server said it had stored.
    pub writes: u64,
    /// Writes that were delivered.
    pub delivered: u64,
    /// Stored, and not delivered ten seconds after the run.
    pub lost: u64,
    /// Deliveries after the first one of the same write.
    pub duplicates: u64,
    /// From the send of the write until all of its delivery was here.
    pub delay: Distribution,
}

impl WebhooksPart {
    /// Nothing may be lost or rejected in any of the runs. No rows where there were no webhooks.
    pub fn judge(parts: &[Self]) -> Vec<Row> {
        if parts.is_empty() {
            return Vec::new();
        }
        let events = parts.iter().flat_map(|part| &part.events);
        let lost = events.map(|event| event.lost).sum();
        let rejected = parts.iter().map(|part| part.rejected).sum();
        let first = parts.iter().find_map(|part| part.first_rejected.clone());
        let none = |what: &str, count: u64, remark| Row {
            target: format!("webhooks: {what} = 0"),
            figure: count.to_string(),
            value: Some(count as f64),
            bound: 0.0,
            passed: count == 0,
            remark,
            repeats: Vec::new(),
        };
        vec![none("lost", lost, None), none("rejected", rejected, first)]
    }

    /// What else was delivered, for people.
    pub fn strangers_in_words(&self) -> Option<String> {
        (self.strangers > 0).then(|| {
            format!(
                "{} signed deliveries were of nothing that this run has written",
                self.strangers
            )
        })
    }
}
