//! The open model's moments, fixed before anything is sent.

use std::time::Duration;

use clap::ValueEnum;

use super::{Model, Plan, Ticket, mix};
use crate::record::Phase;

/// How tickets of the open model follow one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Arrivals {
    /// Evenly.
    #[default]
    Constant,
    /// As people do who know nothing of each other: a Poisson process.
    Poisson,
}

/// A ticket and when it is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// The ticket.
    pub ticket: Ticket,
    /// When, since the start.
    pub at: Duration,
    /// Ramp or steady.
    pub phase: Phase,
    /// Index of the stage.
    pub stage: usize,
}

/// All arrivals of a plan, in order.
///
/// One mechanism for every shape: arrivals have even or random distances on a scale on which one ticket is due per unit,
/// and the scale is stretched by the rate, which is a piece-wise linear function of time.
#[derive(Clone, Debug)]
pub struct Schedule {
    pieces: Vec<Piece>,
    arrivals: Arrivals,
    seed: u64,
    /// Steady tickets that are wanted.
    tickets: Option<u64>,
    /// The piece that the next arrival is looked for in, and what lies before it: units and seconds.
    piece: usize,
    units_before: f64,
    seconds_before: f64,
    /// Where the next arrival is on the even scale.
    units: f64,
    /// Arrivals so far, all and those of the ramp.
    count: u64,
    ramp_count: u64,
}

/// A stretch of time in which the rate goes from one value to another.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: f64,
    to: f64,
    seconds: f64,
    phase: Phase,
    stage: usize,
}

impl Piece {
    /// Tickets that are due in it.
    fn units(&self) -> f64 {
        self.from.midpoint(self.to) * self.seconds
    }

    /// When so many of them have been due: the root of `from·t + (to − from)/(2·seconds)·t²`, in the form that does not
    /// lose its digits where the rate is constant.
    fn seconds_at(&self, units: f64) -> f64 {
        if units <= 0.0 {
            return 0.0;
        }
        let slope = (self.to - self.from) / self.seconds;
        2.0 * units
            / (self.from
                + (self.from * self.from + 2.0 * slope * units)
                    .max(0.0)
                    .sqrt())
    }
}

impl Schedule {
    /// The schedule of an open plan; a closed one has none.
    pub fn of(plan: &Plan) -> Option<Self> {
        let Model::Open(arrivals) = plan.model else {
            return None;
        };
        let mut pieces = Vec::new();
        if let Some(first) = plan.stages.first()
            && !plan.ramp.is_zero()
        {
            pieces.push(Piece {
                from: 0.0,
                to: first.level,
                seconds: plan.ramp.as_secs_f64(),
                phase: Phase::Ramp,
                stage: 0,
            });
        }
        let last = plan.stages.len().saturating_sub(1);
        pieces.extend(plan.stages.iter().enumerate().map(|(stage, each)| Piece {
            from: each.level,
            to: each.level,
            seconds: match (each.lasts, plan.tickets) {
                (Some(lasts), None) => lasts.as_secs_f64(),
                // The number of tickets ends it, not time.
                _ if stage == last => f64::INFINITY,
                (lasts, _) => lasts.unwrap_or_default().as_secs_f64(),
            },
            phase: Phase::Steady,
            stage,
        }));
        let mut schedule = Self {
            pieces,
            arrivals,
            seed: plan.seed,
            tickets: plan.tickets,
            piece: 0,
            units_before: 0.0,
            seconds_before: 0.0,
            units: 0.0,
            count: 0,
            ramp_count: 0,
        };
        if arrivals == Arrivals::Poisson {
            schedule.units = schedule.distance();
        }
        Some(schedule)
    }

    /// From this arrival to the next one on the even scale.
    fn distance(&self) -> f64 {
        match self.arrivals {
            Arrivals::Constant => 1.0,
            Arrivals::Poisson => {
                let chance = mix(self.seed.rotate_left(32) ^ mix(self.count));
                // In [0, 1): never the logarithm of zero.
                let chance = (chance >> 11) as f64 / (1_u64 << 53) as f64;
                -(-chance).ln_1p()
            }
        }
    }
}

impl Iterator for Schedule {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let piece = loop {
            let piece = *self.pieces.get(self.piece)?;
            // What is due at the very end of a piece belongs to the next one.
            if self.units < self.units_before + piece.units() - 1e-9 {
                break piece;
            }
            self.units_before += piece.units();
            self.seconds_before += piece.seconds;
            self.piece += 1;
        };
        let steady = self.count - self.ramp_count;
        let ticket = match piece.phase {
            Phase::Ramp => Ticket::of_ramp(self.seed, self.ramp_count),
            _ if self.tickets.is_some_and(|wanted| steady >= wanted) => return None,
            _ => Ticket::new(self.seed, steady),
        };
        let at = self.seconds_before + piece.seconds_at(self.units - self.units_before);
        self.count += 1;
        self.ramp_count += u64::from(piece.phase == Phase::Ramp);
        self.units += self.distance();
        Some(Arrival {
            ticket,
            // A century is long enough, and no float is too large for a duration then.
            at: Duration::from_secs_f64(at.min(3e9)),
            phase: piece.phase,
            stage: piece.stage,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Stage;

    fn schedule(
        arrivals: Arrivals,
        stages: &[(f64, u64)],
        ramp: u64,
        tickets: Option<u64>,
    ) -> Schedule {
        let stages = stages.iter().map(|(level, lasts)| Stage {
            level: *level,
            lasts: Some(Duration::from_secs(*lasts)),
        });
        let plan = Plan {
            model: Model::Open(arrivals),
            users: 1,
            stages: stages.collect(),
            tickets,
            ramp: Duration::from_secs(ramp),
            drain: None,
            think: 1.0,
            seed: 7,
            timeout: Duration::from_secs(1),
        };
        Schedule::of(&plan).unwrap()
    }

    #[test]
    fn constant_arrivals_are_evenly_spaced_and_each_stage_has_its_own_rate() {
        let all: Vec<_> = schedule(Arrivals::Constant, &[(50.0, 2), (100.0, 3)], 0, None).collect();
        assert_eq!(all.len(), 100 + 300);
        assert_eq!(all[0].at, Duration::ZERO);
        for (number, arrival) in all.iter().enumerate() {
            let (expected, stage) = match number {
                first @ ..100 => (first as f64 / 50.0, 0),
                later => (2.0 + (later - 100) as f64 / 100.0, 1),
            };
            assert!(
                (arrival.at.as_secs_f64() - expected).abs() < 1e-6,
                "{arrival:?}"
            );
            assert_eq!((arrival.stage, arrival.phase), (stage, Phase::Steady));
            assert_eq!(arrival.ticket, Ticket::new(7, number as u64));
        }
    }

    #[test]
    fn a_ramp_rises_evenly_and_changes_no_ticket_of_the_steady_phase() {
        let all: Vec<_> = schedule(Arrivals::Constant, &[(100.0, 1)], 10, Some(30)).collect();
        let (ramp, steady): (Vec<Arrival>, Vec<Arrival>) = all
            .into_iter()
            .partition(|arrival| arrival.phase == Phase::Ramp);
        // Half the rate on average; half of those in the last 30 % of the time (1 − 1/√2).
        assert_eq!(ramp.len(), 500);
        let late = ramp
            .iter()
            .filter(|arrival| arrival.at > Duration::from_secs_f64(7.0711));
        assert!((249..=251).contains(&late.count()));
        assert_eq!(steady.len(), 30);
        assert_eq!(steady[0].at, Duration::from_secs(10));
        assert_eq!(steady[3].ticket, Ticket::new(7, 3));
        assert_ne!(ramp[3].ticket.chance, steady[3].ticket.chance);
    }

    #[test]
    fn poisson_arrivals_are_seeded_and_have_the_statistics_of_their_name() {
        let all: Vec<_> = schedule(Arrivals::Poisson, &[(200.0, 1)], 0, Some(20_000)).collect();
        let again: Vec<_> = schedule(Arrivals::Poisson, &[(200.0, 1)], 0, Some(20_000)).collect();
        assert_eq!(all, again);
        assert_eq!(all.len(), 20_000);
        let gaps: Vec<_> = all
            .windows(2)
            .map(|pair| pair[1].at.as_secs_f64() - pair[0].at.as_secs_f64())
            .collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Exponential distances: as much spread as mean. Three standard errors are 2 % and 4 %.
        assert!((mean * 200.0 - 1.0).abs() < 0.022, "{mean}");
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.03, "{variance}");
        let longer = gaps.iter().filter(|gap| **gap > mean).count() as f64 / gaps.len() as f64;
        assert!((longer - (-1.0_f64).exp()).abs() < 0.011, "{longer}");
        // Counts per second: variance as large as the mean.
        let mut counts = [0.0; 90];
        for arrival in &all {
            if let Some(count) = counts.get_mut(arrival.at.as_secs() as usize) {
                *count += 1.0;
            }
        }
        let mean = counts.iter().sum::<f64>() / 90.0;
        let variance = counts
            .iter()
            .map(|count| (count - mean) * (count - mean))
            .sum::<f64>()
            / 89.0;
        assert!(
            (0.55..1.45).contains(&(variance / mean)),
            "{}",
            variance / mean
        );
    }

    #[test]
    fn poisson_arrivals_end_with_the_time() {
        let all: Vec<_> =
            schedule(Arrivals::Poisson, &[(100.0, 50), (10.0, 50)], 0, None).collect();
        assert!(
            all.iter()
                .all(|arrival| arrival.at < Duration::from_secs(100))
        );
        let (first, second): (Vec<Arrival>, Vec<Arrival>) =
            all.into_iter().partition(|arrival| arrival.stage == 0);
        assert!((4780..5220).contains(&first.len()), "{}", first.len());
        assert!((430..570).contains(&second.len()), "{}", second.len());
    }
}
