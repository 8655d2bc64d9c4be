//! Answers that no server gave: recorded ones, damaged. Whatever comes, reading it does not panic, and an error neither
//! grows without bound nor repeats a secret of the request.

use bytes::Bytes;
use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
use serde_json::Value;
use vikunja_sdk::{Endpoint, Pending};

use super::properties::config;

/// About so many recorded answers are damaged, each in its share of the cases that were asked for.
const ANSWERS: u32 = 1650;

/// Most characters of an error, as it is displayed and as it is debugged.
const LONGEST: [usize; 2] = [10_000, 100_000];

/// One damage. Places are relative to the length that the body has when it happens.
#[derive(Clone, Debug)]
pub(crate) enum Mutation {
    Flip(Index, u8),
    Cut(Index, Index),
    Insert(Index, Vec<u8>),
    Duplicate(Index, Index),
    /// Very much of one character.
    Flood(Index, u8),
    /// Another value, of any type, in the place of one of the JSON's.
    Swap(Index, &'static str),
    /// A secret of the request.
    Secret(Index, Index),
    Status(u16),
    ContentType(&'static str),
}

pub(crate) fn mutation() -> impl Strategy<Value = Mutation> {
    let place = any::<Index>;
    prop_oneof![
        6 => (place(), 0..8_u8).prop_map(|(at, bit)| Mutation::Flip(at, 1 << bit)),
        6 => (place(), place()).prop_map(|(from, to)| Mutation::Cut(from, to)),
        6 => (place(), vec(any::<u8>(), 1..9)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
        6 => (place(), place()).prop_map(|(from, to)| Mutation::Duplicate(from, to)),
        1 => (place(), prop::sample::select(&br#"x[{"\ 9-"#[..]))
            .prop_map(|(at, byte)| Mutation::Flood(at, byte)),
        12 => (place(), prop::sample::select(VALUES)).prop_map(|(at, value)| Mutation::Swap(at, value)),
        6 => (place(), place()).prop_map(|(at, which)| Mutation::Secret(at, which)),
        3 => prop::sample::select(STATUSES).prop_map(Mutation::Status),
        1 => prop::sample::select(TYPES).prop_map(Mutation::ContentType),
    ]
}

const STATUSES: &[u16] = &[
    200, 201, 204, 206, 302, 304, 400, 401, 404, 412, 418, 422, 429, 500, 502,
];
const TYPES: &[&str] = &["text/html", "text/plain", "application/problem+json", ""];

/// What may stand where something else is expected.
const VALUES: &[&str] = &[
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e400",
    "99999999999999999999999",
    r#""""#,
    r#""word""#,
    r#""2030-13-32T25:61:61Z""#,
    r#""-9999-01-01T00:00:00+23:59""#,
    "[]",
    "[[null]]",
    "{}",
    r#"{"id":1,"title":"t"}"#,
    r#"{"message":["no"],"code":"x","invalid_fields":[1,null,"::"],"errors":[{},7]}"#,
];

impl Mutation {
    pub(crate) fn apply(&self, body: &mut Vec<u8>, secrets: &[String]) {
        let length = body.len();
        let place = |index: &Index| index.index(length + 1);
        let range = |one: &Index, other: &Index| {
            let (one, other) = (place(one), place(other));
            // Most damages are small.
            let end = one.max(other);
            one.min(other).max(end.saturating_sub(64))..end
        };
        match self {
            Self::Flip(at, mask) => {
                if let Some(byte) = body.get_mut(place(at)) {
                    *byte ^= mask;
                }
            }
            Self::Cut(from, to) => drop(body.drain(range(from, to))),
            Self::Insert(at, bytes) => {
                let at = place(at);
                body.splice(at..at, bytes.iter().copied());
            }
            Self::Duplicate(from, to) => {
                let part = range(from, to);
                let again = body[part.clone()].to_vec();
                body.splice(part.end..part.end, again);
            }
            Self::Flood(at, byte) => {
                let at = place(at);
                body.splice(at..at, std::iter::repeat_n(*byte, 100_000));
            }
            Self::Swap(at, value) => swap(body, *at, value),
            Self::Secret(at, which) => {
                if !secrets.is_empty() {
                    let at = place(at);
                    body.splice(at..at, which.get(secrets).bytes());
                }
            }
            Self::Status(_) | Self::ContentType(_) => {}
        }
    }
}

/// Puts a value in the place of another; what is no JSON stays as it is. The text is edited, not written anew: numbers
/// too large for the test's own JSON are to be read, too.
fn swap(body: &mut Vec<u8>, at: Index, value: &str) {
    const HOLE: &str = "\u{1}hole\u{1}";
    let Ok(mut json) = serde_json::from_slice::<Value>(body) else {
        return;
    };
    let mut nodes = 0;
    visit(&mut json, &mut |_| nodes += 1);
    let mut left = at.index(nodes);
    visit(&mut json, &mut |node| {
        if left == 0 {
            *node = Value::from(HOLE);
        }
        left = left.wrapping_sub(1);
    });
    let text = json
        .to_string()
        .replace(&Value::from(HOLE).to_string(), value);
    *body = text.into_bytes();
}

/// Visits a value and all within it.
fn visit(node: &mut Value, look: &mut impl FnMut(&mut Value)) {
    look(node);
    match node {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, look)),
        Value::Object(map) => map.values_mut().for_each(|value| visit(value, look)),
        _ => {}
    }
}

/// The secrets of a request that are long enough not to stand in a text by chance.
fn secrets(request: &http::Request<Bytes>) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(mut body) = serde_json::from_slice(request.body()) {
        visit(&mut body, &mut |node| {
            for key in [
                "password",
                "old_password",
                "new_password",
                "secret",
                "totp_passcode",
            ] {
                let value = node.get(key).and_then(Value::as_str);
                found.extend(value.map(ToOwned::to_owned));
            }
        });
    }
    for (name, separator) in [("authorization", ' '), ("cookie", '=')] {
        let value = request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap());
        let secret = value.and_then(|value| value.split_once(separator));
        found.extend(secret.map(|(_, secret)| secret.to_owned()));
    }
    found.retain(|secret| secret.len() >= 8);
    found
}

/// Damages the answer to a request, and reads it.
pub(crate) fn endure<E: Endpoint>(
    request: &http::Request<Bytes>,
    pending: &Pending<E>,
    answer: &http::Response<Bytes>,
) {
    let secrets = secrets(request);
    let mut config = config();
    config.cases = (config.cases / ANSWERS).max(1);
    TestRunner::new(config)
        .run(&vec(mutation(), 1..4), |mutations| {
            let mut damaged = answer.clone();
            let mut body = damaged.body().to_vec();
            for mutation in &mutations {
                mutation.apply(&mut body, &secrets);
                match mutation {
                    Mutation::Status(status) => {
                        *damaged.status_mut() = (*status).try_into().unwrap();
                    }
                    Mutation::ContentType(name) => {
                        let name = http::HeaderValue::from_static(name);
                        damaged.headers_mut().insert("content-type", name);
                    }
                    _ => {}
                }
            }
            *damaged.body_mut() = body.into();
            let Err(error) = pending.decode(&damaged) else {
                return Ok(());
            };
            for (text, longest) in [error.to_string(), format!("{error:?}")]
                .iter()
                .zip(LONGEST)
            {
                prop_assert!(text.chars().count() <= longest, "{} characters", text.len());
                for secret in &secrets {
                    prop_assert!(!text.contains(secret), "{secret} in {text}");
                }
            }
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{} {}: {failure}", request.method(), request.uri()));
}
