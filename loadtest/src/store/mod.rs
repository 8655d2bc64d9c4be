//! The database and the cache behind a server: what they count, read on a connection of our own that ends with the
//! reading. Neither is changed.

mod postgres;
mod redis;

use std::{future::Future, time::Duration};

pub use postgres::{Postgres, PostgresReading, Statements};
pub use redis::{Counts, Redis, RedisReading};

/// Longest wait for a reading.
const PATIENCE: Duration = Duration::from_secs(5);

/// A reading, or why there is none: which place, and what it said.
async fn in_time<T>(
    place: &str,
    reading: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(done) => done.map_err(|error| format!("{place}: {error}")),
        Err(_) => Err(format!("{place}: no answer in {} s", PATIENCE.as_secs())),
    }
}
