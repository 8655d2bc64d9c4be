//! Secrets on their way into a request body, and out of an answer: the only place where they are written.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a secret.
pub(crate) fn exposed<S: Serializer>(secret: &SecretString, out: S) -> Result<S::Ok, S::Error> {
    secret.expose_secret().serialize(out)
}

/// Writes a secret that may be absent.
#[expect(clippy::ref_option, reason = "serde gives the field as it is")]
pub(crate) fn exposed_or_null<S: Serializer>(
    secret: &Option<SecretString>,
    out: S,
) -> Result<S::Ok, S::Error> {
    secret
        .as_ref()
        .map(ExposeSecret::expose_secret)
        .serialize(out)
}

/// Reads a secret.
pub(crate) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}
