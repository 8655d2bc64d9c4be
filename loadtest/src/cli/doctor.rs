//! Flags of `doctor`.

use std::path::PathBuf;

use clap::Args;
use vikunja_sdk::Release;

use super::access::AccessArgs;
use crate::{doctor::Severity, sink::JsonArg};

/// Flags of `doctor`.
#[derive(Args)]
pub struct DoctorArgs {
    /// Where.
    #[command(flatten)]
    pub at: AccessArgs,
    /// What else is held to the list.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
    /// Its result.
    #[command(flatten)]
    pub json: JsonArg,
}

/// What is held to the hardening list beside a server, and how strictly.
#[derive(Args)]
pub struct EvidenceArgs {
    /// A compose file (repeatable, or with commas)
    #[arg(
        long,
        value_name = "FILE",
        value_delimiter = ',',
        env = "LOADTEST_COMPOSE",
        help_heading = "Files"
    )]
    pub compose: Vec<PathBuf>,
    /// A file of variables, such as .env (repeatable, or with commas) [default: the .env beside the first compose file]
    #[arg(
        long,
        value_name = "FILE",
        value_delimiter = ',',
        env = "LOADTEST_ENV_FILE",
        help_heading = "Files"
    )]
    pub env_file: Vec<PathBuf>,
    /// What `podman inspect CONTAINER…` printed (repeatable, or with commas)
    #[arg(
        long,
        value_name = "FILE",
        value_delimiter = ',',
        env = "LOADTEST_INSPECT",
        help_heading = "Files"
    )]
    pub inspect: Vec<PathBuf>,
    /// Release to judge by [default: as the server says, else as the image's tag says]
    #[arg(long, value_name = "VERSION", value_parser = release, env = "LOADTEST_RELEASE", help_heading = "Verdict")]
    pub release: Option<Release>,
    /// Least severity that leads to exit code 2
    #[arg(
        long,
        value_enum,
        value_name = "SEVERITY",
        default_value = "low",
        env = "LOADTEST_FAIL_ON",
        help_heading = "Verdict"
    )]
    pub fail_on: Severity,
}

fn release(text: &str) -> Result<Release, String> {
    Release::parse(text)
        .or_else(|| Release::parse(&format!("{text}.0")))
        .ok_or_else(|| "expected a version such as 0.24.1 or 2.5".to_owned())
}
