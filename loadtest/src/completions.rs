//! `completions`: what a shell needs to complete the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::{
    cli::Cli,
    exit::{Exit, Problem},
    out::Stdout,
};

/// Flags of `completions`.
#[derive(Args)]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// Prints it.
pub fn run(args: &CompletionsArgs, out: &Stdout) -> Result<Exit, Problem> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "loadtest", &mut text);
    out.print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Passed)
}
