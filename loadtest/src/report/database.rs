//! What the server's database did for a run, in results and for people.

use std::fmt::{self, Display};

use serde::{Deserialize, Serialize};

use crate::store::Statements;

/// Statements of one run, without those of this program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatabasePart {
    /// Which database.
    pub name: String,
    /// Requests that were sent between the two readings: those of the warm-up, the ramp and the drain, too.
    pub requests: u64,
    /// SQL statements, with those that begin and end transactions.
    pub statements: u64,
    /// Of one request.
    pub statements_per_request: f64,
    /// Time that the database was busy with them.
    pub milliseconds: f64,
    /// Of one request.
    pub milliseconds_per_request: f64,
}

impl DatabasePart {
    /// What was counted between two readings; else why that is not known.
    pub fn between(
        name: String,
        before: &Statements,
        after: &Statements,
        requests: u64,
    ) -> Result<Self, String> {
        if before.epoch != after.epoch {
            return Err(format!(
                "{name}: its statistics were reset meanwhile, or some of them forgotten (pg_stat_statements.max)"
            ));
        }
        let statements = after.calls - before.calls;
        if statements <= 0.0 {
            return Err(format!(
                "{name}: no statement was counted: is it this server's database?"
            ));
        }
        let milliseconds = after.millis - before.millis;
        let each = requests.max(1) as f64;
        Ok(Self {
            name,
            requests,
            statements: statements as u64,
            statements_per_request: statements / each,
            milliseconds,
            milliseconds_per_request: milliseconds / each,
        })
    }
}

impl Display for DatabasePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {:.1} SQL statements and {:.2} ms per request",
            self.name, self.statements_per_request, self.milliseconds_per_request
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(calls: f64, millis: f64, epoch: &str) -> Statements {
        Statements {
            calls,
            millis,
            epoch: epoch.to_owned(),
        }
    }

    #[test]
    fn statements_are_told_per_request_or_not_at_all() {
        let between = |before, after| {
            DatabasePart::between("PostgreSQL h:5432/v".to_owned(), &before, &after, 10)
        };
        let part = between(counted(100.0, 7.0, "1"), counted(150.0, 12.0, "1")).unwrap();
        assert_eq!((part.statements, part.requests), (50, 10));
        assert_eq!(
            part.to_string(),
            "PostgreSQL h:5432/v: 5.0 SQL statements and 0.50 ms per request"
        );
        for (before, after, why) in [
            (counted(1.0, 1.0, "1"), counted(2.0, 2.0, "2"), "reset"),
            (
                counted(1.0, 1.0, "1"),
                counted(1.0, 1.0, "1"),
                "this server's database",
            ),
        ] {
            let error = between(before, after).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
