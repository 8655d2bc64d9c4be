//! Flags of `monitor`.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, builder::BoolishValueParser};

use super::{
    access::AccessArgs,
    store::{PostgresArg, RedisArg},
};

/// Flags of `monitor`.
#[derive(Args)]
pub struct MonitorArgs {
    /// Where. With VIKUNJA_TOKEN tasks are listed, else only the server's description is read.
    #[command(flatten)]
    pub at: AccessArgs,
    /// Memory to watch: the server's process, held to its container's limit where it has one, or `machine` (this one)
    #[arg(
        long,
        value_name = "PID|machine",
        env = "LOADTEST_MEMORY",
        help_heading = "Server"
    )]
    pub memory: Option<MemoryOf>,
    /// Disk to watch: a path on it, such as the database's folder
    #[arg(
        long,
        value_name = "PATH",
        env = "LOADTEST_DISK",
        help_heading = "Server"
    )]
    pub disk: Option<PathBuf>,
    /// Its database.
    #[command(flatten)]
    pub postgres: PostgresArg,
    /// Its cache.
    #[command(flatten)]
    pub redis: RedisArg,
    /// Judge once and end as monitoring plugins do (0, 1, 2, 3): after 20 probes, or after one more with --state
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_ONCE", help_heading = "How")]
    pub once: bool,
    /// Pause between two probes [default: 5s; with --once 100ms]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "LOADTEST_EVERY", help_heading = "How")]
    pub every: Option<Duration>,
    /// How far back is judged [default: 5m; with --state 30m]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "LOADTEST_WINDOW", help_heading = "How")]
    pub window: Option<Duration>,
    /// Where probes are kept between two runs (mode 0600)
    #[arg(
        long,
        value_name = "FILE",
        env = "LOADTEST_MONITOR_STATE",
        help_heading = "How"
    )]
    pub state: Option<PathBuf>,
    /// Serve the figures to Prometheus at http://ADDRESS/metrics
    #[arg(
        long,
        value_name = "ADDRESS",
        conflicts_with = "once",
        env = "LOADTEST_LISTEN",
        help_heading = "Out"
    )]
    pub listen: Option<SocketAddr>,
    /// Print a line of JSON for each probe
    #[arg(long, conflicts_with = "once", value_parser = BoolishValueParser::new(), env = "LOADTEST_JSON_LINES", help_heading = "Out")]
    pub json_lines: bool,
    /// Post changes for the worse, and their end, as JSON to this address
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "once",
        env = "LOADTEST_ALERT_URL",
        hide_env_values = true,
        help_heading = "Out"
    )]
    pub alert_url: Option<String>,
    /// Shortest time between two alerts about the same
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = humantime::parse_duration, env = "LOADTEST_COOL_DOWN", help_heading = "Out")]
    pub cool_down: Duration,
}

/// Whose memory is watched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MemoryOf {
    /// All of this machine's.
    Machine,
    /// A process of this machine.
    Process(u32),
}

impl FromStr for MemoryOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(pid @ 1..) => Ok(Self::Process(pid)),
            _ if text == "machine" => Ok(Self::Machine),
            _ => Err(format!(
                "{text:?} is neither the number of a process nor `machine`"
            )),
        }
    }
}
