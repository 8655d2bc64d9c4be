//! What a result says beside what was measured. It is known before the clock starts, so that a result can be made at any
//! moment.

use super::{
    WebhooksPart,
    result::{
        CoursePart, Outcome, PlanPart, RoutePart, RunResult, SCHEMA, ScenarioPart, ServerPart,
    },
};
use crate::{
    generator::Generator,
    measure::Measured,
    verdict::{self, Target},
};

/// What a result says beside what was measured.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What was typed, without secrets.
    pub command: String,
    /// The server.
    pub server: ServerPart,
    /// The scenario.
    pub scenario: ScenarioPart,
    /// The plan.
    pub plan: PlanPart,
    /// What it is judged by.
    pub targets: Vec<Target>,
    /// Threads that carry out users.
    pub workers: usize,
    /// Whether it is judged even where this machine was late.
    pub ignores_lag: bool,
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// To its end.
    ByItself,
    /// Until a signal.
    Stopped,
    /// It goes on.
    NotYet,
}

impl Frame {
    /// Judges what was measured, and tells it.
    pub fn result(&self, measured: Measured, ended: Ended) -> RunResult {
        let judged = measured.judged();
        let generator = measured.generator(&judged, self.workers);
        let mut verdict = verdict::judge(&self.targets, &measured.record, &measured.repeats);
        verdict.extend(WebhooksPart::judge(&measured.webhooks));
        let ignored = generator.lag(&judged).filter(|_| self.ignores_lag);
        let invalid = match &ignored {
            Some(_) => Generator::exhausted(&judged),
            None => generator.invalidates(&judged),
        };
        let is_met = measured.given_up.is_none() && verdict.iter().all(|row| row.passed);
        let outcome = match ended {
            Ended::NotYet => Outcome::Partial,
            Ended::Stopped => Outcome::Cancelled,
            Ended::ByItself if invalid.is_some() => Outcome::Invalid,
            Ended::ByItself if is_met => Outcome::Passed,
            Ended::ByItself => Outcome::Missed,
        };
        RunResult {
            schema: SCHEMA,
            loadtest: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command.clone(),
            started: measured.started,
            servers: vec![self.server.clone()],
            scenario: self.scenario.clone(),
            plan: self.plan.clone(),
            routes: RoutePart::of(&measured.record, &measured.blocks),
            course: CoursePart::of(&measured.record, &measured.blocks),
            blocks: measured.blocks,
            phases: measured.phases,
            failures: judged.failures,
            first_failure: judged.first_failure,
            users: measured.users,
            users_over_time: measured.present,
            renewals: measured.renewals,
            generator,
            server_process: measured.server_process,
            server_counters: measured.server_counters,
            database: measured.database,
            webhooks: measured.webhooks,
            verdict,
            outcome,
            invalid,
            ignored,
            given_up: measured.given_up,
        }
    }
}
