//! The server, in results and for people.

use vikunja_sdk::{Execute, ops::Identified};

use super::ServerPart;
use crate::line::Line;

impl ServerPart {
    /// What was found out of it.
    pub fn of(identified: &Identified, line: &Line) -> Self {
        let server = &identified.server;
        Self {
            url: server.base().to_owned(),
            kind: if line.sandbox.is_some() {
                "sandbox"
            } else {
                "vikunja"
            }
            .to_owned(),
            version: server.version.clone(),
            release: server.release.to_string(),
            api: String::new(),
            credential: line
                .session()
                .token_kind()
                .map_or_else(|| "no token".to_owned(), |kind| kind.to_string()),
            concurrent_writes: server.concurrent_writes,
        }
    }

    /// What it is, for people. The stand-in is never passed off as Vikunja.
    pub fn name(&self) -> String {
        let api = match self.api.as_str() {
            "" => String::new(),
            api => format!(", API {api}"),
        };
        match self.kind.as_str() {
            "sandbox" => format!("sandbox of {} (not a Vikunja server){api}", self.version),
            _ => format!("Vikunja {}{api}", self.version),
        }
    }
}
