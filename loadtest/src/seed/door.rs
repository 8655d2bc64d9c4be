//! Logging in and registering many accounts: servers limit both by address.

use std::time::Duration;

use vikunja_sdk::{Endpoint, Execute, Failure, Output};

use crate::progress::say;

/// How often a write on a locked SQLite file is tried again (2.x: 500, and nothing stored).
const LOCKED_TRIES: u32 = 12;

/// Sends what the SDK never repeats by itself. Waits where a rate limiter says for how long, and says so once.
pub async fn knock<X: Execute, E: Endpoint>(
    executor: &mut X,
    endpoint: &E,
) -> Result<Output<E>, X::Error> {
    let mut is_told = false;
    let mut locked = 0;
    loop {
        let error = match executor.execute(endpoint).await {
            Ok(output) => return Ok(output),
            Err(error) => error,
        };
        let is_locked = error.status().is_some_and(|status| status == 500) && locked < LOCKED_TRIES;
        let pause = match error.retry_after() {
            Some(pause) => {
                if !std::mem::replace(&mut is_told, true) {
                    say(&format!(
                        "log-ins and registrations are limited by address: waiting {} s (VIKUNJA_RATELIMIT_NOAUTHLIMIT raises it)",
                        pause.as_secs()
                    ));
                }
                pause
            }
            None if is_locked => {
                locked += 1;
                Duration::from_millis(50)
            }
            None => return Err(error),
        };
        tokio::time::sleep(pause).await;
    }
}
