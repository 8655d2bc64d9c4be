//! What a server says about itself.

use serde::Deserialize;

use super::decode::null_to_default;
use crate::Release;

/// What a server says about itself: version, limits, features. Fields that not every release sends are optional.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Info {
    /// Version, such as `v2.5.0`; of unreleased builds it says more or something else.
    pub version: String,
    /// Public URL with a slash at its end. It may be empty.
    #[serde(default)]
    pub frontend_url: String,
    /// Message of the day.
    #[serde(default)]
    pub motd: String,
    /// Whether projects can be shared by link.
    #[serde(default)]
    pub link_sharing_enabled: bool,
    /// Largest file, for people: `20MB`. [`Info::max_file_bytes()`] reads it.
    #[serde(default)]
    pub max_file_size: String,
    /// Most items on a page of v1 (1.0+). v2 has limits of its own.
    #[serde(default)]
    pub max_items_per_page: Option<u64>,
    /// Whether anybody can register, as 0.20 to 0.24 say it. [`Info::registration_enabled()`] knows all releases.
    #[serde(default)]
    pub registration_enabled: Option<bool>,
    /// Services to import from: `vikunja-file`, `ticktick`, `todoist` …
    #[serde(default, deserialize_with = "null_to_default")]
    pub available_migrators: Vec<String>,
    /// Whether tasks can have attachments.
    #[serde(default)]
    pub task_attachments_enabled: bool,
    /// Where project backgrounds come from: `upload`, `unsplash`.
    #[serde(default, deserialize_with = "null_to_default")]
    pub enabled_background_providers: Vec<String>,
    /// Whether log-in can have a second factor.
    #[serde(default)]
    pub totp_enabled: bool,
    /// Where the operator's legal texts are.
    #[serde(default)]
    pub legal: Legal,
    /// Whether there is CalDAV.
    #[serde(default)]
    pub caldav_enabled: bool,
    /// Ways to log in.
    #[serde(default)]
    pub auth: Auth,
    /// Whether reminders come by email.
    #[serde(default)]
    pub email_reminders_enabled: bool,
    /// Whether users can delete their accounts.
    #[serde(default)]
    pub user_deletion_enabled: bool,
    /// Whether tasks can have comments.
    #[serde(default)]
    pub task_comments_enabled: bool,
    /// Whether this is a demo, whose data do not last (0.22+).
    #[serde(default)]
    pub demo_mode_enabled: Option<bool>,
    /// Whether there are webhooks (0.22+).
    #[serde(default)]
    pub webhooks_enabled: Option<bool>,
    /// Whether teams can be public (0.24+).
    #[serde(default)]
    pub public_teams_enabled: Option<bool>,
    /// Whether the web front end may change its icon on occasions (2.4+).
    #[serde(default)]
    pub allow_icon_changes: Option<bool>,
    /// Licensed features (2.4+): `admin_panel`, `time_tracking`, `audit_logs`. Routes of the others answer 404.
    #[serde(default)]
    pub enabled_pro_features: Option<Vec<String>>,
    /// Whether the database takes writes side by side (2.4+). Not on SQLite: send one after another, and still expect
    /// 500.
    #[serde(default)]
    pub concurrent_writes: Option<bool>,
}

impl Info {
    /// Whether anybody can register, wherever this release says it. `None` where it does not.
    pub fn registration_enabled(&self) -> Option<bool> {
        self.auth
            .local
            .registration_enabled
            .or(self.registration_enabled)
    }

    /// Largest file in bytes that a server of this release takes. `None` where it does not say so, or has no limit.
    ///
    /// A megabyte has 2²⁰ bytes here. From 1.0 only whole ones count, and less than one is no limit at all.
    pub fn max_file_bytes(&self, release: Release) -> Option<u64> {
        let text = self.max_file_size.trim();
        let end = text.find(|c: char| !c.is_ascii_digit());
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let unit = unit.trim_start().to_ascii_lowercase();
        let power = match unit.strip_suffix('b').unwrap_or(&unit) {
            "" => 0,
            "k" => 1,
            "m" => 2,
            "g" => 3,
            "t" => 4,
            _ => return None,
        };
        let bytes = number.parse::<u64>().ok()?.checked_mul(1 << (10 * power))?;
        if release < Release(1, 0, 0) {
            Some(bytes)
        } else {
            Some(bytes >> 20 << 20).filter(|whole| *whole > 0)
        }
    }
}

/// Where the operator's legal texts are. Empty = nowhere.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct Legal {
    /// Who runs the server.
    pub imprint_url: String,
    /// What happens with personal data.
    pub privacy_policy_url: String,
}

/// Ways to log in.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct Auth {
    /// User name and password, checked by Vikunja.
    pub local: LocalAuth,
    /// User name and password, checked by a directory (1.0+).
    pub ldap: Option<LdapAuth>,
    /// OpenID Connect.
    pub openid_connect: OpenIdAuth,
}

/// Log-in with accounts of Vikunja itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct LocalAuth {
    /// Whether it is on.
    pub enabled: bool,
    /// Whether anybody can register (1.0+). [`Info::registration_enabled()`] knows all releases.
    pub registration_enabled: Option<bool>,
}

/// Log-in with accounts of a directory.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct LdapAuth {
    /// Whether it is on.
    pub enabled: bool,
}

/// Log-in with accounts of an OpenID provider.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct OpenIdAuth {
    /// Whether it is on.
    pub enabled: bool,
    /// Where providers send the browser back to (0.20 only).
    pub redirect_url: Option<String>,
    /// The providers.
    #[serde(deserialize_with = "null_to_default")]
    pub providers: Vec<OpenIdProvider>,
}

/// An OpenID provider.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct OpenIdProvider {
    /// Name for people.
    pub name: String,
    /// Name in paths.
    pub key: String,
    /// Where log-in begins.
    pub auth_url: String,
    /// Where log-out happens; empty = nowhere.
    pub logout_url: String,
    /// Id of this server at the provider.
    pub client_id: String,
    /// What is asked of the provider (0.24+), words with spaces between.
    pub scope: Option<String>,
    /// Whether an account of the same email address is taken over (1.0+).
    pub email_fallback: Option<bool>,
    /// Whether an account of the same user name is taken over (1.0+).
    pub username_fallback: Option<bool>,
    /// Whether the provider is asked for user information even when the token has it (1.0+).
    pub force_user_info: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(json: &str) -> Info {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn registration_is_found_where_each_release_says_it() {
        let old = info(
            r#"{"version":"v0.24.1","registration_enabled":true,"auth":{"local":{"enabled":true}}}"#,
        );
        assert_eq!(old.registration_enabled(), Some(true));
        let new = info(r#"{"version":"v1.0.0","auth":{"local":{"registration_enabled":false}}}"#);
        assert_eq!(new.registration_enabled(), Some(false));
        assert_eq!(info(r#"{"version":"x"}"#).registration_enabled(), None);
    }

    #[test]
    fn sizes_are_read_as_the_server_does() {
        let (old, new) = (Release(0, 24, 1), Release(1, 0, 0));
        for (text, exact, whole) in [
            ("20MB", Some(20 << 20), Some(20 << 20)),
            ("1m", Some(1 << 20), Some(1 << 20)),
            ("2 MB", Some(2 << 20), Some(2 << 20)),
            ("1500KB", Some(1500 << 10), Some(1 << 20)),
            ("2500000", Some(2_500_000), Some(2 << 20)),
            ("1kb", Some(1 << 10), None),
            ("10B", Some(10), None),
            ("0", Some(0), None),
            ("3GB", Some(3 << 30), Some(3 << 30)),
            ("1TB", Some(1 << 40), Some(1 << 40)),
            ("99999999TB", None, None),
            ("1.5MB", None, None),
            ("1MiB", None, None),
            ("MB", None, None),
            ("", None, None),
        ] {
            let info = Info {
                max_file_size: text.to_owned(),
                ..Info::default()
            };
            assert_eq!(info.max_file_bytes(old), exact, "{text}");
            assert_eq!(info.max_file_bytes(new), whole, "{text}");
        }
    }

    #[test]
    fn something_without_a_version_is_no_vikunja() {
        assert!(serde_json::from_str::<Info>("{}").is_err());
    }
}
