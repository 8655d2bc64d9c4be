//! What dates are compared with.

use std::{fmt, time::Duration};

use crate::model::Timestamp;

/// A moment to compare a date with: a [`Timestamp`], or one that the server works out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Moment {
    /// This one.
    At(Timestamp),
    /// One that depends on when the server is asked.
    Math(DateMath),
}

impl From<Timestamp> for Moment {
    fn from(moment: Timestamp) -> Self {
        Self::At(moment)
    }
}

impl From<DateMath> for Moment {
    fn from(math: DateMath) -> Self {
        Self::Math(math)
    }
}

impl Moment {
    /// The last whole second before it.
    pub(super) fn second_before(self) -> Self {
        match self {
            Self::At(moment) => {
                let whole = whole_second(moment);
                Self::At(if whole < moment {
                    whole
                } else {
                    whole - Duration::from_secs(1)
                })
            }
            Self::Math(math) => Self::Math(math.minus(1, Unit::Second)),
        }
    }
}

/// The whole second at a moment or before it: the server stores no fractions.
fn whole_second(moment: Timestamp) -> Timestamp {
    let rounded = Timestamp::from_unix_seconds(moment.as_unix_seconds());
    // Seconds are rounded towards 1970.
    if rounded > moment {
        rounded - Duration::from_secs(1)
    } else {
        rounded
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(moment) => whole_second(*moment).fmt(f),
            Self::Math(math) => f.write_str(&math.0),
        }
    }
}

/// The moment at which the server is asked: the beginning of all [`DateMath`].
pub fn now() -> DateMath {
    DateMath("now".to_owned())
}

/// A moment that the server works out, step by step, from [`now`].
///
/// Days, weeks, months and years begin in the server's time zone, unless
/// [`filter_timezone`](crate::tasks::ListQuery::filter_timezone) names another. Weeks begin on Monday.
///
/// ```
/// use vikunja_sdk::filter::{Unit, now};
///
/// let next_monday = now().start_of(Unit::Week).plus(1, Unit::Week);
/// assert_eq!(next_monday.to_string(), "now/w+1w");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateMath(String);

impl DateMath {
    /// So much later.
    #[must_use]
    pub fn plus(self, count: u32, unit: Unit) -> Self {
        Self(format!("{}+{count}{}", self.0, unit.letter()))
    }

    /// So much earlier.
    #[must_use]
    pub fn minus(self, count: u32, unit: Unit) -> Self {
        Self(format!("{}-{count}{}", self.0, unit.letter()))
    }

    /// The beginning of the day, week … that it is in.
    #[must_use]
    pub fn start_of(self, unit: Unit) -> Self {
        Self(format!("{}/{}", self.0, unit.letter()))
    }
}

impl fmt::Display for DateMath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Second.
    Second,
    /// Minute.
    Minute,
    /// Hour.
    Hour,
    /// Day.
    Day,
    /// Week.
    Week,
    /// Month.
    Month,
    /// Year.
    Year,
}

impl Unit {
    const fn letter(self) -> char {
        match self {
            Self::Second => 's',
            Self::Minute => 'm',
            Self::Hour => 'h',
            Self::Day => 'd',
            Self::Week => 'w',
            Self::Month => 'M',
            Self::Year => 'y',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_before_is_the_last_whole_one() {
        for (moment, written, before) in [
            (
                "2030-01-02T03:04:05Z",
                "2030-01-02T03:04:05Z",
                "2030-01-02T03:04:04Z",
            ),
            (
                "2030-01-02T03:04:05.5Z",
                "2030-01-02T03:04:05Z",
                "2030-01-02T03:04:05Z",
            ),
            (
                "1960-01-02T03:04:05Z",
                "1960-01-02T03:04:05Z",
                "1960-01-02T03:04:04Z",
            ),
            (
                "1960-01-02T03:04:05.5Z",
                "1960-01-02T03:04:05Z",
                "1960-01-02T03:04:05Z",
            ),
        ] {
            let moment = Moment::At(moment.parse().unwrap());
            assert_eq!(moment.to_string(), written);
            assert_eq!(moment.second_before().to_string(), before);
        }
    }
}
