//! What people and machines get to see of a comparison.

use std::fmt::Write as _;

use super::{
    Comparison, Mode, Outcome,
    judge::{Metric, Row, Verdict},
};
use crate::{
    progress::plain,
    report::{
        Document, Form, Format, html,
        junit::{self, Case, Wrong},
        markdown::{self, escaped},
        terminal::{self, aligned},
        to_second,
    },
    verdict::show_micros,
};

/// Heads of the table.
pub(crate) const HEADS: [&str; 7] = ["route", "figure", "A", "B", "B / A", "interval", "verdict"];

impl Document for Comparison {
    const NAME: &'static str = "a comparison";
    const FORMS: &'static [Form<Self>] = &[
        (Format::Html, html::comparison),
        (Format::Markdown, markdown),
        (Format::Junit, junit),
    ];

    fn screen(&self, colours: bool) -> String {
        let mut out = String::from("\n");
        for line in self.heads() {
            let _ = writeln!(out, "{line}");
        }
        out.push('\n');
        out.push_str(&aligned(
            &HEADS,
            self.rows.iter().map(|row| cells(row).into()),
        ));
        for line in self.tail() {
            let _ = writeln!(out, "{line}");
        }
        let _ = writeln!(out, "\n{}", self.in_words());
        let text = plain(&out);
        if !colours {
            return text;
        }
        let end = match self.outcome {
            Outcome::Unchanged | Outcome::Improved => terminal::GREEN,
            Outcome::Regressed => terminal::RED,
            Outcome::Inconclusive | Outcome::Invalid | Outcome::Cancelled => terminal::YELLOW,
        };
        terminal::coloured(&text, end)
    }
}

fn markdown(comparison: &Comparison) -> String {
    let sign = match comparison.outcome {
        Outcome::Unchanged | Outcome::Improved => "✅",
        Outcome::Regressed => "❌",
        Outcome::Inconclusive | Outcome::Invalid | Outcome::Cancelled => "⚠️",
    };
    let mut out = format!("## {sign} {}\n\n", escaped(&comparison.in_words()));
    for head in comparison.heads() {
        let _ = writeln!(out, "- {}", escaped(&head));
    }
    out.push('\n');
    let rows = comparison.rows.iter().map(|row| {
        let [route, figures @ ..] = cells(row);
        (route, figures.into())
    });
    markdown::rows(&mut out, &HEADS, rows);
    for said in comparison.tail() {
        let _ = writeln!(out, "- {}", escaped(&said));
    }
    out
}

/// A case for each judged row, and one for the whole.
fn junit(comparison: &Comparison) -> String {
    let whole = Case {
        name: "the comparison is valid and complete".to_owned(),
        seconds: 0.0,
        wrong: matches!(comparison.outcome, Outcome::Invalid | Outcome::Cancelled)
            .then(|| (Wrong::Error, comparison.in_words())),
        says: comparison.command.clone(),
    };
    let rows = comparison.rows.iter().filter_map(|row| {
        let said = cells(row)[2..].join(" ");
        let wrong = match row.verdict? {
            Verdict::Regressed => Some(Wrong::Failure),
            Verdict::Inconclusive => Some(Wrong::Error),
            Verdict::Unchanged | Verdict::Improved => None,
        };
        Some(Case {
            name: format!("{} {}", row.route, row.metric.name()),
            seconds: 0.0,
            wrong: wrong.map(|wrong| (wrong, said.clone())),
            says: said,
        })
    });
    let suites = [("run", vec![whole]), ("comparison", rows.collect())];
    junit::document(&to_second(&comparison.started), &suites)
}

impl Comparison {
    /// What was compared.
    pub(crate) fn heads(&self) -> Vec<String> {
        let mut lines: Vec<_> = ["A", "B"]
            .iter()
            .zip(&self.sides)
            .map(|(name, side)| {
                let server = &side.server;
                format!(
                    "{name}: {} at {}, {}",
                    server.name(),
                    server.url,
                    server.credential
                )
            })
            .collect();
        if let Some(side) = self.sides.first() {
            let what = match &self.duel {
                Some(duel) => format!(
                    "{} users at a time, {} pairs of blocks of {}",
                    self.plan.users, duel.pairs, duel.block
                ),
                None => self.plan.in_words(side.scenario.runs()),
            };
            lines.push(format!("{}: {what}; {}", side.scenario.name, self.mode));
        }
        lines
    }

    /// The times that are judged.
    pub fn timed(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_timed())
    }

    /// What else there is to say.
    pub(crate) fn tail(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.mode == Mode::Noise {
            for row in self.timed() {
                let noise = row.noise().map_or_else(
                    || "unknown: too few pairs".to_owned(),
                    |noise| format!("{:.1} %", 100.0 * noise),
                );
                lines.push(format!(
                    "noise of {} {}: {noise}",
                    row.route,
                    row.metric.name()
                ));
            }
        }
        if let Some(generator) = &self.generator {
            lines.push(format!(
                "generator: {:.0} µs CPU per request, {:.0} % of a core",
                generator.cpu_us_per_request, generator.cpu_percent
            ));
        }
        lines.extend(self.remarks.iter().cloned());
        lines
    }

    /// How it ended, in one sentence.
    pub fn in_words(&self) -> String {
        match (self.outcome, self.mode) {
            (Outcome::Unchanged, Mode::Noise) => {
                "unchanged: the noise is smaller than what is to be found".to_owned()
            }
            (Outcome::Unchanged, _) => "unchanged: B is as fast as A".to_owned(),
            (Outcome::Improved, _) => "improved: B is better than A".to_owned(),
            (Outcome::Regressed, _) => "REGRESSED: B is worse than A, see the table".to_owned(),
            (Outcome::Inconclusive, Mode::Noise) => {
                "INCONCLUSIVE: so small a --delta is below the noise of this testbed; give a larger one, more --max-pairs, or a larger --block".to_owned()
            }
            (Outcome::Inconclusive, Mode::Single) => {
                "INCONCLUSIVE: a single run is never a gate; give results of --repeat 5 or more, or --history".to_owned()
            }
            (Outcome::Inconclusive, _) => {
                "INCONCLUSIVE: the noise is too large to say; give more pairs or runs, or a larger --delta".to_owned()
            }
            (Outcome::Invalid, _) => format!(
                "INVALID: {}",
                self.invalid.as_deref().unwrap_or("the generator was the wall")
            ),
            (Outcome::Cancelled, _) => "cancelled: the figures are those until then".to_owned(),
        }
    }
}

/// A row of the table, for people.
pub(crate) fn cells(row: &Row) -> [String; 7] {
    let figure = |value: Option<f64>| {
        value.map_or_else(
            || "–".to_owned(),
            |value| match row.metric {
                Metric::P50 | Metric::P95 | Metric::Cpu => show_micros(value),
                Metric::Failures => format!("{value:.2} %"),
                Metric::Bytes => format!("{value:.0} B"),
                Metric::Throughput => format!("{value:.0}/s"),
                Metric::Statements => format!("{value:.2}"),
            },
        )
    };
    let verdict = match row.verdict {
        None => String::new(),
        Some(Verdict::Unchanged) => "unchanged".to_owned(),
        Some(Verdict::Improved) => "improved".to_owned(),
        Some(Verdict::Inconclusive) => "INCONCLUSIVE".to_owned(),
        Some(Verdict::Regressed) => "REGRESSED".to_owned(),
    };
    let allowed = row
        .delta
        .map(|delta| format!("±{:.1} % allowed", 100.0 * delta));
    let said: Vec<_> = [Some(verdict), allowed, row.remark.clone()]
        .into_iter()
        .flatten()
        .filter(|said| !said.is_empty())
        .collect();
    let interval = match (row.low, row.high) {
        (Some(low), Some(high)) => format!("{low:.3} – {high:.3}"),
        _ => String::new(),
    };
    [
        row.route.clone(),
        row.metric.name().to_owned(),
        figure(row.a),
        figure(row.b),
        row.ratio
            .map_or_else(String::new, |ratio| format!("{ratio:.3}")),
        interval,
        said.join(", "),
    ]
}
