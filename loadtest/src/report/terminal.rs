//! One screen for people.

use std::fmt::Write as _;

use super::{
    WebhooksPart,
    result::{Outcome, PERCENTILES, RoutePart, RunResult},
};
use crate::{progress::plain, record::Phase, verdict::show_micros};

/// The screen.
pub fn render(result: &RunResult) -> String {
    let mut out = String::from("\n");
    for server in &result.servers {
        let _ = writeln!(
            out,
            "{} at {}, {}",
            server.name(),
            server.url,
            server.credential
        );
    }
    let plan = &result.plan;
    let scenario = &result.scenario;
    let _ = writeln!(
        out,
        "{}: {}; {}",
        scenario.name,
        plan.in_words(),
        scenario.checks
    );
    out.push('\n');
    out.push_str(&table(
        &["target", "figure", "verdict"],
        result
            .verdict
            .iter()
            .map(|row| {
                let verdict = if row.passed { "passed" } else { "MISSED" };
                let verdict = match &row.remark {
                    Some(remark) => format!("{verdict}, {remark}"),
                    None => verdict.to_owned(),
                };
                vec![row.target.clone(), row.figure.clone(), verdict]
            })
            .collect(),
    ));
    out.push('\n');
    out.push_str(&routes(result));
    for part in &result.webhooks {
        out.push_str(&webhooks(part));
    }
    for (class, count) in &result.failures {
        let _ = writeln!(out, "{count} failed: {class}");
    }
    if let Some(failure) = &result.first_failure {
        let _ = writeln!(out, "first failure: {failure}");
    }
    for (why, count) in &result.users.left {
        let _ = writeln!(
            out,
            "{count} of {} users left early: {why}",
            result.users.planned
        );
    }
    let generator = &result.generator;
    let counted = |count: u64, what: &str| match count {
        0 => String::new(),
        count => format!(", {count} {what}"),
    };
    let _ = writeln!(
        out,
        "generator: {:.0} µs CPU per request, {:.0} % of a core{}{}",
        generator.cpu_us_per_request,
        generator.cpu_percent,
        counted(generator.reconnects, "reconnects"),
        counted(generator.resent, "requests sent again"),
    );
    if let (Some(pacer), Some(queue)) = (generator.pacer_lag_us, generator.queue_lag_us) {
        let _ = writeln!(
            out,
            "late, p99: pacer {}, no free connection {}",
            show_micros(pacer as f64),
            show_micros(queue as f64)
        );
    }
    if let Some(server) = &result.server_process {
        let _ = writeln!(
            out,
            "server process {}: {:.0} µs CPU per request, {:.0} % of a core, {} MB",
            server.pid,
            server.cpu_us_per_request,
            server.cpu_percent,
            server.memory_bytes / 1_000_000
        );
    }
    let _ = writeln!(
        out,
        "\n{}",
        match (result.outcome, &result.invalid) {
            (Outcome::Invalid, Some(why)) => format!("INVALID: {why}"),
            (Outcome::Invalid, None) => "INVALID".to_owned(),
            (Outcome::Missed, _) if result.given_up.is_some() => format!(
                "MISSED: given up, {}",
                result.given_up.as_deref().unwrap_or_default()
            ),
            (Outcome::Passed, _) => "passed: every target is met".to_owned(),
            (Outcome::Missed, _) => "MISSED: see the table".to_owned(),
            (Outcome::Cancelled, _) => "cancelled: the figures are those until then".to_owned(),
        }
    );
    plain(&out)
}

fn routes(result: &RunResult) -> String {
    let mut heads = vec!["route", "requests", "failed", "req/s"];
    heads.extend(PERCENTILES.iter().map(|(name, _)| *name));
    heads.push("max");
    let rows = result
        .routes
        .iter()
        .map(|part| {
            let mut row = vec![
                name(part, result),
                part.requests.to_string(),
                part.failed.to_string(),
                part.throughput
                    .map_or_else(|| "–".to_owned(), |rate| format!("{rate:.0}")),
            ];
            row.extend(PERCENTILES.iter().map(|(name, _)| {
                part.judged[name].map_or_else(|| "∞".to_owned(), |us| show_micros(us as f64))
            }));
            let max = part.latency.max.filter(|_| part.failed == 0);
            row.push(max.map_or_else(|| "∞".to_owned(), |us| show_micros(us as f64)));
            row
        })
        .collect();
    table(&heads, rows)
}

fn webhooks(part: &WebhooksPart) -> String {
    let heads = [
        "webhook",
        "writes",
        "delivered",
        "lost",
        "twice",
        "p50",
        "p95",
        "max",
    ];
    let time = |micros: Option<u64>| {
        micros.map_or_else(|| "–".to_owned(), |micros| show_micros(micros as f64))
    };
    let rows = part.events.iter().map(|event| {
        let delay = &event.delay;
        vec![
            event.event.clone(),
            event.writes.to_string(),
            event.delivered.to_string(),
            event.lost.to_string(),
            event.duplicates.to_string(),
            time(delay.percentiles["p50"]),
            time(delay.percentiles["p95"]),
            time(delay.max),
        ]
    });
    let mut out = format!("\n{}", table(&heads, rows.collect()));
    if part.strangers > 0 {
        let _ = writeln!(
            out,
            "{} signed deliveries were of nothing that this run has written",
            part.strangers
        );
    }
    out.push('\n');
    out
}

/// The row, and what sets it apart from others of the same name.
fn name(part: &RoutePart, result: &RunResult) -> String {
    let mut apart = Vec::new();
    if part.phase != Phase::Steady {
        apart.push(format!("{}, not judged", part.phase));
    }
    if let Some(block) = result.blocks.get(part.block) {
        if result.plan.repeat > 1 {
            apart.push(format!("run {}", block.repeat + 1));
        }
        if part.phase == Phase::Steady && result.plan.stages.len() > 1 {
            apart.push(result.plan.level(result.plan.stages[block.stage].level));
        }
    }
    if apart.is_empty() {
        return part.route.clone();
    }
    format!("{} ({})", part.route, apart.join(", "))
}

/// Columns as wide as their widest cell.
fn table(heads: &[&str], rows: Vec<Vec<String>>) -> String {
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(heads).chain(rows).collect();
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<_> = (0..lines[0].len()).map(width).collect();
    let mut out = String::new();
    for line in &lines {
        let cells: Vec<_> = line
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        let _ = writeln!(out, "  {}", cells.join("  ").trim_end());
    }
    out
}
