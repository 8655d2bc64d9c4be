//! What a Redis has done.

use std::collections::BTreeMap;

use redis::{Client, IntoConnectionInfo};

use super::{PATIENCE, in_time};

/// What this program sends itself, or anybody who connects.
const OURS: [&str; 5] = ["auth", "client|setinfo", "hello", "info", "select"];

/// Where a Redis is, and how to get in.
#[derive(Clone)]
pub struct Redis {
    client: Client,
    /// Host and port, which may be shown.
    place: String,
}

/// How often each command was carried out since the Redis began to count.
pub type Counts = BTreeMap<String, u64>;

/// What it has done since it began to count, and how it stands.
#[derive(Debug, Default, PartialEq)]
pub struct RedisReading {
    /// Commands by name, without ours.
    pub commands: Counts,
    /// The counters by name, as the Redis gives them.
    figures: BTreeMap<String, f64>,
}

impl Redis {
    /// Reads `redis://[user:password@]host[:port]`. An error shows nothing of it: it may hold a password.
    pub fn parse(address: &str) -> Result<Self, String> {
        if !address.starts_with("redis://") {
            return Err("only redis:// is spoken, not TLS".to_owned());
        }
        let unusable = |_| "that is no address of a Redis".to_owned();
        let info = address.into_connection_info().map_err(unusable)?;
        let place = format!("Redis {}", info.addr());
        let client = Client::open(info).map_err(unusable)?;
        Ok(Self { client, place })
    }

    /// Asks for everything.
    pub async fn read(&self) -> Result<RedisReading, String> {
        let client = self.client.clone();
        let asking = tokio::task::spawn_blocking(move || ask(&client));
        in_time(&self.place, async {
            let text = asking.await.map_err(|error| error.to_string())?;
            text.map(|text| RedisReading::parse(&text))
                .map_err(|error| error.to_string())
        })
        .await
    }
}

fn ask(client: &Client) -> redis::RedisResult<String> {
    let mut connection = client.get_connection_with_timeout(PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    redis::cmd("INFO").arg("all").query(&mut connection)
}

impl RedisReading {
    /// `name:figure`, one a line, and `cmdstat_get:calls=12,usec=34,…`.
    fn parse(text: &str) -> Self {
        let mut reading = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            match name.strip_prefix("cmdstat_") {
                Some(command) if OURS.contains(&command) => {}
                Some(command) => {
                    let calls = value
                        .split(',')
                        .find_map(|figure| figure.strip_prefix("calls=")?.trim().parse().ok());
                    if let Some(calls) = calls {
                        reading.commands.insert(command.to_owned(), calls);
                    }
                }
                None => {
                    if let Ok(figure) = value.trim().parse() {
                        reading.figures.insert(name.to_owned(), figure);
                    }
                }
            }
        }
        reading
    }

    /// A counter by its name; else that it is missing.
    pub fn figure(&self, name: &str) -> Result<f64, String> {
        self.figures
            .get(name)
            .copied()
            .ok_or_else(|| format!("Redis: it does not tell its {name}"))
    }

    /// The commands that were carried out since, and not by this program.
    pub fn commands_since(&self, before: &Self) -> Counts {
        let since = self.commands.iter().map(|(name, count)| {
            let known = before.commands.get(name).copied().unwrap_or_default();
            (name.clone(), count.saturating_sub(known))
        });
        since.filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_without_our_own() {
        let text = "# Stats\r\nkeyspace_hits:7\r\nredis_version:7.0.15\r\n# Commandstats\r\ncmdstat_get:calls=12,usec=3,usec_per_call=0.25\r\ncmdstat_config|get:calls=2,usec=9\r\ncmdstat_info:calls=5,usec=1\r\n";
        let before = RedisReading::parse(text);
        assert_eq!(before.commands.len(), 2);
        assert_eq!(before.commands["config|get"], 2);
        assert_eq!(before.figure("keyspace_hits"), Ok(7.0));
        let missing = before.figure("evicted_keys").unwrap_err();
        assert!(missing.contains("evicted_keys"));
        let after =
            RedisReading::parse("cmdstat_get:calls=15,usec=1\ncmdstat_set:calls=1,usec=1\n");
        assert_eq!(
            after
                .commands_since(&before)
                .into_iter()
                .collect::<Vec<_>>(),
            [("get".to_owned(), 3), ("set".to_owned(), 1)]
        );
        assert!(before.commands_since(&before).is_empty());
    }

    #[test]
    fn addresses_are_read_and_never_shown() {
        let redis = Redis::parse("redis://:s%40cret@127.0.0.1/5").ok().unwrap();
        assert_eq!(redis.place, "Redis 127.0.0.1:6379");
        for bad in [
            "rediss://:hunter2@host",
            "hunter2",
            "redis://",
            "redis://h/hunter2",
        ] {
            let error = Redis::parse(bad).err().unwrap();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
