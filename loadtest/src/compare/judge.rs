//! What the figures of two sides say: regressed, improved, unchanged, or too little to tell.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::statistics::{Estimate, fisher, paired, quantile, unpaired};
use crate::record::Class;

/// How sure a comparison is: it says «regressed» or «improved» of what did neither in at most so many cases.
pub const ALPHA: f64 = 0.05;
/// From what probability on an uneven split of failures is no accident.
const UNEVEN: f64 = 0.01;
/// Failures of a class that the other side has not, from which on they are no accident.
const NEW_FAILURES: u64 = 3;
/// How far what is counted may differ: the same data makes the same answer, but for a digit here and there.
const COUNTED: f64 = 0.005;
/// Requests that a block must have of a route, so that its percentile says something of that block.
const ENOUGH: [(Metric, u64); 3] = [(Metric::P50, 20), (Metric::P95, 100), (Metric::Cpu, 100)];
/// What the figures of the server itself are told of.
pub const PROCESS: &str = "server process";

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Median of the response time over all requests, in µs.
    P50,
    /// 95th percentile of it, in µs.
    P95,
    /// Share of failed requests, in percent.
    Failures,
    /// Mean length of a reply, in bytes.
    Bytes,
    /// Successful requests per second.
    Throughput,
    /// CPU time of the server's process per request, in µs.
    Cpu,
    /// SQL statements per request.
    Statements,
}

impl Metric {
    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::Failures => "failures",
            Self::Bytes => "reply",
            Self::Throughput => "throughput",
            Self::Cpu => "CPU per request",
            Self::Statements => "SQL per request",
        }
    }
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As good as before, by less than delta.
    Unchanged,
    /// Better by more than delta.
    Improved,
    /// The data cannot say.
    Inconclusive,
    /// Worse by more than delta.
    Regressed,
}

impl Verdict {
    /// The whole interval of a log ratio decides.
    fn of(estimate: Option<Estimate>, delta: f64) -> Self {
        match estimate {
            Some(Estimate { low, .. }) if low > delta => Self::Regressed,
            Some(Estimate { high, .. }) if high < -delta => Self::Improved,
            Some(Estimate { low, high, .. }) if low > -delta && high < delta => Self::Unchanged,
            _ => Self::Inconclusive,
        }
    }

    /// Of all rows together. Without a judged row nothing can be said.
    pub fn overall(rows: &[Row]) -> Self {
        let judged = rows.iter().filter_map(|row| row.verdict);
        judged.max().unwrap_or(Self::Inconclusive)
    }
}

/// How a route did in one block, or in one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unit {
    /// Requests.
    pub requests: u64,
    /// Failed ones by class.
    pub failures: BTreeMap<Class, u64>,
    /// Median of the response time over all requests, in µs. A failed one takes as long as a time-out.
    pub p50: f64,
    /// 95th percentile, likewise.
    pub p95: f64,
    /// Bytes of the replies of successful requests, where they were counted.
    pub bytes: Option<u64>,
    /// CPU time of the server's process per request, in µs, where it is known; only where a route is all there is.
    pub cpu: Option<f64>,
}

impl Unit {
    /// A percentile.
    pub(super) fn metric(&self, metric: Metric) -> f64 {
        match metric {
            Metric::P95 => self.p95,
            Metric::Cpu => self.cpu.unwrap_or(f64::NAN),
            _ => self.p50,
        }
    }

    fn failed(&self) -> u64 {
        self.failures.values().sum()
    }
}

/// One side: of each route its blocks in order, or its runs.
pub type Side = BTreeMap<String, Vec<Unit>>;

/// What says how large the noise is.
#[derive(Clone, Debug)]
pub enum By {
    /// Pairs: a unit of one side belongs to the same unit of the other.
    Pairs,
    /// The units of each side, which are runs at different times.
    Runs,
    /// Earlier results: how large the log ratio of a figure may be.
    Fences(BTreeMap<(String, Metric), f64>),
}

/// By what is judged.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What may change, as a share: 0.05.
    pub delta: f64,
    /// What may change however small the figure is, in µs.
    pub floor: f64,
    /// In how many cases at most the whole comparison may say too much.
    pub alpha: f64,
    /// What says how large the noise is.
    pub by: By,
    /// Whether what is counted is judged: only where both sides hold the same data and are of one release.
    pub counted: bool,
}

/// A line of the comparison.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Verb and path, or the scenario's name for it.
    pub route: String,
    /// What of it.
    pub metric: Metric,
    /// The figure of A: of percentiles the median of its blocks.
    pub a: Option<f64>,
    /// The figure of B.
    pub b: Option<f64>,
    /// B over A: the Hodges–Lehmann estimate, where there is an interval.
    pub ratio: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// What may change, as a share of A; `null` where another rule decides.
    pub delta: Option<f64>,
    /// What is said of it; `null` = shown only.
    pub verdict: Option<Verdict>,
    /// Why it is not judged, or what else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

impl Row {
    /// A figure that is shown and not judged.
    pub fn shown(route: &str, metric: Metric, a: Option<f64>, b: Option<f64>) -> Self {
        Self {
            route: route.to_owned(),
            metric,
            a,
            b,
            ratio: a
                .zip(b)
                .map(|(a, b)| b / a)
                .filter(|ratio| ratio.is_finite()),
            low: None,
            high: None,
            delta: None,
            verdict: None,
            remark: None,
        }
    }

    /// A figure that is counted: the same data and release give the same, so a larger one is found without statistics.
    /// `None` where it was not counted on both sides.
    pub fn counted(
        route: &str,
        metric: Metric,
        a: Option<f64>,
        b: Option<f64>,
        judged: bool,
    ) -> Option<Self> {
        let row = Self::shown(route, metric, a, b);
        let verdict = match row.ratio? {
            ratio if ratio > 1.0 + COUNTED => Verdict::Regressed,
            ratio if ratio < 1.0 - COUNTED => Verdict::Improved,
            _ => Verdict::Unchanged,
        };
        Some(Self {
            delta: judged.then_some(COUNTED),
            verdict: judged.then_some(verdict),
            ..row
        })
    }

    /// Whether it is a time that is judged.
    pub fn is_timed(&self) -> bool {
        self.verdict.is_some() && matches!(self.metric, Metric::P50 | Metric::P95)
    }

    /// How far one and the same server may be from itself, as a share: what the testbed cannot tell apart.
    pub fn noise(&self) -> Option<f64> {
        let (low, high) = self.low.zip(self.high)?;
        (low > 0.0).then(|| high.max(1.0 / low) - 1.0)
    }
}

/// What is measured of a route, block by block, on both sides.
struct Measured<'a> {
    route: &'a str,
    metric: Metric,
    a: Vec<f64>,
    b: Vec<f64>,
    /// What may change, as a share.
    delta: f64,
    enough: bool,
}

impl Measured<'_> {
    fn estimate(&self, alpha: f64, by: &By) -> Option<Estimate> {
        let ln = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
        match by {
            By::Pairs => {
                let pairs = self.a.iter().zip(&self.b);
                let differences: Vec<_> = pairs.map(|(a, b)| (b / a).ln()).collect();
                paired(&differences, alpha)
            }
            By::Runs => unpaired(&ln(&self.a), &ln(&self.b), alpha),
            // The fence is in what may change.
            By::Fences(fences) => {
                fences.get(&(self.route.to_owned(), self.metric))?;
                let shift = (median(&self.b)? / median(&self.a)?).ln();
                Some(Estimate {
                    shift,
                    low: shift,
                    high: shift,
                })
            }
        }
    }

    fn row(&self, estimate: Option<Estimate>, verdict: Option<Verdict>) -> Row {
        // An interval without an end is none, and neither is a point.
        let shift = estimate.map(|estimate| estimate.shift);
        let end = |end: f64| Some(end.exp()).filter(|_| end.is_finite() && Some(end) != shift);
        let shown = Row::shown(self.route, self.metric, median(&self.a), median(&self.b));
        Row {
            ratio: estimate
                .map(|estimate| estimate.shift.exp())
                .or(shown.ratio),
            low: estimate.and_then(|estimate| end(estimate.low)),
            high: estimate.and_then(|estimate| end(estimate.high)),
            delta: verdict.map(|_| self.delta),
            verdict,
            remark: (!self.enough).then(|| "not judged: too few requests in a block".to_owned()),
            ..shown
        }
    }
}

/// Compares what both sides have.
pub fn compare(a: &Side, b: &Side, rules: &Rules) -> Vec<Row> {
    let routes: Vec<_> = a
        .iter()
        .filter_map(|(route, a)| Some((route.as_str(), &a[..], &b.get(route)?[..])))
        .collect();
    let measured: Vec<_> = routes
        .iter()
        .flat_map(|(route, a, b)| {
            let known = a.iter().chain(*b).all(|unit| unit.cpu.is_some());
            ENOUGH
                .into_iter()
                .filter(move |(metric, _)| known || *metric != Metric::Cpu)
                .map(|(metric, enough)| measured(route, metric, (a, b), enough, rules))
        })
        .collect();
    let mut rows = judge_together(&measured, rules);
    for (route, a, b) in routes {
        rows.push(failures(route, a, b));
        rows.extend(bytes(route, a, b, rules.counted));
    }
    rows.sort_by(|one, other| (&one.route, one.metric).cmp(&(&other.route, other.metric)));
    rows
}

fn measured<'a>(
    route: &'a str,
    metric: Metric,
    (a, b): (&[Unit], &[Unit]),
    enough: u64,
    rules: &Rules,
) -> Measured<'a> {
    // A block without a request has no percentile; with one such, nothing is judged.
    let values = |side: &[Unit]| -> Vec<_> {
        let some = side.iter().filter(|unit| unit.requests > 0);
        some.map(|unit| unit.metric(metric)).collect()
    };
    let (values_a, values_b) = (values(a), values(b));
    let least = a.iter().chain(b).map(|unit| unit.requests).min();
    // A time may change by the floor; of a processor's time there is none.
    let floor = median(&values_a).map_or(0.0, |median| rules.floor / median);
    let (route, smallest) = match metric {
        Metric::Cpu => (PROCESS, 0.0),
        _ => (route, floor),
    };
    let fence = match &rules.by {
        By::Fences(fences) => fences.get(&(route.to_owned(), metric)).copied(),
        By::Pairs | By::Runs => None,
    };
    let fence = fence.map_or(0.0, f64::exp_m1);
    Measured {
        route,
        metric,
        a: values_a,
        b: values_b,
        delta: rules.delta.max(smallest).max(fence),
        enough: least.is_some_and(|least| least >= enough),
    }
}

/// Holm's procedure, in intervals: all rows share the risk, and what is decided leaves its share to the others.
fn judge_together(all: &[Measured<'_>], rules: &Rules) -> Vec<Row> {
    let mut verdicts = vec![Verdict::Inconclusive; all.len()];
    let mut estimates = vec![None; all.len()];
    loop {
        let open: Vec<_> = (0..all.len())
            .filter(|at| all[*at].enough && verdicts[*at] == Verdict::Inconclusive)
            .collect();
        let alpha = rules.alpha / open.len().max(1) as f64;
        for at in &open {
            let one = &all[*at];
            estimates[*at] = one.estimate(alpha, &rules.by);
            verdicts[*at] = Verdict::of(estimates[*at], (1.0 + one.delta).ln());
        }
        if open.iter().all(|at| verdicts[*at] == Verdict::Inconclusive) {
            break;
        }
    }
    let rows = all.iter().zip(estimates).zip(verdicts);
    rows.map(|((one, estimate), verdict)| one.row(estimate, one.enough.then_some(verdict)))
        .collect()
}

/// Failures are counted, not timed. That 2.x on SQLite refuses a write now and then is told and not judged.
fn failures(route: &str, a: &[Unit], b: &[Unit]) -> Row {
    let count = |side: &[Unit], judged: &dyn Fn(Class) -> bool| -> u64 {
        let classes = side.iter().flat_map(|unit| &unit.failures);
        classes
            .filter(|(class, _)| judged(**class))
            .map(|(_, count)| count)
            .sum()
    };
    let judged = |side: &[Unit]| {
        let all = side.iter().map(|unit| unit.requests).sum::<u64>();
        (count(side, &|class| class != Class::Locked), all)
    };
    let share = |(failed, all): (u64, u64)| 100.0 * failed as f64 / all.max(1) as f64;
    let (in_a, in_b) = (judged(a), judged(b));
    let new = b
        .iter()
        .flat_map(|unit| unit.failures.keys())
        .find(|class| {
            let of = |side| count(side, &|other| other == **class);
            **class != Class::Locked && of(a) == 0 && of(b) >= NEW_FAILURES
        });
    let uneven = fisher(in_a, in_b) < UNEVEN;
    let verdict = match (share(in_b) - share(in_a), new) {
        (_, Some(_)) => Verdict::Regressed,
        (more, None) if uneven && more > 0.0 => Verdict::Regressed,
        (_, None) if uneven => Verdict::Improved,
        _ => Verdict::Unchanged,
    };
    let locked = [a, b].map(|side| count(side, &|class| class == Class::Locked));
    let remark = match (new, locked) {
        (Some(class), _) => Some(format!("new: {class}")),
        (None, [0, 0]) => None,
        (None, [a, b]) => Some(format!("beside {a} and {b} of: {}", Class::Locked)),
    };
    Row {
        ratio: None,
        verdict: Some(verdict),
        remark,
        ..Row::shown(
            route,
            Metric::Failures,
            Some(share(in_a)),
            Some(share(in_b)),
        )
    }
}

/// How long replies are.
fn bytes(route: &str, a: &[Unit], b: &[Unit], judged: bool) -> Option<Row> {
    let mean = |side: &[Unit]| {
        let bytes: u64 = side.iter().map(|unit| unit.bytes).sum::<Option<u64>>()?;
        let answered: u64 = side.iter().map(|unit| unit.requests - unit.failed()).sum();
        (answered > 0).then(|| bytes as f64 / answered as f64)
    };
    Row::counted(route, Metric::Bytes, mean(a), mean(b), judged)
}

pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        delta: 0.05,
        floor: 100.0,
        alpha: ALPHA,
        by: By::Pairs,
        counted: true,
    };

    /// Twenty blocks of 200 requests, whose p50 is `p50` times 0.99 to 1.01.
    fn side(p50: f64, p95: f64) -> Side {
        let unit = |block: u64| {
            let wobble = 0.99 + 0.001 * ((block * 7) % 21) as f64;
            Unit {
                requests: 200,
                p50: p50 * wobble,
                p95: p95 * wobble,
                bytes: Some(200 * 30_000),
                ..Unit::default()
            }
        };
        Side::from([("GET /tasks".to_owned(), (0..20).map(unit).collect())])
    }

    fn failing(class: Class, count: u64) -> Side {
        let mut side = side(10_000.0, 20_000.0);
        for units in side.values_mut() {
            units[3].failures.insert(class, count);
        }
        side
    }

    fn verdict(rows: &[Row], metric: Metric) -> Option<Verdict> {
        rows.iter().find(|row| row.metric == metric)?.verdict
    }

    #[test]
    fn the_interval_decides_and_not_the_estimate() {
        let a = side(10_000.0, 20_000.0);
        for (p50, p95, expected, overall) in [
            (
                10_000.0,
                20_000.0,
                [Verdict::Unchanged; 2],
                Verdict::Unchanged,
            ),
            (
                11_000.0,
                20_000.0,
                [Verdict::Regressed, Verdict::Unchanged],
                Verdict::Regressed,
            ),
            (9000.0, 18_000.0, [Verdict::Improved; 2], Verdict::Improved),
            (
                9000.0,
                23_000.0,
                [Verdict::Improved, Verdict::Regressed],
                Verdict::Regressed,
            ),
        ] {
            let rows = compare(&a, &side(p50, p95), &RULES);
            let found = [Metric::P50, Metric::P95].map(|metric| verdict(&rows, metric).unwrap());
            assert_eq!(
                (found, Verdict::overall(&rows)),
                (expected, overall),
                "{p50} {p95}"
            );
        }
        // Unpaired, the wobble is noise: an effect as large as delta cannot be told.
        let rules = Rules {
            by: By::Runs,
            ..RULES
        };
        let rows = compare(&a, &side(10_500.0, 20_000.0), &rules);
        assert_eq!(verdict(&rows, Metric::P50), Some(Verdict::Inconclusive));
        assert_eq!(Verdict::overall(&rows), Verdict::Inconclusive);
    }

    #[test]
    fn of_small_figures_a_tenth_of_a_millisecond_may_change() {
        let rows = compare(&side(500.0, 20_000.0), &side(560.0, 20_000.0), &RULES);
        assert_eq!(verdict(&rows, Metric::P50), Some(Verdict::Unchanged));
        let rows = compare(&side(500.0, 20_000.0), &side(660.0, 20_000.0), &RULES);
        assert_eq!(verdict(&rows, Metric::P50), Some(Verdict::Regressed));
    }

    #[test]
    fn too_few_blocks_or_requests_say_nothing() {
        let few = |mut side: Side, blocks: usize, requests: u64| {
            for units in side.values_mut() {
                units.truncate(blocks);
                for unit in units {
                    unit.requests = requests;
                }
            }
            side
        };
        let (a, b) = (side(10_000.0, 20_000.0), side(20_000.0, 40_000.0));
        let rows = compare(&few(a.clone(), 5, 200), &few(b.clone(), 5, 200), &RULES);
        assert_eq!(verdict(&rows, Metric::P50), Some(Verdict::Inconclusive));
        assert_eq!(rows[0].low, None, "no interval is so sure");
        let rows = compare(&few(a, 20, 99), &few(b, 20, 99), &RULES);
        assert_eq!(verdict(&rows, Metric::P95), None);
        assert_eq!(verdict(&rows, Metric::P50), Some(Verdict::Regressed));
        assert_eq!(Verdict::overall(&[]), Verdict::Inconclusive);
    }

    #[test]
    fn failures_are_counted() {
        let healthy = side(10_000.0, 20_000.0);
        for (class, count, expected) in [
            (Class::Server, 2, Verdict::Unchanged),
            (Class::Server, 3, Verdict::Regressed),
            (Class::Locked, 50, Verdict::Unchanged),
        ] {
            let sick = failing(class, count);
            let rows = compare(&healthy, &sick, &RULES);
            assert_eq!(
                verdict(&rows, Metric::Failures),
                Some(expected),
                "{class} {count}"
            );
        }
        let (many, some) = (failing(Class::Server, 60), failing(Class::Server, 30));
        let of = |a, b| verdict(&compare(a, b, &RULES), Metric::Failures);
        assert_eq!(of(&some, &many), Some(Verdict::Regressed));
        assert_eq!(of(&many, &some), Some(Verdict::Improved));
        assert_eq!(of(&some, &some), Some(Verdict::Unchanged));
    }

    #[test]
    fn a_longer_reply_is_found_without_statistics() {
        let a = side(10_000.0, 20_000.0);
        let mut longer = a.clone();
        for units in longer.values_mut() {
            for unit in units {
                unit.bytes = Some(200 * 30_200);
            }
        }
        assert_eq!(
            verdict(&compare(&a, &longer, &RULES), Metric::Bytes),
            Some(Verdict::Regressed)
        );
        assert_eq!(
            verdict(&compare(&longer, &a, &RULES), Metric::Bytes),
            Some(Verdict::Improved)
        );
        let rules = Rules {
            counted: false,
            ..RULES
        };
        assert_eq!(verdict(&compare(&a, &longer, &rules), Metric::Bytes), None);
    }

    #[test]
    fn rows_share_the_risk_and_what_is_decided_leaves_its_share() {
        // Seven pairs carry one row at 5 % (2 · 2⁻⁷ = 1.6 %), and two at once (2.5 % each), not four (1.25 %).
        let seven = |p50: f64, p95: f64, routes: usize| -> Side {
            let units = side(p50, p95)["GET /tasks"][..7].to_vec();
            (0..routes)
                .map(|route| (format!("GET /{route}"), units.clone()))
                .collect()
        };
        let rows = compare(&seven(1e4, 2e4, 1), &seven(2e4, 4e4, 1), &RULES);
        assert_eq!(Verdict::overall(&rows), Verdict::Regressed);
        let rows = compare(&seven(1e4, 2e4, 2), &seven(2e4, 4e4, 2), &RULES);
        assert_eq!(Verdict::overall(&rows), Verdict::Inconclusive);
    }
}
