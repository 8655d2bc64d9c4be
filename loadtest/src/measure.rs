//! One run after the other, and what they give together.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use vikunja_sdk::model::Timestamp;

use crate::{
    check::Check,
    exit::Problem,
    generator::{Connects, Generator, Reading, Used},
    line::{Connections, Target},
    people::{self, Crew, Present, Site, Users, Worked},
    plan::Plan,
    progress::{Progress, say},
    record::{Figures, Phase, Record, Recorder, Row},
    renewal::{self, Login, Renewals},
    report::{BlockPart, DatabasePart, PhasePart, WebhooksPart},
    scenario::Cast,
    server::usage::{self, Counters, Process},
    stop::Stop,
    store::{Postgres, Statements},
    verdict::{Limit, Repeat},
};

/// How often what is known so far is told.
const CHECKPOINT: Duration = Duration::from_secs(5);
/// Telling takes longer the longer a run has lasted: so many times as long nothing is told after it.
const REST: u32 = 20;

/// Who is told, on a thread that may block.
pub type Keeper = Arc<dyn Fn(Measured) + Send + Sync>;

/// What one run needs.
pub struct Measuring<'a> {
    /// How much.
    pub plan: &'a Plan,
    /// Where to.
    pub target: Arc<Target>,
    /// As whom; users take the next one in turn.
    pub logins: Vec<Arc<Login>>,
    /// Who holds connections.
    pub connections: Connections,
    /// How closely answers are looked at.
    pub check: Check,
    /// What is done.
    pub cast: Arc<Cast>,
    /// When to give up.
    pub limit: Option<&'a Limit>,
    /// The server's database, where it was named.
    pub postgres: Option<&'a Postgres>,
    /// The server's process, where it is on this machine.
    pub server_pid: Option<u32>,
    /// How long getting ready took.
    pub set_up: Duration,
    /// Who is told now and then what is known so far.
    pub keeper: Option<Keeper>,
}

/// What all runs gave.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The figures.
    pub record: Record,
    /// Blocks, in order.
    pub blocks: Vec<BlockPart>,
    /// Phases, in order.
    pub phases: Vec<PhasePart>,
    /// Runs, in order.
    pub repeats: Vec<Repeat>,
    /// When the first one began.
    pub started: String,
    /// Users of all runs.
    pub users: Users,
    /// Users of all runs, over time.
    pub present: Vec<Present>,
    /// What became of their sessions.
    pub renewals: Renewals,
    /// Why the last one was given up, if it was.
    pub given_up: Option<String>,
    /// What the server's process used.
    pub server_process: Option<Process>,
    /// What the server counted.
    pub server_counters: Option<Counters>,
    /// What its database did in the last run.
    pub database: Option<DatabasePart>,
    /// What came back by webhooks, of each run that had any.
    pub webhooks: Vec<WebhooksPart>,
    used: Option<Used>,
    connects: Connects,
}

impl Measured {
    /// Carries out one more run.
    pub async fn add(
        &mut self,
        repeat: usize,
        run: Measuring<'_>,
        stop: &Stop,
    ) -> Result<(), Problem> {
        if self.started.is_empty() {
            self.started = Timestamp::now().to_string();
        }
        let sessions: Vec<_> = run.logins.iter().map(|one| one.session().clone()).collect();
        let crew = Crew {
            sites: vec![Site {
                sessions: sessions.clone(),
                target: Arc::clone(&run.target),
                keep: run.connections.keep(),
                cast: Arc::clone(&run.cast),
            }],
            block: self.blocks.len(),
            plan: run.plan.clone(),
            turns: None,
            check: run.check,
            stop: stop.clone(),
        };
        renewal::warn(&run.logins, run.plan);
        let mut keeper = renewal::Keeper::new(run.plan.timeout).with(&run.logins, &run.target);
        let counters = usage::counters(&sessions[0], &run.target, run.plan.timeout).await;
        // All that is sent between the two readings is counted, so it does not matter how long they take.
        let statements = match run.postgres {
            Some(postgres) => Some((postgres, statements(postgres).await?)),
            None => None,
        };
        let limit = run.limit.cloned();
        let recorder = Recorder::start(move |record| {
            limit.as_ref().and_then(|limit| limit.is_passed_by(record))
        });
        let opened = Instant::now();
        let at_start = Arc::new(Mutex::new((Reading::now(), None)));
        let set_start = Arc::clone(&at_start);
        let pid = run.server_pid;
        let live = recorder.live();
        let starts = Arc::clone(&live);
        let progress = Progress::of("running", run.plan.expected());
        let worked = tokio::select! {
            worked = people::work(crew, &recorder, move || {
                let now = (Reading::now(), pid.and_then(usage::Reading::of));
                *set_start.lock().unwrap_or_else(PoisonError::into_inner) = now;
                starts.start();
            }) => worked?,
            () = progress.follow(&live, run.plan) => unreachable!("progress is followed until the work is done"),
            () = keeper.keep() => unreachable!("sessions are kept until the work is done"),
            () = self.tell(repeat, &run, &recorder, opened, &at_start) => {
                unreachable!("what is known is told until the work is done")
            }
        };
        drop(progress);
        let (reading, process) = *at_start.lock().unwrap_or_else(PoisonError::into_inner);
        let used = reading.used(worked.lasted);
        let record = recorder.finish();
        let requests = record.sum(|place| place.phase == Phase::Steady).requests();
        if let Some(process) = process.and_then(|before| before.used(requests)) {
            self.server_process = Some(process);
        }
        self.database = match statements {
            Some((postgres, before)) => database(postgres, &before, &record).await,
            None => None,
        };
        if let Some(before) = counters {
            let after = usage::counters(&sessions[0], &run.target, run.plan.timeout).await;
            self.server_counters = after.map(|after| after.since(&before));
        }
        self.take(repeat, run.set_up, record, worked, used);
        self.renewals.add(keeper.renewals());
        self.given_up = live.given_up().map(ToOwned::to_owned);
        Ok(())
    }

    /// Takes in what a run gave.
    fn take(
        &mut self,
        repeat: usize,
        set_up: Duration,
        record: Record,
        worked: Worked,
        used: Used,
    ) {
        let first_block = self.blocks.len();
        self.used = Some(self.used.map_or(used, |before| before.and(used)));
        self.record.append(record);
        self.blocks.extend(
            worked
                .stages
                .iter()
                .enumerate()
                .map(|(stage, lasted)| BlockPart {
                    server: 0,
                    repeat,
                    stage,
                    seconds: lasted.as_secs_f64(),
                }),
        );
        self.phases.extend(PhasePart::of(repeat, set_up, &worked));
        self.repeats.push(Repeat {
            blocks: first_block..self.blocks.len(),
            lasted: worked.stages.iter().sum(),
        });
        self.users.add(worked.users);
        let present = worked.present.into_iter();
        self.present
            .extend(present.map(|one| Present { repeat, ..one }));
        self.connects.reconnects += worked.reconnects;
        self.connects.resent += worked.resent;
    }

    /// Tells the keeper now and then what is known so far. Never returns.
    async fn tell(
        &self,
        repeat: usize,
        run: &Measuring<'_>,
        recorder: &Recorder,
        opened: Instant,
        at_start: &Mutex<(Reading, Option<usage::Reading>)>,
    ) {
        let Some(keeper) = &run.keeper else {
            return std::future::pending().await;
        };
        let mut rest = CHECKPOINT;
        loop {
            tokio::time::sleep(rest).await;
            let begins = Instant::now();
            let Some(record) = recorder.so_far().await else {
                return std::future::pending().await;
            };
            let worked = Worked::so_far(run.plan, opened, recorder.live().started());
            let (reading, _) = *at_start.lock().unwrap_or_else(PoisonError::into_inner);
            let mut so_far = self.clone();
            let used = reading.used(worked.lasted);
            so_far.take(repeat, run.set_up, record, worked, used);
            let keeper = Arc::clone(keeper);
            // It cannot fail but by a bug of ours, and the next one comes soon.
            let _ = tokio::task::spawn_blocking(move || keeper(so_far)).await;
            rest = CHECKPOINT.max(begins.elapsed() * REST);
        }
    }

    /// The steady phase of all runs.
    pub fn judged(&self) -> Figures {
        self.record.sum(|place| place.phase == Phase::Steady)
    }

    /// What it cost this machine.
    pub fn generator(&self, judged: &Figures, workers: usize) -> Generator {
        let used = self
            .used
            .unwrap_or_else(|| Reading::now().used(Duration::ZERO));
        Generator::of(used, judged, workers, self.connects)
    }
}

/// Reads what the database has counted; says what to do where it does not.
pub async fn statements(postgres: &Postgres) -> Result<Statements, Problem> {
    let read = postgres.statements().await;
    read.map_err(|why| Problem::new(format!("--postgres: {why}")))
}

/// What it did since. That this is not known costs nobody the rest of the result.
async fn database(
    postgres: &Postgres,
    before: &Statements,
    record: &Record,
) -> Option<DatabasePart> {
    let sent = record.sum(|place| place.row != Row::NotStarted).requests();
    let part = match postgres.statements().await {
        Ok(after) => DatabasePart::between(postgres.to_string(), before, &after, sent),
        Err(why) => Err(why),
    };
    part.inspect_err(|why| say(&format!("warning: {why}"))).ok()
}
