//! `loadtest doctor`: a server, its settings and its containers held to the hardening list. It only looks.

mod compose;
mod dotenv;
mod evidence;
mod finding;
mod inspect;
mod names;
mod report;
mod rules;
mod service;
mod strength;
mod wire;
mod yaml;

pub use finding::Severity;
pub(crate) use report::{Outcome, Report};

use std::{fs, path::Path};

use vikunja_sdk::Session;

use crate::{
    cli::{
        access::AccessArgs,
        doctor::{DoctorArgs, EvidenceArgs},
    },
    exit::{Exit, Problem},
    line::Line,
    out::Stdout,
    server,
    stop::Stop,
    threads,
};
use compose::Compose;
use dotenv::EnvFile;
use evidence::Evidence;

/// Looks, and reports.
pub fn run(args: &DoctorArgs, out: &Stdout) -> Result<Exit, Problem> {
    let json = args.json.open()?;
    let stop = Stop::on_signals()?;
    let report = threads::start(1)?.block_on(look(&args.at, &args.evidence, &stop))?;
    json.tell(&report.to_string(), &report, out)?;
    Ok(if report.fails() {
        Exit::Missed
    } else {
        Exit::Passed
    })
}

/// Holds what is named to all rules.
pub(crate) async fn look(
    at: &AccessArgs,
    args: &EvidenceArgs,
    stop: &Stop,
) -> Result<Report, Problem> {
    let files = args.compose.len() + args.env_file.len() + args.inspect.len();
    if files == 0 && at.url.is_none() {
        return Err(Problem::new("there is nothing to look at")
            .advise("a running server: --url http://localhost:3456")
            .advise("its files: --compose compose.yml --env-file .env")
            .advise(
                "its containers: podman inspect vikunja > inspect.json, and --inspect inspect.json",
            ));
    }
    let mut evidence = Evidence {
        named: args.release,
        wire: stop.unless_asked(ask(at)).await?,
        ..Evidence::default()
    };
    for path in env_files(args) {
        let text = read(&path)?;
        evidence.env_files.push(EnvFile::read(&path, &text));
    }
    for path in &args.compose {
        let read = Compose::read(path, &read(path)?, &evidence.env_files);
        evidence.add(read.map_err(|broken| {
            let (line, why) = (broken.line, broken.why);
            Problem::new(format!("{}:{line}: no YAML: {why}", path.display()))
                .advise("mend the file first: no program can read it")
        })?);
    }
    for path in &args.inspect {
        let shown = path.display().to_string();
        let found = inspect::read(&shown, &read(path)?);
        let found = found.map_err(|why| {
            Problem::new(format!("{shown}: {why}"))
                .advise(format!("write it anew: podman inspect NAME > {shown}"))
        })?;
        evidence.containers.get_or_insert_default().extend(found);
    }
    Ok(Report::of(&evidence, args.fail_on))
}

/// The files of variables that are named; else the one that compose would read by itself.
fn env_files(args: &EvidenceArgs) -> Vec<std::path::PathBuf> {
    if !args.env_file.is_empty() {
        return args.env_file.clone();
    }
    let beside = args.compose.first().map(|path| path.with_file_name(".env"));
    beside.into_iter().filter(|path| path.exists()).collect()
}

fn read(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|error| {
        Problem::new(format!("{} cannot be read: {error}", path.display()))
            .advise("name a file that is there and that you may read")
    })
}

async fn ask(at: &AccessArgs) -> Result<Option<wire::Wire>, Problem> {
    let Some((server, target)) = at.server()? else {
        return Ok(None);
    };
    let base = server.base().to_owned();
    let mut line = Line::new(Session::new(server), target, at.timeout);
    let asking = async {
        let identified = vikunja_sdk::ops::identify(&mut line).await?;
        wire::ask(&mut line, &identified).await
    };
    let asked = asking.await;
    asked
        .map(Some)
        .map_err(|error| server::explain(&error, &base))
}

/// The names of all rules.
#[cfg(test)]
pub(crate) fn rule_names() -> impl Iterator<Item = &'static str> {
    rules::RULES.iter().map(|rule| rule.name)
}
