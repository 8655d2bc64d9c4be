//! Data exports.

use serde::Deserialize;

use super::{FileId, Timestamp, decode::time_or_none};

/// An export of all data of the caller that is ready.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Export {
    /// The file that it is in.
    pub id: FileId,
    /// Its size in bytes.
    #[serde(default)]
    pub size: u64,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When the server deletes it: a week later.
    #[serde(default, deserialize_with = "time_or_none")]
    pub expires: Option<Timestamp>,
}
