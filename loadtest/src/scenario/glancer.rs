use std::{sync::Arc, time::Duration};

use vikunja_sdk::{Release, info};

use super::{
    About, Actor, CALM, Scenario,
    chance::{Chance, Deck},
    scene::{self, Scene},
    steps,
};
use crate::{exit::Problem, plan::Ticket};

/// Somebody who opens the app for a moment, looks, and leaves.
pub struct Glancer {
    scene: Arc<Scene>,
    deck: Deck<Glance>,
}

/// How a visit goes.
#[derive(Clone, Copy, Debug)]
struct Glance {
    logs_in: bool,
    looks_at_list: bool,
}

impl Glancer {
    /// In this scene.
    pub fn new(scene: Arc<Scene>) -> Result<Self, Problem> {
        scene.needs_projects(Self::NAME)?;
        scene.needs_passwords(Self::NAME)?;
        // One visit in ten begins with a log-in, the others with a refresh; every second one opens a list.
        let glance = |logs_in, looks_at_list| Glance {
            logs_in,
            looks_at_list,
        };
        let visits = [
            (1, glance(true, true)),
            (1, glance(true, false)),
            (9, glance(false, true)),
            (9, glance(false, false)),
        ];
        let deck = Deck::new(scene.seed, &visits);
        Ok(Self { scene, deck })
    }
}

impl Scenario for Glancer {
    const ABOUT: About = About {
        name: "glancer",
        what: "people who open the app, look, and leave",
        writes: false,
        since: Release(0, 20, 0),
        pauses: true,
        targets: &CALM,
    };

    fn left_out(&self) -> Vec<&'static str> {
        self.scene.sockets.left_out()
    }

    async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        actor.enter(self.scene.session(actor.number()));
        actor.execute(&info::Get).await.map(drop)
    }

    async fn run<A: Actor>(&self, actor: &mut A, ticket: Ticket) -> Result<(), A::Error> {
        let mut chance = Chance::of(ticket);
        let away = chance.between(Duration::from_secs(60), Duration::from_secs(400));
        actor.think(away).await;
        actor.enter(self.scene.session(actor.number()));
        let account = self.scene.account(actor.number());
        let Some(visit) = self.deck.draw(ticket).map(|draw| draw.card) else {
            return Ok(());
        };
        // What cannot be renewed has expired meanwhile.
        if visit.logs_in || actor.session().renewal().is_none() {
            steps::log_in(actor, account).await?;
        } else {
            scene::renew(actor, &self.scene).await?;
        }
        steps::open_app(actor, &self.scene).await?;
        let _socket = self.scene.sockets.open(actor).await;
        let stay = chance.between(Duration::from_secs(2), Duration::from_secs(20));
        actor.think(stay).await;
        match chance.one_of(&account.projects) {
            Some(place) if visit.looks_at_list => {
                steps::list_view(actor, &self.scene, place, 1, &mut chance).await
            }
            _ => Ok(()),
        }
    }
}
