//! Scenarios that are chosen at run time, and who plays which.

use std::{fmt, str::FromStr, sync::Arc};

use secrecy::SecretString;
use vikunja_sdk::Execute;

use super::{
    About, Actor, Bot, Collaborator, EveryoneComesBack, Glancer, HotProject, ListTasks, Manual,
    Scenario, Scene, Webhooks, Worker,
};
use crate::{
    cli::receiver::ReceiverArgs,
    exit::Problem,
    line::Line,
    plan::{Model, Ticket},
    progress::say,
    renewal::Login,
    report::WebhooksPart,
    stop::Stop,
    world::World,
};

/// A scenario, chosen at run time.
pub enum Any {
    /// The documented one.
    ListTasks(ListTasks),
    /// The manual's functional phase.
    Manual(Manual),
    /// People at work.
    Worker(Worker),
    /// People who look.
    Glancer(Glancer),
    /// Programs.
    Bot(Bot),
    /// People in projects of others.
    Collaborator(Collaborator),
    /// All in one project.
    HotProject(HotProject),
    /// All log in.
    EveryoneComesBack(EveryoneComesBack),
    /// Writes that come back.
    Webhooks(Webhooks),
}

/// The same for whichever it is. The one list of all scenarios that code goes through.
macro_rules! whichever {
    ($any:expr, $scenario:ident => $does:expr) => {
        match $any {
            Any::ListTasks($scenario) => $does,
            Any::Manual($scenario) => $does,
            Any::Worker($scenario) => $does,
            Any::Glancer($scenario) => $does,
            Any::Bot($scenario) => $does,
            Any::Collaborator($scenario) => $does,
            Any::HotProject($scenario) => $does,
            Any::EveryoneComesBack($scenario) => $does,
            Any::Webhooks($scenario) => $does,
        }
    };
}

impl Any {
    /// What is known of it.
    pub fn about(&self) -> About {
        fn of<S: Scenario>(_: &S) -> About {
            S::ABOUT
        }
        whichever!(self, scenario => of(scenario))
    }

    /// See [`Scenario::left_out`].
    pub fn left_out(&self) -> Vec<&'static str> {
        whichever!(self, scenario => scenario.left_out())
    }

    /// See [`Scenario::begin`]. Boxed, here and below: every user would be as large as the largest scenario, and most
    /// of ten thousand have nothing to do.
    pub async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        whichever!(self, scenario => Box::pin(scenario.begin(actor)).await)
    }

    /// See [`Scenario::run`].
    pub async fn run<A: Actor>(&self, actor: &mut A, ticket: Ticket) -> Result<(), A::Error> {
        whichever!(self, scenario => Box::pin(scenario.run(actor, ticket)).await)
    }
}

/// What a scenario may use to get ready, before the clock.
pub struct Stage<'a> {
    /// A line that is logged in.
    pub line: &'a mut Line,
    /// Whether the account is ours, or was filled by us.
    pub is_ours: bool,
    /// Whether a scenario may change what is in the account.
    pub may_write: bool,
    /// Users that will come.
    pub users: u64,
    /// Where everything random comes from.
    pub seed: u64,
    /// What `seed` has made, where users act as those accounts.
    pub world: Option<World>,
    /// The password of the account, where it is known.
    pub password: Option<SecretString>,
    /// An authority to trust besides the system's, as PEM.
    pub cacert: Option<Vec<u8>>,
    /// Where scenarios take place that need more than a line, once one of them has asked.
    pub scene: Option<Arc<Scene>>,
}

impl Stage<'_> {
    /// Where such scenarios take place: the same for all of a run.
    async fn scene(&mut self) -> Result<Arc<Scene>, Problem> {
        if let Some(scene) = &self.scene {
            return Ok(Arc::clone(scene));
        }
        // A large future that is awaited once.
        let scene = Box::pin(Scene::prepare(self)).await?;
        Ok(Arc::clone(self.scene.insert(scene)))
    }
}

/// A scenario that is ready.
pub struct Prepared {
    /// It.
    pub scenario: Any,
    /// What it expects of the answers, for people.
    pub checks: String,
    /// Tasks on the page that every request must get, where it expects that.
    pub tasks_per_page: usize,
    /// Tasks in all, where the server says so.
    pub tasks: Option<u64>,
    /// One log-in for each user, in turn; none = that of the stage's line.
    pub logins: Vec<Arc<Login>>,
    /// Hash of what the accounts held.
    pub state: Option<String>,
}

/// Scenarios that can be named.
const KNOWN: [About; 9] = [
    ListTasks::ABOUT,
    Manual::ABOUT,
    Worker::ABOUT,
    Glancer::ABOUT,
    Bot::ABOUT,
    Collaborator::ABOUT,
    HotProject::ABOUT,
    EveryoneComesBack::ABOUT,
    Webhooks::ABOUT,
];

/// The mix of the official load test: an instance as it is used.
const MIX: [(About, u32); 3] = [(Worker::ABOUT, 3), (Glancer::ABOUT, 3), (Bot::ABOUT, 1)];

/// What can be run, for people: the scenarios, and the mix.
pub fn all() -> impl Iterator<Item = About> {
    let mix = About {
        name: "mix",
        what: "worker=3,glancer=3,bot=1: an instance as it is used",
        ..Worker::ABOUT
    };
    KNOWN.into_iter().chain([mix])
}

impl About {
    /// Gets the scenario ready.
    pub async fn prepare(&self, stage: &mut Stage<'_>) -> Result<Prepared, Problem> {
        if self.name == ListTasks::NAME {
            return ListTasks::prepare(stage).await;
        }
        let server = stage.line.session().server();
        if server.release < self.since {
            return Err(Problem::new(format!(
                "{} needs Vikunja {} or newer; this server is {}",
                self.name, self.since, server.version
            ))
            .advise("take another one with --scenario, or a newer server"));
        }
        if self.writes && !stage.may_write {
            return Err(Problem::new(format!(
                "{} changes what is in the account, and this one was given",
                self.name
            ))
            .advise("let it: --writes")
            .advise("or make accounts for it: loadtest seed"));
        }
        let scene = stage.scene().await?;
        let logins = scene.logins.clone();
        let held = scene.state.clone();
        let scenario = self.in_scene(scene)?;
        let left_out = scenario.left_out();
        if !left_out.is_empty() {
            say(&format!(
                "{}: left out, because the server or the account lacks it: {}",
                self.name,
                left_out.join(", ")
            ));
        }
        Ok(Prepared {
            scenario,
            checks: format!("{}: {}", self.name, self.what),
            tasks_per_page: 0,
            tasks: None,
            logins,
            state: Some(held),
        })
    }

    /// The scenario with this name, in a scene.
    pub(super) fn in_scene(&self, scene: Arc<Scene>) -> Result<Any, Problem> {
        Ok(match self.name {
            Manual::NAME => Any::Manual(Manual::new(scene)),
            Worker::NAME => Any::Worker(Worker::new(scene)?),
            Glancer::NAME => Any::Glancer(Glancer::new(scene)?),
            Bot::NAME => Any::Bot(Bot::new(scene)?),
            Collaborator::NAME => Any::Collaborator(Collaborator::new(scene)?),
            HotProject::NAME => Any::HotProject(HotProject::new(scene)?),
            EveryoneComesBack::NAME => Any::EveryoneComesBack(EveryoneComesBack::new(scene)?),
            Webhooks::NAME => Any::Webhooks(Webhooks::new(scene)),
            // `KNOWN` has what is here.
            name => return Err(unknown(name)),
        })
    }
}

fn unknown(name: &str) -> Problem {
    let names: Vec<_> = all().map(|about| about.name).collect();
    Problem::new(format!("there is no scenario {name:?}"))
        .advise(format!("known are {}", names.join(", ")))
}

/// Scenarios that were asked for, with their weights: `worker=3,glancer=3,bot=1`.
#[derive(Clone, Debug)]
pub struct Wanted(pub Vec<(About, u32)>);

impl Wanted {
    /// Whether one of them does this.
    pub fn any(&self, does: impl Fn(&About) -> bool) -> bool {
        self.0.iter().any(|(about, _)| does(about))
    }
}

impl FromStr for Wanted {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if text.trim() == "mix" {
            return Ok(Self(MIX.into()));
        }
        let parts = text.split(',').map(|part| {
            let (name, weight) = part.split_once('=').unwrap_or((part, "1"));
            let about = KNOWN
                .into_iter()
                .find(|about| about.name == name.trim())
                .ok_or_else(|| unknown(name.trim()))?;
            let weight = weight
                .trim()
                .parse()
                .ok()
                .filter(|weight| (1..=1000).contains(weight))
                .ok_or_else(|| {
                    Problem::new(format!(
                        "--scenario {part}: a weight is a number from 1 to 1000"
                    ))
                    .advise("write --scenario NAME, or NAME=3,OTHER=1")
                })?;
            Ok((about, weight))
        });
        Ok(Self(parts.collect::<Result<_, Problem>>()?))
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [(only, _)] = &self.0[..] {
            return f.write_str(only.name);
        }
        for (index, (about, weight)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{}={weight}", about.name)?;
        }
        Ok(())
    }
}

/// Who plays what.
pub struct Cast {
    scenarios: Vec<Any>,
    /// Indices of scenarios in the order in which users take them.
    order: Vec<usize>,
}

impl Cast {
    /// Scenarios with their weights.
    pub fn new(parts: Vec<(Any, u32)>) -> Self {
        let weights: Vec<_> = parts.iter().map(|(_, weight)| *weight).collect();
        Self {
            scenarios: parts.into_iter().map(|(scenario, _)| scenario).collect(),
            order: take_turns(&weights),
        }
    }

    /// Sets up on the server what lasts as long as the run. Whatever comes of it, [`close`](Self::close) is to be called.
    pub async fn open(&self, line: &mut Line, receiver: &ReceiverArgs) -> Result<(), Problem> {
        for scenario in &self.scenarios {
            if let Any::Webhooks(webhooks) = scenario {
                webhooks.open(line, receiver).await?;
            }
        }
        Ok(())
    }

    /// Takes that down again, and tells what was seen of it.
    pub async fn close(&self, line: &mut Line, stop: &Stop) -> Result<Vec<WebhooksPart>, Problem> {
        let mut told = Vec::new();
        for scenario in &self.scenarios {
            if let Any::Webhooks(webhooks) = scenario {
                told.extend(webhooks.close(line, stop).await?);
            }
        }
        Ok(told)
    }

    /// What a user will play. In the closed model a user is one person; in the open one whoever is free plays the next
    /// ticket, whatever it is.
    pub fn of_user(&self, user: usize, model: Model) -> impl Iterator<Item = &Any> {
        let own = self.order[user % self.order.len()];
        self.scenarios
            .iter()
            .enumerate()
            .filter(move |(index, _)| model != Model::Closed || *index == own)
            .map(|(_, scenario)| scenario)
    }

    /// What is played with a ticket.
    pub fn of_ticket(&self, user: usize, ticket: Ticket, model: Model) -> &Any {
        let turn = match model {
            Model::Closed => user,
            Model::Open(_) => (ticket.chance % self.order.len() as u64) as usize,
        };
        &self.scenarios[self.order[turn % self.order.len()]]
    }
}

/// Indices of the weights, each as often as it weighs and as evenly spread as can be: few users are a fair sample, too.
fn take_turns(weights: &[u32]) -> Vec<usize> {
    let total: u32 = weights.iter().sum();
    let mut owed = vec![0_i64; weights.len()];
    (0..total)
        .map(|_| {
            for (owed, weight) in owed.iter_mut().zip(weights) {
                *owed += i64::from(*weight);
            }
            let most = owed.iter().max().copied().unwrap_or_default();
            let next = owed
                .iter()
                .position(|owed| *owed == most)
                .unwrap_or_default();
            owed[next] -= i64::from(total);
            next
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_fair_from_the_first_on() {
        assert_eq!(take_turns(&[3, 3, 1]), [0, 1, 2, 0, 1, 0, 1]);
        assert_eq!(take_turns(&[1]), [0]);
    }

    #[test]
    fn scenarios_are_read_with_their_weights() {
        let wanted: Wanted = "list-tasks".parse().unwrap();
        assert_eq!(wanted.to_string(), "list-tasks");
        assert_eq!(wanted.0[0].1, 1);
        let twice: Wanted = "list-tasks=3, list-tasks=2".parse().unwrap();
        assert_eq!(twice.to_string(), "list-tasks=3,list-tasks=2");
        let mix: Wanted = "mix".parse().unwrap();
        assert_eq!(mix.to_string(), "worker=3,glancer=3,bot=1");
        for (text, named) in [
            ("lst-tasks", "known are list-tasks"),
            ("", "known are"),
            ("list-tasks=0", "weight"),
            ("list-tasks=many", "NAME=3"),
        ] {
            let problem = text.parse::<Wanted>().unwrap_err().to_string();
            assert!(problem.contains(named), "{problem}");
        }
    }
}
