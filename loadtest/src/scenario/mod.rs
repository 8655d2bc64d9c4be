//! Who is simulated: scenarios as typed SDK calls.

mod list_tasks;

pub use list_tasks::{ListTasks, Promise};

use vikunja_sdk::Execute;

use crate::plan::Ticket;

/// Carries out a scenario's requests, and hears what the scenario thinks of the answers.
pub trait Actor: Execute {
    /// Marks the last request as failed, because its answer holds something else than was promised.
    fn reject(&mut self, why: String);
}

/// Something that people do. One ticket is one run of it.
pub trait Scenario: Send + Sync + 'static {
    /// Its name on the command line.
    const NAME: &'static str;

    /// Runs once. A failed request is recorded by the actor; the scenario only decides whether to go on.
    fn run<A: Actor>(
        &self,
        actor: &mut A,
        ticket: Ticket,
    ) -> impl Future<Output = Result<(), A::Error>> + Send;
}
