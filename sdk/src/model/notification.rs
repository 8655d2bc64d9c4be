//! Notifications.

use serde::Deserialize;
use serde_json::Value;

use super::{NotificationId, Timestamp, decode::time_or_none};

/// A notification. They come after the answer to what caused them, in no promised order.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Notification {
    /// Which.
    pub id: NotificationId,
    /// What happened, such as `task.comment`. New releases have new ones.
    #[serde(default)]
    pub name: String,
    /// To what: an object whose keys depend on `name`, such as `doer`, `task`, `comment`.
    #[serde(default)]
    pub notification: Value,
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
