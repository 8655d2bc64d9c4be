//! A server that a command looks at without a load: its flags, and the way to it.

use std::{sync::Arc, time::Duration};

use clap::Args;
use vikunja_sdk::{Execute, Session, ops::Identified};

use crate::{
    cli::{
        ApiArg,
        access::{AccessArgs, WayArgs},
        variable,
    },
    exit::Problem,
    guard,
    line::{Line, Target},
    report::ServerPart,
    server::{self, Reached, Running, Which},
    stop::Stop,
};

/// How long a server that was started here may take to answer.
const START_UP: Duration = Duration::from_secs(60);

/// Which server, and how it is reached.
#[derive(Args, Clone)]
#[command(next_help_heading = "Server")]
pub struct SiteArgs {
    /// Address of a running server [env: VIKUNJA_URL]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// API to call
    #[arg(long, value_enum, default_value = "auto", env = "LOADTEST_API")]
    pub api: ApiArg,
    /// Wait until the server answers and logging in works
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, env = "LOADTEST_WAIT")]
    pub wait: Option<Duration>,
    /// The host of --url once more, where it is not this machine
    #[arg(long, value_name = "HOST", env = "LOADTEST_CONFIRM_HOST")]
    pub confirm_host: Option<String>,
    /// What every request takes along, and whom it trusts.
    #[command(flatten)]
    pub way: WayArgs,
    /// Longest wait for one answer
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration, env = "LOADTEST_TIMEOUT")]
    pub timeout: Duration,
}

impl SiteArgs {
    /// The way to this server, for commands that only look.
    pub(crate) fn access(&self, base: &str) -> AccessArgs {
        AccessArgs {
            url: Some(base.to_owned()),
            way: self.way.clone(),
            timeout: self.timeout,
        }
    }

    /// The running server that is named.
    pub fn named(&self) -> Result<Which, Problem> {
        self.url
            .clone()
            .or_else(|| variable("VIKUNJA_URL"))
            .map(Which::Url)
            .ok_or_else(|| {
                Problem::new("no server is named").advise("set VIKUNJA_URL, or give --url")
            })
    }
}

/// A server that answers.
pub struct Site {
    /// What it is.
    pub identified: Identified,
    /// How long it may refuse a log-in while it starts up.
    pub wait: Duration,
    target: Arc<Target>,
    patience: Duration,
    sandbox: Option<String>,
    /// Ends with this, where it was started here.
    _running: Running,
}

impl Site {
    /// Reaches a server, and starts it first where that is meant.
    pub async fn reach(args: &SiteArgs, which: &Which, stop: &Stop) -> Result<Self, Problem> {
        if let Which::Url(address) = which {
            let host = guard::host_of(address)?;
            guard::confirm_host(&host, args.confirm_host.as_deref())?;
        }
        let headers = args.way.headers()?;
        let mut running = Running::start(which, stop)?;
        let server = guard::server_at(&running.address)?.with_api(args.api.into());
        let target = Arc::new(Target::new(
            server.base(),
            &args.way.trust.connector()?,
            &headers,
        )?);
        let wait = match (args.wait, which.is_running_already()) {
            (Some(wait), _) => wait,
            (None, true) => Duration::ZERO,
            (None, false) => START_UP,
        };
        let reaching = server::reach(&mut running, server, &target, args.timeout, wait);
        let Reached { identified, line } = stop.unless_asked(reaching).await?;
        guard::check_api(args.api, &identified)?;
        Ok(Self {
            identified,
            wait,
            target,
            patience: args.timeout,
            sandbox: line.sandbox,
            _running: running,
        })
    }

    /// Its address.
    pub fn base(&self) -> &str {
        self.identified.server.base()
    }

    /// A line to it, with a session of its own that nobody has logged in to.
    pub fn line(&self) -> Line {
        let session = Session::new(self.identified.server.clone());
        let mut line = Line::new(session, Arc::clone(&self.target), self.patience);
        line.sandbox.clone_from(&self.sandbox);
        line
    }

    /// What it is, in results: as this line finds it.
    pub fn part(&self, line: &Line) -> ServerPart {
        let mut part = ServerPart::of(&self.identified, line);
        part.api = line
            .session()
            .call(&vikunja_sdk::tasks::List::default())
            .map_or_else(
                |_| String::new(),
                |(_, pending)| pending.route().at.api.to_string(),
            );
        part
    }
}
