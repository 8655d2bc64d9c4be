//! Dates in filters: RFC 3339, plain days, and date math such as `now+1d/d`.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use crate::clock;

/// The zone in which days begin.
#[derive(Debug)]
pub(super) struct Zone(TimeZone);

impl Zone {
    /// The zone of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        clock::zones().get(name).ok().map(Self)
    }

    /// The server's own (`service.timezone`).
    pub(super) fn servers() -> Self {
        Self(TimeZone::UTC)
    }
}

/// The unix seconds that a filter value names.
pub(super) fn read(text: &str, zone: &Zone) -> Option<i64> {
    if let Some(math) = text.strip_prefix("now") {
        return Some(
            computed(clock::now().to_zoned(zone.0.clone()), math)?
                .timestamp()
                .as_second(),
        );
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_second());
    }
    let civil = DateTime::strptime("%Y-%m-%d %H:%M", text).or_else(|_| {
        Date::strptime("%Y-%m-%d", text).map(|date| date.to_datetime(jiff::civil::Time::midnight()))
    });
    Some(
        civil
            .ok()?
            .to_zoned(zone.0.clone())
            .ok()?
            .timestamp()
            .as_second(),
    )
}

/// Applies `+3d`, `-1w`, `/d` in their order.
fn computed(mut time: Zoned, math: &str) -> Option<Zoned> {
    let mut rest = math;
    while let Some(sign) = rest.chars().next() {
        rest = &rest[1..];
        if sign == '/' {
            let unit = rest.chars().next()?;
            rest = rest.get(unit.len_utf8()..)?;
            time = rounded(&time, unit)?;
            continue;
        }
        let digits = rest.len()
            - rest
                .trim_start_matches(|digit: char| digit.is_ascii_digit())
                .len();
        let amount: i64 = if digits == 0 {
            1
        } else {
            rest[..digits].parse().ok()?
        };
        let unit = rest[digits..].chars().next()?;
        rest = rest.get(digits + unit.len_utf8()..)?;
        let span = span(unit, amount)?;
        time = match sign {
            '+' => time.checked_add(span).ok()?,
            '-' => time.checked_sub(span).ok()?,
            _ => return None,
        };
    }
    Some(time)
}

fn span(unit: char, amount: i64) -> Option<Span> {
    let span = Span::new();
    match unit {
        'y' => span.try_years(amount),
        'M' => span.try_months(amount),
        'w' => span.try_weeks(amount),
        'd' => span.try_days(amount),
        'h' | 'H' => span.try_hours(amount),
        'm' => span.try_minutes(amount),
        's' => span.try_seconds(amount),
        _ => return None,
    }
    .ok()
}

/// The beginning of the unit that holds the time.
fn rounded(time: &Zoned, unit: char) -> Option<Zoned> {
    let day = time.start_of_day().ok()?;
    match unit {
        'y' => day.first_of_year().ok()?.start_of_day().ok(),
        'M' => day.first_of_month().ok()?.start_of_day().ok(),
        'w' => {
            let since_monday = day.weekday().since(Weekday::Monday);
            day.checked_sub(Span::new().days(since_monday))
                .ok()?
                .start_of_day()
                .ok()
        }
        'd' => Some(day),
        'h' | 'H' => time
            .with()
            .minute(0)
            .second(0)
            .subsec_nanosecond(0)
            .build()
            .ok(),
        'm' => time.with().second(0).subsec_nanosecond(0).build().ok(),
        's' => time.with().subsec_nanosecond(0).build().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_their_zone() {
        let berlin = Zone::named("Europe/Berlin").expect("a zone");
        let utc = Zone::servers();
        assert_eq!(read("2026-01-01", &utc), Some(1_767_225_600));
        assert_eq!(read("2026-01-01", &berlin), Some(1_767_222_000));
        assert_eq!(read("2026-01-01 01:30", &utc), Some(1_767_231_000));
        assert_eq!(read("2026-01-01T00:00:00Z", &berlin), Some(1_767_225_600));
        assert!(Zone::named("Mars/Base").is_none());
    }

    #[test]
    fn date_math() {
        let utc = Zone::servers();
        let (day, hours) = (
            read("now/d", &utc).expect("valid"),
            read("now+1d/d", &utc).expect("valid"),
        );
        assert_eq!(hours - day, 86_400);
        assert!(read("now-1w/w", &utc) < read("now", &utc));
        for text in ["someday", "now+", "now+3x", "now/", "2026-13-01"] {
            assert_eq!(read(text, &utc), None, "{text}");
        }
    }
}
