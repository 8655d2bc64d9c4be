//! The result file: one JSON document from which every report can be made. Its schema has a version; fields are added,
//! never changed, within one.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Serializer, V2Serializer},
};
use serde::Serialize;

use super::WebhooksPart;
use crate::{
    check::Check,
    generator::Generator,
    line::Connections,
    people::{Users, Worked},
    plan::{Arrivals, Model, Plan},
    record::{Class, Figures, Phase, Place, Record},
    server::usage::{Counters, Process},
    verdict::Row,
};

/// Version of the schema.
pub const SCHEMA: u32 = 1;

/// A run.
#[derive(Debug, Serialize)]
pub struct RunResult {
    /// Version of this schema.
    pub schema: u32,
    /// This program's version.
    pub loadtest: &'static str,
    /// When the run began, RFC 3339.
    pub started: String,
    /// The servers.
    pub servers: Vec<ServerPart>,
    /// The scenario.
    pub scenario: ScenarioPart,
    /// The plan.
    pub plan: PlanPart,
    /// Blocks, in order.
    pub blocks: Vec<BlockPart>,
    /// Phases, in order.
    pub phases: Vec<PhasePart>,
    /// Figures of every route in every phase.
    pub routes: Vec<RoutePart>,
    /// Failures of the steady phase, by class.
    pub failures: BTreeMap<Class, u64>,
    /// The first failure of the steady phase, in words, without secrets.
    pub first_failure: Option<String>,
    /// Users that were planned, and those that left early, with reasons.
    pub users: Users,
    /// What the load generator itself cost.
    pub generator: Generator,
    /// What the server's process used in the last run, where it is on this machine.
    pub server_process: Option<Process>,
    /// What the server counted in the last run, where its counters are switched on.
    pub server_counters: Option<Counters>,
    /// What came back by webhooks, of each run that had any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<WebhooksPart>,
    /// The judged targets.
    pub verdict: Vec<Row>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the figures say nothing about the server, if they do not.
    pub invalid: Option<String>,
    /// Why the run was given up, if it was (`--abort-on`).
    pub given_up: Option<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every target was met.
    Passed,
    /// A target was missed.
    Missed,
    /// The generator was the wall.
    Invalid,
    /// Stopped by a signal; the figures are those until then.
    Cancelled,
}

/// A server.
#[derive(Clone, Debug, Serialize)]
pub struct ServerPart {
    /// Its address.
    pub url: String,
    /// `vikunja`, or `sandbox`: the stand-in is not a Vikunja server.
    pub kind: &'static str,
    /// What it calls itself.
    pub version: String,
    /// The release that it was taken for.
    pub release: String,
    /// The API that was called.
    pub api: String,
    /// What kind of token was sent.
    pub credential: String,
    /// `concurrent_writes` of `/info` (false = SQLite), where the release says so.
    pub concurrent_writes: Option<bool>,
}

/// The scenario.
#[derive(Clone, Debug, Serialize)]
pub struct ScenarioPart {
    /// Its name; of several, with their weights.
    pub name: String,
    /// What it expects of the answers, for people.
    pub checks: String,
    /// Tasks on the page that every request had to get; 0 where the scenario is another.
    pub tasks_per_page: usize,
    /// Tasks in all, where the server says so.
    pub tasks: Option<u64>,
    /// Hash of what the accounts held, where they were made by `seed` or read: equal ones can be compared.
    pub state: Option<String>,
    /// Tasks that were made for the run.
    pub seeded: u64,
    /// Writes that had to be sent again while seeding.
    pub seed_repeats: u64,
}

/// The plan.
#[derive(Clone, Debug, Serialize)]
pub struct PlanPart {
    /// `closed`: a user sends its next request when it has the answer to the last one. `open`: tickets begin at moments
    /// fixed beforehand.
    pub model: &'static str,
    /// Users at a time, or tickets that may be under way at a time.
    pub users: u64,
    /// Tickets, where their number ends the run.
    pub requests: Option<u64>,
    /// Users or tickets per second, one stage after the other.
    pub stages: Vec<StagePart>,
    /// How open tickets follow one another.
    pub arrivals: Option<&'static str>,
    /// How long the load rises first, in seconds.
    pub ramp_seconds: f64,
    /// How long what is under way at the end may take, in seconds; `null` = as long as it takes.
    pub drain_seconds: Option<f64>,
    /// Factor on think times.
    pub think: f64,
    /// Where everything random comes from.
    pub seed: u64,
    /// Longest wait for one answer, in ms.
    pub timeout_ms: u64,
    /// Who holds connections.
    pub connections: String,
    /// How closely answers are looked at.
    pub check: String,
    /// How often it was run.
    pub repeat: u16,
}

/// A stage of the plan.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StagePart {
    /// Users, or tickets per second.
    pub level: f64,
    /// How long it is to last, where time ends it.
    pub seconds: Option<f64>,
}

impl PlanPart {
    /// Of a plan, with what else was asked for.
    pub fn of(plan: &Plan, connections: Connections, check: Check, repeat: u16) -> Self {
        Self {
            model: match plan.model {
                Model::Closed => "closed",
                Model::Open(_) => "open",
            },
            users: plan.users,
            requests: plan.tickets,
            stages: plan
                .stages
                .iter()
                .map(|stage| StagePart {
                    level: stage.level,
                    seconds: stage.lasts.map(|lasts| lasts.as_secs_f64()),
                })
                .collect(),
            arrivals: match plan.model {
                Model::Closed => None,
                Model::Open(Arrivals::Constant) => Some("constant"),
                Model::Open(Arrivals::Poisson) => Some("poisson"),
            },
            ramp_seconds: plan.ramp.as_secs_f64(),
            drain_seconds: plan.drain.map(|drain| drain.as_secs_f64()),
            think: plan.think,
            seed: plan.seed,
            timeout_ms: plan.timeout.as_millis() as u64,
            connections: connections.to_string(),
            check: check.to_string(),
            repeat,
        }
    }

    /// For people: how much, and by whom.
    pub fn in_words(&self) -> String {
        let stage = |stage: &StagePart| match stage.seconds {
            Some(seconds) if self.requests.is_none() => {
                format!("{} for {seconds} s", self.level(stage.level))
            }
            _ => self.level(stage.level),
        };
        let stages: Vec<_> = self.stages.iter().map(stage).collect();
        let stages = stages.join(", then ");
        match (self.arrivals, self.requests) {
            (None, Some(requests)) => format!("{requests} requests, {stages} at a time"),
            (None, None) => format!("{stages} at a time"),
            (Some(arrivals), requests) => {
                let requests =
                    requests.map_or_else(String::new, |count| format!("{count} requests, "));
                format!(
                    "{requests}{stages} ({arrivals}), at most {} under way",
                    self.users
                )
            }
        }
    }

    /// A stage's load, for people.
    pub fn level(&self, level: f64) -> String {
        match self.arrivals {
            Some(_) => format!("{level}/s"),
            None => format!("{level} users"),
        }
    }
}

/// A block: a stretch of the run with one server and one load. A plain run has one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BlockPart {
    /// Index of the server.
    pub server: usize,
    /// Which of the repeated runs, from 0.
    pub repeat: usize,
    /// Index of the plan's stage.
    pub stage: usize,
    /// Its steady phase: to its end, or to the last answer.
    pub seconds: f64,
}

/// A phase.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PhasePart {
    /// Which of the repeated runs, from 0.
    pub repeat: usize,
    /// Which.
    pub phase: Phase,
    /// How long it lasted, in seconds.
    pub seconds: f64,
    /// Whether it is judged.
    pub judged: bool,
}

impl PhasePart {
    /// The phases of a run, as far as there were any.
    pub fn of(repeat: usize, set_up: Duration, worked: &Worked) -> Vec<Self> {
        std::iter::once(&(Phase::SetUp, set_up))
            .chain(&worked.phases)
            .filter(|(_, lasted)| !lasted.is_zero())
            .map(|(phase, lasted)| Self {
                repeat,
                phase: *phase,
                seconds: lasted.as_secs_f64(),
                judged: *phase == Phase::Steady,
            })
            .collect()
    }
}

/// The figures of one route.
#[derive(Debug, Serialize)]
pub struct RoutePart {
    /// Index of the server.
    pub server: usize,
    /// Index of the block.
    pub block: usize,
    /// Phase.
    pub phase: Phase,
    /// Verb and template, or the scenario's name for it.
    pub route: String,
    /// Requests.
    pub requests: u64,
    /// Failed ones.
    pub failed: u64,
    /// Failed ones by class.
    pub failures: BTreeMap<Class, u64>,
    /// The first failure, in words.
    pub first_failure: Option<String>,
    /// Successful ones per second.
    pub throughput: Option<f64>,
    /// Percentiles of the response time over **all** requests, in µs; `null` = a failed one, infinitely slow.
    pub judged: BTreeMap<&'static str, Option<u64>>,
    /// The response time of successful ones: to the last byte of the body, from the send, or in the open model from the
    /// moment when it was due.
    pub latency: Distribution,
    /// From the send to the last byte of the body, successful ones of the open model.
    pub service: Distribution,
    /// How late the pacer was, open model.
    pub pacer: Distribution,
    /// How long no connection was free, open model.
    pub queue: Distribution,
    /// Connecting and TLS, those that had to.
    pub connect: Distribution,
    /// From the send to the response headers, successful ones.
    pub first_byte: Distribution,
    /// Decoding and checking, successful ones.
    pub decode: Distribution,
}

/// Percentiles that are shown, with their names.
pub(super) const PERCENTILES: [(&str, f64); 5] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.9", 0.999),
];

impl RoutePart {
    /// Every row of a record.
    pub fn of(record: &Record, blocks: &[BlockPart]) -> Vec<Self> {
        record
            .places()
            .iter()
            .map(|(place, figures)| Self::one(place, figures, blocks))
            .collect()
    }

    fn one(place: &Place, figures: &Figures, blocks: &[BlockPart]) -> Self {
        let seconds = blocks.get(place.block).map_or(0.0, |block| block.seconds);
        let measured = place.phase == Phase::Steady && seconds > 0.0;
        Self {
            server: place.server,
            block: place.block,
            phase: place.phase,
            route: place.row.to_string(),
            requests: figures.requests(),
            failed: figures.failed(),
            failures: figures.failures.clone(),
            first_failure: figures.first_failure.clone(),
            throughput: measured.then(|| figures.latency.len() as f64 / seconds),
            judged: PERCENTILES
                .iter()
                .map(|(name, quantile)| (*name, figures.percentile(*quantile)))
                .collect(),
            latency: Distribution::of(&figures.latency),
            service: Distribution::of(&figures.service),
            pacer: Distribution::of(&figures.pacer),
            queue: Distribution::of(&figures.queue),
            connect: Distribution::of(&figures.connect),
            first_byte: Distribution::of(&figures.first_byte),
            decode: Distribution::of(&figures.decode),
        }
    }
}

/// A distribution of times in µs. All but `count` are `null` where nothing was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Distribution {
    /// How many.
    pub count: u64,
    /// Shortest.
    pub min: Option<u64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Percentiles, to three significant digits.
    pub percentiles: BTreeMap<&'static str, Option<u64>>,
    /// Longest.
    pub max: Option<u64>,
    /// The whole of it: HdrHistogram V2, base64.
    pub histogram: Option<String>,
}

impl Distribution {
    /// Of a histogram.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let some = !histogram.is_empty();
        Self {
            count: histogram.len(),
            min: some.then(|| histogram.min()),
            mean: some.then(|| histogram.mean()),
            percentiles: PERCENTILES
                .iter()
                .map(|(name, quantile)| {
                    (*name, some.then(|| histogram.value_at_quantile(*quantile)))
                })
                .collect(),
            max: some.then(|| histogram.max()),
            histogram: some.then(|| encode(histogram)).flatten(),
        }
    }
}

fn encode(histogram: &Histogram<u64>) -> Option<String> {
    let mut bytes = Vec::new();
    // Fails only for writers that fail; a vector does not.
    V2Serializer::new().serialize(histogram, &mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}
