//! Comments and reactions.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    CommentId, Permission, Timestamp, User,
    decode::{null_to_default, time_or_none},
};

/// A comment on a task.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TaskComment {
    /// Which.
    pub id: CommentId,
    /// The text, HTML.
    #[serde(default)]
    pub comment: String,
    /// Who wrote it. `None` in the answer to an update.
    #[serde(default)]
    pub author: Option<User>,
    /// Who reacted (0.24+), in lists of comments only.
    #[serde(default, deserialize_with = "null_to_default")]
    pub reactions: Reactions,
    /// When it was written.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
    /// What the caller may do with it (v2, read alone).
    #[serde(default)]
    pub max_permission: Option<Permission>,
}

/// Who reacted (0.24+), by reaction, mostly an emoji.
pub type Reactions = BTreeMap<String, Vec<User>>;

/// The answer to reacting to a task or a comment (0.24+). Who reacted is not in it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Reaction {
    /// The reaction, mostly an emoji.
    #[serde(default)]
    pub value: String,
    /// When.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}
