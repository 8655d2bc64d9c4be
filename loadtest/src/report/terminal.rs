//! One screen for people.

use std::fmt::Write as _;

use super::{
    WebhooksPart,
    result::{Outcome, RoutePart, RunResult},
    table,
};
use crate::{people::Present, progress::plain, verdict::show_micros};

/// Routes that are shown: one screen has no room for more.
const ROUTES: usize = 20;
/// Rows that are not judged, and are shown.
const OTHERS: usize = 5;

/// The screen.
pub(super) fn render(result: &RunResult, colours: bool) -> String {
    let text = plain(&screen(result));
    if !colours {
        return text;
    }
    let end = match result.outcome {
        Outcome::Passed => GREEN,
        Outcome::Missed => RED,
        Outcome::Invalid | Outcome::Cancelled | Outcome::Partial => YELLOW,
    };
    coloured(&text, end)
}

fn screen(result: &RunResult) -> String {
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
    let scenario = &result.scenario;
    let _ = writeln!(
        out,
        "{}: {}; {}\n",
        scenario.name,
        result.plan.in_words(result.scenario.runs()),
        scenario.checks
    );
    let verdict = result
        .verdict
        .iter()
        .map(|row| vec![row.target.clone(), row.figure.clone(), table::verdict(row)]);
    out.push_str(&aligned(&["target", "figure", "verdict"], verdict));
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
    out.push_str(&sessions(result));
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
    if let Some(database) = &result.database {
        let _ = writeln!(out, "{database}");
    }
    if let Some(lag) = &result.ignored {
        let _ = writeln!(out, "ignored, as --ignore-lag says: {lag}");
    }
    let _ = writeln!(out, "\n{}", result.in_words());
    out
}

/// What is to be said of users whose sessions did not hold.
fn sessions(result: &RunResult) -> String {
    let mut out = String::new();
    let missing = |one: &&Present| one.planned - one.live;
    let fewest = result.users_over_time.iter().max_by_key(missing);
    if let Some(Present {
        seconds,
        planned,
        live,
        ..
    }) = fewest.filter(|one| one.live < one.planned)
    {
        let _ = writeln!(
            out,
            "after {seconds:.0} s only {live} of {planned} users were there and logged in"
        );
    }
    let renewals = &result.renewals;
    if renewals.logged_in_again > 0 {
        let _ = writeln!(
            out,
            "{} sessions logged in again, because the server refused to renew them",
            renewals.logged_in_again
        );
    }
    for (why, count) in &renewals.failed {
        let _ = writeln!(
            out,
            "a session could not be renewed, tried {count} times: {why}"
        );
    }
    out
}

/// The judged rows, the slowest ones where there are many, and what was not judged.
fn routes(result: &RunResult) -> String {
    let mut judged: Vec<&RoutePart> = result.judged().collect();
    let left_out = judged.len().saturating_sub(ROUTES);
    if left_out > 0 {
        let slowness = |part: &&RoutePart| part.percentile("p95").unwrap_or(u64::MAX);
        judged.sort_by_key(|part| std::cmp::Reverse(slowness(part)));
        judged.truncate(ROUTES);
    }
    let others: Vec<_> = result
        .routes
        .iter()
        .filter(|part| !part.is_judged())
        .collect();
    let shown = if others.len() > OTHERS {
        &[]
    } else {
        &others[..]
    };
    let rows = shown.iter().chain(&judged).map(|part| {
        let (name, cells) = table::row(part, result);
        let mut line = vec![name];
        line.extend(cells.into_iter().map(|cell| cell.shown));
        line
    });
    let mut out = aligned(&table::heads(), rows);
    if left_out > 0 {
        let _ = writeln!(out, "{left_out} faster rows are in the reports (--out DIR)");
    }
    if shown.is_empty() && !others.is_empty() {
        let sum = |of: fn(&RoutePart) -> u64| others.iter().map(|part| of(part)).sum::<u64>();
        let _ = writeln!(
            out,
            "not judged: {} requests beside the steady phase, {} failed",
            sum(|part| part.requests),
            sum(|part| part.failed)
        );
    }
    out
}

fn webhooks(part: &WebhooksPart) -> String {
    let rows = part.events.iter().map(|event| {
        let (name, cells) = table::event(event);
        let mut line = vec![name];
        line.extend(cells.into_iter().map(|cell| cell.shown));
        line
    });
    let mut out = format!("\n{}", aligned(&table::EVENT_HEADS, rows));
    if let Some(words) = part.strangers_in_words() {
        let _ = writeln!(out, "{words}");
    }
    out.push('\n');
    out
}

pub(crate) const GREEN: &str = "\x1b[1;32m";
pub(crate) const RED: &str = "\x1b[1;31m";
pub(crate) const YELLOW: &str = "\x1b[1;33m";
const PLAIN: &str = "\x1b[0m";

/// Verdicts, as cells of a table.
const VERDICTS: [(&str, &str); 5] = [
    ("MISSED", RED),
    ("REGRESSED", RED),
    ("INCONCLUSIVE", YELLOW),
    ("passed", GREEN),
    ("improved", GREEN),
];

/// The verdicts in colour, and the last line in that of the end. Nothing else in the text steers a terminal.
pub(crate) fn coloured(text: &str, end: &str) -> String {
    let (body, last) = text.trim_end().rsplit_once('\n').unwrap_or(("", text));
    let paint = |body: String, (word, colour): (&str, &str)| {
        body.replace(&format!("  {word}"), &format!("  {colour}{word}{PLAIN}"))
    };
    let body = VERDICTS.into_iter().fold(body.to_owned(), paint);
    format!("{body}\n{end}{last}{PLAIN}\n")
}

/// Columns as wide as their widest cell.
pub(crate) fn aligned(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
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
