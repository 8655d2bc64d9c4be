//! Credentials: what a token is, and how it is carried without being shown.

use std::fmt;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{BuildError, Release};

/// A token, and what renews it. Store both: a session is taken up again with them.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Sent with every request.
    pub token: Token,
    /// Value of the refresh cookie (2.0+). Its path is the v1 route even after a v2 log-in, so that a cookie jar would
    /// never send it to v2: [`crate::users::Refresh`] sends it itself. Every use replaces it.
    ///
    /// An OAuth refresh token (2.3+) is one, too: the server takes either for the other (checked on 2.5).
    pub refresh: Option<SecretString>,
}

impl From<Token> for Credentials {
    fn from(token: Token) -> Self {
        Self {
            token,
            refresh: None,
        }
    }
}

impl AsRef<Self> for Credentials {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// How credentials are renewed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Renewal {
    /// With the refresh cookie, also when the token has expired: users from 2.0.
    Cookie(SecretString),
    /// With the token itself, while it is valid: users up to 1.1, link shares on every release.
    Token,
}

/// Longest before its end that a token is renewed which can be renewed after it, too; seconds.
const MARGIN: u64 = 60;

impl Credentials {
    /// How they are renewed on this release; API tokens are not.
    pub fn renewal(&self, release: Release) -> Option<Renewal> {
        match self.token.kind() {
            TokenKind::Api => None,
            TokenKind::LinkShare => Some(Renewal::Token),
            TokenKind::User if release < FIRST_REFRESH => Some(Renewal::Token),
            TokenKind::User => self.refresh.clone().map(Renewal::Cookie),
        }
    }

    /// When they are to be renewed, for a token that came at `now`, both in seconds of the Unix epoch. `None` where the
    /// token does not say, cannot be renewed, or is over already by this machine's clock: then the server's refusal
    /// decides.
    ///
    /// A fifth of what is left before the end; where the cookie works after the end too, at most a minute.
    pub fn renew_at(&self, release: Release, now: u64) -> Option<u64> {
        let renewal = self.renewal(release)?;
        let end = self.token.expires()?;
        let left = end.checked_sub(now).filter(|left| *left > 0)?;
        let margin = match renewal {
            Renewal::Cookie(_) => MARGIN.min(left / 5),
            Renewal::Token => left / 5,
        };
        Some(end - margin)
    }
}

/// First release with short-lived tokens and the refresh cookie.
const FIRST_REFRESH: Release = Release(2, 0, 0);

/// What kind of bearer token a session carries. Decided from the token itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenKind {
    /// A user's JWT, from logging in.
    User,
    /// A link share's JWT.
    LinkShare,
    /// An API token (`tk_…`, from 0.22).
    Api,
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user JWT",
            Self::LinkShare => "link share JWT",
            Self::Api => "API token",
        })
    }
}

/// A bearer token with its finished, sensitive header.
#[derive(Clone)]
pub struct Token {
    kind: TokenKind,
    header: HeaderValue,
    expires: Option<u64>,
    secret: SecretString,
}

impl Token {
    /// Takes a token as the server gave it, without `Bearer`.
    pub fn new(secret: SecretString) -> Result<Self, BuildError> {
        let text = secret.expose_secret().trim();
        let trimmed = (text.len() < secret.expose_secret().len()).then(|| SecretString::from(text));
        if text.is_empty() {
            return Err(BuildError::Token("it is empty; give a JWT or an API token"));
        }
        if text
            .split_once(' ')
            .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        {
            return Err(BuildError::Token("leave out the word Bearer"));
        }
        let mut header = HeaderValue::try_from(format!("Bearer {text}"))
            .map_err(|_| BuildError::Token("it has characters that no header can carry"))?;
        header.set_sensitive(true);
        let claims = Claims::of(text);
        let kind = match &claims {
            _ if text.starts_with("tk_") => TokenKind::Api,
            Some(claims) if claims.kind == Some(2) => TokenKind::LinkShare,
            _ => TokenKind::User,
        };
        Ok(Self {
            kind,
            header,
            expires: claims.and_then(|claims| claims.exp),
            secret: trimmed.unwrap_or(secret),
        })
    }

    /// What kind of token this is.
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// When it expires, in seconds of the Unix epoch, where the token itself says so (JWTs).
    pub fn expires(&self) -> Option<u64> {
        self.expires
    }

    /// The token's text.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("kind", &self.kind)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// The header of HTTP Basic, for the few routes that want it instead of a token.
pub(crate) fn basic(username: &str, password: &SecretString) -> Result<HeaderValue, BuildError> {
    if username.contains(':') {
        return Err(BuildError::Setting {
            name: "user name".to_owned(),
            problem: "it holds a colon, which ends it in HTTP Basic; give a name without one"
                .to_owned(),
        });
    }
    let login = format!("{username}:{}", password.expose_secret());
    let header = format!("Basic {}", base64::encode(login.as_bytes()));
    let mut header = HeaderValue::try_from(header)
        .map_err(|_| BuildError::Token("it has characters that no header can carry"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The claims of a JWT that matter to a client. They are read, not verified: that is the server's part.
#[derive(Deserialize)]
struct Claims {
    /// 1 = user, 2 = link share.
    #[serde(rename = "type")]
    kind: Option<i64>,
    exp: Option<u64>,
}

impl Claims {
    fn of(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        serde_json::from_slice(&base64::decode_url(payload)?).ok()
    }
}

/// Base64 as JWTs (RFC 4648, section 5, without padding) and HTTP Basic (section 4) use it: too little to depend on a
/// crate for.
mod base64 {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub(super) fn encode(bytes: &[u8]) -> String {
        let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
        for three in bytes.chunks(3) {
            let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for place in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
                out.push(if place > three.len() {
                    '='
                } else {
                    char::from(digit)
                });
            }
        }
        out
    }

    pub(super) fn decode_url(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(text.len() * 3 / 4);
        let (mut bits, mut have) = (0_u32, 0);
        for byte in text.bytes() {
            let six = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'-' => 62,
                b'_' => 63,
                _ => return None,
            };
            bits = (bits << 6) | u32::from(six);
            have += 6;
            if have >= 8 {
                have -= 8;
                out.push((bits >> have) as u8);
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Result<Token, BuildError> {
        Token::new(SecretString::from(text))
    }

    #[test]
    fn kinds_are_told_from_the_token() {
        // {"type":1,"id":1,"exp":4102444800} and {"type":2}
        let user = token("eyJh.eyJ0eXBlIjoxLCJpZCI6MSwiZXhwIjo0MTAyNDQ0ODAwfQ.c2ln").unwrap();
        assert_eq!(
            (user.kind(), user.expires()),
            (TokenKind::User, Some(4_102_444_800))
        );
        assert_eq!(
            token("eyJh.eyJ0eXBlIjoyfQ.c").unwrap().kind(),
            TokenKind::LinkShare
        );
        assert_eq!(token("tk_0123").unwrap().kind(), TokenKind::Api);
        assert_eq!(token("something").unwrap().kind(), TokenKind::User);
    }

    #[test]
    fn who_renews_how_and_when() {
        // {"type":1,"exp":2000}, {"type":2,"exp":2000}
        let user = token("e.eyJ0eXBlIjoxLCJleHAiOjIwMDB9.s").unwrap();
        let share = token("e.eyJ0eXBlIjoyLCJleHAiOjIwMDB9.s").unwrap();
        let api = token("tk_0123").unwrap();
        let with_cookie = |token: &Token| Credentials {
            token: token.clone(),
            refresh: Some("cookie".into()),
        };
        let (old, new) = (Release(1, 1, 0), Release(2, 0, 0));
        for (credentials, release, now, expected) in [
            // Ten minutes: a minute before the end. A short one: a fifth.
            (with_cookie(&user), new, 1400, Some(1940)),
            (with_cookie(&user), new, 1990, Some(1998)),
            // By the token itself: in time for who calls seldom.
            (user.clone().into(), old, 1000, Some(1800)),
            (share.clone().into(), new, 1000, Some(1800)),
            // Nothing to renew with.
            (user.clone().into(), new, 1000, None),
            (api.into(), new, 1000, None),
            // Over by this clock: it may be the clock.
            (with_cookie(&user), new, 2000, None),
            (with_cookie(&user), new, 9000, None),
        ] {
            assert_eq!(credentials.renew_at(release, now), expected, "{now}");
        }
    }

    #[test]
    fn unusable_tokens_are_named_and_not_shown() {
        for bad in ["", "Bearer tk_secret", "tk_sec\nret"] {
            let error = token(bad).unwrap_err().to_string();
            assert!(!error.contains("sec"), "{error}");
        }
        let debug = format!("{:?}", token("tk_verysecret").unwrap());
        assert!(!debug.contains("verysecret"), "{debug}");
    }
}
