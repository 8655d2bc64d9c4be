//! What OAuth answers.

use secrecy::SecretString;
use serde::Deserialize;

use crate::secret;

/// What an application gets tokens for (2.3+). It cannot be compared, because secrets cannot.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct OAuthCode {
    /// The code. It works once, for a few minutes.
    #[serde(deserialize_with = "secret::read")]
    pub code: SecretString,
    /// Where the application waits for it.
    #[serde(default)]
    pub redirect_uri: String,
    /// As the application gave it.
    #[serde(default)]
    pub state: String,
}
