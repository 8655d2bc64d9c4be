//! Flags of `monitor`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, builder::BoolishValueParser};

use super::access::AccessArgs;

/// Flags of `monitor`.
#[derive(Args)]
pub struct MonitorArgs {
    /// Where. With VIKUNJA_TOKEN tasks are listed, else only the server's description is read.
    #[command(flatten)]
    pub at: AccessArgs,
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
