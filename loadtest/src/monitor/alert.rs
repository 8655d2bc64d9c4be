//! Who is told when: changes for the worse at once, the same again after a pause, and the end.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::judge::Level;

/// What was told last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Alerts {
    /// Level, and when in milliseconds of the Unix epoch; `None` = all is well.
    told: Option<(Level, u64)>,
}

/// What to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Alert {
    /// It is bad.
    Firing,
    /// It is over.
    Resolved,
}

impl Alerts {
    /// What to tell now. That too little is known neither alarms nor ends an alarm.
    pub(super) fn next(&mut self, level: Level, now: u64, cool_down: Duration) -> Option<Alert> {
        let pause = u64::try_from(cool_down.as_millis()).unwrap_or(u64::MAX);
        match (level, self.told) {
            (Level::Unknown, _) | (Level::Ok, None) => None,
            (Level::Ok, Some(_)) => {
                self.told = None;
                Some(Alert::Resolved)
            }
            (level, Some((told, at))) if level <= told && now.saturating_sub(at) < pause => None,
            (level, _) => {
                self.told = Some((level, now));
                Some(Alert::Firing)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_the_same_twice_within_the_pause() {
        let mut alerts = Alerts::default();
        for (second, level, told) in [
            (0, Level::Ok, None),
            (1, Level::Warning, Some(Alert::Firing)),
            (2, Level::Warning, None),
            (3, Level::Critical, Some(Alert::Firing)),
            (4, Level::Warning, None),
            (5, Level::Unknown, None),
            (64, Level::Critical, Some(Alert::Firing)),
            (65, Level::Ok, Some(Alert::Resolved)),
            (66, Level::Ok, None),
            (67, Level::Warning, Some(Alert::Firing)),
        ] {
            let next = alerts.next(level, second * 1000, Duration::from_secs(60));
            assert_eq!(next, told, "second {second}");
        }
    }
}
