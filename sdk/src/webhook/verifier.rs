use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::Delivery;
use crate::{BuildError, model::Timestamp};

/// The header that carries the signature: the HMAC-SHA256 of the body in lower-case hex.
pub const SIGNATURE: HeaderName = HeaderName::from_static("x-vikunja-signature");

/// Tells what a webhook sent from what anybody else did. Clones are cheap.
///
/// A delivery is signed when its webhook has a secret, and rejected when it is not, unless
/// [`allow_unsigned`](Self::allow_unsigned) says otherwise.
#[derive(Clone)]
pub struct Verifier {
    /// One for each secret, with the secret worked in already: two blocks less to hash for each delivery.
    macs: Arc<[Hmac<Sha256>]>,
    allow_unsigned: bool,
    pub(super) max_body: usize,
    tolerance: Option<Duration>,
}

impl Verifier {
    /// Takes what was signed with one of these secrets: several while a secret is
    /// [rotated](crate::ops::rotate_secret). With none, nothing signed is taken.
    ///
    /// An empty secret is an error: everybody could sign with it.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Result<Self, BuildError> {
        let macs = secrets.into_iter().map(|secret| {
            let secret = secret.expose_secret().as_bytes();
            (!secret.is_empty())
                .then(|| Hmac::new_from_slice(secret).ok())
                .flatten()
                .ok_or_else(|| BuildError::Setting {
                    name: "secret of a webhook".to_owned(),
                    problem: "is empty, so that everybody could sign: give the one that the webhook was made with"
                        .to_owned(),
                })
        });
        Ok(Self {
            macs: macs.collect::<Result<_, _>>()?,
            allow_unsigned: false,
            max_body: 1 << 20,
            tolerance: Some(Duration::from_secs(300)),
        })
    }

    /// Takes unsigned deliveries too: **anybody who knows the address can make them up.** One that carries a signature must
    /// still carry a right one. [`Delivery::is_signed`] tells which it is.
    #[must_use]
    pub fn allow_unsigned(mut self) -> Self {
        self.allow_unsigned = true;
        self
    }

    /// Takes bodies of up to so many bytes; 1 MiB unless set. It is looked at before anything else.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Takes what was signed up to so long ago, or ahead, by this machine's clock; five minutes unless set. `None` takes
    /// what is of any age.
    ///
    /// Who has caught a delivery cannot send it again after this time; before, [`Seen`](super::Seen) knows it. From 2.0 on the
    /// time is that of the event, and the last of six attempts to reach a receiver that hangs comes three minutes later.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Option<Duration>) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks size and signature of a body, as it came, and reads nothing of it. `signature` is the value of
    /// [`SIGNATURE`]. The comparison takes the same time whatever is wrong.
    pub fn verify(&self, body: &[u8], signature: Option<&[u8]>) -> Result<(), Rejected> {
        if body.len() > self.max_body {
            return Err(Rejected::TooLarge {
                limit: self.max_body,
            });
        }
        let Some(signature) = signature else {
            return if self.allow_unsigned {
                Ok(())
            } else {
                Err(Rejected::Unsigned)
            };
        };
        let signature = from_hex(signature).ok_or(Rejected::Malformed)?;
        let is_right = |mac: &Hmac<Sha256>| {
            let mac = mac.clone().chain_update(body);
            mac.verify_slice(&signature).is_ok()
        };
        if self.macs.iter().any(is_right) {
            Ok(())
        } else {
            Err(Rejected::WrongSignature {
                secrets: self.macs.len(),
            })
        }
    }

    /// Checks a delivery and reads it.
    pub fn receive(
        &self,
        body: impl Into<Bytes>,
        signature: Option<&[u8]>,
    ) -> Result<Delivery, Rejected> {
        self.receive_at(body, signature, Timestamp::now())
    }

    /// Checks a delivery and reads it, as if it were this time.
    pub fn receive_at(
        &self,
        body: impl Into<Bytes>,
        signature: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Delivery, Rejected> {
        let body = body.into();
        self.verify(&body, signature)?;
        let delivery = Delivery::read(body, signature.is_some())?;
        if let Some(tolerance) = self.tolerance
            && !(now - tolerance..=now + tolerance).contains(&delivery.time)
        {
            return Err(Rejected::Stale {
                time: delivery.time,
                now,
            });
        }
        Ok(delivery)
    }
}

/// Says nothing of the secrets.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("secrets", &self.macs.len())
            .field("allow_unsigned", &self.allow_unsigned)
            .field("max_body", &self.max_body)
            .field("tolerance", &self.tolerance)
            .finish()
    }
}

/// Reads 32 bytes in lower-case hex.
fn from_hex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let pairs: &[u8; 64] = text.try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs.as_chunks().0) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// Why something is not taken for a delivery. For the log: whoever sent it is to see [`status`](Self::status) only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// The body is too large. Nothing else was looked at.
    #[error("the body has more than {limit} bytes; Verifier::max_body sets the limit")]
    TooLarge {
        /// Most bytes.
        limit: usize,
    },
    /// There is no signature.
    #[error("it has no {SIGNATURE}: the webhook has no secret, or this is not from Vikunja")]
    Unsigned,
    /// The signature is none.
    #[error("{SIGNATURE} is not, once, 64 lower-case hex digits")]
    Malformed,
    /// The signature does not fit.
    #[error(
        "{SIGNATURE} was not made of this body with any of the {secrets} secrets: was the webhook made with another one, or the body changed on its way?"
    )]
    WrongSignature {
        /// How many secrets were tried.
        secrets: usize,
    },
    /// It was signed too long ago, or is ahead.
    #[error(
        "it is of {time}, and here it is {now}: it was sent again by somebody, or one of the clocks is wrong; Verifier::tolerance sets the limit"
    )]
    Stale {
        /// The time in the body.
        time: Timestamp,
        /// The time of this machine.
        now: Timestamp,
    },
    /// The body is not what webhooks send.
    #[error("the body is not {{event_name, time, data}}: {problem}")]
    Unreadable {
        /// What is wrong with it.
        problem: String,
    },
    /// The body did not arrive as a whole.
    #[error("the body broke off: {problem}")]
    Unfinished {
        /// What the transport says.
        problem: String,
    },
}

impl Rejected {
    /// What to answer: 413, 400 or 401, and no more.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unreadable { .. } | Self::Unfinished { .. } => StatusCode::BAD_REQUEST,
            Self::Unsigned | Self::Malformed | Self::WrongSignature { .. } | Self::Stale { .. } => {
                StatusCode::UNAUTHORIZED
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cret-β";
    const BODY: &str = r#"{"event_name":"a","time":"2030-01-01T00:00:00Z","data":{}}"#;
    /// By `printf %s "$BODY" | openssl dgst -sha256 -hmac "$SECRET"`.
    const SIGNED: &str = "a4cfa0235e59a9d1a8f1bbf16e28ead70f9e8cfb203c97c0dd8ee73edf74a85f";

    fn verifier() -> Verifier {
        Verifier::new([SECRET.into()]).unwrap()
    }

    fn verify(verifier: &Verifier, signature: &str) -> Result<(), Rejected> {
        verifier.verify(BODY.as_bytes(), Some(signature.as_bytes()))
    }

    fn at(seconds: i64) -> Timestamp {
        let new_year: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        Timestamp::from_unix_seconds(new_year.as_unix_seconds() + seconds)
    }

    #[test]
    fn one_of_the_secrets_fits() {
        let wrong = Err(Rejected::WrongSignature { secrets: 1 });
        assert_eq!(verify(&verifier(), SIGNED), Ok(()));
        let old_and_new = Verifier::new(["new".into(), SECRET.into()]).unwrap();
        assert_eq!(verify(&old_and_new, SIGNED), Ok(()));
        assert_eq!(
            verify(&Verifier::new(["new".into()]).unwrap(), SIGNED),
            wrong
        );
        assert_eq!(verifier().verify(b"{}", Some(SIGNED.as_bytes())), wrong);
        assert_eq!(
            verify(&Verifier::new([]).unwrap().allow_unsigned(), SIGNED),
            Err(Rejected::WrongSignature { secrets: 0 })
        );
    }

    #[test]
    fn a_signature_is_64_lower_case_hex_digits() {
        for odd in [
            "",
            &SIGNED[1..],
            &format!("{SIGNED}0"),
            &format!("{SIGNED}00"),
            &format!(" {}", &SIGNED[1..]),
            &SIGNED.to_uppercase(),
            &format!("sha256={SIGNED}"),
            &format!("g{}", &SIGNED[1..]),
            &format!("β{}", &SIGNED[2..]),
        ] {
            assert_eq!(verify(&verifier(), odd), Err(Rejected::Malformed), "{odd}");
        }
    }

    #[test]
    fn unsigned_is_rejected_unless_allowed() {
        let body = BODY.as_bytes();
        assert_eq!(verifier().verify(body, None), Err(Rejected::Unsigned));
        let lax = verifier().allow_unsigned();
        assert_eq!(lax.verify(body, None), Ok(()));
        assert!(!lax.receive_at(BODY, None, at(0)).unwrap().is_signed);
        // A wrong signature does not become none.
        assert!(verify(&lax, &SIGNED.replace('0', "1")).is_err());
    }

    #[test]
    fn an_empty_secret_is_an_error() {
        let error = Verifier::new(["a".into(), "".into()]).unwrap_err();
        assert!(error.to_string().contains("is empty"), "{error}");
    }

    #[test]
    fn size_counts_before_anything_else() {
        let small = verifier().max_body(BODY.len() - 1);
        let limit = BODY.len() - 1;
        assert_eq!(
            small.verify(BODY.as_bytes(), None),
            Err(Rejected::TooLarge { limit })
        );
        assert_eq!(verify(&verifier().max_body(BODY.len()), SIGNED), Ok(()));
    }

    #[test]
    fn five_minutes_are_tolerated_in_both_directions() {
        let signature = Some(SIGNED.as_bytes());
        let received = |verifier: &Verifier, now| verifier.receive_at(BODY, signature, now);
        for (seconds, is_taken) in [
            (0, true),
            (300, true),
            (-300, true),
            (301, false),
            (-301, false),
        ] {
            let result = received(&verifier(), at(seconds));
            assert_eq!(result.is_ok(), is_taken, "{seconds}");
            if let Err(rejected) = result {
                assert_eq!(rejected.status(), StatusCode::UNAUTHORIZED);
            }
        }
        let any = verifier().tolerance(None);
        assert!(received(&any, at(1 << 40)).is_ok());
        let all = verifier().tolerance(Some(Duration::MAX));
        assert!(received(&all, at(1 << 30)).is_ok());
    }

    #[test]
    fn nothing_shows_the_secret() {
        let shown = format!("{:?} {:?}", verifier(), verify(&verifier(), &SIGNED[1..]));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
