//! Plain messages.

use serde::Deserialize;

/// What the server says where it has nothing else to answer, for people.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The text, in English.
    #[serde(default)]
    pub message: String,
}
