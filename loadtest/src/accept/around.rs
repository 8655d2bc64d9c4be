//! What the accounts see before and after somebody's command: a restart, a backup.

use std::{path::PathBuf, time::Duration};

use serde::Serialize;

use super::{
    AcceptArgs,
    phases::{Phase, Phases},
};
use crate::{
    exit::Problem,
    progress::say,
    shell,
    site::{Site, SiteArgs},
    snapshot::{self, Snapshot, Writer},
    stop::Stop,
    verify::{Comparing, Verified},
    who::Who,
};

/// How long a server that was restarted may take to answer, unless `--wait` says otherwise.
const RESTART: Duration = Duration::from_secs(60);

/// What came of it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outlived {
    /// The command ended well, and this is what was seen then.
    Compared(Box<Verified>),
    /// The command failed, or nothing could be seen after it: why.
    Broken(String),
}

/// The commands, and who looks.
pub(super) struct Around<'a> {
    commands: [(&'static str, Option<&'a str>); 2],
    before: &'a Site,
    site: SiteArgs,
    who: &'a [Who],
    stop: &'a Stop,
}

impl<'a> Around<'a> {
    pub(super) fn new(
        args: &'a AcceptArgs,
        before: &'a Site,
        who: &'a [Who],
        stop: &'a Stop,
    ) -> Self {
        let mut site = args.site.clone();
        site.wait = site.wait.or(Some(RESTART));
        Self {
            commands: [
                ("--restart-cmd", args.restart_cmd.as_deref()),
                ("--backup-cmd", args.backup_cmd.as_deref()),
            ],
            before,
            site,
            who,
            stop,
        }
    }

    /// One snapshot, and a look after each command that is given.
    pub(super) async fn go(self, phases: &mut Phases) -> Result<(), Problem> {
        let [restart, backup] = self.commands;
        if restart.1.is_none() && backup.1.is_none() {
            return Ok(());
        }
        let folder = tempfile::tempdir().map_err(|error| {
            Problem::new(format!(
                "no folder for a snapshot can be made ({}): {error}",
                std::env::temp_dir().display()
            ))
            .advise("set TMPDIR to a folder that is yours")
        })?;
        let file = folder.path().join("before.ndjson");
        say("snapshot: everything that the account sees");
        let writer = Writer::create(&file)?;
        let taken = snapshot::take(writer, self.before, self.who, true, self.stop).await;
        let taken = Phase::of(taken)?;
        for ((flag, command), phase) in
            [(restart, &mut phases.restart), (backup, &mut phases.backup)]
        {
            let Some(command) = command else { continue };
            *phase = match &taken {
                Phase::Done(_) => {
                    let ended = self.outlive(flag, command, file.clone()).await;
                    match Phase::of(ended)? {
                        Phase::Done(verified) => {
                            Phase::Done(Outlived::Compared(Box::new(verified)))
                        }
                        Phase::Stopped(why) | Phase::NotCheckable(why) => {
                            Phase::Done(Outlived::Broken(why))
                        }
                    }
                }
                Phase::Stopped(why) | Phase::NotCheckable(why) => Phase::Stopped(why.clone()),
            };
        }
        Ok(())
    }

    async fn outlive(
        &self,
        flag: &'static str,
        command: &str,
        file: PathBuf,
    ) -> Result<Verified, Problem> {
        say(&format!("{flag}: its command"));
        self.stop.unless_asked(shell::run(flag, command)).await?;
        say("verify: is everything still there?");
        let then = Snapshot::open(&file)?;
        let site = Site::reach(&self.site, &self.site.named()?, self.stop).await?;
        Comparing::new(then, site.identified.server.release)?
            .read(&site, self.who, self.stop)
            .await
    }
}
