//! Keeps secrets out of texts. The server repeats what was sent: a refused password stands in clear in its answer, for
//! an unknown key even the whole body.

use serde_json::Value;

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
];

/// Masks the secrets of the request `sent`, the values of secret keys, and whatever looks like a token.
pub(crate) fn redact(text: &str, sent: &[u8]) -> String {
    let mut clean = text.to_owned();
    for secret in secrets_of(sent) {
        clean = clean.replace(&secret, MASK);
    }
    mask_tokens(&mask_keys(&clean))
}

/// The values of secret keys in a JSON body.
fn secrets_of(sent: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_slice::<Value>(sent) {
        collect(&value, &mut found);
    }
    // The longest first, so that one that contains another leaves no rest.
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(text) if is_secret(key) && !text.is_empty() => {
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

    #[test]
    fn what_was_sent_is_masked_wherever_it_stands() {
        let sent = br#"{"username":"alice","password":"hunter2","nested":[{"secret":"abc"}]}"#;
        assert_eq!(
            redact("password: hunter2 does not fit, nor abc; alice does", sent),
            "password: *** does not fit, nor ***; alice does"
        );
    }

    #[test]
    fn keys_are_masked_in_cut_off_json() {
        assert_eq!(
            redact(r#"{"a":1,"token": "x\"y","b":"c","Password":"zz"#, b""),
            r#"{"a":1,"token":"***","b":"c","Password":"***"#
        );
    }

    #[test]
    fn tokens_are_masked_in_prose() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2ln";
        let api = format!("tk_{}", "a".repeat(40));
        assert_eq!(
            redact(&format!("Bearer {jwt}, {api}; tk_ and e.g. eyJ stay"), b""),
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
            redact(text, text.as_bytes());
        }
    }
}
