//! One form for the same content, whichever release says it and on whichever route.
//!
//! What is empty is left out: `null`, an empty list and a missing key are the same, and so are an unset time and none.
//! Moments are in UTC. Of users within other objects only who they are is kept. Everything else stays as it came, fields
//! that this program does not know included.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use vikunja_sdk::model::Timestamp;

/// An object's fields.
pub type Fields = Map<String, Value>;

/// What the server adds to an answer, and what belongs to the moment of asking.
const NO_CONTENT: [&str; 4] = ["$schema", "max_permission", "include_public", "is_unread"];

/// What of a task has records of its own, or belongs to the moment of asking.
const APART_FROM_TASK: [&str; 8] = [
    "attachments",
    "bucket_id",
    "buckets",
    "comment_count",
    "comments",
    "kanban_position",
    "position",
    "subscription",
];

/// What is kept of a task on a board; up to 0.23 the task itself says it.
const ON_BOARD: [&str; 4] = ["bucket_id", "kanban_position", "position", "updated"];

/// What is kept of a user or a team that something is shared with.
const GUEST: [&str; 5] = ["id", "username", "name", "right", "permission"];

/// An object of this kind in canonical form.
pub(super) fn of(kind: &str, value: Value) -> Fields {
    let mut fields = fields(value);
    match kind {
        "task" => {
            fields.retain(|name, _| !APART_FROM_TASK.contains(&name.as_str()));
            if let Some(labels) = fields.get_mut("labels") {
                *labels = ids(labels);
            }
            if let Some(Value::Object(kinds)) = fields.get_mut("related_tasks") {
                for tasks in kinds.values_mut() {
                    *tasks = ids(tasks);
                }
            }
        }
        "task/board" => fields.retain(|name, _| ON_BOARD.contains(&name.as_str())),
        "bucket" => fields.retain(|name, _| !matches!(name.as_str(), "tasks" | "count")),
        "project" => drop(fields.remove("views")),
        "namespace" => drop(fields.remove("lists")),
        // Whoever has these gets in, or writes somewhere: of them a digest is enough to see that they are the same.
        "link_share" => seal(&mut fields, "hash"),
        "webhook" => seal(&mut fields, "target_url"),
        _ if kind.ends_with("/user") || kind.ends_with("/team") => {
            fields.retain(|name, _| GUEST.contains(&name.as_str()));
        }
        _ => {}
    }
    fields
}

fn seal(fields: &mut Fields, name: &str) {
    if let Some(secret) = fields.get_mut(name) {
        *secret = json!(digest(secret.as_str().unwrap_or_default().as_bytes()));
    }
}

/// The SHA-256 of something.
pub(super) fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex = digest.iter().map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", hex.collect::<String>())
}

fn fields(value: Value) -> Fields {
    let Value::Object(fields) = value else {
        return Fields::new();
    };
    fields
        .into_iter()
        .filter(|(name, _)| !NO_CONTENT.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name, content(value)?)))
        .collect()
}

/// A value in canonical form; `None` = nothing.
fn content(value: Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(value),
        Value::Number(number) => {
            let whole = number.as_f64().filter(|number| {
                // Beyond this a float does not tell whole numbers apart.
                number.fract() == 0.0 && number.abs() < 9e15
            });
            match (number.as_i64(), whole) {
                (Some(0), _) | (None, Some(0.0)) => None,
                (None, Some(whole)) => Some(json!(whole as i64)),
                _ => Some(Value::Number(number)),
            }
        }
        Value::String(text) => moment_or_text(text),
        Value::Array(items) => {
            let mut items: Vec<Value> = items
                .into_iter()
                .map(|item| content(item).unwrap_or(Value::Null))
                .collect();
            // No release orders members, assignees and the like.
            if items.iter().all(|item| item.get("id").is_some()) {
                items.sort_by_key(id_of);
            }
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(mut object) => {
            if is_user(&object) {
                object.retain(|name, _| matches!(name.as_str(), "id" | "username" | "admin"));
            }
            let fields = fields(Value::Object(object));
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
    }
}

/// Users are told by this: nothing else has a name of that kind.
fn is_user(object: &Fields) -> bool {
    object.contains_key("username") && object.contains_key("id")
}

/// The year two: what lies before it is how the server writes «no time», in whichever zone.
const YEAR_TWO: i64 = -62_104_060_800;

fn moment_or_text(text: String) -> Option<Value> {
    if text.is_empty() {
        return None;
    }
    let looks_so = text.len() >= 20 && text.as_bytes()[4] == b'-' && text.as_bytes()[10] == b'T';
    match text.parse::<Timestamp>() {
        Ok(moment) if looks_so => {
            (moment.as_unix_seconds() >= YEAR_TWO).then(|| Value::String(moment.to_string()))
        }
        _ => Some(Value::String(text)),
    }
}

/// The id of an object; 0 without one.
pub(super) fn id_of(value: &Value) -> i64 {
    value.get("id").and_then(Value::as_i64).unwrap_or_default()
}

fn ids(objects: &Value) -> Value {
    let mut ids: Vec<i64> = objects
        .as_array()
        .into_iter()
        .flatten()
        .map(id_of)
        .collect();
    ids.sort_unstable();
    json!(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_the_rest_stays() {
        let came = json!({
            "$schema": "x", "id": 3, "title": "Buy flour", "description": "", "done": false, "priority": 0,
            "percent_done": 0.5, "position": 65536.0, "labels": null, "assignees": [], "related_tasks": {},
            "done_at": "0001-01-01T00:00:00Z", "due_date": "2030-01-02T12:00:00+02:00",
            "new_field_of_tomorrow": {"deep": [1, null]},
            "created_by": {"id": 1, "username": "alice", "name": "A", "updated": "2030-01-02T12:00:00Z"},
        });
        assert_eq!(
            Value::Object(fields(came)),
            json!({
                "id": 3, "title": "Buy flour", "percent_done": 0.5, "position": 65536,
                "due_date": "2030-01-02T10:00:00Z", "new_field_of_tomorrow": {"deep": [1, null]},
                "created_by": {"id": 1, "username": "alice"},
            })
        );
    }

    #[test]
    fn what_has_no_order_is_put_in_one() {
        let members = |first: i64, second: i64| {
            let user = |id| json!({"id": id, "username": format!("u{id}"), "admin": id == 1});
            fields(json!({"members": [user(first), user(second)]}))
        };
        assert_eq!(members(1, 2), members(2, 1));
        // Without ids the order is the content.
        let sorted = |a: &str, b: &str| fields(json!({"sort_by": [a, b]}));
        assert_ne!(sorted("id", "title"), sorted("title", "id"));
    }

    #[test]
    fn what_opens_a_door_is_sealed() {
        let share = of("link_share", json!({"id": 1, "hash": "hunter2"}));
        let other = of("link_share", json!({"id": 1, "hash": "hunter3"}));
        assert!(!format!("{share:?}").contains("hunter2"));
        assert_ne!(share, other);
    }

    #[test]
    fn a_task_names_its_labels_and_relations() {
        let came = json!({
            "id": 3, "labels": [{"id": 9, "title": "x"}, {"id": 4, "title": "y"}],
            "related_tasks": {"subtask": [{"id": 8, "title": "z"}]}, "attachments": [{"id": 1}],
            "bucket_id": 4, "comment_count": 2,
        });
        assert_eq!(
            Value::Object(of("task", came)),
            json!({"id": 3, "labels": [4, 9], "related_tasks": {"subtask": [8]}})
        );
    }
}
