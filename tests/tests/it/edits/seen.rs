//! What is seen of a task before and after, and what may differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use vikunja_sdk::{
    Client, Release,
    model::{TaskId, ViewId},
};

use super::world::{Place, Raw, Shown, VIEWS, World, free};

type Object = Map<String, Value>;

/// A task as everybody sees it, and where it and its neighbour stand in all views.
pub(crate) struct Seen {
    /// By reader.
    pub(crate) by: BTreeMap<&'static str, Object>,
    pub(crate) own_places: BTreeMap<String, Value>,
    neighbours_places: BTreeMap<String, Value>,
}

/// Who makes the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Editor {
    Alice,
    Bob,
    Link,
}

impl World {
    pub(crate) async fn see(&self, task: TaskId) -> Seen {
        let mut by = BTreeMap::new();
        for (name, reader) in [("alice", &self.alice.client), ("bob", &self.bob.client)] {
            by.insert(name, read(reader, task).await);
        }
        let mut own_places = BTreeMap::new();
        let mut neighbours_places = BTreeMap::new();
        for (name, place) in [("home", &self.home), ("away", &self.away)] {
            for (which, where_) in self.places(name, place).await {
                let of = match which {
                    _ if which == task => &mut own_places,
                    _ if which == self.neighbour => &mut neighbours_places,
                    _ => continue,
                };
                of.extend(where_);
            }
        }
        Seen {
            by,
            own_places,
            neighbours_places,
        }
    }

    /// Bucket and position of each task, by view.
    async fn places(&self, name: &str, place: &Place) -> Vec<(TaskId, BTreeMap<String, Value>)> {
        let client = free(&self.alice.client);
        let views: Vec<_> = if self.release < VIEWS {
            vec![None]
        } else {
            place.views.iter().copied().map(Some).collect()
        };
        let mut found = Vec::new();
        for view in views {
            let shown = Shown {
                project: place.project,
                view,
            };
            for one in client.send(&shown).await.unwrap().unwrap_or_default() {
                // A bucket holds tasks; in other views the tasks are shown themselves.
                let (bucket, tasks) = if one.get("limit").is_some() {
                    let tasks = one.get("tasks").and_then(Value::as_array);
                    (one["title"].clone(), tasks.cloned().unwrap_or_default())
                } else {
                    (Value::Null, vec![one])
                };
                for task in tasks {
                    let id = TaskId::from(task["id"].as_i64().unwrap_or_default());
                    let view = view.map_or(0, ViewId::get);
                    let at = |what: &str| format!("{name} view {view}: {what}");
                    let place = BTreeMap::from([
                        (at("bucket"), bucket.clone()),
                        (at("position"), task["position"].clone()),
                    ]);
                    found.push((id, place));
                }
            }
        }
        found
    }
}

pub(crate) async fn read(reader: &Client, task: TaskId) -> Object {
    reader.send(&Raw(task)).await.unwrap()
}

/// Unset, in any of the ways in which the server writes it.
pub(crate) fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text.starts_with("0001-"),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
    }
}

/// Without the order of lists, and with one way to write what is unset.
pub(crate) fn plain(value: Option<&Value>) -> Value {
    match value {
        Some(value) if !is_unset(value) => match value {
            Value::Array(items) => {
                let mut items = items.clone();
                items.sort_by_key(ToString::to_string);
                Value::Array(items)
            }
            other => other.clone(),
        },
        _ => Value::Null,
    }
}

/// Keys of two objects that differ.
pub(crate) fn differences(before: &Object, after: &Object) -> BTreeSet<String> {
    let keys = before.keys().chain(after.keys());
    keys.filter(|key| plain(before.get(*key)) != plain(after.get(*key)))
        .cloned()
        .collect()
}

/// The name of a field on the wire.
pub(crate) fn on_wire(field: &'static str, release: Release) -> &'static str {
    match field {
        "project_id" if release < Release(0, 21, 0) => "list_id",
        "reminders" if release < Release(0, 21, 0) => "reminder_dates",
        other => other,
    }
}

pub(crate) fn repeats(task: &Object) -> bool {
    task["repeat_after"] != 0 || task["repeat_mode"] != 0
}

/// What the server changes by itself when `field` changes. This table is the whole of it: whatever else differs is a
/// field that the caller did not name.
fn follows(field: &str, before: &Object, release: Release) -> &'static [&'static str] {
    match field {
        // Relative reminders follow; that they do so rightly is looked at apart.
        "due_date" | "start_date" | "end_date" => &["reminders"],
        // 2.x unticks checklists.
        "done" if repeats(before) && release >= Release(2, 0, 0) => &[
            "done_at",
            "due_date",
            "start_date",
            "end_date",
            "reminders",
            "description",
        ],
        "done" if repeats(before) => &[
            "done_at",
            "due_date",
            "start_date",
            "end_date",
            "reminders",
            "reminder_dates",
        ],
        "done" => &["done_at"],
        "project_id" if release < VIEWS => &[
            "index",
            "identifier",
            "bucket_id",
            "position",
            "kanban_position",
        ],
        "project_id" => &["index", "identifier"],
        // The server subscribes whom it assigns, a moment later.
        "assignees" => &["subscription"],
        _ => &[],
    }
}

/// Whether the place in the views follows from a change of `field`.
fn moves(field: &str) -> bool {
    matches!(field, "done" | "project_id" | "bucket_id")
}

/// What differs and should not.
pub(crate) fn unasked(
    field: &'static str,
    editor: Editor,
    before: &Seen,
    after: &Seen,
    release: Release,
) -> Vec<String> {
    let mut found = Vec::new();
    for (reader, before) in &before.by {
        let after = &after.by[reader];
        for key in differences(before, after) {
            // Everybody has favourites of their own.
            let is_named = key == on_wire(field, release)
                && (field != "is_favorite"
                    || matches!(
                        (editor, *reader),
                        (Editor::Alice, "alice") | (Editor::Bob, "bob")
                    ));
            // Of an assignment that is older than this change.
            let came_late = key == "subscription" && before.get("subscription").is_none();
            if !is_named
                && !came_late
                && key != "updated"
                && !follows(field, before, release).contains(&&*key)
            {
                found.push(format!(
                    "{key} (as {reader} sees it) was {} and is {}",
                    plain(before.get(&key)),
                    plain(after.get(&key))
                ));
            }
        }
        if field.ends_with("_date") && release >= Release(0, 21, 0) {
            found.extend(wrong_reminders(before, after));
        }
    }
    if !moves(field) && before.own_places != after.own_places {
        found.push(format!(
            "its places were {:?} and are {:?}",
            before.own_places, after.own_places
        ));
    }
    if before.neighbours_places != after.neighbours_places {
        found.push(format!(
            "its neighbour's places were {:?} and are {:?}",
            before.neighbours_places, after.neighbours_places
        ));
    }
    found
}

/// Reminders after a change of dates: the same ones, at their moments. Of several at one moment the server keeps one.
fn wrong_reminders(before: &Object, after: &Object) -> Option<String> {
    let list = |task: &Object| task["reminders"].as_array().cloned().unwrap_or_default();
    let kind = |reminder: &Value| {
        (
            reminder["relative_to"].to_string(),
            reminder["relative_period"].as_i64(),
        )
    };
    let expected: BTreeSet<String> = list(before)
        .iter()
        .map(|reminder| match reminder["relative_to"].as_str() {
            None | Some("") => moment(&reminder["reminder"], 0),
            Some(base) => moment(
                after.get(base).unwrap_or(&Value::Null),
                reminder["relative_period"].as_i64().unwrap_or_default(),
            ),
        })
        .collect();
    let known: BTreeSet<_> = list(before).iter().map(kind).collect();
    let found: BTreeSet<String> = list(after)
        .iter()
        .map(|reminder| moment(&reminder["reminder"], 0))
        .collect();
    let is_same_kind = list(after).iter().all(|one| known.contains(&kind(one)));
    (found != expected || !is_same_kind).then(|| {
        format!(
            "reminders should be at {expected:?}, and are {:?}",
            list(after)
        )
    })
}

/// So many seconds after a time of the server; unset stays unset.
fn moment(time: &Value, seconds: i64) -> String {
    match time.as_str().filter(|_| !is_unset(time)) {
        Some(time) => {
            let time: vikunja_sdk::model::Timestamp = time.parse().unwrap();
            (time.as_unix_seconds() + seconds).to_string()
        }
        None => "no moment".to_owned(),
    }
}
