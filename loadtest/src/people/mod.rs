//! The users: goose runs them, each holds a line, takes tickets and runs the scenario.

mod attendance;
mod clock;
mod person;

pub use attendance::{Attendance, Present, Users};

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use goose::{
    GooseAttack,
    client::GooseClientBuilder,
    config::GooseConfiguration,
    goose::GooseUser,
    prelude::{Scenario as GooseScenario, Transaction},
};
use tokio::sync::Semaphore;
use vikunja_sdk::Session;

use crate::{
    check::Check,
    exit::Problem,
    line::{Keep, Target},
    plan::{self, Arrivals, Desk, Issued, Model, Plan, Schedule, Shift, Ticket, Timeline, Turns},
    record::{Class, Failure, Live, Phase, Place, Recorder, Row, Sample, Timing, Tray},
    scenario::{Actor as _, Cast},
    stop::Stop,
};
use attendance::Departure;
use clock::{Clock, Moment};
use person::Person;

/// Users that connect at the same time before the clock: more would only fill the server's backlog.
const ARRIVING: usize = 100;
/// From the last user's arrival to the first ticket of the open model, so that the pacer is there in time.
const LEAD: Duration = Duration::from_millis(20);
/// How often users are counted.
const COUNT: Duration = Duration::from_secs(1);

/// A server, and what users do there.
pub struct Site {
    /// As whom they go there. Users take the next one in turn.
    pub sessions: Vec<Session>,
    /// Where it is.
    pub target: Arc<Target>,
    /// What they do with their connections.
    pub keep: Keep,
    /// What they do there.
    pub cast: Arc<Cast>,
}

/// What all users share.
pub struct Crew {
    /// Where they go: one server, or those that are compared, in the order of the run's servers.
    pub sites: Vec<Site>,
    /// Index of the block of the first stage; each stage is a block.
    pub block: usize,
    /// How much.
    pub plan: Plan,
    /// Who gets which tickets, where servers are compared.
    pub turns: Option<Turns>,
    /// How closely answers are looked at.
    pub check: Check,
    /// Whether to stop.
    pub stop: Stop,
}

/// What came of it, beside the record.
#[derive(Clone, Debug)]
pub struct Worked {
    /// Each stage: from its begin to its end or to the last judged answer, whichever is later.
    pub stages: Vec<Duration>,
    /// How long each phase lasted.
    pub phases: Vec<(Phase, Duration)>,
    /// Users that were planned, and that left early.
    pub users: Users,
    /// Users over time: each moment at which their number was another than a second before.
    pub present: Vec<Present>,
    /// How long the users were at work, from the start of the clock until the last one left.
    pub lasted: Duration,
    /// Connections that took the place of lost ones.
    pub reconnects: u64,
    /// Requests that were sent again on a new connection.
    pub resent: u64,
}

impl Worked {
    /// What is known in the middle of a run: users began to arrive at `opened`, the clock started after that or not yet.
    pub fn so_far(plan: &Plan, opened: Instant, started: Option<Instant>) -> Self {
        let timeline = Timeline::of(plan);
        let arriving = started.map_or_else(|| opened.elapsed(), |started| started - opened);
        let elapsed = started.map(|started| started.elapsed()).unwrap_or_default();
        let stages: Vec<_> = (0..plan.stages.len())
            .map(|index| {
                let (begins, lasts) = timeline.stage(index);
                let seen = elapsed.saturating_sub(begins);
                lasts.map_or(seen, |lasts| lasts.min(seen))
            })
            .collect();
        let (ramp, steady) = (plan.ramp.min(elapsed), stages.iter().sum());
        Self {
            phases: vec![
                (Phase::WarmUp, arriving),
                (Phase::Ramp, ramp),
                (Phase::Steady, steady),
                (Phase::Drain, elapsed.saturating_sub(ramp + steady)),
            ],
            stages,
            users: Users {
                planned: plan.users,
                ..Users::default()
            },
            present: Vec::new(),
            lasted: elapsed,
            reconnects: 0,
            resent: 0,
        }
    }
}

/// What the users of a run have in common while it lasts.
struct Run {
    crew: Crew,
    clock: Clock,
    desk: Desk,
    timeline: Timeline,
    arriving: Semaphore,
    attendance: Attendance,
    present: Mutex<Vec<Present>>,
    live: Arc<Live>,
    /// The last judged answer of each stage, in ns since the start.
    last_answers: Vec<AtomicU64>,
    /// When the last user left, in ns since the start: goose takes half a second longer to notice.
    last_left: AtomicU64,
    reconnects: AtomicU64,
    resent: AtomicU64,
}

/// Puts the crew to work until the tickets are gone, time is over, or somebody asks to stop.
///
/// `at_start` is called when everybody has arrived and the clock starts.
pub async fn work(
    mut crew: Crew,
    recorder: &Recorder,
    at_start: impl Fn() + Send + Sync + 'static,
) -> Result<Worked, Problem> {
    let config = goose_config(&crew);
    let lead = match crew.plan.model {
        Model::Closed => Duration::ZERO,
        Model::Open(_) => LEAD,
    };
    let run = Arc::new(Run {
        clock: Clock::new(crew.plan.users, lead, at_start),
        desk: (crew.turns.take()).map_or_else(|| Desk::of(&crew.plan), Desk::Turns),
        timeline: Timeline::of(&crew.plan),
        arriving: Semaphore::new(ARRIVING),
        attendance: Attendance::of(crew.plan.users),
        present: Mutex::default(),
        live: recorder.live(),
        last_answers: crew.plan.stages.iter().map(|_| AtomicU64::new(0)).collect(),
        last_left: AtomicU64::new(0),
        reconnects: AtomicU64::new(0),
        resent: AtomicU64::new(0),
        crew,
    });
    let people = {
        let trays = recorder.trays();
        let run = Arc::clone(&run);
        Transaction::new(Arc::new(move |user: &mut GooseUser| {
            let (run, tray) = (Arc::clone(&run), trays.tray());
            let number = user.weighted_users_index;
            Box::pin(async move {
                live(&run, number, tray).await;
                Ok(())
            })
        }))
        .set_name("people")
    };
    let goose_failed = |error: goose::GooseError| {
        Problem::new(format!("goose cannot schedule the users: {error}"))
    };
    let attack = GooseAttack::initialize_with_config(config)
        .and_then(|attack| {
            // One client for all, which nobody uses: one each would read the system's authorities once per user.
            attack.set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())
        })
        .map_err(goose_failed)?
        .register_scenario(GooseScenario::new("people").register_transaction(people));
    // goose's future is large; boxed, ours is not.
    let attack = Box::pin(attack.execute());
    tokio::select! {
        done = attack => drop(done.map_err(goose_failed)?),
        () = run.direct() => unreachable!("the run is directed until the users are done"),
        () = run.halt() => unreachable!("the run is watched until the users are done"),
        () = run.watch() => unreachable!("users are counted until they are done"),
    }
    if run.clock.moment() != Moment::Halted {
        run.count_not_started(&mut recorder.trays().tray());
    }
    Ok(run.worked())
}

fn goose_config(crew: &Crew) -> GooseConfiguration {
    let mut config = GooseConfiguration::default();
    config.host = crew
        .sites
        .iter()
        .find_map(|site| site.sessions.first())
        .map(|session| session.server().base().to_owned());
    config.users = Some(crew.plan.users as usize);
    // The default of one user a second would measure ten seconds of ramp.
    config.increase_rate = Some("100000".to_owned());
    // One pass of the transaction below, which loops.
    config.iterations = Some(1);
    config.no_telnet = true;
    config.no_print_metrics = true;
    config.no_transaction_metrics = true;
    config.no_scenario_metrics = true;
    config.no_error_summary = true;
    config.quiet = 1;
    config
}

/// One user's life: connect and arrive, meet the others, then take tickets.
async fn live(run: &Run, number: usize, tray: Tray) {
    let mut departure = run.attendance.arrive(number, &run.clock);
    let _seat = run.desk.sit();
    let mut person = Person::new(run, number, tray);
    tokio::select! {
        biased;
        () = run.clock.reached(Moment::Halted) => {}
        () = person.arrive() => run.gather(&mut departure).await,
    }
    work_off(run, &mut person).await;
    if let Some(started) = run.clock.started() {
        let left = started.elapsed().as_nanos() as u64;
        run.last_left.fetch_max(left, Ordering::Relaxed);
    }
    run.reconnects
        .fetch_add(person.reconnects(), Ordering::Relaxed);
    run.resent.fetch_add(person.resent(), Ordering::Relaxed);
    departure.leave_as_planned();
}

async fn work_off(run: &Run, person: &mut Person<'_>) {
    let Some(started) = run.clock.started() else {
        return;
    };
    let user = person.number();
    loop {
        let next = async {
            tokio::select! {
                biased;
                // An open run's queue is worked off until the end of the drain; a closed one ends with its time.
                () = run.clock.reached(run.closes()) => None,
                issued = run.desk.next(user, started, || person.hand_in()) => issued,
            }
        };
        let Some(issued) = next.await else {
            return;
        };
        tokio::select! {
            biased;
            () = person.run(issued) => {}
            () = run.clock.reached(Moment::Cut) => {
                person.cut(run.clock.moment() == Moment::Cut);
                return;
            }
        }
    }
}

impl Run {
    /// Waits for all users, and starts the clock with the last one.
    async fn gather(&self, departure: &mut Departure<'_>) {
        if departure.gathered() {
            self.clock.start();
        }
        self.clock.reached(Moment::Running).await;
    }

    /// By what a ticket's scenario is chosen. Where servers are compared both get the same, whoever carries it out.
    fn casting(&self) -> Model {
        match &self.desk {
            Desk::Turns(_) => Model::Open(Arrivals::Constant),
            Desk::Closed(_) | Desk::Open(_) => self.crew.plan.model,
        }
    }

    /// From when on nobody takes a ticket.
    fn closes(&self) -> Moment {
        match self.crew.plan.model {
            Model::Closed => Moment::Over,
            Model::Open(_) => Moment::Cut,
        }
    }

    /// Gives out the tickets of the open model, and ends the run when it is time. Never returns.
    async fn direct(&self) {
        self.clock.reached(Moment::Running).await;
        if let Some(started) = self.clock.started() {
            self.until_over(started).await;
            self.clock.advance(Moment::Over);
            if let Some(drain) = self.crew.plan.drain {
                tokio::time::sleep(drain).await;
                self.clock.advance(Moment::Cut);
            }
        }
        std::future::pending::<()>().await;
    }

    async fn until_over(&self, started: Instant) {
        match (&self.desk, Schedule::of(&self.crew.plan)) {
            (Desk::Open(queue), Some(schedule)) => {
                let queue = Arc::clone(queue);
                // An OS thread of tokio's for what blocks. It cannot fail but by a bug of ours.
                let pacer = tokio::task::spawn_blocking(move || {
                    // Not to be taken for a worker; a name that cannot be set is no harm.
                    let _ = std::fs::write("/proc/thread-self/comm", "loadtest-pacer");
                    plan::pace(schedule, started, &queue);
                });
                let _ = pacer.await;
            }
            _ => match self.timeline.end() {
                Some(end) => tokio::time::sleep_until((started + end).into()).await,
                None => std::future::pending().await,
            },
        }
    }

    /// Ends the run at once when somebody asks to stop, or when it is given up. Never returns.
    async fn halt(&self) {
        tokio::select! {
            () = self.crew.stop.asked() => {}
            () = self.live.until_given_up() => {}
        }
        if let Desk::Open(queue) = &self.desk {
            queue.close();
        }
        self.clock.advance(Moment::Halted);
        std::future::pending::<()>().await;
    }

    /// Counts the users, now and then. Never returns.
    async fn watch(&self) {
        self.clock.reached(Moment::Running).await;
        loop {
            self.count();
            tokio::time::sleep(COUNT).await;
        }
    }

    fn count(&self) {
        let at = self.clock.started().map_or(Duration::ZERO, |started| {
            Instant::now().saturating_duration_since(started)
        });
        let ended = |site: &Site| site.sessions.iter().map(Session::is_expired).collect();
        let ended: Vec<Vec<bool>> = self.crew.sites.iter().map(ended).collect();
        let (planned, live) = self.attendance.count(
            |user| matches!(self.timeline.shift(user, at), Shift::Work(..)),
            |user| ended.iter().all(|site| !site[user % site.len()]),
        );
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let last = present.last();
        if last.is_none_or(|last| (last.planned, last.live) != (planned, live)) {
            present.push(Present {
                repeat: 0,
                seconds: at.as_secs_f64(),
                planned,
                live,
            });
        }
    }

    /// What was due and nobody took is a failure like one that was sent: else a server that cannot keep up would be
    /// asked less, and look better.
    fn count_not_started(&self, tray: &mut Tray) {
        let Desk::Open(queue) = &self.desk else {
            return;
        };
        for Issued { phase, stage, .. } in queue.take_rest() {
            tray.put(Sample {
                place: Place {
                    server: 0,
                    block: self.crew.block + stage,
                    phase,
                    row: Row::NotStarted,
                },
                at: Instant::now(),
                timing: Timing::default(),
                failure: Some(Failure {
                    class: Class::NotStarted,
                    words:
                        "a ticket was due, and no connection was free until the end of the drain"
                            .to_owned(),
                }),
            });
        }
    }

    /// The warm-up's ticket of a user: chance without a number that is counted.
    fn arrival(&self, user: usize) -> Ticket {
        Ticket::of_ramp(!self.crew.plan.seed, user as u64)
    }

    fn answered(&self, stage: usize, started: Instant) {
        let at = started.elapsed().as_nanos() as u64;
        if let Some(last) = self.last_answers.get(stage) {
            last.fetch_max(at, Ordering::Relaxed);
        }
    }

    fn worked(&self) -> Worked {
        let started = self.clock.started().unwrap_or_else(Instant::now);
        let elapsed = Duration::from_nanos(self.last_left.load(Ordering::Relaxed));
        let halted = self.clock.moment() == Moment::Halted;
        let mut steady = Duration::ZERO;
        let stages: Vec<_> = self
            .last_answers
            .iter()
            .enumerate()
            .map(|(index, last)| {
                let (begins, lasts) = self.timeline.stage(index);
                let answered = Duration::from_nanos(last.load(Ordering::Relaxed));
                // A run that was stopped lasted until then, however long nothing came.
                let until = if halted { elapsed } else { answered };
                let seen = until.saturating_sub(begins);
                let lasted = match lasts {
                    Some(lasts) if halted => lasts.min(seen),
                    Some(lasts) if index + 1 < self.last_answers.len() => lasts,
                    Some(lasts) => lasts.max(seen),
                    None => seen,
                };
                steady += lasted;
                lasted
            })
            .collect();
        let ramp = self.crew.plan.ramp.min(elapsed);
        Worked {
            phases: vec![
                (
                    Phase::WarmUp,
                    started.saturating_duration_since(self.clock.opened()),
                ),
                (Phase::Ramp, ramp),
                (Phase::Steady, steady),
                (Phase::Drain, elapsed.saturating_sub(ramp + steady)),
            ],
            stages: match &self.desk {
                Desk::Turns(turns) => turns.lasted(),
                Desk::Closed(_) | Desk::Open(_) => stages,
            },
            users: self.attendance.users(),
            present: std::mem::take(
                &mut self.present.lock().unwrap_or_else(PoisonError::into_inner),
            ),
            lasted: elapsed,
            reconnects: self.reconnects.load(Ordering::Relaxed),
            resent: self.resent.load(Ordering::Relaxed),
        }
    }
}
