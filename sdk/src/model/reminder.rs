//! Reminders of tasks.

use std::{fmt, time::Duration};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    Timestamp,
    decode::{time_or_none, word_or_none},
    open_enum::string_enum,
};

string_enum! {
    /// The date that a reminder is relative to (0.21+).
    ReminderBase {
        /// When the task is due.
        DueDate = "due_date",
        /// When the task begins.
        StartDate = "start_date",
        /// When the task ends.
        EndDate = "end_date",
    }
}

/// A reminder of a task.
///
/// 0.20 writes only the moment, later releases an object; both are read.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct Reminder {
    /// The moment. The server computes it when the reminder is relative; `None` when the date it is relative to is
    /// unset.
    #[serde(default, deserialize_with = "time_or_none")]
    pub reminder: Option<Timestamp>,
    /// Seconds after the date that it is relative to; negative = before it (0.21+).
    #[serde(default)]
    pub relative_period: i64,
    /// The date that it is relative to (0.21+); `None` = to none.
    #[serde(default, deserialize_with = "word_or_none")]
    pub relative_to: Option<ReminderBase>,
}

impl<'de> Deserialize<'de> for Reminder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentOrObject;

        impl<'de> Visitor<'de> for MomentOrObject {
            type Value = Reminder;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time or a reminder object")
            }

            fn visit_str<E: de::Error>(self, moment: &str) -> Result<Reminder, E> {
                Ok(Reminder {
                    reminder: Timestamp::parse_set(moment).map_err(E::custom)?,
                    ..Reminder::default()
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Reminder, A::Error> {
                // Not this function again: `remote` makes the derived one a function of the type itself.
                Reminder::deserialize(MapAccessDeserializer::new(object))
            }
        }

        deserializer.deserialize_any(MomentOrObject)
    }
}

/// A reminder to set: at a moment, or so long before or after a date of the task.
///
/// ```
/// use std::time::Duration;
/// use vikunja_sdk::model::{NewReminder, ReminderBase};
///
/// let an_hour_before = NewReminder::before(Duration::from_secs(3600), ReminderBase::DueDate);
/// assert_eq!(
///     serde_json::to_string(&an_hour_before)?,
///     r#"{"relative_period":-3600,"relative_to":"due_date"}"#
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(untagged)]
pub enum NewReminder {
    /// At a moment.
    At {
        /// Which.
        reminder: Timestamp,
    },
    /// Relative to a date of the task, which it follows (0.21+). While that date is unset there is no moment, and the
    /// server keeps only one of the reminders without one.
    Relative {
        /// Seconds after the date; negative = before it.
        relative_period: i64,
        /// The date.
        relative_to: ReminderBase,
    },
}

impl NewReminder {
    /// At this moment.
    pub fn at(moment: Timestamp) -> Self {
        Self::At { reminder: moment }
    }

    /// So long before a date of the task, in whole seconds (0.21+).
    pub fn before(period: Duration, date: ReminderBase) -> Self {
        Self::Relative {
            relative_period: -seconds(period),
            relative_to: date,
        }
    }

    /// So long after a date of the task, in whole seconds (0.21+). Zero is at that date.
    pub fn after(period: Duration, date: ReminderBase) -> Self {
        Self::Relative {
            relative_period: seconds(period),
            relative_to: date,
        }
    }
}

fn seconds(period: Duration) -> i64 {
    i64::try_from(period.as_secs()).unwrap_or(i64::MAX)
}

/// Reads what the server writes, too: what is relative there stays so.
impl<'de> Deserialize<'de> for NewReminder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <Reminder as Deserialize>::deserialize(deserializer)?
            .to_new()
            .ok_or_else(|| de::Error::custom("a reminder needs a moment, or a date to follow"))
    }
}

impl Reminder {
    /// What sets the same reminder again; `None` where it is neither at a moment nor relative to a date.
    pub fn to_new(&self) -> Option<NewReminder> {
        match (&self.relative_to, self.reminder) {
            (Some(date), _) => Some(NewReminder::Relative {
                relative_period: self.relative_period,
                relative_to: date.clone(),
            }),
            (None, Some(moment)) => Some(NewReminder::at(moment)),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_may_be_relative() {
        let reminder: Reminder = serde_json::from_str(
            r#"{"reminder":"0001-01-01T00:00:00Z","relative_period":-3600,"relative_to":"due_date"}"#,
        )
        .unwrap();
        assert_eq!(reminder.reminder, None);
        assert_eq!(reminder.relative_period, -3600);
        assert_eq!(reminder.relative_to, Some(ReminderBase::DueDate));
        assert!(serde_json::from_str::<Reminder>("3").is_err());
    }

    #[test]
    fn a_reminder_that_was_read_can_be_set_again() {
        for (read, written) in [
            (
                r#"{"reminder":"2030-01-01T00:00:00Z","relative_period":0,"relative_to":""}"#,
                Some(r#"{"reminder":"2030-01-01T00:00:00Z"}"#),
            ),
            (
                r#"{"reminder":"2030-01-01T00:00:00Z","relative_period":60,"relative_to":"end_date"}"#,
                Some(r#"{"relative_period":60,"relative_to":"end_date"}"#),
            ),
            (
                r#"{"reminder":"0001-01-01T00:00:00Z","relative_period":0,"relative_to":"start_date"}"#,
                Some(r#"{"relative_period":0,"relative_to":"start_date"}"#),
            ),
            (r#"{"reminder":"0001-01-01T00:00:00Z"}"#, None),
            (
                r#""2030-01-01T00:00:00Z""#,
                Some(r#"{"reminder":"2030-01-01T00:00:00Z"}"#),
            ),
        ] {
            let again = |new: &NewReminder| serde_json::to_string(new).unwrap();
            let new = serde_json::from_str::<Reminder>(read).unwrap().to_new();
            assert_eq!(new.as_ref().map(again).as_deref(), written);
            let new = serde_json::from_str::<NewReminder>(read).ok();
            assert_eq!(new.as_ref().map(again).as_deref(), written);
        }
    }

    #[test]
    fn periods_are_whole_seconds() {
        let period = |new| match new {
            NewReminder::Relative {
                relative_period, ..
            } => relative_period,
            NewReminder::At { .. } => panic!("{new:?}"),
        };
        let base = || ReminderBase::StartDate;
        assert_eq!(
            period(NewReminder::before(Duration::from_millis(1500), base())),
            -1
        );
        assert_eq!(period(NewReminder::after(Duration::ZERO, base())), 0);
        assert_eq!(period(NewReminder::after(Duration::MAX, base())), i64::MAX);
    }
}
