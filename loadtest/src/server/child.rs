//! A process that we started and that must not outlive us.

use std::{
    fmt::Write as _,
    fs,
    path::PathBuf,
    process::{self, Command},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::CommandExt;
use tempfile::TempDir;

use crate::{exit::Problem, stop::Stop};

/// How long a process may take to end politely.
const GRACE: Duration = Duration::from_secs(5);

/// The process. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Child {
    name: String,
    process: process::Child,
    stop: Stop,
    log: Option<PathBuf>,
    /// Its folder, removed after it.
    _scratch: Option<TempDir>,
}

impl Child {
    /// Starts it, in a process group of its own: a Ctrl-C at the terminal is ours to handle, not to be shared.
    pub(super) fn spawn(
        name: String,
        command: &mut Command,
        stop: &Stop,
        log: Option<PathBuf>,
        scratch: Option<TempDir>,
    ) -> Result<Self, Problem> {
        let process = command
            .process_group(0)
            .spawn()
            .map_err(|error| Problem::new(format!("{name} cannot be started: {error}")))?;
        let child = Self {
            name,
            process,
            stop: stop.clone(),
            log,
            _scratch: scratch,
        };
        if let Some(pid) = child.pid() {
            stop.add_child(pid);
        }
        Ok(child)
    }

    /// Its standard output, where it is a pipe.
    pub(super) fn take_stdout(&mut self) -> Option<process::ChildStdout> {
        self.process.stdout.take()
    }

    /// Its number.
    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(self.process.id().cast_signed())
    }

    /// Why it has ended, if it has: with the last lines of what it said.
    pub(super) fn ended(&mut self) -> Option<Problem> {
        let status = self.process.try_wait().ok().flatten()?;
        let mut what = format!("{} has ended ({status})", self.name);
        let said = self
            .log
            .as_ref()
            .and_then(|log| fs::read_to_string(log).ok());
        if let Some(said) = said.filter(|said| !said.trim().is_empty()) {
            let lines: Vec<_> = said.trim().lines().collect();
            let _ = write!(what, "; it said:");
            for line in &lines[lines.len().saturating_sub(5)..] {
                let _ = write!(what, "\n    {line}");
            }
        }
        Some(Problem::new(what))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // A child that watches its standard input ends by this alone.
        drop(self.process.stdin.take());
        if let Some(pid) = self.pid() {
            if matches!(self.process.try_wait(), Ok(None)) {
                // The group: the program may be a script around the server.
                let _ = kill_process_group(pid, Signal::TERM);
            }
            let deadline = Instant::now() + GRACE;
            while matches!(self.process.try_wait(), Ok(None)) {
                if Instant::now() > deadline {
                    let _ = kill_process_group(pid, Signal::KILL);
                    let _ = self.process.wait();
                    break;
                }
                thread::sleep(Duration::from_millis(5));
            }
            self.stop.remove_child(pid);
        }
    }
}
