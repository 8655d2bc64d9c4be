//! Flags of commands that look at a server and change nothing.

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::{Args, builder::BoolishValueParser};
use vikunja_sdk::Server;

use crate::{exit::Problem, guard, line::Target, tls::Trust};

/// Which server, and how it is reached.
#[derive(Args, Clone)]
#[command(next_help_heading = "Server")]
pub struct AccessArgs {
    /// Address of a running server
    #[arg(long, value_name = "URL", env = "VIKUNJA_URL")]
    pub url: Option<String>,
    /// A PEM file with authorities to trust besides the system's
    #[arg(long, value_name = "FILE", env = "LOADTEST_CACERT")]
    pub cacert: Option<PathBuf>,
    /// Trust every certificate
    #[arg(long, conflicts_with = "cacert", value_parser = BoolishValueParser::new(), env = "LOADTEST_INSECURE")]
    pub insecure: bool,
    /// A header for every request, 'name: value' (repeatable)
    #[arg(
        long = "header",
        value_name = "HEADER",
        env = "LOADTEST_HEADER",
        hide_env_values = true
    )]
    pub headers: Vec<String>,
    /// Longest wait for one answer
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration, env = "LOADTEST_TIMEOUT")]
    pub timeout: Duration,
}

impl AccessArgs {
    /// The server that is named, if one is, and the way to it. Nothing is sent.
    pub fn server(&self) -> Result<Option<(Server, Arc<Target>)>, Problem> {
        let Some(url) = self.url.as_deref().filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        let server = Server::new(url).map_err(|error| Problem::new(error.to_string()))?;
        let trust = Trust {
            cacert: self.cacert.clone(),
            insecure: self.insecure,
        };
        let headers = guard::headers(&self.headers)?;
        let target = Target::new(server.base(), &trust.connector()?, &headers)?;
        Ok(Some((server, Arc::new(target))))
    }
}
