//! Keeps secrets out of texts. The server repeats what was sent: a refused password stands in clear in its answer, for
//! an unknown key even the whole body.

use bytes::Bytes;
use http::{HeaderValue, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::Body;

/// What of a request is needed to read the answer to it, above all what was secret in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// Its body: the values of its secret keys are secret.
    pub(crate) body: Bytes,
    /// Its cookie, which is one secret.
    pub(crate) cookie: Option<HeaderValue>,
    /// The names of its files: no secrets, but an answer that refuses one does not say which.
    pub(crate) files: Vec<String>,
    /// Whether it asks for a part of a file.
    pub(crate) wants_part: bool,
}

const MASK: &str = "***";

/// Keys whose values are secret, in requests and in answers.
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
    "code_verifier",
    "hash",
];

/// Masks the secrets of the request `sent`, the values of secret keys, and whatever looks like a token.
pub(crate) fn redact(text: &str, sent: &Sent) -> String {
    let mut clean = text.to_owned();
    for secret in sent.secrets() {
        for form in forms(&secret) {
            clean = clean.replace(&form, MASK);
        }
    }
    mask_tokens(&mask_keys(&clean))
}

/// A secret as it may come back: as it is, in JSON, in JSON as the server writes it (`<`, `>` and `&` escaped), in a
/// URL.
fn forms(secret: &str) -> [String; 4] {
    let quoted = Value::from(secret).to_string();
    let json = quoted[1..quoted.len() - 1].to_owned();
    let escaped = json
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    let url = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    [secret.to_owned(), json, escaped, url]
}

impl Sent {
    /// What of a request is needed to read the answer to it.
    pub(crate) fn of(request: &http::Request<Body>) -> Self {
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
            files,
            wants_part: request.headers().contains_key(header::RANGE),
        }
    }

    fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Ok(value) = serde_json::from_slice::<Value>(&self.body) {
            collect(&value, &mut found);
        }
        if let Some(cookie) = self.cookie.as_ref().and_then(|cookie| cookie.to_str().ok()) {
            let (_, value) = cookie.split_once('=').unwrap_or(("", cookie));
            found.push(value.to_owned());
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
            ..Sent::default()
        }
    }

    #[test]
    fn what_was_sent_is_masked_wherever_it_stands() {
        let sent = sent(r#"{"username":"alice","password":"hunter2","nested":[{"secret":"abc"}]}"#);
        assert_eq!(
            redact(
                "password: hunter2 does not fit, nor abc; alice does; REFRESH",
                &sent
            ),
            "password: *** does not fit, nor ***; alice does; ***"
        );
    }

    #[test]
    fn what_was_sent_is_masked_in_every_form() {
        let sent = sent(r#"{"password":"a\"b<c d"}"#);
        for form in [
            "a\"b<c d",
            r#"a\"b<c d"#,
            r#"a\"b\u003cc d"#,
            "a%22b%3Cc%20d",
        ] {
            assert_eq!(redact(form, &sent), "***", "{form}");
        }
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
