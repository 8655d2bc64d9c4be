//! `compare`: two stored results of one testbed.

use std::{fs, path::Path};

use serde_json::Value;

use super::{
    Comparison, Mode, SCHEMA, SidePart,
    history::fences,
    judge::{ALPHA, By, Metric, Row, Rules, Side, Unit, Verdict, compare},
    test::refuse,
};
use crate::{
    cli::compare::CompareArgs,
    exit::{Exit, Problem},
    out::Stdout,
    report::{Outcome as Run, RunResult, command},
};

/// Compares, and says how it ended.
pub fn stored(args: &CompareArgs, out: &Stdout) -> Result<Exit, Problem> {
    let (base, new) = (Stored::read(&args.base)?, Stored::read(&args.new)?);
    let history = args
        .history
        .iter()
        .map(|file| Stored::read(file))
        .collect::<Result<Vec<_>, _>>()?;
    for other in history.iter().chain([&new]) {
        base.refuse_other_test(other)?;
    }
    let outputs = args.outputs.open::<Comparison>()?;
    let comparison = base.against(&new, history, args)?;
    outputs.write(&comparison, out)?;
    Ok(comparison.outcome.exit())
}

/// A result that says something of its server.
struct Stored(RunResult);

impl Stored {
    fn read(file: &Path) -> Result<Self, Problem> {
        let unusable = |why: String| {
            Problem::new(format!("{}: {why}", file.display()))
                .advise("make one: loadtest run --repeat 5 --json FILE")
        };
        let text = fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
        let result = RunResult::read(&text).map_err(|problem| unusable(problem.to_string()))?;
        if let Some(why) = &result.invalid {
            return Err(unusable(format!(
                "the run is invalid, so its figures say nothing: {why}"
            )));
        }
        if !matches!(result.outcome, Run::Passed | Run::Missed) || result.servers.is_empty() {
            return Err(unusable("the run did not come to its end".to_owned()));
        }
        Ok(Self(result))
    }

    fn side(&self) -> SidePart {
        SidePart {
            server: self.0.servers[0].clone(),
            scenario: self.0.scenario.clone(),
        }
    }

    fn refuse_other_test(&self, other: &Self) -> Result<(), Problem> {
        let (mine, theirs) = (self.side(), other.side());
        let mut differences = mine.differences(&theirs);
        let plan = |stored: &Self| serde_json::to_value(&stored.0.plan).unwrap_or_default();
        let (mine, theirs) = (plan(self), plan(other));
        let fields: Vec<_> = mine.as_object().into_iter().flatten().collect();
        for (field, mine) in fields {
            let theirs = theirs.get(field).unwrap_or(&Value::Null);
            // How often it was run is no part of the test.
            if field != "repeat" && mine != theirs {
                differences.push((field, mine.to_string(), theirs.to_string()));
            }
        }
        refuse(&differences)
    }

    /// Each route with its runs. Stages are loads of their own.
    fn runs(&self) -> Side {
        let mut side = Side::new();
        let Self(RunResult { plan, blocks, .. }) = self;
        for row in self.0.judged() {
            let Some(block) = blocks.get(row.block) else {
                continue;
            };
            let route = match plan.stages.get(block.stage) {
                Some(stage) if plan.stages.len() > 1 => {
                    format!("{} ({})", row.route, plan.level(stage.level))
                }
                _ => row.route.clone(),
            };
            // A failed request is infinitely slow; here it takes as long as a time-out.
            let micros = |name| row.percentile(name).unwrap_or(plan.timeout_ms * 1000) as f64;
            side.entry(route).or_default().push(Unit {
                requests: row.requests,
                failures: row.failures.clone(),
                p50: micros("p50"),
                p95: micros("p95"),
                bytes: row.bytes,
                // Of a whole run, it is told and not judged.
                cpu: None,
            });
        }
        side
    }

    fn against(
        self,
        new: &Self,
        mut history: Vec<Self>,
        args: &CompareArgs,
    ) -> Result<Comparison, Problem> {
        history.sort_by(|one, other| one.0.started.cmp(&other.0.started));
        let sides = vec![self.side(), new.side()];
        let (a, b) = same_names(self.runs(), new.runs());
        let is_single = self.0.plan.repeat < 2 || new.0.plan.repeat < 2;
        let past: Vec<_> = history.iter().map(Self::runs).collect();
        let (mode, by) = match (is_single, past.is_empty()) {
            (_, false) => (Mode::History, By::Fences(fences(&past)?)),
            (true, true) => (Mode::Single, By::Runs),
            (false, true) => (Mode::Repeated, By::Runs),
        };
        let rules = Rules {
            delta: args.allowed.delta,
            floor: args.allowed.floor,
            alpha: ALPHA,
            by,
            counted: sides[0].has_the_replies_of(&sides[1]),
        };
        let mut rows = compare(&a, &b, &rules);
        let statements = |stored: &Self| Some(stored.0.database.as_ref()?.statements_per_request);
        rows.extend(Row::counted(
            "all requests",
            Metric::Statements,
            statements(&self),
            statements(new),
            rules.counted,
        ));
        let verdict = match mode {
            Mode::Single => Verdict::Inconclusive,
            _ => Verdict::overall(&rows),
        };
        let mut remarks = Vec::new();
        let only = |side: &Side, other: &Side| {
            let missing = side.keys().filter(|route| !other.contains_key(*route));
            missing.cloned().collect::<Vec<_>>().join(", ")
        };
        for (name, only) in [("A", only(&a, &b)), ("B", only(&b, &a))] {
            if !only.is_empty() {
                remarks.push(format!("only in {name}, and not compared: {only}"));
            }
        }
        Ok(Comparison {
            schema: SCHEMA,
            loadtest: env!("CARGO_PKG_VERSION").to_owned(),
            mode,
            command: command::line(std::env::args(), std::env::vars()),
            started: self.0.started,
            sides,
            plan: self.0.plan,
            duel: None,
            rows,
            generator: None,
            outcome: verdict.into(),
            invalid: None,
            remarks,
        })
    }
}

/// A route has other paths on other APIs. Where there is one on each side, it is the same.
fn same_names(a: Side, b: Side) -> (Side, Side) {
    match (a.first_key_value(), b.first_key_value()) {
        (Some((one, _)), Some((other, _))) if a.len() == 1 && b.len() == 1 && one != other => {
            let name = format!("{one} | {other}");
            let renamed = |side: Side| {
                side.into_values()
                    .map(|runs| (name.clone(), runs))
                    .collect()
            };
            (renamed(a), renamed(b))
        }
        _ => (a, b),
    }
}
