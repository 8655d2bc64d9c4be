use std::{sync::Arc, time::Duration};

use vikunja_sdk::{
    Page, Release,
    filter::DONE,
    info,
    model::{Order, SortField, Task},
    projects, tasks,
};

use super::{
    About, Actor, CALM, Scenario,
    chance::{Chance, Deck},
    scene::Scene,
    steps,
};
use crate::{exit::Problem, plan::Ticket};

/// A program that asks for tasks again and again: an integration.
pub struct Bot {
    scene: Arc<Scene>,
    deck: Deck<Action>,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    Task,
    TasksOfProject,
    Projects,
    Tasks,
}

/// How often each of them, as in the logs of Vikunja Cloud.
const ACTIONS: [(usize, Action); 4] = [
    (65, Action::Task),
    (23, Action::TasksOfProject),
    (9, Action::Projects),
    (3, Action::Tasks),
];

impl Bot {
    /// In this scene.
    pub fn new(scene: Arc<Scene>) -> Result<Self, Problem> {
        scene.needs_projects(Self::NAME)?;
        let deck = Deck::new(scene.seed, &ACTIONS);
        Ok(Self { scene, deck })
    }
}

impl Scenario for Bot {
    const ABOUT: About = About {
        name: "bot",
        what: "programs that read tasks again and again, with API tokens where there are any",
        writes: false,
        since: Release(0, 20, 0),
        pauses: true,
        targets: &CALM,
    };

    async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        actor.enter(self.scene.program(actor.number()));
        actor.execute(&info::Get).await.map(drop)
    }

    async fn run<A: Actor>(&self, actor: &mut A, ticket: Ticket) -> Result<(), A::Error> {
        let mut chance = Chance::of(ticket);
        let pause = chance.between(Duration::from_millis(200), Duration::from_secs(2));
        actor.think(pause).await;
        actor.enter(self.scene.program(actor.number()));
        let account = self.scene.account(actor.number());
        let (Some(place), Some(draw)) = (chance.one_of(&account.projects), self.deck.draw(ticket))
        else {
            return Ok(());
        };
        match draw.card {
            Action::Task => {
                let Some(&id) = chance.one_of(&place.tasks) else {
                    return Ok(());
                };
                let get = tasks::Get::new(id);
                let task = actor.see("GET /tasks/{id} [bot]", &get).await?;
                if let Some(task) = task.filter(|task| task.id != id) {
                    actor.reject(format!("asked for task {id}, got {}", task.id));
                }
            }
            Action::TasksOfProject => {
                let only_open = chance.percent(50);
                let per_page = if chance.percent(50) { 20 } else { 50 };
                let list = tasks::ListOfProject {
                    project: place.id,
                    query: query(per_page, only_open),
                };
                let page = actor.see("GET /projects/{id}/tasks [bot]", &list).await?;
                check(actor, page.as_ref(), per_page, only_open);
            }
            Action::Projects => {
                let list = projects::List {
                    page: Some(1),
                    per_page: Some(50),
                    ..projects::List::default()
                };
                actor.see("GET /projects [bot]", &list).await?;
            }
            Action::Tasks => {
                let mut list = tasks::List {
                    query: query(100, true),
                };
                list.query.sort = vec![
                    (SortField::Priority, Order::Descending),
                    (SortField::DueDate, Order::Ascending),
                ];
                let page = actor.see("GET /tasks [bot]", &list).await?;
                check(actor, page.as_ref(), 100, true);
            }
        }
        Ok(())
    }
}

fn query(per_page: u64, only_open: bool) -> tasks::ListQuery {
    tasks::ListQuery {
        page: Some(1),
        per_page: Some(per_page),
        filter: only_open.then(|| DONE.is(false)),
        ..tasks::ListQuery::default()
    }
}

fn check<A: Actor>(actor: &mut A, page: Option<&Page<Task>>, per_page: u64, only_open: bool) {
    let count = page.map_or(0, |page| page.items.len());
    if count as u64 > per_page {
        actor.reject(format!("{per_page} tasks were asked for, and {count} came"));
    } else if only_open {
        steps::check_open(actor, page);
    } else {
        steps::check_unique(actor, page);
    }
}
