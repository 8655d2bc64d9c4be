//! Sessions of the caller.

use serde::Deserialize;

use super::{Timestamp, decode::time_or_none};

/// A log-in that can still be renewed (2.0+).
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct LoginSession {
    /// Which, a UUID. The claim `sid` of the token is the same.
    pub id: String,
    /// User agent at log-in.
    #[serde(default)]
    pub device_info: String,
    /// Address at log-in.
    #[serde(default)]
    pub ip_address: String,
    /// When it was last renewed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub last_active: Option<Timestamp>,
    /// When it began.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}
