//! Time entries.

use serde::Deserialize;

use super::{
    Permission, ProjectId, TaskId, TimeEntryId, Timestamp, UserId,
    decode::{id_or_none, time_or_none},
};

/// Time that somebody worked on a task or on a project (2.4+, licensed). Not checked on a running server.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TimeEntry {
    /// Which.
    pub id: TimeEntryId,
    /// Who worked.
    #[serde(default, deserialize_with = "id_or_none")]
    pub user_id: Option<UserId>,
    /// On which task; `None` = on a project. [`TimeEntry::on`] has both.
    #[serde(default, deserialize_with = "id_or_none")]
    pub task_id: Option<TaskId>,
    /// On which project; `None` = on a task.
    #[serde(default, deserialize_with = "id_or_none")]
    pub project_id: Option<ProjectId>,
    /// When it began.
    #[serde(default, deserialize_with = "time_or_none")]
    pub start_time: Option<Timestamp>,
    /// When it ended; `None` = the timer runs.
    #[serde(default, deserialize_with = "time_or_none")]
    pub end_time: Option<Timestamp>,
    /// What was done.
    #[serde(default)]
    pub comment: String,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
    /// What the caller may do with it, when it is read alone.
    #[serde(default)]
    pub max_permission: Option<Permission>,
}

impl TimeEntry {
    /// What was worked on.
    pub fn on(&self) -> Option<WorkedOn> {
        let on_task = self.task_id.map(WorkedOn::Task);
        on_task.or(self.project_id.map(WorkedOn::Project))
    }
}

/// What time is spent on: one of the two, never both.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum WorkedOn {
    /// A task.
    Task(TaskId),
    /// A project as such.
    Project(ProjectId),
}

impl From<TaskId> for WorkedOn {
    fn from(task: TaskId) -> Self {
        Self::Task(task)
    }
}

impl From<ProjectId> for WorkedOn {
    fn from(project: ProjectId) -> Self {
        Self::Project(project)
    }
}
