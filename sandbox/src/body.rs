//! Request bodies: reading, checking against a model's fields, and binding, with each API's idea of what is wrong.

use std::collections::HashMap;

use axum::http::Uri;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::failure::{Failure, NO_BODY, Unreadable, Violation};
use crate::release::{Api, At, Release};
use crate::stamp::Stamp;

/// A body's JSON type by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Number,
    Boolean,
    Time,
    Array,
    Object,
    /// An object with these fields.
    Record(&'static [Field]),
    /// An array of objects with these fields.
    Records(&'static [Field]),
    /// Whatever JSON it is.
    Json,
    /// Accepted and never looked at.
    Ignored,
}

/// A field that a body may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    name: &'static str,
    kind: Kind,
    /// v2's schema refuses a text or array that is present and shorter.
    min: usize,
    /// v2's schema refuses a longer text or array; 0 = no bound.
    max: usize,
    /// The validator behind both APIs has the same bounds.
    validated: bool,
    /// Both validators want something here.
    required: bool,
    /// A colour: bounded and stored as the release does.
    colour: bool,
    /// Both validators refuse negative numbers.
    natural: bool,
    /// The address of something in a network.
    url: bool,
    /// The texts that it may be, and what v1 calls them; none: any text. Without a word of v1, they are v2's alone.
    choices: (&'static str, &'static [&'static str]),
}

impl Field {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            min: 0,
            max: 0,
            validated: false,
            required: false,
            colour: false,
            natural: false,
            url: false,
            choices: ("", &[]),
        }
    }

    /// A colour, of which a model gets what is stored.
    pub(crate) const fn colour(name: &'static str) -> Self {
        let mut field = Self::new(name, Kind::Text).length(0, 0);
        field.colour = true;
        field
    }

    /// One of these texts; `noun` is what v1 calls them.
    pub(crate) const fn one_of(
        mut self,
        noun: &'static str,
        choices: &'static [&'static str],
    ) -> Self {
        self.choices = (noun, choices);
        self
    }

    /// Refuses negative numbers.
    pub(crate) const fn natural(mut self) -> Self {
        self.natural = true;
        self
    }

    /// The address of something in a network.
    pub(crate) const fn url(mut self) -> Self {
        self.url = true;
        self
    }

    /// The text in `value` that is none of the choices.
    fn stray<'a>(&self, value: &'a Value) -> Option<&'a str> {
        let known = self.choices.1;
        value
            .as_str()
            .filter(|text| !known.is_empty() && !known.contains(text))
    }

    /// Bounds of a text's length in characters, on both APIs.
    pub(crate) const fn length(mut self, min: usize, max: usize) -> Self {
        self.validated = true;
        self.schema_length(min, max)
    }

    /// Bounds that v2 alone has.
    pub(crate) const fn schema_length(mut self, min: usize, max: usize) -> Self {
        self.min = min;
        self.max = max;
        self
    }

    /// Most characters, 0 = no bound.
    fn most(&self, release: &Release) -> usize {
        if self.colour {
            release.colour_length
        } else {
            self.max
        }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

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

impl Kind {
    fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Text | Self::Time => value.is_string(),
            Self::Integer => value.is_i64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Array | Self::Records(_) => value.is_array(),
            Self::Object | Self::Record(_) => value.is_object(),
            Self::Json | Self::Ignored => true,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text | Self::Time => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Array | Self::Records(_) => "array",
            Self::Object | Self::Record(_) | Self::Json | Self::Ignored => "object",
        }
    }

    fn go_name(self) -> &'static str {
        match self {
            Self::Integer => "int64",
            Self::Number => "float64",
            Self::Boolean => "bool",
            other => other.name(),
        }
    }
}

fn go_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check_types(
    release: &Release,
    object: &Map<String, Value>,
    raw: &[u8],
    fields: &[Field],
) -> Result<(), Failure> {
    for field in fields {
        let Some(value) = object.get(field.name).filter(|value| !value.is_null()) else {
            continue;
        };
        if !field.kind.accepts(value) {
            let (expected, got) = (field.kind.go_name(), go_name(value));
            let name = release
                .spelling
                .map_or(field.name, |spelling| spelling.name(field.name));
            let offset = offset_behind(raw, name);
            let go = format!(
                "Unmarshal type error: expected={expected}, got={got}, field={name}, offset={offset}"
            );
            return Err(unreadable(400, &go, "", None));
        }
        if let Some(text) = field.stray(value)
            && !field.choices.0.is_empty()
        {
            let go = format!("unknown {}: {text}", field.choices.0);
            return Err(unreadable(400, &go, "", None));
        }
        if let (Kind::Time, Some(text)) = (field.kind, value.as_str())
            && Stamp::parse(text).is_none()
        {
            let go = format!(
                "parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\""
            );
            return Err(unreadable(400, &go, "", None));
        }
    }
    Ok(())
}

/// Where a field's value ends in the text, which Go's type errors tell.
fn offset_behind(raw: &[u8], name: &str) -> usize {
    let values: HashMap<String, &RawValue> = serde_json::from_slice(raw).unwrap_or_default();
    values.get(name).map_or(0, |value| {
        (value.get().as_ptr() as usize - raw.as_ptr() as usize) + value.get().len()
    })
}

fn check_schema(
    release: &Release,
    object: &Map<String, Value>,
    fields: &[Field],
) -> Result<(), Failure> {
    let mut violations = Vec::new();
    check_object(release, "", object, fields, &mut violations);
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Failure::Invalid(violations))
    }
}

fn check_object(
    release: &Release,
    at: &str,
    object: &Map<String, Value>,
    fields: &[Field],
    violations: &mut Vec<Violation>,
) {
    for (name, value) in object {
        let at = if at.is_empty() {
            name.clone()
        } else {
            format!("{at}.{name}")
        };
        match fields.iter().find(|field| field.name == name) {
            Some(_) if value.is_null() => {}
            Some(field) => check_value(release, &at, field, value, violations),
            None if name == "$schema" => {}
            None => violations.push(refused_by_schema(
                &at,
                "unexpected property".to_owned(),
                Value::Object(object.clone()),
            )),
        }
    }
}

fn check_value(
    release: &Release,
    at: &str,
    field: &Field,
    value: &Value,
    violations: &mut Vec<Violation>,
) {
    if let Some(message) = field.refusal(release, value) {
        violations.push(refused_by_schema(at, message, value.clone()));
        return;
    }
    match (field.kind, value) {
        (Kind::Record(fields), Value::Object(inner)) => {
            check_object(release, at, inner, fields, violations);
        }
        (Kind::Records(fields), Value::Array(items)) => {
            for (place, item) in items.iter().enumerate() {
                let at = format!("{at}[{place}]");
                match item {
                    Value::Object(inner) => {
                        check_object(release, &at, inner, fields, violations);
                    }
                    other => {
                        let message = "expected object".to_owned();
                        violations.push(refused_by_schema(&at, message, other.clone()));
                    }
                }
            }
        }
        _ => {}
    }
}

impl Field {
    /// Why v2's schema refuses that value itself, whatever is inside.
    fn refusal(&self, release: &Release, value: &Value) -> Option<String> {
        let max = self.most(release);
        if !self.kind.accepts(value) {
            return Some(format!("expected {}", self.kind.name()));
        }
        match (self.kind, value) {
            (Kind::Time, Value::String(text)) if Stamp::parse(text).is_none() => {
                Some("expected string to be RFC 3339 date-time".to_owned())
            }
            (Kind::Text, Value::String(text)) => {
                let length = text.chars().count();
                // An empty text is only refused where something must stand; elsewhere it counts as left out.
                if length < self.min && (self.min == 1 || length > 0) {
                    Some(format!("expected length >= {}", self.min))
                } else if max > 0 && length > max {
                    Some(format!("expected length <= {max}"))
                } else {
                    self.stray(value)
                        .map(|_| expected_one_of(&self.choices.1.join(", ")))
                }
            }
            (_, Value::Number(number))
                if self.natural && number.as_i64().is_some_and(|number| number < 0) =>
            {
                Some("expected number >= 0".to_owned())
            }
            (Kind::Records(_), Value::Array(items)) if items.len() < self.min => {
                Some(format!("expected array length >= {}", self.min))
            }
            (Kind::Records(_), Value::Array(items)) if max > 0 && items.len() > max => {
                Some(format!("expected array length <= {max}"))
            }
            _ => None,
        }
    }
}

/// What v2 alone refuses: the field at that place below the body.
pub(crate) fn refused_by_schema(name: &str, message: String, value: Value) -> Violation {
    Violation {
        location: format!("body.{name}"),
        v1: String::new(),
        v2: message,
        value: Some(value),
    }
}

fn expected_one_of(options: &str) -> String {
    format!("expected value to be one of \"{options}\"")
}

/// v2's refusal of a parameter that is none of the known values.
pub(crate) fn none_of(location: String, options: &[&str], value: &str) -> Failure {
    Failure::Invalid(vec![Violation {
        location,
        v1: String::new(),
        v2: expected_one_of(&options.join(", ")),
        value: Some(value.into()),
    }])
}

/// The refusal of a body without something that must stand in it.
pub(crate) fn missing(name: &str) -> Failure {
    Failure::Invalid(vec![broken_rule(
        name,
        "non zero value required".to_owned(),
    )])
}

fn broken_rule(name: &str, rule: String) -> Violation {
    Violation {
        location: format!("body.{name}"),
        v1: format!("{name}: {rule}"),
        v2: rule,
        value: None,
    }
}

/// Whether the validator takes a value for nothing: collections of nothing are nothing.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_zero),
        Value::Object(members) => members.values().all(is_zero),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether a text is an address of something in a network, as the server's validator sees it.
fn is_url(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default();
    !host.is_empty() && (uri.scheme().is_some() || host.contains('.'))
}

/// What the model's validator refuses on both APIs.
fn broken_rules(
    release: &Release,
    object: &Map<String, Value>,
    fields: &[Field],
) -> Vec<Violation> {
    let broken = |field: &Field| {
        let max = field.most(release);
        let text = object
            .get(field.name)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let rule = if field.required && object.get(field.name).is_none_or(is_zero) {
            "non zero value required".to_owned()
        } else if field.validated && max > 0 && text.chars().count() > max {
            format!(
                "{text} does not validate as runelength({}|{max})",
                field.min
            )
        } else if field.url && !is_url(text) {
            format!("{text} does not validate as url")
        } else if let Some(number) = object
            .get(field.name)
            .and_then(Value::as_i64)
            .filter(|number| field.natural && *number < 0)
        {
            format!("{number} does not validate as range(0|{})", i64::MAX)
        } else {
            return None;
        };
        Some(broken_rule(field.name, rule))
    };
    fields.iter().filter_map(broken).collect()
}

#[cfg(test)]
mod tests {
    use super::is_url;

    #[test]
    fn addresses() {
        for text in [
            "http://127.0.0.1:9/hook",
            "https://bot.example.com",
            "ftp://x",
        ] {
            assert!(is_url(text), "{text}");
        }
        for text in ["", "x", "http://", "/hook"] {
            assert!(!is_url(text), "{text}");
        }
    }
}
