//! Teams.

use serde::Deserialize;

use super::{
    Permission, TeamId, TeamMemberId, Timestamp, User,
    decode::{null_to_default, time_or_none, word_or_none},
};

/// A team.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Team {
    /// Which.
    pub id: TeamId,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Description, HTML.
    #[serde(default)]
    pub description: String,
    /// Id at the provider that manages it (0.24+); `None` = managed here.
    #[serde(default, alias = "oidc_id", deserialize_with = "word_or_none")]
    pub external_id: Option<String>,
    /// Whether everybody finds it in lists and may share with it (0.24+), on servers that allow it.
    #[serde(default)]
    pub is_public: bool,
    /// Who made it.
    #[serde(default)]
    pub created_by: Option<User>,
    /// Its members, with [`User::admin`]. **Lists of teams are wrong**: every user is in one team only there. Read
    /// teams alone.
    #[serde(default, deserialize_with = "null_to_default")]
    pub members: Vec<User>,
    /// What the team may do with the shared project. Lists of shares only.
    #[serde(default, alias = "right")]
    pub permission: Option<Permission>,
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

/// The answer to adding a member, or to toggling whether one may manage the team. Read, a team has [`User`]s.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TeamMember {
    /// Which. Up to 1.x, and for who is no member, 0 in the answer to a toggle.
    pub id: TeamMemberId,
    /// User name.
    #[serde(default)]
    pub username: String,
    /// Whether the member may manage the team.
    #[serde(default)]
    pub admin: bool,
    /// Since when. `None` where the id is 0.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}
