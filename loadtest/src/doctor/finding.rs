//! What a rule says.

use clap::ValueEnum;
use serde::Serialize;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Better otherwise.
    Low,
    /// A hole under conditions, or something that does not do what it says.
    Medium,
    /// A hole, or something that will not run.
    High,
}

/// One place where a rule is broken. The evidence never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Hit {
    /// Where, where that is not the server itself: file and line, or container.
    #[serde(rename = "where")]
    pub(crate) place: String,
    /// How bad.
    pub(crate) severity: Severity,
    /// What was seen.
    pub(crate) evidence: String,
    /// What to do.
    pub(crate) remedy: String,
}

impl Hit {
    /// A broken rule.
    pub(super) fn new(
        severity: Severity,
        place: impl Into<String>,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            severity,
            evidence: evidence.into(),
            remedy: remedy.into(),
        }
    }
}

/// Why a rule could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unknown(pub String);

/// What a rule found: nothing is well.
pub(super) type Checked = Result<Vec<Hit>, Unknown>;
