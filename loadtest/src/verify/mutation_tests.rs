//! Each field of each kind, as real servers answer it: when one is changed, the report names it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Value, json};
use vikunja_sdk::Release;

use super::{Comparing, Verdict};
use crate::snapshot::{Head, Record, Snapshot, Writer, canonical_of};

/// Where each kind is read, and what such a thing is called.
const READ: [(&str, &str); 13] = [
    ("user.read_one", "user/1"),
    ("namespaces.read_one", "namespace/1"),
    ("labels.read_one", "label/1"),
    ("teams.read_one", "team/1"),
    ("webhooks.read_all", "webhook/1"),
    ("filters.read_one", "filter/1"),
    ("projects.read_one", "project/1"),
    ("project_users.read_all", "project/1/user/1"),
    ("project_teams.read_all", "project/1/team/1"),
    ("link_shares.read_all", "link_share/1"),
    ("views.read_all", "view/1"),
    ("buckets.read_all", "bucket/1"),
    ("task_comments.read_all", "task/1/comment/1"),
];
/// One recording of a task fills several kinds.
const OF_TASKS: [&str; 2] = ["task/1", "task/1/board"];

/// What is not told: the server adds it, it belongs to the moment of asking, or it is a record of its own.
const NOT_TOLD: [&str; 6] = [
    "$schema",
    "max_permission",
    "include_public",
    "is_unread",
    "views",
    "updated",
];

/// Every object of these kinds in a recording, with what it is called.
fn recorded(release: &str) -> Vec<(&'static str, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/wire/{release}.jsonl"));
    let mut found = Vec::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        if !exchange["case"].as_str().unwrap().starts_with("success") {
            continue;
        }
        let op = exchange["op"].as_str().unwrap();
        let names: Vec<_> = match op {
            "tasks.read_one" => OF_TASKS.to_vec(),
            "task_attachments.read_all" => vec!["task/1/attachment/1"],
            _ => READ
                .iter()
                .filter(|(read, _)| *read == op)
                .map(|(_, what)| *what)
                .collect(),
        };
        let text = exchange["response"]["body"].as_str().unwrap_or_default();
        let Ok(body) = serde_json::from_str::<Value>(text) else {
            continue;
        };
        let objects = match body {
            Value::Array(items) => items,
            Value::Object(mut envelope) if envelope.contains_key("items") => envelope["items"]
                .take()
                .as_array()
                .cloned()
                .unwrap_or_default(),
            one => vec![one],
        };
        for what in names {
            let objects = objects.iter().filter(|object| object.is_object());
            found.extend(objects.map(|object| (what, object.clone())));
        }
    }
    found
}

/// Something else of the same type.
fn mutated(value: &Value) -> Value {
    match value {
        Value::Null => json!("something"),
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) => json!(number.as_f64().unwrap() + 1.0),
        // A moment stays one.
        Value::String(text) if text.ends_with('Z') && text.contains('T') => {
            json!("2031-01-01T00:00:00Z")
        }
        Value::String(text) => json!(format!("{text}x")),
        Value::Array(items) => {
            let mut items = items.clone();
            items.push(json!({"id": 987_654}));
            Value::Array(items)
        }
        Value::Object(fields) => {
            let mut fields = fields.clone();
            let name = ["id", "filter", "Type", "subtask"]
                .into_iter()
                .find(|name| fields.contains_key(*name));
            let name = name.unwrap_or("related").to_owned();
            let new = fields.get(&name).map_or(json!([{"id": 987_654}]), mutated);
            fields.insert(name, new);
            Value::Object(fields)
        }
    }
}

/// What is told of an object that was one thing and is another now: fields by name, without those within them.
fn told(folder: &Path, release: &str, what: &str, then: &Value, now: &Value) -> Vec<String> {
    let record = |value: &Value| Record {
        account: "alice".to_owned(),
        what: what.to_owned(),
        fields: canonical_of(what, value.clone()),
    };
    let path = folder.join("snapshot");
    let mut writer = Writer::create(&path).unwrap();
    let head = Head::new(String::new(), "http://a", release, release.to_owned());
    writer.head(&head).unwrap();
    writer.record(&record(then)).unwrap();
    writer.finish(BTreeMap::new()).unwrap();
    let snapshot = Snapshot::open(&path).unwrap();
    let mut comparing = Comparing::new(snapshot, Release::parse(release).unwrap()).unwrap();
    comparing.see(record(now)).unwrap();
    let verified = comparing.end(head, BTreeMap::new()).unwrap();
    for finding in &verified.findings {
        assert_eq!(finding.verdict, Verdict::Changed, "{what}");
        assert_eq!(finding.what, what);
    }
    assert_eq!(verified.passed, verified.findings.is_empty());
    let fields = verified
        .findings
        .into_iter()
        .flat_map(|finding| finding.fields);
    let mut names: Vec<_> = fields
        .map(|field| field.field.split('.').next().unwrap_or_default().to_owned())
        .collect();
    names.dedup();
    names
}

/// Whether a field is content of this kind.
fn is_told(what: &str, name: &str) -> bool {
    let apart: &[&str] = match what {
        "task/1" => &[
            "attachments",
            "bucket_id",
            "buckets",
            "comment_count",
            "comments",
            "kanban_position",
            "position",
            "subscription",
        ],
        "bucket/1" => &["tasks", "count"],
        _ => &[],
    };
    let only: Option<&[&str]> = match what {
        "task/1/board" => Some(&["bucket_id", "kanban_position", "position"]),
        "project/1/user/1" | "project/1/team/1" => {
            Some(&["id", "username", "name", "right", "permission"])
        }
        _ => None,
    };
    !NOT_TOLD.contains(&name)
        && !apart.contains(&name)
        && only.is_none_or(|only| only.contains(&name))
}

#[test]
fn every_field_that_changes_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for release in ["0.20.4", "0.24.1", "1.0.0", "2.5.0"] {
        let mut known: BTreeSet<(&str, String)> = BTreeSet::new();
        for (what, object) in recorded(release) {
            assert!(told(folder.path(), release, what, &object, &object).is_empty());
            for (name, value) in object.as_object().unwrap() {
                // Once for each field, and once more where it is filled.
                let is_filled = !matches!(value, Value::Null);
                let key = (what, format!("{name} {is_filled}"));
                if !is_told(what, name) || !known.insert(key) {
                    continue;
                }
                let mut other = object.clone();
                other[name] = mutated(value);
                let named = told(folder.path(), release, what, &object, &other);
                let renamed = match name.as_str() {
                    "list_id" if what == "task/1" => "project_id",
                    "kanban_position" => "position",
                    "reminder_dates" => "reminders",
                    "right" => "permission",
                    "oidc_id" => "external_id",
                    name => name,
                };
                // Up to 0.23 a board's place has two positions, of which its own counts.
                if what == "task/1/board" && name == "position" && release == "0.20.4" {
                    continue;
                }
                // The bucket's project is told by its view.
                if what == "bucket/1" && name == "list_id" {
                    continue;
                }
                assert_eq!(
                    named,
                    [renamed],
                    "{release} {what}: {name}: {value} → {}",
                    other[name]
                );
                *seen.entry(what).or_default() += 1;
            }
        }
    }
    let all = READ
        .iter()
        .map(|(_, what)| *what)
        .chain(OF_TASKS)
        .chain(["task/1/attachment/1"]);
    for what in all {
        assert!(
            seen.get(what).is_some_and(|fields| *fields >= 2),
            "{what}: {seen:?}"
        );
    }
    assert!(seen.values().sum::<usize>() > 300, "{seen:?}");
}
