//! The result of a comparison: one JSON document, from which its reports are made.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::judge::{Row, Verdict};
use crate::{
    exit::{Exit, Problem},
    generator::Generator,
    report::{PlanPart, ScenarioPart, ServerPart},
};

/// Version of the schema. Fields are added, never changed, within one.
pub const SCHEMA: u32 = 1;

/// Two sides, compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// Version of this schema.
    pub schema: u32,
    /// This program's version.
    pub loadtest: String,
    /// How it was compared.
    pub mode: Mode,
    /// What was typed, with what the environment said, without secrets.
    pub command: String,
    /// When A began, RFC 3339.
    pub started: String,
    /// A and B.
    pub sides: Vec<SidePart>,
    /// The plan of both.
    pub plan: PlanPart,
    /// The interleaved blocks, where both were measured in one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duel: Option<DuelPart>,
    /// What was compared, route by route.
    pub rows: Vec<Row>,
    /// What the load generator itself cost, where both were measured in one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<Generator>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why the figures say nothing about the servers, if they do not.
    pub invalid: Option<String>,
    /// What a reader has to know beside the rows.
    pub remarks: Vec<String>,
}

/// How it was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Two servers in one run, block by block.
    Interleaved,
    /// One server with itself, to know the noise.
    Noise,
    /// Two stored results of several runs each.
    Repeated,
    /// Two stored results, and what earlier ones say of the noise.
    History,
    /// Two stored results of which one is a single run: nothing to judge by.
    Single,
}

/// One side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SidePart {
    /// The server.
    pub server: ServerPart,
    /// What was done there.
    pub scenario: ScenarioPart,
}

/// Blocks on two servers in turns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DuelPart {
    /// Runs of the scenario in each block.
    pub block: u64,
    /// Pairs that are judged.
    pub pairs: usize,
    /// After how many pairs the figures were looked at.
    pub looks: Vec<usize>,
    /// Which server each block went to, the first two to warm them up: `ABBAAB`.
    pub order: String,
    /// All blocks that were begun.
    pub blocks: Vec<BlockPart>,
}

/// A block.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BlockPart {
    /// Index of the side.
    pub side: usize,
    /// Whether it is judged.
    pub judged: bool,
    /// How long it took.
    pub seconds: f64,
    /// Requests, all routes together.
    pub requests: u64,
    /// Failed ones.
    pub failed: u64,
    /// Median of the response time over all requests, in µs; `null` = a failed one, infinitely slow.
    pub p50: Option<u64>,
    /// 95th percentile.
    pub p95: Option<u64>,
}

/// How a comparison ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The rows' verdict.
    Unchanged,
    /// Likewise.
    Improved,
    /// Likewise.
    Regressed,
    /// Likewise.
    Inconclusive,
    /// The generator was the wall.
    Invalid,
    /// Stopped by a signal; the rows are those until then.
    Cancelled,
}

impl Comparison {
    /// Whether this is a comparison, and not a run.
    pub fn is_in(text: &str) -> bool {
        #[derive(Deserialize)]
        struct Compared {
            #[serde(rename = "mode")]
            _mode: serde::de::IgnoredAny,
        }
        serde_json::from_str::<Compared>(text).is_ok()
    }

    /// Reads a file that `ab` or `compare` has written.
    pub fn read(text: &str) -> Result<Self, Problem> {
        let comparison: Self = serde_json::from_str(text)
            .map_err(|error| Problem::new(format!("not a comparison of ab or compare: {error}")))?;
        if comparison.schema == 0 || comparison.schema > SCHEMA {
            return Err(Problem::new(format!(
                "the comparison has schema {}; this loadtest reads 1 to {SCHEMA}",
                comparison.schema
            ))
            .advise("use the loadtest that wrote it, or a newer one"));
        }
        Ok(comparison)
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Unchanged => Self::Unchanged,
            Verdict::Improved => Self::Improved,
            Verdict::Inconclusive => Self::Inconclusive,
            Verdict::Regressed => Self::Regressed,
        }
    }
}

impl Outcome {
    /// What the shell is told.
    pub fn exit(self) -> Exit {
        match self {
            Self::Unchanged | Self::Improved => Exit::Passed,
            Self::Regressed => Exit::Regressed,
            Self::Inconclusive => Exit::Inconclusive,
            Self::Invalid => Exit::Invalid,
            Self::Cancelled => Exit::Cancelled,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interleaved => "interleaved in one run",
            Self::Noise => "one server with itself",
            Self::Repeated => "stored results of several runs each",
            Self::History => "stored results, against the noise of earlier ones",
            Self::Single => "stored results, one of them a single run",
        })
    }
}
