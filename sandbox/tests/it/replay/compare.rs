//! What an answer has to have in common with the recorded one: status, content type, names of headers, error code, keys
//! and values. Times, tokens and the server's address are mapped; words without a code only have to be there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::short;
use crate::http::Answer;

/// One thing in which an answer is not what was recorded.
#[derive(Debug)]
pub(crate) struct Difference {
    /// `status`, `header allow`, `.tasks[0].title`, `order of .views`, …
    pub(crate) place: String,
    was: String,
    is: String,
}

impl Difference {
    fn new(place: impl Into<String>, was: impl Into<String>, is: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            was: was.into(),
            is: is.into(),
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} became {}", self.place, self.was, self.is)
    }
}

/// Headers whose value is compared.
const HEADERS: [&str; 8] = [
    "content-type",
    "content-disposition",
    "x-pagination-total-pages",
    "x-pagination-result-count",
    "x-max-right",
    "x-max-permission",
    "allow",
    "link",
];

/// Headers whose name alone is compared.
const NAMED: [&str; 8] = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "etag",
    "last-modified",
    "location",
    "www-authenticate",
];

/// All differences; a different status is the only one then.
/// `own` are the sandbox's values by the recorded ones.
pub(crate) fn compare(
    recorded: &Value,
    answer: &Answer,
    own: &BTreeMap<String, String>,
) -> Vec<Difference> {
    if recorded["status"] != answer.status {
        let is = format!("{}\n      {}", answer.status, answer.body.trim());
        return vec![Difference::new(
            "status",
            format!("{} {}", recorded["status"], short(&recorded["body"])),
            is,
        )];
    }
    let mut differences = Vec::new();
    compare_headers(&recorded["headers"], answer, &mut differences);
    if recorded["body_base64"].is_string() {
        if answer.bytes.is_empty() {
            differences.push(Difference::new("body", "bytes", "nothing"));
        }
        return differences;
    }
    let was = recorded["body"].as_str().unwrap_or_default();
    match (
        serde_json::from_str::<Value>(was),
        serde_json::from_str::<Value>(&answer.body),
    ) {
        (Ok(was), Ok(is)) => {
            let worded = was.get("code").is_some() || answer.status < 400;
            Values { own, worded }.compare("", &was, &is, &mut differences);
        }
        _ if was.trim() == answer.body.trim() => {}
        _ => differences.push(Difference::new("body", was, &answer.body)),
    }
    differences
}

/// In how many places two values differ.
pub(crate) fn count_differences(was: &Value, is: &Value) -> usize {
    let mut differences = Vec::new();
    let values = Values {
        own: &BTreeMap::new(),
        worded: true,
    };
    values.compare("", was, is, &mut differences);
    differences.len()
}

fn compare_headers(recorded: &Value, answer: &Answer, differences: &mut Vec<Difference>) {
    let told = |header: Option<&str>| header.unwrap_or("nothing").to_owned();
    for name in HEADERS.iter().chain(&NAMED) {
        let (was, is) = (recorded[name].as_str(), answer.header(name));
        let same = if NAMED.contains(name) {
            was.is_some() == is.is_some()
        } else {
            was == is
        };
        if !same {
            differences.push(Difference::new(
                format!("header {name}"),
                told(was),
                told(is),
            ));
        }
    }
    // The cookie's value is secret; its attributes are compared.
    let attributes = |cookie: Option<&str>| {
        cookie
            .and_then(|cookie| cookie.split_once(';'))
            .map(|(_, rest)| rest.to_owned())
    };
    let (was, is) = (recorded["set-cookie"].as_str(), answer.header("set-cookie"));
    if attributes(was) != attributes(is) {
        differences.push(Difference::new("header set-cookie", told(was), told(is)));
    }
}

/// How values are compared.
#[derive(Clone, Copy)]
struct Values<'a> {
    /// The sandbox's values by the recorded ones.
    own: &'a BTreeMap<String, String>,
    /// Whether words count, too. Those of errors without a code do not.
    worded: bool,
}

impl Values<'_> {
    fn compare(self, path: &str, was: &Value, is: &Value, differences: &mut Vec<Difference>) {
        match (was, is) {
            (Value::Object(was), Value::Object(is)) => {
                let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
                for name in names {
                    let path = format!("{path}.{name}");
                    match (was.get(name), is.get(name)) {
                        (Some(was), Some(is)) => self.compare(&path, was, is, differences),
                        (was, is) => {
                            let told = |value: Option<&Value>| {
                                value.map_or("no such key".to_owned(), short)
                            };
                            differences.push(Difference::new(path, told(was), told(is)));
                        }
                    }
                }
            }
            (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
                if self.are_reordered(was, is) {
                    return differences.push(Difference::new(
                        format!("order of {path}"),
                        "one",
                        "another",
                    ));
                }
                for (place, (was, is)) in was.iter().zip(is).enumerate() {
                    self.compare(&format!("{path}[{place}]"), was, is, differences);
                }
            }
            _ if self.are_same(path, was, is) => {}
            _ => differences.push(Difference::new(path, short(was), short(is))),
        }
    }

    /// Whether the same items come in another order.
    fn are_reordered(self, was: &[Value], is: &[Value]) -> bool {
        let equal = |was: &Value, is: &Value| {
            let mut differences = Vec::new();
            self.compare("", was, is, &mut differences);
            differences.is_empty()
        };
        if was.iter().zip(is).all(|(was, is)| equal(was, is)) {
            return false;
        }
        let mut left: Vec<&Value> = is.iter().collect();
        was.iter().all(|was| {
            let found = left.iter().position(|is| equal(was, is));
            found.map(|place| left.swap_remove(place)).is_some()
        })
    }

    /// A recorded text with the sandbox's own values in place of the recorded ones.
    fn in_own_words(self, was: &str) -> String {
        let own = self.own.iter();
        own.fold(was.to_owned(), |text, (was, is)| text.replace(was, is))
    }

    fn are_same(self, path: &str, was: &Value, is: &Value) -> bool {
        match (was, is) {
            (Value::Number(was), Value::Number(is)) => was.as_f64() == is.as_f64(),
            (Value::String(_), Value::String(is)) if !self.worded && is_prose(path) => {
                !is.is_empty()
            }
            (Value::String(was), Value::String(is)) => {
                is_same_text(path, was, is) || self.in_own_words(was) == *is
            }
            (was, is) => was == is,
        }
    }
}

/// Where an error says what is wrong, for people.
fn is_prose(path: &str) -> bool {
    path.ends_with(".message") || path == ".detail"
}

/// The days of the recording: a time of them is «now», not a value of the story.
const RECORDED_ON: &str = "2026-11-2";

/// Texts that cannot agree to the letter: times of the recording, tokens, the server's address.
fn is_same_text(path: &str, was: &str, is: &str) -> bool {
    if was.starts_with(RECORDED_ON) {
        // Of the same precision, and set.
        return was.contains('.') == is.contains('.')
            && is.ends_with('Z')
            && !is.starts_with("0001-");
    }
    let own_address = |text: &str| {
        let start = text.find("http://127.0.0.1:")?;
        let rest = &text[start + "http://127.0.0.1:".len()..];
        Some(
            rest.trim_start_matches(|digit: char| digit.is_ascii_digit())
                .to_owned(),
        )
    };
    match path {
        ".$schema" | ".frontend_url" if own_address(was).is_some() => {
            own_address(was) == own_address(is)
        }
        _ => was == is,
    }
}
