//! A page for people: one file that loads nothing and runs nothing but what is in it.

mod chart;
mod comparison;
mod plots;

pub(crate) use comparison::render as comparison;

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{
    markup::escaped,
    result::{Distribution, Outcome, RoutePart, RunResult},
    table::{self, Cell, Facts},
};
use crate::verdict::show_micros;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page.
pub(super) fn render(result: &RunResult) -> String {
    let mut out = verdict(result);
    section(
        &mut out,
        "Response time by percentile",
        &plots::latency(result),
    );
    if let Some([times, rates]) = plots::course(result) {
        section(&mut out, "Response time over time", &times);
        section(&mut out, "Throughput over time", &rates);
    }
    routes(&mut out, result);
    webhooks(&mut out, result);
    failures(&mut out, result);
    out.push_str("<div class=\"columns\">\n");
    for (name, facts) in [
        ("Server", table::server(result)),
        ("Plan", table::plan(result)),
        ("Load generator", table::health(result)),
    ] {
        section(&mut out, name, &list(&facts));
    }
    out.push_str("</div>\n");
    command(&mut out, &result.command);
    page(&title(result), &out)
}

/// The command, where it is known.
fn command(out: &mut String, typed: &str) {
    if !typed.is_empty() {
        let typed = format!("<pre>{}</pre>", escaped(typed));
        section(out, "To repeat it", &typed);
    }
}

/// What is around every page: its own style and script, and nothing else that could be loaded or run.
fn page(title: &str, body: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}<script>{SCRIPT}</script>\n</body>\n</html>\n",
        hash(STYLE),
        hash(SCRIPT),
        escaped(title),
    )
}

fn title(result: &RunResult) -> String {
    let server = result.servers.first().map(super::ServerPart::name);
    let server = server.unwrap_or_default();
    format!(
        "{} on {server}: {}",
        result.scenario.name,
        result.in_words()
    )
}

fn section(out: &mut String, name: &str, body: &str) {
    let _ = writeln!(out, "<section><h2>{name}</h2>{body}</section>");
}

/// The begin of the card that stands first: how it ended.
fn heading(class: &str, words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let words: String = first.chain(letters).collect();
    format!("<header class=\"{class}\"><h1>{}</h1>\n", escaped(&words))
}

fn verdict(result: &RunResult) -> String {
    let class = match result.outcome {
        Outcome::Passed => "passed",
        Outcome::Missed => "missed",
        Outcome::Invalid => "invalid",
        Outcome::Cancelled => "cancelled",
        Outcome::Partial => "partial",
    };
    let mut out = heading(class, &result.in_words());
    for server in &result.servers {
        let _ = writeln!(
            out,
            "<p>{} at {}, {}</p>",
            escaped(&server.name()),
            escaped(&server.url),
            escaped(&server.credential)
        );
    }
    let scenario = &result.scenario;
    let _ = writeln!(
        out,
        "<p class=\"quiet\">{}: {}; {}. {}</p>\n<ul class=\"targets\">",
        escaped(&scenario.name),
        escaped(&result.plan.in_words(result.scenario.runs())),
        escaped(&scenario.checks),
        escaped(&result.began())
    );
    for row in &result.verdict {
        let (class, sign) = if row.passed {
            ("met", "✓")
        } else {
            ("not-met", "✗")
        };
        let _ = writeln!(
            out,
            "<li><span class=\"quiet\">{}</span><b class=\"{class}\">{sign} {}</b><span class=\"quiet\">{}</span></li>",
            escaped(&row.target),
            escaped(&row.figure),
            escaped(&table::verdict(row))
        );
    }
    out + "</ul></header>\n"
}

fn routes(out: &mut String, result: &RunResult) {
    let judged: Vec<_> = result.judged().collect();
    section(out, "Routes", &route_table(&judged, result));
    let others: Vec<_> = result
        .routes
        .iter()
        .filter(|part| !part.is_judged())
        .collect();
    for (name, body) in [
        ("Where the time goes", parts(result)),
        (
            "Not judged: warm-up, ramp, drain",
            route_table(&others, result),
        ),
    ] {
        if !body.is_empty() {
            let _ = writeln!(
                out,
                "<details class=\"card\"><summary>{name}</summary>{body}</details>"
            );
        }
    }
}

/// The rows; a click on a head sorts them.
fn route_table(parts: &[&RoutePart], result: &RunResult) -> String {
    if parts.is_empty() {
        return String::new();
    }
    let rows = parts.iter().map(|part| table::row(part, result));
    sortable(&table::heads(), rows)
}

/// What came back by webhooks, a table for each run.
fn webhooks(out: &mut String, result: &RunResult) {
    if result.webhooks.is_empty() {
        return;
    }
    let mut body = String::new();
    for part in &result.webhooks {
        let events = part.events.iter().map(table::event);
        body.push_str(&sortable(&table::EVENT_HEADS, events));
        let _ = write!(
            body,
            "<p class=\"quiet\">received at {}</p>",
            escaped(&part.receiver)
        );
        if let Some(words) = part.strangers_in_words() {
            let _ = write!(body, "<p>{words}</p>");
        }
    }
    section(out, "Webhooks, from the write to the delivery", &body);
}

fn sortable(heads: &[&str], rows: impl Iterator<Item = (String, Vec<Cell>)>) -> String {
    let mut out = String::from("<div class=\"scroll\"><table class=\"sortable\"><thead><tr>");
    for head in heads {
        let _ = write!(out, "<th><button>{head}</button></th>");
    }
    out.push_str("</tr></thead><tbody>");
    for (name, cells) in rows {
        let _ = write!(out, "<tr><td>{}</td>", escaped(&name));
        for cell in cells {
            let value = if cell.value.is_infinite() {
                "Infinity".to_owned()
            } else {
                format!("{:.2}", cell.value)
            };
            let class = match cell.shown.as_str() {
                "∞" => " class=\"bad\"",
                _ => "",
            };
            let _ = write!(out, "<td data-v=\"{value}\"{class}>{}</td>", cell.shown);
        }
        out.push_str("</tr>\n");
    }
    out + "</tbody></table></div>"
}

/// The parts of the judged, successful requests.
fn parts(result: &RunResult) -> String {
    type Part = fn(&RoutePart) -> &Distribution;
    let kinds: [(&str, Part); 7] = [
        ("given out late (this machine)", |part| &part.pacer),
        ("no free connection", |part| &part.queue),
        ("connecting", |part| &part.connect),
        ("to the first byte", |part| &part.first_byte),
        ("from the send to the last byte", |part| &part.service),
        ("response time", |part| &part.latency),
        ("decoding and checking, after that", |part| &part.decode),
    ];
    let mut out = String::from(
        "<div class=\"scroll\"><table><thead><tr><th></th><th>count</th><th>p50</th><th>p95</th><th>p99</th><th>max</th></tr></thead><tbody>",
    );
    for (name, of) in kinds {
        let (times, _) = RunResult::together(result.judged(), of);
        if times.is_empty() {
            continue;
        }
        let _ = write!(out, "<tr><td>{name}</td><td>{}</td>", times.len());
        for quantile in [0.5, 0.95, 0.99, 1.0] {
            let micros = times.value_at_quantile(quantile).min(times.max());
            let _ = write!(out, "<td>{}</td>", show_micros(micros as f64));
        }
        out.push_str("</tr>\n");
    }
    out + "</tbody></table></div>"
}

fn failures(out: &mut String, result: &RunResult) {
    let failed: Vec<_> = result
        .routes
        .iter()
        .filter(|part| part.failed > 0)
        .collect();
    if failed.is_empty() {
        return;
    }
    let mut body = String::from("<ul class=\"failures\">");
    for part in failed {
        for (class, count) in &part.failures {
            let example = part.examples.get(class).or(part.first_failure.as_ref());
            let _ = writeln!(
                body,
                "<li><b>{count} × {}</b> {}<br><code>{}</code></li>",
                escaped(&class.to_string()),
                escaped(&part.name(result)),
                escaped(example.map_or("", String::as_str))
            );
        }
    }
    body.push_str("</ul>");
    section(out, "Failures", &body);
}

fn list(facts: &Facts) -> String {
    let mut out = String::from("<dl>");
    for (name, value) in &facts.0 {
        let _ = write!(out, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
    }
    out + "</dl>"
}
