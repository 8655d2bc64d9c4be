//! `accept`: all phases of the manual one after the other, and its final checklist with the evidence of each line.

mod around;
mod checklist;
mod phases;

use std::{fmt::Write as _, path::PathBuf};

use clap::{Args, builder::BoolishValueParser};
use serde::Serialize;

use crate::{
    cli::{doctor::EvidenceArgs, receiver::ReceiverArgs},
    exit::{Exit, Problem},
    out::Stdout,
    progress::plain,
    report::ServerPart,
    sink::JsonArg,
    site::SiteArgs,
    stop::Stop,
    threads,
};
use checklist::{Checked, Verdict};
use phases::Phases;

/// Flags of `accept`.
#[derive(Args)]
pub struct AcceptArgs {
    /// Where.
    #[command(flatten)]
    pub site: SiteArgs,
    /// Register an account on a loopback server; it remains, and is used again next time
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_THROWAWAY", help_heading = "Account")]
    pub throwaway: bool,
    /// Where accounts that were made are kept (mode 0600)
    #[arg(
        long,
        value_name = "FILE",
        env = "LOADTEST_STATE",
        help_heading = "Account"
    )]
    pub state: Option<PathBuf>,
    /// A shell command that restarts the server and ends when that is under way: is everything still there?
    #[arg(
        long,
        value_name = "COMMAND",
        env = "LOADTEST_RESTART_CMD",
        hide_env_values = true,
        help_heading = "Persistence"
    )]
    pub restart_cmd: Option<String>,
    /// A shell command that backs up, and best restores, too; it must end with 0, and nothing may be lost
    #[arg(
        long,
        value_name = "COMMAND",
        env = "LOADTEST_BACKUP_CMD",
        hide_env_values = true,
        help_heading = "Persistence"
    )]
    pub backup_cmd: Option<String>,
    /// What the hardening list is held to, beside the server.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
    /// Where webhooks are received.
    #[command(flatten)]
    pub receiver: ReceiverArgs,
    /// Its result.
    #[command(flatten)]
    pub json: JsonArg,
}

/// The result file.
#[derive(Serialize)]
struct Accepted<'a> {
    schema: u32,
    loadtest: &'static str,
    server: &'a ServerPart,
    checklist: &'a [Checked],
    phases: &'a Phases,
    passed: bool,
}

/// Runs, and says how it ended.
pub fn run(args: &AcceptArgs, out: &Stdout) -> Result<Exit, Problem> {
    let json = args.json.open()?;
    let stop = Stop::on_signals()?;
    let workers = threads::half();
    let (server, phases) =
        threads::start(workers)?.block_on(Box::pin(phases::carry_out(args, &stop, workers)))?;
    let checklist = checklist::of(&phases);
    let exit = exit(&checklist, &phases);
    let accepted = Accepted {
        schema: 1,
        loadtest: env!("CARGO_PKG_VERSION"),
        server: &server,
        checklist: &checklist,
        phases: &phases,
        passed: exit == Exit::Passed,
    };
    let screen = plain(&render(&server, &checklist, &phases));
    json.tell(&screen, &accepted, out)?;
    Ok(exit)
}

/// What was found counts more than what could not be looked at.
fn exit(checklist: &[Checked], phases: &Phases) -> Exit {
    if count(checklist, Verdict::Failed) > 0 {
        Exit::Missed
    } else if phases.stopped().is_empty() {
        Exit::Passed
    } else {
        Exit::CouldNotRun
    }
}

fn count(checklist: &[Checked], verdict: Verdict) -> usize {
    let with = checklist.iter().filter(|line| line.verdict == verdict);
    with.count()
}

/// For people.
fn render(server: &ServerPart, checklist: &[Checked], phases: &Phases) -> String {
    let mut text = format!("{} at {}\n\n", server.name(), server.url);
    for line in checklist {
        text += &line.to_string();
    }
    for (phase, why) in phases.stopped() {
        let _ = write!(text, "\ncould not: {phase}: {why}\n");
    }
    text + &format!(
        "\n{} passed, {} failed, {} not checkable\n",
        count(checklist, Verdict::Passed),
        count(checklist, Verdict::Failed),
        count(checklist, Verdict::NotCheckable)
    )
}
