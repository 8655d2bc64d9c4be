//! The findings, for people and for programs.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::{
    evidence::Evidence,
    finding::{Hit, Severity, Unknown},
    rules::RULES,
};

/// All rules, and what came of them.
#[derive(Serialize)]
pub(crate) struct Report {
    /// Version of this form.
    schema: u8,
    /// Severity from which on it fails.
    fail_on: Severity,
    /// What was looked at.
    looked_at: Vec<String>,
    /// The rules.
    rules: Vec<Line>,
}

/// A rule, and what came of it.
#[derive(Serialize)]
pub(crate) struct Line {
    rule: &'static str,
    well: &'static str,
    pub(crate) result: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    pub(crate) findings: Vec<Hit>,
}

/// What came of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It holds.
    Well,
    /// It does not.
    Found,
    /// Nothing was given to look at.
    NotCheckable,
}

impl Report {
    /// Holds what was given to all rules.
    pub(super) fn of(evidence: &Evidence, fail_on: Severity) -> Self {
        let lines = RULES.iter().map(|rule| {
            let (result, why, findings) = match (rule.check)(evidence) {
                Ok(hits) if hits.is_empty() => (Outcome::Well, None, hits),
                Ok(mut hits) => {
                    hits.sort_by_key(|hit| std::cmp::Reverse(hit.severity));
                    (Outcome::Found, None, hits)
                }
                Err(Unknown(why)) => (Outcome::NotCheckable, Some(why), Vec::new()),
            };
            Line {
                rule: rule.name,
                well: rule.well,
                result,
                why,
                findings,
            }
        });
        Self {
            schema: 1,
            fail_on,
            rules: lines.collect(),
            looked_at: looked_at(evidence),
        }
    }

    /// Whether anything was found that is bad enough.
    pub(super) fn fails(&self) -> bool {
        self.hits().any(|(_, hit)| self.is_bad(hit))
    }

    /// Whether this finding is bad enough.
    pub(crate) fn is_bad(&self, hit: &Hit) -> bool {
        hit.severity >= self.fail_on
    }

    /// A rule, by its name.
    pub(crate) fn line(&self, rule: &str) -> Option<&Line> {
        self.rules.iter().find(|line| line.rule == rule)
    }

    /// Rules that could not be looked at, by the reason; those of `among` that are.
    pub(crate) fn unknown(&self, among: impl Fn(&str) -> bool) -> BTreeMap<&str, Vec<&str>> {
        let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for line in self.rules.iter().filter(|line| among(line.rule)) {
            if let Some(why) = &line.why {
                unknown.entry(why).or_default().push(line.rule);
            }
        }
        unknown
    }

    fn hits(&self) -> impl Iterator<Item = (&'static str, &Hit)> {
        let lines = self.rules.iter();
        lines.flat_map(|line| line.findings.iter().map(|hit| (line.rule, hit)))
    }

    fn count(&self, outcome: Outcome) -> usize {
        let lines = self.rules.iter();
        lines.filter(|line| line.result == outcome).count()
    }
}

fn looked_at(evidence: &Evidence) -> Vec<String> {
    let wire = evidence.wire.iter().map(|wire| match &wire.sandbox {
        Some(sandbox) => format!(
            "{} (stand-in {sandbox}, not a Vikunja server)",
            wire.address
        ),
        None => format!("{} (Vikunja {})", wire.address, wire.version),
    });
    let composes = evidence.composes.iter().map(|file| file.file.clone());
    let env = evidence.env_files.iter();
    let env = env.map(|file| file.path.display().to_string());
    let containers = evidence.containers.iter().flatten();
    let containers = containers.map(|one| format!("container {}", one.name));
    wire.chain(composes).chain(env).chain(containers).collect()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.looked_at.join(", "))?;
        let mut hits: Vec<_> = self.hits().collect();
        hits.sort_by_key(|(_, hit)| std::cmp::Reverse(hit.severity));
        for (rule, hit) in hits {
            let severity = match hit.severity {
                Severity::High => "HIGH",
                Severity::Medium => "medium",
                Severity::Low => "low",
            };
            writeln!(f, "{severity:<7} {rule:<17} {}", hit.place)?;
            writeln!(f, "        {}\n        → {}", hit.evidence, hit.remedy)?;
        }
        for (why, rules) in self.unknown(|_| true) {
            writeln!(f, "not checkable, {why}: {}", rules.join(", "))?;
        }
        writeln!(
            f,
            "\n{} findings; of {} rules {} hold, {} do not, {} are not checkable",
            self.hits().count(),
            self.rules.len(),
            self.count(Outcome::Well),
            self.count(Outcome::Found),
            self.count(Outcome::NotCheckable)
        )
    }
}
