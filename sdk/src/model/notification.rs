//! Notifications.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::{
    NotificationId, Project, Reminder, Task, TaskComment, Team, Timestamp, User,
    decode::time_or_none, open_enum::string_enum,
};

string_enum! {
    /// What happened. New releases have new ones.
    NotificationName {
        /// Somebody wrote a comment on a task.
        TaskComment = "task.comment",
        /// A task was assigned to somebody.
        TaskAssigned = "task.assigned",
        /// A task was deleted.
        TaskDeleted = "task.deleted",
        /// The text of a task speaks of the caller.
        TaskMentioned = "task.mentioned",
        /// It is time for a task (0.23+).
        TaskReminder = "task.reminder",
        /// Somebody made a list (0.20).
        ListCreated = "list.created",
        /// Somebody made a project (0.21+).
        ProjectCreated = "project.created",
        /// Somebody was taken into a team.
        TeamMemberAdded = "team.member.added",
        /// An API token ends in a week (2.0+).
        ApiTokenExpiringInAWeek = "api_token.expiring.week",
        /// An API token ends in a day (2.0+).
        ApiTokenExpiringInADay = "api_token.expiring.day",
    }
}

/// A notification. They come after the answer to what caused them, in no promised order.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Notification {
    /// Which.
    pub id: NotificationId,
    /// What happened.
    pub name: NotificationName,
    /// To what, and who did it.
    #[serde(
        default,
        rename = "notification",
        deserialize_with = "readable_or_default"
    )]
    pub content: NotificationContent,
    /// When it was read.
    #[serde(default, deserialize_with = "time_or_none")]
    pub read_at: Option<Timestamp>,
    /// Whether it is marked as read. Answers to an update only; in lists see `read_at`.
    #[serde(default)]
    pub read: Option<bool>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}

/// What a notification is about, as it was at that time: which of it is there depends on the name.
///
/// The server stores it as it was written, by whatever release it was then. What cannot be read is not there;
/// [`WithRaw`](crate::WithRaw) has it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct NotificationContent {
    /// Who did it.
    #[serde(deserialize_with = "readable_or_default")]
    pub doer: Option<User>,
    /// The task. Labels, assignees, relations and the like are not in it, but for a deleted one.
    #[serde(deserialize_with = "readable_or_default")]
    pub task: Option<Task>,
    /// The project, of tasks from 2.0.
    #[serde(alias = "list", deserialize_with = "readable_or_default")]
    pub project: Option<Project>,
    /// The comment.
    #[serde(deserialize_with = "readable_or_default")]
    pub comment: Option<TaskComment>,
    /// Whether the comment speaks of the caller.
    #[serde(deserialize_with = "readable_or_default")]
    pub mentioned: bool,
    /// Whether the task that speaks of the caller is new.
    #[serde(deserialize_with = "readable_or_default")]
    pub is_new: bool,
    /// Whom the task was assigned to.
    #[serde(deserialize_with = "readable_or_default")]
    pub assignee: Option<User>,
    /// The reminder (2.0+).
    #[serde(deserialize_with = "readable_or_default")]
    pub reminder: Option<Reminder>,
    /// Who was taken into the team.
    #[serde(deserialize_with = "readable_or_default")]
    pub member: Option<User>,
    /// The team.
    #[serde(deserialize_with = "readable_or_default")]
    pub team: Option<Team>,
}

/// Reads what can be read: one odd notification of years ago is no reason to lose the list.
fn readable_or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(T::deserialize(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_does_not_cost_the_rest() {
        for (json, task) in [
            (
                r#"{"task":{"id":1,"title":"t"},"doer":"somebody","new":[]}"#,
                true,
            ),
            (r#"{"task":{"id":1}}"#, false),
            (r#""odd""#, false),
            ("null", false),
        ] {
            let json = format!(r#"{{"id":1,"name":"task.odd","notification":{json}}}"#);
            let read: Notification = serde_json::from_str(&json).unwrap();
            assert_eq!(read.name, NotificationName::from("task.odd"));
            assert_eq!(read.content.task.is_some(), task, "{json}");
            assert_eq!(read.content.doer, None);
        }
    }
}
