//! What the keys of bodies are called: 0.20 has lists and dates of reminders where later releases have projects
//! and reminders. Models and handlers know the later names alone.

use serde_json::{Map, Value};

/// How a release spells what the models call otherwise.
#[derive(Debug)]
pub(crate) struct Spelling {
    /// The models' name and the release's.
    renamed: &'static [(&'static str, &'static str)],
    /// Keys that the release does not have.
    absent: &'static [&'static str],
}

/// 0.20's.
pub(crate) static LISTS: Spelling = Spelling {
    renamed: &[
        ("project_id", "list_id"),
        ("default_project_id", "default_list_id"),
        (REMINDERS, "reminder_dates"),
    ],
    absent: &[
        "parent_project_id",
        "views",
        "reactions",
        "filter",
        "frontend_settings",
    ],
};

/// Objects with a `reminder` each, where the release has the bare times.
const REMINDERS: &str = "reminders";
const REMINDER: &str = "reminder";

/// What every task has, even one that is not stored.
const KANBAN_POSITION: &str = "kanban_position";

impl Spelling {
    /// The release's name of a key or field.
    pub(crate) fn name(&self, own: &'static str) -> &'static str {
        let renamed = self.renamed.iter().find(|(model, _)| *model == own);
        renamed.map_or(own, |(_, theirs)| theirs)
    }

    /// The models' name for what the release calls so; none for a name that it does not have.
    pub(crate) fn meant<'a>(&self, theirs: &'a str) -> Option<&'a str> {
        if let Some((own, _)) = self.renamed.iter().find(|(_, name)| *name == theirs) {
            return Some(own);
        }
        let unknown =
            self.absent.contains(&theirs) || self.renamed.iter().any(|(own, _)| *own == theirs);
        (!unknown).then_some(theirs)
    }

    /// A body as the release sends it.
    pub(crate) fn outward(&self, body: Value) -> Value {
        match body {
            Value::Array(items) => items.into_iter().map(|item| self.outward(item)).collect(),
            Value::Object(object) => Value::Object(self.object_outward(object)),
            other => other,
        }
    }

    fn object_outward(&self, object: Map<String, Value>) -> Map<String, Value> {
        // A task outside of a project with an identifier: `-3` instead of `#3`.
        let bare = object.get("index").map(|index| format!("#{index}"));
        let kept = object
            .into_iter()
            .filter(|(key, _)| !self.absent.contains(&key.as_str()));
        let spelled = kept.map(|(key, value)| {
            let value = match key.as_str() {
                REMINDERS => bare_times(value),
                "identifier" if value.as_str() == bare.as_deref() => {
                    bare.as_deref().unwrap_or_default().replace('#', "-").into()
                }
                _ => self.outward(value),
            };
            let renamed = self.renamed.iter().find(|(own, _)| *own == key);
            (
                renamed.map_or(key, |(_, theirs)| (*theirs).to_owned()),
                value,
            )
        });
        let mut spelled: Map<String, Value> = spelled.collect();
        if bare.is_some() {
            // A task that nobody has given a place.
            spelled.entry(KANBAN_POSITION).or_insert_with(|| 0.into());
        }
        spelled
    }

    /// A received body as the models read it: names that the release does not know are left out.
    pub(crate) fn inward(&self, body: Map<String, Value>) -> Map<String, Value> {
        let meant = body.into_iter().filter_map(|(key, value)| {
            let own = self.meant(&key)?;
            let value = if own == REMINDERS {
                with_times(value)
            } else {
                self.inside_inward(value)
            };
            Some((own.to_owned(), value))
        });
        meant.collect()
    }

    /// Objects within a body: related tasks, say.
    fn inside_inward(&self, value: Value) -> Value {
        match value {
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.inside_inward(item))
                .collect(),
            Value::Object(object) => Value::Object(self.inward(object)),
            other => other,
        }
    }
}

fn bare_times(reminders: Value) -> Value {
    let Value::Array(reminders) = reminders else {
        return reminders;
    };
    let time = |mut reminder: Value| reminder[REMINDER].take();
    reminders.into_iter().map(time).collect()
}

fn with_times(times: Value) -> Value {
    let Value::Array(times) = times else {
        return times;
    };
    let reminder = |time: Value| Value::Object(Map::from_iter([(REMINDER.to_owned(), time)]));
    times.into_iter().map(reminder).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_task_goes_out_and_comes_in() {
        let task = json!({
            "id": 1, "project_id": 2, "index": 3, "identifier": "#3", "reactions": null,
            "reminders": [{"reminder": "2031-03-01T07:30:00Z", "relative_period": 0, "relative_to": ""}],
            "related_tasks": {"subtask": [{"index": 4, "identifier": "#3-4", "project_id": 2, "reminders": null}]},
        });
        let shown = json!({
            "id": 1, "list_id": 2, "index": 3, "identifier": "-3", "kanban_position": 0,
            "reminder_dates": ["2031-03-01T07:30:00Z"],
            "related_tasks": {"subtask": [{"index": 4, "identifier": "#3-4", "list_id": 2, "reminder_dates": null,
                "kanban_position": 0}]},
        });
        assert_eq!(LISTS.outward(task), shown);
        let sent =
            json!({"list_id": 2, "project_id": 9, "reminder_dates": ["2031-03-01T07:30:00Z"]});
        let read = json!({"project_id": 2, "reminders": [{"reminder": "2031-03-01T07:30:00Z"}]});
        let Value::Object(sent) = sent else {
            unreachable!("an object")
        };
        assert_eq!(Value::Object(LISTS.inward(sent)), read);
    }

    #[test]
    fn later_names_mean_nothing() {
        assert_eq!(LISTS.meant("list_id"), Some("project_id"));
        assert_eq!(LISTS.meant("priority"), Some("priority"));
        assert_eq!(LISTS.meant("project_id"), None);
        assert_eq!(LISTS.name("project_id"), "list_id");
    }
}
