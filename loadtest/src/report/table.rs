//! What the reports say in tables: the same rows for the terminal, Markdown, JUnit and HTML.

use super::{
    EventPart,
    result::{PERCENTILES, RoutePart, RunResult},
};
use crate::{
    server::usage::Counters,
    verdict::{Row, show_micros},
};

/// A cell: what is shown, and what it is sorted by.
pub(super) struct Cell {
    /// For people.
    pub(super) shown: String,
    /// Infinite where a time is.
    pub(super) value: f64,
}

impl Cell {
    fn time(micros: Option<u64>) -> Self {
        Self {
            shown: micros.map_or_else(|| "∞".to_owned(), |us| show_micros(us as f64)),
            value: micros.map_or(f64::INFINITY, |us| us as f64),
        }
    }

    fn delay(micros: Option<u64>) -> Self {
        Self {
            shown: micros.map_or_else(|| "–".to_owned(), |us| show_micros(us as f64)),
            value: micros.unwrap_or_default() as f64,
        }
    }

    fn count(count: u64) -> Self {
        Self {
            shown: count.to_string(),
            value: count as f64,
        }
    }

    fn rate(rate: Option<f64>) -> Self {
        Self {
            shown: rate.map_or_else(|| "–".to_owned(), show_rate),
            value: rate.unwrap_or_default(),
        }
    }
}

/// Requests per second, for people.
pub(super) fn show_rate(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

/// Names of the columns. The first one holds a name, the others numbers.
pub(super) fn heads() -> Vec<&'static str> {
    let mut heads = vec!["route", "requests", "failed", "req/s"];
    heads.extend(PERCENTILES.iter().map(|(name, _)| *name));
    heads.push("max");
    heads
}

/// The name of a row, and its numbers.
pub(super) fn row(part: &RoutePart, result: &RunResult) -> (String, Vec<Cell>) {
    let mut cells = vec![
        Cell::count(part.requests),
        Cell::count(part.failed),
        Cell::rate(part.throughput),
    ];
    cells.extend(
        PERCENTILES
            .iter()
            .map(|(name, _)| Cell::time(part.percentile(name))),
    );
    cells.push(Cell::time(part.max()));
    (part.name(result), cells)
}

/// Names of the columns of what came back by webhooks.
pub(super) const EVENT_HEADS: [&str; 8] = [
    "webhook",
    "writes",
    "delivered",
    "lost",
    "twice",
    "p50",
    "p95",
    "max",
];

/// The name of an event, and its numbers. A delay that nobody measured is no delay.
pub(super) fn event(part: &EventPart) -> (String, Vec<Cell>) {
    let percentile = |name: &str| part.delay.percentiles.get(name).copied().flatten();
    let mut cells: Vec<_> = [part.writes, part.delivered, part.lost, part.duplicates]
        .map(Cell::count)
        .into();
    cells.extend([percentile("p50"), percentile("p95"), part.delay.max].map(Cell::delay));
    (part.event.clone(), cells)
}

/// What became of a target, in words.
pub(super) fn verdict(row: &Row) -> String {
    let verdict = if row.passed { "passed" } else { "MISSED" };
    match &row.remark {
        Some(remark) => format!("{verdict}, {remark}"),
        None => verdict.to_owned(),
    }
}

/// Names and values for people.
#[derive(Default)]
pub(super) struct Facts(pub(super) Vec<(String, String)>);

impl Facts {
    fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }
}

/// What is known of the server.
pub(super) fn server(result: &RunResult) -> Facts {
    let mut facts = Facts::default();
    for server in &result.servers {
        facts.add("server", server.name());
        facts.add("address", &server.url);
        facts.add("credential", &server.credential);
        match server.concurrent_writes {
            Some(true) => facts.add("writes", "side by side"),
            Some(false) => facts.add("writes", "one at a time (SQLite)"),
            None => {}
        }
    }
    if let Some(process) = &result.server_process {
        facts.add(
            "process",
            format!(
                "{:.0} µs CPU per request, {:.0} % of a core, {} MB",
                process.cpu_us_per_request,
                process.cpu_percent,
                process.memory_bytes / 1_000_000
            ),
        );
    }
    if let Some(database) = &result.database {
        facts.add("database", database.to_string());
    }
    for (name, value) in result.server_counters.iter().flat_map(Counters::iter) {
        facts.add(name, value.to_string());
    }
    facts
}

/// What was done.
pub(super) fn plan(result: &RunResult) -> Facts {
    let (plan, scenario) = (&result.plan, &result.scenario);
    let mut facts = Facts::default();
    facts.add("scenario", &scenario.name);
    facts.add("answers", &scenario.checks);
    facts.add("load", plan.in_words(scenario.runs()));
    if plan.repeat > 1 {
        facts.add("runs", plan.repeat.to_string());
    }
    facts.add("connections", format!("by {}", plan.connections));
    facts.add("checked", &plan.check);
    facts.add("seed", plan.seed.to_string());
    facts.add("began", result.began());
    facts.add("loadtest", &result.loadtest);
    facts
}

/// How the generator fared.
pub(super) fn health(result: &RunResult) -> Facts {
    let generator = &result.generator;
    let mut facts = Facts::default();
    facts.add(
        "CPU",
        format!(
            "{:.0} µs per request, {:.0} % of a core, {} threads",
            generator.cpu_us_per_request, generator.cpu_percent, generator.workers
        ),
    );
    if let Some(wait) = generator.run_queue_wait_us {
        let wait = format!("{} each time", show_micros(wait));
        facts.add("waiting for a processor", wait);
    }
    if let Some(memory) = generator.peak_memory_bytes {
        facts.add("memory", format!("{} MB at most", memory / 1_000_000));
    }
    if let (Some(pacer), Some(queue)) = (generator.pacer_lag_us, generator.queue_lag_us) {
        facts.add("given out late, p99", show_micros(pacer as f64));
        facts.add("no free connection, p99", show_micros(queue as f64));
    }
    facts.add("reconnects", generator.reconnects.to_string());
    facts.add("sent again", generator.resent.to_string());
    facts.add("users", result.users.planned.to_string());
    for (why, count) in &result.users.left {
        facts.add("left early", format!("{count}: {why}"));
    }
    facts
}
