//! The manual's thresholds.

use std::{fmt::Write as _, time::Duration};

use serde::{Deserialize, Serialize};

use super::window::{FEWEST, Figures};

/// How it stands, the worst last. What is not known is never well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Within the thresholds.
    #[default]
    Ok,
    /// Too few probes to say.
    Unknown,
    /// To be looked into.
    Warning,
    /// To be acted on.
    Critical,
}

/// A threshold: what is above it is that bad.
struct Limits {
    warning: f64,
    critical: f64,
}

const P95_MS: Limits = Limits {
    warning: 500.0,
    critical: 2000.0,
};
const ERRORS: Limits = Limits {
    warning: 5.0,
    critical: 25.0,
};
/// Longest that nothing may be answered.
const DOWN: Duration = Duration::from_secs(5 * 60);
/// What is aimed at, which alarms nobody.
const AIM_MS: f64 = 100.0;
/// What is aimed at, in percent.
const AIM_ERRORS: f64 = 1.0;

impl Limits {
    fn level(&self, figure: Option<f64>) -> Level {
        match figure {
            None => Level::Unknown,
            Some(figure) if figure > self.critical => Level::Critical,
            Some(figure) if figure > self.warning => Level::Warning,
            Some(_) => Level::Ok,
        }
    }
}

impl Level {
    /// What monitoring systems call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Unknown => "UNKNOWN",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
        }
    }
}

fn millis(figures: &Figures) -> Option<f64> {
    figures.p95.map(|p95| p95.as_secs_f64() * 1e3)
}

/// The worst of all.
pub(super) fn judge(figures: &Figures) -> Level {
    let down = if figures.down > DOWN {
        Level::Critical
    } else {
        Level::Ok
    };
    // Where most fail there are too few answers for a percentile; the failures say enough.
    P95_MS
        .level(millis(figures))
        .max(ERRORS.level(figures.errors))
        .max(down)
}

/// The line of a monitoring plugin, with its performance data.
pub(super) fn line(figures: &Figures) -> String {
    let level = judge(figures).name();
    let mut said = format!("VIKUNJA {level} - ");
    let aim = |figure: f64, aim: f64| if figure > aim { " (above the aim)" } else { "" };
    let _ = match millis(figures) {
        Some(p95) => write!(said, "p95 {p95:.0} ms{}", aim(p95, AIM_MS)),
        None => write!(said, "no p95 below {FEWEST} answers"),
    };
    let _ = match figures.errors {
        Some(errors) => write!(said, ", errors {errors:.1} %{}", aim(errors, AIM_ERRORS)),
        None => write!(said, ", {} probes so far", figures.samples),
    };
    if figures.down.as_secs() > 0 {
        let _ = write!(said, ", down for {} s", figures.down.as_secs());
    }
    let _ = write!(
        said,
        " | p95={}ms;{};{};0 errors={}%;{};{};0;100 down={}s;;{};0 samples={}",
        millis(figures).map_or("U".to_owned(), |p95| format!("{p95:.3}")),
        P95_MS.warning,
        P95_MS.critical,
        figures
            .errors
            .map_or("U".to_owned(), |errors| format!("{errors:.2}")),
        ERRORS.warning,
        ERRORS.critical,
        figures.down.as_secs(),
        DOWN.as_secs(),
        figures.samples,
    );
    said
}

/// The figures as Prometheus reads them; what is not known is left out, so that a rule can see it is absent.
pub(super) fn prometheus(figures: &Figures) -> String {
    let gauges = [
        (
            "vikunja_probe_p95_seconds",
            "95th percentile of answered probes",
            figures.p95.map(|p95| p95.as_secs_f64()),
        ),
        (
            "vikunja_probe_errors_ratio",
            "Failed probes, 0 to 1",
            figures.errors.map(|errors| errors / 100.0),
        ),
        (
            "vikunja_probe_down_seconds",
            "How long nothing was answered",
            Some(figures.down.as_secs_f64()),
        ),
        (
            "vikunja_probe_samples",
            "Probes in the window",
            Some(figures.samples as f64),
        ),
    ];
    let mut text = String::new();
    for (name, help, value) in gauges {
        if let Some(value) = value {
            let _ = write!(
                text,
                "# HELP {name} {help}.\n# TYPE {name} gauge\n{name} {value}\n"
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(p95: u64, errors: f64, down: u64) -> Figures {
        Figures {
            samples: 40,
            p95: Some(Duration::from_millis(p95)),
            errors: Some(errors),
            down: Duration::from_secs(down),
        }
    }

    #[test]
    fn thresholds_are_the_manuals() {
        for (p95, errors, down, level) in [
            (99, 0.0, 0, Level::Ok),
            (500, 5.0, 300, Level::Ok),
            (501, 0.0, 0, Level::Warning),
            (10, 5.1, 0, Level::Warning),
            (2001, 0.0, 0, Level::Critical),
            (10, 25.1, 0, Level::Critical),
            (10, 0.0, 301, Level::Critical),
        ] {
            assert_eq!(
                judge(&figures(p95, errors, down)),
                level,
                "{p95} {errors} {down}"
            );
        }
    }

    #[test]
    fn what_is_not_known_is_never_well() {
        let few = Figures {
            samples: 3,
            ..Figures::default()
        };
        assert_eq!(judge(&few), Level::Unknown);
        assert_eq!(
            line(&few),
            "VIKUNJA UNKNOWN - no p95 below 20 answers, 3 probes so far | p95=Ums;500;2000;0 errors=U%;5;25;0;100 down=0s;;300;0 samples=3"
        );
        assert!(!prometheus(&few).contains("p95"));
        let failing = Figures {
            p95: None,
            ..figures(0, 100.0, 4)
        };
        assert_eq!(judge(&failing), Level::Critical);
    }

    #[test]
    fn the_line_is_what_plugins_print() {
        assert_eq!(
            line(&figures(120, 0.5, 0)),
            "VIKUNJA OK - p95 120 ms (above the aim), errors 0.5 % | p95=120.000ms;500;2000;0 errors=0.50%;5;25;0;100 down=0s;;300;0 samples=40"
        );
        assert!(prometheus(&figures(120, 0.5, 0)).contains("\nvikunja_probe_p95_seconds 0.12\n"));
    }
}
