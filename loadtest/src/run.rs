//! `run`: server → seed → plan → people → record → verdict → report.

use std::{
    io::{self, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;
use vikunja_sdk::{
    ApiChoice, Execute, Page, Server,
    model::{Task, Timestamp},
    ops::Identified,
    tasks,
};

use crate::{
    cli::{RunArgs, is_loopback},
    exit::{Exit, Problem},
    generator::Reading,
    line::{Line, Target},
    out::Stdout,
    people::{self, Crew},
    plan::Plan,
    progress::{Progress, say},
    record::{Class, Phase, Recorder},
    report::{self, BlockPart, Outcome, PhasePart, RoutePart, RunResult, ScenarioPart, ServerPart},
    scenario::{ListTasks, Promise, Scenario},
    seed::{self, Seeded, patient},
    server::{self, Reached, Running, Which},
    sink::Sink,
    state::State,
    stop::Stop,
    tls::Trust,
    verdict::{self, Target as Wanted},
    who::{self, Who},
};

/// Tasks that are made where the account is ours.
const SEED_TASKS: u64 = 100;
/// How long a server that was started here may take to answer.
const START_UP: Duration = Duration::from_secs(60);
/// The server's page size unless it is set otherwise: fewer tasks make a lighter answer than the documented one.
const FULL_PAGE: usize = 50;

/// Runs, and says how it ended.
pub fn run(args: &RunArgs, out: &Stdout) -> Result<Exit, Problem> {
    // Everything that can be found wrong without a server is found first.
    let job = Job::of(args)?;
    for (flag, instead) in args.exposed_secrets() {
        say(&format!(
            "warning: {flag} on the command line is visible to every user of this machine; set {instead} instead"
        ));
    }
    let stop = Stop::on_signals()?;
    let workers = args.threads.map_or_else(default_workers, usize::from);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .map_err(|error| Problem::new(format!("no threads can be started: {error}")))?;
    let (result, outcome) = runtime.block_on(job.run(&stop, workers))?;
    let json = serde_json::to_string_pretty(&result)
        .map_err(|error| Problem::new(format!("the result cannot be written as JSON: {error}")))?;
    let screen = report::render(&result);
    if job.json.as_ref().is_some_and(Sink::is_stdout) {
        say(&screen);
    } else {
        out.print(&screen)
            .map_err(|error| Problem::new(format!("standard output cannot be written: {error}")))?;
    }
    if let Some(sink) = job.json {
        sink.write("--json", &(json + "\n"), out)?;
    }
    Ok(outcome.exit())
}

/// Half the processors: the server is often on the same machine.
fn default_workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

impl Outcome {
    fn exit(self) -> Exit {
        match self {
            Self::Passed => Exit::Passed,
            Self::Missed => Exit::Missed,
            Self::Invalid => Exit::Invalid,
            Self::Cancelled => Exit::Cancelled,
        }
    }
}

/// What is to be done, checked.
struct Job<'a> {
    args: &'a RunArgs,
    which: Which,
    who: Who,
    plan: Plan,
    targets: Vec<Wanted>,
    json: Option<Sink>,
    headers: HeaderMap,
    trust: Trust,
}

impl<'a> Job<'a> {
    fn of(args: &'a RunArgs) -> Result<Self, Problem> {
        let plan = Plan::closed(args.users, args.requests, args.seed, args.timeout)?;
        let targets = verdict::targets(&args.targets, args.strict_band)?;
        let json = args
            .json
            .as_deref()
            .map(|path| Sink::open("--json", path))
            .transpose()?;
        let which = Which::of(args);
        let who = match &which {
            Which::Url(address) => {
                let host = host_of(address)?;
                confirm_host(&host, args)?;
                let who = Who::of(args).or_else(|problem| {
                    if is_loopback(&host) && wants_throwaway() {
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
                who
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
                Who::Ours { kept: false }
            }
        };
        Ok(Self {
            args,
            which,
            who,
            plan,
            targets,
            json,
            headers: headers(&args.headers)?,
            trust: Trust {
                cacert: args.cacert.clone(),
                insecure: args.insecure,
            },
        })
    }

    async fn run(&self, stop: &Stop, workers: usize) -> Result<(RunResult, Outcome), Problem> {
        let mut running = Running::start(&self.which, stop)?;
        let server = Server::new(&running.address)
            .map_err(|error| Problem::new(error.to_string()))?
            .with_api(self.args.api.into());
        let target = Arc::new(Target::new(
            server.base(),
            &self.trust.connector()?,
            &self.headers,
        )?);
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
                &mut running,
                server,
                &target,
                self.plan.timeout,
                wait,
            ))
            .await?;
        self.check_api(&identified)?;
        let state = self.args.state.clone().unwrap_or_else(State::default_path);
        let remains = stop
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

        let mut made = None;
        let seeded = self.seed(&mut line, &mut made, stop).await;
        let result = match seeded {
            Ok(()) => {
                self.measure(&mut line, target, server, made, stop, workers)
                    .await
            }
            Err(problem) => Err(problem),
        };
        // A server that we started ends with everything in it.
        if let Some(made) = made.filter(|_| self.which.is_running_already()) {
            clean_up(&mut line, &made).await;
        }
        if let Some(remains) = remains {
            say(&format!(
                "the account {} remains on the server; its password is in {}",
                remains.username, remains.state
            ));
        }
        result
    }

    fn check_api(&self, identified: &Identified) -> Result<(), Problem> {
        match ApiChoice::from(self.args.api) {
            ApiChoice::Only(vikunja_sdk::Api::V2) if !identified.server.release.has_v2() => {
                Err(Problem::new(format!(
                    "--api v2 needs Vikunja 2.4.0 or newer; this server is {}",
                    identified.server.version
                ))
                .advise("leave --api out, or give --api v1"))
            }
            _ => Ok(()),
        }
    }

    async fn seed(
        &self,
        line: &mut Line,
        made: &mut Option<Seeded>,
        stop: &Stop,
    ) -> Result<(), Problem> {
        let ours = if self.who.is_ours() { SEED_TASKS } else { 0 };
        let count = self.args.seed_tasks.unwrap_or(ours);
        if count == 0 {
            return Ok(());
        }
        let progress = Progress::of("making tasks", count);
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

    /// Reads the page once, then puts the users to work.
    async fn measure(
        &self,
        line: &mut Line,
        target: Arc<Target>,
        server: ServerPart,
        made: Option<Seeded>,
        stop: &Stop,
        workers: usize,
    ) -> Result<(RunResult, Outcome), Problem> {
        let session = line.session().clone();
        let page = stop.unless_asked(self.first_page(line, &server)).await?;
        self.check_limit(line)?;
        let scenario = ListTasks {
            promise: page.as_ref().map(Promise::of).unwrap_or_default(),
        };
        let route = session
            .call(&tasks::List::default())
            .map(|(_, pending)| *pending.route());
        let server = ServerPart {
            api: route.map_or_else(|_| String::new(), |route| route.at.api.to_string()),
            ..server
        };
        let scenario_part = ScenarioPart {
            name: ListTasks::NAME,
            tasks_per_page: scenario.promise.len(),
            tasks: page.and_then(|page| page.total),
            seeded: made.map_or(0, |made| made.tasks),
            seed_repeats: made.map_or(0, |made| made.repeated.into()),
        };
        let crew = Crew {
            server: 0,
            block: 0,
            session,
            target,
            plan: self.plan,
            scenario,
            stop: stop.clone(),
        };
        let recorder = Recorder::start();
        let at_start = Arc::new(Mutex::new(Reading::now()));
        let set_start = Arc::clone(&at_start);
        let started = Timestamp::now().to_string();
        let progress = Progress::of("running", self.plan.tickets);
        let numbers = recorder.live();
        let worked = tokio::select! {
            worked = people::work(crew, &recorder, move || {
                *set_start.lock().unwrap_or_else(PoisonError::into_inner) = Reading::now();
            }) => worked?,
            () = progress.follow(&numbers) => unreachable!("progress is followed until the work is done"),
        };
        drop(progress);
        let reading = *at_start.lock().unwrap_or_else(PoisonError::into_inner);
        let record = recorder.finish();
        let judged = record.sum(Phase::Steady, |_| true);
        if judged.requests() == 0 && stop.is_asked() {
            return Err(Problem::cancelled());
        }
        let generator = reading.since(judged.requests(), worked.steady, workers, worked.reconnects);
        let rows = verdict::judge(&self.targets, &record, worked.steady);
        let invalid = generator.invalidates(&judged);
        let outcome = if stop.is_asked() {
            Outcome::Cancelled
        } else if invalid.is_some() {
            Outcome::Invalid
        } else if rows.iter().all(|row| row.passed) {
            Outcome::Passed
        } else {
            Outcome::Missed
        };
        let result = RunResult {
            schema: report::SCHEMA,
            loadtest: env!("CARGO_PKG_VERSION"),
            started,
            servers: vec![server],
            scenario: scenario_part,
            plan: (&self.plan).into(),
            blocks: vec![BlockPart { server: 0 }],
            phases: PhasePart::of(&worked),
            routes: RoutePart::of(&record, &worked),
            failures: judged.failures.clone(),
            first_failure: judged.first_failure.clone(),
            generator,
            verdict: rows,
            outcome,
            invalid,
        };
        Ok((result, outcome))
    }

    /// The page that every request must get. `None` where the server answers it with an error: then the run goes on, and
    /// every request of it fails for all to see.
    async fn first_page(
        &self,
        line: &mut Line,
        server: &ServerPart,
    ) -> Result<Option<Page<Task>>, Problem> {
        match patient(line).execute(&tasks::List::default()).await {
            Ok(page) => {
                self.check_page(page.items.len(), server)?;
                Ok(Some(page))
            }
            Err(error) => match error.class() {
                Class::Server | Class::Decode | Class::TimeOut | Class::Broken => Ok(None),
                Class::Client if error.status_code() == Some(404) => Ok(None),
                _ => {
                    let kind = line.session().token_kind();
                    Err(who::explain_refusal(&error, &server.url, kind))
                }
            },
        }
    }

    /// With the general limiter on, most of the load would be 429s, which are fast: a green result of a refused load.
    fn check_limit(&self, line: &Line) -> Result<(), Problem> {
        let wanted = self.plan.tickets.saturating_add(self.plan.users);
        let Some(limit) = line.limit.filter(|limit| limit.remaining < wanted) else {
            return Ok(());
        };
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

    fn check_page(&self, tasks: usize, server: &ServerPart) -> Result<(), Problem> {
        if tasks == 0 {
            return Err(Problem::new(format!(
                "this account has no tasks on {}: empty lists would measure nothing",
                server.url
            ))
            .advise(
                "use an account with tasks, or let the load test make some: --seed-tasks 100",
            ));
        }
        if tasks < FULL_PAGE && !self.who.is_ours() {
            say(&format!(
                "warning: a page holds {tasks} tasks only; a full one holds {FULL_PAGE}, and costs the server more"
            ));
        }
        Ok(())
    }
}

fn host_of(address: &str) -> Result<String, Problem> {
    // The SDK says what is wrong with an address, and never repeats a password in it.
    let server = Server::new(address).map_err(|error| Problem::new(error.to_string()))?;
    Ok(Url::parse(server.base())
        .ok()
        .and_then(|url| url.host_str().map(ToOwned::to_owned))
        .unwrap_or_default())
}

fn confirm_host(host: &str, args: &RunArgs) -> Result<(), Problem> {
    match &args.confirm_host {
        _ if is_loopback(host) => Ok(()),
        Some(confirmed) if confirmed == host => Ok(()),
        Some(confirmed) => Err(Problem::new(format!(
            "--confirm-host {confirmed} is not the host of the address, {host}"
        ))),
        None => Err(Problem::new(format!(
            "{host} is not this machine: a load on somebody's server must be meant"
        ))
        .advise(format!("name it a second time: --confirm-host {host}"))),
    }
}

/// Asks the person at the terminal, if there is one.
fn wants_throwaway() -> bool {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return false;
    }
    say(
        "No account is given. Register one there, make 100 tasks, and delete them afterwards? [y/N]",
    );
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn headers(given: &[String]) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    for text in given {
        // The value may be a secret of a proxy: an error names the header only.
        let (name, value) = text
            .split_once(':')
            .ok_or_else(|| Problem::new("--header: expected 'name: value'"))?;
        let unusable = || Problem::new(format!("--header {name}: not a header that can be sent"));
        let header = HeaderName::try_from(name.trim()).map_err(|_| unusable())?;
        if OURS.contains(&header) {
            return Err(Problem::new(format!(
                "--header {name}: the load test sets this one itself"
            )));
        }
        let mut value = HeaderValue::try_from(value.trim()).map_err(|_| unusable())?;
        value.set_sensitive(true);
        headers.append(header, value);
    }
    Ok(headers)
}

/// Headers that a request has anyway.
const OURS: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::TRANSFER_ENCODING,
];

async fn clean_up(line: &mut Line, made: &Seeded) {
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

impl ServerPart {
    fn of(identified: &Identified, line: &Line) -> Self {
        let server = &identified.server;
        Self {
            url: server.base().to_owned(),
            kind: if line.sandbox.is_some() {
                "sandbox"
            } else {
                "vikunja"
            },
            version: server.version.clone(),
            release: server.release.to_string(),
            api: String::new(),
            credential: line
                .session()
                .token_kind()
                .map_or_else(|| "no token".to_owned(), |kind| kind.to_string()),
            concurrent_writes: server.concurrent_writes,
        }
    }

    /// What it is, for people. The stand-in is never passed off as Vikunja.
    pub fn name(&self) -> String {
        let api = match self.api.as_str() {
            "" => String::new(),
            api => format!(", API {api}"),
        };
        match self.kind {
            "sandbox" => format!("sandbox of {} (not a Vikunja server){api}", self.version),
            _ => format!("Vikunja {}{api}", self.version),
        }
    }
}
