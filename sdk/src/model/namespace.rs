//! Namespaces, which held lists up to 0.20.

use serde::Deserialize;

use super::{
    NamespaceId, Project, Subscription, Timestamp, User,
    decode::{null_to_default, time_or_none},
};

/// A namespace (0.20): it holds lists. Pseudo namespaces have negative ids and cannot be read alone or changed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Namespace {
    /// Which.
    pub id: NamespaceId,
    /// Title. There is no `name`.
    #[serde(default)]
    pub title: String,
    /// Description.
    #[serde(default)]
    pub description: String,
    /// Colour: six hex digits without `#`, or empty.
    #[serde(default)]
    pub hex_color: String,
    /// Whether it is archived: its lists cannot be changed.
    #[serde(default)]
    pub is_archived: bool,
    /// Whom it belongs to. `None` in the answer to an update.
    #[serde(default)]
    pub owner: Option<User>,
    /// The caller's subscription.
    #[serde(default)]
    pub subscription: Option<Subscription>,
    /// The lists in it. Lists of namespaces only.
    #[serde(default, deserialize_with = "null_to_default")]
    pub lists: Vec<Project>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
}
