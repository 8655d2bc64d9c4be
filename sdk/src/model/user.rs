//! Users and their settings.

use serde::Deserialize;
use serde_json::Value;

use super::{
    Permission, ProjectId, Timestamp, UserId,
    decode::{id_or_none, null_to_default, time_or_none, word_or_none},
};

/// A user, as somebody's own account, as owner, author or assignee of something, as member of a team or guest of a
/// project.
///
/// The answer to a creation often has a stub: `name` as in the caller's token and no times.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct User {
    /// Which. Negative for a link share.
    pub id: UserId,
    /// Name for people, often empty. Changed through the settings.
    #[serde(default)]
    pub name: String,
    /// Name to log in with, unique. Of a link share its name (up to 0.24), or `link-share-<id>`.
    #[serde(default)]
    pub username: String,
    /// Email address. Nearly never sent, not even for one's own account; registration (0.24+) and some lists have it.
    #[serde(default, deserialize_with = "word_or_none")]
    pub email: Option<String>,
    /// The owner of a bot (2.4+); `None` for people.
    #[serde(default, deserialize_with = "id_or_none")]
    pub bot_owner_id: Option<UserId>,
    /// When the account was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When the account was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
    /// Settings. Own account only.
    #[serde(default)]
    pub settings: Option<Box<Settings>>,
    /// When the account will be deleted. Own account only.
    #[serde(default, deserialize_with = "time_or_none")]
    pub deletion_scheduled_at: Option<Timestamp>,
    /// Whether the password is checked by Vikunja itself. Own account only.
    #[serde(default)]
    pub is_local_user: Option<bool>,
    /// Who checks the password (1.0+): `local`, `ldap` or the name of an OpenID provider. Own account only.
    #[serde(default, deserialize_with = "word_or_none")]
    pub auth_provider: Option<String>,
    /// Whether the account administers the server (2.4+). Own account only.
    #[serde(default)]
    pub is_admin: Option<bool>,
    /// What the user may do with the shared project. Lists of shares only.
    #[serde(default, alias = "right")]
    pub permission: Option<Permission>,
    /// Whether the user may manage the team. Members of a team only.
    #[serde(default)]
    pub admin: Option<bool>,
}

/// Settings of an account. A link share has none: everything is empty.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct Settings {
    /// Name for people.
    pub name: String,
    /// Whether reminders come by email.
    pub email_reminders_enabled: bool,
    /// Whether others find this account by its name.
    pub discoverable_by_name: bool,
    /// Whether others find this account by its email address.
    pub discoverable_by_email: bool,
    /// Whether a list of overdue tasks comes by email every day.
    pub overdue_tasks_reminders_enabled: bool,
    /// When that list comes: `9:00` or `09:00`, in `timezone`.
    pub overdue_tasks_reminders_time: String,
    /// The project that new tasks go into. It may not exist.
    #[serde(alias = "default_list_id", deserialize_with = "id_or_none")]
    pub default_project_id: Option<ProjectId>,
    /// First day of the week, 0 = Sunday … 6 = Saturday.
    pub week_start: i64,
    /// Language of the web front end and of emails.
    pub language: String,
    /// Time zone, an IANA name; empty = that of the server.
    pub timezone: String,
    /// What the web front end keeps here (0.21+), any JSON.
    pub frontend_settings: Value,
    /// Links that the server's operator adds to the settings (1.0+).
    #[serde(deserialize_with = "null_to_default")]
    pub extra_settings_links: Value,
}
