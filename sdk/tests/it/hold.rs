//! Holds what the SDK sends and reads against the recordings.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use url::form_urlencoded;
use vikunja_sdk::{At, Body, BuildError, Endpoint, Path, ReplyError, Route, model::Timestamp};

use super::{
    mutation::endure,
    recorded::{Exchange, exchanges},
};

/// What one operation came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) same: usize,
    pub(crate) decoded: usize,
    pub(crate) refused: usize,
    /// Of those that are the same: with the recorded body, because the SDK would not send it.
    pub(crate) as_recorded: usize,
    /// Requests that the SDK cannot build, because they are wrong on purpose.
    pub(crate) unbuildable: usize,
}

/// Holds one exchange against an endpoint.
pub(crate) fn hold<E: Endpoint>(exchange: &Exchange, endpoint: Option<E>, tally: &mut Tally) {
    let Some(endpoint) = endpoint else {
        assert!(!exchange.is_success(), "no request for {}", exchange.name());
        tally.unbuildable += 1;
        return;
    };
    let name = exchange.name();
    let (request, pending) = match exchange.session().call(&endpoint) {
        Ok(call) => call,
        // Without a token, or where the server has no such route: the SDK says so before anything is sent.
        Err(_) if !exchange.is_success() => {
            tally.unbuildable += 1;
            return;
        }
        Err(error) => panic!("{name}: {error}"),
    };
    let recorded = &exchange.request;
    assert_eq!(request.method().as_str(), recorded.method, "{name}");
    let (path, query) = split(&recorded.path);
    assert_eq!(request.uri().path(), path, "{name}");
    assert_eq!(
        pairs(request.uri().query().unwrap_or_default()),
        pairs(query),
        "{name}"
    );
    if !recorded.multipart.is_empty() {
        let expected: Vec<_> = recorded
            .multipart
            .iter()
            .map(|part| (part.field.clone(), part.filename.clone(), part.content()))
            .collect();
        assert_eq!(parts(&request), expected, "{name}");
    } else if !request.body().is_empty() {
        let sent: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(moments(sent), moments(recorded.body.clone()), "{name}");
        let content_type = request.headers()["content-type"].to_str().unwrap();
        assert_eq!(
            Some(content_type),
            recorded.content_type.as_deref(),
            "{name}"
        );
    }
    assert_eq!(
        request.headers().contains_key("authorization"),
        recorded.headers.contains_key("authorization"),
        "{name}"
    );
    tally.same += 1;
    let answer = exchange.answer();
    endure(&request, &pending, &answer);
    match pending.decode(&answer) {
        Ok(_) => {
            assert!(exchange.is_success(), "{name} was refused, and decodes");
            tally.decoded += 1;
        }
        Err(ReplyError::Api(error)) => {
            assert!(!exchange.is_success(), "{name}: {error}");
            assert_eq!(error.status.as_u16(), exchange.response.status, "{name}");
            assert_eq!(
                error.code.map(vikunja_sdk::Code::number),
                code_of(exchange),
                "{name}"
            );
            for secret in ["-password-", "hook-secret"] {
                assert!(!error.to_string().contains(secret), "{name}: {error}");
            }
            assert!(!error.message.is_empty(), "{name}");
            tally.refused += 1;
        }
        Err(error) => panic!("{name}: {error}"),
    }
}

/// The parts of a form: field, file name, content.
fn parts(request: &http::Request<Bytes>) -> Vec<(String, String, Vec<u8>)> {
    let content_type = request.headers()["content-type"].to_str().unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    // A byte is a character here: contents need not be UTF-8.
    let body: String = request.body().iter().copied().map(char::from).collect();
    let body = body.strip_prefix(&format!("--{boundary}\r\n")).unwrap();
    let body = body.strip_suffix(&format!("\r\n--{boundary}--\r\n"));
    body.unwrap()
        .split(&format!("\r\n--{boundary}\r\n"))
        .map(|part| {
            let (head, content) = part.split_once("\r\n\r\n").unwrap();
            let parameter = |name: &str| {
                let (_, rest) = head.split_once(&format!("; {name}=\"")).unwrap();
                rest.split('"').next().unwrap().to_owned()
            };
            let content = content.chars().map(|byte| byte as u8).collect();
            (parameter("name"), parameter("filename"), content)
        })
        .collect()
}

fn code_of(exchange: &Exchange) -> Option<i64> {
    let body: Value = serde_json::from_str(exchange.response.body.as_deref()?).ok()?;
    body.get("code")?.as_i64().filter(|code| *code != 0)
}

/// An endpoint with the recorded body: for bodies that no request of the SDK has, because they hold keys that no
/// release knows, ids against the path, or a whole object sent back (what `ops::edit` does, as raw JSON).
pub(crate) struct AsRecorded<'a, E>(pub(crate) E, pub(crate) &'a Exchange);

impl<E: Endpoint> Endpoint for AsRecorded<'_, E> {
    const ROUTE: Route = E::ROUTE;
    type Reply = E::Reply;
    fn route(&self) -> Route {
        self.0.route()
    }
    fn path(&self, path: &mut Path) {
        self.0.path(path);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        let request = &self.1.request;
        match request.content_type.as_deref() {
            Some("application/merge-patch+json") => Body::merge_patch(&request.body),
            _ => Body::json(&request.body),
        }
    }
}

/// Holds an exchange whose body is an object of fields: as the SDK writes them, or as it was recorded.
pub(crate) fn hold_fields<E: Endpoint, F>(
    exchange: &Exchange,
    make: impl Fn(F) -> Option<E>,
    tally: &mut Tally,
) where
    F: serde::de::DeserializeOwned + serde::Serialize + Default,
{
    if let Some(fields) = fields(exchange) {
        hold(exchange, make(fields), tally);
    } else {
        let is_object = exchange.request.raw.is_none() && exchange.request.body.is_object();
        let as_recorded = make(F::default())
            .filter(|_| is_object)
            .map(|endpoint| AsRecorded(endpoint, exchange));
        tally.as_recorded += usize::from(as_recorded.is_some());
        hold(exchange, as_recorded, tally);
    }
}

pub(crate) fn split(path: &str) -> (&str, &str) {
    path.split_once('?').unwrap_or((path, ""))
}

/// A query without regard to order and spelling of names with brackets.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (name.trim_end_matches("[]").to_owned(), value.into_owned()))
        .collect();
    pairs.sort();
    pairs
}

/// Times as instants: the SDK writes them in UTC.
fn moments(value: Value) -> Value {
    match value {
        Value::String(text) => match text.parse::<Timestamp>() {
            Ok(time) => Value::from(format!("at {}", time.as_unix_seconds())),
            Err(_) => Value::String(text),
        },
        Value::Array(items) => items.into_iter().map(moments).collect(),
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| (key, moments(value)))
            .collect(),
        // 5 and 5.0 are the same number on the wire.
        Value::Number(number) => Value::from(number.as_f64()),
        other => other,
    }
}

/// The ids in a path, in order.
pub(crate) fn ids(exchange: &Exchange) -> Vec<i64> {
    let (path, _) = split(&exchange.request.path);
    path.split('/')
        .filter_map(|part| part.parse().ok())
        .collect()
}

/// Reads a recorded body into the fields of a request; `None` where the body is no such thing, or holds more.
fn fields<F>(exchange: &Exchange) -> Option<F>
where
    F: serde::de::DeserializeOwned + serde::Serialize,
{
    if exchange.request.raw.is_some() {
        return None;
    }
    let mut body = exchange.request.body.clone();
    if let Some(map) = body.as_object_mut() {
        // What 0.20 calls otherwise, the SDK names as later releases do.
        for (older, newer) in [
            ("list_id", "project_id"),
            ("default_list_id", "default_project_id"),
        ] {
            if let Some(list) = map.remove(older) {
                map.insert(newer.to_owned(), list);
            }
        }
        if let Some(Value::Array(dates)) = map.remove("reminder_dates") {
            let dates = dates
                .into_iter()
                .map(|date| serde_json::json!({"reminder": date}))
                .collect();
            map.insert("reminders".to_owned(), dates);
        }
    }
    let fields: F = serde_json::from_value(body.clone()).ok()?;
    let again = serde_json::to_value(&fields).ok()?;
    (moments(again) == moments(body)).then_some(fields)
}

pub(crate) fn query(exchange: &Exchange) -> BTreeMap<String, Vec<String>> {
    let (_, query) = split(&exchange.request.path);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs_in_order(query) {
        found.entry(name).or_default().push(value);
    }
    found
}

fn pairs_in_order(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (name.trim_end_matches("[]").to_owned(), value.into_owned()))
        .collect()
}

/// Markdown instead of HTML (`?format=markdown`, v2) is not offered.
fn is_markdown(exchange: &Exchange) -> bool {
    split(&exchange.request.path).1.contains("format=")
}

pub(crate) fn check(op: &str, hold_one: impl Fn(&Exchange, &mut Tally)) -> Tally {
    let mut tally = Tally::default();
    for exchange in exchanges(&[op])
        .iter()
        .filter(|exchange| !is_markdown(exchange))
    {
        hold_one(exchange, &mut tally);
    }
    println!("{op}: {tally:?}");
    assert!(tally.decoded > 0, "{op}: nothing was decoded");
    tally
}
