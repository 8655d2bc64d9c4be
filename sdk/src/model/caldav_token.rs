//! CalDAV tokens.

use secrecy::SecretString;
use serde::Deserialize;

use super::{
    CaldavTokenId, Timestamp,
    decode::{time_or_none, word_or_none},
};

/// A password for CalDAV clients. It cannot be compared, because secrets cannot.
#[derive(Clone, Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct CaldavToken {
    /// Which.
    pub id: CaldavTokenId,
    /// The token itself. Only the answer to its creation has it.
    #[serde(default, deserialize_with = "word_or_none")]
    pub token: Option<SecretString>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
}
