//! Flags of `ab`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, builder::BoolishValueParser};

use super::RunArgs;

/// Flags of `ab`.
#[derive(Args)]
#[command(
    group = ArgGroup::new("against").args(["b", "aa"]).required(true).multiple(false),
    mut_args = hide_what_it_has_not
)]
pub struct AbArgs {
    /// The server to compare with: an address, a Vikunja program, or sandbox:CONFIG
    #[arg(long, value_name = "SERVER", env = "LOADTEST_A", help_heading = "Comparison", conflicts_with_all = HAS_NOT)]
    pub a: String,
    /// The server that may have got slower
    #[arg(
        long,
        value_name = "SERVER",
        env = "LOADTEST_B",
        help_heading = "Comparison"
    )]
    pub b: Option<String>,
    /// A with itself: how large the noise of this testbed is
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_AA", help_heading = "Comparison")]
    pub aa: bool,
    /// A result of --aa: a delta below its noise is refused before anything is sent
    #[arg(
        long,
        value_name = "FILE",
        env = "LOADTEST_NOISE",
        conflicts_with = "aa",
        help_heading = "Comparison"
    )]
    pub noise: Option<PathBuf>,
    /// A JWT or an API token for A, where VIKUNJA_TOKEN is not for both [env: VIKUNJA_TOKEN_A]
    #[arg(long, value_name = "TOKEN", help_heading = "Account")]
    pub token_a: Option<String>,
    /// Likewise for B [env: VIKUNJA_TOKEN_B]
    #[arg(long, value_name = "TOKEN", requires = "b", help_heading = "Account")]
    pub token_b: Option<String>,
    /// Pairs of blocks before the first look
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u16).range(6..=500), env = "LOADTEST_PAIRS", help_heading = "Comparison")]
    pub pairs: u16,
    /// Most pairs, where the figures cannot say before [default: 200, or --pairs where that is more]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(6..=500), env = "LOADTEST_MAX_PAIRS", help_heading = "Comparison")]
    pub max_pairs: Option<u16>,
    /// Runs of the scenario in a block
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(20..=100_000), env = "LOADTEST_BLOCK", help_heading = "Comparison")]
    pub block: u64,
    /// How much p50 and p95 may change
    #[command(flatten)]
    pub allowed: Allowed,
    /// What it has in common with `run`.
    #[command(flatten)]
    pub run: RunArgs,
}

/// What may change.
#[derive(Args, Clone, Copy, Debug)]
pub struct Allowed {
    /// How much p50 and p95 may change: an effect that is to be found must be larger
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = percent, env = "LOADTEST_DELTA", help_heading = "Comparison")]
    pub delta: f64,
    /// How much they may change however small they are
    #[arg(long, value_name = "TIME", default_value = "100us", value_parser = micros, env = "LOADTEST_FLOOR", help_heading = "Comparison")]
    pub floor: f64,
}

/// What of `run` makes no sense here: blocks and pairs say it, or a comparison has no such thing.
const HAS_NOT: [&str; 22] = [
    "url",
    "bin",
    "sandbox",
    "server_pid",
    "postgres",
    "accounts",
    "requests",
    "duration",
    "rate",
    "arrivals",
    "max_in_flight",
    "ramp",
    "drain",
    "repeat",
    "before_each",
    "targets",
    "abort_on",
    "strict_band",
    "receiver_listen",
    "receiver_url",
    "csv",
    "hgrm",
];

/// Leaves it out of the help, where another command's flags are taken over.
pub(super) fn hide_what_it_has_not(arg: clap::Arg) -> clap::Arg {
    let hidden = HAS_NOT.contains(&arg.get_id().as_str());
    arg.hide(hidden)
}

/// `5%` as a share.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    number
        .parse()
        .ok()
        .filter(|percent| (0.1..=1000.0).contains(percent))
        .map(|percent: f64| percent / 100.0)
        .ok_or_else(|| format!("{text:?} is not a percentage like 5%, 0.1% or more"))
}

/// A time in µs.
fn micros(text: &str) -> Result<f64, String> {
    humantime::parse_duration(text)
        .map(|time| time.as_secs_f64() * 1e6)
        .map_err(|_| format!("{text:?} is not a time like 100us"))
}
