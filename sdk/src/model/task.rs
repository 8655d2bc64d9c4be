//! Tasks.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    AttachmentId, Bucket, BucketId, Label, Permission, ProjectId, Reactions, RelationKind,
    Reminder, Subscription, TaskAttachment, TaskComment, TaskId, Timestamp, User, UserId, ViewId,
    decode::{id_or_none, null_to_default, time_or_none},
    open_enum::number_enum,
};

number_enum! {
    /// How a task repeats when it is done.
    #[derive(Default)]
    RepeatMode {
        /// [`Task::repeat_after`] after the date that it had; not at all when that is 0.
        #[default]
        AfterDate = 0 "after its date",
        /// Every month, on the same day.
        Monthly = 1 "every month",
        /// [`Task::repeat_after`] after the day on which it was done.
        AfterCompletion = 2 "after completion",
    }
}

/// A task.
///
/// The answer to an update mirrors the request: what was not sent is empty in it, whatever is stored.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Task {
    /// Which.
    pub id: TaskId,
    /// Title.
    pub title: String,
    /// Description, HTML.
    #[serde(default)]
    pub description: String,
    /// Whether it is done.
    #[serde(default)]
    pub done: bool,
    /// When it was done. The server sets it.
    #[serde(default, deserialize_with = "time_or_none")]
    pub done_at: Option<Timestamp>,
    /// When it is due.
    #[serde(default, deserialize_with = "time_or_none")]
    pub due_date: Option<Timestamp>,
    /// When it begins.
    #[serde(default, deserialize_with = "time_or_none")]
    pub start_date: Option<Timestamp>,
    /// When it ends.
    #[serde(default, deserialize_with = "time_or_none")]
    pub end_date: Option<Timestamp>,
    /// Reminders. 0.20 has only moments.
    #[serde(
        default,
        alias = "reminder_dates",
        deserialize_with = "null_to_default"
    )]
    pub reminders: Vec<Reminder>,
    /// The project that it is in.
    #[serde(default, alias = "list_id")]
    pub project_id: ProjectId,
    /// Time until it repeats, in seconds; 0 = it does not, unless [`RepeatMode::Monthly`].
    #[serde(default)]
    pub repeat_after: i64,
    /// How it repeats.
    #[serde(default)]
    pub repeat_mode: RepeatMode,
    /// 0 unset, 1 low, 2 medium, 3 high, 4 urgent, 5 do now; the server takes any number.
    #[serde(default)]
    pub priority: i64,
    /// How much of it is done, 0 … 1. The server takes any number.
    #[serde(default)]
    pub percent_done: f64,
    /// Colour: six hex digits without `#`, or empty.
    #[serde(default)]
    pub hex_color: String,
    /// Who is to do it.
    #[serde(default, deserialize_with = "null_to_default")]
    pub assignees: Vec<User>,
    /// Labels.
    #[serde(default, deserialize_with = "null_to_default")]
    pub labels: Vec<Label>,
    /// Attachments.
    #[serde(default, deserialize_with = "null_to_default")]
    pub attachments: Vec<TaskAttachment>,
    /// Other tasks, by what they are to this one. They come without their own relations, labels and assignees.
    #[serde(default, deserialize_with = "null_to_default")]
    pub related_tasks: BTreeMap<RelationKind, Vec<Task>>,
    /// Name for people: `<identifier of the project>-<index>`, or `#<index>` (0.20: `-<index>`).
    #[serde(default)]
    pub identifier: String,
    /// Number within its project. It gets a new one when it is moved.
    #[serde(default)]
    pub index: i64,
    /// The attachment that is its cover.
    #[serde(default, deserialize_with = "id_or_none")]
    pub cover_image_attachment_id: Option<AttachmentId>,
    /// Whether it is among the caller's favourites.
    #[serde(default)]
    pub is_favorite: bool,
    /// Whether the caller has not read its comments (1.0+), when expanded by `is_unread`.
    #[serde(default)]
    pub is_unread: bool,
    /// The caller's subscription, to the task or its project. Only when it is read alone.
    #[serde(default)]
    pub subscription: Option<Box<Subscription>>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
    /// When it was deleted (2.4+).
    #[serde(default, deserialize_with = "time_or_none")]
    pub deleted_at: Option<Timestamp>,
    /// The bucket that it is in. From 0.24 only when a board is read.
    #[serde(default, deserialize_with = "id_or_none")]
    pub bucket_id: Option<BucketId>,
    /// The buckets that it is in, of all views (1.0+), when expanded by `buckets`.
    #[serde(default, deserialize_with = "null_to_default")]
    pub buckets: Vec<Bucket>,
    /// Its first 50 comments (1.0+), when expanded by `comments`.
    #[serde(default, deserialize_with = "null_to_default")]
    pub comments: Vec<TaskComment>,
    /// How many comments it has (1.0+), when expanded by `comment_count`.
    #[serde(default)]
    pub comment_count: Option<u64>,
    /// How many time entries it has (2.4+, licensed), when expanded by `time_entries_count`.
    #[serde(default)]
    pub time_entries_count: Option<u64>,
    /// Order among the tasks of its project (up to 0.23) or of the view that was read; 0 elsewhere.
    #[serde(default)]
    pub position: f64,
    /// Order among the tasks of its bucket (up to 0.23).
    #[serde(default)]
    pub kanban_position: Option<f64>,
    /// Who reacted (0.24+); from 1.0 when expanded by `reactions`.
    #[serde(default, deserialize_with = "null_to_default")]
    pub reactions: Reactions,
    /// Who made it.
    #[serde(default)]
    pub created_by: Option<User>,
    /// What the caller may do with it (v2, read alone).
    #[serde(default)]
    pub max_permission: Option<Permission>,
}

/// The answer to assigning a user.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TaskAssignee {
    /// The user.
    pub user_id: UserId,
}

/// Order of a task in a view (0.24+).
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TaskPosition {
    /// The task.
    pub task_id: TaskId,
    /// The view.
    #[serde(default)]
    pub project_view_id: ViewId,
    /// Its place among the others.
    #[serde(default)]
    pub position: f64,
}

/// The answer to duplicating a task (2.2+).
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct DuplicatedTask {
    /// The copy.
    #[serde(rename = "duplicated_task")]
    pub task: Task,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_title_are_required() {
        assert!(serde_json::from_str::<Task>(r#"{"id":1}"#).is_err());
        assert!(serde_json::from_str::<Task>(r#"{"title":"t"}"#).is_err());
        let task: Task = serde_json::from_str(
            r#"{"id":1,"title":"t","labels":null,"due_date":"0001-01-01T00:00:00Z","related_tasks":null}"#,
        )
        .unwrap();
        let bare = Task {
            id: TaskId(1),
            title: "t".to_owned(),
            ..Task::default()
        };
        assert_eq!(task, bare);
    }

    #[test]
    fn the_names_of_0_20_are_read_too() {
        let old: Task = serde_json::from_str(
            r#"{"id":1,"title":"t","list_id":3,"reminder_dates":["2030-01-01T00:00:00Z"],"kanban_position":1.5}"#,
        )
        .unwrap();
        assert_eq!(old.project_id, ProjectId(3));
        assert_eq!(old.kanban_position, Some(1.5));
        let new: Task = serde_json::from_str(
            r#"{"id":1,"title":"t","project_id":3,
                "reminders":[{"reminder":"2030-01-01T00:00:00Z","relative_period":0,"relative_to":""}]}"#,
        )
        .unwrap();
        assert_eq!(old.reminders, new.reminders);
    }

    #[test]
    fn relations_are_keyed_by_kind() {
        let task: Task = serde_json::from_str(
            r#"{"id":1,"title":"t","related_tasks":{"subtask":[{"id":2,"title":"u"}],"cousin":[]}}"#,
        )
        .unwrap();
        assert_eq!(task.related_tasks[&RelationKind::Subtask][0].id, TaskId(2));
        assert!(task.related_tasks[&RelationKind::Other("cousin".to_owned())].is_empty());
    }
}
