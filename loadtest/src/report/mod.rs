//! What people and machines get to see. Everything is made from one document, of what has just ended or of a file: a
//! [`RunResult`] or a [`Comparison`].

pub mod command;

mod checkpoint;
mod csv;
mod database;
mod frame;
mod hgrm;
pub(crate) mod html;
pub(crate) mod junit;
pub(crate) mod markdown;
pub(crate) mod markup;
mod outputs;
mod result;
mod server;
pub(crate) mod table;
pub(crate) mod terminal;
mod webhooks;

pub use checkpoint::Checkpoint;
pub use database::DatabasePart;
pub use frame::{Ended, Frame};
pub use outputs::{Document, Form, Format, Outputs, Wanted};
pub(crate) use result::to_second;
pub use result::{
    BlockPart, CoursePart, Distribution, Outcome, PERCENTILES, PhasePart, PlanPart, RoutePart,
    RunResult, SCHEMA, ScenarioPart, Second, ServerPart, StagePart,
};
pub use webhooks::{EventPart, WebhooksPart};

use std::{fs, io::ErrorKind, path::PathBuf};

use clap::Args;

use crate::{
    compare::Comparison,
    exit::{Exit, Problem},
    out::Stdout,
};

/// Flags of `report`.
#[derive(Args)]
pub struct ReportArgs {
    /// A result that `run`, `ab` or `compare` has written (--json, or result.json of --out)
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
        problem.advise("name a file that is there and that you may read")
    })?;
    let about = |problem: Problem| problem.with(&file);
    if Comparison::is_in(&text) {
        let comparison = Comparison::read(&text).map_err(about)?;
        args.outputs.open::<Comparison>()?.write(&comparison, out)?;
    } else {
        let result = RunResult::read(&text).map_err(about)?;
        args.outputs.open::<RunResult>()?.write(&result, out)?;
    }
    Ok(Exit::Passed)
}

impl Document for RunResult {
    const NAME: &'static str = "a run";
    const FORMS: &'static [Form<Self>] = &[
        (Format::Html, html::render),
        (Format::Markdown, markdown::render),
        (Format::Junit, junit::render),
        (Format::Csv, csv::render),
        (Format::Hgrm, hgrm::render),
    ];

    fn screen(&self, colours: bool) -> String {
        terminal::render(self, colours)
    }
}
