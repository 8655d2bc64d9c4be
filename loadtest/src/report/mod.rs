//! What people and machines get to see. Everything is made from one [`RunResult`], of the run that has just ended or of a
//! file.

pub mod command;

mod checkpoint;
mod csv;
mod database;
mod frame;
mod hgrm;
mod html;
mod junit;
mod markdown;
mod markup;
mod outputs;
mod result;
mod server;
mod table;
mod terminal;
mod webhooks;

pub use checkpoint::Checkpoint;
pub use database::DatabasePart;
pub use frame::{Ended, Frame};
pub use outputs::{Format, Outputs, Wanted};
pub use result::{
    BlockPart, CoursePart, Distribution, Outcome, PERCENTILES, PhasePart, PlanPart, RoutePart,
    RunResult, SCHEMA, ScenarioPart, Second, ServerPart, StagePart,
};
pub use webhooks::{EventPart, WebhooksPart};

use std::{fs, io::ErrorKind, path::PathBuf};

use clap::Args;

use crate::{
    exit::{Exit, Problem},
    out::Stdout,
};

/// Flags of `report`.
#[derive(Args)]
pub struct ReportArgs {
    /// A result that `run` has written (--json, or result.json of --out)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where reports go.
    #[command(flatten)]
    pub outputs: Wanted,
}

/// Makes reports of a result file.
pub fn report(args: &ReportArgs, out: &Stdout) -> Result<Exit, Problem> {
    let file = args.file.display();
    let text = fs::read_to_string(&args.file).map_err(|error| {
        let problem = Problem::new(format!("{file} cannot be read: {error}"));
        let partial = checkpoint::beside(&args.file);
        if error.kind() == ErrorKind::NotFound && partial.exists() {
            let partial = partial.display();
            return problem.advise(format!(
                "a run did not come to its end, and left {partial}: loadtest report {partial}"
            ));
        }
        problem
    })?;
    let result = RunResult::read(&text).map_err(|problem| problem.with(&file))?;
    args.outputs.open()?.write(&result, out)?;
    Ok(Exit::Passed)
}
