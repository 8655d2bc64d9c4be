//! The manual's final checklist, and what each of its lines rests on.

use std::fmt;

use serde::Serialize;

use super::{
    around::Outlived,
    phases::{Phase, Phases},
};
use crate::{
    doctor::{Outcome as Rule, Report},
    report::{Outcome as Run, RunResult},
    smoke::Outcome as Went,
};

/// How it stands with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// It is so.
    Passed,
    /// Nothing speaks against it, and not all of it could be seen.
    NotCheckable,
    /// It is not so.
    Failed,
}

/// A line of the checklist.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    /// What is claimed, in the manual's words.
    pub(super) line: &'static str,
    /// Whether it is so.
    pub(super) verdict: Verdict,
    /// What was seen.
    pub(super) evidence: Vec<String>,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "FAILED",
            Verdict::NotCheckable => "not checkable",
        };
        writeln!(f, "  {verdict:<13}  {}", self.line)?;
        for evidence in &self.evidence {
            writeln!(
                f,
                "                 {}",
                evidence.replace('\n', "\n                 ")
            )?;
        }
        Ok(())
    }
}

/// What a line rests on.
enum Basis {
    /// Rules of `doctor`.
    Rules(&'static [&'static str]),
    /// Steps of `smoke`.
    Steps(&'static [&'static str]),
    /// Something else that was carried out.
    Seen(fn(&Phases) -> Seen),
    /// No program can see it: why.
    Unseen(&'static str),
}

/// What was seen of something.
type Seen = (Verdict, Vec<String>);

use Basis::{Rules, Seen as Look, Steps, Unseen};

/// The manual's lines in its order, then two that its phases promise and its list forgets.
const LINES: [(&str, &[Basis]); 20] = [
    (
        "All 4 Blockers Fixed",
        &[Rules(&[
            "secret-mount",
            "redis-address",
            "undefined-network",
            "unreachable",
            "duplicate-key",
            "depends-on",
        ])],
    ),
    (
        "Configuration Validated",
        &[Rules(&[
            "unknown-setting",
            "public-url",
            "redis-unused",
            "health-check",
            "image-tag",
        ])],
    ),
    (
        "Secrets Generated & Secure",
        &[Rules(&[
            "weak-secret",
            "missing-secret",
            "written-secret",
            "broken-secret",
            "tracked-secret",
        ])],
    ),
    (
        "Data Directories Created",
        &[Unseen(
            "folders of the server are not seen from here; what they are for is «Data Persists»",
        )],
    ),
    (
        "Permissions Set Correctly",
        &[Rules(&["file-mode", "root"])],
    ),
    (
        "Syntax Checked",
        &[Rules(&["duplicate-key", "missing-variable"])],
    ),
    ("Deployment Successful", &[Steps(&["info"])]),
    ("Health Checks Passing", &[Steps(&["health"])]),
    (
        "API Responding",
        &[Steps(&["container", "task", "done", "list", "delete"])],
    ),
    ("Test User Created", &[Steps(&["register", "log in"])]),
    ("Data Persists", &[Look(|phases| outlived(&phases.restart))]),
    (
        "Webhooks Working",
        &[Steps(&["webhooks"]), Look(|phases| run(&phases.webhooks))],
    ),
    (
        "Cache Warming",
        &[Unseen(
            "no release caches task lists, so there is nothing to warm; `smoke` with LOADTEST_REDIS counts what they ask",
        )],
    ),
    (
        "Monitoring Configured",
        &[Unseen(
            "whether somebody watches is not seen from here; `loadtest monitor` and deploy/prometheus-rules.yml do",
        )],
    ),
    (
        "Backup Procedure Tested",
        &[Look(|phases| outlived(&phases.backup))],
    ),
    (
        "Security Hardened",
        &[Rules(&[
            "release",
            "registration",
            "tls",
            "cors",
            "cors-origins",
            "rate-limit",
            "metrics",
            "docs",
            "test-routes",
            "token-lifetime",
            "published-port",
        ])],
    ),
    (
        "Documentation Updated",
        &[Unseen("that is for people to say")],
    ),
    ("Team Trained", &[Unseen("that is for people to say")]),
    ("Documented Load Met", &[Look(|phases| run(&phases.load))]),
    (
        "Within the Monitoring Thresholds",
        &[Look(|phases| match &phases.monitor {
            Phase::Done(round) => {
                let verdict = if round.is_well() {
                    Verdict::Passed
                } else {
                    Verdict::Failed
                };
                // What follows is for machines.
                let words = round.line.split(" | ").next().unwrap_or_default();
                (verdict, vec![words.to_owned()])
            }
            other => not_done(other),
        })],
    ),
];

/// The checklist of these phases.
pub(super) fn of(phases: &Phases) -> Vec<Checked> {
    let lines = LINES.iter().map(|(line, bases)| {
        let seen = bases.iter().map(|basis| look(basis, phases));
        let (verdicts, evidence): (Vec<_>, Vec<_>) = seen.unzip();
        Checked {
            line,
            verdict: worst(verdicts),
            evidence: evidence.concat(),
        }
    });
    lines.collect()
}

/// A line holds where all of it does.
fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts.into_iter().max().unwrap_or(Verdict::NotCheckable)
}

fn look(basis: &Basis, phases: &Phases) -> Seen {
    match basis {
        Rules(names) => match &phases.doctor {
            Phase::Done(report) => rules(report, names),
            other => not_done(other),
        },
        Steps(names) => steps(phases, names),
        Look(look) => look(phases),
        Unseen(why) => (Verdict::NotCheckable, vec![(*why).to_owned()]),
    }
}

fn not_done<T>(phase: &Phase<T>) -> Seen {
    let why = match phase {
        Phase::Done(_) => String::new(),
        Phase::NotCheckable(why) => why.clone(),
        Phase::Stopped(_) => "could not be carried out: see below".to_owned(),
    };
    (Verdict::NotCheckable, vec![why])
}

fn rules(report: &Report, names: &[&str]) -> Seen {
    let mut evidence = Vec::new();
    let (mut verdicts, mut hold) = (Vec::new(), Vec::new());
    for name in names {
        let Some(line) = report.line(name) else {
            continue;
        };
        let bad = line.findings.iter().any(|hit| report.is_bad(hit));
        for hit in &line.findings {
            let (place, what, remedy) = (&hit.place, &hit.evidence, &hit.remedy);
            let place = match place.as_str() {
                "" => String::new(),
                place => format!("{place}: "),
            };
            evidence.push(format!("{name}: {place}{what}\n  → {remedy}"));
        }
        verdicts.push(match line.result {
            Rule::Well => {
                hold.push(*name);
                Verdict::Passed
            }
            Rule::Found if bad => Verdict::Failed,
            Rule::Found => Verdict::Passed,
            Rule::NotCheckable => Verdict::NotCheckable,
        });
    }
    if !hold.is_empty() {
        evidence.push(format!("holds: {}", hold.join(", ")));
    }
    for (why, rules) in report.unknown(|rule| names.contains(&rule)) {
        evidence.push(format!("not checkable, {why}: {}", rules.join(", ")));
    }
    (worst(verdicts), evidence)
}

fn steps(phases: &Phases, names: &[&str]) -> Seen {
    let mut evidence = Vec::new();
    let verdicts = names.iter().map(|name| {
        let step = phases.smoke.iter().find(|step| step.name == *name);
        let Some(step) = step else {
            evidence.push(format!("{name}: was not reached"));
            return Verdict::Failed;
        };
        evidence.push(format!("{name}: {}", step.words));
        match step.outcome {
            Went::Passed => Verdict::Passed,
            Went::Failed => Verdict::Failed,
            Went::Skipped => Verdict::NotCheckable,
        }
    });
    let verdict = worst(verdicts);
    (verdict, evidence)
}

fn run(phase: &Phase<RunResult>) -> Seen {
    let Phase::Done(result) = phase else {
        return not_done(phase);
    };
    let rows = result.verdict.iter();
    let mut evidence: Vec<_> = rows
        .map(|row| {
            let missed = if row.passed { "" } else { ", MISSED" };
            format!("{}: {}{missed}", row.target, row.figure)
        })
        .collect();
    evidence.extend(result.invalid.clone());
    evidence.extend(result.given_up.clone());
    evidence.extend(result.first_failure.clone());
    let verdict = match result.outcome {
        Run::Passed => Verdict::Passed,
        Run::Missed => Verdict::Failed,
        // The figures say nothing about the server.
        Run::Invalid | Run::Cancelled | Run::Partial => Verdict::NotCheckable,
    };
    (verdict, evidence)
}

fn outlived(phase: &Phase<Outlived>) -> Seen {
    match phase {
        Phase::Done(Outlived::Compared(verified)) => {
            let verdict = if verified.passed() {
                Verdict::Passed
            } else {
                Verdict::Failed
            };
            (verdict, verified.in_words())
        }
        Phase::Done(Outlived::Broken(why)) => (Verdict::Failed, vec![why.clone()]),
        other => not_done(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_the_doctor_stands_in_a_line() {
        let mut named = Vec::new();
        for (_, bases) in LINES {
            for basis in bases {
                if let Rules(names) = basis {
                    named.extend(*names);
                }
            }
        }
        for rule in crate::doctor::rule_names() {
            assert!(named.contains(&rule), "{rule}");
        }
        for name in named {
            let mut rules = crate::doctor::rule_names();
            assert!(rules.any(|rule| rule == name), "{name}");
        }
    }

    #[test]
    fn a_line_is_as_bad_as_the_worst_of_it() {
        use Verdict::{Failed, NotCheckable, Passed};
        assert_eq!(worst([Passed, Passed]), Passed);
        assert_eq!(worst([Passed, NotCheckable]), NotCheckable);
        assert_eq!(worst([NotCheckable, Failed, Passed]), Failed);
        assert_eq!(worst([]), NotCheckable);
    }
}
