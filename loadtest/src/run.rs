//! `run`: server → seed → plan → people → record → verdict → report.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::HeaderMap;
use vikunja_sdk::Execute;

use crate::{
    cli::{RunArgs, is_loopback},
    exit::{Exit, Problem},
    guard,
    line::{Line, Target},
    measure::{self, Measured, Measuring},
    out::Stdout,
    plan::{Model, Plan},
    preflight,
    progress::{Progress, say},
    renewal::Login,
    report::{
        Checkpoint, Ended, Frame, Outcome, Outputs, PlanPart, RunResult, ScenarioPart, ServerPart,
        command,
    },
    scenario::{About, Cast, Prepared, Scenario, Stage, Webhooks},
    seed::{self, Seeded},
    server::{self, Reached, Running, Which},
    shell,
    state::{Account, State},
    stop::Stop,
    store::Postgres,
    threads,
    tls::Trust,
    verdict::{self, Limit, Target as Wanted},
    who::{self, Entered, Remains, Who},
};

/// Tasks that are made where the account is ours.
const SEED_TASKS: u64 = 100;
/// How long a server that was started here may take to answer.
const START_UP: Duration = Duration::from_secs(60);

/// Runs, and says how it ended.
pub fn run(args: &RunArgs, out: &Stdout) -> Result<Exit, Problem> {
    // Everything that can be found wrong without a server is found first.
    let job = Job::of(args)?;
    warn_of_secrets(args);
    let workers = args.workers();
    let stop = Stop::on_signals()?;
    let result = threads::start(workers)?.block_on(job.run(&stop, workers))?;
    job.outputs.write(&result, out)?;
    if let Some(checkpoint) = &job.checkpoint {
        checkpoint.remove();
    }
    Ok(result.outcome.exit())
}

/// Carries out a run for a command that judges it together with other things.
pub(crate) async fn measure(
    args: &RunArgs,
    stop: &Stop,
    workers: usize,
) -> Result<RunResult, Problem> {
    Job::of(args)?.run(stop, workers).await
}

/// Says which secrets every user of this machine can see.
pub(crate) fn warn_of_secrets(args: &RunArgs) {
    for (flag, instead) in args.exposed_secrets() {
        say(&format!(
            "warning: {flag} on the command line is visible to every user of this machine; set {instead} instead"
        ));
    }
}

impl RunArgs {
    /// Threads that carry out users: half the processors unless told, because the server is often on the same machine.
    pub(crate) fn workers(&self) -> usize {
        self.threads.map_or_else(threads::half, usize::from)
    }
}

impl Outcome {
    fn exit(self) -> Exit {
        match self {
            Self::Passed => Exit::Passed,
            Self::Missed => Exit::Missed,
            Self::Invalid => Exit::Invalid,
            Self::Cancelled | Self::Partial => Exit::Cancelled,
        }
    }
}

/// What is to be done, checked.
pub(crate) struct Job<'a> {
    args: &'a RunArgs,
    pub(crate) which: Which,
    who: Who,
    pub(crate) plan: Plan,
    targets: Vec<Wanted>,
    limit: Option<Limit>,
    outputs: Outputs,
    checkpoint: Option<Arc<Checkpoint>>,
    postgres: Option<Postgres>,
    headers: HeaderMap,
    trust: Trust,
}

/// A server that can be measured.
pub(crate) struct Ready {
    pub(crate) line: Line,
    pub(crate) server: ServerPart,
    made: Option<Seeded>,
    remains: Option<Remains>,
    /// Who is in, where the password is known.
    account: Option<Account>,
}

impl<'a> Job<'a> {
    pub(crate) fn of(args: &'a RunArgs) -> Result<Self, Problem> {
        let plan = Plan::of(&args.how_much)?;
        refuse_idle_flags(args)?;
        let targets = targets(args, &plan)?;
        let limit = args.abort_on.as_deref().map(str::parse).transpose()?;
        let outputs = args.outputs.open::<RunResult>()?;
        let which = Which::of(args);
        let who = who_of(args, &which)?;
        let postgres = postgres_of(args, &which)?;
        if args.scenario.any(is_of_webhooks) {
            args.receiver.check(which.is_near())?;
        }
        Ok(Self {
            args,
            which,
            who,
            plan,
            targets,
            limit,
            checkpoint: outputs.checkpoint().map(Arc::new),
            outputs,
            postgres,
            headers: args.way.headers()?,
            trust: args.way.trust.clone(),
        })
    }

    async fn run(&self, stop: &Stop, workers: usize) -> Result<RunResult, Problem> {
        for warning in preflight::check(&self.plan, self.args.connections, workers)? {
            say(&format!("warning: {warning}"));
        }
        if let Some(postgres) = &self.postgres {
            stop.unless_asked(measure::statements(postgres)).await?;
        }
        let mut running = Running::start(&self.which, stop)?;
        let mut ready = None;
        // goose's and hyper's futures are large; boxed, ours are not.
        let result = Box::pin(self.measure(&mut running, &mut ready, stop, workers)).await;
        if let Some(ready) = ready {
            self.leave(ready).await;
        }
        result
    }

    /// Sets up and runs, as often as was asked for. What stands on the server is in `ready`, whatever comes.
    async fn measure(
        &self,
        running: &mut Running,
        ready: &mut Option<Ready>,
        stop: &Stop,
        workers: usize,
    ) -> Result<RunResult, Problem> {
        let mut measured = Measured::default();
        let mut last = None;
        for repeat in 0..usize::from(self.args.repeat) {
            let once = self.once(repeat, &mut measured, running, ready, stop, workers);
            match once.await {
                Ok(frame) => last = Some(frame),
                // What was measured before somebody stopped is told.
                Err(_) if stop.is_asked() && last.is_some() => break,
                Err(problem) => return Err(problem),
            }
            if stop.is_asked() || measured.given_up.is_some() {
                break;
            }
        }
        let Some(frame) = last else {
            return Err(Problem::cancelled());
        };
        let ended = match stop.is_asked() {
            true if measured.judged().requests() == 0 => return Err(Problem::cancelled()),
            true => Ended::Stopped,
            false => Ended::ByItself,
        };
        Ok(frame.result(measured, ended))
    }

    /// One more run, on a server that stands ready or is made so.
    async fn once(
        &self,
        repeat: usize,
        measured: &mut Measured,
        running: &mut Running,
        ready: &mut Option<Ready>,
        stop: &Stop,
        workers: usize,
    ) -> Result<Arc<Frame>, Problem> {
        let set_up = Instant::now();
        if let Some(command) = &self.args.before_each {
            if let Some(ready) = ready.take() {
                self.leave(ready).await;
            }
            stop.unless_asked(shell::run("--before-each", command))
                .await?;
        }
        let ready = match ready {
            Some(ready) => ready,
            None => {
                let entered = Box::pin(stop.unless_asked(self.enter(running, stop))).await?;
                let ready = ready.insert(entered);
                self.seed(ready, stop).await?;
                ready
            }
        };
        let prepared = stop.unless_asked(self.prepare(ready)).await?;
        self.check_limit(&ready.line)?;
        let (cast, logins, scenario) = self.cast(prepared, ready);
        let opened = cast.open(&mut ready.line, &self.args.receiver).await;
        if let Err(problem) = opened {
            let _ = cast.close(&mut ready.line, stop).await;
            return Err(problem);
        }
        let frame = Arc::new(Frame {
            command: command::line(std::env::args(), std::env::vars()),
            server: ready.server.clone(),
            scenario,
            plan: PlanPart::of(
                &self.plan,
                self.args.connections,
                self.args.check,
                self.args.repeat,
            ),
            targets: self.targets.clone(),
            workers,
            ignores_lag: self.args.ignore_lag,
        });
        let run = Measuring {
            plan: &self.plan,
            target: ready.line.target(),
            logins,
            connections: self.args.connections,
            check: self.args.check,
            cast: Arc::clone(&cast),
            limit: self.limit.as_ref(),
            postgres: self.postgres.as_ref(),
            server_pid: self.args.server_pid.or_else(|| running.pid()),
            set_up: set_up.elapsed(),
            keeper: self.checkpoint.clone().map(|file| file.keeper(&frame)),
        };
        let done = measured.add(repeat, run, stop).await;
        let told = cast.close(&mut ready.line, stop).await;
        done?;
        measured.webhooks.extend(told?);
        Ok(frame)
    }

    /// Reaches the server and logs in.
    pub(crate) async fn enter(&self, running: &mut Running, stop: &Stop) -> Result<Ready, Problem> {
        let server = guard::server_at(&running.address)?.with_api(self.args.api.into());
        let target = Target::new(server.base(), &self.trust.connector()?, &self.headers)?
            .resolved_by(&self.args.resolve)?;
        let wait = match (self.args.wait, self.which.is_running_already()) {
            (Some(wait), _) => wait,
            (None, true) => Duration::ZERO,
            (None, false) => START_UP,
        };
        let Reached {
            identified,
            mut line,
        } = stop
            .unless_asked(server::reach(
                running,
                server,
                &Arc::new(target),
                self.plan.timeout,
                wait,
            ))
            .await?;
        guard::check_api(self.args.api, &identified)?;
        let state = self.args.state.clone().unwrap_or_else(State::default_path);
        let Entered { remains, account } = stop
            .unless_asked(who::log_in(
                &self.who,
                &mut line,
                &identified.info,
                &state,
                wait,
            ))
            .await?;
        let server = ServerPart::of(&identified, &line);
        say(&format!("{} at {}", server.name(), server.url));
        if server.kind == "sandbox" {
            say(
                "This is the stand-in, not a Vikunja server. For a real one:\n  VIKUNJA_URL=http://localhost:3456 VIKUNJA_TOKEN=tk_… cargo run -p loadtest",
            );
        }
        Ok(Ready {
            line,
            server,
            made: None,
            remains,
            account,
        })
    }

    /// Leaves the server as it was found.
    pub(crate) async fn leave(&self, mut ready: Ready) {
        // A server that we started ends with everything in it.
        if let Some(made) = ready.made.filter(|_| self.which.is_running_already()) {
            clean_up(&mut ready.line, &made).await;
        }
        if let Some(remains) = ready.remains {
            say(&format!(
                "the account {} remains on the server; its password is in {}",
                remains.username, remains.state
            ));
        }
    }

    pub(crate) async fn seed(&self, ready: &mut Ready, stop: &Stop) -> Result<(), Problem> {
        let ours = if self.who.is_ours() { SEED_TASKS } else { 0 };
        let count = self.args.seed_tasks.unwrap_or(ours);
        if count == 0 {
            return Ok(());
        }
        let progress = Progress::of("making tasks", count);
        let Ready { line, made, .. } = ready;
        seed::seed(line, count, made, stop, |done| progress.set(done, 0)).await?;
        if let Some(Seeded {
            repeated: repeated @ 1..,
            tasks,
            ..
        }) = made
        {
            say(&format!(
                "made {tasks} tasks; {repeated} requests were sent again (Vikunja 2.x on SQLite answers 500 when its file is locked, and stores nothing)"
            ));
        }
        Ok(())
    }

    /// Gets every scenario ready.
    pub(crate) async fn prepare(&self, ready: &mut Ready) -> Result<Vec<(Prepared, u32)>, Problem> {
        let mut stage = Stage {
            line: &mut ready.line,
            is_ours: self.who.may_be_written(),
            may_write: self.who.may_be_written() || self.args.writes,
            users: self.plan.users,
            seed: self.plan.seed,
            world: self.who.world().cloned(),
            password: ready.account.as_ref().map(|one| one.password.clone()),
            cacert: self.trust.authority()?,
            scene: None,
        };
        let mut prepared = Vec::new();
        for (about, weight) in &self.args.scenario.0 {
            prepared.push((about.prepare(&mut stage).await?, *weight));
        }
        Ok(prepared)
    }

    /// Who plays what as whom, and what is told of it.
    pub(crate) fn cast(
        &self,
        prepared: Vec<(Prepared, u32)>,
        ready: &mut Ready,
    ) -> (Arc<Cast>, Vec<Arc<Login>>, ScenarioPart) {
        let session = ready.line.session().clone();
        ready.server.api = session
            .call(&vikunja_sdk::tasks::List::default())
            .map_or_else(
                |_| String::new(),
                |(_, pending)| pending.route().at.api.to_string(),
            );
        let mut part = ScenarioPart {
            name: self.args.scenario.to_string(),
            checks: String::new(),
            tasks_per_page: 0,
            tasks: None,
            state: None,
            seeded: ready.made.map_or(0, |made| made.tasks),
            seed_repeats: ready.made.map_or(0, |made| made.repeated.into()),
        };
        let (mut logins, mut checks, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for (prepared, weight) in prepared {
            if logins.is_empty() {
                logins = prepared.logins;
            }
            checks.push(prepared.checks);
            part.tasks_per_page = part.tasks_per_page.max(prepared.tasks_per_page);
            part.tasks = part.tasks.or(prepared.tasks);
            part.state = part.state.or(prepared.state);
            parts.push((prepared.scenario, weight));
        }
        if logins.is_empty() {
            logins.push(Login::new(session, ready.account.clone()));
        }
        part.checks = checks.join("; ");
        (Arc::new(Cast::new(parts)), logins, part)
    }

    /// With the general limiter on, most of the load would be 429s, which are fast: a green result of a refused load.
    pub(crate) fn check_limit(&self, line: &Line) -> Result<(), Problem> {
        let Some(limit) = line.limit else {
            return Ok(());
        };
        let Some(tickets) = self.plan.expected() else {
            say(&format!(
                "warning: the server's rate limiter lets {} requests through until its window ends; this run sends as many as there is time for",
                limit.remaining
            ));
            return Ok(());
        };
        let wanted = tickets.saturating_add(self.plan.users);
        if limit.remaining >= wanted {
            return Ok(());
        }
        let problem = Problem::new(format!(
            "the server's rate limiter leaves {} of {} requests until its window ends in {} s; this run sends {wanted}",
            limit.remaining,
            limit.limit,
            limit.seconds_left() + 1
        ))
        .advise("switch it off for the measurement (VIKUNJA_RATELIMIT_ENABLED=false) or raise VIKUNJA_RATELIMIT_LIMIT");
        let possible = limit.remaining.saturating_sub(self.plan.users);
        Err(if possible >= self.plan.users {
            problem.advise(format!("or send less: --requests {possible}"))
        } else {
            problem
        })
    }
}

/// Whether a receiver is needed, which lasts as long as the run.
pub(crate) fn is_of_webhooks(about: &About) -> bool {
    about.name == Webhooks::NAME
}

/// Flags that would do nothing in these scenarios are a mistake.
fn refuse_idle_flags(args: &RunArgs) -> Result<(), Problem> {
    if args.how_much.think.is_some() && !args.scenario.any(|about| about.pauses) {
        return Err(Problem::new(format!(
            "--think is a factor on pauses, and {} has none",
            args.scenario
        ))
        .advise("leave --think out, or take a scenario of people: --scenario worker"));
    }
    if args.receiver.is_given() && !args.scenario.any(is_of_webhooks) {
        return Err(Problem::new(format!(
            "--receiver-listen is for webhooks, and {} receives none",
            args.scenario
        ))
        .advise("leave it out, or add --scenario webhooks"));
    }
    Ok(())
}

/// The server's database, where it can be the server's.
fn postgres_of(args: &RunArgs, which: &Which) -> Result<Option<Postgres>, Problem> {
    let postgres = args.postgres.open()?;
    if postgres.is_some() && !matches!(which, Which::Url(_)) {
        return Err(Problem::new(
            "--postgres is the database of a running server; one that is started here has an SQLite file",
        )
        .advise("name the server: --url http://localhost:3456, or leave --postgres out"));
    }
    Ok(postgres)
}

/// What the run is judged by: what its scenarios promise, and what was given.
fn targets(args: &RunArgs, plan: &Plan) -> Result<Vec<Wanted>, Problem> {
    let mut documented = Vec::new();
    for (about, _) in &args.scenario.0 {
        for target in about.targets {
            if !documented.contains(target) {
                documented.push(*target);
            }
        }
    }
    let mut targets = verdict::targets(&documented, &args.targets, args.strict_band)?;
    if let Model::Open(_) = plan.model
        && let Some(lasts) = plan.lasts()
    {
        // A floor above what is sent would be missed by every server.
        let rate = plan.expected().unwrap_or_default() as f64 / lasts.as_secs_f64();
        let given: Vec<Wanted> = verdict::targets(&[], &args.targets, false)?;
        targets.retain(|target| {
            let judged = given.contains(target) || !target.wants_more_than(rate);
            if !judged {
                say(&format!(
                    "not judged: {target}, because only {rate:.1}/s are sent"
                ));
            }
            judged
        });
    }
    Ok(targets)
}

/// As whom to call, where that is allowed.
fn who_of(args: &RunArgs, which: &Which) -> Result<Who, Problem> {
    match which {
        Which::Url(address) => {
            let host = guard::host_of(address)?;
            guard::confirm_host(&host, args.confirm_host.as_deref())?;
            let who = Who::of(args, address).or_else(|problem| {
                if is_loopback(&host) && guard::wants_throwaway() {
                    Ok(Who::Ours { kept: true })
                } else {
                    Err(problem)
                }
            })?;
            if who.is_ours() && !is_loopback(&host) {
                return Err(Problem::new(format!(
                    "--throwaway is for servers of this machine; {host} is not"
                ))
                .advise(
                    "give an account: VIKUNJA_TOKEN, or VIKUNJA_USERNAME and VIKUNJA_PASSWORD",
                ));
            }
            Ok(who)
        }
        Which::Program(_) | Which::Sandbox(_) => {
            let given = args.token().is_some() || args.username().is_some();
            if given && !args.names_a_server() {
                // A secret of CI that is not set would else be a green run of the stand-in.
                return Err(Problem::new(
                    "an account is given (VIKUNJA_TOKEN or VIKUNJA_USERNAME), and no server",
                )
                .advise("set VIKUNJA_URL, or take the account away to use the stand-in"));
            }
            Ok(Who::Ours { kept: false })
        }
    }
}

/// Deletes what was made before the run. That it cannot is said: the run itself is over.
pub(crate) async fn clean_up(line: &mut Line, made: &Seeded) {
    line.hang_up();
    match tokio::time::timeout(seed::CLEANING, seed::clean(line, made)).await {
        Ok(Ok(())) => say("deleted what was made"),
        Ok(Err(error)) => say(&format!(
            "warning: the project {} could not be deleted: {error}",
            made.project
        )),
        Err(_) => say(&format!(
            "warning: the project {} could not be deleted in time",
            made.project
        )),
    }
}
