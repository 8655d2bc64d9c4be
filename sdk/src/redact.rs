//! Keeps secrets out of texts. The server repeats what was sent: a refused password stands in clear in its answer, for
//! an unknown key even the whole body.

use bytes::Bytes;
use http::{HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{Body, Path};

/// What of a request is needed to read the answer to it, above all what was secret in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// Its body: the values of its secret keys are secret.
    pub(crate) body: Bytes,
    /// Its cookie, which is one secret.
    pub(crate) cookie: Option<HeaderValue>,
    /// The names of its files: no secrets, but an answer that refuses one does not say which.
    pub(crate) files: Vec<String>,
    /// Which part of a file it asks for.
    pub(crate) range: Option<String>,
    /// Secrets in its path, as they are and as they are written there.
    pub(crate) path: Vec<String>,
    /// Its `Authorization`.
    pub(crate) bearer: Option<HeaderValue>,
}

const MASK: &str = "***";

/// Keys whose values are secret where they are texts, in requests and in answers. (A `code` that is a number is one of
/// Vikunja's error codes.)
const SECRET_KEYS: &[&str] = &[
    "password",
    "old_password",
    "new_password",
    "token",
    "secret",
    "totp_passcode",
    "passcode",
    "basic_auth_password",
    "access_token",
    "refresh_token",
    "code",
    "code_verifier",
    "hash",
];

/// Longest text that an error keeps, in characters.
const LONGEST: usize = 500;
/// So much of a text is looked at, in bytes.
const LOOKED_AT: usize = 64 << 10;

/// Masks the secrets of the request `sent`, the values of secret keys, and whatever looks like a token. What is long is
/// cut, after that: half a secret is one, too.
pub(crate) fn redact(text: &str, sent: &Sent) -> String {
    redact_bytes(text.as_bytes(), sent)
}

/// The same for what may be no text.
pub(crate) fn redact_bytes(text: &[u8], sent: &Sent) -> String {
    let mut clean = String::from_utf8_lossy(&text[..text.len().min(LOOKED_AT)]).into_owned();
    for secret in sent.secrets() {
        clean = mask(&clean, &secret);
    }
    beginning(mask_tokens(&mask_otpauth(&mask_keys(&clean))), LONGEST)
}

/// The first characters of a text.
pub(crate) fn beginning(mut text: String, longest: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Masks a secret, however each of its characters is spelled.
fn mask(text: &str, secret: &str) -> String {
    let secret: Vec<_> = secret.chars().map(spellings).collect();
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = length_in(rest, &secret);
        match length {
            Some(_) => clean.push_str(MASK),
            None => clean.push(next),
        }
        rest = &rest[length.unwrap_or(next.len_utf8())..];
    }
    clean
}

/// How a character may come back: as it is, escaped in JSON (as much of it as a server likes), in what Rust prints, in a
/// URL; and each of these in JSON once more.
fn spellings(c: char) -> Vec<String> {
    let plain = c.to_string();
    let url = utf8_percent_encode(&plain, NON_ALPHANUMERIC).to_string();
    let unit = |unit: &u16| format!("\\u{unit:04x}");
    let units: Vec<_> = c.encode_utf16(&mut [0; 2]).iter().map(unit).collect();
    let units = units.concat();
    let mut all = vec![c.escape_debug().to_string()];
    if url.starts_with('%') {
        all.extend([url.to_ascii_lowercase(), url]);
    }
    if c == ' ' {
        all.push("+".to_owned());
    }
    all.extend([
        units.to_ascii_uppercase().replace("\\U", "\\u"),
        units,
        plain,
    ]);
    all.extend(all.iter().map(|form| in_json(form)).collect::<Vec<_>>());
    all.sort();
    all.dedup();
    all
}

/// A text as it stands in a JSON string.
fn in_json(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// How long the secret is that the text begins with.
fn length_in(text: &str, secret: &[Vec<String>]) -> Option<usize> {
    // All ends that the characters so far may have: «%» may be itself, or the beginning of «%25».
    let mut ends = vec![0];
    for spellings in secret {
        let mut next: Vec<_> = ends
            .iter()
            .flat_map(|end| {
                let fits = |form: &&String| text[*end..].starts_with(form.as_str());
                spellings
                    .iter()
                    .filter(fits)
                    .map(move |form| end + form.len())
            })
            .collect();
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.last().copied()
}

impl Sent {
    /// What of a request is needed to read the answer to it.
    pub(crate) fn of(request: &http::Request<Body>, path: &Path) -> Self {
        let (body, files) = match request.body() {
            Body::Empty => (Bytes::new(), Vec::new()),
            Body::Json(bytes) | Body::MergePatch(bytes) => (bytes.clone(), Vec::new()),
            Body::Form(form) => {
                let names = form.files().iter().map(|file| file.name().to_owned());
                (Bytes::new(), names.collect())
            }
        };
        Self {
            body,
            cookie: request.headers().get(header::COOKIE).cloned(),
            bearer: request.headers().get(header::AUTHORIZATION).cloned(),
            files,
            range: request
                .headers()
                .get(header::RANGE)
                .and_then(|range| range.to_str().ok())
                .map(ToOwned::to_owned),
            path: path.secrets().map(ToOwned::to_owned).collect(),
        }
    }

    fn secrets(&self) -> Vec<String> {
        let mut found = self.path.clone();
        if let Ok(value) = serde_json::from_slice::<Value>(&self.body) {
            collect(&value, &mut found);
        }
        for (header, separator) in [(&self.cookie, '='), (&self.bearer, ' ')] {
            if let Some(header) = header {
                // A header may be UTF-8, for which `to_str` has no word.
                let text = String::from_utf8_lossy(header.as_bytes());
                let (_, value) = text.split_once(separator).unwrap_or(("", &text));
                found.push(value.to_owned());
            }
        }
        // Texts are trimmed on their way, and with them what stands at their ends.
        for secret in &mut found {
            *secret = secret.trim().to_owned();
        }
        found.retain(|secret| !secret.is_empty());
        // The longest first, so that one that contains another leaves no rest.
        found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        found
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if is_secret(key) => {
                        found.push(text.clone());
                    }
                    other => collect(other, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

fn is_secret(key: &str) -> bool {
    SECRET_KEYS
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(key))
}

/// Masks `"password":"…"` also where the JSON around it is cut off.
fn mask_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\":") {
        let (head, tail) = rest.split_at(at + 2);
        out.push_str(head);
        rest = tail;
        let key = head[..at].rsplit('"').next().unwrap_or_default();
        let value = rest.trim_start();
        if is_secret(key) && value.starts_with('"') {
            let inner = &value[1..];
            out.push('"');
            out.push_str(MASK);
            rest = &inner[end_of_string(inner)..];
        }
    }
    out.push_str(rest);
    out
}

/// Where a JSON string, read from after its opening quote, ends.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// Masks the secret of a second factor in the address that authenticator apps read.
fn mask_otpauth(text: &str) -> String {
    const SCHEME: &str = "otpauth://";
    let mut parts = text.split(SCHEME);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c == '"' || c.is_whitespace());
        out.push_str(SCHEME);
        out.push_str(MASK);
        out.push_str(&part[end.unwrap_or(part.len())..]);
    }
    out
}

/// Masks words that look like an API token or a JWT.
fn mask_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, tail) = rest.split_at(end);
        out.push_str(if looks_like_token(word) { MASK } else { word });
        let other = tail.find(is_part).unwrap_or(tail.len());
        out.push_str(&tail[..other]);
        rest = &tail[other..];
    }
    out
}

fn looks_like_token(word: &str) -> bool {
    (word.starts_with("tk_") && word.len() >= 20)
        || (word.starts_with("eyJ") && word.matches('.').count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(body: &'static str) -> Sent {
        Sent {
            body: Bytes::from_static(body.as_bytes()),
            cookie: Some(HeaderValue::from_static("vikunja_refresh_token=REFRESH")),
            bearer: Some(HeaderValue::from_static("Bearer OPAQUE")),
            ..Sent::default()
        }
    }

    #[test]
    fn what_was_sent_is_masked_wherever_it_stands() {
        let sent = sent(r#"{"username":"alice","password":"hunter2","nested":[{"secret":"abc"}]}"#);
        assert_eq!(
            redact(
                "password: hunter2 does not fit, nor abc; alice does; REFRESH, OPAQUE",
                &sent
            ),
            "password: *** does not fit, nor ***; alice does; ***, ***"
        );
    }

    #[test]
    fn what_was_sent_is_masked_in_every_form() {
        let sent = sent(r#"{"password":"a\"b<c d"}"#);
        for form in [
            "a\"b<c d",
            r#"a\"b<c d"#,
            r#"a\"b\u003cc d"#,
            r"a\u0022b\u003Cc d",
            r#"a\\\"b<c d"#,
            "a%22b%3Cc%20d",
            "a%22b%3cc+d",
        ] {
            assert_eq!(redact(form, &sent), "***", "{form}");
        }
    }

    #[test]
    fn what_reads_in_two_ways_is_masked() {
        let sent = sent(r#"{"password":"100%25+\\u0041"}"#);
        for form in ["100%25+\\u0041", "100%2525%2b%5Cu0041"] {
            assert_eq!(redact(form, &sent), "***", "{form}");
        }
    }

    #[test]
    fn long_texts_are_cut_behind_the_mask() {
        let text = format!("{}hunter2{}", "x".repeat(LONGEST - 3), "y".repeat(LONGEST));
        let clean = redact(&text, &sent(r#"{"password":"hunter2"}"#));
        assert!(clean.ends_with("x***…"), "{clean}");
        assert_eq!(clean.chars().count(), LONGEST + 1);
    }

    #[test]
    fn keys_are_masked_in_cut_off_json() {
        assert_eq!(
            redact(
                r#"{"a":1,"token": "x\"y","b":"c","Password":"zz"#,
                &Sent::default()
            ),
            r#"{"a":1,"token":"***","b":"c","Password":"***"#
        );
    }

    #[test]
    fn tokens_are_masked_in_prose() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2ln";
        let api = format!("tk_{}", "a".repeat(40));
        assert_eq!(
            redact(
                &format!("Bearer {jwt}, {api}; tk_ and e.g. eyJ stay"),
                &Sent::default()
            ),
            "Bearer ***, ***; tk_ and e.g. eyJ stay"
        );
    }

    #[test]
    fn codes_to_exchange_are_masked_and_codes_of_errors_stay() {
        assert_eq!(
            redact(
                r#"{"code":17004,"code":"c0de","url":"otpauth://totp/Vikunja:carol?secret=ABC","a":1}"#,
                &Sent::default()
            ),
            r#"{"code":17004,"code":"***","url":"otpauth://***","a":1}"#
        );
        assert_eq!(
            redact("otpauth://a?secret=A otpauth://", &Sent::default()),
            "otpauth://*** otpauth://***"
        );
    }

    #[test]
    fn any_text_survives() {
        for text in [
            "",
            "\":",
            "\":\"",
            "\"password\":\"",
            "é\":\"ü",
            "\"password\":5",
        ] {
            redact(text, &sent(text));
        }
    }
}
