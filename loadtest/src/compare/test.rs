//! Whether two sides were asked the same: else their figures say nothing of each other.

use super::SidePart;
use crate::exit::Problem;

/// Refuses two sides that were not asked the same, and names what differs.
pub fn same_test(a: &SidePart, b: &SidePart) -> Result<(), Problem> {
    refuse(&a.differences(b))
}

/// Refuses what differs: what, in A, in B.
pub(super) fn refuse(differences: &[(&str, String, String)]) -> Result<(), Problem> {
    if differences.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = differences
        .iter()
        .map(|(what, a, b)| format!("{what} ({a} and {b})"))
        .collect();
    Err(Problem::new(format!(
        "A and B were not asked the same, so their figures cannot be compared: {} differ",
        named.join(", ")
    ))
    .advise("give both the same account, data and flags"))
}

impl SidePart {
    /// What differs beside the server: what, in A, in B. What one of them does not know is no difference.
    pub(super) fn differences(&self, other: &Self) -> Vec<(&'static str, String, String)> {
        let known = |value: Option<&dyn ToString>| value.map(ToString::to_string);
        let (a, b) = (&self.scenario, &other.scenario);
        let numbers = |tasks: &Option<u64>| tasks.map(|tasks| tasks.to_string());
        let sqlite = |side: &Self| {
            let together = side.server.concurrent_writes?;
            Some(if together { "not SQLite" } else { "SQLite" }.to_owned())
        };
        [
            ("scenarios", known(Some(&a.name)), known(Some(&b.name))),
            (
                "credentials",
                known(Some(&self.server.credential)),
                known(Some(&other.server.credential)),
            ),
            (
                "tasks on a page",
                known(Some(&a.tasks_per_page)),
                known(Some(&b.tasks_per_page)),
            ),
            ("tasks", numbers(&a.tasks), numbers(&b.tasks)),
            ("what the accounts hold", a.state.clone(), b.state.clone()),
            ("databases", sqlite(self), sqlite(other)),
        ]
        .into_iter()
        .filter_map(|(what, a, b)| Some((what, a?, b?)))
        .filter(|(_, a, b)| a != b)
        .collect()
    }

    /// Whether replies must be as long as the other's: one release and API, and data of which it is known to be the same.
    pub fn has_the_replies_of(&self, other: &Self) -> bool {
        let (a, b) = (&self.scenario, &other.scenario);
        let same_data = if a.state.is_some() {
            a.state == b.state
        } else {
            a.seeded > 0 && a.seeded == b.seeded
        };
        same_data
            && self.server.release == other.server.release
            && self.server.api == other.server.api
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ScenarioPart, ServerPart};

    fn side() -> SidePart {
        SidePart {
            server: ServerPart {
                url: "http://127.0.0.1:1".to_owned(),
                kind: "vikunja".to_owned(),
                version: "v2.5.0".to_owned(),
                release: "2.5.0".to_owned(),
                api: "v2".to_owned(),
                credential: "user JWT".to_owned(),
                concurrent_writes: Some(false),
            },
            scenario: ScenarioPart {
                name: "list-tasks".to_owned(),
                checks: String::new(),
                tasks_per_page: 50,
                tasks: Some(100),
                state: None,
                seeded: 100,
                seed_repeats: 0,
            },
        }
    }

    #[test]
    fn what_differs_is_named() {
        let mut other = side();
        assert!(same_test(&side(), &other).is_ok());
        other.server.version = "v2.6.0".to_owned();
        other.server.concurrent_writes = None;
        assert!(
            same_test(&side(), &other).is_ok(),
            "that is what is compared"
        );
        other.server.credential = "API token".to_owned();
        other.scenario.tasks = Some(200);
        let problem = same_test(&side(), &other).unwrap_err().to_string();
        assert!(
            problem.contains("credentials (user JWT and API token), tasks (100 and 200) differ"),
            "{problem}"
        );
    }

    #[test]
    fn replies_are_as_long_where_data_and_release_are_the_same() {
        let given = |seeded, state: Option<&str>| {
            let mut side = side();
            side.scenario.seeded = seeded;
            side.scenario.state = state.map(ToOwned::to_owned);
            side
        };
        assert!(side().has_the_replies_of(&side()));
        assert!(!given(0, None).has_the_replies_of(&given(0, None)));
        assert!(given(0, Some("a")).has_the_replies_of(&given(0, Some("a"))));
        assert!(!given(0, Some("a")).has_the_replies_of(&given(0, Some("b"))));
        let mut newer = side();
        newer.server.release = "2.6.0".to_owned();
        assert!(!side().has_the_replies_of(&newer));
    }
}
