//! Flags of `seed` and `clean`.

use std::path::PathBuf;

use clap::Args;

use crate::{seed::Shape, site::SiteArgs};

/// Flags of `seed`.
#[derive(Args)]
pub struct SeedArgs {
    /// Where.
    #[command(flatten)]
    pub at: AtArgs,
    /// How much.
    #[command(flatten)]
    pub shape: Shape,
    /// Most requests a second [default: as fast as the server answers]
    #[arg(long, value_name = "R", value_parser = rate, env = "LOADTEST_SEED_RATE", help_heading = "How fast")]
    pub rate: Option<f64>,
    /// Accounts that are filled at the same time [default: 8 where the server says that it takes writes side by side (2.4+), else 1]
    #[arg(long, value_name = "N", env = "LOADTEST_SEED_JOBS", help_heading = "How fast", value_parser = clap::value_parser!(u64).range(1..=256))]
    pub jobs: Option<u64>,
}

/// Flags of `clean`.
#[derive(Args)]
pub struct CleanArgs {
    /// Where.
    #[command(flatten)]
    pub at: AtArgs,
}

/// Which server, and where its accounts are kept.
#[derive(Args)]
pub struct AtArgs {
    /// Which server.
    #[command(flatten)]
    pub site: SiteArgs,
    /// Where the accounts and what is in them are kept (mode 0600) [default: by server, beside the accounts of `run`]
    #[arg(
        long = "accounts",
        alias = "state",
        value_name = "FILE",
        env = "LOADTEST_SEED_STATE",
        help_heading = "Server"
    )]
    pub state: Option<PathBuf>,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text
        .parse()
        .map_err(|_| "expected a number of requests a second".to_owned())?;
    (rate > 0.001 && rate.is_finite())
        .then_some(rate)
        .ok_or_else(|| "expected more than 0.001 requests a second".to_owned())
}
