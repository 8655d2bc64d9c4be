//! Which phase and stage a moment belongs to, and who is at work then.

use std::time::Duration;

use super::{Model, Plan, Stage};
use crate::record::Phase;

/// What a user does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Its next ticket belongs here.
    Work(Phase, usize),
    /// Nothing until then.
    Wait(Duration),
    /// Nothing any more.
    Over,
}

/// The course of a run over time, from the start of the clock.
#[derive(Clone, Debug)]
pub struct Timeline {
    ramp: Duration,
    stages: Vec<Stage>,
    closed: bool,
}

impl Timeline {
    /// Of a plan.
    pub fn of(plan: &Plan) -> Self {
        let mut stages = plan.stages.clone();
        if plan.tickets.is_some() {
            // The tickets end the last stage, not time.
            if let Some(last) = stages.last_mut() {
                last.lasts = None;
            }
        }
        Self {
            ramp: plan.ramp,
            stages,
            closed: plan.model == Model::Closed,
        }
    }

    /// When time is over, where time ends the run.
    pub fn end(&self) -> Option<Duration> {
        let steady: Option<Duration> = self.stages.iter().map(|stage| stage.lasts).sum();
        steady.map(|steady| self.ramp + steady)
    }

    /// When a stage of the steady phase begins, and how long it lasts.
    pub fn stage(&self, index: usize) -> (Duration, Option<Duration>) {
        let before = self.stages[..index].iter().filter_map(|stage| stage.lasts);
        let lasts = self.stages.get(index).and_then(|stage| stage.lasts);
        (self.ramp + before.sum::<Duration>(), lasts)
    }

    /// Phase and stage of a moment.
    pub fn at(&self, moment: Duration) -> (Phase, usize) {
        if moment < self.ramp {
            return (Phase::Ramp, 0);
        }
        let last = self.stages.len().saturating_sub(1);
        let mut end = self.ramp;
        for (index, stage) in self.stages.iter().enumerate() {
            match stage.lasts {
                Some(lasts) if moment >= end + lasts => end += lasts,
                _ => return (Phase::Steady, index),
            }
        }
        (Phase::Drain, last)
    }

    /// What a user of a closed plan does at a moment.
    pub fn shift(&self, user: usize, moment: Duration) -> Shift {
        let works_in = |stage: usize| !self.closed || (user as f64) < self.stages[stage].level;
        let (phase, stage) = self.at(moment);
        match phase {
            Phase::Drain => Shift::Over,
            Phase::Ramp if works_in(0) => {
                // Users begin one after the other, all of them by the end of the ramp.
                let begins = self.ramp.mul_f64(user as f64 / self.stages[0].level);
                if moment < begins {
                    Shift::Wait(begins)
                } else {
                    Shift::Work(phase, stage)
                }
            }
            _ if phase != Phase::Ramp && works_in(stage) => Shift::Work(phase, stage),
            _ => {
                let from = if phase == Phase::Ramp { 0 } else { stage + 1 };
                let next = (from..self.stages.len()).find(|stage| works_in(*stage));
                next.map_or(Shift::Over, |stage| Shift::Wait(self.stage(stage).0))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(ramp: u64, stages: &[(f64, Option<u64>)]) -> Timeline {
        Timeline {
            ramp: Duration::from_secs(ramp),
            stages: stages
                .iter()
                .map(|(level, lasts)| Stage {
                    level: *level,
                    lasts: lasts.map(Duration::from_secs),
                })
                .collect(),
            closed: true,
        }
    }

    #[test]
    fn users_come_and_go_with_the_stages() {
        let line = timeline(10, &[(2.0, Some(10)), (4.0, Some(10)), (1.0, Some(10))]);
        let secs = Duration::from_secs;
        let steady = |stage| Shift::Work(Phase::Steady, stage);
        for (user, at, expected) in [
            (0, 0, Shift::Work(Phase::Ramp, 0)),
            (1, 0, Shift::Wait(secs(5))),
            (1, 5, Shift::Work(Phase::Ramp, 0)),
            (2, 0, Shift::Wait(secs(20))),
            (1, 10, steady(0)),
            (3, 19, Shift::Wait(secs(20))),
            (3, 20, steady(1)),
            (3, 30, Shift::Over),
            (0, 30, steady(2)),
            (0, 40, Shift::Over),
        ] {
            assert_eq!(line.shift(user, secs(at)), expected, "user {user} at {at}");
        }
        assert_eq!(line.end(), Some(secs(40)));
        assert_eq!(line.stage(2), (secs(30), Some(secs(10))));
    }

    #[test]
    fn a_stage_without_an_end_has_none() {
        let line = timeline(0, &[(2.0, None)]);
        assert_eq!(line.end(), None);
        assert_eq!(
            line.shift(1, Duration::from_secs(1_000_000)),
            Shift::Work(Phase::Steady, 0)
        );
        assert_eq!(line.shift(2, Duration::ZERO), Shift::Over);
    }
}
