//! Webhooks.

use serde::Deserialize;

use super::{
    ProjectId, Timestamp, User, UserId, WebhookId,
    decode::{id_or_none, null_to_default, time_or_none},
};

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
    /// Events that are sent, such as `task.created`.
    #[serde(default, deserialize_with = "null_to_default")]
    pub events: Vec<String>,
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
