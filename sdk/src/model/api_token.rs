//! API tokens.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;

use super::{
    ApiTokenId, Timestamp, UserId,
    decode::{id_or_none, null_to_default, time_or_none, word_or_none},
};

/// An API token (0.22+). It cannot be compared, because secrets cannot.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct ApiToken {
    /// Which.
    pub id: ApiTokenId,
    /// Title.
    #[serde(default)]
    pub title: String,
    /// The token itself, to send. Only the answer to its creation has it.
    #[serde(default, deserialize_with = "word_or_none")]
    pub token: Option<SecretString>,
    /// What it may do, by group: `tasks` → `read_all`, `read_one` …
    #[serde(default, deserialize_with = "null_to_default")]
    pub permissions: BTreeMap<String, Vec<String>>,
    /// Until when it can be used.
    #[serde(default, deserialize_with = "time_or_none")]
    pub expires_at: Option<Timestamp>,
    /// Whom it belongs to (2.4+): the caller or a bot.
    #[serde(default, deserialize_with = "id_or_none")]
    pub owner_id: Option<UserId>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}

/// What API tokens can be allowed on a server: the routes by group (`tasks`) and permission (`read_all`).
pub type ApiTokenRoutes = BTreeMap<String, BTreeMap<String, ApiTokenRoute>>;

/// A route that a permission of an API token opens, and with it the same operation of v2.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct ApiTokenRoute {
    /// HTTP method, or `ANY`.
    #[serde(default)]
    pub method: String,
    /// Path with `:placeholders`; that of v1 where both APIs have the operation.
    #[serde(default)]
    pub path: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_not_printed() {
        let token: ApiToken = serde_json::from_str(r#"{"id":1,"token":"tk_f00"}"#).unwrap();
        assert!(token.token.is_some());
        assert!(!format!("{token:?}").contains("f00"));
    }
}
