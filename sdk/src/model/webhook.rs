//! Webhooks.

use serde::Deserialize;

use super::{
    ProjectId, Timestamp, User, UserId, WebhookId,
    decode::{id_or_none, null_to_default, time_or_none},
    open_enum::string_enum,
};

string_enum! {
    /// What a webhook can tell of. [`webhooks::support`](crate::webhooks::support) says what a release makes of a name.
    EventName {
        /// A task was made.
        TaskCreated = "task.created",
        /// A task was changed, labelled, assigned or moved.
        TaskUpdated = "task.updated",
        /// A task was deleted.
        TaskDeleted = "task.deleted",
        /// A task was assigned to somebody.
        TaskAssigneeCreated = "task.assignee.created",
        /// A task is somebody's no more.
        TaskAssigneeDeleted = "task.assignee.deleted",
        /// A comment was written.
        TaskCommentCreated = "task.comment.created",
        /// A comment was changed.
        TaskCommentEdited = "task.comment.edited",
        /// A comment was deleted.
        TaskCommentDeleted = "task.comment.deleted",
        /// A file was attached to a task.
        TaskAttachmentCreated = "task.attachment.created",
        /// A file was taken from a task.
        TaskAttachmentDeleted = "task.attachment.deleted",
        /// Two tasks were related.
        TaskRelationCreated = "task.relation.created",
        /// Two tasks are related no more.
        TaskRelationDeleted = "task.relation.deleted",
        /// A project was changed.
        ProjectUpdated = "project.updated",
        /// A project was deleted.
        ProjectDeleted = "project.deleted",
        /// A project was shared with a user.
        ProjectSharedUser = "project.shared.user",
        /// A project was shared with a team.
        ProjectSharedTeam = "project.shared.team",
        /// It is time for a task.
        TaskReminderFired = "task.reminder.fired",
        /// A task is overdue. Once a day.
        TaskOverdue = "task.overdue",
        /// All tasks of somebody that are overdue. Once a day.
        TasksOverdue = "tasks.overdue",
    }
}

/// A webhook (0.22+), of a project or of a user (2.2+).
///
/// Secret and password are not in it: the server sends them back at most to who has just set them. The answer to an
/// update repeats the new target, which is **not** stored: only the events are.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Webhook {
    /// Which.
    pub id: WebhookId,
    /// Where events are sent to.
    #[serde(default)]
    pub target_url: String,
    /// Events that are sent, as they were set: a name may come twice.
    #[serde(default, deserialize_with = "null_to_default")]
    pub events: Vec<EventName>,
    /// The project whose events are sent.
    #[serde(default, deserialize_with = "id_or_none")]
    pub project_id: Option<ProjectId>,
    /// The user whose events are sent (2.2+).
    #[serde(default, deserialize_with = "id_or_none")]
    pub user_id: Option<UserId>,
    /// Who made it. `None` in the answer to an update.
    #[serde(default)]
    pub created_by: Option<User>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
}
