//! Sessions that outlive their tokens: from Vikunja 2.0 a JWT lives ten minutes.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use vikunja_sdk::{Failure, Session, ops};

use crate::{
    line::{Line, Target},
    plan::Plan,
    progress::say,
};

/// How often to look whether a token is about to end.
const LOOK: Duration = Duration::from_secs(1);
/// How long a session is left alone when renewing it has failed.
const LATER: Duration = Duration::from_secs(10);

/// Renews what is about to end, one after the other and on connections of its own: users never wait for it, and no figure
/// holds it. Never returns.
pub async fn keep(sessions: &[Session], target: &Arc<Target>, patience: Duration) {
    loop {
        tokio::time::sleep(LOOK).await;
        for session in sessions {
            if session.is_renewal_due() {
                renew(session, target, patience).await;
            }
        }
    }
}

async fn renew(session: &Session, target: &Arc<Target>, patience: Duration) {
    let generation = session.generation();
    let mut line = Line::new(session.clone(), Arc::clone(target), patience);
    let Err(error) = ops::renew(&mut line).await else {
        return;
    };
    say(&format!("warning: a session could not be renewed: {error}"));
    if error.is_unauthorized() {
        session.stop_renewing(generation);
    } else {
        session.postpone_renewal(LATER);
    }
}

/// Says when tokens end before the run does, and nothing renews them.
pub fn warn(sessions: &[Session], plan: &Plan) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let lasts = plan.ramp + plan.lasts().unwrap_or_default();
    let ends = sessions
        .iter()
        .filter(|session| session.renewal().is_none())
        .filter_map(|session| session.token()?.expires())
        .min();
    if let Some(left) = ends.and_then(|end| end.checked_sub(now))
        && left < lasts.as_secs()
    {
        say(&format!(
            "warning: the JWT ends in {left} s, before the run does, and nothing renews it; give VIKUNJA_USERNAME and VIKUNJA_PASSWORD, or an API token"
        ));
    }
}
