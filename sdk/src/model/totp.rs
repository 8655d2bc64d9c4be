//! The second factor.

use secrecy::SecretString;
use serde::Deserialize;

use crate::secret;

/// The second factor of the caller: passcodes by time (RFC 6238: SHA-1, six digits, 30 seconds). It cannot be compared,
/// because secrets cannot.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Totp {
    /// What passcodes are computed from, in base 32.
    #[serde(deserialize_with = "secret::read")]
    pub secret: SecretString,
    /// Whether logging in needs a passcode. Before that the factor is only enrolled.
    #[serde(default)]
    pub enabled: bool,
    /// The address `otpauth://…` that authenticator apps read, with the secret in it.
    #[serde(deserialize_with = "secret::read")]
    pub url: SecretString,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_not_printed() {
        let json = r#"{"secret":"JBSWY","enabled":true,"url":"otpauth://totp/a?secret=JBSWY"}"#;
        let totp: Totp = serde_json::from_str(json).unwrap();
        assert!(!format!("{totp:?}").contains("JBSWY"));
    }
}
