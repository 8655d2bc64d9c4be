//! Steps: what each did, how long it took, and on failure what was asked and answered.

use std::{fmt, time::Instant};

use serde::Serialize;
use vikunja_sdk::{Execute, retry::Policy, retrying::Retrying};

use crate::{
    exit::Problem,
    line::{Line, LineError},
    witness::Witness,
};

/// What steps call the server with. Writes of 2.x on SQLite are sent again while its file is locked.
pub(super) type Caller = Retrying<Witness>;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// As it should.
    Passed,
    /// Otherwise.
    Failed,
    /// There was nothing to do.
    Skipped,
}

/// A step.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Step {
    /// Its name.
    pub(crate) name: &'static str,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// How long it took, in milliseconds, all its requests together.
    pub(super) milliseconds: f64,
    /// What was seen, or what is wrong.
    pub(crate) words: String,
    /// On failure, the last request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<String>,
    /// On failure, the answer to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answered: Option<String>,
}

impl Step {
    /// Whether something does not work.
    pub(super) fn is_bad(&self) -> bool {
        self.outcome == Outcome::Failed
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, words) = (self.name, &self.words);
        match self.outcome {
            Outcome::Skipped => writeln!(f, "  –  {name:<10} {:>10}  {words}", ""),
            Outcome::Passed => {
                writeln!(f, "  ok {name:<10} {:>7.1} ms  {words}", self.milliseconds)
            }
            Outcome::Failed => {
                writeln!(f, "  NO {name:<10} {:>7.1} ms  {words}", self.milliseconds)?;
                for (what, text) in [("asked", &self.asked), ("answered", &self.answered)] {
                    if let Some(text) = text {
                        writeln!(f, "       {what}: {text}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

/// Why a step did not end well.
pub(super) enum Wrong {
    /// It failed.
    Failed(String),
    /// There was nothing to do.
    Skipped(String),
}

impl From<LineError> for Wrong {
    fn from(error: LineError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem.to_string())
    }
}

/// Fails unless this holds.
pub(super) fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Wrong> {
    if holds {
        Ok(())
    } else {
        Err(Wrong::Failed(otherwise()))
    }
}

/// The steps so far, and what carries them out.
pub(super) struct Walker {
    pub(super) caller: Caller,
    pub(super) steps: Vec<Step>,
}

/// Longest answer that is shown, in characters.
const SHOWN: usize = 400;

impl Walker {
    pub(super) fn new(line: Line) -> Self {
        let policy = Policy {
            // 2.0 – 2.3 do not tell their database, and the only harm of guessing wrong is a task more.
            assume_sqlite: true,
            ..Policy::default()
        };
        Self {
            caller: Retrying::new(Witness::new(line), policy),
            steps: Vec::new(),
        }
    }

    /// The stand-in answers 501 to what it lacks: that is not wrong, it is not there.
    fn is_not_in_the_stand_in(&mut self) -> bool {
        let witness = self.caller.inner();
        let status = witness.last.status;
        witness.line.sandbox.is_some() && status == Some(http::StatusCode::NOT_IMPLEMENTED)
    }

    /// Carries out a step; what it found goes on to the next ones, its words to the report.
    pub(super) async fn step<T>(
        &mut self,
        name: &'static str,
        work: impl AsyncFnOnce(&mut Caller) -> Result<(T, String), Wrong>,
    ) -> Option<T> {
        let started = Instant::now();
        self.caller.inner().last = crate::witness::Exchange::default();
        let done = work(&mut self.caller).await;
        let milliseconds = started.elapsed().as_secs_f64() * 1e3;
        let (found, outcome, words) = match done {
            Ok((found, words)) => (Some(found), Outcome::Passed, words),
            Err(Wrong::Failed(words)) if self.is_not_in_the_stand_in() => {
                (None, Outcome::Skipped, words)
            }
            Err(Wrong::Skipped(words)) => (None, Outcome::Skipped, words),
            Err(Wrong::Failed(words)) => (None, Outcome::Failed, words),
        };
        let mut step = Step {
            name,
            outcome,
            milliseconds,
            words,
            asked: None,
            answered: None,
        };
        if outcome == Outcome::Failed {
            let has_token = self.caller.session().token().is_some();
            let last = &self.caller.inner().last;
            step.asked = Some(last.asked.clone()).filter(|asked| !asked.is_empty());
            step.answered = last.status.map(|status| {
                // Before the log-in an answer may repeat a password or hold a token.
                let text = if has_token {
                    String::from_utf8_lossy(&last.body)
                } else {
                    "".into()
                };
                let text: String = text.trim().chars().take(SHOWN).collect();
                format!("{status} {text}").trim_end().to_owned()
            });
        }
        self.steps.push(step);
        found
    }
}
