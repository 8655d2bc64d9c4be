//! Who is simulated: scenarios as typed SDK calls.

mod bot;
mod cast;
mod chance;
mod collaborator;
mod everyone_comes_back;
mod glancer;
mod hot_project;
mod list_tasks;
mod manual;
mod queries;
mod scene;
mod sockets;
mod steps;
#[cfg(test)]
mod tests;
mod webhooks;
mod worker;

pub use bot::Bot;
pub use cast::{Any, Cast, Prepared, Stage, Wanted, all};
pub use chance::Chance;
pub use collaborator::Collaborator;
pub use everyone_comes_back::EveryoneComesBack;
pub use glancer::Glancer;
pub use hot_project::HotProject;
pub use list_tasks::{ListTasks, Promise};
pub use manual::Manual;
pub use scene::Scene;
pub use webhooks::Webhooks;
pub use worker::Worker;

use std::time::Duration;

use vikunja_sdk::{Endpoint, Execute, Output, Release, Session};

use crate::plan::Ticket;

/// Carries out a scenario's requests, and hears what the scenario thinks of the answers.
pub trait Actor: Execute {
    /// Marks the last request as failed, because its answer holds something else than was promised.
    fn reject(&mut self, why: String);

    /// Marks the last request as a success, although the server refused it: what was wanted is so already.
    fn accept(&mut self);

    /// Counts the next request in this row of the report, which is the same on every release; without it a request is
    /// counted by its route.
    fn row(&mut self, name: &'static str);

    /// Counts what is no request, such as opening a WebSocket: how long it took, or why it failed.
    fn count(&mut self, row: &'static str, took: Duration, outcome: Result<(), String>);

    /// Which of the users this is, from 0.
    fn number(&self) -> usize;

    /// Carries out an endpoint whose answer is only checked. `None`: its status is good, and `--check` says that this
    /// body is not decoded.
    fn look<E: Endpoint>(
        &mut self,
        endpoint: &E,
    ) -> impl Future<Output = Result<Option<Output<E>>, Self::Error>> + Send;

    /// Waits as a person would, times `--think`; ends at once when the run does. The time is in no figure.
    fn think(&mut self, time: Duration) -> impl Future<Output = ()> + Send;

    /// Acts as who is logged in there from now on, over the same connection.
    fn enter(&mut self, session: Session);

    /// Carries out an endpoint, and counts it in this row.
    fn send<E: Endpoint>(
        &mut self,
        row: &'static str,
        endpoint: &E,
    ) -> impl Future<Output = Result<Output<E>, Self::Error>> + Send {
        self.row(row);
        self.execute(endpoint)
    }

    /// [Looks](Self::look) at an endpoint, and counts it in this row.
    fn see<E: Endpoint>(
        &mut self,
        row: &'static str,
        endpoint: &E,
    ) -> impl Future<Output = Result<Option<Output<E>>, Self::Error>> + Send {
        self.row(row);
        self.look(endpoint)
    }
}

/// What is known of a scenario before it runs.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub what: &'static str,
    /// Whether it changes what is in the account.
    pub writes: bool,
    /// First release that it runs on.
    pub since: Release,
    /// Whether people pause in it, so that `--think` says how long.
    pub pauses: bool,
    /// What it is judged by unless targets are given.
    pub targets: &'static [&'static str],
}

/// What a scenario is judged by that promises no throughput: people set the pace, not the server.
const CALM: [&str; 2] = ["failures=0", "p95<500ms"];

/// Something that people do. One ticket is one run of it.
pub trait Scenario: Send + Sync + 'static {
    /// What it is.
    const ABOUT: About;

    /// Its name on the command line.
    const NAME: &'static str = Self::ABOUT.name;

    /// What of it the server or the account lacks, in the words of the report's rows.
    fn left_out(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// A user arrives, before the clock: logs in, opens the app. Nothing of it is judged.
    fn begin<A: Actor>(&self, actor: &mut A) -> impl Future<Output = Result<(), A::Error>> + Send;

    /// Runs once. A failed request is recorded by the actor; the scenario only decides whether to go on.
    fn run<A: Actor>(
        &self,
        actor: &mut A,
        ticket: Ticket,
    ) -> impl Future<Output = Result<(), A::Error>> + Send;
}
