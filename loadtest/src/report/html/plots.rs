//! What is drawn: latency by percentile, and latency and throughput over time.

use std::{collections::BTreeMap, fmt::Write as _};

use super::chart::{Axis, Chart, SIZES};
use crate::{
    record::{self, Phase},
    report::{
        markup::escaped,
        result::{CoursePart, RoutePart, RunResult, Second},
        table::show_rate,
    },
};

/// Routes that have a line of their own.
const ROUTES: usize = 5;
/// Points of a nine.
const STEPS: u32 = 24;
/// Points of a line over time: more than a screen has columns are drawn by their worst.
const POINTS: usize = 1200;

/// Least part of a second that a rate is told of.
const LEAST: f64 = 0.5;

/// A figure: its legend, and the drawing in both sizes.
pub(super) fn figure(
    legend: &[(usize, &str, String)],
    caption: &str,
    drawings: &[String],
) -> String {
    let mut items = String::new();
    for (number, more, name) in legend {
        let _ = write!(
            items,
            r#"<li><svg viewBox="0 0 22 10" aria-hidden="true"><path class="line s{number} {more}" d="M1 5H21"/></svg>{}</li>"#,
            escaped(name)
        );
    }
    format!(
        "<figure><ul class=\"legend\">{items}</ul>{}<figcaption>{}</figcaption></figure>\n",
        drawings.concat(),
        escaped(caption)
    )
}

/// A curve of response times by percentile.
struct Curve {
    name: String,
    more: &'static str,
    /// Nines and µs, as far as requests were answered.
    points: Vec<(f64, Option<f64>)>,
    /// Share of failed requests.
    failed: f64,
}

impl Curve {
    fn of<'a>(
        name: &str,
        more: &'static str,
        rows: impl Iterator<Item = &'a RoutePart>,
        of: impl Fn(&'a RoutePart) -> &'a crate::report::Distribution,
    ) -> Option<Self> {
        let (times, failed) = RunResult::together(rows, of);
        let requests = times.len() + failed;
        if times.is_empty() {
            return None;
        }
        // A thousand requests have three nines: what is beyond is the slowest one.
        let last = ((requests as f64).log10() * f64::from(STEPS))
            .ceil()
            .max(1.0) as u32;
        let points = (0..=last)
            .map(|step| {
                let nines = f64::from(step) / f64::from(STEPS);
                let quantile = 1.0 - 10f64.powf(-nines);
                let micros = record::percentile(&times, failed, quantile);
                (nines, micros.map(|us| us as f64))
            })
            .collect();
        Some(Self {
            name: name.to_owned(),
            more,
            points,
            failed: failed as f64 / requests as f64,
        })
    }
}

/// Latency by percentile, on an axis by nines.
pub(super) fn latency(result: &RunResult) -> String {
    let mut curves: Vec<_> = Curve::of("all requests", "", result.judged(), |part| &part.latency)
        .into_iter()
        .collect();
    if curves.is_empty() {
        return "<p class=\"quiet\">No judged request was answered.</p>".to_owned();
    }
    let is_open = result.judged().any(|part| part.service.count > 0);
    if is_open {
        let name = "from the send, without waiting for a free connection";
        curves.extend(Curve::of(name, "dashed", result.judged(), |part| {
            &part.service
        }));
    }
    let mut routes: Vec<&str> = Vec::new();
    for part in result.judged() {
        if part.latency.count > 0 && !routes.contains(&part.route.as_str()) {
            routes.push(&part.route);
        }
    }
    if (2..=ROUTES).contains(&routes.len()) {
        for route in routes.into_iter().take(ROUTES - usize::from(is_open)) {
            let rows = result.judged().filter(|part| part.route == route);
            curves.extend(Curve::of(route, "", rows, |part| &part.latency));
        }
    }
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let most = points().map(|(nines, _)| *nines).fold(1.0, f64::max);
    let longest = points().filter_map(|(_, us)| *us).fold(1.0, f64::max);
    let drawings = SIZES.map(|size| {
        let mut chart = Chart::new(size, nines(most), Axis::time(longest));
        if let Some(all) = curves.first().filter(|all| all.failed > 0.0) {
            let name = format!("{:.2} % failed, ∞", 100.0 * all.failed);
            chart.edge(-all.failed.log10(), &name);
        }
        for (index, curve) in curves.iter().enumerate().rev() {
            let number = index + 1;
            let class = format!("s{number} {}", curve.more);
            chart.line(&class, None, &curve.points);
        }
        chart.draw("response time by percentile")
    });
    let legend: Vec<_> = curves
        .iter()
        .enumerate()
        .map(|(index, curve)| (index + 1, curve.more, curve.name.clone()))
        .collect();
    let caption = if curves[0].failed > 0.0 {
        "Over all judged requests; a failed one counts as infinitely slow, so the curve ends where failures begin."
    } else {
        "Over all judged requests, to the last byte of each answer."
    };
    figure(&legend, caption, &drawings)
}

/// 0, 50, 90, 99, 99.9 % and so on, as far as there are requests.
fn nines(most: f64) -> Axis {
    let mut ticks = vec![(0.0, "0 %".to_owned()), (2f64.log10(), "50 %".to_owned())];
    for nines in 1..=(most.floor() as i32) {
        let percent = 100.0 - 100.0 * 10f64.powi(-nines);
        let decimals = (nines - 2).max(0) as usize;
        ticks.push((f64::from(nines), format!("{percent:.decimals$} %")));
    }
    Axis::with(0.0, most, ticks)
}

/// The seconds of all runs, one after the other.
struct Clock {
    /// When each run begins and ends on the common axis.
    runs: BTreeMap<usize, (f64, f64)>,
    end: f64,
}

impl Clock {
    fn of(result: &RunResult) -> Self {
        let mut lasted: BTreeMap<usize, f64> = BTreeMap::new();
        for phase in &result.phases {
            let ends = phase.begins.map_or(0.0, |begins| begins + phase.seconds);
            let longest = lasted.entry(phase.repeat).or_default();
            *longest = longest.max(ends);
        }
        let mut end = 0.0;
        let runs = lasted.into_iter().map(|(repeat, lasted)| {
            let begins = end;
            end += lasted;
            (repeat, (begins, end))
        });
        Self {
            runs: runs.collect(),
            end,
        }
    }

    fn run(&self, repeat: usize) -> (f64, f64) {
        self.runs.get(&repeat).copied().unwrap_or((0.0, self.end))
    }

    fn axis(&self) -> Axis {
        let in_minutes = self.end >= 240.0;
        let (unit, name) = if in_minutes {
            (60.0, " min")
        } else {
            (1.0, " s")
        };
        Axis::linear(self.end / unit, name, 10).cut(unit, self.end)
    }

    /// Phases, stages and runs behind the lines.
    fn shade(&self, result: &RunResult, chart: &mut Chart) {
        for phase in &result.phases {
            let (run, _) = self.run(phase.repeat);
            let Some(begins) = phase.begins.filter(|begins| *begins >= 0.0) else {
                continue;
            };
            let from = run + begins;
            let name = phase.phase.to_string();
            chart.shade(&name, from, from + phase.seconds, &name);
        }
        for block in &result.blocks {
            let steady = result
                .phases
                .iter()
                .find(|phase| phase.repeat == block.repeat && phase.phase == Phase::Steady);
            let (run, _) = self.run(block.repeat);
            let before = result.blocks.iter().filter(|other| {
                (other.repeat, other.server) == (block.repeat, block.server)
                    && other.stage < block.stage
            });
            let Some(begins) = steady.and_then(|steady| steady.begins) else {
                continue;
            };
            let from = run + begins + before.map(|other| other.seconds).sum::<f64>();
            match result.plan.stages.get(block.stage) {
                Some(stage) if result.plan.stages.len() > 1 => {
                    chart.edge(from, &result.plan.level(stage.level));
                }
                _ if result.plan.repeat > 1 => {
                    chart.edge(from, &format!("run {}", block.repeat + 1));
                }
                _ => {}
            }
        }
    }
}

/// A moment of the axis.
#[derive(Clone, Copy, Default)]
struct Point {
    /// `None` of what is too short to tell.
    rate: Option<f64>,
    failed: f64,
    times: [Option<u64>; 3],
}

/// Every second of the axis, in order; those in which nothing ended are there, too.
fn points(result: &RunResult, clock: &Clock) -> Vec<(f64, Point)> {
    let mut out = Vec::new();
    for (repeat, (begins, ends)) in &clock.runs {
        let mut seconds: BTreeMap<u32, Vec<&Second>> = BTreeMap::new();
        // Users that connect all at once are no part of the picture: they would set its scale.
        let drawn = |part: &&CoursePart| part.repeat == *repeat && part.phase != Phase::WarmUp;
        for part in result.course.iter().filter(drawn) {
            for second in &part.seconds {
                seconds.entry(second.second).or_default().push(second);
            }
        }
        let (Some(first), Some(last)) = (seconds.keys().next(), seconds.keys().next_back()) else {
            continue;
        };
        for number in *first..=*last {
            // The last second is cut short by the end of the run.
            let lasted = (ends - begins - f64::from(number)).clamp(0.0, 1.0);
            let found = seconds.get(&number);
            let sum = |of: fn(&Second) -> u64| {
                let counts = found.into_iter().flatten().map(|second| of(second));
                counts.sum::<u64>() as f64
            };
            let answered = sum(|second| second.requests - second.failed.min(second.requests));
            // In a second with two phases, that with more requests speaks for it.
            let most = found.and_then(|found| found.iter().max_by_key(|second| second.requests));
            let point = Point {
                rate: (lasted >= LEAST || number == *first).then(|| answered / lasted.max(LEAST)),
                failed: sum(|second| second.failed),
                times: most.map_or([None; 3], |most| [most.p50, most.p95, most.p99]),
            };
            out.push((begins + f64::from(number) + lasted / 2.0, point));
        }
    }
    out
}

/// As many as can be seen. The worst of each group stands for it, so that nothing bad gets lost.
fn thinned(points: &[(f64, Point)]) -> Vec<(f64, Point)> {
    let group = points.len().div_ceil(POINTS).max(1);
    points
        .chunks(group)
        .map(|chunk| {
            let worst = |index: usize| {
                chunk
                    .iter()
                    .filter_map(|(_, point)| point.times[index])
                    .max()
            };
            let middle = chunk.len() / 2;
            let rates: Vec<_> = chunk.iter().filter_map(|(_, point)| point.rate).collect();
            let point = Point {
                rate: (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64),
                failed: chunk
                    .iter()
                    .map(|(_, point)| point.failed)
                    .fold(0.0, f64::max),
                times: [worst(0), worst(1), worst(2)],
            };
            (chunk[middle].0, point)
        })
        .collect()
}

/// Response times and throughput over time: two drawings with one axis.
pub(super) fn course(result: &RunResult) -> Option<[String; 2]> {
    let clock = Clock::of(result);
    let seconds = points(result, &clock);
    let points = thinned(&seconds);
    if points.is_empty() || result.course.is_empty() {
        return None;
    }
    let longest = points
        .iter()
        .flat_map(|(_, point)| point.times)
        .flatten()
        .max();
    let times = SIZES.map(|size| {
        let y = Axis::time(longest.unwrap_or(1) as f64);
        let mut chart = Chart::new(size, clock.axis(), y);
        clock.shade(result, &mut chart);
        for index in (0..3).rev() {
            let line: Vec<_> = points
                .iter()
                .map(|(at, point)| (*at, point.times[index].map(|us| us as f64)))
                .collect();
            let number = index + 1;
            chart.line(&format!("s{number}"), Some(&format!("f{number}")), &line);
        }
        chart.draw("response time over time")
    });
    let highest = points
        .iter()
        .map(|(_, point)| point.rate.unwrap_or_default().max(point.failed))
        .fold(1.0, f64::max);
    let rates = SIZES.map(|size| {
        let mut chart = Chart::new(size, clock.axis(), Axis::linear(highest, "/s", 4));
        clock.shade(result, &mut chart);
        for (at, point) in points.iter().filter(|(_, point)| point.failed > 0.0) {
            chart.bar("fails", *at, point.failed);
        }
        let line: Vec<_> = points.iter().map(|(at, point)| (*at, point.rate)).collect();
        chart.line("s4", Some("f4"), &line);
        chart.draw("requests per second over time")
    });
    let drawn = result
        .course
        .iter()
        .filter(|part| part.phase != Phase::WarmUp);
    let failed = drawn.flat_map(|part| &part.seconds);
    let failed: u64 = failed.map(|second| second.failed).sum();
    let caption = if points.len() < seconds.len() {
        "Each point is the slowest second of its stretch; successful requests after the warm-up, by the second in which they were answered."
    } else {
        "Successful requests after the warm-up, by the second in which they were answered."
    };
    let legend = [(1, "", "p50"), (2, "", "p95"), (3, "", "p99")];
    let legend = legend.map(|(number, more, name)| (number, more, name.to_owned()));
    let answered = vec![(4, "", "successful per second".to_owned())];
    let failures = match failed {
        0 => "No request failed.".to_owned(),
        failed => format!(
            "{failed} requests failed (red strokes, up to {}/s).",
            show_rate(
                points
                    .iter()
                    .map(|(_, point)| point.failed)
                    .fold(0.0, f64::max)
            )
        ),
    };
    Some([
        figure(&legend, caption, &times),
        figure(&answered, &failures, &rates),
    ])
}
