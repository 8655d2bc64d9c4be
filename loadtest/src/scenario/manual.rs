use std::{collections::BTreeSet, sync::Arc};

use vikunja_sdk::{Release, model::TaskId, ops, projects, tasks};

use super::{About, Actor, CALM, Scenario, scene::Scene};
use crate::{plan::Ticket, seed::MARK};

/// The functional phase of the operator's manual, again and again: make a project, make tasks, read one, finish it, list
/// them, and delete it all.
pub struct Manual {
    scene: Arc<Scene>,
}

/// Tasks in each project: two pages of two.
const TASKS: usize = 3;

impl Manual {
    /// In this scene.
    pub fn new(scene: Arc<Scene>) -> Self {
        Self { scene }
    }
}

impl Scenario for Manual {
    const ABOUT: About = About {
        name: "manual",
        what: "makes a project with tasks, reads, finishes and lists them, and deletes it",
        writes: true,
        since: Release(0, 20, 0),
        pauses: false,
        targets: &CALM,
    };

    async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        actor.enter(self.scene.session(actor.number()));
        actor.execute(&projects::List::default()).await.map(drop)
    }

    async fn run<A: Actor>(&self, actor: &mut A, ticket: Ticket) -> Result<(), A::Error> {
        actor.enter(self.scene.session(actor.number()));
        let mut create = projects::Create::new(format!("Test project {}", ticket.number));
        create.fields.description = MARK.into();
        create.namespace = self.scene.account(actor.number()).namespace;
        let project = actor.execute(&create).await?.id;
        let mut made = BTreeSet::new();
        for number in 1..=TASKS {
            let create = tasks::Create::new(project, format!("Test task {number}"));
            made.insert(actor.execute(&create).await?.id);
        }
        if let Some(&id) = made.first() {
            let task = actor.execute(&tasks::Get::new(id)).await?;
            if task.project_id != project || !task.title.starts_with("Test task") || task.done {
                actor.reject(format!("task {id} does not read back as it was made"));
            }
            let done = tasks::Fields {
                done: true.into(),
                ..tasks::Fields::default()
            };
            if !ops::edit(actor, id, &done).await?.done {
                actor.reject(format!("task {id} was finished and is not done"));
            }
        }
        let listed = list(actor, project).await?;
        if listed != made.into_iter().collect::<Vec<_>>() {
            actor.reject(format!(
                "the pages of project {project} do not hold each task once"
            ));
        }
        actor.execute(&projects::Delete { id: project }).await
    }
}

/// The tasks on all pages, in the order of their ids, repeated ones repeated.
async fn list<A: Actor>(
    actor: &mut A,
    project: vikunja_sdk::model::ProjectId,
) -> Result<Vec<TaskId>, A::Error> {
    let mut listed = Vec::new();
    for page in 1..=TASKS.div_ceil(2) as u64 {
        let query = tasks::ListQuery {
            page: Some(page),
            per_page: Some(2),
            ..tasks::ListQuery::default()
        };
        let page = actor
            .execute(&tasks::ListOfProject { project, query })
            .await?;
        listed.extend(page.items.into_iter().map(|task| task.id));
    }
    listed.sort();
    Ok(listed)
}
