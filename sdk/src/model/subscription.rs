//! Subscriptions.

use serde::Deserialize;

use super::{SubscriptionId, Timestamp, User, decode::time_or_none, open_enum::string_enum};

string_enum! {
    /// What one can subscribe to.
    SubscriptionEntity {
        /// A project (0.21+), and what is in it.
        Project = "project",
        /// A task.
        Task = "task",
        /// A list (0.20), and what is in it.
        List = "list",
        /// A namespace (0.20), and what is in it.
        Namespace = "namespace",
    }
}

/// The caller's subscription to something. Objects also carry what they inherit: compare `entity`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Subscription {
    /// Which.
    pub id: SubscriptionId,
    /// What kind of object is subscribed to.
    pub entity: SubscriptionEntity,
    /// The object that is subscribed to, of that kind.
    #[serde(default)]
    pub entity_id: i64,
    /// Who subscribes (up to 0.24, in the answer to subscribing).
    #[serde(default)]
    pub user: Option<User>,
    /// Since when.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}
