//! Flags of `compare`.

use std::path::PathBuf;

use clap::Args;

use super::ab::{Allowed, hide_what_it_has_not};
use crate::report::Wanted;

/// Flags of `compare`.
#[derive(Args)]
#[command(mut_args = hide_what_it_has_not)]
pub struct CompareArgs {
    /// A result of `run --json`: as it was; with --repeat 5 or more, or with --history
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// A result of the same run: as it is now
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Five or more earlier results of this testbed, for its noise (repeatable, or with commas); the last 30 count
    #[arg(
        long,
        value_name = "FILE",
        value_delimiter = ',',
        num_args = 1..,
        env = "LOADTEST_HISTORY",
        help_heading = "Comparison"
    )]
    pub history: Vec<PathBuf>,
    /// How much p50 and p95 may change.
    #[command(flatten)]
    pub allowed: Allowed,
    /// Where reports go.
    #[command(flatten)]
    pub outputs: Wanted,
}
