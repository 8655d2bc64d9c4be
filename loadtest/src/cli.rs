//! The command line. Flags that hold one value have an environment name; what is typed counts first.

pub mod ab;
pub mod access;
pub mod compare;
pub mod doctor;
pub mod monitor;
pub mod receiver;
pub mod seed;
pub mod store;

use std::{net::IpAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum, builder::BoolishValueParser};
use secrecy::SecretString;
use vikunja_sdk::{Api, ApiChoice};

use crate::{
    check::Check,
    exit::Problem,
    line::{Connections, Resolve},
    plan::{Arrivals, Stages},
    report,
    scenario::Wanted,
};
use access::WayArgs;
use receiver::ReceiverArgs;
use store::PostgresArg;

/// Is this Vikunja healthy and fast enough?
///
/// Without a command: `run`. Without a server: a stand-in, so that you see how it works.
#[derive(Parser)]
#[command(
    name = "loadtest",
    version,
    args_conflicts_with_subcommands = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Flags of `run`.
    #[command(flatten)]
    pub run: RunArgs,
}

/// Commands.
#[derive(Subcommand)]
pub enum Command {
    /// Replay a scenario and judge it (the default).
    Run(Box<RunArgs>),
    /// Compare two servers in one run, block by block: did it get slower?
    Ab(Box<ab::AbArgs>),
    /// Compare two stored results: did it get slower?
    Compare(Box<compare::CompareArgs>),
    /// List the scenarios.
    Scenarios,
    /// Fill a server with accounts, projects and tasks; what is there already is not made again.
    Seed(Box<seed::SeedArgs>),
    /// Delete what was made by `seed` and by scenarios, and nothing else.
    Clean(Box<seed::CleanArgs>),
    /// Hold a server, its settings and its containers to the hardening list; nothing is changed.
    Doctor(Box<doctor::DoctorArgs>),
    /// Watch a server by a few requests, held to the manual's thresholds.
    Monitor(Box<monitor::MonitorArgs>),
    /// Does everything that matters work once? Register, log in, project, task, done, list, webhooks, delete.
    Smoke(Box<crate::smoke::SmokeArgs>),
    /// Write everything that accounts can see into a file.
    Snapshot(Box<crate::snapshot::SnapshotArgs>),
    /// Compare what accounts can see with a snapshot, after a restart, a restore or an upgrade.
    Verify(Box<crate::verify::VerifyArgs>),
    /// Make reports of a result file.
    Report(Box<report::ReportArgs>),
    /// Print what a shell needs to complete this command line.
    Completions(crate::completions::CompletionsArgs),
    /// Print the manual page, or write one for each command.
    Man(crate::man::ManArgs),
    /// All of the phases one after the other, and the manual's final checklist with the evidence of each line.
    Accept(Box<crate::accept::AcceptArgs>),
    /// Serve the stand-in; `run` starts this by itself.
    #[command(hide = true)]
    Sandbox(Box<vikunja_sandbox::cli::Args>),
}

/// Which API to call.
#[derive(Clone, Copy, ValueEnum)]
pub enum ApiArg {
    /// v2 where the server has it.
    Auto,
    /// v1.
    V1,
    /// v2 (from 2.4).
    V2,
}

impl From<ApiArg> for ApiChoice {
    fn from(arg: ApiArg) -> Self {
        match arg {
            ApiArg::Auto => Self::Auto,
            ApiArg::V1 => Self::Only(Api::V1),
            ApiArg::V2 => Self::Only(Api::V2),
        }
    }
}

/// Flags of `run`.
#[derive(Args, Clone)]
#[command(group = ArgGroup::new("which").args(["url", "bin", "sandbox"]).multiple(false))]
pub struct RunArgs {
    /// Address of a running server [env: VIKUNJA_URL]
    #[arg(long, value_name = "URL", help_heading = "Server")]
    pub url: Option<String>,
    /// A Vikunja program to start on a free loopback port with a scratch SQLite folder [env: VIKUNJA_BIN]
    #[arg(long, value_name = "PATH", help_heading = "Server")]
    pub bin: Option<PathBuf>,
    /// The stand-in, with faults if you like: 2.5,delay=600ms [env: LOADTEST_SANDBOX]
    #[arg(long, value_name = "CONFIG", num_args = 0..=1, default_missing_value = "2.5", help_heading = "Server")]
    pub sandbox: Option<String>,
    /// API to call
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        env = "LOADTEST_API",
        help_heading = "Server"
    )]
    pub api: ApiArg,
    /// Wait until the server answers and logging in works
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "LOADTEST_WAIT", help_heading = "Server")]
    pub wait: Option<Duration>,
    /// The host of --url once more, where it is not this machine
    #[arg(
        long,
        value_name = "HOST",
        env = "LOADTEST_CONFIRM_HOST",
        help_heading = "Server"
    )]
    pub confirm_host: Option<String>,
    /// What every request takes along, and whom it trusts.
    #[command(flatten)]
    pub way: WayArgs,
    /// Where the server's name leads, instead of asking for it: host:port:address (repeatable, or with commas)
    #[arg(
        long,
        value_name = "RULE",
        value_delimiter = ',',
        env = "LOADTEST_RESOLVE",
        help_heading = "Server"
    )]
    pub resolve: Vec<Resolve>,
    /// Process of the server on this machine, for its CPU time and memory [default: the one that is started here]
    #[arg(
        long,
        value_name = "PID",
        env = "LOADTEST_SERVER_PID",
        help_heading = "Server"
    )]
    pub server_pid: Option<u32>,
    /// Its database.
    #[command(flatten)]
    pub postgres: PostgresArg,

    /// A JWT or an API token; better in the environment, where no process list shows it [env: VIKUNJA_TOKEN]
    #[arg(long, value_name = "TOKEN", help_heading = "Account")]
    pub token: Option<String>,
    /// User name to log in with [env: VIKUNJA_USERNAME]
    #[arg(long, value_name = "NAME", help_heading = "Account")]
    pub username: Option<String>,
    /// Password; better in the environment [env: VIKUNJA_PASSWORD]
    #[arg(long, value_name = "PASSWORD", help_heading = "Account")]
    pub password: Option<String>,
    /// Register an account on a loopback server and fill it; what was made is deleted afterwards, the account remains
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_THROWAWAY", help_heading = "Account")]
    pub throwaway: bool,
    /// Make a project with so many tasks first, and delete it afterwards [default: 100 with an account of our own, else 0]
    #[arg(
        long,
        value_name = "N",
        env = "LOADTEST_SEED_TASKS",
        help_heading = "Account"
    )]
    pub seed_tasks: Option<u64>,
    /// Act as the accounts that `loadtest seed` keeps in this file [default: those of the server, where no account is given]
    #[arg(
        long,
        value_name = "FILE",
        env = "LOADTEST_SEED_STATE",
        help_heading = "Account"
    )]
    pub accounts: Option<PathBuf>,
    /// Let scenarios change what is in an account that was given
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_WRITES", help_heading = "Account")]
    pub writes: bool,
    /// Where accounts that were made are kept (mode 0600)
    #[arg(
        long,
        value_name = "FILE",
        env = "LOADTEST_STATE",
        help_heading = "Account"
    )]
    pub state: Option<PathBuf>,

    /// Where webhooks are received.
    #[command(flatten)]
    pub receiver: ReceiverArgs,

    /// How much.
    #[command(flatten)]
    pub how_much: HowMuch,
    /// What users do, or several with their weights: NAME=3,OTHER=1
    #[arg(
        long,
        value_name = "NAME",
        default_value = "list-tasks",
        env = "LOADTEST_SCENARIO",
        help_heading = "How much"
    )]
    pub scenario: Wanted,
    /// Runs, one after the other; the median is judged
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=1000),
        env = "LOADTEST_REPEAT",
        help_heading = "How much"
    )]
    pub repeat: u16,
    /// A shell command before each run, such as one that restores the database
    #[arg(
        long,
        value_name = "COMMAND",
        env = "LOADTEST_BEFORE_EACH",
        hide_env_values = true,
        help_heading = "How much"
    )]
    pub before_each: Option<String>,
    /// Who holds connections: user, request (none is kept), pool:N (N for all)
    #[arg(
        long,
        value_name = "WHO",
        default_value_t,
        env = "LOADTEST_CONNECTIONS",
        help_heading = "How much"
    )]
    pub connections: Connections,
    /// How closely answers are looked at: full, sample:N (one of N), status
    #[arg(
        long,
        value_name = "HOW",
        default_value_t,
        env = "LOADTEST_CHECK",
        help_heading = "How much"
    )]
    pub check: Check,
    /// Threads that carry out users [default: half the processors]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=256), env = "LOADTEST_THREADS",
        help_heading = "How much"
    )]
    pub threads: Option<u16>,

    /// A target in place of a documented one or beside them: 'p95<200ms', 'GET /tasks: p99<1s' (repeatable, or with ;)
    #[arg(
        long = "target",
        value_name = "TARGET",
        value_delimiter = ';',
        env = "LOADTEST_TARGETS",
        help_heading = "Verdict"
    )]
    pub targets: Vec<String>,
    /// Give up as soon as this holds: 'errors>50%', 'p95>5s'
    #[arg(
        long,
        value_name = "LIMIT",
        env = "LOADTEST_ABORT_ON",
        help_heading = "Verdict"
    )]
    pub abort_on: Option<String>,
    /// More than 100 requests/s is a miss, too
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_STRICT_BAND", help_heading = "Verdict")]
    pub strict_band: bool,
    /// Judge the figures even where this machine was late: they are worse than the server then
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_IGNORE_LAG", help_heading = "Verdict")]
    pub ignore_lag: bool,

    /// Where reports go.
    #[command(flatten)]
    pub outputs: report::Wanted,
}

/// Flags that make the plan.
#[derive(Args, Clone)]
pub struct HowMuch {
    /// Runs of the scenario in all [default: 1000, unless time says when to end]
    #[arg(
        long,
        short = 'n',
        value_name = "N",
        env = "LOADTEST_REQUESTS",
        help_heading = "How much"
    )]
    pub requests: Option<u64>,
    /// Users at a time, or stages: 50,100,200@30s [default: 10]
    #[arg(
        long,
        short = 'c',
        value_name = "N",
        env = "LOADTEST_USERS",
        help_heading = "How much"
    )]
    pub users: Option<Stages>,
    /// How long, in place of --requests
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "LOADTEST_DURATION", help_heading = "How much")]
    pub duration: Option<Duration>,
    /// Runs of the scenario per second, whether the server keeps up or not; or stages: 50,100@30s
    #[arg(
        long,
        value_name = "R",
        env = "LOADTEST_RATE",
        help_heading = "How much"
    )]
    pub rate: Option<Stages>,
    /// How those follow one another [default: constant]
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        env = "LOADTEST_ARRIVALS",
        help_heading = "How much"
    )]
    pub arrivals: Option<Arrivals>,
    /// How many of those may be under way at a time; more wait, and that counts [default: two seconds' worth, 10 to 1000]
    #[arg(
        long,
        value_name = "N",
        env = "LOADTEST_MAX_IN_FLIGHT",
        help_heading = "How much"
    )]
    pub max_in_flight: Option<u64>,
    /// How long the load rises first; not judged
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "LOADTEST_RAMP", help_heading = "How much")]
    pub ramp: Option<Duration>,
    /// How long what is under way at the end may take [default: 5s; with --users and --requests: as long as it takes]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "LOADTEST_DRAIN", help_heading = "How much")]
    pub drain: Option<Duration>,
    /// Factor on the scenario's think times: 0.1x is ten times as busy [default: 1x]
    #[arg(
        long,
        value_name = "FACTOR",
        env = "LOADTEST_THINK",
        help_heading = "How much"
    )]
    pub think: Option<Factor>,
    /// Where everything random comes from
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        env = "LOADTEST_SEED",
        help_heading = "How much"
    )]
    pub seed: u64,
    /// Longest wait for one answer
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration, env = "LOADTEST_TIMEOUT", help_heading = "How much")]
    pub timeout: Duration,
}

/// A factor: `0.1x`, or `0.1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor(pub f64);

impl FromStr for Factor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.strip_suffix('x')
            .unwrap_or(text)
            .parse()
            .ok()
            .filter(|factor: &f64| (0.0..=1000.0).contains(factor))
            .map(Self)
            .ok_or_else(|| format!("{text:?} is not a factor like 0.1x"))
    }
}

/// The flags of a command as they are where nothing is typed and the environment says nothing.
pub(crate) fn bare<A: Args>() -> Result<A, Problem> {
    let nothing = |arg: clap::Arg| arg.env(clap::builder::Resettable::Reset);
    let command = A::augment_args(clap::Command::new("loadtest")).mut_args(nothing);
    command
        .try_get_matches_from(["loadtest"])
        .and_then(|matches| A::from_arg_matches(&matches))
        .map_err(|error| Problem::new(error.to_string()))
}

/// A variable of the environment; an empty one counts as none.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl RunArgs {
    /// The token that is given.
    pub fn token(&self) -> Option<SecretString> {
        self.token
            .clone()
            .or_else(|| variable("VIKUNJA_TOKEN"))
            .map(SecretString::from)
    }

    /// The user name that is given.
    pub fn username(&self) -> Option<String> {
        self.username
            .clone()
            .or_else(|| variable("VIKUNJA_USERNAME"))
    }

    /// The password that is given.
    pub fn password(&self) -> Option<SecretString> {
        self.password
            .clone()
            .or_else(|| variable("VIKUNJA_PASSWORD"))
            .map(SecretString::from)
    }

    /// Whether a server is named, on the command line or in the environment.
    pub fn names_a_server(&self) -> bool {
        self.url.is_some()
            || self.bin.is_some()
            || self.sandbox.is_some()
            || variable("VIKUNJA_URL").is_some()
            || variable("VIKUNJA_BIN").is_some()
            || variable("LOADTEST_SANDBOX").is_some()
    }

    /// Flags on the command line that every process list shows, with what to use instead.
    pub fn exposed_secrets(&self) -> Vec<(&'static str, &'static str)> {
        [
            (self.token.is_some(), "--token", "VIKUNJA_TOKEN"),
            (self.password.is_some(), "--password", "VIKUNJA_PASSWORD"),
        ]
        .into_iter()
        .filter_map(|(given, flag, instead)| given.then_some((flag, instead)))
        .collect()
    }
}

/// Whether a host is this machine, by its name alone.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn loopback_is_told_by_the_name() {
        for host in [
            "localhost",
            "LOCALHOST",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "::1",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "10.0.0.1",
            "example.com",
            "localhost.example.com",
            "0.0.0.0",
            "",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
