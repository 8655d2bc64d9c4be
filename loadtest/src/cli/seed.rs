//! Flags of `seed` and `clean`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, builder::BoolishValueParser};

use super::ApiArg;
use crate::seed::Shape;

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
#[command(next_help_heading = "Server")]
pub struct AtArgs {
    /// Address of a running server
    #[arg(long, value_name = "URL", env = "VIKUNJA_URL")]
    pub url: String,
    /// API to call
    #[arg(long, value_enum, default_value = "auto", env = "LOADTEST_API")]
    pub api: ApiArg,
    /// Wait until the server answers
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration, env = "LOADTEST_WAIT")]
    pub wait: Duration,
    /// The host of --url once more, where it is not this machine
    #[arg(long, value_name = "HOST", env = "LOADTEST_CONFIRM_HOST")]
    pub confirm_host: Option<String>,
    /// A PEM file with authorities to trust besides the system's
    #[arg(long, value_name = "FILE", env = "LOADTEST_CACERT")]
    pub cacert: Option<PathBuf>,
    /// Trust every certificate
    #[arg(long, conflicts_with = "cacert", value_parser = BoolishValueParser::new(), env = "LOADTEST_INSECURE")]
    pub insecure: bool,
    /// A header for every request, 'name: value' (repeatable)
    #[arg(long = "header", value_name = "HEADER")]
    pub headers: Vec<String>,
    /// Longest wait for one answer
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration, env = "LOADTEST_TIMEOUT")]
    pub timeout: Duration,
    /// Where the accounts and what is in them are kept (mode 0600) [default: by server, beside the accounts of `run`]
    #[arg(long, value_name = "FILE", env = "LOADTEST_SEED_STATE")]
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
