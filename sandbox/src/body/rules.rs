//! What is wrong with a body: types and times (v1), the schema (v2), and the rules of the model behind both.

use std::collections::HashMap;

use axum::http::Uri;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Field, Kind, unreadable};
use crate::failure::{Failure, Violation};
use crate::release::Release;
use crate::stamp::Stamp;

pub(super) fn go_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

pub(super) fn check_types(
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

pub(super) fn check_schema(
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
pub(super) fn broken_rules(
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
