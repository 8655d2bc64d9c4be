//! Flags of commands that look at a server and change nothing.

use std::{sync::Arc, time::Duration};

use clap::Args;
use http::HeaderMap;
use vikunja_sdk::Server;

use crate::{exit::Problem, guard, line::Target, tls::Trust};

/// What every request takes along, and whom it trusts.
#[derive(Args, Clone, Default)]
pub struct WayArgs {
    /// Whom it trusts.
    #[command(flatten)]
    pub trust: Trust,
    /// A header for every request, 'name: value' (repeatable)
    #[arg(
        long = "header",
        value_name = "HEADER",
        env = "LOADTEST_HEADER",
        hide_env_values = true,
        help_heading = "Server"
    )]
    pub headers: Vec<String>,
}

impl WayArgs {
    /// The headers.
    pub fn headers(&self) -> Result<HeaderMap, Problem> {
        guard::headers(&self.headers)
    }
}

/// Which server, and how it is reached.
#[derive(Args, Clone)]
#[command(next_help_heading = "Server")]
pub struct AccessArgs {
    /// Address of a running server
    #[arg(long, value_name = "URL", env = "VIKUNJA_URL")]
    pub url: Option<String>,
    /// What every request takes along, and whom it trusts.
    #[command(flatten)]
    pub way: WayArgs,
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
        let server = guard::server_at(url)?;
        let headers = self.way.headers()?;
        let target = Target::new(server.base(), &self.way.trust.connector()?, &headers)?;
        Ok(Some((server, Arc::new(target))))
    }
}
