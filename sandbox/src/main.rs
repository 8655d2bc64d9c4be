//! The program `vikunja-sandbox`.

use std::process::ExitCode;

use clap::Parser;
use vikunja_sandbox::cli::{self, Args};

/// A small Vikunja stand-in for tests and first runs; not a Vikunja server.
#[derive(Parser)]
#[command(version)]
struct Program {
    #[command(flatten)]
    args: Args,
}

fn main() -> ExitCode {
    cli::run(&Program::parse().args)
}
