//! What a PostgreSQL has done for one database.

use std::{error::Error, fmt::Display, str::FromStr};

use tokio_postgres::{
    Client, Config, NoTls, SimpleQueryMessage, SimpleQueryRow,
    config::{Host, SslMode},
    error::DbError,
};

use super::{PATIENCE, in_time};

/// Blocks, size and connections of the database.
const STATE: &str = "/* loadtest */ SELECT d.blks_hit, d.blks_read, pg_database_size(d.datid), \
     (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.datid AND a.pid <> pg_backend_pid()) \
     FROM pg_stat_database d WHERE d.datname = current_database()";
/// Statements of the database. Ours begin with that comment; what a function calls is in the time of its caller.
const STATEMENTS: &str = "/* loadtest */ SELECT coalesce(sum(s.calls), 0), coalesce(sum(s.total_exec_time), 0), \
     i.dealloc, i.stats_reset FROM pg_stat_statements_info i LEFT JOIN pg_stat_statements s ON s.toplevel \
     AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
     AND coalesce(s.query, '') NOT LIKE '/* loadtest */%' GROUP BY i.dealloc, i.stats_reset";

/// Where a PostgreSQL is, and how to get in.
pub struct Postgres {
    config: Config,
    /// Host, port and database, which may be shown.
    place: String,
}

/// What it has done since it began to count, and how it stands.
#[derive(Debug)]
pub struct PostgresReading {
    /// Blocks that were found in its memory.
    pub hits: f64,
    /// Blocks that were not.
    pub misses: f64,
    /// Size of the database, in bytes.
    pub size: f64,
    /// Connections to the database, without ours.
    pub connections: f64,
    /// Its statements; else why they are not known.
    pub statements: Result<Statements, String>,
}

/// Statements that were carried out, and not by this program.
#[derive(Clone, Debug, PartialEq)]
pub struct Statements {
    /// How many, with those that begin and end transactions.
    pub calls: f64,
    /// How long they took, in milliseconds.
    pub millis: f64,
    /// Changes when counting began anew, or when some were forgotten: readings of two epochs cannot be compared.
    pub epoch: String,
}

impl Postgres {
    /// Reads `postgres://user:password@host:port/database`. An error shows nothing of it: it may hold a password.
    pub fn parse(address: &str) -> Result<Self, String> {
        let mut config = Config::from_str(address)
            .map_err(|_| "that is no address of a PostgreSQL".to_owned())?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err("TLS is not spoken: run this beside the database, or through a tunnel, with sslmode=disable".to_owned());
        }
        let host = match config.get_hosts() {
            [Host::Tcp(host), ..] => host.clone(),
            [Host::Unix(folder), ..] => folder.display().to_string(),
            [] => return Err("it names no host".to_owned()),
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let database = config
            .get_dbname()
            .ok_or_else(|| "it names no database".to_owned())?;
        let place = format!("PostgreSQL {host}:{port}/{database}");
        config.application_name("loadtest");
        config.connect_timeout(PATIENCE);
        Ok(Self { config, place })
    }

    /// Asks for everything.
    pub async fn read(&self) -> Result<PostgresReading, String> {
        in_time(&self.place, async {
            let client = self.connect().await?;
            let state = ask(&client, STATE).await.map_err(words)?;
            Ok(PostgresReading {
                hits: number(&state, 0)?,
                misses: number(&state, 1)?,
                size: number(&state, 2)?,
                connections: number(&state, 3)?,
                statements: statements(&client)
                    .await
                    .map_err(|why| format!("{self}: {why}")),
            })
        })
        .await
    }

    /// Asks for the statements alone; says what to do where they are not counted.
    pub async fn statements(&self) -> Result<Statements, String> {
        in_time(&self.place, async {
            statements(&self.connect().await?).await
        })
        .await
    }

    async fn connect(&self) -> Result<Client, String> {
        // Its future is large; boxed, ours are not.
        let (client, connection) = Box::pin(self.config.connect(NoTls)).await.map_err(words)?;
        // It ends with the client, who hears of its errors.
        tokio::spawn(connection);
        Ok(client)
    }
}

async fn statements(client: &Client) -> Result<Statements, String> {
    let row = ask(client, STATEMENTS).await.map_err(|error| {
        format!(
            "statements are not counted ({}): put pg_stat_statements into shared_preload_libraries, restart, and CREATE EXTENSION pg_stat_statements in this database (PostgreSQL 14 or later; after an upgrade ALTER EXTENSION pg_stat_statements UPDATE)",
            words(error)
        )
    })?;
    Ok(Statements {
        calls: number(&row, 0)?,
        millis: number(&row, 1)?,
        epoch: format!("{} {}", number(&row, 2)?, row.get(3).unwrap_or_default()),
    })
}

/// One row. Not prepared: a pooler in between may give each statement another connection.
async fn ask(client: &Client, sql: &str) -> Result<SimpleQueryRow, Box<dyn Error + Send + Sync>> {
    let rows = client.simple_query(sql).await?;
    rows.into_iter()
        .find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
        .ok_or_else(|| "it has no figures of this database".into())
}

fn number(row: &SimpleQueryRow, column: usize) -> Result<f64, String> {
    let text = row.try_get(column).ok().flatten();
    text.and_then(|text| text.parse().ok())
        .ok_or_else(|| "it does not answer like a PostgreSQL".to_owned())
}

/// An error, or what is behind it where that says more.
fn words(error: impl Into<Box<dyn Error + Send + Sync>>) -> String {
    let error = error.into();
    match error.source() {
        Some(source) if source.is::<DbError>() => source.to_string(),
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl Display for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_never_shown() {
        for (address, place) in [
            (
                "postgres://me:hunter2@db/vikunja",
                "PostgreSQL db:5432/vikunja",
            ),
            (
                "postgresql://me@[::1]:4711/todo?sslmode=prefer",
                "PostgreSQL ::1:4711/todo",
            ),
            (
                "host=/run/postgresql user=me password=hunter2 dbname=todo",
                "PostgreSQL /run/postgresql:5432/todo",
            ),
        ] {
            let postgres = Postgres::parse(address).ok().unwrap();
            assert_eq!(postgres.to_string(), place);
        }
        for bad in [
            "hunter2",
            "postgres://me:hunter2@db",
            "postgres:///hunter2",
            "postgres://me:hunter2@db/vikunja?sslmode=require",
            "postgres://me:hunter2@db:port/vikunja",
            "postgres://me@db/vikunja?hunter2=1",
        ] {
            let error = Postgres::parse(bad).err().unwrap();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
