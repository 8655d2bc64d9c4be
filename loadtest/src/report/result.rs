//! The result file: one JSON document from which every report can be made. Its schema has a version; fields are added,
//! never changed, within one.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Serializer, V2Serializer},
};
use serde::Serialize;

use crate::{
    generator::Generator,
    people::Worked,
    plan::Plan,
    record::{Class, Figures, Phase, Place, Record},
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
    /// What the load generator itself cost.
    pub generator: Generator,
    /// The judged targets.
    pub verdict: Vec<Row>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the figures say nothing about the server, if they do not.
    pub invalid: Option<String>,
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
    /// Its name.
    pub name: &'static str,
    /// Tasks on the page that every request had to get.
    pub tasks_per_page: usize,
    /// Tasks in all, where the server says so.
    pub tasks: Option<u64>,
    /// Tasks that were made for the run.
    pub seeded: u64,
    /// Writes that had to be sent again while seeding.
    pub seed_repeats: u64,
}

/// The plan.
#[derive(Clone, Debug, Serialize)]
pub struct PlanPart {
    /// `closed`: a user sends its next request when it has the answer to the last one.
    pub model: &'static str,
    /// Users at a time.
    pub users: u64,
    /// Tickets.
    pub requests: u64,
    /// Where everything random comes from.
    pub seed: u64,
    /// Longest wait for one answer, in ms.
    pub timeout_ms: u64,
    /// Who holds connections.
    pub connections: &'static str,
}

impl From<&Plan> for PlanPart {
    fn from(plan: &Plan) -> Self {
        Self {
            model: "closed",
            users: plan.users,
            requests: plan.tickets,
            seed: plan.seed,
            timeout_ms: plan.timeout.as_millis() as u64,
            connections: "user",
        }
    }
}

/// A block: a stretch of the run in which one server was called. A plain run has one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BlockPart {
    /// Index of the server.
    pub server: usize,
}

/// A phase.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PhasePart {
    /// Which.
    pub phase: Phase,
    /// How long it lasted, in seconds.
    pub seconds: f64,
    /// Whether it is judged.
    pub judged: bool,
}

impl PhasePart {
    /// The phases of a run.
    pub fn of(worked: &Worked) -> Vec<Self> {
        let part = |phase, lasted: Duration, judged| Self {
            phase,
            seconds: lasted.as_secs_f64(),
            judged,
        };
        vec![
            part(Phase::WarmUp, worked.warm_up, false),
            part(Phase::Steady, worked.steady, true),
        ]
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
    /// Verb and template.
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
    /// From the send to the last byte of the body, successful ones.
    pub latency: Distribution,
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
    /// Every route of a record.
    pub fn of(record: &Record, worked: &Worked) -> Vec<Self> {
        record
            .places()
            .iter()
            .map(|(place, figures)| Self::one(place, figures, worked))
            .collect()
    }

    fn one(place: &Place, figures: &Figures, worked: &Worked) -> Self {
        let seconds = worked.steady.as_secs_f64();
        let measured = place.phase == Phase::Steady && seconds > 0.0;
        Self {
            server: place.server,
            block: place.block,
            phase: place.phase,
            route: place.route.to_string(),
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
            connect: Distribution::of(&figures.connect),
            first_byte: Distribution::of(&figures.first_byte),
            decode: Distribution::of(&figures.decode),
        }
    }
}

/// A distribution of times in µs. All but `count` are `null` where nothing was measured.
#[derive(Debug, Serialize)]
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
    fn of(histogram: &Histogram<u64>) -> Self {
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
