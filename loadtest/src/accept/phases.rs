//! The phases: each is a command of this program, carried out by that command's own function.

use secrecy::ExposeSecret;
use serde::Serialize;
use vikunja_sdk::Execute;

use super::{
    AcceptArgs,
    around::{Around, Outlived},
};
use crate::{
    cli::{self, RunArgs, access::AccessArgs, monitor::MonitorArgs, store::RedisArg},
    doctor,
    exit::{Exit, Problem},
    monitor::{self, Round},
    plan::Stages,
    progress::say,
    report::{RunResult, ServerPart},
    run, seed,
    sink::JsonArg,
    site::Site,
    smoke::{self, SmokeArgs, Step},
    snapshot,
    state::State,
    stop::Stop,
    who::Who,
};

/// What came of a phase.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase<T> {
    /// It was carried out.
    Done(T),
    /// There was no reason to, or no way: why.
    NotCheckable(String),
    /// It was to be carried out, and could not be: why.
    Stopped(String),
}

impl<T> Phase<T> {
    /// A cancelled phase cancels all of it.
    pub(super) fn of(done: Result<T, Problem>) -> Result<Self, Problem> {
        match done {
            Ok(found) => Ok(Self::Done(found)),
            Err(problem) if problem.exit() == Exit::Cancelled => Err(problem),
            Err(problem) => Ok(Self::Stopped(problem.to_string())),
        }
    }

    fn stopped(&self) -> Option<&str> {
        match self {
            Self::Stopped(why) => Some(why),
            _ => None,
        }
    }
}

/// All phases.
#[derive(Serialize)]
pub(super) struct Phases {
    pub(super) smoke: Vec<Step>,
    pub(super) doctor: Phase<doctor::Report>,
    pub(super) load: Phase<RunResult>,
    pub(super) webhooks: Phase<RunResult>,
    pub(super) monitor: Phase<Round>,
    pub(super) restart: Phase<Outlived>,
    pub(super) backup: Phase<Outlived>,
}

impl Phases {
    /// Those that were to be carried out and could not be.
    pub(super) fn stopped(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("doctor", self.doctor.stopped()),
            ("load", self.load.stopped()),
            ("webhooks", self.webhooks.stopped()),
            ("monitor", self.monitor.stopped()),
            ("restart", self.restart.stopped()),
            ("backup", self.backup.stopped()),
        ];
        let stopped = all.into_iter().filter_map(|(name, why)| Some((name, why?)));
        stopped.collect()
    }
}

/// Tasks that are made for the load, and that must outlive a restart.
const TASKS: u64 = 100;
/// Tasks that are made to see whether webhooks come back.
const DELIVERIES: u64 = 10;

/// Carries them all out. What stands in the way of the first one stands in the way of all.
pub(super) async fn carry_out(
    args: &AcceptArgs,
    stop: &Stop,
    workers: usize,
) -> Result<(ServerPart, Phases), Problem> {
    let which = args.site.named()?;
    let site = Site::reach(&args.site, &which, stop).await?;
    let server = site.part(&site.line());
    say("smoke: does everything work once?");
    let smoke = smoke::walk(
        &SmokeArgs {
            site: args.site.clone(),
            bin: None,
            sandbox: None,
            throwaway: args.throwaway,
            state: args.state.clone(),
            keep: false,
            redis: RedisArg::default(),
            json: JsonArg::default(),
        },
        stop,
    )
    .await?
    .steps;
    say("doctor: the hardening list");
    let at = args.site.access(site.base());
    let looked = doctor::look(&at, &args.evidence, stop).await;
    let mut phases = Phases {
        smoke,
        doctor: Phase::of(looked)?,
        load: Phase::Stopped(NOBODY.to_owned()),
        webhooks: Phase::NotCheckable(NOBODY.to_owned()),
        monitor: Phase::Stopped(NOBODY.to_owned()),
        restart: Phase::NotCheckable("give --restart-cmd".to_owned()),
        backup: Phase::NotCheckable("give --backup-cmd".to_owned()),
    };
    if let Some(who) = who(args, site.base())? {
        furnished(args, &site, &at, who, stop, workers, &mut phases).await?;
    }
    Ok((server, phases))
}

/// Why the rest has to wait.
const NOBODY: &str = "nobody could log in: see smoke";

/// As whom: the account that is given, or the one that `smoke` has registered.
fn who(args: &AcceptArgs, base: &str) -> Result<Option<Who>, Problem> {
    if let Some(given) = Who::given()? {
        return Ok(Some(given));
    }
    let state = State::open(args.state.clone().unwrap_or_else(State::default_path))?;
    Ok(state.account(base).map(|account| Who::Password {
        username: account.username.clone(),
        password: account.password.clone(),
    }))
}

/// Makes tasks, does what needs them, and deletes them whatever comes.
async fn furnished(
    args: &AcceptArgs,
    site: &Site,
    at: &AccessArgs,
    who: Who,
    stop: &Stop,
    workers: usize,
    phases: &mut Phases,
) -> Result<(), Problem> {
    let who = [who];
    let entered = stop.unless_asked(snapshot::enter(site, &who[0], 1)).await;
    let mut line = match Phase::of(entered)? {
        Phase::Done((line, _)) => line,
        Phase::NotCheckable(why) | Phase::Stopped(why) => {
            phases.load = Phase::Stopped(why);
            return Ok(());
        }
    };
    let mut made = None;
    let token = line.session().token();
    let making = seed::seed(&mut line, TASKS, &mut made, stop, |_| {}).await;
    let done = async {
        if let Phase::Stopped(why) = Phase::of(making)? {
            say(&format!("warning: no tasks are made: {why}"));
        }
        let load = load(args, site, &who[0])?;
        say("run: the documented load");
        phases.load = Phase::of(run::measure(&load, stop, workers).await)?;
        say("run: webhooks, there and back");
        phases.webhooks = match Phase::of(deliveries(args, load, stop, workers).await)? {
            // Which address a server may call is for its operator to say.
            Phase::Stopped(why) => Phase::NotCheckable(why),
            other => other,
        };
        say("monitor: one round of probes");
        let watch: MonitorArgs = MonitorArgs {
            at: at.clone(),
            ..cli::bare()?
        };
        let round = stop
            .unless_asked(Box::pin(monitor::round(&watch, token)))
            .await;
        phases.monitor = Phase::of(round)?;
        Around::new(args, site, &who, stop).go(phases).await
    };
    let done = Box::pin(done).await;
    if let Some(made) = made {
        remove(args, &who[0], &made, stop).await;
    }
    done
}

/// Deletes what was made; the server may be another process by now, which knows no earlier session.
async fn remove(args: &AcceptArgs, who: &Who, made: &seed::Seeded, stop: &Stop) {
    let deleting = async {
        let site = Site::reach(&args.site, &args.site.named()?, stop).await?;
        let (mut line, _) = snapshot::enter(&site, who, 1).await?;
        run::clean_up(&mut line, made).await;
        Ok::<_, Problem>(())
    };
    if let Err(problem) = deleting.await {
        let project = made.project;
        say(&format!(
            "warning: the project {project} remains: {problem}"
        ));
    }
}

/// The documented load, whatever the environment says of other loads.
fn load(args: &AcceptArgs, site: &Site, who: &Who) -> Result<RunArgs, Problem> {
    let mut load: RunArgs = cli::bare()?;
    load.url = Some(site.base().to_owned());
    load.api = args.site.api;
    load.confirm_host.clone_from(&args.site.confirm_host);
    load.way.clone_from(&args.site.way);
    if let Who::Password { username, password } = who {
        load.username = Some(username.clone());
        load.password = Some(password.expose_secret().to_owned());
    }
    Ok(load)
}

/// Whether webhooks come back signed. Its project is its own.
async fn deliveries(
    args: &AcceptArgs,
    mut load: RunArgs,
    stop: &Stop,
    workers: usize,
) -> Result<RunResult, Problem> {
    load.scenario = "webhooks".parse()?;
    load.receiver = args.receiver.clone();
    load.writes = true;
    load.how_much.requests = Some(DELIVERIES);
    load.how_much.users = Some(Stages::of_level(1.0));
    run::measure(&load, stop, workers).await
}
