//! JUnit's XML, as CI servers read it: a case for each target, and one for each route.

use std::fmt::Write as _;

use super::{
    markup::escaped,
    result::{Outcome, RoutePart, RunResult},
    table,
};
use crate::verdict::Row;

pub(super) fn render(result: &RunResult) -> String {
    let suites = [
        ("run", vec![run(result)]),
        ("targets", result.verdict.iter().map(target).collect()),
        (
            "routes",
            result.judged().map(|part| route(part, result)).collect(),
        ),
    ];
    document(&result.began(), &suites)
}

/// The suites of something that began then.
pub(crate) fn document(began: &str, suites: &[(&str, Vec<Case>)]) -> String {
    let all = suites.iter().flat_map(|(_, cases)| cases);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"loadtest\" {}>\n",
        counts(all)
    );
    for (name, cases) in suites {
        let _ = writeln!(
            out,
            "  <testsuite name=\"loadtest.{name}\" timestamp=\"{}\" {}>",
            escaped(began),
            counts(cases)
        );
        for case in cases {
            case.write(name, &mut out);
        }
        out.push_str("  </testsuite>\n");
    }
    out + "</testsuites>\n"
}

/// A case, and what is wrong with it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) seconds: f64,
    pub(crate) wrong: Option<(Wrong, String)>,
    pub(crate) says: String,
}

/// A failure is about the server; with an error the figures say nothing.
#[derive(Clone, Copy)]
pub(crate) enum Wrong {
    Failure,
    Error,
}

/// Whether the figures say anything.
fn run(result: &RunResult) -> Case {
    let wrong = match result.outcome {
        Outcome::Passed => None,
        Outcome::Missed => result.given_up.is_some().then_some(Wrong::Failure),
        Outcome::Invalid | Outcome::Cancelled | Outcome::Partial => Some(Wrong::Error),
    };
    Case {
        name: "the run is valid and complete".to_owned(),
        seconds: result.phases.iter().map(|phase| phase.seconds).sum(),
        wrong: wrong.map(|wrong| (wrong, result.in_words())),
        says: result.command.clone(),
    }
}

fn target(row: &Row) -> Case {
    let missed = || (Wrong::Failure, format!("{}: {}", row.target, row.figure));
    Case {
        name: row.target.clone(),
        seconds: 0.0,
        wrong: (!row.passed).then(missed),
        says: format!("{}: {}", row.figure, table::verdict(row)),
    }
}

/// A route's case fails where requests failed, unless the run passes with them.
fn route(part: &RoutePart, result: &RunResult) -> Case {
    let (name, cells) = table::row(part, result);
    let heads = table::heads();
    let figures = heads.iter().skip(1).zip(&cells);
    let mut says: Vec<_> = figures
        .map(|(head, cell)| format!("{head} {}", cell.shown))
        .collect();
    says.extend(part.examples.values().cloned());
    let fails = part.failed > 0 && result.outcome != Outcome::Passed;
    let example = part.first_failure.as_deref().unwrap_or_default();
    let words = format!("{} of {} failed: {example}", part.failed, part.requests);
    Case {
        name,
        seconds: part.latency.mean.unwrap_or_default() / 1e6,
        wrong: fails.then_some((Wrong::Failure, words)),
        says: says.join("\n"),
    }
}

impl Case {
    fn write(&self, suite: &str, out: &mut String) {
        let _ = writeln!(
            out,
            "    <testcase classname=\"loadtest.{suite}\" name=\"{}\" time=\"{:.6}\">",
            escaped(&self.name),
            self.seconds
        );
        if let Some((wrong, words)) = &self.wrong {
            let tag = match wrong {
                Wrong::Failure => "failure",
                Wrong::Error => "error",
            };
            let _ = writeln!(out, "      <{tag} message=\"{}\"/>", escaped(words));
        }
        let _ = writeln!(
            out,
            "      <system-out>{}</system-out>\n    </testcase>",
            escaped(&self.says)
        );
    }
}

fn counts<'a>(cases: impl IntoIterator<Item = &'a Case>) -> String {
    let (mut tests, mut failures, mut errors, mut seconds) = (0, 0, 0, 0.0);
    for case in cases {
        tests += 1;
        seconds += case.seconds;
        match case.wrong {
            Some((Wrong::Failure, _)) => failures += 1,
            Some((Wrong::Error, _)) => errors += 1,
            None => {}
        }
    }
    format!(
        "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\" time=\"{seconds:.6}\""
    )
}
