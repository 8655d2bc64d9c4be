use std::{sync::Arc, time::Duration};

use vikunja_sdk::{Release, assignees::Add, notifications, tasks};

use super::{
    About, Actor, CALM, Scenario,
    chance::{Chance, Deck},
    scene::Scene,
    steps, worker,
};
use crate::{exit::Problem, plan::Ticket};

/// Somebody who works in a project of somebody else. Who owns such projects only reads, and hears of what happens.
pub struct Collaborator {
    scene: Arc<Scene>,
    deck: Deck<Action>,
    owner_deck: Deck<Action>,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    List,
    Comment,
    Assign,
    Done,
    Notifications,
}

/// How often each of them, as in the official load test.
const ACTIONS: [(usize, Action); 5] = [
    (5, Action::List),
    (3, Action::Comment),
    (2, Action::Assign),
    (2, Action::Done),
    (1, Action::Notifications),
];

/// What owners do of it.
const OWNERS_ACTIONS: [(usize, Action); 2] = [(5, Action::List), (1, Action::Notifications)];

impl Collaborator {
    /// In this scene.
    pub fn new(scene: Arc<Scene>) -> Result<Self, Problem> {
        scene.needs_projects(Self::NAME)?;
        if scene
            .accounts
            .iter()
            .all(|one| one.shared_projects.is_empty())
        {
            return Err(Problem::new(
                "collaborator needs projects that are shared, and no account has one",
            )
            .advise("make teams: loadtest seed --users 5 (or more)"));
        }
        let deck = Deck::new(scene.seed, &ACTIONS);
        let owner_deck = Deck::new(scene.seed, &OWNERS_ACTIONS);
        Ok(Self {
            scene,
            deck,
            owner_deck,
        })
    }
}

impl Scenario for Collaborator {
    const ABOUT: About = About {
        name: "collaborator",
        what: "people who work in projects that others share with them",
        writes: true,
        since: Release(0, 20, 0),
        pauses: true,
        targets: &CALM,
    };

    fn left_out(&self) -> Vec<&'static str> {
        self.scene.sockets.left_out()
    }

    async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        actor.enter(self.scene.session(actor.number()));
        steps::open_app(actor, &self.scene).await?;
        self.scene.sockets.hold(actor).await;
        Ok(())
    }

    async fn run<A: Actor>(&self, actor: &mut A, ticket: Ticket) -> Result<(), A::Error> {
        let scene = &*self.scene;
        let mut chance = Chance::of(ticket);
        let think = chance.log_normal(Duration::from_secs(10), 0.9, Duration::from_secs(240));
        actor.think(think).await;
        actor.enter(scene.session(actor.number()));
        scene.sockets.count_pushes(actor);
        let account = scene.account(actor.number());
        let shared = chance.one_of(&account.shared_projects);
        let (place, deck) = match shared {
            Some(shared) => (Some(&shared.place), &self.deck),
            None => (account.projects.first(), &self.owner_deck),
        };
        let (Some(place), Some(draw)) = (place, deck.draw(ticket)) else {
            return Ok(());
        };
        let Some(&task) = chance.one_of(&place.tasks) else {
            return Ok(());
        };
        match (draw.card, shared) {
            (Action::List, _) => steps::list_view(actor, scene, place, 1, &mut chance).await,
            (Action::Comment, _) => steps::comment(actor, task, &mut chance).await,
            (Action::Assign, Some(shared)) => {
                let user = shared.owner_id;
                let row = "POST /tasks/{id}/assignees [add]";
                let added = actor.send(row, &Add { task, user }).await;
                steps::or_already_so(actor, added)
            }
            (Action::Done, _) => {
                let fields = tasks::Fields {
                    done: chance.percent(50).into(),
                    ..tasks::Fields::default()
                };
                worker::patch(actor, scene, task, fields).await
            }
            (Action::Notifications, _) | (Action::Assign, None) => {
                let list = notifications::List {
                    page: Some(1),
                    per_page: None,
                };
                actor.see("GET /notifications", &list).await?;
                Ok(())
            }
        }
    }
}
