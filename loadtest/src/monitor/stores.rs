//! The database and the cache behind the server. Their counters run since they were started; what is told is what was
//! counted within the window.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use super::metric::{
    POSTGRES_CACHE, POSTGRES_CONNECTIONS, POSTGRES_QUERY, POSTGRES_SIZE, REDIS_COMMANDS,
    REDIS_EVICTIONS, REDIS_HITS, REDIS_MEMORY, Reading,
};
use crate::store::{Postgres, PostgresReading, Redis, RedisReading};

/// What is watched.
pub(super) struct Stores {
    pub(super) postgres: Option<Postgres>,
    pub(super) redis: Option<Redis>,
}

/// Their counters, from run to run.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Trails {
    /// Calls and milliseconds.
    statements: Trail,
    /// Hits and misses.
    blocks: Trail,
    /// Hits and misses.
    lookups: Trail,
    /// Evicted keys and commands.
    work: Trail,
}

/// Two counters at moments in milliseconds of the Unix epoch.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Trail(VecDeque<(u64, [f64; 2])>);

impl Trail {
    /// Adds what was read, and tells by how much the two rose within the window, and in how many seconds.
    fn add(&mut self, now: u64, counters: [f64; 2], window: Duration) -> ([f64; 2], f64) {
        if let Some((_, last)) = self.0.back()
            && (counters[0] < last[0] || counters[1] < last[1])
        {
            // Counting began anew.
            self.0.clear();
        }
        self.0.push_back((now, counters));
        let window = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        let oldest = now.saturating_sub(window);
        // The last one before the window is where it begins.
        while self.0.get(1).is_some_and(|(at, _)| *at <= oldest) {
            self.0.pop_front();
        }
        let (at, first) = self.0.front().copied().unwrap_or((now, counters));
        let rise = [counters[0] - first[0], counters[1] - first[1]];
        (rise, now.saturating_sub(at) as f64 / 1e3)
    }
}

/// In percent; `None` of nothing.
fn share([of, others]: [f64; 2]) -> Option<f64> {
    let all = of + others;
    (all > 0.0).then(|| 100.0 * of / all)
}

impl Stores {
    /// Reads them now. A mean of nothing is no figure: it is left out.
    pub(super) async fn read(
        &self,
        trails: &mut Trails,
        now: u64,
        window: Duration,
    ) -> Vec<Reading> {
        let mut readings = Vec::new();
        if let Some(postgres) = &self.postgres {
            let read = postgres.read().await;
            readings.extend(of_postgres(read, trails, now, window));
        }
        if let Some(redis) = &self.redis {
            let read = redis.read().await;
            readings.extend(of_redis(&read, trails, now, window));
        }
        readings
    }
}

fn of_postgres(
    read: Result<PostgresReading, String>,
    trails: &mut Trails,
    now: u64,
    window: Duration,
) -> Vec<Reading> {
    let read = match read {
        Ok(read) => read,
        Err(why) => {
            let all = [
                &POSTGRES_QUERY,
                &POSTGRES_CACHE,
                &POSTGRES_CONNECTIONS,
                &POSTGRES_SIZE,
            ];
            return all.map(|metric| metric.read(Err(why.clone()))).into();
        }
    };
    let query = match read.statements {
        Err(why) => Some(POSTGRES_QUERY.read(Err(why))),
        Ok(counted) => {
            let counters = [counted.calls, counted.millis];
            let ([calls, millis], _) = trails.statements.add(now, counters, window);
            (calls > 0.0).then(|| POSTGRES_QUERY.is(millis / calls))
        }
    };
    let (blocks, _) = trails.blocks.add(now, [read.hits, read.misses], window);
    let cache = share(blocks).map(|share| POSTGRES_CACHE.is(share));
    let states = [
        POSTGRES_CONNECTIONS.is(read.connections),
        POSTGRES_SIZE.is(read.size),
    ];
    query.into_iter().chain(cache).chain(states).collect()
}

fn of_redis(
    read: &Result<RedisReading, String>,
    trails: &mut Trails,
    now: u64,
    window: Duration,
) -> Vec<Reading> {
    let figure = |name| read.as_ref().map_err(Clone::clone)?.figure(name);
    let pair = |one, other| Ok([figure(one)?, figure(other)?]);
    let commands = read.as_ref().map_or(0, |read| read.commands.values().sum());
    let mut readings = vec![REDIS_MEMORY.read(figure("used_memory"))];
    match pair("keyspace_hits", "keyspace_misses") {
        Err(why) => readings.push(REDIS_HITS.read(Err(why))),
        Ok(counters) => {
            let (lookups, _) = trails.lookups.add(now, counters, window);
            readings.extend(share(lookups).map(|share| REDIS_HITS.is(share)));
        }
    }
    match figure("evicted_keys") {
        Err(why) => {
            readings
                .extend([&REDIS_EVICTIONS, &REDIS_COMMANDS].map(|it| it.read(Err(why.clone()))));
        }
        Ok(evicted) => {
            let (rise, seconds) = trails.work.add(now, [evicted, commands as f64], window);
            if seconds > 0.0 {
                readings.push(REDIS_EVICTIONS.is(rise[0] / seconds));
                readings.push(REDIS_COMMANDS.is(rise[1] / seconds));
            }
        }
    }
    readings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{monitor::judge::line, store::Statements};

    const WINDOW: Duration = Duration::from_secs(60);

    fn postgres(calls: f64, hits: f64) -> PostgresReading {
        PostgresReading {
            hits,
            misses: hits / 3.0,
            size: 12e6,
            connections: 4.0,
            statements: Ok(Statements {
                calls,
                millis: calls / 2.0,
                epoch: String::new(),
            }),
        }
    }

    #[test]
    fn counters_are_told_as_they_rose_within_the_window() {
        let mut trail = Trail::default();
        for (second, counters, rise, seconds) in [
            (0, [100.0, 7.0], [0.0, 0.0], 0.0),
            (30, [110.0, 8.0], [10.0, 1.0], 30.0),
            (60, [130.0, 8.0], [30.0, 1.0], 60.0),
            (95, [140.0, 9.0], [30.0, 1.0], 65.0),
            (100, [2.0, 1.0], [0.0, 0.0], 0.0),
            (500, [3.0, 1.0], [1.0, 0.0], 400.0),
        ] {
            let told = trail.add(second * 1000, counters, WINDOW);
            assert_eq!(told, (rise, seconds), "second {second}");
        }
    }

    #[test]
    fn a_mean_of_nothing_is_no_figure_and_what_cannot_be_read_is_unknown() {
        let mut trails = Trails::default();
        let mut told = |at, read| line(&of_postgres(read, &mut trails, at, WINDOW));
        let first = told(0, Ok(postgres(10.0, 300.0)));
        assert!(
            first.starts_with("VIKUNJA OK - PostgreSQL connections 4,"),
            "{first}"
        );
        let second = told(1000, Ok(postgres(30.0, 600.0)));
        assert!(
            second
                .contains("PostgreSQL query 0.50 ms, PostgreSQL cache hits 75.0 % (below the aim)"),
            "{second}"
        );
        let gone = told(2000, Err("PostgreSQL h: gone".to_owned()));
        assert!(
            gone.starts_with("VIKUNJA UNKNOWN - PostgreSQL h: gone | "),
            "{gone}"
        );
        let mut uncounted = postgres(1.0, 900.0);
        uncounted.statements = Err("no pg_stat_statements".to_owned());
        let uncounted = told(3000, Ok(uncounted));
        assert!(
            uncounted.starts_with("VIKUNJA UNKNOWN - no pg_stat_statements, PostgreSQL cache hits"),
            "{uncounted}"
        );
        let redis = of_redis(&Ok(RedisReading::default()), &mut trails, 0, WINDOW);
        assert!(line(&redis).starts_with("VIKUNJA UNKNOWN - Redis: it does not tell"));
    }
}
