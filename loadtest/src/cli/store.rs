//! Flags that name what is behind a server.

use clap::Args;

use super::variable;
use crate::{
    exit::Problem,
    progress::say,
    store::{Postgres, Redis},
};

/// Which database.
#[derive(Args, Clone, Default)]
pub struct PostgresArg {
    /// The server's database, postgres://user:password@host:port/database, to read what it counts [env: LOADTEST_POSTGRES]
    #[arg(long, value_name = "URL", help_heading = "Server")]
    pub postgres: Option<String>,
}

/// Which cache.
#[derive(Args, Default)]
pub struct RedisArg {
    /// The server's Redis, redis://:password@host:port, to read what it counts [env: LOADTEST_REDIS]
    #[arg(long, value_name = "URL", help_heading = "Server")]
    pub redis: Option<String>,
}

impl PostgresArg {
    /// The one that is named, if one is. Nothing is sent.
    pub fn open(&self) -> Result<Option<Postgres>, Problem> {
        open(
            self.postgres.as_deref(),
            ["--postgres", "LOADTEST_POSTGRES"],
            "postgres://user:password@host:5432/vikunja",
            Postgres::parse,
        )
    }
}

impl RedisArg {
    /// The one that is named, if one is. Nothing is sent.
    pub fn open(&self) -> Result<Option<Redis>, Problem> {
        open(
            self.redis.as_deref(),
            ["--redis", "LOADTEST_REDIS"],
            "redis://:password@host:6379",
            Redis::parse,
        )
    }
}

fn open<T>(
    typed: Option<&str>,
    [flag, env]: [&str; 2],
    example: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Problem> {
    if typed.is_some_and(|address| address.contains('@') || address.contains("password")) {
        say(&format!(
            "warning: {flag} on the command line is visible to every user of this machine; set {env} instead"
        ));
    }
    let Some(address) = typed.map(ToOwned::to_owned).or_else(|| variable(env)) else {
        return Ok(None);
    };
    parse(&address).map(Some).map_err(|error| {
        Problem::new(format!("{flag}: {error}")).advise(format!("write {example}"))
    })
}
