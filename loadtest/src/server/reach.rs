//! Reaching a server: until it answers, and until it is known what it is.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use vikunja_sdk::{
    ReplyError, Session,
    ops::{self, Identified},
};

use super::Running;
use crate::{
    exit::Problem,
    line::{Line, LineError, Target},
};

/// A server that answers.
pub struct Reached {
    /// What it is.
    pub identified: Identified,
    /// A line to it, whose session knows the release.
    pub line: Line,
}

/// How often to look again.
pub const PAUSE: Duration = Duration::from_millis(100);

/// Longest that any server is waited for.
pub const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Asks what the server is, again and again until `wait` is over.
pub async fn reach(
    running: &mut Running,
    server: vikunja_sdk::Server,
    target: &Arc<Target>,
    patience: Duration,
    wait: Duration,
) -> Result<Reached, Problem> {
    let deadline = Instant::now() + wait.min(LONGEST_WAIT);
    let address = server.base().to_owned();
    let mut line = Line::new(Session::new(server), Arc::clone(target), patience);
    loop {
        match ops::identify(&mut line).await {
            Ok(identified) => {
                line.set_session(Session::new(identified.server.clone()));
                return Ok(Reached { identified, line });
            }
            Err(error) => {
                if let Some(ended) = running.ended() {
                    return Err(ended);
                }
                if Instant::now() > deadline || !may_come(&error) {
                    let problem = explain(&error, &address);
                    return Err(match error {
                        LineError::Broken(_) => problem.advise(
                            "a port that speaks TLS wants an address that begins with https://",
                        ),
                        _ => problem,
                    });
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether a server that starts up may answer so.
fn may_come(error: &LineError) -> bool {
    match error {
        LineError::Connect(..)
        | LineError::UnknownHost(..)
        | LineError::Broken(_)
        | LineError::TimeOut(_) => true,
        _ => error.status_code().is_some_and(|status| status >= 500),
    }
}

/// What went wrong on the way to the server, and what to do about it.
pub fn explain(error: &LineError, address: &str) -> Problem {
    let problem = Problem::new(format!("{address}: {error}"));
    match error {
        LineError::UnknownHost(..) => problem.advise("check the name in --url or VIKUNJA_URL"),
        LineError::Connect(..) => problem
            .advise("is the server running, and is this its port?")
            .advise("a server that is just starting: --wait 60s")
            .advise("no server at hand: leave --url and VIKUNJA_URL out, and a stand-in is used"),
        LineError::Tls(_) => problem
            .advise("a certificate of your own authority: --cacert FILE")
            .advise("a test server whose certificate does not matter: --insecure"),
        LineError::TimeOut(_) => {
            problem.advise("a slow server: --timeout 60s, or --wait 60s while it starts")
        }
        LineError::Reply(ReplyError::Decode(_)) => not_vikunja(address, &error.to_string()),
        LineError::Reply(ReplyError::Api(refusal)) => match &refusal.location {
            Some(location) => Problem::new(format!("{address} redirects to {location}")).advise(
                format!("use that address: --url {}", root_of(location, address)),
            ),
            None if error.status_code() == Some(404) => not_vikunja(address, &error.to_string()),
            None => problem,
        },
        _ => problem,
    }
}

fn not_vikunja(address: &str, why: &str) -> Problem {
    Problem::new(format!(
        "{address} is not a Vikunja server, or not its root: {why}"
    ))
    .advise("the right address answers JSON at <address>/api/v1/info")
}

/// The root of the server that a redirect points to.
fn root_of(location: &str, address: &str) -> String {
    let absolute = url::Url::parse(address)
        .and_then(|base| base.join(location))
        .map_or_else(|_| location.to_owned(), String::from);
    vikunja_sdk::Server::new(absolute.trim_end_matches("/info"))
        .map_or(absolute, |server| server.base().to_owned())
}
