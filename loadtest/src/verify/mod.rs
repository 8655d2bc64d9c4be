//! `verify`: what is missing, changed or new since a snapshot, field by field.
//!
//! What somebody has edited since is told apart from loss by the object's own `updated`. What an upgrade renames or
//! converts is known (`upgrade`), and is no difference.

mod compare;
#[cfg(test)]
mod mutation_tests;
mod report;
mod upgrade;

pub use compare::{Difference, differences};
pub use upgrade::Upgrade;

use std::path::PathBuf;

use clap::{Args, builder::BoolishValueParser};
use serde::Serialize;
use vikunja_sdk::Release;

use crate::{
    exit::{Exit, Problem},
    out::Stdout,
    progress::plain,
    sink::JsonArg,
    site::Site,
    snapshot::{self, AccountsArgs, Gaps, Head, KINDS, PROJECTS, Record, Snapshot, tell_gaps},
    stop::Stop,
    threads,
    who::Who,
};

/// Flags of `verify`.
#[derive(Args)]
pub struct VerifyArgs {
    /// The file that `snapshot` wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which server, and as whom.
    #[command(flatten)]
    pub accounts: AccountsArgs,
    /// Leave the content of attachments alone: neither downloaded nor compared
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_WITHOUT_FILES")]
    pub without_files: bool,
    /// What was edited since, and what is new, is a finding, too
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_STRICT")]
    pub strict: bool,
    /// Its result.
    #[command(flatten)]
    pub json: JsonArg,
}

/// What is otherwise than in the snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// What has become of it.
    pub verdict: Verdict,
    /// The account that sees it, or saw it.
    pub account: String,
    /// What it is: `project/3`, `task/12/comment/7`.
    pub what: String,
    /// Its title or name, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Which fields differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Difference>,
}

/// What has become of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is not there any more.
    Missing,
    /// It differs, and its own `updated` says that nobody has edited it.
    Changed,
    /// It differs, and was edited since.
    Edited,
    /// It was not in the snapshot.
    New,
}

/// The result.
#[derive(Debug, Serialize)]
pub struct Verified {
    schema: u32,
    loadtest: &'static str,
    snapshot: Head,
    now: Head,
    records: u64,
    same: u64,
    findings: Vec<Finding>,
    /// What could not be seen now, and why.
    gaps: Gaps,
    /// What could not be seen then, and why.
    gaps_then: Gaps,
    passed: bool,
}

impl Verified {
    /// Whether nothing is lost.
    pub(crate) fn passed(&self) -> bool {
        self.passed
    }

    /// For people, line by line.
    pub(crate) fn in_words(&self) -> Vec<String> {
        let text = report::render(self);
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| !line.is_empty())
            .map(ToOwned::to_owned)
            .collect()
    }
}

/// Runs, and says how it ended.
pub fn run(args: &VerifyArgs, out: &Stdout) -> Result<Exit, Problem> {
    let (which, who) = snapshot::named(&args.accounts)?;
    let then = Snapshot::open(&args.file)?;
    let json = args.json.open()?;
    let stop = Stop::on_signals()?;
    let verified = threads::start(1)?.block_on(async {
        let site = Site::reach(&args.accounts.site, &which, &stop).await?;
        let mut comparing = Comparing::new(then, site.identified.server.release)?;
        comparing.strict = args.strict;
        comparing.without_files = args.without_files;
        comparing.read(&site, &who, &stop).await
    })?;
    tell_gaps(&verified.gaps);
    json.tell(&plain(&report::render(&verified)), &verified, out)?;
    Ok(if verified.passed {
        Exit::Passed
    } else {
        Exit::Missed
    })
}

/// A snapshot that is compared with what is seen now, record by record.
pub struct Comparing {
    then: Snapshot,
    upgrade: Upgrade,
    strict: bool,
    without_files: bool,
    /// Projects of an account, until all are known: one of them may have been a namespace.
    projects: Vec<Record>,
    accounts: Vec<String>,
    records: u64,
    same: u64,
    findings: Vec<Finding>,
}

impl Comparing {
    /// Begins. What is compared with comes by [`Self::read`].
    pub(crate) fn new(then: Snapshot, now: Release) -> Result<Self, Problem> {
        let release = Release::parse(&then.head.release).ok_or_else(|| {
            Problem::new(format!(
                "the snapshot is of release {:?}, which is none",
                then.head.release
            ))
            .advise("take a new snapshot: this one was changed")
        })?;
        Ok(Self {
            then,
            upgrade: Upgrade::new(release, now),
            strict: false,
            without_files: false,
            projects: Vec::new(),
            accounts: Vec::new(),
            records: 0,
            same: 0,
            findings: Vec::new(),
        })
    }

    /// Compares with all that these accounts see now.
    pub(crate) async fn read(
        mut self,
        site: &Site,
        who: &[Who],
        stop: &Stop,
    ) -> Result<Verified, Problem> {
        let files = !self.without_files;
        let gaps = snapshot::read_all(site, who, files, stop, |record| self.see(record)).await?;
        self.end(snapshot::head(site), gaps)
    }

    /// Compares something that is seen now.
    fn see(&mut self, record: Record) -> Result<(), Problem> {
        self.records += 1;
        if self.accounts.last() != Some(&record.account) {
            self.begin(&record.account)?;
        }
        if record.kind() == "project" {
            self.projects.push(record);
            return Ok(());
        }
        self.settle_projects()?;
        self.compare(record)
    }

    fn begin(&mut self, account: &str) -> Result<(), Problem> {
        self.settle_projects()?;
        if !self.then.accounts().any(|known| known == account) {
            let known: Vec<_> = self.then.accounts().collect();
            return Err(Problem::new(format!(
                "the snapshot has nothing of the account {account}; it has {}",
                known.join(", ")
            ))
            .advise("give the accounts of the snapshot"));
        }
        self.accounts.push(account.to_owned());
        Ok(())
    }

    /// All projects of an account are known: those that were namespaces are found by their titles.
    fn settle_projects(&mut self) -> Result<(), Problem> {
        let projects = std::mem::take(&mut self.projects);
        let Some(account) = projects.first().map(|project| project.account.clone()) else {
            return Ok(());
        };
        let mut was = std::collections::BTreeMap::new();
        if self.upgrade.crosses(PROJECTS) {
            for what in self.then.left(&account, "namespace/") {
                let Some(namespace) = self.then.read(&account, &what)? else {
                    continue;
                };
                let found = projects.iter().find(|project| {
                    namespace.kind() == "namespace"
                        && !self.then.holds(&account, &project.what)
                        && !was.contains_key(&project.what)
                        && project.fields.get("title") == namespace.fields.get("title")
                });
                if let Some(project) = found {
                    self.upgrade.became(&what, &project.what);
                    was.insert(project.what.clone(), what);
                }
            }
        }
        for project in projects {
            match was.get(&project.what) {
                Some(namespace) => {
                    let then = self.then.take(&account, namespace)?;
                    self.judge(then, project);
                }
                None => self.compare(project)?,
            }
        }
        Ok(())
    }

    fn compare(&mut self, now: Record) -> Result<(), Problem> {
        let then = self.then.take(&now.account, &now.what)?;
        self.judge(then, now);
        Ok(())
    }

    fn judge(&mut self, then: Option<Record>, mut now: Record) {
        let title = title_of(&now);
        let Some(mut then) = then else {
            self.find(Verdict::New, now, title, Vec::new());
            return;
        };
        self.upgrade.adapt(&mut then, &mut now);
        let mut fields = differences(&then.fields, &now.fields);
        if self.without_files {
            fields.retain(|field| !matches!(field.field.as_str(), "content" | "unreadable"));
        }
        let is_edited = compare::is_later(&then.fields, &now.fields);
        // A touch that changed nothing is no difference.
        fields.retain(|field| field.field != "updated");
        if fields.is_empty() {
            self.same += 1;
            return;
        }
        let verdict = if is_edited {
            Verdict::Edited
        } else {
            Verdict::Changed
        };
        self.find(verdict, now, title, fields);
    }

    fn find(
        &mut self,
        verdict: Verdict,
        record: Record,
        title: Option<String>,
        fields: Vec<Difference>,
    ) {
        self.findings.push(Finding {
            verdict,
            account: record.account,
            what: record.what,
            title,
            fields,
        });
    }

    /// What nobody has seen is missing.
    fn end(mut self, now: Head, gaps: Gaps) -> Result<Verified, Problem> {
        self.settle_projects()?;
        let known: Vec<String> = self.then.accounts().map(ToOwned::to_owned).collect();
        if let Some(absent) = known.iter().find(|name| !self.accounts.contains(name)) {
            return Err(Problem::new(format!(
                "the snapshot holds the account {absent} too, and it is not given"
            ))
            .advise("give all accounts of the snapshot: --tokens FILE"));
        }
        for account in &known {
            for what in self.then.left(account, "") {
                if let Some(record) = self.then.take(account, &what)? {
                    let title = title_of(&record);
                    self.find(Verdict::Missing, record, title, Vec::new());
                }
            }
        }
        self.findings
            .sort_by_key(|finding| (finding.verdict, place_of(&finding.what)));
        let is_bad = |finding: &Finding| match finding.verdict {
            Verdict::Missing | Verdict::Changed => true,
            Verdict::Edited | Verdict::New => self.strict,
        };
        Ok(Verified {
            schema: 1,
            loadtest: env!("CARGO_PKG_VERSION"),
            passed: !self.findings.iter().any(is_bad),
            gaps_then: self.then.gaps,
            snapshot: self.then.head,
            now,
            records: self.records,
            same: self.same,
            findings: self.findings,
            gaps,
        })
    }
}

/// What a record is called.
fn title_of(record: &Record) -> Option<String> {
    ["title", "name", "username"]
        .into_iter()
        .find_map(|name| record.fields.get(name)?.as_str())
        .map(compare::short)
}

/// The order in which kinds are read.
fn place_of(what: &str) -> usize {
    let kind = what.split('/').step_by(2).collect::<Vec<_>>().join("/");
    KINDS
        .iter()
        .position(|known| *known == kind)
        .unwrap_or(KINDS.len())
}
