//! A summary for pull requests: GitHub's Markdown, which GitLab reads alike.

use std::fmt::Write as _;

use super::{
    result::{Outcome, RunResult},
    table,
};

pub(super) fn render(result: &RunResult) -> String {
    let sign = match result.outcome {
        Outcome::Passed => "✅",
        Outcome::Missed => "❌",
        Outcome::Invalid | Outcome::Cancelled | Outcome::Partial => "⚠️",
    };
    let mut out = format!("## {sign} {}\n\n", escaped(&result.in_words()));
    for server in &result.servers {
        let _ = writeln!(
            out,
            "**{}** at {}, {}  ",
            escaped(&server.name()),
            escaped(&server.url),
            escaped(&server.credential)
        );
    }
    let scenario = &result.scenario;
    let _ = writeln!(
        out,
        "{}: {}; {}\n",
        escaped(&scenario.name),
        escaped(&result.plan.in_words(result.scenario.runs())),
        escaped(&scenario.checks)
    );
    let verdict = result.verdict.iter().map(|row| {
        let sign = if row.passed { "✅" } else { "❌" };
        let words = format!("{sign} {}", table::verdict(row));
        (row.target.clone(), vec![row.figure.clone(), words])
    });
    rows(&mut out, &["target", "figure", "verdict"], verdict);
    let routes = result.judged().map(|part| {
        let (name, cells) = table::row(part, result);
        (name, cells.into_iter().map(|cell| cell.shown).collect())
    });
    rows(&mut out, &table::heads(), routes);
    for part in &result.webhooks {
        let events = part.events.iter().map(|event| {
            let (name, cells) = table::event(event);
            (name, cells.into_iter().map(|cell| cell.shown).collect())
        });
        rows(&mut out, &table::EVENT_HEADS, events);
        if let Some(words) = part.strangers_in_words() {
            let _ = writeln!(out, "{words}\n");
        }
    }
    failures(&mut out, result);
    out.push_str("<details><summary>How it was measured</summary>\n\n");
    for (head, facts) in [
        ("server", table::server(result)),
        ("plan", table::plan(result)),
        ("load generator", table::health(result)),
    ] {
        let facts = facts.0.into_iter();
        rows(
            &mut out,
            &[head, ""],
            facts.map(|(name, value)| (name, vec![value])),
        );
    }
    if !result.command.is_empty() {
        // The longest fence wins over whatever is in it.
        let fence = "`".repeat(8);
        let command = result.command.replace(['\n', '\r'], " ");
        let _ = writeln!(out, "{fence}sh\n{command}\n{fence}\n");
    }
    out + "</details>\n"
}

fn failures(out: &mut String, result: &RunResult) {
    if result.failures.is_empty() {
        return;
    }
    out.push_str("<details open><summary>Failures</summary>\n\n");
    for part in result.judged() {
        for (class, count) in &part.failures {
            let example = part.examples.get(class).or(part.first_failure.as_ref());
            let _ = writeln!(
                out,
                "- {count} × {}: {}, such as {}",
                escaped(&part.name(result)),
                escaped(&class.to_string()),
                escaped(example.map_or("", String::as_str))
            );
        }
    }
    out.push_str("\n</details>\n\n");
}

/// A table: names on the left, and where there are several columns these on the right.
pub(crate) fn rows(
    out: &mut String,
    heads: &[&str],
    rows: impl Iterator<Item = (String, Vec<String>)>,
) {
    let _ = writeln!(out, "| {} |", heads.join(" | "));
    let right = match heads {
        [_, _] => "---|".to_owned(),
        _ => "--:|".repeat(heads.len() - 1),
    };
    let _ = writeln!(out, "|---|{right}");
    for (name, cells) in rows {
        let _ = write!(out, "| {} |", escaped(&name));
        for cell in cells {
            let _ = write!(out, " {} |", escaped(&cell));
        }
        out.push('\n');
    }
    out.push('\n');
}

/// Without what Markdown or HTML would read as more than text: some of the words are a server's.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '@' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_stay_words() {
        assert_eq!(
            escaped("a|b\n![x](y) <img> *b*"),
            "a\\|b \\!\\[x\\](y) &lt;img&gt; \\*b\\*"
        );
    }
}
