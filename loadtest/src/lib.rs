//! The load tester for Vikunja servers: a library only so that benches and tests can reach its parts.
//!
//! Data flows one way: [`server`] (which) → [`seed`] (what is in it) → [`plan`] (how much) → [`people`] (who, carrying
//! out a [`scenario`]) → [`record`] → [`verdict`] → [`report`].

pub mod ab;
pub mod accept;
pub mod check;
pub mod cli;
pub mod commands;
pub mod compare;
pub mod completions;
pub mod course;
pub mod doctor;
pub mod exit;
pub mod generator;
pub mod guard;
pub mod line;
pub mod man;
pub mod measure;
pub mod monitor;
pub mod out;
pub mod people;
pub mod plan;
pub mod preflight;
pub mod process;
pub mod progress;
pub mod record;
pub mod renewal;
pub mod report;
pub mod run;
pub mod scenario;
pub mod seed;
pub mod server;
mod shell;
pub mod sink;
pub mod site;
pub mod smoke;
pub mod snapshot;
pub mod state;
pub mod stop;
pub mod store;
pub mod threads;
pub mod tls;
pub mod verdict;
pub mod verify;
pub mod who;
pub mod witness;
pub mod world;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

/// The whole program.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Exit code 2 means «a target is missed» here; clap would end with it for a typing mistake.
            let wanted = !error.use_stderr();
            let _ = error.print();
            return if wanted {
                ExitCode::SUCCESS
            } else if is_plugin() {
                exit::Exit::Plugin(monitor::UNKNOWN).into()
            } else {
                exit::Exit::CouldNotRun.into()
            };
        }
    };
    if let Some(Command::Sandbox(args)) = cli.command {
        return vikunja_sandbox::cli::run(&args);
    }
    let done = out::Stdout::take()
        .map_err(|error| exit::Problem::new(format!("standard output cannot be kept: {error}")))
        .and_then(|out| match &cli.command {
            Some(Command::Ab(args)) => ab::ab(args, &out),
            Some(Command::Accept(args)) => accept::run(args, &out),
            Some(Command::Completions(args)) => completions::run(args, &out),
            Some(Command::Man(args)) => man::run(args, &out),
            Some(Command::Compare(args)) => compare::stored(args, &out),
            Some(Command::Scenarios) => commands::scenarios(&out),
            Some(Command::Seed(args)) => commands::seed(args, &out),
            Some(Command::Clean(args)) => commands::clean(args, &out),
            Some(Command::Doctor(args)) => doctor::run(args, &out),
            Some(Command::Monitor(args)) => monitor::run(args, &out),
            Some(Command::Run(args)) => run::run(args, &out),
            Some(Command::Smoke(args)) => smoke::run(args, &out),
            Some(Command::Snapshot(args)) => snapshot::run(args, &out),
            Some(Command::Verify(args)) => verify::run(args, &out),
            Some(Command::Report(args)) => report::report(args, &out),
            Some(Command::Sandbox(_)) | None => run::run(&cli.run, &out),
        });
    match done {
        Ok(exit) => exit.into(),
        Err(problem) => {
            progress::say(&format!("loadtest: {problem}"));
            problem.exit().into()
        }
    }
}

/// Whether this was to be `monitor --once`, whose callers know 1 as a warning.
fn is_plugin() -> bool {
    let mut args = std::env::args().skip(1);
    args.next().as_deref() == Some("monitor") && args.any(|arg| arg == "--once")
}
