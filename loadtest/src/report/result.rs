//! The result file: one JSON document from which every report is made. `schema/result.json` describes it. Its schema has a
//! version; older ones are read, with what they lack left empty.

use std::{collections::BTreeMap, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer, V2Serializer},
};
use serde::{Deserialize, Serialize};

use super::{DatabasePart, WebhooksPart};
use crate::{
    check::Check,
    course::{Course, Tally},
    exit::Problem,
    generator::Generator,
    line::Connections,
    people::{Present, Users, Worked},
    plan::{Arrivals, Model, Plan},
    record::{Class, Figures, Phase, Place, Record},
    renewal::Renewals,
    scenario::{ListTasks, Scenario},
    server::usage::{Counters, Process},
    verdict::Row,
};

/// Version of the schema.
///
/// 2: what happened in each second, the bytes of replies, an example of each failure, when phases began, the command.
pub const SCHEMA: u32 = 2;

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunResult {
    /// Version of this schema.
    pub schema: u32,
    /// This program's version.
    pub loadtest: String,
    /// What was typed, with what the environment said, without secrets.
    #[serde(default)]
    pub command: String,
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
    /// What happened in each second, all routes together.
    #[serde(default)]
    pub course: Vec<CoursePart>,
    /// Failures of the steady phase, by class.
    pub failures: BTreeMap<Class, u64>,
    /// The first failure of the steady phase, in words, without secrets.
    pub first_failure: Option<String>,
    /// Users that were planned, and those that left early, with reasons.
    pub users: Users,
    /// Users over time: a row wherever their number was another than a second before.
    #[serde(default)]
    pub users_over_time: Vec<Present>,
    /// What became of their sessions.
    #[serde(default)]
    pub renewals: Renewals,
    /// What the load generator itself cost.
    pub generator: Generator,
    /// What the server's process used in the last run, where it is on this machine.
    pub server_process: Option<Process>,
    /// What the server counted in the last run, where its counters are switched on.
    pub server_counters: Option<Counters>,
    /// What the server's database did in the last run, where it was named (`--postgres`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabasePart>,
    /// What came back by webhooks, of each run that had any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub webhooks: Vec<WebhooksPart>,
    /// The judged targets.
    pub verdict: Vec<Row>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the figures say nothing about the server, if they do not.
    pub invalid: Option<String>,
    /// How late this machine was, where `--ignore-lag` has the figures judged although it was.
    pub ignored: Option<String>,
    /// Why the run was given up, if it was (`--abort-on`).
    pub given_up: Option<String>,
}

impl RunResult {
    /// Reads a result file.
    pub fn read(text: &str) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        struct Version {
            schema: u32,
        }
        let unreadable =
            |error: serde_json::Error| Problem::new(format!("not a result of loadtest: {error}"));
        let Version { schema } = serde_json::from_str(text).map_err(unreadable)?;
        if schema == 0 || schema > SCHEMA {
            return Err(Problem::new(format!(
                "the result has schema {schema}; this loadtest reads 1 to {SCHEMA}"
            ))
            .advise("use the loadtest that wrote it, or a newer one"));
        }
        serde_json::from_str(text).map_err(unreadable)
    }

    /// The rows that are judged.
    pub fn judged(&self) -> impl Iterator<Item = &RoutePart> {
        self.routes.iter().filter(|part| part.is_judged())
    }

    /// The response times of the successful requests of these rows together, in µs, and how many failed beside them.
    pub fn together<'a>(
        rows: impl Iterator<Item = &'a RoutePart>,
        of: impl Fn(&'a RoutePart) -> &'a Distribution,
    ) -> (Histogram<u64>, u64) {
        let (mut sum, mut failed) = (Figures::default().latency, 0);
        for row in rows {
            failed += row.failed;
            if let Some(histogram) = of(row).histogram() {
                // A resizing histogram takes every value.
                let _ = sum.add(histogram);
            }
        }
        (sum, failed)
    }

    /// When it began, to the second.
    pub fn began(&self) -> String {
        to_second(&self.started)
    }

    /// How it ended, in one sentence.
    pub fn in_words(&self) -> String {
        match (self.outcome, &self.invalid, &self.given_up) {
            (Outcome::Invalid, Some(why), _) => format!("INVALID: {why}"),
            (Outcome::Invalid, None, _) => "INVALID".to_owned(),
            (Outcome::Missed, _, Some(why)) => format!("MISSED: given up, {why}"),
            (Outcome::Missed, _, None) => {
                let missed = self.verdict.iter().filter(|row| !row.passed);
                let missed: Vec<_> = missed
                    .map(|row| format!("{} (it is {})", row.target, row.figure))
                    .collect();
                format!("MISSED: {}", missed.join(", "))
            }
            (Outcome::Passed, ..) => "passed: every target is met".to_owned(),
            (Outcome::Cancelled, ..) => "cancelled: the figures are those until then".to_owned(),
            (Outcome::Partial, ..) => {
                "partial: the run did not come to its end, the figures are those until then"
                    .to_owned()
            }
        }
    }
}

/// A moment (RFC 3339), to the second.
pub(crate) fn to_second(moment: &str) -> String {
    match moment.split_once('.') {
        Some((second, _)) => format!("{second}Z"),
        None => moment.to_owned(),
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Not at all, or not yet: what is known in the middle of a run.
    Partial,
}

/// A server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerPart {
    /// Its address.
    pub url: String,
    /// `vikunja`, or `sandbox`: the stand-in is not a Vikunja server.
    pub kind: String,
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
#[derive(Clone, Debug, Serialize, Deserialize)]
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

impl ScenarioPart {
    /// What a run of it is called: of the documented one, a request; the others send as many as they need.
    pub fn runs(&self) -> &'static str {
        if self.name == ListTasks::NAME {
            "requests"
        } else {
            "runs"
        }
    }
}

/// The plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanPart {
    /// `closed`: a user sends its next request when it has the answer to the last one. `open`: tickets begin at moments
    /// fixed beforehand.
    pub model: String,
    /// Users at a time, or tickets that may be under way at a time.
    pub users: u64,
    /// Tickets, where their number ends the run.
    pub requests: Option<u64>,
    /// Users or tickets per second, one stage after the other.
    pub stages: Vec<StagePart>,
    /// How open tickets follow one another.
    pub arrivals: Option<String>,
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
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
            }
            .to_owned(),
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
                Model::Open(Arrivals::Constant) => Some("constant".to_owned()),
                Model::Open(Arrivals::Poisson) => Some("poisson".to_owned()),
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

    /// For people: how much, and by whom. `runs` are what is counted: see [`ScenarioPart::runs`].
    pub fn in_words(&self, runs: &str) -> String {
        let stage = |stage: &StagePart| match stage.seconds {
            Some(seconds) if self.requests.is_none() => {
                format!("{} for {seconds} s", self.level(stage.level))
            }
            _ => self.level(stage.level),
        };
        let stages: Vec<_> = self.stages.iter().map(stage).collect();
        let stages = stages.join(", then ");
        match (self.arrivals.as_deref(), self.requests) {
            (None, Some(requests)) => format!("{requests} {runs}, {stages} at a time"),
            (None, None) => stages,
            (Some(arrivals), requests) => {
                let requests =
                    requests.map_or_else(String::new, |count| format!("{count} {runs}, "));
                format!(
                    "{requests}{stages} ({arrivals}), at most {} under way",
                    self.users
                )
            }
        }
    }

    /// A stage's load, for people.
    pub fn level(&self, level: f64) -> String {
        match &self.arrivals {
            Some(_) => format!("{level}/s"),
            None => format!("{level} users"),
        }
    }
}

/// A block: a stretch of the run with one server and one load. A plain run has one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PhasePart {
    /// Which of the repeated runs, from 0.
    pub repeat: usize,
    /// Which.
    pub phase: Phase,
    /// When it began, in seconds since users began to arrive; the set-up is before that.
    #[serde(default)]
    pub begins: Option<f64>,
    /// How long it lasted, in seconds.
    pub seconds: f64,
    /// Whether it is judged.
    pub judged: bool,
}

impl PhasePart {
    /// The phases of a run, as far as there were any.
    pub fn of(repeat: usize, set_up: Duration, worked: &Worked) -> Vec<Self> {
        let mut begins = -set_up.as_secs_f64();
        let mut phases = Vec::new();
        for (phase, lasted) in std::iter::once(&(Phase::SetUp, set_up)).chain(&worked.phases) {
            if lasted.is_zero() {
                continue;
            }
            phases.push(Self {
                repeat,
                phase: *phase,
                begins: Some(begins),
                seconds: lasted.as_secs_f64(),
                judged: *phase == Phase::Steady,
            });
            begins += lasted.as_secs_f64();
        }
        phases
    }
}

/// The figures of one route.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// The first failure of each class, in words, without secrets.
    #[serde(default)]
    pub examples: BTreeMap<Class, String>,
    /// The first failure, in words.
    pub first_failure: Option<String>,
    /// Bytes of the bodies of successful ones.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Successful ones per second.
    pub throughput: Option<f64>,
    /// Percentiles of the response time over **all** requests, in µs; `null` = a failed one, infinitely slow.
    pub judged: BTreeMap<String, Option<u64>>,
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
    /// What happened in each second.
    #[serde(default)]
    pub seconds: Vec<Second>,
}

/// The course of a run in one phase, all routes together.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CoursePart {
    /// Index of the server.
    pub server: usize,
    /// Which of the repeated runs, from 0.
    pub repeat: usize,
    /// Phase in which the requests were due.
    pub phase: Phase,
    /// What happened in each second.
    pub seconds: Vec<Second>,
}

/// What came to an end in one second. Times are response times of successful requests in µs, to within 1 %.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Second {
    /// Seconds since users began to arrive.
    pub second: u32,
    /// Requests.
    pub requests: u64,
    /// Failed ones.
    pub failed: u64,
    /// Median.
    pub p50: Option<u64>,
    /// 95th percentile.
    pub p95: Option<u64>,
    /// 99th percentile.
    pub p99: Option<u64>,
    /// Longest.
    pub max: Option<u64>,
}

impl Second {
    fn of((second, tally): (u32, &Tally)) -> Self {
        Self {
            second,
            requests: tally.requests(),
            failed: tally.failed,
            p50: tally.percentile(0.5),
            p95: tally.percentile(0.95),
            p99: tally.percentile(0.99),
            max: tally.max(),
        }
    }
}

impl CoursePart {
    /// All routes of each phase of each run together.
    pub fn of(record: &Record, blocks: &[BlockPart]) -> Vec<Self> {
        let mut sums: BTreeMap<(usize, usize, Phase), Course> = BTreeMap::new();
        for (place, course) in record.courses() {
            let repeat = blocks.get(place.block).map_or(0, |block| block.repeat);
            sums.entry((repeat, place.server, place.phase))
                .or_default()
                .merge(course);
        }
        sums.into_iter()
            .map(|((repeat, server, phase), course)| Self {
                server,
                repeat,
                phase,
                seconds: course.seconds().map(Second::of).collect(),
            })
            .collect()
    }
}

/// Percentiles that are shown, with their names.
pub const PERCENTILES: [(&str, f64); 5] = [
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
            .zip(record.courses())
            .map(|((place, figures), (_, course))| Self::one(place, figures, course, blocks))
            .collect()
    }

    fn one(place: &Place, figures: &Figures, course: &Course, blocks: &[BlockPart]) -> Self {
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
            examples: figures.examples.clone(),
            first_failure: figures.first_failure.clone(),
            bytes: Some(figures.bytes),
            throughput: measured.then(|| figures.latency.len() as f64 / seconds),
            judged: PERCENTILES
                .iter()
                .map(|(name, quantile)| ((*name).to_owned(), figures.percentile(*quantile)))
                .collect(),
            latency: Distribution::of(&figures.latency),
            service: Distribution::of(&figures.service),
            pacer: Distribution::of(&figures.pacer),
            queue: Distribution::of(&figures.queue),
            connect: Distribution::of(&figures.connect),
            first_byte: Distribution::of(&figures.first_byte),
            decode: Distribution::of(&figures.decode),
            seconds: course.seconds().map(Second::of).collect(),
        }
    }

    /// The row, and what sets it apart from others of the same name.
    pub fn name(&self, result: &RunResult) -> String {
        let mut apart = Vec::new();
        if !self.is_judged() {
            apart.push(format!("{}, not judged", self.phase));
        }
        if result.servers.len() > 1 {
            apart.push(format!("server {}", self.server + 1));
        }
        if let Some(block) = result.blocks.get(self.block) {
            if result.plan.repeat > 1 {
                apart.push(format!("run {}", block.repeat + 1));
            }
            if self.is_judged()
                && result.plan.stages.len() > 1
                && let Some(stage) = result.plan.stages.get(block.stage)
            {
                apart.push(result.plan.level(stage.level));
            }
        }
        if apart.is_empty() {
            return self.route.clone();
        }
        format!("{} ({})", self.route, apart.join(", "))
    }

    /// Whether it is judged.
    pub fn is_judged(&self) -> bool {
        self.phase == Phase::Steady
    }

    /// A percentile of the response time over all requests, in µs; `None` = infinitely slow.
    pub fn percentile(&self, name: &str) -> Option<u64> {
        self.judged.get(name).copied().flatten()
    }

    /// The longest response time over all requests, in µs; `None` = infinitely long.
    pub fn max(&self) -> Option<u64> {
        self.latency.max.filter(|_| self.failed == 0)
    }
}

/// A distribution of times in µs. All but `count` are `null` where nothing was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Distribution {
    /// How many.
    pub count: u64,
    /// Shortest.
    pub min: Option<u64>,
    /// Mean.
    pub mean: Option<f64>,
    /// Percentiles, to three significant digits.
    pub percentiles: BTreeMap<String, Option<u64>>,
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
                    let value = some.then(|| histogram.value_at_quantile(*quantile));
                    ((*name).to_owned(), value)
                })
                .collect(),
            max: some.then(|| histogram.max()),
            histogram: some.then(|| encode(histogram)).flatten(),
        }
    }

    /// The whole of it. `None` where nothing was measured, or what is there cannot be read.
    pub fn histogram(&self) -> Option<Histogram<u64>> {
        let bytes = STANDARD.decode(self.histogram.as_ref()?).ok()?;
        Deserializer::new().deserialize(&mut &bytes[..]).ok()
    }
}

fn encode(histogram: &Histogram<u64>) -> Option<String> {
    let mut bytes = Vec::new();
    // Fails only for writers that fail; a vector does not.
    V2Serializer::new().serialize(histogram, &mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}
