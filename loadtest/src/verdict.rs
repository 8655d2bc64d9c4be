//! Targets, and whether they were met.

use std::{cmp::Ordering, fmt, str::FromStr, time::Duration};

use serde::Serialize;
use vikunja_sdk::Resolved;

use crate::{
    exit::Problem,
    record::{Figures, Phase, Record},
};

/// What a target is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// A percentile of the response time over all requests, 0 … 1.
    Percentile(f64),
    /// The mean response time.
    Mean,
    /// The longest response time.
    Max,
    /// Successful requests per second.
    Throughput,
    /// Failed requests.
    Failures,
    /// Share of failed requests, in percent.
    ErrorRate,
}

/// Which side of the bound is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

impl Relation {
    /// Targets that bound a figure from different sides stand beside one another.
    fn side(self) -> Ordering {
        match self {
            Self::Less | Self::AtMost | Self::Equal => Ordering::Less,
            Self::AtLeast | Self::More => Ordering::Greater,
        }
    }
}

/// A threshold: `p95<500ms`, or of one route `GET /tasks: p95<500ms`.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The route that it is about; `None` = all together.
    pub route: Option<String>,
    /// The figure.
    pub metric: Metric,
    /// The side.
    pub relation: Relation,
    /// The bound: µs for times, requests per second, a number, percent.
    pub bound: f64,
}

/// What the documented scenario promises of a healthy server. 50 to 100 requests a second is a floor: ten users whose
/// p50 is under 100 ms get over 100 by Little's law, so more than 100 is no miss unless the band is strict.
pub const DOCUMENTED: [&str; 4] = ["failures=0", "p50<100ms", "p95<500ms", "throughput>=50/s"];

/// Upper end of the documented band, in requests per second.
const BAND: f64 = 100.0;

/// The documented targets, with those that are given in their place or beside them.
pub fn targets(given: &[String], strict_band: bool) -> Result<Vec<Target>, Problem> {
    let strict = strict_band.then(|| format!("throughput<={BAND}/s"));
    let mut targets: Vec<Target> = Vec::new();
    for text in DOCUMENTED
        .iter()
        .copied()
        .chain(given.iter().map(String::as_str))
    {
        let target: Target = text.parse()?;
        let same = |known: &Target| {
            known.route == target.route
                && known.metric == target.metric
                && known.relation.side() == target.relation.side()
        };
        match targets
            .iter_mut()
            .take(DOCUMENTED.len())
            .find(|known| same(known))
        {
            Some(documented) => *documented = target,
            None => targets.push(target),
        }
    }
    if let Some(text) = strict {
        targets.push(text.parse()?);
    }
    Ok(targets)
}

impl FromStr for Target {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let refuse = |why: &str| {
            Problem::new(format!("--target {text:?} cannot be read: {why}"))
                .advise("write p95<500ms, mean<=80ms, throughput>=50/s, failures=0, errors<1%")
                .advise("for one route: 'GET /tasks: p95<500ms'")
        };
        let (route, rule) = match text.rsplit_once(": ") {
            Some((route, rule)) => (Some(route.trim().to_owned()), rule),
            None => (None, text),
        };
        let at = rule
            .find(['<', '>', '='])
            .ok_or_else(|| refuse("there is no <, <=, =, >= or >"))?;
        let (name, rest) = rule.split_at(at);
        let (relation, bound) = [
            ("<=", Relation::AtMost),
            (">=", Relation::AtLeast),
            ("<", Relation::Less),
            (">", Relation::More),
            ("=", Relation::Equal),
        ]
        .into_iter()
        .find_map(|(sign, relation)| Some((relation, rest.strip_prefix(sign)?)))
        .ok_or_else(|| refuse("there is no <, <=, =, >= or >"))?;
        let metric = metric(name.trim()).ok_or_else(|| {
            refuse("the figure is none of p50, p90, p95, p99, p99.9 …, mean, max, throughput, failures, errors%")
        })?;
        let bound = metric.bound(bound.trim()).map_err(|why| refuse(&why))?;
        Ok(Self {
            route,
            metric,
            relation,
            bound,
        })
    }
}

fn metric(name: &str) -> Option<Metric> {
    Some(match name {
        "mean" => Metric::Mean,
        "max" => Metric::Max,
        "throughput" => Metric::Throughput,
        "failures" => Metric::Failures,
        "errors" | "errors%" => Metric::ErrorRate,
        _ => {
            let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
            (percent > 0.0 && percent < 100.0).then_some(Metric::Percentile(percent / 100.0))?
        }
    })
}

impl Metric {
    fn bound(self, text: &str) -> Result<f64, String> {
        let number = |text: &str, unit: &str| {
            text.trim_end_matches(unit)
                .trim()
                .parse::<f64>()
                .ok()
                .filter(|number| number.is_finite() && *number >= 0.0)
                .ok_or_else(|| format!("{text:?} is not a number like 50{unit}"))
        };
        match self {
            Self::Percentile(_) | Self::Mean | Self::Max => humantime::parse_duration(text)
                .map(|time| time.as_nanos() as f64 / 1000.0)
                .map_err(|_| format!("{text:?} is not a time like 500ms")),
            Self::Throughput => number(text, "/s"),
            Self::Failures => number(text, ""),
            Self::ErrorRate => number(text, "%"),
        }
    }

    fn of(self, figures: &Figures, seconds: f64) -> Figure {
        let time = |micros: Option<f64>| micros.map_or(Figure::Infinite, Figure::Known);
        if figures.requests() == 0 {
            return Figure::Missing;
        }
        match self {
            Self::Percentile(quantile) => time(figures.percentile(quantile).map(|us| us as f64)),
            Self::Mean => time(figures.mean()),
            Self::Max => time(figures.max().map(|us| us as f64)),
            Self::Throughput if seconds > 0.0 => {
                Figure::Known(figures.latency.len() as f64 / seconds)
            }
            Self::Throughput => Figure::Missing,
            Self::Failures => Figure::Known(figures.failed() as f64),
            Self::ErrorRate => {
                Figure::Known(100.0 * figures.failed() as f64 / figures.requests() as f64)
            }
        }
    }

    fn show(self, value: f64) -> String {
        match self {
            Self::Percentile(_) | Self::Mean | Self::Max => show_micros(value),
            Self::Throughput if value >= 100.0 || value.fract() == 0.0 => format!("{value:.0}/s"),
            Self::Throughput => format!("{value:.1}/s"),
            Self::Failures => format!("{value:.0}"),
            Self::ErrorRate => format!("{value:.2} %"),
        }
    }
}

/// A time for people: three digits and a unit.
pub fn show_micros(micros: f64) -> String {
    let (value, unit) = match micros {
        us if us < 1e3 => return format!("{us:.0} µs"),
        us if us < 1e6 => (us / 1e3, "ms"),
        us => (us / 1e6, "s"),
    };
    match value {
        v if v < 10.0 => format!("{v:.2} {unit}"),
        v if v < 100.0 => format!("{v:.1} {unit}"),
        v => format!("{v:.0} {unit}"),
    }
}

/// A figure that a target asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// A number, in the target's unit.
    Known(f64),
    /// So many requests failed that the percentile is one of theirs.
    Infinite,
    /// Nothing was measured: no such route, or no time passed.
    Missing,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Percentiles are typed as percent: 99.9, not 99.90000000000001.
            Self::Percentile(quantile) => write!(f, "p{}", (quantile * 1e7).round() / 1e5),
            Self::Mean => f.write_str("mean"),
            Self::Max => f.write_str("max"),
            Self::Throughput => f.write_str("throughput"),
            Self::Failures => f.write_str("failures"),
            Self::ErrorRate => f.write_str("errors"),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(route) = &self.route {
            write!(f, "{route}: ")?;
        }
        let sign = match self.relation {
            Relation::Less => "<",
            Relation::AtMost => "≤",
            Relation::Equal => "=",
            Relation::AtLeast => "≥",
            Relation::More => ">",
        };
        write!(f, "{} {sign} {}", self.metric, self.metric.show(self.bound))
    }
}

/// A judged target.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The target.
    pub target: String,
    /// The figure, for people.
    pub figure: String,
    /// The figure as a number (µs, requests per second, requests, percent); `null` = infinite or not measured.
    pub value: Option<f64>,
    /// The bound, in the same unit.
    pub bound: f64,
    /// Whether it was met.
    pub passed: bool,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// Judges the steady phase. `lasted` is the time from its first send to its last answer.
pub fn judge(targets: &[Target], record: &Record, lasted: Duration) -> Vec<Row> {
    targets
        .iter()
        .map(|target| {
            let figures = record.sum(Phase::Steady, |route| target.is_about(route));
            target.judge(target.metric.of(&figures, lasted.as_secs_f64()))
        })
        .collect()
}

impl Target {
    /// A route is named as it is called (`GET /api/v1/tasks/all`), without the prefix, or by the path that the operation
    /// has on the newest release (`GET /tasks`).
    fn is_about(&self, route: &Resolved) -> bool {
        let Some(named) = &self.route else {
            return true;
        };
        [
            route.to_string(),
            format!("{} {}", route.verb, route.template),
            format!("{} {}", route.verb, route.newest),
        ]
        .contains(named)
    }

    fn judge(&self, figure: Figure) -> Row {
        let holds = |value: f64| match self.relation {
            Relation::Less => value < self.bound,
            Relation::AtMost => value <= self.bound,
            Relation::Equal => (value - self.bound).abs() < f64::EPSILON,
            Relation::AtLeast => value >= self.bound,
            Relation::More => value > self.bound,
        };
        let (shown, value, passed) = match figure {
            Figure::Known(value) => (self.metric.show(value), Some(value), holds(value)),
            Figure::Infinite => ("∞ (failed)".to_owned(), None, false),
            Figure::Missing => ("not measured".to_owned(), None, false),
        };
        let remark = match (self.metric, self.relation, value) {
            (Metric::Throughput, Relation::AtLeast, Some(value)) if passed && value > BAND => {
                Some(format!("above the documented band of 50–{BAND:.0}/s"))
            }
            (_, _, None) if figure == Figure::Missing && self.route.is_some() => {
                Some("no request of that route".to_owned())
            }
            _ => None,
        };
        Row {
            target: self.to_string(),
            figure: shown,
            value,
            bound: self.bound,
            passed,
            remark,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vikunja_sdk::{Api, At, Endpoint, Release, tasks};

    #[test]
    fn targets_are_read_and_shown() {
        for (text, shown) in [
            ("p95<500ms", "p95 < 500 ms"),
            ("p99.9 <= 1s", "p99.9 ≤ 1.00 s"),
            ("throughput>=50/s", "throughput ≥ 50/s"),
            ("throughput>50", "throughput > 50/s"),
            ("failures=0", "failures = 0"),
            ("errors%<1%", "errors < 1.00 %"),
            ("GET /tasks: mean<80ms", "GET /tasks: mean < 80.0 ms"),
        ] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn unreadable_targets_are_named() {
        for text in [
            "p95",
            "p0<1s",
            "p100<1s",
            "p95<500",
            "p95<-1ms",
            "speed<1s",
            "throughput>=fast",
            "failures=-1",
            "",
        ] {
            let problem = text.parse::<Target>().unwrap_err().to_string();
            assert!(problem.contains(&format!("{text:?}")), "{problem}");
            assert!(problem.contains("p95<500ms"), "{problem}");
        }
    }

    #[test]
    fn a_given_target_takes_the_documented_ones_place() {
        let given = [
            "p95<200ms".to_owned(),
            "p99<1s".to_owned(),
            "p99<2s".to_owned(),
        ];
        let shown: Vec<_> = targets(&given, true)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            shown,
            [
                "failures = 0",
                "p50 < 100 ms",
                "p95 < 200 ms",
                "throughput ≥ 50/s",
                "p99 < 1.00 s",
                "p99 < 2.00 s",
                "throughput ≤ 100/s"
            ]
        );
    }

    #[test]
    fn infinite_and_missing_figures_miss() {
        let target: Target = "p95<500ms".parse().unwrap();
        assert!(target.judge(Figure::Known(499_999.0)).passed);
        assert!(!target.judge(Figure::Known(500_000.0)).passed);
        assert!(!target.judge(Figure::Infinite).passed);
        assert!(!target.judge(Figure::Missing).passed);
    }

    #[test]
    fn routes_are_named_with_or_without_prefix_or_by_their_newest_path() {
        let at = At {
            release: Release(0, 24, 1),
            api: Api::V1,
        };
        let list = tasks::List::ROUTE.resolve(at);
        for (named, is_it) in [
            ("GET /api/v1/tasks/all", true),
            ("GET /tasks/all", true),
            ("GET /tasks", true),
            ("GET /tasks/{task}", false),
            ("PUT /tasks", false),
        ] {
            let target: Target = format!("{named}: p95<1s").parse().unwrap();
            assert_eq!(target.is_about(&list), is_it, "{named}");
        }
    }
}
