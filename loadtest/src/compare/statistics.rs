//! How much slower, and how sure that is. Pure functions of numbers.
//!
//! Nothing here looks at single requests: those of one run hang together, so a rank test over ten thousand of them calls
//! a tenth of a percent significant. What is counted are blocks or runs. The intervals are those of rank tests, because a
//! bootstrap of a few pairs covers less than it says.

/// An estimate with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The Hodges–Lehmann estimate.
    pub shift: f64,
    /// Lower end; −∞ where there is too little for so sure an interval.
    pub low: f64,
    /// Upper end; ∞ likewise.
    pub high: f64,
}

/// The shift of paired differences: the median of their Walsh averages, and the interval between the two of them that
/// Wilcoxon's signed-rank test names. The interval misses the truth in at most `alpha` of all cases. `None` of nothing.
pub fn paired(differences: &[f64], alpha: f64) -> Option<Estimate> {
    let n = differences.len();
    let mut averages = Vec::with_capacity(n * (n + 1) / 2);
    for (index, one) in differences.iter().enumerate() {
        averages.extend(
            differences[index..]
                .iter()
                .map(|other| one.midpoint(*other)),
        );
    }
    between(averages, signed_rank_tail(n, alpha / 2.0))
}

/// The shift from one sample to another that is not paired with it: the median of all differences, and the interval that
/// the test of Mann and Whitney names. `None` where one of them is empty.
pub fn unpaired(base: &[f64], new: &[f64], alpha: f64) -> Option<Estimate> {
    let differences = base
        .iter()
        .flat_map(|base| new.iter().map(move |new| new - base));
    let tail = rank_sum_tail(base.len(), new.len(), alpha / 2.0);
    between(differences.collect(), tail)
}

/// The median of values, and the interval that leaves out `tail` of them on each side.
fn between(mut values: Vec<f64>, tail: Option<usize>) -> Option<Estimate> {
    values.sort_unstable_by(f64::total_cmp);
    let end = |tail: usize| Some((*values.get(tail)?, *values.get(values.len() - 1 - tail)?));
    let (low, high) = tail
        .and_then(end)
        .unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
    Some(Estimate {
        shift: quantile(&values, 0.5)?,
        low,
        high,
    })
}

/// A quantile of sorted values, between neighbours where it falls between them. `None` of nothing.
pub fn quantile(sorted: &[f64], quantile: f64) -> Option<f64> {
    let at = quantile * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(below + (above - below) * at.fract())
}

/// The largest sum of signed ranks of `n` differences that is so improbable that it and all smaller ones together have at
/// most this probability. `None`: even the smallest is more probable.
fn signed_rank_tail(n: usize, probability: f64) -> Option<usize> {
    // Each rank is in the sum or not, with equal chances. Only the lower half is wanted.
    let half = n * (n + 1) / 4;
    let mut chance = vec![0.0; half + 1];
    chance[0] = 1.0;
    for rank in 1..=n {
        for sum in (0..=half).rev() {
            let with = sum.checked_sub(rank).map_or(0.0, |before| chance[before]);
            chance[sum] = 0.5 * (chance[sum] + with);
        }
    }
    last_within(chance.into_iter(), probability)
}

/// The same for the number of pairs in which the one of `m` is greater than the one of `n`.
fn rank_sum_tail(m: usize, n: usize, probability: f64) -> Option<usize> {
    // chance[i][u]: of i from the first sample among those that were looked at, u pairs so far. One after the other, the
    // next value in order is from the first sample as often as there are of it among those that are left.
    let half = m * n / 2;
    let mut chance = vec![vec![0.0; half + 1]; m + 1];
    chance[0][0] = 1.0;
    for seen in 0..m + n {
        for i in (0..=m.min(seen)).rev() {
            let j = seen - i;
            if j > n {
                continue;
            }
            let left = (m + n - seen) as f64;
            let (first, second) = ((m - i) as f64 / left, (n - j) as f64 / left);
            for u in (0..=half).rev() {
                let now = chance[i][u];
                if i < m && u + j <= half {
                    chance[i + 1][u + j] += now * first;
                }
                chance[i][u] = now * second;
            }
        }
    }
    last_within(chance.swap_remove(m).into_iter(), probability)
}

/// The last index up to which the chances together are at most this.
fn last_within(chances: impl Iterator<Item = f64>, probability: f64) -> Option<usize> {
    // A little more, because the sums of exact tables are rounded.
    let most = probability * (1.0 + 1e-9);
    chances
        .scan(0.0, |sum, chance| {
            *sum += chance;
            Some(*sum)
        })
        .take_while(|sum| *sum <= most)
        .count()
        .checked_sub(1)
}

/// Fisher's exact test on two counts: how probable so uneven a split of all failures is, or one more uneven, when both
/// sides fail alike. `(failed, all)` of each side.
pub fn fisher((failed, all): (u64, u64), (other_failed, other_all): (u64, u64)) -> f64 {
    let together = failed + other_failed;
    let chance = |failed: u64| {
        (ln_choose(all, failed) + ln_choose(other_all, together - failed)
            - ln_choose(all + other_all, together))
        .exp()
    };
    let seen = chance(failed) * (1.0 + 1e-7);
    let possible = together.saturating_sub(other_all)..=together.min(all);
    possible
        .map(chance)
        .filter(|chance| *chance <= seen)
        .sum::<f64>()
        .min(1.0)
}

fn ln_choose(of: u64, chosen: u64) -> f64 {
    ln_factorial(of) - ln_factorial(chosen) - ln_factorial(of - chosen)
}

fn ln_factorial(number: u64) -> f64 {
    if number < 32 {
        return (2..=number).map(|factor| (factor as f64).ln()).sum();
    }
    // Stirling's series: from here on exact to eleven digits.
    let n = number as f64;
    n * n.ln() - n + 0.5 * (std::f64::consts::TAU * n).ln() + 1.0 / (12.0 * n)
        - 1.0 / (360.0 * n.powi(3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn a_small_example_by_hand() {
        // Walsh averages of 1, 2, 4: 1, 1.5, 2, 2.5, 3, 4.
        let estimate = paired(&[1.0, 2.0, 4.0], 0.25).unwrap();
        assert_eq!(
            (estimate.shift, estimate.low, estimate.high),
            (2.25, 1.0, 4.0)
        );
        let unsure = paired(&[1.0, 2.0, 4.0], 0.05).unwrap();
        assert_eq!(
            (unsure.low, unsure.high),
            (f64::NEG_INFINITY, f64::INFINITY)
        );
        assert_eq!(paired(&[], 0.05), None);
        // Differences of 10, 11, 13 from 1, 2: 8, 9, 9, 10, 11, 12.
        let estimate = unpaired(&[1.0, 2.0], &[10.0, 11.0, 13.0], 0.2).unwrap();
        assert_eq!(
            (estimate.shift, estimate.low, estimate.high),
            (9.5, 8.0, 12.0)
        );
        assert_eq!(unpaired(&[], &[1.0], 0.05), None);
    }

    #[test]
    fn ranks_are_those_of_published_tables() {
        // Wilcoxon's signed rank, two-sided 5 %: the critical sums of every textbook.
        for (n, critical) in [
            (6, 0),
            (7, 2),
            (8, 3),
            (9, 5),
            (10, 8),
            (15, 25),
            (20, 52),
            (25, 89),
        ] {
            assert_eq!(signed_rank_tail(n, 0.025), Some(critical), "{n}");
        }
        assert_eq!(signed_rank_tail(5, 0.025), None);
        assert_eq!(signed_rank_tail(8, 0.005), Some(0));
        // Mann and Whitney, two-sided 5 %.
        for (m, n, critical) in [
            (4, 4, 0),
            (5, 5, 2),
            (5, 8, 6),
            (8, 8, 13),
            (10, 10, 23),
            (20, 20, 127),
        ] {
            assert_eq!(rank_sum_tail(m, n, 0.025), Some(critical), "{m} {n}");
            assert_eq!(rank_sum_tail(n, m, 0.025), Some(critical), "{n} {m}");
        }
        assert_eq!(rank_sum_tail(3, 3, 0.025), None);
    }

    #[test]
    fn fishers_test_is_that_of_the_tea() {
        // The lady who tasted tea: 3 of 4 right by chance.
        assert!(close(fisher((3, 4), (1, 4)), 34.0 / 70.0));
        assert!(close(fisher((4, 4), (0, 4)), 2.0 / 70.0));
        assert!(close(fisher((0, 12_000), (0, 12_000)), 1.0));
        // R: fisher.test(matrix(c(9, 991, 1, 999), 2)) 0.02117, and 0.5 % against nothing.
        assert!((fisher((9, 1000), (1, 1000)) - 0.021_17).abs() < 1e-4);
        assert!(fisher((60, 12_000), (0, 12_000)) < 1e-15);
    }

    #[test]
    fn quantiles_fall_between_neighbours() {
        let values = [1.0, 2.0, 4.0, 8.0];
        for (at, expected) in [(0.0, 1.0), (0.5, 3.0), (0.75, 5.0), (1.0, 8.0)] {
            assert_eq!(quantile(&values, at), Some(expected));
        }
        assert_eq!(quantile(&[], 0.5), None);
    }

    /// A log ratio as a noisy machine gives it: mostly a few per cent, now and then a neighbour's doing.
    fn noise(random: &mut fastrand::Rng) -> f64 {
        let normal = (0..12).map(|_| random.f64()).sum::<f64>() - 6.0;
        let scale = if random.f64() < 0.1 { 0.4 } else { 0.08 };
        normal * scale
    }

    /// How many of a thousand intervals hold the truth.
    fn covered(mut interval: impl FnMut(&mut fastrand::Rng, f64) -> Estimate) -> usize {
        let mut random = fastrand::Rng::with_seed(20_261_123);
        (0..1000)
            .filter(|_| {
                let truth = random.f64() * 0.4 - 0.2;
                let Estimate { low, high, .. } = interval(&mut random, truth);
                (low..=high).contains(&truth)
            })
            .count()
    }

    #[test]
    fn ninety_five_per_cent_intervals_cover_as_much_of_a_thousand_comparisons() {
        for pairs in [6, 8, 12, 20, 60] {
            let covered = covered(|random, truth| {
                let differences: Vec<_> = (0..pairs).map(|_| truth + noise(random)).collect();
                paired(&differences, 0.05).unwrap()
            });
            assert!((930..=992).contains(&covered), "{pairs} pairs: {covered}");
        }
        for runs in [4, 5, 8, 10] {
            let covered = covered(|random, truth| {
                let base: Vec<_> = (0..runs).map(|_| noise(random)).collect();
                let new: Vec<_> = (0..runs).map(|_| truth + noise(random)).collect();
                unpaired(&base, &new, 0.05).unwrap()
            });
            assert!((930..=992).contains(&covered), "{runs} runs: {covered}");
        }
    }
}
