//! From a folder into an empty account, and whether the two are the same.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use tokio::fs::File;
use vikunja_sdk::{
    Client, NewFile, attachments, comments, labels,
    model::{LabelId, Patch, ProjectId, TaskId},
    ops,
    page::walk,
    projects, relations, tasks,
};

use super::{Content, Error, Saved};

/// Most projects that an account without tasks may have.
const MOST: usize = 10_000;

/// Which new ids stand for the old ones.
#[derive(Debug, Default)]
pub struct Restored {
    /// Labels.
    pub labels: BTreeMap<LabelId, LabelId>,
    /// Projects.
    pub projects: BTreeMap<ProjectId, ProjectId>,
    /// Tasks.
    pub tasks: BTreeMap<TaskId, TaskId>,
}

/// Makes everything that is in the backup. The account must have no tasks and no labels. A project of the same title that
/// is there already, such as the one that a new account begins with, is used.
///
/// A restore that was interrupted is not gone on with: begin again with an empty account.
pub async fn restore(vikunja: &Client, content: &Content) -> Result<Restored, Error> {
    let is_empty = walk(vikunja, tasks::List::default())
        .collect(1)
        .await?
        .is_empty()
        && walk(vikunja, labels::List::default())
            .collect(1)
            .await?
            .is_empty();
    if !is_empty {
        let problem = "the account has tasks or labels already: restore into an empty one";
        return Err(Error::Unfit(problem.to_owned()));
    }
    let mut made = Restored::default();
    for (id, fields) in &content.labels {
        let fields = fields.clone();
        let label = vikunja.send(&labels::Create { fields }).await?;
        made.labels.insert(*id, label.id);
    }
    restore_projects(vikunja, content, &mut made).await?;
    for task in content.tasks.values() {
        restore_task(vikunja, content, task, &mut made).await?;
    }
    // When all tasks are there.
    for task in content.tasks.values() {
        for (kind, other) in made.relations(task) {
            let create = relations::Create {
                task: made.task(task.id)?,
                kind,
                other,
            };
            vikunja.send(&create).await?;
        }
    }
    // Nothing can be put into an archived project, so that this comes last.
    for (id, fields) in &content.projects {
        if !fields.is_archived.is_keep() {
            let archived = projects::Fields {
                is_archived: fields.is_archived,
                ..Default::default()
            };
            ops::edit(&mut &*vikunja, made.project(*id)?, &archived).await?;
        }
    }
    Ok(made)
}

/// Projects, those above first.
async fn restore_projects(
    vikunja: &Client,
    content: &Content,
    made: &mut Restored,
) -> Result<(), Error> {
    let there = walk(vikunja, projects::List::default())
        .collect(MOST)
        .await?;
    let there = there.into_iter().filter(|it| it.id.get() > 0);
    let mut there: BTreeMap<String, ProjectId> = there.map(|it| (it.title, it.id)).collect();
    let mut waiting: Vec<_> = content.projects.iter().collect();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut later = Vec::new();
        for (id, fields) in waiting {
            let parent = fields.parent_project_id.value();
            // One that the account could not see was nobody's parent to it.
            let parent = parent.filter(|parent| content.projects.contains_key(*parent));
            if parent.is_some_and(|parent| !made.projects.contains_key(parent)) {
                later.push((id, fields));
                continue;
            }
            let parent = parent.map(|parent| made.projects[parent]);
            let fields = projects::Fields {
                parent_project_id: parent.map_or(Patch::Keep, Patch::Set),
                is_archived: Patch::Keep,
                ..fields.clone()
            };
            let same = fields.title.value().and_then(|title| there.remove(title));
            let project = match same {
                Some(project) => ops::edit(&mut &*vikunja, project, &fields).await?.id,
                None => {
                    let create = projects::Create {
                        namespace: None,
                        fields,
                    };
                    vikunja.send(&create).await?.id
                }
            };
            made.projects.insert(*id, project);
        }
        if later.len() == before {
            let problem = "some projects in the backup are above each other in a circle";
            return Err(Error::Unfit(problem.to_owned()));
        }
        waiting = later;
    }
    Ok(())
}

async fn restore_task(
    vikunja: &Client,
    content: &Content,
    saved: &Saved,
    made: &mut Restored,
) -> Result<(), Error> {
    let old = saved.fields.project_id.value().copied().unwrap_or_default();
    let create = tasks::Create {
        project: made.project(old)?,
        fields: tasks::Fields {
            project_id: Patch::Keep,
            ..saved.fields.clone()
        },
    };
    let task = vikunja.send(&create).await?.id;
    made.tasks.insert(saved.id, task);
    for label in &saved.labels {
        let label = *made
            .labels
            .get(label)
            .ok_or_else(|| missing("label", label.get()))?;
        vikunja.send(&labels::Add { task, label }).await?;
    }
    for comment in &saved.comments {
        vikunja.send(&comments::Create::new(task, comment)).await?;
    }
    for attachment in &saved.attachments {
        let path = content.attachments().join(attachment.id.to_string());
        let file = File::open(&path).await.map_err(Error::file(&path))?;
        let length = file.metadata().await.map_err(Error::file(&path))?.len();
        let files = vec![NewFile::from_reader(&attachment.name, file, length)];
        vikunja.upload(&attachments::Upload { task, files }).await?;
    }
    Ok(())
}

fn missing(what: &str, id: i64) -> Error {
    Error::Unfit(format!("{what} {id} is named in the backup and not in it"))
}

impl Restored {
    fn project(&self, old: ProjectId) -> Result<ProjectId, Error> {
        let new = self.projects.get(&old).copied();
        new.ok_or_else(|| missing("project", old.get()))
    }

    fn task(&self, old: TaskId) -> Result<TaskId, Error> {
        let new = self.tasks.get(&old).copied();
        new.ok_or_else(|| missing("task", old.get()))
    }

    /// The relations of a task by their new ids, without those to tasks that the account could not see.
    fn relations(&self, task: &Saved) -> Vec<(vikunja_sdk::model::RelationKind, TaskId)> {
        let new = |old: &TaskId| self.tasks.get(old).copied();
        let known = task.relations.iter();
        let known = known.filter_map(|(kind, other)| Some((kind.clone(), new(other)?)));
        let mut known: Vec<_> = known.collect();
        known.sort();
        known
    }
}

/// What a backup of the restored account lacks or has otherwise, in words; nothing when all is there.
pub fn compare(old: &Content, new: &Content, made: &Restored) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: String, old: Value, new: Option<Value>| match new {
        None => differences.push(format!("{what} is missing")),
        Some(new) if new != old => differences.push(format!("{what} is {new}, and was {old}")),
        Some(_) => {}
    };
    for (id, fields) in &old.labels {
        let now = made.labels.get(id).and_then(|id| new.labels.get(id));
        compare(format!("label {id}"), json(fields), now.map(json));
    }
    for (id, fields) in &old.projects {
        let now = made.projects.get(id).and_then(|id| new.projects.get(id));
        let parent = fields.parent_project_id.value();
        let parent = parent.and_then(|parent| made.projects.get(parent));
        let wanted = projects::Fields {
            parent_project_id: parent.map_or(Patch::Keep, |parent| (*parent).into()),
            ..fields.clone()
        };
        compare(format!("project {id}"), json(&wanted), now.map(json));
    }
    let same = |id: LabelId| id;
    for (id, task) in &old.tasks {
        let now = made.tasks.get(id).and_then(|id| new.tasks.get(id));
        let project = task.fields.project_id.value();
        let project = project.and_then(|project| made.projects.get(project));
        let label = |id: LabelId| made.labels.get(&id).copied().unwrap_or_default();
        let wanted = view(task, made.relations(task), project.copied(), label);
        let now = now.map(|task| {
            let mut relations = task.relations.clone();
            relations.sort();
            let project = task.fields.project_id.value().copied();
            view(task, relations, project, same)
        });
        compare(format!("task {id}"), wanted, now);
    }
    let (wanted, there) = (old.tasks.len(), new.tasks.len());
    if wanted != there {
        differences.push(format!("there are {there} tasks, and were {wanted}"));
    }
    differences
}

/// A task without its own id and those of its attachments.
fn view(
    task: &Saved,
    relations: impl Serialize,
    project: Option<ProjectId>,
    label: impl Fn(LabelId) -> LabelId,
) -> Value {
    let mut labels: Vec<_> = task.labels.iter().map(|id| label(*id)).collect();
    labels.sort_unstable();
    let files = task.attachments.iter().map(|it| (&it.name, &it.sha256));
    let fields = tasks::Fields {
        project_id: project.map_or(Patch::Keep, Patch::Set),
        ..task.fields.clone()
    };
    json(&(
        fields,
        labels,
        relations,
        &task.comments,
        files.collect::<Vec<_>>(),
    ))
}

fn json(value: &impl Serialize) -> Value {
    // These are structs with names for keys, which always can be written.
    serde_json::to_value(value).unwrap_or_default()
}
