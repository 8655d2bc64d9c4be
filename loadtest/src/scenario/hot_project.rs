use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use vikunja_sdk::{Release, model::ProjectId, projects, tasks};

use super::{About, Actor, CALM, Scenario, scene::Scene};
use crate::{exit::Problem, plan::Ticket};

/// Everybody makes tasks in the same project at the same time: each must get a number of its own there.
pub struct HotProject {
    scene: Arc<Scene>,
    project: ProjectId,
    /// Numbers within the project that were given out.
    numbers: Mutex<HashSet<i64>>,
}

impl HotProject {
    /// In this scene: in the first project of the first account.
    pub fn new(scene: Arc<Scene>) -> Result<Self, Problem> {
        scene.needs_projects(Self::NAME)?;
        let project = scene.account(0).projects.first().map(|place| place.id);
        Ok(Self {
            project: project.unwrap_or_default(),
            numbers: Mutex::default(),
            scene,
        })
    }
}

impl Scenario for HotProject {
    const ABOUT: About = About {
        name: "hot-project",
        what: "makes tasks in one project from all sides; each must get a number of its own",
        writes: true,
        since: Release(0, 20, 0),
        pauses: false,
        targets: &CALM,
    };

    async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        actor.enter(self.scene.session(0));
        let get = projects::Get { id: self.project };
        actor.execute(&get).await.map(drop)
    }

    async fn run<A: Actor>(&self, actor: &mut A, ticket: Ticket) -> Result<(), A::Error> {
        actor.enter(self.scene.session(0));
        let title = format!("Hot task {}", ticket.number);
        let create = tasks::Create::new(self.project, title.clone());
        let task = actor.execute(&create).await?;
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = numbers.insert(task.index);
        drop(numbers);
        if !is_new {
            actor.reject(format!(
                "number {} of the project was given out twice",
                task.index
            ));
        } else if task.title != title || task.project_id != self.project {
            actor.reject(format!("task {} is another than was sent", task.id));
        }
        Ok(())
    }
}
