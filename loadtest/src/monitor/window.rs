//! The probes of the last minutes, and what they come to.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use super::metric::{DOWN, ERRORS, P95, Reading, SAMPLES};

/// Fewest probes that are judged: below, the 95th percentile is the slowest of them, and one failure is many percent.
pub(super) const FEWEST: usize = 20;

/// One probe.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sample {
    /// When, in milliseconds of the Unix epoch.
    pub(super) at: u64,
    /// How long until the last byte.
    pub(super) micros: u64,
    /// Why it failed, if it did.
    pub(super) error: Option<String>,
}

/// The probes that count.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Window {
    samples: VecDeque<Sample>,
    /// Since when nothing was answered.
    down_since: Option<u64>,
}

/// What they come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Figures {
    /// Probes.
    pub(super) samples: usize,
    /// 95th percentile of the answered ones; `None` with fewer than [`FEWEST`].
    pub(super) p95: Option<Duration>,
    /// Failed ones in percent; `None` with fewer than [`FEWEST`] probes.
    pub(super) errors: Option<f64>,
    /// How long nothing was answered.
    pub(super) down: Duration,
}

impl Figures {
    /// For the judgement.
    pub(super) fn readings(&self) -> Vec<Reading> {
        let few = || format!("no p95 below {FEWEST} answers");
        let p95 = self.p95.map(|p95| p95.as_secs_f64() * 1e3).ok_or_else(few);
        let some = || format!("{} probes so far", self.samples);
        vec![
            P95.read(p95),
            ERRORS.read(self.errors.ok_or_else(some)),
            DOWN.is(self.down.as_secs_f64()),
            SAMPLES.is(self.samples as f64),
        ]
    }
}

impl Window {
    /// Adds a probe, and forgets those that are older than the window.
    pub(super) fn add(&mut self, sample: Sample, length: Duration) {
        self.down_since = match (&sample.error, self.down_since) {
            (None, _) => None,
            (Some(_), since) => since.or(Some(sample.at)),
        };
        let length = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let oldest = sample.at.saturating_sub(length);
        self.samples.push_back(sample);
        self.samples.retain(|sample| sample.at >= oldest);
    }

    /// What they come to.
    pub(super) fn figures(&self) -> Figures {
        let samples = self.samples.len();
        let answered = self.samples.iter().filter(|sample| sample.error.is_none());
        let mut times: Vec<_> = answered.map(|sample| sample.micros).collect();
        times.sort_unstable();
        let failed = samples - times.len();
        let rank = (times.len() * 95).div_ceil(100);
        let last = self.samples.back().map_or(0, |sample| sample.at);
        Figures {
            samples,
            p95: (times.len() >= FEWEST).then(|| Duration::from_micros(times[rank - 1])),
            errors: (samples >= FEWEST).then(|| 100.0 * failed as f64 / samples as f64),
            down: Duration::from_millis(
                self.down_since
                    .map_or(0, |since| last.saturating_sub(since)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: u64, millis: u64, fails: bool) -> Sample {
        Sample {
            at: at * 1000,
            micros: millis * 1000,
            error: fails.then(|| "connect".to_owned()),
        }
    }

    #[test]
    fn percentiles_are_exact_ranks_of_enough_answers() {
        let mut window = Window::default();
        for number in 1..=19 {
            window.add(sample(number, number, false), Duration::from_secs(300));
        }
        assert_eq!(window.figures().p95, None);
        window.add(sample(20, 1000, false), Duration::from_secs(300));
        let figures = window.figures();
        assert_eq!(figures.p95, Some(Duration::from_millis(19)));
        assert_eq!(figures.errors, Some(0.0));
        window.add(sample(400, 1, true), Duration::from_secs(300));
        assert_eq!(window.figures().samples, 1, "the others are too old");
    }

    #[test]
    fn down_counts_from_the_first_failure_to_the_last() {
        let mut window = Window::default();
        let mut down = |at, fails| {
            window.add(sample(at, 1, fails), Duration::from_secs(60));
            window.figures().down.as_secs()
        };
        assert_eq!(down(0, false), 0);
        assert_eq!(down(10, true), 0);
        assert_eq!(down(400, true), 390, "longer than the window");
        assert_eq!(down(410, false), 0);
    }
}
