//! Reminders of tasks.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
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
}
