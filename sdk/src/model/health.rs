//! How a server is.

use serde::Deserialize;

use super::{decode::null_to_default, open_enum::string_enum};

/// How a server is (2.4+).
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Health {
    /// In a word.
    pub status: HealthStatus,
    /// The OpenID providers that it is told to use. Empty without any, and right after its start.
    #[serde(default, deserialize_with = "null_to_default")]
    pub openid_providers: Vec<ProviderHealth>,
}

string_enum! {
    /// How a server is, in a word. One that is worse than this answers 500.
    HealthStatus {
        /// All is well.
        Ok = "OK",
        /// The server is well, and one of its OpenID providers is not.
        Degraded = "degraded",
    }
}

/// How an OpenID provider is. Not checked on a running server.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct ProviderHealth {
    /// Its key in the server's configuration.
    #[serde(default)]
    pub key: String,
    /// Whether it was there when the server last tried, at most 15 minutes ago.
    #[serde(default)]
    pub available: bool,
}
