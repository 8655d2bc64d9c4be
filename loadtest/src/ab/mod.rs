//! `ab`: two servers in one run, block by block, with the same requests.

mod looks;
mod sides;

use std::sync::{Arc, Mutex, PoisonError};

use vikunja_sdk::model::Timestamp;

use crate::{
    cli::ab::AbArgs,
    compare::{
        Comparison, DuelPart, Mode, Outcome, SCHEMA, SidePart,
        judge::{ALPHA, By, Metric, PROCESS, Row, Rules, Verdict},
        same_test,
    },
    exit::{Exit, Problem},
    generator::{Connects, Generator, Reading},
    out::Stdout,
    people::{self, Crew, Worked},
    plan::{self, Plan, Turns},
    preflight,
    process::Meter,
    progress::{Progress, say},
    record::{Phase, Record, Recorder},
    renewal::Keeper,
    report::{PlanPart, command},
    run::{self, Job, Ready},
    server::{Running, usage},
    stop::Stop,
    threads,
};
use looks::Looks;
use sides::Prepared;

/// Most pairs, unless told.
const PAIRS: usize = 200;

/// Compares, and says how it ended.
pub fn ab(args: &AbArgs, out: &Stdout) -> Result<Exit, Problem> {
    // Everything that can be found wrong without a server is found first.
    let pairs = pairs(args)?;
    let sides = sides::of(args, pairs)?;
    let jobs = sides.iter().map(Job::of).collect::<Result<Vec<_>, _>>()?;
    let duel = Duel::of(args, jobs, pairs)?;
    let outputs = args.run.outputs.open::<Comparison>()?;
    run::warn_of_secrets(&args.run);
    for warning in preflight::check(&duel.load(), args.run.connections, duel.workers)? {
        say(&format!("warning: {warning}"));
    }
    let stop = Stop::on_signals()?;
    let comparison = threads::start(duel.workers)?.block_on(duel.run(&stop))?;
    outputs.write(&comparison, out)?;
    Ok(comparison.outcome.exit())
}

/// Most pairs.
fn pairs(args: &AbArgs) -> Result<usize, Problem> {
    let first = usize::from(args.pairs);
    match args.max_pairs.map(usize::from) {
        Some(most) if most < first => Err(Problem::new(format!(
            "--max-pairs {most} is less than --pairs {first}, after which is looked first"
        ))
        .advise(format!(
            "give --max-pairs {first} or more, or fewer --pairs"
        ))),
        most => Ok(most.unwrap_or(first.max(PAIRS))),
    }
}

/// What is to be done, checked.
struct Duel<'a> {
    args: &'a AbArgs,
    /// One for each server: two, or one that is compared with itself.
    jobs: Vec<Job<'a>>,
    plan: Plan,
    looks: Looks,
    workers: usize,
}

/// What was measured.
struct Fought {
    record: Record,
    worked: Worked,
    generator: Generator,
    invalid: Option<String>,
    /// CPU time per request of each server's process, in µs, where it was started here.
    cpu: Vec<Option<f64>>,
    started: String,
    /// Whether it came to its end, or until a look that decided.
    ended: bool,
}

impl<'a> Duel<'a> {
    fn of(args: &'a AbArgs, jobs: Vec<Job<'a>>, pairs: usize) -> Result<Self, Problem> {
        let plan = jobs[0].plan.clone();
        if plan.users > args.block {
            return Err(Problem::new(format!(
                "--users {} is more than --block {}: some users would have nothing to do",
                plan.users, args.block
            ))
            .advise(format!("give --block {} or more", plan.users)));
        }
        if args.run.scenario.any(run::is_of_webhooks) {
            return Err(Problem::new(
                "webhooks cannot be compared: their deliveries come when the block is over",
            )
            .advise(
                "take another scenario, or run it on each server: loadtest run --scenario webhooks",
            ));
        }
        if let Some(file) = &args.noise {
            sides::check_noise(file, args.allowed.delta)?;
        }
        let rules = Rules {
            delta: args.allowed.delta,
            floor: args.allowed.floor,
            alpha: ALPHA,
            by: By::Pairs,
            counted: false,
        };
        Ok(Self {
            looks: Looks::new(
                plan::order(pairs + 1, plan.seed),
                args.pairs.into(),
                rules,
                plan.timeout,
            ),
            workers: args.run.workers(),
            plan,
            args,
            jobs,
        })
    }

    /// What this machine has to hold: each user has a connection to both.
    fn load(&self) -> Plan {
        Plan {
            users: 2 * self.plan.users,
            ..self.plan.clone()
        }
    }

    async fn run(&self, stop: &Stop) -> Result<Comparison, Problem> {
        let mut running = Vec::new();
        for job in &self.jobs {
            running.push(Running::start(&job.which, stop)?);
        }
        let mut ready = Vec::new();
        // goose's and hyper's futures are large; boxed, ours are not.
        let result = Box::pin(self.compare(&mut running, &mut ready, stop)).await;
        for (job, ready) in self.jobs.iter().zip(ready) {
            job.leave(ready).await;
        }
        result
    }

    /// Sets up, and compares. What stands on the servers is in `ready`, whatever comes.
    async fn compare(
        &self,
        running: &mut [Running],
        ready: &mut Vec<Ready>,
        stop: &Stop,
    ) -> Result<Comparison, Problem> {
        for (job, running) in self.jobs.iter().zip(running.iter_mut()) {
            ready.push(Box::pin(stop.unless_asked(job.enter(running, stop))).await?);
        }
        sides::call_the_same_api(ready);
        let mut prepared = Vec::new();
        for (job, ready) in self.jobs.iter().zip(ready) {
            prepared.push(Box::pin(sides::prepare(job, ready, stop)).await?);
        }
        let parts: Vec<_> = both(&prepared).map(|side| side.part.clone()).collect();
        same_test(&parts[0], &parts[1])?;
        let mut looks = self.looks.clone();
        looks.rules.counted = parts[0].has_the_replies_of(&parts[1]);
        let pids: Vec<_> = running.iter().map(Running::pid).collect();
        let fought = self.fight(&prepared, &looks, pids, stop).await?;
        Ok(self.tell(fought, &looks, parts, stop))
    }

    async fn fight(
        &self,
        sides: &[Prepared],
        looks: &Looks,
        pids: Vec<Option<u32>>,
        stop: &Stop,
    ) -> Result<Fought, Problem> {
        let (plan, args) = (&self.plan, &self.args.run);
        let started = Timestamp::now().to_string();
        let crew = Crew {
            sites: both(sides)
                .map(|side| side.site(args.connections.keep()))
                .collect(),
            block: 0,
            plan: plan.clone(),
            turns: Some(
                Turns::new(looks.order.clone(), self.args.block, plan.seed, plan.users)
                    .metered(Meter::of(&pids), looks.bill.clone()),
            ),
            check: args.check,
            stop: stop.clone(),
        };
        let looking = looks.clone();
        let recorder =
            Recorder::start(move |record| looking.decides(record).then(|| "decided".to_owned()));
        let at_start = Arc::new(Mutex::new((Reading::now(), Vec::new())));
        let set_start = Arc::clone(&at_start);
        let live = recorder.live();
        let starts = Arc::clone(&live);
        let progress = Progress::of("comparing", None);
        let mut keeper = Keeper::new(plan.timeout);
        for side in sides {
            keeper = keeper.with(&side.logins, &side.target);
        }
        let worked = tokio::select! {
            worked = people::work(crew, &recorder, move || {
                let processes = pids.iter().map(|pid| pid.and_then(usage::Reading::of));
                let now = (Reading::now(), processes.collect::<Vec<_>>());
                *set_start.lock().unwrap_or_else(PoisonError::into_inner) = now;
                starts.start();
            }) => worked?,
            () = progress.follow(&live, plan) => unreachable!("progress is followed until the work is done"),
            () = keeper.keep() => unreachable!("sessions are kept until the work is done"),
        };
        drop(progress);
        let (reading, processes) = at_start
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let used = reading.used(worked.lasted);
        let record = recorder.finish();
        let judged = record.sum(|place| place.phase == Phase::Steady);
        if judged.requests() == 0 && stop.is_asked() {
            return Err(Problem::cancelled());
        }
        let connects = Connects {
            reconnects: worked.reconnects,
            resent: worked.resent,
        };
        let generator = Generator::of(used, &judged, self.workers, connects);
        let cpu = processes.into_iter().enumerate().map(|(server, process)| {
            let sent = record.sum(|place| place.server == server && place.phase != Phase::WarmUp);
            Some(process?.used(sent.requests())?.cpu_us_per_request)
        });
        Ok(Fought {
            cpu: cpu.collect(),
            invalid: generator.invalidates(&judged),
            ended: !stop.is_asked() && live.given_up().is_none(),
            generator,
            record,
            worked,
            started,
        })
    }

    fn tell(&self, fought: Fought, looks: &Looks, sides: Vec<SidePart>, stop: &Stop) -> Comparison {
        let judged = looks.judge(&fought.record, fought.ended);
        let blocks = looks.blocks(&fought.record, &fought.worked.stages, judged.pairs);
        let verdict = Verdict::overall(&judged.rows);
        let mut rows = judged.rows;
        rows.push(Looks::throughput(&blocks));
        let is_judged = rows.iter().any(|row| row.metric == Metric::Cpu);
        if let [a, b] = fought.cpu[..]
            && a.or(b).is_some()
            && !is_judged
        {
            rows.push(Row::shown(PROCESS, Metric::Cpu, a, b));
        }
        let outcome = if stop.is_asked() {
            Outcome::Cancelled
        } else if fought.invalid.is_some() {
            Outcome::Invalid
        } else {
            verdict.into()
        };
        let left = fought.worked.users.left.iter();
        Comparison {
            schema: SCHEMA,
            loadtest: env!("CARGO_PKG_VERSION").to_owned(),
            mode: if self.args.aa {
                Mode::Noise
            } else {
                Mode::Interleaved
            },
            command: command::line(std::env::args(), std::env::vars()),
            started: fought.started,
            sides,
            plan: PlanPart::of(
                &self.plan,
                self.args.run.connections,
                self.args.run.check,
                1,
            ),
            duel: Some(DuelPart {
                block: self.args.block,
                pairs: judged.pairs,
                looks: judged.looks,
                order: blocks.iter().map(|block| ['A', 'B'][block.side]).collect(),
                blocks,
            }),
            rows,
            generator: Some(fought.generator),
            outcome,
            invalid: fought.invalid,
            remarks: left
                .map(|(why, count)| format!("{count} users left early: {why}"))
                .collect(),
        }
    }
}

/// A and B. Compared with itself, a server is both.
fn both(sides: &[Prepared]) -> impl Iterator<Item = &Prepared> {
    sides.iter().cycle().take(2)
}
