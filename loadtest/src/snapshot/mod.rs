//! `snapshot`: everything that accounts can see, in a file, so that `verify` can tell what a restart, a restore or an
//! upgrade has done to it.
//!
//! What is not in it: the order of tasks in views that are no boards (it is a number that releases compute anew), and
//! what no release lets its users read.

mod accounts;
mod canonical;
mod file;
mod read;

pub use accounts::{AccountsArgs, enter};
pub use canonical::Fields;
pub use file::{Head, KINDS, Record, Snapshot, Writer};
pub use read::{Gaps, PROJECTS, Reader, VIEWS};

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, builder::BoolishValueParser};
use vikunja_sdk::model::Timestamp;

use crate::{
    exit::{Exit, Problem},
    out::Stdout,
    progress::{Progress, say},
    server::Which,
    site::Site,
    stop::Stop,
    threads,
    who::Who,
};

/// Flags of `snapshot`.
#[derive(Args)]
pub struct SnapshotArgs {
    /// The file; only its owner may read it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which server, and as whom.
    #[command(flatten)]
    pub accounts: AccountsArgs,
    /// Leave the content of attachments alone: neither downloaded nor compared
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_WITHOUT_FILES")]
    pub without_files: bool,
}

/// Runs, and says how it ended.
pub fn run(args: &SnapshotArgs, out: &Stdout) -> Result<Exit, Problem> {
    let (which, who) = named(&args.accounts)?;
    let writer = Writer::create(&args.file)?;
    let stop = Stop::on_signals()?;
    let taken = threads::start(1)?.block_on(async {
        let site = Site::reach(&args.accounts.site, &which, &stop).await?;
        take(writer, &site, &who, !args.without_files, &stop).await
    })?;
    let text = format!(
        "Vikunja {} at {}: {} records in {}\n  {}\n",
        taken.head.version,
        taken.head.url,
        taken.records,
        args.file.display(),
        taken.counts
    );
    out.print(&text)?;
    Ok(Exit::Passed)
}

/// What stands in a snapshot.
pub(crate) struct Taken {
    head: Head,
    records: u64,
    counts: Counts,
}

/// Writes all that these accounts see. What they do not see is said.
pub(crate) async fn take(
    mut writer: Writer,
    site: &Site,
    who: &[Who],
    files: bool,
    stop: &Stop,
) -> Result<Taken, Problem> {
    let head = head(site);
    writer.head(&head)?;
    let mut counts = Counts::default();
    let gaps = read_all(site, who, files, stop, |record| {
        counts.add(record.kind());
        writer.record(&record)
    })
    .await?;
    tell_gaps(&gaps);
    let records = writer.finish(gaps)?;
    Ok(Taken {
        head,
        records,
        counts,
    })
}

/// Which server is read, as whom.
pub fn named(args: &AccountsArgs) -> Result<(Which, Vec<Who>), Problem> {
    let which = args.site.named()?;
    Ok((which, args.who()?))
}

/// What the first line of a snapshot of this server says.
pub fn head(site: &Site) -> Head {
    let server = &site.identified.server;
    Head::new(
        Timestamp::now().to_string(),
        server.base(),
        &server.version,
        server.release.to_string(),
    )
}

/// How often to look whether to stop, in records.
const LOOK: u64 = 64;

/// Reads all accounts, one after the other, and hands each record on.
pub async fn read_all(
    site: &Site,
    who: &[Who],
    files: bool,
    stop: &Stop,
    mut hand_on: impl FnMut(Record) -> Result<(), Problem>,
) -> Result<Gaps, Problem> {
    let progress = Progress::of("reading", None);
    let mut gaps = Gaps::new();
    let mut names = Vec::new();
    let mut done = 0;
    for (at, who) in who.iter().enumerate() {
        let (line, name) = stop.unless_asked(enter(site, who, at + 1)).await?;
        if names.contains(&name) {
            return Err(Problem::new(format!(
                "the account {name} is given twice, and would be compared with itself"
            ))
            .advise("leave one of its tokens out"));
        }
        names.push(name.clone());
        let of = |kind: String| format!("{name}: {kind}");
        let counted = |record| {
            done += 1;
            if done % LOOK == 0 {
                progress.set(done, 0);
            }
            hand_on(record)
        };
        let info = &site.identified.info;
        let mut reader = Reader::new(line, name.clone(), info, files, counted);
        // The futures of all endpoints together are large.
        stop.unless_asked(Box::pin(reader.read())).await?;
        gaps.extend(reader.gaps.into_iter().map(|(kind, why)| (of(kind), why)));
    }
    Ok(gaps)
}

/// Says what could not be seen: it is not in the file, and nobody shall believe that it is.
pub fn tell_gaps(gaps: &Gaps) {
    for (kind, why) in gaps {
        say(&format!(
            "warning: not seen, or not all of it: {kind}: {why}"
        ));
    }
}

/// An object in canonical form, by what it is called.
#[cfg(test)]
pub(crate) fn canonical_of(what: &str, value: serde_json::Value) -> Fields {
    canonical::of(file::kind(what), value)
}

/// How many records of each kind there are.
#[derive(Default)]
struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    fn add(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = KINDS
            .iter()
            .filter_map(|kind| Some(format!("{} {kind}", self.0.get(kind)?)));
        f.write_str(&counts.collect::<Vec<_>>().join(", "))
    }
}
