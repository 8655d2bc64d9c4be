//! One probe: what an operator's users wait for most, on one kept connection.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use vikunja_sdk::{Endpoint, Execute, Pending, Server, Session, auth::Token, info, ops, tasks};

use super::window::Sample;
use crate::line::{Body, Line, LineError, Target};

/// Sends probes.
pub(super) struct Prober {
    line: Line,
    token: Option<Token>,
    /// Whether the release is known, without which tasks cannot be listed.
    identified: bool,
}

impl Prober {
    /// For a server; nothing is sent.
    pub(super) fn new(
        server: Server,
        target: Arc<Target>,
        patience: Duration,
        token: Option<Token>,
    ) -> Self {
        Self {
            line: Line::new(Session::new(server), target, patience),
            token,
            identified: false,
        }
    }

    /// One probe. Reading the answer is not in its time, and an answer that cannot be read is a failure.
    pub(super) async fn probe(&mut self) -> Sample {
        let at = now();
        let mut micros = 0;
        let done = self.ask(&mut micros).await;
        Sample {
            at,
            micros,
            error: done.err().map(|error| error.class().to_string()),
        }
    }

    async fn ask(&mut self, micros: &mut u64) -> Result<(), LineError> {
        if let (Some(token), false) = (&self.token, self.identified) {
            // The one that finds out the release is slower than the others: it is not timed, and may fail.
            let token = token.clone();
            let started = Instant::now();
            let identified = ops::identify(&mut self.line).await;
            *micros = started.elapsed().as_micros() as u64;
            let session = Session::new(identified?.server);
            session.set_token(Some(token));
            self.line.set_session(session);
            self.identified = true;
        }
        if self.identified {
            self.send(&tasks::List::default(), micros).await
        } else {
            self.send(&info::Get, micros).await
        }
    }

    async fn send<E: Endpoint>(&mut self, what: &E, micros: &mut u64) -> Result<(), LineError> {
        let call = self.line.session().call(what)?;
        let read = |pending: &Pending<E>, answer: &_| pending.decode(answer).map(drop);
        let timed = self.line.timed(call, Body::Kept, read).await;
        *micros = timed.timing.last_byte.as_micros() as u64;
        timed.result
    }
}

/// Milliseconds of the Unix epoch.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
