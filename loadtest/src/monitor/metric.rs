//! What is watched: its names, and the manual's aims and thresholds.

use std::fmt::Write as _;

use super::judge::Level;

/// A figure that is watched.
pub(super) struct Metric {
    /// Where it is from: a part of its names, except of a probe's in JSON and performance data.
    group: &'static str,
    name: &'static str,
    /// For people.
    words: &'static str,
    help: &'static str,
    unit: Unit,
    aim: Option<Aim>,
    pub(super) limits: Option<Limits>,
    shown: Shown,
}

/// What a value is in.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Millis,
    Percent,
    Seconds,
    Bytes,
    PerSecond,
    Count,
}

/// What is aimed at, which alarms nobody.
enum Aim {
    AtMost(f64),
    AtLeast(f64),
}

/// Thresholds: what is above them is that bad.
pub(super) struct Limits {
    pub(super) warning: Option<f64>,
    pub(super) critical: f64,
}

/// When people are told.
#[derive(PartialEq)]
enum Shown {
    Always,
    NotZero,
    Never,
}

const PLAIN: Metric = Metric {
    group: "probe",
    name: "",
    words: "",
    help: "",
    unit: Unit::Count,
    aim: None,
    limits: None,
    shown: Shown::Always,
};
const MEMORY: Option<Limits> = Some(Limits {
    warning: Some(70.0),
    critical: 90.0,
});

pub(super) static P95: Metric = Metric {
    name: "p95",
    words: "p95",
    help: "95th percentile of answered probes",
    unit: Unit::Millis,
    aim: Some(Aim::AtMost(100.0)),
    limits: Some(Limits {
        warning: Some(500.0),
        critical: 2000.0,
    }),
    ..PLAIN
};
pub(super) static ERRORS: Metric = Metric {
    name: "errors",
    words: "errors",
    help: "Failed probes, 0 to 1",
    unit: Unit::Percent,
    aim: Some(Aim::AtMost(1.0)),
    limits: Some(Limits {
        warning: Some(5.0),
        critical: 25.0,
    }),
    ..PLAIN
};
pub(super) static DOWN: Metric = Metric {
    name: "down",
    words: "down for",
    help: "How long nothing was answered",
    unit: Unit::Seconds,
    limits: Some(Limits {
        warning: None,
        critical: 300.0,
    }),
    shown: Shown::NotZero,
    ..PLAIN
};
pub(super) static SAMPLES: Metric = Metric {
    name: "samples",
    help: "Probes in the window",
    shown: Shown::Never,
    ..PLAIN
};
pub(super) static SERVER_MEMORY: Metric = Metric {
    group: "server",
    name: "memory",
    words: "server memory",
    help: "Resident memory of the server's process",
    unit: Unit::Bytes,
    aim: Some(Aim::AtMost(500e6)),
    ..PLAIN
};
pub(super) static CONTAINER_MEMORY: Metric = Metric {
    group: "container",
    name: "memory",
    words: "container memory",
    help: "Memory of the server's container without file cache, as a share of its limit",
    unit: Unit::Percent,
    limits: MEMORY,
    ..PLAIN
};
pub(super) static MACHINE_MEMORY: Metric = Metric {
    group: "machine",
    name: "memory",
    words: "machine memory",
    help: "Memory of this machine that is not available, as a share",
    unit: Unit::Percent,
    limits: MEMORY,
    ..PLAIN
};
pub(super) static DISK: Metric = Metric {
    group: "machine",
    name: "disk",
    words: "disk",
    help: "Used share of the disk",
    unit: Unit::Percent,
    limits: Some(Limits {
        warning: Some(80.0),
        critical: 95.0,
    }),
    ..PLAIN
};
pub(super) static POSTGRES_QUERY: Metric = Metric {
    group: "postgres",
    name: "query",
    words: "PostgreSQL query",
    help: "Mean time of a statement in the window",
    unit: Unit::Millis,
    aim: Some(Aim::AtMost(100.0)),
    ..PLAIN
};
pub(super) static POSTGRES_CACHE: Metric = Metric {
    group: "postgres",
    name: "cache_hits",
    words: "PostgreSQL cache hits",
    help: "Blocks found in its memory in the window, 0 to 1",
    unit: Unit::Percent,
    aim: Some(Aim::AtLeast(99.0)),
    ..PLAIN
};
pub(super) static POSTGRES_CONNECTIONS: Metric = Metric {
    group: "postgres",
    name: "connections",
    words: "PostgreSQL connections",
    help: "Connections to the database",
    aim: Some(Aim::AtMost(30.0)),
    ..PLAIN
};
pub(super) static POSTGRES_SIZE: Metric = Metric {
    group: "postgres",
    name: "size",
    words: "PostgreSQL size",
    help: "Size of the database",
    unit: Unit::Bytes,
    ..PLAIN
};
pub(super) static REDIS_MEMORY: Metric = Metric {
    group: "redis",
    name: "memory",
    words: "Redis memory",
    help: "Memory of the Redis",
    unit: Unit::Bytes,
    aim: Some(Aim::AtMost(300e6)),
    ..PLAIN
};
pub(super) static REDIS_HITS: Metric = Metric {
    group: "redis",
    name: "hits",
    words: "Redis hits",
    help: "Lookups that found something in the window, 0 to 1",
    unit: Unit::Percent,
    aim: Some(Aim::AtLeast(80.0)),
    ..PLAIN
};
pub(super) static REDIS_EVICTIONS: Metric = Metric {
    group: "redis",
    name: "evictions",
    words: "Redis evictions",
    help: "Keys thrown out for want of memory per second, in the window",
    unit: Unit::PerSecond,
    aim: Some(Aim::AtMost(0.0)),
    shown: Shown::NotZero,
    ..PLAIN
};
pub(super) static REDIS_COMMANDS: Metric = Metric {
    group: "redis",
    name: "commands",
    words: "Redis commands",
    help: "Commands per second, in the window",
    unit: Unit::PerSecond,
    aim: Some(Aim::AtMost(1000.0)),
    ..PLAIN
};

impl Metric {
    /// It was read.
    pub(super) fn is(&'static self, value: f64) -> Reading {
        self.read(Ok(value))
    }

    /// It was read, or not.
    pub(super) fn read(&'static self, value: Result<f64, String>) -> Reading {
        Reading {
            metric: self,
            value,
        }
    }
}

/// A figure as it was read, or why it is not known.
pub(super) struct Reading {
    pub(super) metric: &'static Metric,
    pub(super) value: Result<f64, String>,
}

impl Reading {
    /// How bad it is.
    pub(super) fn level(&self) -> Level {
        match (&self.value, &self.metric.limits) {
            (Err(_), _) => Level::Unknown,
            (Ok(value), Some(limits)) if *value > limits.critical => Level::Critical,
            (Ok(value), Some(limits)) if limits.warning.is_some_and(|limit| *value > limit) => {
                Level::Warning
            }
            (Ok(_), _) => Level::Ok,
        }
    }

    /// For people, if they are to be told.
    pub(super) fn words(&self) -> Option<String> {
        let Metric { words, shown, .. } = self.metric;
        match &self.value {
            Err(why) => Some(why.clone()),
            Ok(value) if *shown == Shown::Always || (*shown == Shown::NotZero && *value > 0.0) => {
                let remark = self.remark(*value);
                Some(format!("{words} {}{remark}", self.metric.unit.show(*value)))
            }
            Ok(_) => None,
        }
    }

    fn remark(&self, value: f64) -> String {
        match (self.level(), &self.metric.aim) {
            (level @ (Level::Warning | Level::Critical), _) => format!(" ({})", level.name()),
            (_, Some(Aim::AtMost(aim))) if value > *aim => " (above the aim)".to_owned(),
            (_, Some(Aim::AtLeast(aim))) if value < *aim => " (below the aim)".to_owned(),
            _ => String::new(),
        }
    }

    /// Its name in performance data and labels.
    pub(super) fn label(&self) -> String {
        match self.metric.group {
            "probe" => self.metric.name.to_owned(),
            group => format!("{group}_{}", self.metric.name),
        }
    }

    /// Its name in JSON.
    pub(super) fn key(&self) -> String {
        self.label() + self.metric.unit.suffix()
    }

    /// Its value in JSON: whole where its unit is.
    pub(super) fn json(&self) -> serde_json::Value {
        match (&self.value, self.metric.unit) {
            (Err(_), _) => serde_json::Value::Null,
            (Ok(value), Unit::Millis | Unit::Percent | Unit::PerSecond) => (*value).into(),
            (Ok(value), Unit::Seconds | Unit::Bytes | Unit::Count) => (*value as u64).into(),
        }
    }

    /// A monitoring plugin's `label=value;warning;critical;least;most`.
    pub(super) fn performance(&self) -> String {
        let unit = self.metric.unit;
        let value = match &self.value {
            Ok(value) => unit.digits(*value),
            Err(_) => "U".to_owned(),
        };
        let mut text = format!("{}={value}{}", self.label(), unit.plugin());
        if let Some(limits) = &self.metric.limits {
            let warning = limits.warning.map(|limit| limit.to_string());
            let warning = warning.unwrap_or_default();
            let _ = write!(text, ";{warning};{};0", limits.critical);
            if unit == Unit::Percent {
                text += ";100";
            }
        }
        text
    }

    /// As Prometheus reads it; what is not known is left out, so that a rule can see it is absent.
    pub(super) fn prometheus(&self) -> String {
        let Ok(value) = &self.value else {
            return String::new();
        };
        let Metric {
            group,
            name,
            help,
            unit,
            ..
        } = self.metric;
        let suffix = match unit {
            Unit::Millis => "_seconds",
            Unit::Percent => "_ratio",
            unit => unit.suffix(),
        };
        let value = match unit {
            Unit::Millis => value / 1e3,
            Unit::Percent => value / 1e2,
            _ => *value,
        };
        let name = format!("vikunja_{group}_{name}{suffix}");
        format!("# HELP {name} {help}.\n# TYPE {name} gauge\n{name} {value}\n")
    }
}

impl Unit {
    fn suffix(self) -> &'static str {
        match self {
            Self::Millis => "_ms",
            Self::Percent => "_percent",
            Self::Seconds => "_seconds",
            Self::Bytes => "_bytes",
            Self::PerSecond => "_per_second",
            Self::Count => "",
        }
    }

    /// What monitoring plugins call it.
    fn plugin(self) -> &'static str {
        match self {
            Self::Millis => "ms",
            Self::Percent => "%",
            Self::Seconds => "s",
            Self::Bytes => "B",
            Self::PerSecond | Self::Count => "",
        }
    }

    fn digits(self, value: f64) -> String {
        match self {
            Self::Millis => format!("{value:.3}"),
            Self::Percent | Self::PerSecond => format!("{value:.2}"),
            Self::Seconds | Self::Bytes | Self::Count => format!("{value:.0}"),
        }
    }

    fn show(self, value: f64) -> String {
        let short = |value: f64| match value {
            ..1.0 => format!("{value:.2}"),
            ..10.0 => format!("{value:.1}"),
            _ => format!("{value:.0}"),
        };
        match self {
            Self::Millis => short(value) + " ms",
            Self::Percent => format!("{value:.1} %"),
            Self::Seconds => format!("{value:.0} s"),
            Self::Bytes => short(value / 1e6) + " MB",
            Self::PerSecond => short(value) + "/s",
            Self::Count => format!("{value:.0}"),
        }
    }
}
