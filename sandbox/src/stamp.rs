//! Points in time as the API shows them: the zero time for «unset», whole seconds when read back,
//! and the sender's own offset and fraction when a write is answered.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock;

/// What the API sends for a time that is not set.
const ZERO: &str = "0001-01-01T00:00:00Z";
/// The zero time in unix seconds.
const ZERO_SECONDS: i64 = -62_135_596_800;

/// A point in time, or none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stamp {
    /// Unix seconds, which is all that is stored.
    seconds: Option<i64>,
    /// How a write's answer shows it, when that differs from the stored form.
    shown: Option<Box<str>>,
}

impl Stamp {
    /// The present, with nanoseconds for the answer to a write.
    pub(crate) fn now() -> Self {
        Self::from_timestamp(clock::now())
    }

    /// The present as it is read back.
    pub(crate) fn now_in_seconds() -> Self {
        Self::from_seconds(Some(clock::now().as_second()))
    }

    pub(crate) fn from_timestamp(time: Timestamp) -> Self {
        Self {
            seconds: Some(time.as_second()),
            shown: Some(time.to_string().into()),
        }
    }

    /// As stored.
    pub(crate) fn from_seconds(seconds: Option<i64>) -> Self {
        Self {
            seconds,
            shown: None,
        }
    }

    /// As stored.
    pub(crate) fn seconds(&self) -> Option<i64> {
        self.seconds
    }

    pub(crate) fn is_set(&self) -> bool {
        self.seconds.is_some()
    }

    /// This much later, or earlier, in the server's zone.
    pub(crate) fn plus(&self, seconds: i64) -> Self {
        Self::from_seconds(self.seconds.map(|own| own.saturating_add(seconds)))
    }

    /// Reads RFC 3339, as strictly as the server.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let shape = text.as_bytes();
        if shape.len() < 20 || shape[10] != b'T' || shape[19] == b',' {
            return None;
        }
        let seconds = text.parse::<Timestamp>().ok()?.as_second();
        if seconds <= ZERO_SECONDS {
            return Some(Self::default());
        }
        Some(Self {
            seconds: Some(seconds),
            shown: Some(text.into()),
        })
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (&self.shown, self.seconds) {
            (Some(shown), _) => serializer.serialize_str(shown),
            (None, None) => serializer.serialize_str(ZERO),
            (None, Some(seconds)) => serializer.serialize_str(&in_server_zone(seconds)),
        }
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), &"an RFC 3339 time"))
    }
}

/// Whole seconds in UTC, the server's default zone. Written by hand because a task list holds hundreds.
fn in_server_zone(seconds: i64) -> String {
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Howard Hinnant's civil_from_days.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let month = if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let mut text = String::with_capacity(20);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_as_the_calendar_says() {
        for seconds in [
            0,
            951_782_399,
            951_782_400,
            1_795_423_949,
            4_102_444_799,
            -1,
        ] {
            let expected = Timestamp::from_second(seconds)
                .expect("in range")
                .to_string();
            assert_eq!(in_server_zone(seconds), expected);
        }
    }

    #[test]
    fn only_rfc_3339_is_a_time() {
        assert!(Stamp::parse("2031-03-01T18:00:00+02:00").is_some_and(|stamp| stamp.is_set()));
        assert!(Stamp::parse(ZERO).is_some_and(|stamp| !stamp.is_set()));
        for text in [
            "",
            "tomorrow",
            "2031-13-01",
            "2031-03-01 18:00:00Z",
            "2031-03-01T18:00:00",
        ] {
            assert!(Stamp::parse(text).is_none(), "{text}");
        }
    }
}
