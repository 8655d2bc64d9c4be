//! What an upgrade renames, moves or converts: known, so that it is not taken for loss. All of it was seen on real
//! servers, upgraded from 0.20.4 by way of 0.24.1 and 1.0.0 to 2.5.0.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use vikunja_sdk::Release;

use crate::snapshot::{Fields, PROJECTS, Record, VIEWS};

/// First release that says `permission` instead of `right`.
const PERMISSIONS: Release = Release(1, 0, 0);

/// Fields that a release was the first to have: there they may be filled without anybody having done so.
const ADDED: [(&str, &str, Release); 7] = [
    ("user", "auth_provider", PERMISSIONS),
    ("user", "is_admin", Release(2, 4, 0)),
    ("bucket", "project_view_id", VIEWS),
    ("task", "reactions", VIEWS),
    ("task/comment", "reactions", VIEWS),
    ("webhook", "user_id", Release(2, 2, 0)),
    ("team", "is_public", VIEWS),
];

/// The way from the release of a snapshot to that of the server.
#[derive(Debug)]
pub struct Upgrade {
    from: Release,
    to: Release,
    /// Which project each namespace has become.
    namespaces: BTreeMap<i64, i64>,
}

impl Upgrade {
    /// From one release to another; they may be the same.
    pub fn new(from: Release, to: Release) -> Self {
        Self {
            from,
            to,
            namespaces: BTreeMap::new(),
        }
    }

    /// Whether this release lies between the two.
    pub fn crosses(&self, release: Release) -> bool {
        self.from < release && self.to >= release
    }

    /// Notes that a namespace has become a project.
    pub(super) fn became(&mut self, namespace: &str, project: &str) {
        let number = |what: &str| what.rsplit('/').next()?.parse().ok();
        if let (Some(namespace), Some(project)) = (number(namespace), number(project)) {
            self.namespaces.insert(namespace, project);
        }
    }

    /// Puts both into the words of the newest release.
    pub fn adapt(&self, then: &mut Record, now: &mut Record) {
        for (record, release) in [(&mut *then, self.from), (&mut *now, self.to)] {
            rename(record.kind(), &mut record.fields, release);
        }
        if self.crosses(PROJECTS) {
            self.move_out(then, now);
        }
        for (kind, field, since) in ADDED {
            if self.crosses(since) && now.kind() == kind && !then.fields.contains_key(field) {
                now.fields.remove(field);
            }
        }
        if self.crosses(VIEWS) {
            forgive_markup(&mut then.fields, &now.fields);
        }
    }

    /// Namespaces have become projects, with numbers and positions of their own, and hold what they held.
    fn move_out(&self, then: &mut Record, now: &mut Record) {
        let fields = &mut then.fields;
        match then.what.split('/').next() {
            Some("project") => {
                let parent = fields
                    .remove("namespace_id")
                    .and_then(|id| self.namespaces.get(&id.as_i64()?).copied());
                if let Some(parent) = parent {
                    fields.insert("parent_project_id".to_owned(), json!(parent));
                }
            }
            Some("namespace") => {
                let number = fields.get("id").and_then(Value::as_i64);
                let project = number.and_then(|id| self.namespaces.get(&id));
                if let Some(project) = project {
                    fields.insert("id".to_owned(), json!(project));
                }
                // It was made anew.
                fields.remove("created");
                now.fields.remove("created");
            }
            _ => {}
        }
    }
}

/// Renames what a release calls otherwise than the newest.
fn rename(kind: &str, fields: &mut Fields, release: Release) {
    if release < PROJECTS {
        rename_key(fields, "list_id", "project_id");
        if let Some(Value::Object(settings)) = fields.get_mut("settings") {
            rename_key(settings, "default_list_id", "default_project_id");
        }
        rename_key(fields, "reminder_dates", "reminders");
        if let Some(Value::Array(reminders)) = fields.get_mut("reminders") {
            for reminder in reminders {
                *reminder = json!({"reminder": reminder});
            }
        }
        // A task of a project without an identifier is «-7» there, later «#7».
        let number = fields
            .get("identifier")
            .and_then(Value::as_str)
            .and_then(|name| name.strip_prefix('-'))
            .map(|number| format!("#{number}"));
        if let Some(identifier) = number.filter(|_| kind == "task") {
            fields.insert("identifier".to_owned(), json!(identifier));
        }
    }
    if release < VIEWS {
        rename_key(fields, "kanban_position", "position");
        if kind == "bucket" {
            // Its view says it later.
            fields.remove("project_id");
        }
        if let Some(Value::Object(filters)) = fields.get_mut("filters") {
            write_expression(filters);
        }
    }
    if release < PERMISSIONS {
        rename_key(fields, "right", "permission");
        rename_key(fields, "oidc_id", "external_id");
        if kind == "view" {
            in_object(fields.get_mut("filter"));
            let buckets = fields.get_mut("bucket_configuration");
            for bucket in buckets.and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(bucket) = bucket {
                    rename_key(bucket, "Title", "title");
                    rename_key(bucket, "Filter", "filter");
                    in_object(bucket.get_mut("filter"));
                }
            }
        }
    }
}

fn rename_key(fields: &mut Fields, from: &str, to: &str) {
    if let Some(value) = fields.remove(from) {
        fields.insert(to.to_owned(), value);
    }
}

/// The filter of a view was a text, and is an object that holds it.
fn in_object(filter: Option<&mut Value>) {
    if let Some(filter) = filter
        && filter.is_string()
    {
        *filter = json!({"filter": filter});
    }
}

/// What a saved filter finds was three lists side by side, and is an expression.
fn write_expression(filters: &mut Map<String, Value>) {
    let mut texts = |name: &str| -> Vec<String> {
        let list = filters.remove(name).unwrap_or_default();
        let texts = list.as_array().into_iter().flatten();
        texts
            .map(|text| text.as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let (fields, values) = (texts("filter_by"), texts("filter_value"));
    let comparators = texts("filter_comparator");
    let concat = filters.remove("filter_concat").unwrap_or_default();
    // Without a word it is «or», as the server reads it.
    let join = if concat == "and" { " && " } else { " || " };
    let conditions: Vec<_> = fields
        .iter()
        .zip(&values)
        .enumerate()
        .map(|(at, (field, value))| {
            let operator = match comparators.get(at).map_or("equals", String::as_str) {
                "equals" => "=",
                "not_equals" => "!=",
                "greater" => ">",
                "greater_equals" => ">=",
                "less" => "<",
                "less_equals" => "<=",
                other => other,
            };
            let field = if field == "list_id" { "project" } else { field };
            format!("{field} {operator} {value}")
        })
        .collect();
    if !conditions.is_empty() {
        filters.insert("filter".to_owned(), json!(conditions.join(join)));
    }
}

/// Descriptions were Markdown and were converted to HTML: the same letters and figures are the same description.
fn forgive_markup(then: &mut Fields, now: &Fields) {
    for name in ["description", "comment"] {
        let (Some(was), Some(is)) = (then.get(name), now.get(name)) else {
            continue;
        };
        if is_html_of(
            was.as_str().unwrap_or_default(),
            is.as_str().unwrap_or_default(),
        ) {
            then.insert(name.to_owned(), is.clone());
        }
    }
}

fn is_html_of(markdown: &str, html: &str) -> bool {
    let mut is_tag = false;
    let mut words = String::new();
    for char in html.chars() {
        match char {
            '<' => is_tag = true,
            '>' if is_tag => is_tag = false,
            char if !is_tag => words.push(char),
            _ => {}
        }
    }
    for (entity, char) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        words = words.replace(entity, char);
    }
    let letters = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
    letters(markdown) == letters(&words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::differences;

    const OLD: Release = Release(0, 20, 4);
    const NEW: Release = Release(2, 5, 0);

    fn record(what: &str, fields: &Value) -> Record {
        Record {
            account: "alice".to_owned(),
            what: what.to_owned(),
            fields: fields.as_object().cloned().unwrap(),
        }
    }

    /// The names of the fields that differ after an upgrade.
    fn differ(upgrade: &Upgrade, what: (&str, &str), then: &Value, now: &Value) -> Vec<String> {
        let (mut then, mut now) = (record(what.0, then), record(what.1, now));
        upgrade.adapt(&mut then, &mut now);
        let found = differences(&then.fields, &now.fields);
        found.into_iter().map(|one| one.field).collect()
    }

    #[test]
    fn what_is_renamed_is_the_same() {
        let mut upgrade = Upgrade::new(OLD, NEW);
        upgrade.became("namespace/3", "project/6");
        for (what, then, now) in [
            (
                ("task/1", "task/1"),
                json!({"list_id": 2, "identifier": "-7", "reminder_dates": ["2030-01-01T00:00:00Z"]}),
                json!({"project_id": 2, "identifier": "#7", "reminders": [{"reminder": "2030-01-01T00:00:00Z"}]}),
            ),
            (
                ("project/2", "project/2"),
                json!({"namespace_id": 3, "description": "we *cook* & eat"}),
                json!({"parent_project_id": 6, "description": "<p>we <em>cook</em> &amp; eat</p>\n"}),
            ),
            (
                ("namespace/3", "project/6"),
                json!({"id": 3, "title": "Home", "created": "2029-01-01T00:00:00Z"}),
                json!({"id": 6, "title": "Home", "created": "2030-01-01T00:00:00Z"}),
            ),
            (
                ("project/2/user/2", "project/2/user/2"),
                json!({"right": 1}),
                json!({"permission": 1}),
            ),
            (
                ("filter/1", "filter/1"),
                json!({"filters": {"filter_by": ["done", "priority"], "filter_value": ["false", "3"],
                    "filter_comparator": ["equals", "greater"], "filter_concat": "and"}}),
                json!({"filters": {"filter": "done = false && priority > 3"}}),
            ),
            (
                ("task/1/board", "task/1/board"),
                json!({"bucket_id": 1, "kanban_position": 4}),
                json!({"bucket_id": 1, "position": 4}),
            ),
            (
                ("bucket/1", "bucket/1"),
                json!({"list_id": 2, "title": "Doing"}),
                json!({"project_view_id": 4, "title": "Doing"}),
            ),
        ] {
            assert_eq!(differ(&upgrade, what, &then, &now), [""; 0], "{what:?}");
        }
        let from = Upgrade::new(VIEWS, NEW);
        let view = ("view/1", "view/1");
        let then = json!({"filter": "done = false", "bucket_configuration": [{"Title": "a", "Filter": "b"}]});
        let now = json!({"filter": {"filter": "done = false"},
            "bucket_configuration": [{"title": "a", "filter": {"filter": "b"}}]});
        assert_eq!(differ(&from, view, &then, &now), [""; 0]);
    }

    #[test]
    fn what_an_upgrade_breaks_is_told_all_the_same() {
        let upgrade = Upgrade::new(OLD, NEW);
        let task = ("task/1", "task/1");
        for (then, now, field) in [
            (
                json!({"list_id": 2}),
                json!({"project_id": 3}),
                "project_id",
            ),
            (
                json!({"identifier": "-7"}),
                json!({"identifier": "#8"}),
                "identifier",
            ),
            (
                json!({"description": "abc"}),
                json!({"description": "<p>abd</p>"}),
                "description",
            ),
            (
                json!({"reminder_dates": ["2030-01-01T00:00:00Z"]}),
                json!({}),
                "reminders",
            ),
            (json!({"priority": 1}), json!({}), "priority"),
            (json!({"reactions": {"x": [1]}}), json!({}), "reactions.x"),
        ] {
            assert_eq!(differ(&upgrade, task, &then, &now), [field]);
        }
        // Seen on a real server: the upgrade turns «and» into «or».
        let then = json!({"filters": {"filter_by": ["done", "priority"], "filter_value": ["false", "3"],
            "filter_comparator": ["equals", "greater"], "filter_concat": "and"}});
        let now = json!({"filters": {"filter": "done = false || priority > 3"}});
        let found = differ(&upgrade, ("filter/1", "filter/1"), &then, &now);
        assert_eq!(found, ["filters.filter"]);
        // On one and the same release nothing is forgiven.
        let same = Upgrade::new(NEW, NEW);
        let then = json!({"description": "abc"});
        let now = json!({"description": "<p>abc</p>"});
        assert_eq!(differ(&same, task, &then, &now), ["description"]);
    }
}
