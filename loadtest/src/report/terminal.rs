//! One screen for people.

use std::fmt::Write as _;

use super::result::{Outcome, PERCENTILES, RoutePart, RunResult};
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
    let promised = match (scenario.tasks_per_page, scenario.tasks) {
        (0, _) => "the first read failed already".to_owned(),
        (page, Some(all)) => format!("every answer must hold {page} tasks (of {all})"),
        (page, None) => format!("every answer must hold {page} tasks"),
    };
    let _ = writeln!(
        out,
        "{}: {} requests, {} users at a time; {promised}",
        scenario.name, plan.requests, plan.users,
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
    for (class, count) in &result.failures {
        let _ = writeln!(out, "{count} failed: {class}");
    }
    if let Some(failure) = &result.first_failure {
        let _ = writeln!(out, "first failure: {failure}");
    }
    let generator = &result.generator;
    let _ = writeln!(
        out,
        "generator: {:.0} µs CPU per request, {:.0} % of a core{}",
        generator.cpu_us_per_request,
        generator.cpu_percent,
        match generator.reconnects {
            0 => String::new(),
            count => format!(", {count} reconnects"),
        }
    );
    let _ = writeln!(
        out,
        "\n{}",
        match (result.outcome, &result.invalid) {
            (Outcome::Invalid, Some(why)) => format!("INVALID: {why}"),
            (Outcome::Invalid, None) => "INVALID".to_owned(),
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
                name(part),
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

fn name(part: &RoutePart) -> String {
    match part.phase {
        Phase::Steady => part.route.clone(),
        Phase::WarmUp => format!("{} ({}, not judged)", part.route, part.phase),
    }
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
