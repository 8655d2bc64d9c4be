//! Which server: an address, a Vikunja program that is started here, or the stand-in.

mod child;
mod program;
mod reach;
mod sandbox;
pub mod usage;

pub use reach::{LONGEST_WAIT, PAUSE, Reached, explain, reach};

use std::path::PathBuf;

use crate::{cli, exit::Problem, guard, stop::Stop};
use child::Child;

/// Which server was named.
#[derive(Debug)]
pub enum Which {
    /// One that runs already.
    Url(String),
    /// A Vikunja program.
    Program(PathBuf),
    /// The stand-in, with its configuration.
    Sandbox(String),
}

/// The stand-in's configuration where nothing was named.
pub const SANDBOX: &str = "2.5";

impl Which {
    /// What the command line says, else the environment, else the stand-in.
    pub fn of(args: &cli::RunArgs) -> Self {
        Self::given(args.url.clone(), args.bin.clone(), args.sandbox.clone())
            .unwrap_or_else(Self::stand_in)
    }

    /// The stand-in, as it is where nothing was named.
    pub fn stand_in() -> Self {
        Self::Sandbox(SANDBOX.to_owned())
    }

    /// The one of these that is given, else what the environment says.
    pub fn given(
        url: Option<String>,
        bin: Option<PathBuf>,
        sandbox: Option<String>,
    ) -> Option<Self> {
        let flag = [
            url.map(Self::Url),
            bin.map(Self::Program),
            sandbox.map(Self::Sandbox),
        ];
        let environment = || {
            [
                cli::variable("VIKUNJA_URL").map(Self::Url),
                cli::variable("VIKUNJA_BIN").map(|path| Self::Program(path.into())),
                cli::variable("LOADTEST_SANDBOX").map(Self::Sandbox),
            ]
        };
        let flag = flag.into_iter().flatten().next();
        flag.or_else(|| environment().into_iter().flatten().next())
    }

    /// Whether it can call this machine by its loopback address: it is on this machine itself.
    pub fn is_near(&self) -> bool {
        match self {
            Self::Url(address) => guard::host_of(address).is_ok_and(|host| cli::is_loopback(&host)),
            Self::Program(_) | Self::Sandbox(_) => true,
        }
    }

    /// Whether its address was given, so that it is somebody's server.
    pub fn is_running_already(&self) -> bool {
        matches!(self, Self::Url(_))
    }
}

/// A server, and the process behind it where we started one. Dropping it ends that process.
#[derive(Debug)]
pub struct Running {
    /// Its address.
    pub address: String,
    child: Option<Child>,
}

impl Running {
    /// Starts what was named, where it has to be started.
    pub fn start(which: &Which, stop: &Stop) -> Result<Self, Problem> {
        match which {
            Which::Url(address) => Ok(Self {
                address: address.clone(),
                child: None,
            }),
            Which::Program(path) => program::start(path, stop),
            Which::Sandbox(config) => sandbox::start(config, stop),
        }
    }

    /// The process behind it, where we started one.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Why the process behind it has ended, if it has.
    pub fn ended(&mut self) -> Option<Problem> {
        self.child.as_mut().and_then(Child::ended)
    }
}
