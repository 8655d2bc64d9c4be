//! Which fields differ.

use serde::Serialize;
use serde_json::Value;

use crate::snapshot::Fields;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Its name; of a field within a field, both: `settings.timezone`.
    pub field: String,
    /// What it was, shortened; nothing where it was not there.
    pub was: Option<String>,
    /// What it is.
    pub is: Option<String>,
}

/// The fields that differ, by name.
pub fn differences(then: &Fields, now: &Fields) -> Vec<Difference> {
    let mut found = Vec::new();
    collect("", then, now, &mut found);
    found
}

fn collect(beginning: &str, then: &Fields, now: &Fields, found: &mut Vec<Difference>) {
    let empty = Fields::new();
    let mut names: Vec<_> = then.keys().chain(now.keys()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let (was, is) = (then.get(name), now.get(name));
        if was == is {
            continue;
        }
        let field = format!("{beginning}{name}");
        let object = |value: Option<&Value>| match value {
            None => Some(empty.clone()),
            Some(value) => value.as_object().cloned(),
        };
        match (object(was), object(is)) {
            (Some(was), Some(is)) => collect(&format!("{field}."), &was, &is, found),
            _ => found.push(Difference {
                field,
                was: was.map(shown),
                is: is.map(shown),
            }),
        }
    }
}

/// Whether `updated` has gone on.
pub(super) fn is_later(then: &Fields, now: &Fields) -> bool {
    let updated = |fields: &Fields| {
        let text = fields.get("updated")?.as_str()?.to_owned();
        text.parse::<vikunja_sdk::model::Timestamp>().ok()
    };
    updated(then) < updated(now)
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => short(text),
        other => short(&other.to_string()),
    }
}

/// Longest text that is shown, in characters.
const SHOWN: usize = 80;

/// The beginning of a text.
pub(super) fn short(text: &str) -> String {
    let mut chars = text.chars();
    let mut beginning: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() {
        beginning.push('…');
    }
    beginning
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Fields {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn differences_are_named() {
        let then =
            json!({"title": "a", "gone": 1, "settings": {"zone": "x", "same": 1}, "list": [1, 2]});
        let now =
            json!({"title": "b", "new": true, "settings": {"zone": "y", "same": 1}, "list": [1]});
        let found = differences(&fields(&then), &fields(&now));
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.field.as_str(), one.was.as_deref(), one.is.as_deref()))
            .collect();
        assert_eq!(
            told,
            [
                ("gone", Some("1"), None),
                ("list", Some("[1,2]"), Some("[1]")),
                ("new", None, Some("true")),
                ("settings.zone", Some("x"), Some("y")),
                ("title", Some("a"), Some("b")),
            ]
        );
        assert!(differences(&fields(&then), &fields(&then)).is_empty());
    }

    #[test]
    fn who_edited_is_told_by_updated_only() {
        let at = |second: u32| fields(&json!({"updated": format!("2030-01-01T00:00:0{second}Z")}));
        assert!(is_later(&at(1), &at(2)));
        assert!(!is_later(&at(2), &at(2)) && !is_later(&at(2), &at(1)));
        assert!(!is_later(&Fields::new(), &Fields::new()));
    }
}
