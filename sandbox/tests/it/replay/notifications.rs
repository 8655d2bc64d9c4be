//! Notifications in recordings: written after the answer, and lost where the database is locked. Their number, order and
//! ids say nothing (README of the recordings); that each recorded one is among the sandbox's, and what it says, does.

use std::collections::BTreeMap;

use serde_json::Value;

use super::compare::count_differences;
use super::text;
use crate::http::Answer;

/// The sandbox's ids by the recorded ones.
#[derive(Debug, Default)]
pub(crate) struct Ids(BTreeMap<String, String>);

impl Ids {
    /// The path of a request about one notification, with the sandbox's id.
    pub(crate) fn own_path(&self, path: String) -> String {
        match path.rsplit_once("/notifications/") {
            Some((start, id)) => {
                let own = self.0.get(id).map_or(id, String::as_str);
                format!("{start}/notifications/{own}")
            }
            None => path,
        }
    }

    /// The answer with the recorded feed's time and address, and without its entries.
    pub(crate) fn align_feed(recorded: &Value, answer: Answer) -> Answer {
        let was = text(&recorded["body"]);
        let mut body = answer.body.clone();
        while let (Some(start), Some(end)) = (body.find("  <entry>"), body.find("</entry>\n")) {
            body.replace_range(start..end + "</entry>\n".len(), "");
        }
        for (start, end) in [
            ("<updated>", "</updated>"),
            ("<id>", "/feeds"),
            ("href=\"", "/feeds"),
        ] {
            if let (Some(was), Some(is)) = (between(was, start, end), between(&body, start, end)) {
                body = body.replace(&is.to_owned(), was);
            }
        }
        Answer { body, ..answer }
    }

    /// The answer with the recorded notifications taken out of its list, in their order and under their ids.
    pub(crate) fn align(&mut self, recorded: &Value, answer: Answer) -> Answer {
        let (Ok(was), Ok(mut is)) = (
            serde_json::from_str::<Value>(text(&recorded["body"])),
            serde_json::from_str::<Value>(&answer.body),
        ) else {
            return answer;
        };
        let items = |list: &Value| {
            let items = list.get("items").unwrap_or(list);
            items.as_array().cloned().unwrap_or_default()
        };
        let (mut left, mut aligned) = (items(&is), Vec::new());
        for recorded in items(&was) {
            let nearest = (0..left.len())
                .filter(|place| left[*place]["name"] == recorded["name"])
                .min_by_key(|place| count_differences(&recorded, &left[*place]));
            let Some(place) = nearest else { continue };
            let mut own = left.swap_remove(place);
            self.0
                .insert(recorded["id"].to_string(), own["id"].to_string());
            own["id"] = recorded["id"].clone();
            aligned.push(own);
        }
        match is.get_mut("items") {
            Some(items) => *items = aligned.into(),
            None => is = aligned.into(),
        }
        Answer {
            body: is.to_string(),
            ..answer
        }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    Some(text.split_once(start)?.1.split_once(end)?.0)
}
