//! How a command ends: its exit code, and what is said when it cannot run.

use std::{fmt, process::ExitCode};

/// Exit codes of `run`, `ab` and `compare`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Every target was met.
    Passed,
    /// The run could not take place, or not as asked.
    CouldNotRun,
    /// A target was missed.
    Missed,
    /// It got slower.
    Regressed,
    /// The figures cannot say whether it got slower.
    Inconclusive,
    /// The generator was the wall: the figures say nothing about the server.
    Invalid,
    /// SIGINT or SIGTERM.
    Cancelled,
    /// As monitoring plugins end: 0 well, 1 warning, 2 critical, 3 unknown.
    Plugin(u8),
}

impl Exit {
    /// The number that a shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::CouldNotRun => 1,
            Self::Missed => 2,
            Self::Regressed => 3,
            Self::Inconclusive => 4,
            Self::Invalid => 5,
            Self::Cancelled => 130,
            Self::Plugin(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not run: what is wrong, and what to do about it.
#[derive(Debug)]
pub struct Problem {
    what: String,
    advice: Vec<String>,
    exit: Exit,
}

impl Problem {
    /// What is wrong, in one sentence that names the thing.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            advice: Vec::new(),
            exit: Exit::CouldNotRun,
        }
    }

    /// Stopped by a signal before there was anything to report.
    pub fn cancelled() -> Self {
        Self {
            exit: Exit::Cancelled,
            ..Self::new("cancelled")
        }
    }

    /// Says first what it is about, such as a file.
    #[must_use]
    pub fn with(mut self, thing: &impl fmt::Display) -> Self {
        self.what = format!("{thing}: {}", self.what);
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice.push(advice.into());
        self
    }

    /// The exit code that it leads to.
    pub fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        for advice in &self.advice {
            write!(f, "\n  → {advice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
