//! Moments.

use std::{
    fmt,
    ops::{Add, Sub},
    str::FromStr,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::decode::Text;

/// A moment, to the nanosecond, in UTC. It is written as RFC 3339 with `Z`, without fraction when the second is
/// whole.
///
/// The server stores whole seconds; only its answers to a write have a fraction. Moments stay between the years −9999
/// and 9999: what would lie outside is the nearest one inside.
///
/// ```
/// use vikunja_sdk::model::Timestamp;
///
/// let due: Timestamp = "2030-01-02T04:04:05+01:00".parse()?;
/// assert_eq!(due.to_string(), "2030-01-02T03:04:05Z");
/// assert_eq!(due, Timestamp::from_unix_seconds(1_893_553_445));
/// # Ok::<(), vikunja_sdk::model::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(jiff::Timestamp);

/// A text is no moment in RFC 3339 form.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is not a time in RFC 3339 form, such as 2026-01-31T12:00:00Z")]
pub struct InvalidTimestamp(String);

impl Timestamp {
    /// How the server writes «no time» nearly always.
    const ZERO: &str = "0001-01-01T00:00:00Z";
    /// Unix time of the year two. In a server zone with an odd offset of long ago, «no time» is seconds away from
    /// [`Self::ZERO`], hence the whole year.
    const YEAR_TWO: i64 = -62_104_060_800;

    /// The moment this many seconds after 1970-01-01T00:00:00Z.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        let limits = jiff::Timestamp::MIN.as_second()..=jiff::Timestamp::MAX.as_second();
        let seconds = seconds.clamp(*limits.start(), *limits.end());
        // Cannot fail: the limits are whole seconds of the type itself.
        Self(jiff::Timestamp::from_second(seconds).unwrap_or_default())
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded towards it.
    pub fn as_unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// Nanoseconds on top of [`as_unix_seconds`](Self::as_unix_seconds); negative before 1970.
    pub fn subsecond_nanoseconds(self) -> i32 {
        self.0.subsec_nanosecond()
    }

    /// The present moment, by the system's clock.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now())
    }

    /// Reads a date of an HTTP header.
    pub(crate) fn parse_http(text: &str) -> Option<Self> {
        let date = jiff::fmt::rfc2822::parse(text).ok()?;
        Some(Self(date.timestamp()))
    }

    /// Reads a time of the server, where a time of year one (or no text at all) means none.
    pub(super) fn parse_set(text: &str) -> Result<Option<Self>, InvalidTimestamp> {
        // Most times of a task are unset: compare before parsing.
        if text == Self::ZERO || text.is_empty() {
            return Ok(None);
        }
        let time: Self = text.parse()?;
        Ok((time.as_unix_seconds() >= Self::YEAR_TWO).then_some(time))
    }
}

#[cfg(feature = "jiff")]
impl Timestamp {
    /// The last second of a day in a time zone: a task that is due then is due on that day and not overdue before it
    /// ends.
    ///
    /// ```
    /// use jiff::{civil::date, tz::{TimeZone, offset}};
    /// use vikunja_sdk::model::Timestamp;
    ///
    /// let due = Timestamp::due_on(date(2030, 1, 2), &TimeZone::fixed(offset(1)));
    /// assert_eq!(due.to_string(), "2030-01-02T22:59:59Z");
    /// ```
    pub fn due_on(day: jiff::civil::Date, zone: &jiff::tz::TimeZone) -> Self {
        // By the next day's beginning: days do not all end at midnight, nor have 24 hours.
        let end = day
            .tomorrow()
            .and_then(|next| next.to_zoned(zone.clone()))
            .map_or(jiff::Timestamp::MAX, |next| next.timestamp());
        Self(end) - Duration::from_secs(1)
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for Timestamp {
    fn from(time: jiff::Timestamp) -> Self {
        Self(time)
    }
}

#[cfg(feature = "jiff")]
impl From<Timestamp> for jiff::Timestamp {
    fn from(time: Timestamp) -> Self {
        time.0
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        text.parse()
            .map(Self)
            .map_err(|_| InvalidTimestamp(text.to_owned()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let limit = if time < SystemTime::UNIX_EPOCH {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        Self(jiff::Timestamp::try_from(time).unwrap_or(limit))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        time.0.into()
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later).unwrap_or(jiff::Timestamp::MAX))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, earlier: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(earlier)
                .unwrap_or(jiff::Timestamp::MIN),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Option<String> {
        Timestamp::parse_set(text)
            .unwrap()
            .map(|time| time.to_string())
    }

    #[test]
    fn times_are_normalised_to_utc() {
        assert_eq!(
            set("2026-01-02T03:04:05Z").as_deref(),
            Some("2026-01-02T03:04:05Z")
        );
        assert_eq!(
            set("2026-01-02T03:04:05+02:00").as_deref(),
            Some("2026-01-02T01:04:05Z")
        );
        assert_eq!(
            set("2026-01-02T03:04:05.123456789Z").as_deref(),
            Some("2026-01-02T03:04:05.123456789Z")
        );
    }

    #[test]
    fn year_one_is_no_time() {
        assert_eq!(set("0001-01-01T00:00:00Z"), None);
        assert_eq!(set(""), None);
        // The zero time in zones whose offset was not yet whole minutes.
        assert_eq!(set("0001-01-01T00:53:28+00:53"), None);
        assert_eq!(set("0000-12-31T19:03:58-04:56"), None);
        assert!(set("0002-01-01T00:00:00Z").is_some());
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "tomorrow",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "1700000000",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        let error = "soon".parse::<Timestamp>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#""soon" is not a time in RFC 3339 form, such as 2026-01-31T12:00:00Z"#
        );
    }

    #[test]
    fn json_round_trip() {
        let time: Timestamp = serde_json::from_str(r#""2026-01-02T03:04:05.5+00:30""#).unwrap();
        assert_eq!(time.subsecond_nanoseconds(), 500_000_000);
        let json = serde_json::to_string(&time).unwrap();
        assert_eq!(json, r#""2026-01-02T02:34:05.5Z""#);
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), time);
    }

    #[test]
    fn conversions_saturate() {
        let end = Timestamp::from_unix_seconds(i64::MAX);
        assert!(end.to_string().starts_with("9999-12-"));
        assert!(end + Duration::MAX >= end);
        assert!(Timestamp::from_unix_seconds(i64::MIN) - Duration::MAX < end);
        let second = Timestamp::from_unix_seconds(1);
        assert_eq!(Timestamp::from(SystemTime::from(second)), second);
        assert_eq!(
            second + Duration::from_secs(1),
            Timestamp::from_unix_seconds(2)
        );
    }
}
