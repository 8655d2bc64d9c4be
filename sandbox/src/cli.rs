//! The program, as a function: other binaries offer it as a subcommand.

use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use crate::config::{self, Config};
use crate::faults::Faults;
use crate::release::Release;
use crate::server::Sandbox;

/// What the program is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Release to imitate: 0.20, 0.24, 1.0 or 2.5.
    #[arg(long, default_value = "2.5", value_parser = config::release)]
    pub release: &'static Release,
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 3456)]
    pub port: u16,
    /// Folder of the database file, or «memory».
    #[arg(long, value_name = "DIR|memory", default_value = "memory")]
    pub data: PathBuf,
    /// What goes wrong, e.g. delay=600ms,fail=5%.
    #[arg(long, value_name = "FAULTS", default_value = "")]
    pub with: Faults,
    /// End when standard input ends: for a child of another program.
    #[arg(long)]
    pub until_stdin_closes: bool,
}

impl From<&Args> for Config {
    fn from(args: &Args) -> Self {
        Self {
            release: args.release,
            port: args.port,
            data: (args.data.as_os_str() != "memory").then(|| args.data.clone()),
            faults: args.with.clone(),
            ..Self::default()
        }
    }
}

/// Serves until it is told to stop. Prints one line with the address once it listens.
pub fn run(args: &Args) -> ExitCode {
    match serve(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vikunja-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(args: &Args) -> Result<(), String> {
    let sandbox = Sandbox::start(Config::from(args)).map_err(|error| error.to_string())?;
    let (name, url) = (args.release.name, sandbox.url());
    println!("vikunja-sandbox {name} (not a Vikunja server) listening on {url}");
    io::stdout()
        .flush()
        .map_err(|error| format!("cannot write to standard output: {error}"))?;
    if args.until_stdin_closes {
        end_with_stdin().map_err(|error| format!("cannot start a thread: {error}"))?;
    }
    sandbox.wait();
    Err("the server has ended, as told by die-after".to_owned())
}

/// Ends the process when standard input does.
fn end_with_stdin() -> io::Result<()> {
    thread::Builder::new()
        .name("sandbox-stdin".to_owned())
        .spawn(|| {
            let mut buffer = [0; 256];
            while io::stdin().read(&mut buffer).is_ok_and(|read| read > 0) {}
            std::process::exit(0);
        })?;
    Ok(())
}
