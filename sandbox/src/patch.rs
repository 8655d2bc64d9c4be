//! v2's `PATCH`: the server reads the object, merges the change in, and hands the result to its own `PUT`.

use axum::http::header;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::failure::{Failure, Unpatchable, lacking};
use crate::json;
use crate::release::Api;

/// The object with the request's change in it; [`Failure::NotModified`] when nothing changes.
/// `schema` is the one under which the object is read.
pub(crate) fn merged<T: Serialize>(
    call: &Call<'_>,
    schema: &str,
    object: &T,
) -> Result<Map<String, Value>, Failure> {
    let language = language(call)?;
    // Through JSON as it would be sent, so that whole floats are integers again.
    let read = json::with_schema(
        &json::write(object, Api::V2),
        &format!("http://localhost/api/v2/schemas/{schema}.json"),
    );
    let before: Value =
        serde_json::from_slice(&read).map_err(|error| Failure::Internal(error.to_string()))?;
    let mut after = before.clone();
    match language {
        Language::Merge => {
            let change = serde_json::from_slice(call.body).map_err(|_| unmergeable())?;
            merge(&mut after, change);
        }
        Language::Operations => {
            for operation in operations(call.body)? {
                operation.apply(&mut after).map_err(inapplicable)?;
            }
        }
    }
    match after {
        after if after == before => Err(Failure::NotModified),
        Value::Object(object) => Ok(object),
        _ => Err(unmergeable()),
    }
}

/// How a change is written.
enum Language {
    /// RFC 7396.
    Merge,
    /// RFC 6902.
    Operations,
}

fn language(call: &Call<'_>) -> Result<Language, Failure> {
    let name = call
        .header(&header::CONTENT_TYPE)
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    match name {
        "" | "application/json" | "application/merge-patch+json" => Ok(Language::Merge),
        "application/json-patch+json" => Ok(Language::Operations),
        "application/merge-patch+shorthand" => {
            Err(lacking(format!("PATCH with content type {name}")))
        }
        _ => Err(Failure::Unpatchable(Unpatchable::ContentType)),
    }
}

fn unmergeable() -> Failure {
    inapplicable("Invalid JSON Patch".to_owned())
}

fn inapplicable(message: String) -> Failure {
    Failure::Unpatchable(Unpatchable::Change {
        detail: "Unable to apply patch",
        message,
    })
}

/// RFC 7396.
fn merge(target: &mut Value, change: Value) {
    let Value::Object(change) = change else {
        *target = change;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(target) = target.as_object_mut() else {
        return;
    };
    for (name, value) in change {
        if value.is_null() {
            target.remove(&name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}

/// One step of a JSON Patch. Paths are JSON pointers.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Operation {
    Add { path: String, value: Value },
    Remove { path: String },
    Replace { path: String, value: Value },
    Move { from: String, path: String },
    Copy { from: String, path: String },
    Test { path: String, value: Value },
}

fn operations(body: &[u8]) -> Result<Vec<Operation>, Failure> {
    let undecodable = |message: String| {
        Failure::Unpatchable(Unpatchable::Change {
            detail: "Unable to decode JSON Patch",
            message,
        })
    };
    let steps: Value =
        serde_json::from_slice(body).map_err(|error| undecodable(error.to_string()))?;
    let Value::Array(steps) = steps else {
        let message = "json: cannot unmarshal object into Go value of type jsonpatch.Patch";
        return Err(undecodable(message.to_owned()));
    };
    let read = |step: Value| {
        let text = step.to_string();
        serde_json::from_value(step)
            .map_err(|_| undecodable(format!("invalid operation {text}: unsupported operation")))
    };
    steps.into_iter().map(read).collect()
}

impl Operation {
    /// Carries the step out; otherwise says why it cannot be, in the words of the server's library.
    fn apply(self, target: &mut Value) -> Result<(), String> {
        match self {
            Self::Add { path, value } => add(target, &path, value),
            Self::Remove { path } => remove(target, &path).map(drop),
            Self::Replace { path, value } => replace(target, &path, value),
            Self::Move { from, path } => {
                let value = remove(target, &from)?;
                add(target, &path, value)
            }
            Self::Copy { from, path } => {
                let missing = || {
                    format!(
                        "copy operation does not apply: doc is missing from path: {from}: missing value"
                    )
                };
                let value = target.pointer(&from).cloned().ok_or_else(missing)?;
                add(target, &path, value)
            }
            Self::Test { path, value } if target.pointer(&path) == Some(&value) => Ok(()),
            Self::Test { path, .. } => Err(format!("testing value {path} failed: test failed")),
        }
    }
}

/// What holds the place that a pointer names, and the place's name in it.
fn parent<'a>(target: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (holder, name) = path.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    Some((target.pointer_mut(holder)?, name))
}

/// A place in an array: from its start, or with `-1` … from its end.
fn index(name: &str, length: usize) -> Option<usize> {
    match name.strip_prefix('-') {
        Some(back) => length.checked_sub(back.parse().ok()?),
        None => name.parse().ok(),
    }
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let missing =
        || format!("add operation does not apply: doc is missing path: \"{path}\": missing value");
    match parent(target, path).ok_or_else(missing)? {
        (Value::Object(object), name) => drop(object.insert(name, value)),
        (Value::Array(items), name) if name == "-" => items.push(value),
        (Value::Array(items), name) => {
            let place = index(&name, items.len()).filter(|place| *place <= items.len());
            items.insert(place.ok_or_else(missing)?, value);
        }
        _ => return Err(missing()),
    }
    Ok(())
}

fn remove(target: &mut Value, path: &str) -> Result<Value, String> {
    let (holder, name) = parent(target, path).ok_or_else(|| {
        format!("remove operation does not apply: doc is missing path: \"{path}\": missing value")
    })?;
    let removed = match holder {
        Value::Object(object) => object.remove(&name),
        Value::Array(items) => index(&name, items.len())
            .filter(|place| *place < items.len())
            .map(|place| items.remove(place)),
        _ => None,
    };
    removed.ok_or_else(|| {
        format!("error in remove for path: '{path}': unable to remove nonexistent key: {name}: missing value")
    })
}

fn replace(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let missing = |what: &str| {
        format!("replace operation does not apply: doc is missing {what}: {path}: missing value")
    };
    let (holder, name) = parent(target, path).ok_or_else(|| missing("path"))?;
    let place = match holder {
        Value::Object(object) => object.get_mut(&name),
        Value::Array(items) => index(&name, items.len()).and_then(|place| items.get_mut(place)),
        _ => None,
    };
    *place.ok_or_else(|| missing("key"))? = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn patched(steps: &Value) -> Result<Value, String> {
        let mut target = json!({"title": "A", "list": [1, 2], "a/b": null});
        for step in operations(steps.to_string().as_bytes()).expect("operations") {
            step.apply(&mut target)?;
        }
        Ok(target)
    }

    #[test]
    fn operations_are_applied_in_order() {
        let steps = json!([
            {"op": "test", "path": "/title", "value": "A"},
            {"op": "replace", "path": "/title", "value": "B"},
            {"op": "add", "path": "/list/-", "value": 3},
            {"op": "add", "path": "/list/0", "value": 0},
            {"op": "remove", "path": "/list/-1"},
            {"op": "copy", "from": "/list/1", "path": "/a~1b"},
            {"op": "move", "from": "/title", "path": "/name"},
        ]);
        assert_eq!(
            patched(&steps),
            Ok(json!({"name": "B", "list": [0, 1, 2], "a/b": 1}))
        );
    }

    #[test]
    fn what_cannot_be_applied_is_named() {
        // As release 2.5 words it.
        for (step, message) in [
            (
                json!({"op": "test", "path": "/title", "value": 9}),
                "testing value /title failed: test failed",
            ),
            (
                json!({"op": "replace", "path": "/nope", "value": 9}),
                "replace operation does not apply: doc is missing key: /nope: missing value",
            ),
            (
                json!({"op": "replace", "path": "/nope/x", "value": 9}),
                "replace operation does not apply: doc is missing path: /nope/x: missing value",
            ),
            (
                json!({"op": "remove", "path": "/nope"}),
                "error in remove for path: '/nope': unable to remove nonexistent key: nope: missing value",
            ),
        ] {
            assert_eq!(patched(&json!([step])), Err(message.to_owned()));
        }
        assert!(operations(b"{}").is_err());
        assert!(operations(br#"[{"op": "xx", "path": "/title"}]"#).is_err());
    }
}
