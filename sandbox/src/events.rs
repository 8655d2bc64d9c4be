//! What happened. A handler tells it with [`Call::tell`]; once it is stored, the listeners hear of it.

use serde_json::Value;

use crate::call::Call;
use crate::failure::Failure;
use crate::store::projects::Project;
use crate::store::tasks::{Reminder, Task};
use crate::store::teams::Team;
use crate::store::users::User;
use crate::{deliveries, notify};

/// Something that the caller or the passing of time did. What can be read again is named by its id, what cannot comes
/// along.
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
    AssigneeDeleted {
        task: i64,
        assignee: i64,
    },
    /// The comment as its creation was answered.
    CommentCreated {
        task: i64,
        comment: Value,
    },
    /// The comment as its update was answered.
    CommentEdited {
        task: i64,
        comment: Value,
    },
    /// The comment as it was.
    CommentDeleted {
        task: i64,
        comment: Value,
    },
    /// The attachment as its upload was answered.
    AttachmentCreated {
        task: i64,
        attachment: Value,
    },
    /// The attachment as it was.
    AttachmentDeleted {
        task: i64,
        attachment: Value,
    },
    /// The relation as its creation was answered.
    RelationCreated {
        task: i64,
        relation: Value,
    },
    /// The relation as it was.
    RelationDeleted {
        task: i64,
        relation: Value,
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
    /// To one of those whom it reminds.
    ReminderFired {
        task: Box<Task>,
        user: Box<User>,
        reminder: Reminder,
    },
    /// To one of those whose task it is.
    TaskOverdue {
        task: Box<Task>,
        user: Box<User>,
    },
    /// All at once, for webhooks of users.
    TasksOverdue {
        tasks: Vec<Task>,
        user: Box<User>,
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
            Self::AssigneeDeleted { .. } => "task.assignee.deleted",
            Self::CommentCreated { .. } => "task.comment.created",
            Self::CommentEdited { .. } => "task.comment.edited",
            Self::CommentDeleted { .. } => "task.comment.deleted",
            Self::AttachmentCreated { .. } => "task.attachment.created",
            Self::AttachmentDeleted { .. } => "task.attachment.deleted",
            Self::RelationCreated { .. } => "task.relation.created",
            Self::RelationDeleted { .. } => "task.relation.deleted",
            Self::ProjectCreated { .. } => "project.created",
            Self::ProjectUpdated { .. } => "project.updated",
            Self::ProjectDeleted { .. } => "project.deleted",
            Self::ProjectSharedWithUser { .. } => "project.shared.user",
            Self::ProjectSharedWithTeam { .. } => "project.shared.team",
            Self::TeamMemberAdded { .. } => "team.member.added",
            Self::ReminderFired { .. } => "task.reminder.fired",
            Self::TaskOverdue { .. } => "task.overdue",
            Self::TasksOverdue { .. } => "tasks.overdue",
        }
    }
}

impl Event {
    /// The living task that it is about.
    pub(crate) fn task(&self) -> Option<i64> {
        match self {
            Self::TaskCreated { task }
            | Self::TaskUpdated { task }
            | Self::AssigneeCreated { task, .. }
            | Self::AssigneeDeleted { task, .. }
            | Self::CommentCreated { task, .. }
            | Self::CommentEdited { task, .. }
            | Self::CommentDeleted { task, .. }
            | Self::AttachmentCreated { task, .. }
            | Self::AttachmentDeleted { task, .. }
            | Self::RelationCreated { task, .. }
            | Self::RelationDeleted { task, .. } => Some(*task),
            _ => None,
        }
    }

    /// The one user whom it is told to.
    pub(crate) fn recipient(&self) -> Option<i64> {
        match self {
            Self::ReminderFired { user, .. }
            | Self::TaskOverdue { user, .. }
            | Self::TasksOverdue { user, .. } => Some(user.id),
            _ => None,
        }
    }
}

/// Lets the listeners hear what a handler told, in that order, after its transaction is over.
///
/// Notifications are written before the answer goes out, so that whoever gets it finds them; the server does this later.
/// Webhooks are told after it.
pub(crate) fn publish(call: &Call<'_>) -> Result<(), Failure> {
    for event in call.told() {
        notify::hear(call, &event)?;
        deliveries::hear(call, event)?;
    }
    Ok(())
}
