//! Delays as data: a known distribution, in exact proportions and a known order.

use std::time::Duration;

use crate::Outcome;

/// So many per cent of all answers take this much longer.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Per cent.
    pub percent: usize,
    /// How long.
    pub delay: Duration,
}

const fn share(percent: usize, millis: u64) -> Share {
    Share {
        percent,
        delay: Duration::from_millis(millis),
    }
}

/// A server with a long tail. The 50th, 95th and 99th percentile lie in the middle of a step each: on its edge, two
/// honest tools may differ by the whole height of it.
pub const LONG_TAIL: [Share; 3] = [share(90, 5), share(8, 40), share(2, 730)];

/// The delays of `count` answers: exactly the shares, shuffled; the same `seed` gives the same order.
pub fn sequence(shares: &[Share], count: usize, seed: u64) -> Outcome<Vec<Duration>> {
    let total: usize = shares.iter().map(|share| share.percent).sum();
    if total != 100 {
        return Err(format!(
            "the shares of the delays add up to {total} %, not to 100 %"
        ));
    }
    let mut delays = Vec::with_capacity(count);
    for Share { percent, delay } in shares {
        if !(count * percent).is_multiple_of(100) {
            return Err(format!(
                "{percent} % of {count} requests is no whole number: take a multiple of 100"
            ));
        }
        delays.extend(std::iter::repeat_n(*delay, count * percent / 100));
    }
    fastrand::Rng::with_seed(seed).shuffle(&mut delays);
    Ok(delays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_exact_and_the_order_is_the_seeds() {
        let delays = sequence(&LONG_TAIL, 2000, 7).unwrap();
        let count = |millis| {
            let wanted = Duration::from_millis(millis);
            delays.iter().filter(|delay| **delay == wanted).count()
        };
        assert_eq!((count(5), count(40), count(730)), (1800, 160, 40));
        assert_eq!(delays, sequence(&LONG_TAIL, 2000, 7).unwrap());
        assert_ne!(delays, sequence(&LONG_TAIL, 2000, 8).unwrap());
    }

    #[test]
    fn what_cannot_be_exact_is_refused() {
        let odd = sequence(&LONG_TAIL, 1001, 7).unwrap_err();
        assert!(odd.contains("90 % of 1001"), "{odd}");
        let short = sequence(&LONG_TAIL[..2], 100, 7).unwrap_err();
        assert!(short.contains("98 %"), "{short}");
    }
}
