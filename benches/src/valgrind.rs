//! Counts instructions, which are the same on a busy machine as on an idle one.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::Outcome;

/// Whether valgrind is here.
pub fn is_installed() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Starts a program under valgrind; its arguments and environment are still to be given.
pub fn command(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program);
    command
}

/// Runs such a command, and gives the instructions of the whole process. Another exit code than these is an error.
pub fn instructions(command: &mut Command, good: &[i32]) -> Outcome<u64> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    let is_good = output
        .status
        .code()
        .is_some_and(|code| good.contains(&code));
    collected(&output).filter(|_| is_good).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("valgrind ended with {}: {}", output.status, said.trim())
    })
}

fn collected(output: &Output) -> Option<u64> {
    String::from_utf8_lossy(&output.stderr)
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
}
