//! All figures together: how bad it is, and how that is told.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::metric::Reading;

/// How it stands, the worst last. What is not known is never well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Within the thresholds.
    #[default]
    Ok,
    /// Too few probes to say, or something could not be read.
    Unknown,
    /// To be looked into.
    Warning,
    /// To be acted on.
    Critical,
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

    /// What a monitoring plugin ends with.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => super::UNKNOWN,
        }
    }
}

/// The worst of all. Where most probes fail there are too few answers for a percentile; the failures say enough.
pub(super) fn judge(readings: &[Reading]) -> Level {
    let levels = readings.iter().map(Reading::level);
    levels.max().unwrap_or(Level::Unknown)
}

/// The line of a monitoring plugin, with its performance data.
pub(super) fn line(readings: &[Reading]) -> String {
    let mut words: Vec<_> = readings.iter().filter_map(Reading::words).collect();
    // One thing that cannot be reached leaves several figures unknown.
    words.dedup();
    let data: Vec<_> = readings.iter().map(Reading::performance).collect();
    format!(
        "VIKUNJA {} - {} | {}",
        judge(readings).name(),
        // To a monitoring system the first of these ends the words.
        words.join(", ").replace(['|', '\n', '\r'], " "),
        data.join(" ")
    )
}

/// A page for Prometheus.
pub(super) fn prometheus(readings: &[Reading]) -> String {
    let mut text: String = readings.iter().map(Reading::prometheus).collect();
    let _ = write!(
        text,
        "# HELP vikunja_level How it stands: 0 well, 1 warning, 2 critical, 3 unknown.\n# TYPE vikunja_level gauge\nvikunja_level {}\n# HELP vikunja_known Whether a figure is known.\n# TYPE vikunja_known gauge\n",
        judge(readings).code()
    );
    for reading in readings {
        let known = u8::from(reading.value.is_ok());
        let _ = writeln!(
            text,
            "vikunja_known{{figure=\"{}\"}} {known}",
            reading.label()
        );
    }
    text
}

/// An object for programs: what is not known is null, and why it is not is in `unknown`.
pub(super) fn object(readings: &[Reading]) -> Map<String, Value> {
    let mut object: Map<_, _> = readings
        .iter()
        .map(|reading| (reading.key(), reading.json()))
        .collect();
    let unknown: Map<_, _> = readings
        .iter()
        .filter_map(|reading| Some((reading.key(), json!(reading.value.as_ref().err()?))))
        .collect();
    object.insert("level".to_owned(), json!(judge(readings)));
    object.insert("unknown".to_owned(), Value::Object(unknown));
    object
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        super::{
            metric::{CONTAINER_MEMORY, DISK, POSTGRES_CACHE, POSTGRES_QUERY, REDIS_MEMORY},
            window::Figures,
        },
        *,
    };

    fn figures(p95: u64, errors: f64, down: u64) -> Vec<Reading> {
        Figures {
            samples: 40,
            p95: Some(Duration::from_millis(p95)),
            errors: Some(errors),
            down: Duration::from_secs(down),
        }
        .readings()
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
        for (metric, value, level) in [
            (&CONTAINER_MEMORY, 70.0, Level::Ok),
            (&CONTAINER_MEMORY, 70.1, Level::Warning),
            (&CONTAINER_MEMORY, 90.1, Level::Critical),
            (&DISK, 80.0, Level::Ok),
            (&DISK, 80.1, Level::Warning),
            (&DISK, 95.1, Level::Critical),
            (&POSTGRES_QUERY, 9999.0, Level::Ok),
        ] {
            let mut readings = figures(10, 0.0, 0);
            readings.push(metric.is(value));
            assert_eq!(judge(&readings), level, "{}", line(&readings));
        }
    }

    #[test]
    fn what_is_not_known_is_never_well() {
        assert_eq!(judge(&[]), Level::Unknown);
        let few = Figures {
            samples: 3,
            ..Figures::default()
        }
        .readings();
        assert_eq!(judge(&few), Level::Unknown);
        assert_eq!(
            line(&few),
            "VIKUNJA UNKNOWN - no p95 below 20 answers, 3 probes so far | p95=Ums;500;2000;0 errors=U%;5;25;0;100 down=0s;;300;0 samples=3"
        );
        assert!(!prometheus(&few).contains("p95_seconds"));
        let failing = Figures {
            samples: 40,
            errors: Some(100.0),
            ..Figures::default()
        };
        assert_eq!(judge(&failing.readings()), Level::Critical);

        let mut readings = figures(10, 0.0, 0);
        for metric in [&POSTGRES_QUERY, &POSTGRES_CACHE] {
            readings.push(metric.read(Err("PostgreSQL h:1/v: gone | away".to_owned())));
        }
        assert!(
            line(&readings).starts_with(
                "VIKUNJA UNKNOWN - p95 10 ms, errors 0.0 %, PostgreSQL h:1/v: gone   away | p95="
            ),
            "{}",
            line(&readings)
        );
        assert!(line(&readings).ends_with(" postgres_query=Ums postgres_cache_hits=U%"));
        let page = prometheus(&readings);
        assert!(page.contains("\nvikunja_level 3\n"), "{page}");
        assert!(
            page.contains("\nvikunja_known{figure=\"postgres_query\"} 0\n"),
            "{page}"
        );
        let object = object(&readings);
        assert_eq!(object["level"], "unknown");
        assert!(object["postgres_query_ms"].is_null());
        assert_eq!(
            object["unknown"]["postgres_query_ms"],
            "PostgreSQL h:1/v: gone | away"
        );
    }

    #[test]
    fn the_line_is_what_plugins_print() {
        let mut readings = figures(120, 0.5, 12);
        assert!(prometheus(&readings).contains("\nvikunja_probe_p95_seconds 0.12\n"));
        readings.push(POSTGRES_CACHE.is(98.0));
        readings.push(REDIS_MEMORY.is(1_500_000.0));
        readings.push(DISK.is(81.0));
        assert_eq!(
            line(&readings),
            "VIKUNJA WARNING - p95 120 ms (above the aim), errors 0.5 %, down for 12 s, PostgreSQL cache hits 98.0 % (below the aim), Redis memory 1.5 MB, disk 81.0 % (WARNING) | p95=120.000ms;500;2000;0 errors=0.50%;5;25;0;100 down=12s;;300;0 samples=40 postgres_cache_hits=98.00% redis_memory=1500000B machine_disk=81.00%;80;95;0;100"
        );
        let page = prometheus(&readings);
        assert!(
            page.contains("\nvikunja_machine_disk_ratio 0.81\n"),
            "{page}"
        );
        assert_eq!(object(&readings)["redis_memory_bytes"], 1_500_000);
    }
}
