//! The course of a run: what came to an end in each second. Whole histograms per second would fill the memory of a long
//! run; times are kept to within one percent instead, and only those that occur.

use std::collections::BTreeMap;

/// Times up to here are kept exactly; longer ones by their first eight bits.
const EXACT: u32 = 1 << 8;
/// Steps per doubling of the time.
const STEPS: u32 = 1 << 7;

/// Seconds with what came to an end in them.
#[derive(Clone, Debug, Default)]
pub struct Course(BTreeMap<u32, Tally>);

impl Course {
    /// Adds a request that came to an end in this second: its time in µs, or none if it failed.
    pub fn add(&mut self, second: u32, micros: Option<u64>) {
        let tally = self.0.entry(second).or_default();
        match micros {
            Some(micros) => tally.answered(micros),
            None => tally.failed += 1,
        }
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        for (second, tally) in &other.0 {
            self.0.entry(*second).or_default().merge(tally);
        }
    }

    /// What came to an end in a second.
    pub fn at(&self, second: u32) -> Option<&Tally> {
        self.0.get(&second)
    }

    /// The seconds in which anything came to an end, in order.
    pub fn seconds(&self) -> impl Iterator<Item = (u32, &Tally)> {
        self.0.iter().map(|(second, tally)| (*second, tally))
    }
}

/// What came to an end in one second.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Steps and how many times fell on each, by step.
    times: Vec<(u16, u32)>,
    max: u64,
    /// Failed requests.
    pub failed: u64,
}

impl Tally {
    fn answered(&mut self, micros: u64) {
        self.max = self.max.max(micros);
        self.count(step(micros), 1);
    }

    fn count(&mut self, step: u16, count: u32) {
        match self.times.binary_search_by_key(&step, |(step, _)| *step) {
            Ok(index) => self.times[index].1 += count,
            Err(index) => self.times.insert(index, (step, count)),
        }
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        for (step, count) in &other.times {
            self.count(*step, *count);
        }
        self.max = self.max.max(other.max);
        self.failed += other.failed;
    }

    /// Requests in all.
    pub fn requests(&self) -> u64 {
        self.successful() + self.failed
    }

    fn successful(&self) -> u64 {
        self.times.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The time in µs that `quantile` of the successful requests did not exceed.
    pub fn percentile(&self, quantile: f64) -> Option<u64> {
        let rank = (quantile * self.successful() as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.times
            .iter()
            .find(|(_, count)| {
                seen += u64::from(*count);
                seen >= rank
            })
            .map(|(step, _)| longest(*step).min(self.max))
    }

    /// The longest time of a successful request, in µs.
    pub fn max(&self) -> Option<u64> {
        (!self.times.is_empty()).then_some(self.max)
    }
}

/// The step that a time falls on. More than an hour is an hour.
fn step(micros: u64) -> u16 {
    let micros = u32::try_from(micros).unwrap_or(u32::MAX);
    if micros < EXACT {
        return micros as u16;
    }
    let shift = u32::BITS - 8 - micros.leading_zeros();
    (EXACT + (shift - 1) * STEPS + (micros >> shift) - STEPS) as u16
}

/// The longest time of a step.
fn longest(step: u16) -> u64 {
    let step = u32::from(step);
    if step < EXACT {
        return step.into();
    }
    let (shift, place) = ((step - EXACT) / STEPS + 1, (step - EXACT) % STEPS + STEPS);
    ((u64::from(place) + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_kept_to_within_one_percent() {
        for micros in (0..5000).chain([123_456, 10_000_000, 3_600_000_000, u32::MAX.into()]) {
            let kept = longest(step(micros));
            assert!(kept >= micros, "{micros} became {kept}");
            assert!(kept - micros <= micros / 100, "{micros} became {kept}");
        }
        assert_eq!(longest(step(u64::MAX)), u64::from(u32::MAX));
    }

    #[test]
    fn a_second_knows_its_percentiles_and_failures() {
        let (mut one, mut other) = (Course::default(), Course::default());
        for micros in 1..=50 {
            one.add(7, Some(micros));
            other.add(7, Some(micros + 50));
        }
        other.add(7, None);
        other.add(9, None);
        one.merge(&other);
        let seventh = one.at(7).unwrap();
        assert_eq!((seventh.requests(), seventh.failed), (101, 1));
        assert_eq!(seventh.percentile(0.5), Some(50));
        assert_eq!(seventh.percentile(0.99), Some(99));
        assert_eq!(seventh.max(), Some(100));
        let ninth = one.at(9).unwrap();
        assert_eq!((ninth.percentile(0.5), ninth.max()), (None, None));
        assert_eq!(
            one.seconds().map(|(second, _)| second).collect::<Vec<_>>(),
            [7, 9]
        );
    }
}
