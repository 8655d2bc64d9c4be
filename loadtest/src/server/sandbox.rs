//! The stand-in, as a child process of the same executable: its CPU time is not ours, and it ends with us.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use super::{Child, Running};
use crate::{exit::Problem, stop::Stop};

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts it.
pub(super) fn start(config: &str, stop: &Stop) -> Result<Running, Problem> {
    // A mistake is told here, in our own words, and not by a child that ends.
    config
        .parse::<vikunja_sandbox::Config>()
        .map_err(|error| Problem::new(format!("--sandbox {config:?}: {error}")))?;
    let (release, faults) = config.split_once(',').unwrap_or((config, ""));
    let program = std::env::current_exe()
        .map_err(|error| Problem::new(format!("this program's own file is unknown: {error}")))?;
    let mut command = Command::new(program);
    command
        .args(["sandbox", "--until-stdin-closes", "--port", "0"])
        .args(["--release", release, "--with", faults])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let mut child = Child::spawn("the stand-in".to_owned(), &mut command, stop, None, None)?;
    let line = first_line(&mut child);
    let address = line
        .as_deref()
        .and_then(|line| line.rsplit_once("listening on "))
        .map(|(_, address)| address.trim().to_owned());
    match (address, child.ended()) {
        (Some(address), None) => Ok(Running {
            address,
            child: Some(child),
        }),
        (_, Some(ended)) => Err(ended),
        (None, None) => Err(Problem::new(format!(
            "the stand-in does not say where it listens within {PATIENCE:?}"
        ))),
    }
}

/// The first line that the child prints. Reading has no time-out, so a thread does it.
fn first_line(child: &mut Child) -> Option<String> {
    let stdout = child.take_stdout()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let _ = sender.send(line);
    });
    receiver.recv_timeout(PATIENCE).ok()
}
