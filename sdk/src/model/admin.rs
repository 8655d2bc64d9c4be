//! What administrators of a server see (2.4+, licensed). Not checked on a running server.

use serde::Deserialize;

use super::{
    Timestamp, UserId, UserStatus,
    decode::{id_or_none, null_to_default, time_or_none, word_or_none},
};

/// An account, as administrators see it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct AdminUser {
    /// Which.
    pub id: UserId,
    /// Name to log in with, unique.
    #[serde(default)]
    pub username: String,
    /// Name for people; it may be empty.
    #[serde(default)]
    pub name: String,
    /// Email address. `None` for bots.
    #[serde(default, deserialize_with = "word_or_none")]
    pub email: Option<String>,
    /// The owner of a bot; `None` for people.
    #[serde(default, deserialize_with = "id_or_none")]
    pub bot_owner_id: Option<UserId>,
    /// Whether it administers the server.
    #[serde(default)]
    pub is_admin: bool,
    /// Whether it can be used.
    #[serde(default)]
    pub status: UserStatus,
    /// Who says who it is: `local`, or the address of an OpenID provider. `None` = local.
    #[serde(default, deserialize_with = "word_or_none")]
    pub issuer: Option<String>,
    /// What that provider calls it.
    #[serde(default, deserialize_with = "word_or_none")]
    pub subject: Option<String>,
    /// Name of that provider, or `LDAP`.
    #[serde(default, deserialize_with = "word_or_none")]
    pub auth_provider: Option<String>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
}

/// How much there is on a server.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct AdminOverview {
    /// Accounts.
    pub users: u64,
    /// Projects.
    pub projects: u64,
    /// Tasks.
    pub tasks: u64,
    /// Teams.
    pub teams: u64,
    /// Shares of projects.
    #[serde(deserialize_with = "null_to_default")]
    pub shares: ShareCounts,
    /// What the operator has paid for.
    #[serde(deserialize_with = "null_to_default")]
    pub license: License,
}

/// How many shares of each kind there are.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct ShareCounts {
    /// With everybody who has a link.
    pub link_shares: u64,
    /// With teams.
    pub team_shares: u64,
    /// With users.
    pub user_shares: u64,
}

/// What the operator of a server has paid for.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct License {
    /// Whether there is a valid licence.
    pub licensed: bool,
    /// Which server it is for.
    pub instance_id: String,
    /// What it opens: `admin_panel`, `time_tracking`, `audit_logs`.
    #[serde(deserialize_with = "null_to_default")]
    pub features: Vec<String>,
    /// How many accounts it allows.
    pub max_users: i64,
    /// Until when it holds.
    #[serde(deserialize_with = "time_or_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was last found valid.
    #[serde(deserialize_with = "time_or_none")]
    pub validated_at: Option<Timestamp>,
    /// Whether it could not be checked lately.
    pub last_check_failed: bool,
}
