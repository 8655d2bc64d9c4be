//! What earlier results say of the noise of a testbed.

use std::collections::BTreeMap;

use super::{
    judge::{Metric, Side, median},
    statistics::quantile,
};
use crate::exit::Problem;

/// Results that say something of the noise: fewer are luck, older ones are of another machine.
const EARLIER: (usize, usize) = (5, 30);

/// How far each figure may be from the last one, as a log ratio, by results in the order of time: beyond the upper
/// quartile of all changes so far and three times the distance of the quartiles. So a change counts that is extraordinary
/// for this testbed.
pub(super) fn fences(past: &[Side]) -> Result<BTreeMap<(String, Metric), f64>, Problem> {
    let last = &past[past.len().saturating_sub(EARLIER.1)..];
    if last.len() < EARLIER.0 {
        return Err(Problem::new(format!(
            "--history names {} earlier results, and says something of the noise from {} on",
            last.len(),
            EARLIER.0
        ))
        .advise("give more of them, or compare results of --repeat 5 or more without --history"));
    }
    let mut fences = BTreeMap::new();
    for route in last.iter().flat_map(Side::keys) {
        for metric in [Metric::P50, Metric::P95] {
            let figures: Vec<_> = last
                .iter()
                .filter_map(|side| {
                    let runs = side.get(route)?.iter();
                    median(&runs.map(|run| run.metric(metric)).collect::<Vec<_>>())
                })
                .collect();
            if figures.len() >= EARLIER.0 {
                fences.extend(fence(&figures).map(|fence| ((route.clone(), metric), fence)));
            }
        }
    }
    Ok(fences)
}

fn fence(figures: &[f64]) -> Option<f64> {
    let mut changes: Vec<_> = figures
        .windows(2)
        .map(|pair| (pair[1] / pair[0]).ln().abs())
        .collect();
    changes.sort_unstable_by(f64::total_cmp);
    let (low, high) = (quantile(&changes, 0.25)?, quantile(&changes, 0.75)?);
    Some(high + 3.0 * (high - low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::judge::Unit;

    fn result(p50: f64) -> Side {
        let unit = Unit {
            requests: 1000,
            p50,
            p95: 2.0 * p50,
            ..Unit::default()
        };
        Side::from([("GET /tasks".to_owned(), vec![unit])])
    }

    #[test]
    fn a_quiet_testbed_has_a_low_fence_and_a_noisy_one_a_high() {
        let of = |figures: &[f64]| {
            let past: Vec<_> = figures.iter().map(|p50| result(*p50)).collect();
            fences(&past).unwrap()[&("GET /tasks".to_owned(), Metric::P50)]
        };
        // Changes of 1, 1, 2 and 3 %: quartiles 1 % and 2.25 %, fence 6 %.
        let quiet = of(&[100.0, 101.0, 102.01, 104.05, 107.17]);
        assert!((quiet.exp() - 1.06).abs() < 0.002, "{quiet}");
        let noisy = of(&[100.0, 120.0, 90.0, 130.0, 95.0, 115.0]);
        assert!(noisy > 3.0 * quiet, "{noisy}");
    }

    #[test]
    fn a_few_results_say_nothing_of_noise() {
        let past = vec![result(100.0); 4];
        let problem = fences(&past).unwrap_err().to_string();
        assert!(problem.contains("4 earlier results"), "{problem}");
    }
}
