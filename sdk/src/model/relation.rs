//! Relations between tasks.

use serde::Deserialize;

use super::{TaskId, Timestamp, User, decode::time_or_none, open_enum::string_enum};

string_enum! {
    /// What one task is to another. They are pairs; the server keeps the other half itself.
    RelationKind {
        /// The other is a part of this.
        Subtask = "subtask",
        /// This is a part of the other.
        ParentTask = "parenttask",
        /// They have to do with each other.
        Related = "related",
        /// This says the same as the other, which came first.
        DuplicateOf = "duplicateof",
        /// The other says the same as this.
        Duplicates = "duplicates",
        /// The other waits for this.
        Blocking = "blocking",
        /// This waits for the other.
        Blocked = "blocked",
        /// This comes before the other.
        Precedes = "precedes",
        /// This comes after the other.
        Follows = "follows",
        /// This was copied from the other.
        CopiedFrom = "copiedfrom",
        /// The other was copied from this.
        CopiedTo = "copiedto",
    }
}

/// What one task is to another.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TaskRelation {
    /// This task.
    pub task_id: TaskId,
    /// The other task.
    pub other_task_id: TaskId,
    /// What they are to each other.
    pub relation_kind: RelationKind,
    /// Who said so.
    #[serde(default)]
    pub created_by: Option<User>,
    /// Since when.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}
