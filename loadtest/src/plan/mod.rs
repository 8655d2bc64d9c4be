//! How much: by how many users or how often, how long, and what is given up when.

mod desk;
mod pacer;
mod schedule;
mod stages;
mod timeline;
mod turns;

pub use desk::{Desk, Due, Issued, Queue};
pub use pacer::pace;
pub use schedule::{Arrival, Arrivals, Schedule};
pub use stages::{Stage, Stages};
pub use timeline::{Shift, Timeline};
pub use turns::{Bill, Seat, Turns, WARM_UP, order};

use std::time::Duration;

use crate::{cli::HowMuch, exit::Problem};

/// Users in one process: each is a connection, and a machine has about so many ports.
const MOST_USERS: u64 = 60_000;
/// Tickets of the documented scenario.
const DOCUMENTED_TICKETS: u64 = 1000;
/// Users of the documented scenario.
const DOCUMENTED_USERS: u64 = 10;
/// Tickets under way at a time in the open model, unless told: two seconds' worth, within these bounds.
const IN_FLIGHT: (u64, u64) = (10, 1000);
/// Tickets per second that a process could never send.
const MOST_RATE: f64 = 1e6;
/// Longest part of a run.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);
/// How long what is under way when time is over may take, unless told.
const DRAIN: Duration = Duration::from_secs(5);

/// Who decides when a ticket begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// A user begins its next ticket when it is done with the last one: a slow server is asked less.
    Closed,
    /// Tickets are due at moments fixed beforehand: a slow server is asked as much, and falls behind for all to see.
    Open(Arrivals),
}

/// The plan of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Who decides when a ticket begins.
    pub model: Model,
    /// Closed: users. Open: tickets that may be under way at a time. Each has a line of its own.
    pub users: u64,
    /// Users (closed) or tickets per second (open), one stage after the other.
    pub stages: Vec<Stage>,
    /// Tickets of the steady phase; `None` = as many as there is time for.
    pub tickets: Option<u64>,
    /// How long the load takes to rise before the steady phase.
    pub ramp: Duration,
    /// How long what is under way at the end may take; `None` = as long as each answer may.
    pub drain: Option<Duration>,
    /// Factor on the scenario's think times.
    pub think: f64,
    /// Where everything random comes from.
    pub seed: u64,
    /// Longest wait for one answer.
    pub timeout: Duration,
}

impl Plan {
    /// What the flags say, where it makes sense.
    pub fn of(flags: &HowMuch) -> Result<Self, Problem> {
        refuse_contradictions(flags)?;
        if flags.timeout.is_zero() {
            return Err(
                Problem::new("--timeout 0s would let no answer in").advise("give 1s or more")
            );
        }
        let plan = match &flags.rate {
            Some(rate) => Self::open(rate, flags),
            None => Self::closed(flags),
        }?;
        plan.check_size()?;
        plan.check_length()?;
        Ok(plan)
    }

    fn closed(flags: &HowMuch) -> Result<Self, Problem> {
        let documented = Stages::of_level(DOCUMENTED_USERS as f64);
        let given = flags.users.as_ref().unwrap_or(&documented);
        let stages = lasting("--users", given, flags)?;
        for stage in &stages {
            if stage.level.fract() != 0.0 {
                return Err(Problem::new(format!(
                    "--users {}: users are a whole number",
                    stage.level
                ))
                .advise(format!("give --users {}", stage.level.ceil())));
            }
        }
        let users = stages
            .iter()
            .map(|stage| stage.level as u64)
            .max()
            .unwrap_or_default();
        let ends_by_time = stages.iter().all(|stage| stage.lasts.is_some());
        let tickets = (!ends_by_time).then(|| flags.requests.unwrap_or(DOCUMENTED_TICKETS));
        if flags.drain.is_some() && !ends_by_time {
            return Err(Problem::new(
                "--drain is for plans that end by time: each of so many --requests is answered or times out",
            )
            .advise("give --duration in place of --requests, or leave --drain out"));
        }
        if let Some(tickets) = tickets
            && users > tickets
        {
            return Err(Problem::new(format!(
                "--users {users} is more than --requests {tickets}: some users would have nothing to do"
            ))
            .advise(format!("give at most --users {tickets}, or more requests")));
        }
        Ok(Self {
            model: Model::Closed,
            users,
            stages,
            tickets,
            drain: flags.drain.or(ends_by_time.then_some(DRAIN)),
            ..Self::common(flags)
        })
    }

    fn open(rate: &Stages, flags: &HowMuch) -> Result<Self, Problem> {
        let mut stages = lasting("--rate", rate, flags)?;
        let mut tickets = None;
        if let [
            Stage {
                level,
                lasts: lasts @ None,
            },
        ] = &mut stages[..]
        {
            let wanted = flags.requests.unwrap_or(DOCUMENTED_TICKETS);
            tickets = Some(wanted);
            // For whom it is to be known beforehand; the tickets end the run.
            *lasts = Some(Duration::from_secs_f64((wanted as f64 / *level).min(1e9)));
        }
        let highest = stages.iter().map(|stage| stage.level).fold(0.0, f64::max);
        if highest > MOST_RATE {
            return Err(Problem::new(format!(
                "--rate {highest} is more than one process can send ({MOST_RATE})"
            ))
            .advise("share it among several machines"));
        }
        let users = flags
            .max_in_flight
            .unwrap_or_else(|| ((2.0 * highest).ceil() as u64).clamp(IN_FLIGHT.0, IN_FLIGHT.1));
        if users == 0 {
            return Err(
                Problem::new("--max-in-flight 0 would send nothing").advise("give 1 or more")
            );
        }
        Ok(Self {
            model: Model::Open(flags.arrivals.unwrap_or_default()),
            users,
            stages,
            tickets,
            drain: flags.drain.or(Some(DRAIN)),
            // Arrivals are the people's pace here: a pause before the first request would count as waiting.
            think: flags.think.map_or(0.0, |think| think.0),
            ..Self::common(flags)
        })
    }

    /// What both models have.
    fn common(flags: &HowMuch) -> Self {
        Self {
            model: Model::Closed,
            users: 0,
            stages: Vec::new(),
            tickets: None,
            ramp: flags.ramp.unwrap_or_default(),
            drain: None,
            think: flags.think.map_or(1.0, |think| think.0),
            seed: flags.seed,
            timeout: flags.timeout,
        }
    }

    fn check_size(&self) -> Result<(), Problem> {
        let (flag, users) = (self.users_flag(), self.users);
        if users > MOST_USERS {
            return Err(Problem::new(format!(
                "{flag} {users} is more than one process can hold ({MOST_USERS})"
            ))
            .advise("share them among several machines"));
        }
        Ok(())
    }

    /// No clock may run over.
    fn check_length(&self) -> Result<(), Problem> {
        let stages = self.stages.iter().filter_map(|stage| stage.lasts);
        let parts = stages.chain([self.ramp, self.drain.unwrap_or_default()]);
        match parts.max() {
            Some(longest) if longest > LONGEST => Err(Problem::new(format!(
                "{} is longer than a year",
                humantime::format_duration(longest)
            ))
            .advise("give a time like 10m")),
            _ => Ok(()),
        }
    }

    /// The flag that says how many lines there are.
    pub fn users_flag(&self) -> &'static str {
        match self.model {
            Model::Closed => "--users",
            Model::Open(_) => "--max-in-flight",
        }
    }

    /// How long the steady phase is to last, where time ends it.
    pub fn lasts(&self) -> Option<Duration> {
        self.stages.iter().map(|stage| stage.lasts).sum()
    }

    /// The highest rate of the open model.
    pub fn highest_rate(&self) -> Option<f64> {
        let highest = || {
            self.stages
                .iter()
                .map(|stage| stage.level)
                .fold(0.0, f64::max)
        };
        (self.model != Model::Closed).then(highest)
    }

    /// Tickets that it takes at most, where that is known beforehand.
    pub fn expected(&self) -> Option<u64> {
        match self.model {
            Model::Closed => self.tickets,
            Model::Open(_) => Some(self.tickets.unwrap_or_else(|| {
                let due =
                    |stage: &Stage| stage.level * stage.lasts.unwrap_or_default().as_secs_f64();
                self.stages.iter().map(due).sum::<f64>().ceil() as u64
            })),
        }
    }
}

/// Gives each stage its length: its own, or that of `--duration`.
fn lasting(flag: &str, given: &Stages, flags: &HowMuch) -> Result<Vec<Stage>, Problem> {
    let mut stages = given.0.clone();
    let example = || format!("write {flag} 50,100@30s: each stage lasts 30 seconds");
    for stage in &stages {
        if stage.level <= 0.0 {
            return Err(
                Problem::new(format!("{flag} {} would send nothing", stage.level))
                    .advise("give 1 or more"),
            );
        }
    }
    match &mut stages[..] {
        [only] if only.lasts.is_none() => only.lasts = flags.duration,
        several if several.iter().any(|stage| stage.lasts.is_none()) => {
            return Err(Problem::new(format!(
                "{flag} {given} has several stages, and not all say how long they last"
            ))
            .advise(example()));
        }
        _ => {
            for (given, name) in [
                (flags.duration.is_some(), "--duration"),
                (flags.requests.is_some(), "--requests"),
            ] {
                if given {
                    return Err(Problem::new(format!(
                        "{name} contradicts {flag}, whose stages say how long they last"
                    ))
                    .advise(format!("leave one of the two out; {}", example())));
                }
            }
        }
    }
    if stages
        .iter()
        .any(|stage| stage.lasts.is_some_and(|lasts| lasts.is_zero()))
    {
        return Err(
            Problem::new("a duration of 0s would measure nothing").advise("give 1s or more")
        );
    }
    Ok(stages)
}

/// Flags that say two things, with the one that is right.
fn refuse_contradictions(flags: &HowMuch) -> Result<(), Problem> {
    if flags.requests == Some(0) {
        return Err(Problem::new("--requests 0 would measure nothing").advise("give 1 or more"));
    }
    let open = flags.rate.is_some();
    let contradictions = [
        (
            open && flags.users.is_some(),
            "--users contradicts --rate: in the open model tickets begin on time, whoever is free",
            "leave --users out; --max-in-flight says how many may be under way at a time",
        ),
        (
            !open && flags.max_in_flight.is_some(),
            "--max-in-flight is for the open model (--rate)",
            "give --rate, or --users in its place",
        ),
        (
            !open && flags.arrivals.is_some(),
            "--arrivals is for the open model (--rate)",
            "give --rate too, or leave --arrivals out",
        ),
        (
            flags.requests.is_some() && flags.duration.is_some(),
            "--requests and --duration both say when to end",
            "leave one of the two out",
        ),
    ];
    for (contradicts, what, advice) in contradictions {
        if contradicts {
            return Err(Problem::new(what).advise(advice));
        }
    }
    Ok(())
}

/// One run of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// From 0.
    pub number: u64,
    /// Where the scenario's chance comes from: from seed and number, never from who carries it out, so that the same
    /// seed sends the same requests.
    pub chance: u64,
}

impl Ticket {
    /// The ticket with this number.
    pub fn new(seed: u64, number: u64) -> Self {
        Self {
            number,
            chance: mix(seed ^ mix(number)),
        }
    }

    /// A ticket of the ramp: not one of those that are counted, so that a ramp changes none of them.
    pub fn of_ramp(seed: u64, number: u64) -> Self {
        Self {
            number,
            ..Self::new(seed, !number)
        }
    }
}

/// SplitMix64's finisher (Steele, Lea, Flood 2014): every bit of the input moves every bit of the output.
pub fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// Flags as they are typed.
    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        flags: HowMuch,
    }

    fn plan(flags: &str) -> Result<Plan, Problem> {
        let words = std::iter::once("loadtest").chain(flags.split_whitespace());
        Plan::of(&Typed::try_parse_from(words).unwrap().flags)
    }

    #[test]
    fn without_flags_it_is_the_documented_plan() {
        let plan = plan("").unwrap();
        assert_eq!((plan.model, plan.users), (Model::Closed, 10));
        assert_eq!((plan.tickets, plan.lasts()), (Some(1000), None));
        assert_eq!(
            plan.drain, None,
            "each of the thousand is answered or timed out"
        );
    }

    #[test]
    fn plans_that_make_no_sense_are_refused_with_the_right_flag() {
        for (flags, named) in [
            ("--requests 0", "--requests 0"),
            ("--users 0 --requests 5", "--users 0"),
            ("--users 6 --requests 5", "at most --users 5"),
            ("--users 2.5", "whole number"),
            ("--users 10 --rate 50", "--max-in-flight"),
            ("--max-in-flight 5", "--rate"),
            ("--arrivals poisson", "--rate"),
            ("--requests 5 --duration 3s", "one of the two"),
            ("--users 5,10", "50,100@30s"),
            (
                "--users 5,10@3s --requests 100",
                "--requests contradicts --users",
            ),
            ("--rate 5@3s --duration 9s", "--duration contradicts --rate"),
            ("--rate 0", "--rate 0"),
            ("--rate 5 --max-in-flight 0", "--max-in-flight 0"),
            ("--duration 0s", "0s"),
            ("--drain 1s", "--duration"),
            ("--duration 1000000years", "longer than a year"),
            ("--rate 0.0000001", "longer than a year"),
            ("--rate 5 --ramp 400days", "longer than a year"),
            ("--rate 10000000", "one process"),
            ("--timeout 0s", "--timeout 0s"),
            ("--users 70000 --duration 1s", "--users 70000"),
            ("--rate 5 --max-in-flight 70000", "--max-in-flight 70000"),
        ] {
            let problem = plan(flags).unwrap_err().to_string();
            assert!(problem.contains(named), "{flags}: {problem}");
        }
    }

    #[test]
    fn open_plans_end_by_requests_or_by_time() {
        let by_requests = plan("--rate 50 --requests 200").unwrap();
        assert_eq!(by_requests.lasts(), Some(Duration::from_secs(4)));
        assert_eq!(by_requests.expected(), Some(200));
        assert_eq!(by_requests.users, 100, "two seconds' worth");
        let by_time = plan("--rate 50,100@30s").unwrap();
        assert_eq!((by_time.tickets, by_time.expected()), (None, Some(4500)));
        assert_eq!(by_time.drain, Some(DRAIN));
        assert_eq!(plan("--rate 1").unwrap().users, 10);
        assert_eq!(plan("--rate 9000").unwrap().users, 1000);
    }

    #[test]
    fn closed_plans_by_time_have_no_number_of_tickets() {
        let plan = plan("--users 5,20@30s --think 0.1x --ramp 2s").unwrap();
        assert_eq!((plan.users, plan.tickets), (20, None));
        assert_eq!(plan.lasts(), Some(Duration::from_secs(60)));
        assert!((plan.think - 0.1).abs() < 1e-12);
        assert_eq!(plan.ramp, Duration::from_secs(2));
    }
}
