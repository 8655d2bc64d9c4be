//! A server that stands still now and then, and what its users then wait: arithmetic.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

/// Nothing is answered for the last `frozen` of `every`.
#[derive(Clone, Copy, Debug)]
pub struct Freeze {
    /// How long.
    pub frozen: Duration,
    /// How often.
    pub every: Duration,
}

impl Freeze {
    /// How long it still stands still, so long after its begin.
    pub fn left(&self, at: Duration) -> Duration {
        let every = self.every.as_nanos().max(1);
        let within = Duration::from_nanos((at.as_nanos() % every) as u64);
        let thaws = within + self.frozen >= self.every;
        if thaws {
            self.every.saturating_sub(within)
        } else {
            Duration::ZERO
        }
    }
}

/// A load that comes evenly, whatever the server does.
#[derive(Clone, Copy, Debug)]
pub struct Stalled {
    /// When the server stands still.
    pub freeze: Freeze,
    /// How long it takes for one request.
    pub service: Duration,
    /// Requests per second.
    pub rate: u32,
    /// Requests in all.
    pub requests: usize,
    /// How many it gets at a time; the others wait in their order.
    pub in_flight: usize,
}

impl Stalled {
    /// What each request waits from the moment when it is due, in µs.
    pub fn waits(&self) -> Vec<u64> {
        let mut free: BinaryHeap<_> = (0..self.in_flight)
            .map(|_| Reverse(Duration::ZERO))
            .collect();
        (0..self.requests)
            .map(|number| {
                let due = Duration::from_secs(number as u64) / self.rate;
                let begins = free.pop().map_or(due, |Reverse(free)| free.max(due));
                let served = begins + self.freeze.left(begins) + self.service;
                let answered = served + self.freeze.left(served);
                free.push(Reverse(answered));
                answered.saturating_sub(due).as_micros() as u64
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::percentile;

    const FREEZE: Freeze = Freeze {
        frozen: Duration::from_secs(1),
        every: Duration::from_secs(5),
    };

    #[test]
    fn it_stands_still_at_the_end_of_each_period() {
        let left = |at| FREEZE.left(Duration::from_millis(at)).as_millis();
        assert_eq!(
            [0, 3999, 4000, 4250, 4999, 5000, 9500].map(left),
            [0, 0, 1000, 750, 1, 0, 500]
        );
    }

    #[test]
    fn who_comes_while_it_stands_still_waits_and_so_does_the_queue_behind() {
        let percentiles = |in_flight| {
            let mut waits = Stalled {
                freeze: FREEZE,
                service: Duration::from_millis(2),
                rate: 1000,
                requests: 20_000,
                in_flight,
            }
            .waits();
            waits.sort_unstable();
            [0.5, 0.9, 0.95, 0.99].map(|q| percentile(&waits, q).unwrap_or_default() / 1000)
        };
        // A fifth waits, evenly between nothing and a second.
        assert_eq!(percentiles(20_000), [2, 504, 754, 954]);
        // Ten at a time are 5000 a second: the last of a thousand waits for the others.
        assert_eq!(percentiles(10), [2, 602, 802, 962]);
    }
}
