//! What happened. A handler tells it with [`Call::tell`]; once it is stored, the listeners hear of it.

#![expect(
    dead_code,
    reason = "deliveries to webhooks will ask for the names and for what notifications do not"
)]

use serde_json::Value;

use crate::call::Call;
use crate::failure::Failure;
use crate::notify;
use crate::store::projects::Project;
use crate::store::tasks::Task;
use crate::store::teams::Team;

/// Something that the caller did. What can be read again is named by its id, what cannot comes along.
#[derive(Debug)]
pub(crate) enum Event {
    TaskCreated {
        task: i64,
    },
    TaskUpdated {
        task: i64,
    },
    /// The task as it was.
    TaskDeleted {
        task: Box<Task>,
    },
    AssigneeCreated {
        task: i64,
        assignee: i64,
    },
    /// The comment as its creation was answered.
    CommentCreated {
        task: i64,
        comment: Value,
    },
    /// The project as its creation was answered.
    ProjectCreated {
        project: Box<Project>,
    },
    ProjectUpdated {
        project: i64,
    },
    /// The project as it was.
    ProjectDeleted {
        project: Box<Project>,
    },
    ProjectSharedWithUser {
        project: i64,
        user: i64,
    },
    ProjectSharedWithTeam {
        project: i64,
        team: i64,
    },
    /// The team as it was before.
    TeamMemberAdded {
        team: Box<Team>,
        member: i64,
    },
}

impl Event {
    /// The name that Vikunja's webhooks have for it; a name alike for what they are not told of.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::TaskCreated { .. } => "task.created",
            Self::TaskUpdated { .. } => "task.updated",
            Self::TaskDeleted { .. } => "task.deleted",
            Self::AssigneeCreated { .. } => "task.assignee.created",
            Self::CommentCreated { .. } => "task.comment.created",
            Self::ProjectCreated { .. } => "project.created",
            Self::ProjectUpdated { .. } => "project.updated",
            Self::ProjectDeleted { .. } => "project.deleted",
            Self::ProjectSharedWithUser { .. } => "project.shared.user",
            Self::ProjectSharedWithTeam { .. } => "project.shared.team",
            Self::TeamMemberAdded { .. } => "team.member.added",
        }
    }
}

/// Lets the listeners hear what a handler told, in that order, after its transaction is over.
///
/// They are done before the answer goes out, so that whoever gets it finds what followed; the server does this later.
pub(crate) fn publish(call: &Call<'_>) -> Result<(), Failure> {
    for event in call.told() {
        notify::hear(call, &event)?;
    }
    Ok(())
}
