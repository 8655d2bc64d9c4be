//! v2's `PATCH`: the server reads the object, merges the change in, and hands the result to its own `PUT`.

use axum::http::header;
use serde::Serialize;
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
    check_content_type(call)?;
    let unpatchable = || Failure::Unpatchable(Unpatchable::Change);
    let change: Value = serde_json::from_slice(call.body).map_err(|_| unpatchable())?;
    // Through JSON as it would be sent, so that whole floats are integers again.
    let read = json::with_schema(
        &json::write(object, Api::V2),
        &format!("http://localhost/api/v2/schemas/{schema}.json"),
    );
    let before: Value =
        serde_json::from_slice(&read).map_err(|error| Failure::Internal(error.to_string()))?;
    let mut after = before.clone();
    merge(&mut after, change);
    match after {
        after if after == before => Err(Failure::NotModified),
        Value::Object(object) => Ok(object),
        _ => Err(unpatchable()),
    }
}

fn check_content_type(call: &Call<'_>) -> Result<(), Failure> {
    let name = call
        .header(&header::CONTENT_TYPE)
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    match name {
        "" | "application/json" | "application/merge-patch+json" => Ok(()),
        "application/json-patch+json" | "application/merge-patch+shorthand" => {
            Err(lacking(format!("PATCH with content type {name}")))
        }
        _ => Err(Failure::Unpatchable(Unpatchable::ContentType)),
    }
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
