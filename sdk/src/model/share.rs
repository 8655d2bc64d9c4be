//! Shares: what others may do with a project.

use secrecy::SecretString;
use serde::Deserialize;

use super::{
    LinkShareId, Permission, TeamId, TeamShareId, Timestamp, User, UserShareId,
    decode::time_or_none, open_enum::number_enum,
};
use crate::secret;

/// The answer to sharing with a user, or to changing that. Lists of shares answer [`User`]s.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct UserShare {
    /// Which. Not to be trusted in the answer to an update.
    pub id: UserShareId,
    /// Name of the user. The key is `user_id` up to 0.24, though it holds the name.
    #[serde(default, alias = "user_id")]
    pub username: String,
    /// What the user may do.
    #[serde(default, alias = "right")]
    pub permission: Permission,
    /// Since when. `None` in the answer to an update.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
}

/// The answer to sharing with a team, or to changing that. Lists of shares answer [`Team`](super::Team)s.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TeamShare {
    /// Which. 0 in the answer to an update.
    pub id: TeamShareId,
    /// The team.
    #[serde(default)]
    pub team_id: TeamId,
    /// What the team may do.
    #[serde(default, alias = "right")]
    pub permission: Permission,
    /// Since when. `None` in the answer to an update.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
}

number_enum! {
    /// Whether a link share asks for a password.
    #[derive(Default)]
    SharingType {
        /// The server does not say.
        #[default]
        Unknown = 0 "unknown",
        /// Everybody who has the link gets in.
        WithoutPassword = 1 "without password",
        /// A password is asked for.
        WithPassword = 2 "with password",
    }
}

/// A share with everybody who has the link. It cannot be compared, because secrets cannot.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct LinkShare {
    /// Which.
    pub id: LinkShareId,
    /// What stands in the link and is sent to log in ([`crate::shares::LogIn`]). Who has it, and the password if there
    /// is one, gets in.
    #[serde(default, deserialize_with = "secret::read")]
    pub hash: SecretString,
    /// Name for people; it may be empty.
    #[serde(default)]
    pub name: String,
    /// What visitors may do.
    #[serde(default, alias = "right")]
    pub permission: Permission,
    /// Whether it asks for a password.
    #[serde(default)]
    pub sharing_type: SharingType,
    /// Who made it. `None` when it is read alone.
    #[serde(default)]
    pub shared_by: Option<User>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_not_printed() {
        let share: LinkShare = serde_json::from_str(r#"{"id":1,"hash":"f00ba4"}"#).unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&share.hash), "f00ba4");
        assert!(!format!("{share:?}").contains("f00"));
    }
}
