//! Labels.

use serde::Deserialize;

use super::{LabelId, Permission, Timestamp, User, decode::time_or_none};

/// A label. Only who made it may change or delete it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Label {
    /// Which.
    pub id: LabelId,
    /// Title. It may be empty.
    #[serde(default)]
    pub title: String,
    /// Description.
    #[serde(default)]
    pub description: String,
    /// Colour: six hex digits without `#`, or empty.
    #[serde(default)]
    pub hex_color: String,
    /// Who made it.
    #[serde(default)]
    pub created_by: Option<User>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
    /// What the caller may do with it (v2, read alone).
    #[serde(default)]
    pub max_permission: Option<Permission>,
}

/// The answer to putting a label on a task.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TaskLabel {
    /// The label.
    pub label_id: LabelId,
}
