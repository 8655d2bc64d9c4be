//! Bots.

use serde::Deserialize;

use super::{
    BotId, Permission, Timestamp, UserId, UserStatus,
    decode::{id_or_none, time_or_none},
};

/// A bot (2.4+): an account without password and email address, whose owner makes API tokens for it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Bot {
    /// Which.
    pub id: BotId,
    /// Unique; it begins with `bot-`.
    #[serde(default)]
    pub username: String,
    /// Name for people; it may be empty.
    #[serde(default)]
    pub name: String,
    /// Whether its tokens are let in.
    #[serde(default)]
    pub status: UserStatus,
    /// Whose it is.
    #[serde(default, deserialize_with = "id_or_none")]
    pub bot_owner_id: Option<UserId>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
    /// v2 says [`Permission::Read`] when it is read alone, though its owner may do everything.
    #[serde(default)]
    pub max_permission: Option<Permission>,
}
