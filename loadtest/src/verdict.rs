//! Targets, and whether they were met.

use std::{cmp::Ordering, fmt, ops::Range, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    exit::Problem,
    record::{Figures, Phase, Record, Row as RecordRow},
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

/// The documented targets of a scenario, with those that are given in their place or beside them.
pub fn targets(
    documented: &[&str],
    given: &[String],
    strict_band: bool,
) -> Result<Vec<Target>, Problem> {
    let strict = strict_band.then(|| format!("throughput<={BAND}/s"));
    let mut targets: Vec<Target> = Vec::new();
    for text in documented
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
            .take(documented.len())
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

impl Figure {
    /// Worse ones are greater.
    fn rank(self) -> u8 {
        match self {
            Self::Known(_) => 0,
            Self::Infinite => 1,
            Self::Missing => 2,
        }
    }
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
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// The figure of each run, where there were several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeats: Vec<Option<f64>>,
}

/// One of the runs that are judged together.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// Its blocks in the record.
    pub blocks: Range<usize>,
    /// From the begin of its steady phase to its end or its last answer.
    pub lasted: Duration,
}

/// Judges the steady phase: of several runs, the median of each figure.
pub fn judge(targets: &[Target], record: &Record, repeats: &[Repeat]) -> Vec<Row> {
    let row = |target: &Target| {
        let figures = repeats.iter().map(|repeat| {
            let figures = record.sum(|place| {
                place.phase == Phase::Steady
                    && repeat.blocks.contains(&place.block)
                    && target.is_about(&place.row)
            });
            target.metric.of(&figures, repeat.lasted.as_secs_f64())
        });
        target.judge_all(figures.collect())
    };
    targets.iter().map(row).collect()
}

/// When to give up a run: a target turned round, `errors>50%`.
#[derive(Clone, Debug)]
pub struct Limit(Target);

/// Requests before which nothing is given up: one failure of one request is 100 %.
const ENOUGH: u64 = 50;

impl FromStr for Limit {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let advice = "write --abort-on 'errors>50%', 'failures>=100' or 'p95>5s'";
        let target: Target = text.parse().map_err(|_: Problem| {
            Problem::new(format!("--abort-on {text:?} cannot be read")).advise(advice)
        })?;
        if target.metric == Metric::Throughput || target.relation.side() == Ordering::Less {
            return Err(Problem::new(format!(
                "--abort-on {text:?}: a run is given up when something is too much, not too little"
            ))
            .advise(advice));
        }
        Ok(Self(target))
    }
}

impl Limit {
    /// What is too much in the steady phase, if it is.
    pub fn is_passed_by(&self, record: &Record) -> Option<String> {
        let figures =
            record.sum(|place| place.phase == Phase::Steady && self.0.is_about(&place.row));
        if figures.requests() < ENOUGH {
            return None;
        }
        // No throughput, so no time is asked for. More failures than a percentile has room for are too slow, too.
        let figure = self.0.metric.of(&figures, 0.0);
        let row = self.0.judge(figure);
        (row.passed || figure == Figure::Infinite)
            .then(|| format!("{}: {}", row.target, row.figure))
    }
}

impl Target {
    /// A route is named as it is called (`GET /api/v1/tasks/all`), without the prefix, or by the path that the operation
    /// has on the newest release (`GET /tasks`).
    ///
    /// A row that the scenario names, `GET /tasks [home]`, also answers to what is before the bracket. What was never sent
    /// might have been of any route.
    fn is_about(&self, row: &RecordRow) -> bool {
        let Some(named) = &self.route else {
            return true;
        };
        match row {
            RecordRow::Route(route) => [
                route.to_string(),
                format!("{} {}", route.verb, route.template),
                format!("{} {}", route.verb, route.newest),
            ]
            .contains(named),
            RecordRow::Named(name) => {
                let route = name.split(" [").next();
                named == name || route == Some(named.as_str())
            }
            RecordRow::NotStarted => true,
        }
    }

    /// Judges the median, and says what the others were. Of an even number, the worse one of the middle two.
    fn judge_all(&self, mut figures: Vec<Figure>) -> Row {
        let repeats: Vec<_> = figures
            .iter()
            .map(|figure| self.judge(*figure).value)
            .collect();
        figures.sort_by(|one, other| self.compare(*one, *other));
        let median = figures
            .get(figures.len() / 2)
            .copied()
            .unwrap_or(Figure::Missing);
        let mut row = self.judge(median);
        if let [best, .., worst] = &figures[..] {
            let (from, to) = match self.relation.side() {
                Ordering::Greater => (worst, best),
                _ => (best, worst),
            };
            let met = figures
                .iter()
                .filter(|figure| self.judge(**figure).passed)
                .count();
            row.figure = format!(
                "{} ({} – {})",
                row.figure,
                self.judge(*from).figure,
                self.judge(*to).figure
            );
            if met > 0 && met < figures.len() {
                row.remark = Some(format!(
                    "within noise: met in {met} of {} runs",
                    figures.len()
                ));
            }
            row.repeats = repeats;
        }
        row
    }

    /// Better figures first.
    fn compare(&self, one: Figure, other: Figure) -> Ordering {
        match (one, other) {
            (Figure::Known(one), Figure::Known(other)) => match self.relation.side() {
                Ordering::Greater => other.total_cmp(&one),
                _ => one.total_cmp(&other),
            },
            (one, other) => one.rank().cmp(&other.rank()),
        }
    }

    /// Whether it asks for a throughput that nobody can have who is asked less.
    pub fn wants_more_than(&self, rate: f64) -> bool {
        let floor = matches!(self.relation, Relation::AtLeast | Relation::More);
        self.metric == Metric::Throughput && floor && self.bound > rate
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
            repeats: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Class, Failure, Place, Sample, Timing};
    use vikunja_sdk::{Api, At, Endpoint, Release, Resolved, tasks};

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
        let shown: Vec<_> = targets(&DOCUMENTED, &given, true)
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
            assert_eq!(target.is_about(&RecordRow::Route(list)), is_it, "{named}");
            assert!(target.is_about(&RecordRow::NotStarted));
        }
        for (named, is_it) in [
            ("GET /tasks [home]", true),
            ("GET /tasks", true),
            ("GET /tasks [list]", false),
        ] {
            let target: Target = format!("{named}: p95<1s").parse().unwrap();
            assert_eq!(
                target.is_about(&RecordRow::Named("GET /tasks [home]")),
                is_it,
                "{named}"
            );
        }
    }

    fn list() -> Resolved {
        tasks::List::ROUTE.resolve(At {
            release: Release(2, 5, 0),
            api: Api::V2,
        })
    }

    /// A record of requests in blocks: their time in ms, 0 = failed.
    fn record(blocks: &[&[u64]]) -> Record {
        let mut record = Record::default();
        for (block, requests) in blocks.iter().enumerate() {
            for millis in *requests {
                let failure = (*millis == 0).then(|| Failure {
                    class: Class::Server,
                    words: String::new(),
                });
                record.add(Sample {
                    at: std::time::Instant::now(),
                    place: Place {
                        server: 0,
                        block,
                        phase: Phase::Steady,
                        row: RecordRow::Route(list()),
                    },
                    timing: Timing {
                        last_byte: Duration::from_millis(*millis),
                        ..Timing::default()
                    },
                    failure,
                });
            }
        }
        record
    }

    fn repeats(count: usize) -> Vec<Repeat> {
        (0..count)
            .map(|index| Repeat {
                blocks: index..index + 1,
                lasted: Duration::from_secs(1),
            })
            .collect()
    }

    #[test]
    fn of_several_runs_the_median_is_judged_and_the_others_are_told() {
        let target = |text: &str| vec![text.parse::<Target>().unwrap()];
        let record = record(&[&[10, 10], &[30, 30], &[20, 20]]);
        let row = &judge(&target("p50<25ms"), &record, &repeats(3))[0];
        assert!(row.passed);
        assert_eq!(row.figure, "20.0 ms (10.0 ms – 30.0 ms)");
        assert_eq!(
            row.remark.as_deref(),
            Some("within noise: met in 2 of 3 runs")
        );
        assert_eq!(row.repeats.len(), 3);
        let missed = &judge(&target("p50<15ms"), &record, &repeats(3))[0];
        assert!(!missed.passed);
        assert_eq!(
            missed.remark.as_deref(),
            Some("within noise: met in 1 of 3 runs")
        );
        let clear = &judge(&target("throughput>=1/s"), &record, &repeats(3))[0];
        assert_eq!((clear.passed, &clear.remark), (true, &None));
        // Of two, the worse one.
        assert!(!judge(&target("p50<15ms"), &record, &repeats(2))[0].passed);
        assert!(!judge(&target("throughput>2/s"), &record, &repeats(2))[0].passed);
    }

    #[test]
    fn a_run_with_failures_is_worse_than_any_slow_one() {
        let record = record(&[&[10], &[0], &[9000]]);
        let target: Target = "p50<1s".parse().unwrap();
        let row = &judge(&[target], &record, &repeats(3))[0];
        assert_eq!(row.figure, "9.00 s (10.0 ms – ∞ (failed))");
    }

    #[test]
    fn a_run_is_given_up_when_there_is_enough_and_it_is_too_much() {
        let limit: Limit = "errors>50%".parse().unwrap();
        assert_eq!(limit.is_passed_by(&record(&[&[0; 49]])), None);
        let why = limit.is_passed_by(&record(&[&[0; 50]])).unwrap();
        assert_eq!(why, "errors > 50.00 %: 100.00 %");
        assert_eq!(limit.is_passed_by(&record(&[&[0; 50], &[1; 50]])), None);
        let slow: Limit = "p95>5s".parse().unwrap();
        assert_eq!(slow.is_passed_by(&record(&[&[4900; 99]])), None);
        assert!(slow.is_passed_by(&record(&[&[5100; 99]])).is_some());
        assert!(slow.is_passed_by(&record(&[&[0; 99]])).is_some());
        for text in ["errors<50%", "throughput>1/s", "many", "failures=3"] {
            let problem = text.parse::<Limit>().unwrap_err().to_string();
            assert!(problem.contains("errors>50%"), "{problem}");
        }
    }
}
