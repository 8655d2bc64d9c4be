//! Request bodies: reading, checking against a model's fields, and binding, with each API's idea of what is wrong.

mod field;
mod rules;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::failure::{Failure, NO_BODY, Unreadable};
use crate::release::{Api, At};

use rules::{broken_rules, check_schema, check_types, go_name};

pub(crate) use field::{Field, Kind};
pub(crate) use rules::{missing, none_of, refused_by_schema};

/// Longest JSON body of v2.
const LONGEST_V2: usize = 1 << 20;

/// The body of a request, as received.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body<'a> {
    pub(crate) content_type: Option<&'a str>,
    pub(crate) bytes: &'a [u8],
}

/// Reads, checks and binds a body. `path` holds the numbers of the path under their field names:
/// on v1 the body wins over them, on v2 they win.
pub(crate) fn bind<T: DeserializeOwned>(
    at: At,
    body: Body<'_>,
    fields: &[Field],
    path: &[(&str, i64)],
) -> Result<T, Failure> {
    let object = read(at, body)?;
    bind_object(at, object, Some(body.bytes), fields, path)
}

/// As [`bind`], for an object that was made inside the server (`PATCH`).
pub(crate) fn bind_object<T: DeserializeOwned>(
    at: At,
    mut object: Map<String, Value>,
    raw: Option<&[u8]>,
    fields: &[Field],
    path: &[(&str, i64)],
) -> Result<T, Failure> {
    match at.api {
        Api::V1 => check_types(at.release, &object, raw.unwrap_or_default(), fields)?,
        Api::V2 => check_schema(at.release, &object, fields)?,
    }
    drop_nulls(&mut object);
    for (name, number) in path {
        match at.api {
            Api::V1 => drop(object.entry(*name).or_insert_with(|| (*number).into())),
            Api::V2 => drop(object.insert((*name).to_owned(), (*number).into())),
        }
    }
    let violations = broken_rules(at.release, &object, fields);
    if !violations.is_empty() {
        return Err(Failure::Invalid(violations));
    }
    if !at.release.colour_as_sent {
        shorten_colours(&mut object, fields);
    }
    object.retain(|name, _| {
        fields
            .iter()
            .any(|field| field.name == name && field.kind != Kind::Ignored)
    });
    serde_json::from_value(Value::Object(object)).map_err(|error| {
        // A nested value of a wrong type: the fields of this level are right by now.
        Failure::Unreadable(Unreadable {
            v2_status: 422,
            go: error.to_string(),
            v2: "expected another type".to_owned(),
            location: "body".to_owned(),
            value: None,
            bad_request: true,
        })
    })
}

/// Makes colours what is stored: without `#`, six digits at most.
fn shorten_colours(object: &mut Map<String, Value>, fields: &[Field]) {
    for field in fields {
        match (field.kind, object.get_mut(field.name)) {
            (_, Some(Value::String(sent))) if field.colour => {
                let digits = sent.strip_prefix('#').unwrap_or(sent);
                *sent = digits.chars().take(6).collect();
            }
            (Kind::Record(fields), Some(Value::Object(inner))) => shorten_colours(inner, fields),
            (Kind::Records(fields), Some(Value::Array(items))) => items
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(|item| shorten_colours(item, fields)),
            _ => {}
        }
    }
}

/// The body as a JSON object with lower-case keys.
pub(crate) fn read(at: At, body: Body<'_>) -> Result<Map<String, Value>, Failure> {
    if at.api == Api::V2 && body.bytes.len() > LONGEST_V2 {
        return Err(Failure::TooLong);
    }
    let text = String::from_utf8_lossy(body.bytes);
    if body.bytes.is_empty() {
        return match at.api {
            Api::V1 => Ok(Map::new()),
            Api::V2 => Err(unreadable(400, "", NO_BODY, None)),
        };
    }
    match kind_of(body.content_type, at.api) {
        ContentType::Json => {}
        // Read as if nothing had been sent.
        ContentType::Form => return Ok(Map::new()),
        ContentType::Other(name) => {
            let mut why = Unreadable {
                v2_status: 415,
                go: "Unsupported Media Type".to_owned(),
                v2: format!("unknown content type: {name}"),
                location: "body".to_owned(),
                value: Some(text.into()),
                bad_request: false,
            };
            why.bad_request = name.is_empty() && at.api == Api::V1;
            return Err(Failure::Unreadable(why));
        }
    }
    match parse(at, body.bytes) {
        Ok(Value::Object(object)) => {
            let lower = |(name, value): (String, Value)| (name.to_ascii_lowercase(), value);
            let object = object.into_iter().map(lower).collect();
            Ok(match at.release.spelling {
                Some(spelling) => spelling.inward(object),
                None => object,
            })
        }
        Ok(Value::Null) if at.api == Api::V1 => Ok(Map::new()),
        Ok(other) => {
            let go = format!(
                "Unmarshal type error: expected=object, got={}",
                go_name(&other)
            );
            Err(unreadable(422, &go, "expected object", Some(other)))
        }
        Err(error) if error.is_eof() => Err(unreadable(
            400,
            "unexpected EOF",
            "unexpected end of JSON input",
            Some(text.into()),
        )),
        Err(error) => {
            let go = format!(
                "Syntax error: offset={}, error=invalid character",
                error.column()
            );
            Err(unreadable(
                400,
                &go,
                "invalid character in JSON input",
                Some(text.into()),
            ))
        }
    }
}

/// A path parameter that has to be a number.
pub(crate) fn number(name: &str, text: &str) -> Result<i64, Failure> {
    text.parse().map_err(|_| {
        Failure::Unreadable(Unreadable {
            v2_status: 422,
            go: format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"),
            v2: "invalid integer".to_owned(),
            location: format!("path.{name}"),
            value: Some(text.into()),
            bad_request: true,
        })
    })
}

fn unreadable(v2_status: u16, go: &str, v2: &str, value: Option<Value>) -> Failure {
    Failure::Unreadable(Unreadable {
        v2_status,
        go: go.to_owned(),
        v2: v2.to_owned(),
        location: "body".to_owned(),
        value,
        bad_request: true,
    })
}

enum ContentType<'a> {
    Json,
    Form,
    Other(&'a str),
}

fn kind_of(content_type: Option<&str>, api: Api) -> ContentType<'_> {
    let name = content_type
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    match (name, api) {
        ("application/json", _) | ("", Api::V2) => ContentType::Json,
        (name, Api::V2) if name.ends_with("+json") => ContentType::Json,
        ("application/x-www-form-urlencoded", _) | ("application/xml" | "text/xml", Api::V1) => {
            ContentType::Form
        }
        (name, _) => ContentType::Other(name),
    }
}

fn parse(at: At, bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde::Deserialize::deserialize(&mut reader)?;
    if at.release.trailing_text_refused {
        reader.end()?;
    }
    Ok(value)
}

/// `null` leaves a Go field as it is, which is what an absent key does.
fn drop_nulls(object: &mut Map<String, Value>) {
    object.retain(|_, value| !value.is_null());
    for value in object.values_mut() {
        match value {
            Value::Object(inner) => drop_nulls(inner),
            Value::Array(items) => items
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(drop_nulls),
            _ => {}
        }
    }
}
