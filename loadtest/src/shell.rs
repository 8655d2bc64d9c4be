//! Commands of the caller, carried out by a shell.

use std::process::Stdio;

use crate::exit::Problem;

/// Carries one out to its end. `flag` is where it was given. What it prints on standard output goes nowhere.
pub(crate) async fn run(flag: &str, command: &str) -> Result<(), Problem> {
    let ended = tokio::process::Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await;
    let failed = |how: String| {
        // The command itself is not shown: a password may stand in it.
        Problem::new(format!("the command of {flag} {how}"))
            .advise("it must end with 0; what it prints on standard error is above")
    };
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(format!("ended with {status}"))),
        Err(error) => Err(failed(format!("cannot be started: {error}"))),
    }
}
