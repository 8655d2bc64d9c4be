//! What may differ, and why. A rule stands for a fact about the server or the recording, not for work that is left.

use serde_json::Value;

use super::compare::Difference;
use super::text;

/// A kind of difference that is accepted.
pub(crate) struct Rule {
    /// What it excuses, in words.
    pub(crate) name: &'static str,
    /// Whether it covers a difference of a recorded line.
    covers: fn(&Value, &Difference) -> bool,
}

/// At most fifteen.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        // «Two recordings of each release were compared …»
        name: "order that the server does not keep (README of the recordings)",
        covers: |line, difference| {
            // The views of a copied project are made in any order.
            let is_view_id =
                difference.place.contains(".views[") && difference.place.ends_with("].id");
            difference.place.starts_with("order of ")
                && matches!(
                    text(&line["op"]),
                    "user.timezones"
                        | "teams.read_one"
                        | "teams.read_all"
                        | "project_teams.read_all"
                        | "reactions.read_all"
                        | "projects.duplicate"
                )
                || is_view_id && text(&line["op"]) == "projects.duplicate"
        },
    },
    Rule {
        // «Number, order and ids of notifications …»
        name: "how many notifications there are, and their ids (README of the recordings)",
        covers: |line, difference| match text(&line["op"]) {
            "notifications.read_all" => {
                let counts = ["header x-pagination-", ".total"];
                counts.iter().any(|count| difference.place.starts_with(count))
                    // Another one is the newest.
                    || text(&line["case"]) == "success_paged"
            }
            "notifications.update" => difference.place == ".id",
            _ => false,
        },
    },
    Rule {
        name: "where 0.20 tells of an assignment before the task stands on its board (recording: 0.20.4, notifications.read_all)",
        covers: |line, difference| {
            text(&line["op"]) == "notifications.read_all"
                && difference.place.ends_with(".kanban_position")
        },
    },
    Rule {
        name: "a hash of the picture's colours (README of the sandbox: it has none)",
        covers: |_, difference| difference.place.ends_with(".background_blur_hash"),
    },
];

/// The rule that covers a difference.
pub(crate) fn excuse(line: &Value, difference: &Difference) -> Option<&'static str> {
    let rule = RULES.iter().find(|rule| (rule.covers)(line, difference));
    rule.map(|rule| rule.name)
}

#[test]
fn the_rules_stay_few() {
    assert!(RULES.len() <= 15, "{} rules", RULES.len());
}
