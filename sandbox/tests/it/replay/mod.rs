//! Recorded exchanges of real servers, played against the sandbox from top to bottom.

mod compare;
mod notifications;
pub(crate) mod player;
mod rules;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use player::{Played, Player};

#[test]
fn release_0_20() {
    check("0.20", "0.20.4", "v1");
}

#[test]
fn release_0_24() {
    check("0.24", "0.24.1", "v1");
}

#[test]
fn release_1_0() {
    check("1.0", "1.0.0", "v1");
}

#[test]
fn release_2_5_v1() {
    check("2.5", "2.5.0", "v1");
}

#[test]
fn release_2_5_v2() {
    check("2.5", "2.5.0", "v2");
}

/// What came of the lines of one file.
#[derive(Default)]
struct Tally {
    replayed: usize,
    agreed: usize,
    skipped: BTreeMap<String, usize>,
    excused: BTreeMap<&'static str, usize>,
    differing: Vec<String>,
}

impl Tally {
    fn count(&mut self, played: Played) {
        match played {
            Played::Skipped(why) => *self.skipped.entry(why).or_default() += 1,
            Played::Agreed => {
                self.replayed += 1;
                self.agreed += 1;
            }
            Played::Excused(why) => {
                self.replayed += 1;
                for rule in why {
                    *self.excused.entry(rule).or_default() += 1;
                }
            }
            Played::Differs(how) => {
                self.replayed += 1;
                self.differing.push(how);
            }
        }
    }
}

fn check(release: &str, file: &str, api: &str) {
    let lines = recorded(file, api);
    // The recording's main server, and two with other settings.
    let servers = [
        (Value::Null, Sandbox::with(release).expect("a sandbox")),
        (
            json!("short-lived-tokens"),
            Sandbox::with(&format!("{release},token-life=1s")).expect("a sandbox"),
        ),
        (
            json!("rate-limited"),
            Sandbox::with(&format!("{release},limit=5,login-limit=5")).expect("a sandbox"),
        ),
    ];
    let mut players = servers
        .each_ref()
        .map(|(name, sandbox)| (name, Player::new(sandbox)));
    let mut tally = Tally::default();
    for (number, line) in &lines {
        let (_, player) = players
            .iter_mut()
            .find(|(name, _)| **name == line["server"])
            .expect("a known server");
        tally.count(player.play(*number, line));
    }
    println!(
        "{release} {api}: replayed {} agreed {} skipped {}",
        tally.replayed,
        tally.agreed,
        tally.skipped.values().sum::<usize>()
    );
    for (rule, count) in &tally.excused {
        println!("  excused {count}: {rule}");
    }
    for (why, count) in &tally.skipped {
        println!("  skipped {count}: {why}");
    }
    assert!(
        tally.differing.is_empty(),
        "{} differ:\n{}",
        tally.differing.len(),
        tally.differing.join("\n")
    );
    assert!(
        tally.replayed * 100 >= lines.len() * 99,
        "only {} of {} lines could be replayed",
        tally.replayed,
        lines.len()
    );
}

/// The lines of a file that call this API, with their numbers.
pub(crate) fn recorded(file: &str, api: &str) -> Vec<(usize, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/wire/{file}.jsonl"));
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    (1..)
        .zip(lines)
        .filter(|(_, line)| line["api"] == api)
        .collect()
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(300).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
