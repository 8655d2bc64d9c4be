//! Percentiles by one rule, and what of them may differ.

use std::fmt;

/// What is compared: its name, and the share of requests that were not slower.
pub const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// The percentiles of [`QUANTILES`], in µs.
pub type Percentiles = [u64; 3];

/// The value of rank ⌈q·n⌉: the load tester's rule. `None` of nothing.
pub fn percentile(sorted: &[u64], quantile: f64) -> Option<u64> {
    // 0.95 · 2000 is a little more than 1900 in binary; such dust is no rank.
    let rank = (quantile * sorted.len() as f64 - 1e-9).ceil().max(1.0);
    sorted.get(rank as usize - 1).copied()
}

/// All of [`QUANTILES`] of times in µs; `None` of nothing.
pub fn percentiles(mut micros: Vec<u64>) -> Option<Percentiles> {
    micros.sort_unstable();
    let mut found = [0; 3];
    for (place, (_, quantile)) in found.iter_mut().zip(QUANTILES) {
        *place = percentile(&micros, quantile)?;
    }
    Some(found)
}

/// How far a generator may be from a server's own log, in µs: 1 % + 0.3 ms. The constant is for what no log of a server
/// sees: sending, waking the server's thread, and waking the generator's.
pub fn allowance(truth: u64) -> u64 {
    truth / 100 + 300
}

/// Median and range of one figure over several rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Lowest.
    pub min: f64,
    /// The middle one; of an even number the mean of the two in the middle.
    pub median: f64,
    /// Highest.
    pub max: f64,
}

impl Spread {
    /// `None` of nothing.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        let middle = values.len() / 2;
        let upper = *values.get(middle)?;
        let lower = if values.len() % 2 == 0 {
            values[middle - 1]
        } else {
            upper
        };
        Some(Self {
            min: *values.first()?,
            median: f64::midpoint(lower, upper),
            max: *values.last()?,
        })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        write!(
            f,
            "{:.digits$} ({:.digits$} – {:.digits$})",
            self.median, self.min, self.max
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks_rounded_up() {
        let hundred: Vec<u64> = (1..=100).collect();
        for (quantile, value) in [
            (0.0, 1),
            (0.5, 50),
            (0.501, 51),
            (0.95, 95),
            (0.99, 99),
            (1.0, 100),
        ] {
            assert_eq!(percentile(&hundred, quantile), Some(value), "{quantile}");
        }
        let long: Vec<u64> = (1..=2000).collect();
        assert_eq!(percentile(&long, 0.95), Some(1900));
        assert_eq!(percentile(&[7], 0.99), Some(7));
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(
            percentiles((1..=200).rev().collect()),
            Some([100, 190, 198])
        );
    }

    #[test]
    fn the_allowance_is_one_per_cent_and_0_3_ms() {
        assert_eq!([0, 5000, 730_000].map(allowance), [300, 350, 7600]);
    }

    #[test]
    fn a_spread_has_its_median_in_the_middle() {
        let odd = Spread::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!((odd.min, odd.median, odd.max), (1.0, 2.0, 3.0));
        assert_eq!(odd.to_string(), "2.00 (1.00 – 3.00)");
        assert_eq!(
            Spread::of([4.0, 1.0]).map(|spread| spread.median),
            Some(2.5)
        );
        assert_eq!(Spread::of([]), None);
    }
}
