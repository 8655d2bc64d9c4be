//! How much is made, and what is drawn.

use std::time::Duration;

use clap::Args;
use serde::{Deserialize, Serialize};
use vikunja_sdk::{model::Timestamp, tasks};

use crate::scenario::Chance;

/// What `seed` makes. The defaults are those of the official load test.
#[derive(Args, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[command(next_help_heading = "How much")]
pub struct Shape {
    /// Accounts
    #[arg(long, value_name = "N", default_value_t = 100, env = "LOADTEST_SEED_USERS", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub users: u64,
    /// Projects of each account; the last one is a child of the first
    #[arg(long, value_name = "N", default_value_t = 6, env = "LOADTEST_SEED_PROJECTS", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub projects: u64,
    /// Tasks in each project
    #[arg(long, value_name = "N", default_value_t = 80, env = "LOADTEST_SEED_TASKS_EACH", value_parser = clap::value_parser!(u64).range(..=100_000))]
    pub tasks: u64,
    /// Labels of each account; one is on every fourth task
    #[arg(long, value_name = "N", default_value_t = 6, env = "LOADTEST_SEED_LABELS", value_parser = clap::value_parser!(u64).range(..=1000))]
    pub labels: u64,
    /// Percent of the tasks that have a comment
    #[arg(long, value_name = "PERCENT", default_value_t = 10, env = "LOADTEST_SEED_COMMENTS", value_parser = clap::value_parser!(u64).range(..=100))]
    pub comments: u64,
    /// People in each team, who share the first project of its first member; 0 makes no teams
    #[arg(long, value_name = "N", default_value_t = 5, env = "LOADTEST_SEED_TEAMS", value_parser = clap::value_parser!(u64).range(..=1000))]
    pub teams: u64,
    /// Saved filters of each account
    #[arg(long, value_name = "N", default_value_t = 1, env = "LOADTEST_SEED_FILTERS", value_parser = clap::value_parser!(u64).range(..=100))]
    pub filters: u64,
    /// API tokens of each account (0.22+), which bots use
    #[arg(long, value_name = "N", default_value_t = 1, env = "LOADTEST_SEED_TOKENS", value_parser = clap::value_parser!(u64).range(..=1))]
    pub tokens: u64,
    /// What the names of the accounts begin with
    #[arg(long, value_name = "NAME", default_value = "perf", env = "LOADTEST_SEED_PREFIX", value_parser = prefix)]
    pub prefix: String,
    /// Where everything random comes from
    #[arg(long, value_name = "N", default_value_t = 1, env = "LOADTEST_SEED")]
    pub seed: u64,
}

/// Names that every release takes.
fn prefix(text: &str) -> Result<String, String> {
    let fits = (2..=30).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    fits.then(|| text.to_owned())
        .ok_or_else(|| "expected 2 to 30 characters a-z and 0-9, a letter first".to_owned())
}

/// A task before it is made.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// What it is.
    pub fields: tasks::Fields,
    /// Its title.
    pub title: String,
    /// The label on it, by its number among those of the account.
    pub label: Option<u64>,
    /// What is said about it.
    pub comment: Option<String>,
}

const PHRASES: [&str; 12] = [
    "Answer the letter of",
    "Book a room for",
    "Call back number",
    "Check the invoice",
    "Clean up drawer",
    "Draft chapter",
    "Fix the report about",
    "Order part",
    "Plan the visit to",
    "Read the minutes of",
    "Repair device",
    "Write a summary of",
];

const PRIORITIES: [i64; 8] = [0, 0, 0, 1, 2, 3, 4, 5];

const DAY: u64 = 24 * 3600;

impl Shape {
    /// The name of an account, from 0.
    pub fn username(&self, account: u64) -> String {
        format!("{}{}", self.prefix, account + 1)
    }

    /// A task, always the same for the same numbers but for its dates, which count from `today`.
    pub fn task(&self, account: u64, project: u64, number: u64, today: Timestamp) -> Drawn {
        let path = [account, project, number];
        let seed = path.iter().fold(self.seed, |seed, part| {
            Chance::from(seed ^ part.wrapping_add(1).rotate_left(32)).below(u64::MAX)
        });
        let mut chance = Chance::from(seed);
        let phrase = chance.one_of(&PHRASES).copied().unwrap_or_default();
        let title = format!("{phrase} {}", chance.below(10_000));
        let day = |days: u64| Duration::from_secs(days * DAY);
        let mut fields = tasks::Fields {
            title: title.clone().into(),
            priority: chance
                .one_of(&PRIORITIES)
                .copied()
                .unwrap_or_default()
                .into(),
            done: chance.percent(30).into(),
            ..tasks::Fields::default()
        };
        if chance.percent(40) {
            let text = format!("<p>About {title}: what was said last time still holds.</p>");
            fields.description = text.into();
        }
        match chance.below(100) {
            0..55 => {}
            55..70 => fields.due_date = (today - day(1 + chance.below(60))).into(),
            _ => fields.due_date = (today + day(chance.below(91))).into(),
        }
        if chance.percent(15) {
            let start = today + day(chance.below(51)) - day(10);
            fields.start_date = start.into();
            fields.end_date = (start + day(1 + chance.below(14))).into();
        }
        let label = chance.percent(25).then(|| chance.below(self.labels));
        let comment = chance
            .percent(self.comments)
            .then(|| format!("<p>Nothing new, {} so far.</p>", chance.below(100)));
        Drawn {
            fields,
            title,
            label: label.filter(|_| self.labels > 0),
            comment,
        }
    }

    /// The members of the team that an account leads: none unless it is the first of its group.
    pub fn members(&self, account: u64) -> std::ops::Range<u64> {
        match account.checked_rem(self.teams) {
            Some(0) => account + 1..(account + self.teams).min(self.users),
            _ => 0..0,
        }
    }

    /// How many things one account gets, tasks and all.
    pub fn things(&self, account: u64, today: Timestamp) -> u64 {
        let tasks = (0..self.projects).flat_map(|project| {
            (0..self.tasks).map(move |number| self.task(account, project, number, today))
        });
        let in_tasks: u64 = tasks
            .map(|drawn| 1 + u64::from(drawn.label.is_some()) + u64::from(drawn.comment.is_some()))
            .sum();
        self.labels + self.projects + self.filters + in_tasks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        Shape {
            users: 12,
            projects: 6,
            tasks: 80,
            labels: 6,
            comments: 10,
            teams: 5,
            filters: 1,
            tokens: 1,
            prefix: "perf".to_owned(),
            seed: 1,
        }
    }

    #[test]
    fn tasks_are_drawn_as_in_the_official_load_test() {
        let shape = shape();
        let today = Timestamp::from_unix_seconds(1_900_000_000);
        let tasks: Vec<Drawn> = (0..20)
            .flat_map(|account| (0..1000).map(move |number| (account, number)))
            .map(|(account, number)| shape.task(account, 0, number, today))
            .collect();
        let percent = |is: &dyn Fn(&Drawn) -> bool| {
            100.0 * tasks.iter().filter(|task| is(task)).count() as f64 / tasks.len() as f64
        };
        let due = |drawn: &Drawn| drawn.fields.due_date.value().copied();
        for (what, expected, got) in [
            (
                "done",
                30.0,
                percent(&|it| it.fields.done.value() == Some(&true)),
            ),
            (
                "described",
                40.0,
                percent(&|it| !it.fields.description.is_keep()),
            ),
            ("without due date", 55.0, percent(&|it| due(it).is_none())),
            (
                "overdue",
                15.0,
                percent(&|it| due(it).is_some_and(|due| due < today)),
            ),
            (
                "due",
                30.0,
                percent(&|it| due(it).is_some_and(|due| due >= today)),
            ),
            (
                "with dates",
                15.0,
                percent(&|it| !it.fields.start_date.is_keep()),
            ),
            ("labelled", 25.0, percent(&|it| it.label.is_some())),
            ("commented", 10.0, percent(&|it| it.comment.is_some())),
            (
                "without priority",
                37.5,
                percent(&|it| it.fields.priority.value() == Some(&0)),
            ),
        ] {
            // Three standard deviations of 20,000 draws are 1 % at most.
            assert!(
                (got - expected).abs() < 1.1,
                "{what}: {got} %, expected {expected} %"
            );
        }
        assert!(
            tasks
                .iter()
                .all(|it| it.label.is_none_or(|label| label < 6))
        );
        let again = shape.task(3, 0, 7, today);
        assert_eq!(again.title, tasks[3007].title);
    }

    #[test]
    fn teams_are_groups_that_the_first_leads() {
        let shape = shape();
        assert_eq!(shape.members(0), 1..5);
        assert!(shape.members(1).is_empty());
        assert_eq!(shape.members(10), 11..12);
        let none = Shape { teams: 0, ..shape };
        assert!(none.members(0).is_empty());
    }

    #[test]
    fn prefixes_are_names_that_every_release_takes() {
        assert!(prefix("perf").is_ok());
        for bad in ["p", "Perf", "9perf", "perf-", ""] {
            assert!(prefix(bad).is_err(), "{bad}");
        }
    }
}
