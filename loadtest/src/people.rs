//! The users: goose runs them, each holds a line, takes tickets and runs the scenario.

use std::{
    sync::{
        Arc, OnceLock,
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
use tokio::sync::Barrier;
use vikunja_sdk::{Endpoint, Execute, Output, Session};

use crate::{
    exit::Problem,
    line::{Line, LineError, Target, Timed},
    plan::{Plan, Ticket, Tickets},
    record::{Failure, Phase, Place, Recorder, Sample, Tray},
    scenario::{Actor, Scenario},
    stop::Stop,
};

/// What all users share.
pub struct Crew<S> {
    /// Index of their server in the run.
    pub server: usize,
    /// Index of the block.
    pub block: usize,
    /// Where they go, and as whom.
    pub session: Session,
    /// Where they go.
    pub target: Arc<Target>,
    /// How much.
    pub plan: Plan,
    /// What they do.
    pub scenario: S,
    /// Whether to stop.
    pub stop: Stop,
}

/// What came of it, beside the record.
#[derive(Clone, Copy, Debug)]
pub struct Worked {
    /// From the first judged send to the last judged answer.
    pub steady: Duration,
    /// Before that: connecting and one read each.
    pub warm_up: Duration,
    /// Connections beyond one for each user.
    pub reconnects: u64,
}

/// Where users meet before the clock starts, and what they count together.
struct Meeting {
    tickets: Tickets,
    everybody: Barrier,
    opened: Instant,
    started: OnceLock<Instant>,
    last_answer: AtomicU64,
    connects: AtomicU64,
}

/// Puts the crew to work until the tickets are gone or somebody asks to stop.
///
/// `at_start` is called when everybody is connected and the clock starts.
pub async fn work<S: Scenario>(
    crew: Crew<S>,
    recorder: &Recorder,
    at_start: impl Fn() + Send + Sync + 'static,
) -> Result<Worked, Problem> {
    let users = crew.plan.users;
    let stop = crew.stop.clone();
    let meeting = Arc::new(Meeting {
        tickets: Tickets::of(&crew.plan),
        everybody: Barrier::new(users as usize),
        opened: Instant::now(),
        started: OnceLock::new(),
        last_answer: AtomicU64::new(0),
        connects: AtomicU64::new(0),
    });
    let config = goose_config(&crew);
    let people = {
        let trays = recorder.trays();
        let meeting = Arc::clone(&meeting);
        let (crew, at_start) = (Arc::new(crew), Arc::new(at_start));
        Transaction::new(Arc::new(move |user: &mut GooseUser| {
            let tray = trays.tray();
            let (crew, meeting) = (Arc::clone(&crew), Arc::clone(&meeting));
            let at_start = Arc::clone(&at_start);
            Box::pin(async move {
                live(user, &crew, &meeting, tray, at_start.as_ref()).await;
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
        .register_scenario(GooseScenario::new(S::NAME).register_transaction(people));
    // goose's future is large; boxed, ours is not.
    Box::pin(attack.execute()).await.map_err(goose_failed)?;
    let started = meeting.started.get().copied();
    let answered = Duration::from_nanos(meeting.last_answer.load(Ordering::Relaxed));
    Ok(Worked {
        // A run that was stopped lasted until then, however long nothing came.
        steady: match started {
            Some(started) if stop.is_asked() => started.elapsed(),
            _ => answered,
        },
        warm_up: started.unwrap_or_else(Instant::now) - meeting.opened,
        reconnects: meeting
            .connects
            .load(Ordering::Relaxed)
            .saturating_sub(users),
    })
}

fn goose_config<S>(crew: &Crew<S>) -> GooseConfiguration {
    let mut config = GooseConfiguration::default();
    config.host = Some(crew.session.server().base().to_owned());
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

/// One user's life: connect and read once, meet the others, then take tickets.
async fn live<S: Scenario>(
    user: &mut GooseUser,
    crew: &Crew<S>,
    meeting: &Meeting,
    tray: Tray,
    at_start: &(impl Fn() + Sync),
) {
    let mut person = Person {
        line: Line::new(
            crew.session.clone(),
            Arc::clone(&crew.target),
            crew.plan.timeout,
        ),
        user,
        tray,
        server: crew.server,
        block: crew.block,
        phase: Phase::WarmUp,
        last: None,
    };
    let stopped = crew.stop.asked();
    tokio::pin!(stopped);
    tokio::select! {
        () = person.begin(&crew.scenario) => {}
        () = &mut stopped => return,
    }
    let met = tokio::select! {
        met = meeting.everybody.wait() => met,
        () = &mut stopped => return,
    };
    if met.is_leader() {
        at_start();
        // Set once: there is one leader.
        let _ = meeting.started.set(Instant::now());
    }
    let started = loop {
        match meeting.started.get() {
            Some(started) => break *started,
            None => tokio::task::yield_now().await,
        }
    };
    person.phase = Phase::Steady;
    while let Some(ticket) = meeting.tickets.take() {
        tokio::select! {
            biased;
            () = person.run(&crew.scenario, ticket) => {}
            // What is in flight is cut off and not counted.
            () = &mut stopped => break,
        }
        let at = started.elapsed().as_nanos() as u64;
        meeting.last_answer.fetch_max(at, Ordering::Relaxed);
    }
    meeting
        .connects
        .fetch_add(person.line.connects, Ordering::Relaxed);
}

/// A goose user that carries out typed endpoints over its own line, and records them.
struct Person<'a> {
    user: &'a mut GooseUser,
    line: Line,
    tray: Tray,
    server: usize,
    block: usize,
    phase: Phase,
    /// The last request, until it is clear whether its answer holds what was promised.
    last: Option<(Sample, Option<u16>)>,
}

impl Person<'_> {
    async fn begin<S: Scenario>(&mut self, scenario: &S) {
        // A failure is in the record already.
        let _ = scenario.begin(self).await;
        self.settle().await;
    }

    async fn run<S: Scenario>(&mut self, scenario: &S, ticket: Ticket) {
        // A failure is in the record already.
        let _ = scenario.run(self, ticket).await;
        self.settle().await;
    }

    /// Hands the last request on: to our record, and to goose's.
    async fn settle(&mut self) {
        let Some((sample, status)) = self.last.take() else {
            return;
        };
        if self.phase == Phase::Steady {
            let class = sample.failure.as_ref().map(|failure| failure.class);
            let tag = class.map(|class| class.to_string());
            let route = &sample.place.route;
            // goose refuses names that it does not like, and ours are constants; our own record does not depend on it.
            let _ = self
                .user
                .record_custom_request_duration(
                    route.verb,
                    route.template,
                    sample.timing.last_byte,
                    class.is_none(),
                    status,
                    tag.as_deref(),
                )
                .await;
        }
        self.tray.put(sample);
    }
}

impl Execute for Person<'_> {
    type Error = LineError;

    fn session(&self) -> &Session {
        self.line.session()
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, LineError> {
        self.settle().await;
        let Timed {
            result,
            timing,
            route,
            ..
        } = self.line.timed(endpoint).await;
        let Some(route) = route else {
            return result;
        };
        let failure = result.as_ref().err().map(|error| Failure {
            class: error.class(),
            words: error.in_words(&route),
        });
        let status = match &result {
            Ok(_) => Some(200),
            Err(error) => error.status_code(),
        };
        let place = Place {
            server: self.server,
            block: self.block,
            phase: self.phase,
            route,
        };
        let sample = Sample {
            place,
            timing,
            failure,
        };
        self.last = Some((sample, status));
        result
    }
}

impl Actor for Person<'_> {
    fn reject(&mut self, why: String) {
        if let Some((sample, _)) = &mut self.last {
            let error = LineError::Content(why);
            sample.failure = Some(Failure {
                class: error.class(),
                words: error.in_words(&sample.place.route),
            });
        }
    }

    fn accept(&mut self) {
        if let Some((sample, _)) = &mut self.last {
            sample.failure = None;
        }
    }

    // Figures are by route here.
    fn row(&mut self, _: &'static str) {}

    // What is no request has no figures here.
    fn count(&mut self, _: &'static str, _: Duration, _: Result<(), String>) {}

    fn number(&self) -> usize {
        self.user.weighted_users_index
    }

    async fn think(&mut self, time: Duration) {
        self.settle().await;
        tokio::time::sleep(time).await;
    }
}
