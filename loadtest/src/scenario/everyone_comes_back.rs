use std::sync::Arc;

use vikunja_sdk::{Release, Session, info};

use super::{About, Actor, Scenario, chance::Chance, scene::Scene, steps};
use crate::{exit::Problem, plan::Ticket};

/// The server was away, and everybody logs in and opens the app at once: passwords cost it more than anything else.
pub struct EveryoneComesBack {
    scene: Arc<Scene>,
}

impl EveryoneComesBack {
    /// In this scene.
    pub fn new(scene: Arc<Scene>) -> Result<Self, Problem> {
        scene.needs_passwords(Self::NAME)?;
        Ok(Self { scene })
    }
}

impl Scenario for EveryoneComesBack {
    const ABOUT: About = About {
        name: "everyone-comes-back",
        what: "everybody logs in and opens the app at once, as after an outage",
        writes: false,
        since: Release(0, 20, 0),
        pauses: false,
        // A person waits three seconds for a page that comes at all.
        targets: &["failures=0", "p95<3s"],
    };

    async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        // The connection stands before the storm begins.
        actor.execute(&info::Get).await.map(drop)
    }

    async fn run<A: Actor>(&self, actor: &mut A, ticket: Ticket) -> Result<(), A::Error> {
        let accounts = &self.scene.accounts;
        let Some(account) = Chance::of(ticket).one_of(accounts) else {
            return Ok(());
        };
        // Nobody is logged in any more.
        actor.enter(Session::new(self.scene.server.clone()));
        steps::log_in(actor, account).await?;
        steps::open_app(actor, &self.scene).await
    }
}
