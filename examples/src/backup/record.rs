//! The lines of a backup. What can be written again is kept in the form in which it is written.

use serde::{Deserialize, Serialize};
use vikunja_sdk::{
    labels,
    model::{
        AttachmentId, Label, LabelId, Patch, Project, ProjectId, RelationKind, Reminder,
        RepeatMode, Task, TaskId,
    },
    projects, tasks,
};

/// One line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A label.
    Label {
        /// Its id when it was saved.
        id: LabelId,
        /// All of it.
        fields: labels::Fields,
    },
    /// A project.
    Project {
        /// Its id when it was saved.
        id: ProjectId,
        /// All of it.
        fields: projects::Fields,
    },
    /// A task, with all that hangs on it: the line is written when its attachments are there.
    Task(Box<Saved>),
    /// The last line.
    End {},
}

/// A task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Saved {
    /// Its id when it was saved.
    pub id: TaskId,
    /// All of it; the project in it is its own.
    pub fields: tasks::Fields,
    /// Its labels.
    pub labels: Vec<LabelId>,
    /// What other tasks are to it. Each relation stands once, with the older task.
    pub relations: Vec<(RelationKind, TaskId)>,
    /// Its comments, in order.
    pub comments: Vec<String>,
    /// Its attachments, in order.
    pub attachments: Vec<Attachment>,
}

/// An attachment. Its content is in `attachments/<id>`: names are other people's, and never become paths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id when it was saved.
    pub id: AttachmentId,
    /// Its name.
    pub name: String,
    /// SHA-256 of its content, in hex.
    pub sha256: String,
}

/// What is not there is not named: creating it so gives the same.
fn text(value: String) -> Patch<String> {
    some((!value.is_empty()).then_some(value))
}

fn some<T>(value: Option<T>) -> Patch<T> {
    value.map_or(Patch::Keep, Patch::Set)
}

fn not_default<T: Default + PartialEq>(value: T) -> Patch<T> {
    some((value != T::default()).then_some(value))
}

impl From<Label> for Record {
    fn from(label: Label) -> Self {
        Self::Label {
            id: label.id,
            fields: labels::Fields {
                title: text(label.title),
                description: text(label.description),
                hex_color: text(label.hex_color),
            },
        }
    }
}

impl From<Project> for Record {
    fn from(project: Project) -> Self {
        Self::Project {
            id: project.id,
            fields: projects::Fields {
                title: text(project.title),
                description: text(project.description),
                identifier: text(project.identifier),
                hex_color: text(project.hex_color),
                parent_project_id: some(project.parent_project_id),
                is_archived: not_default(project.is_archived),
                is_favorite: not_default(project.is_favorite),
                ..Default::default()
            },
        }
    }
}

impl Saved {
    /// A task as lists have it; comments and attachments come later.
    pub(super) fn new(task: &Task) -> Self {
        let relations = task.related_tasks.iter().flat_map(|(kind, others)| {
            let younger = others.iter().filter(|other| other.id > task.id);
            younger.map(|other| (kind.clone(), other.id))
        });
        let reminders: Vec<_> = task.reminders.iter().filter_map(Reminder::to_new).collect();
        Self {
            id: task.id,
            labels: task.labels.iter().map(|label| label.id).collect(),
            relations: relations.collect(),
            comments: Vec::new(),
            attachments: Vec::new(),
            fields: tasks::Fields {
                title: text(task.title.clone()),
                description: text(task.description.clone()),
                done: not_default(task.done),
                due_date: some(task.due_date),
                start_date: some(task.start_date),
                end_date: some(task.end_date),
                reminders: some((!reminders.is_empty()).then_some(reminders)),
                project_id: task.project_id.into(),
                repeat_after: not_default(task.repeat_after),
                repeat_mode: some(
                    (task.repeat_mode != RepeatMode::default()).then_some(task.repeat_mode),
                ),
                priority: not_default(task.priority),
                percent_done: not_default(task.percent_done),
                hex_color: text(task.hex_color.clone()),
                is_favorite: not_default(task.is_favorite),
                ..Default::default()
            },
        }
    }
}
