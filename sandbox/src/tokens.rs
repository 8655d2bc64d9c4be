//! JSON web tokens with the claims of each release.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock;
use crate::release::Release;
use crate::store::link_shares::LinkShare;
use crate::store::users::User;

/// Signs and checks tokens (HS256).
pub(crate) struct Signer {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Signer")
    }
}

/// What we need to know of a valid token.
#[derive(Debug, Deserialize)]
pub(crate) struct Known {
    #[serde(rename = "type")]
    pub(crate) kind: u8,
    /// Of the user, or of the link share.
    pub(crate) id: i64,
    #[serde(default, alias = "list_id")]
    pub(crate) project_id: i64,
    exp: i64,
    #[serde(default)]
    pub(crate) sid: Option<String>,
    #[serde(default)]
    pub(crate) long: bool,
}

/// Claims up to 1.0.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OldClaims<'a> {
    #[serde(rename = "type")]
    kind: u8,
    id: i64,
    username: &'a str,
    email: &'a str,
    name: &'a str,
    email_reminders_enabled: bool,
    is_local_user: bool,
    long: bool,
    exp: i64,
}

/// Claims from 2.0.
#[derive(Serialize)]
struct SessionClaims<'a> {
    #[serde(rename = "type")]
    kind: u8,
    id: i64,
    username: &'a str,
    sid: &'a str,
    jti: &'a str,
    is_admin: bool,
    exp: i64,
}

/// Both APIs know 1 = user, 2 = link share.
const USER: u8 = 1;
pub(crate) const LINK_SHARE: u8 = 2;

impl Signer {
    pub(crate) fn new(secret: Option<&str>) -> Self {
        let secret = secret.map_or_else(|| random_hex(32), str::to_owned);
        let mut validation = Validation::new(Algorithm::HS256);
        // By our own clock, below.
        validation.validate_exp = false;
        Self {
            signing: EncodingKey::from_secret(secret.as_bytes()),
            checking: DecodingKey::from_secret(secret.as_bytes()),
            validation,
        }
    }

    /// The claims of a token that is ours and alive.
    pub(crate) fn check(&self, token: &str) -> Option<Known> {
        jsonwebtoken::decode::<Known>(token, &self.checking, &self.validation)
            .ok()
            .map(|data| data.claims)
            .filter(|known| clock::now().as_second() <= known.exp)
    }

    /// A user's token. `renewed` ones carry the email (up to 1.0).
    pub(crate) fn user_token(
        &self,
        release: &Release,
        user: &User,
        token: &TokenOf<'_>,
    ) -> Option<String> {
        let header = Header::default();
        let made = if release.sessions {
            let claims = SessionClaims {
                kind: USER,
                id: user.id,
                username: &user.username,
                sid: token.session,
                jti: &uuid(),
                is_admin: false,
                exp: token.expires,
            };
            jsonwebtoken::encode(&header, &claims, &self.signing)
        } else {
            let claims = OldClaims {
                kind: USER,
                id: user.id,
                username: &user.username,
                email: if token.renewed { &user.email } else { "" },
                name: &user.name,
                email_reminders_enabled: false,
                is_local_user: true,
                long: token.long,
                exp: token.expires,
            };
            jsonwebtoken::encode(&header, &claims, &self.signing)
        };
        made.ok()
    }

    /// The token of a link share.
    pub(crate) fn share_token(
        &self,
        release: &Release,
        share: &LinkShare,
        expires: i64,
    ) -> Option<String> {
        let project = release
            .spelling
            .map_or("project_id", |spelling| spelling.name("project_id"));
        let mut claims = json!({
            "type": LINK_SHARE,
            "id": share.id,
            "hash": share.hash,
            project: share.project,
            release.access_word: share.permission,
            "sharedByID": share.shared_by,
            "exp": expires,
        });
        if release.accounts.shares.local_users {
            claims["isLocalUser"] = true.into();
        }
        jsonwebtoken::encode(&Header::default(), &claims, &self.signing).ok()
    }
}

/// What a token is made for.
#[derive(Debug)]
pub(crate) struct TokenOf<'a> {
    pub(crate) session: &'a str,
    pub(crate) long: bool,
    pub(crate) renewed: bool,
    pub(crate) expires: i64,
}

/// That many random bytes as hex digits.
pub(crate) fn random_hex(bytes: usize) -> String {
    (0..bytes * 2)
        .filter_map(|_| char::from_digit(fastrand::u32(..16), 16))
        .collect()
}

/// That many random letters and digits.
pub(crate) fn random_text(length: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(length)
        .collect()
}

/// A random UUID (version 4).
pub(crate) fn uuid() -> String {
    let bits = fastrand::u128(..) & !(0xf << 76) & !(0b11 << 62) | (4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
