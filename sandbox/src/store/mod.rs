//! The database: one SQLite connection, in memory or in a file.
//!
//! One connection behind a lock is enough: a page of tasks is read in a fraction of a millisecond,
//! and writes are one after another in SQLite anyway.

pub(crate) mod api_tokens;
pub(crate) mod assignees;
pub(crate) mod avatars;
pub(crate) mod backgrounds;
pub(crate) mod boards;
pub(crate) mod buckets;
pub(crate) mod caldav_tokens;
pub(crate) mod comments;
pub(crate) mod copies;
pub(crate) mod due;
pub(crate) mod exports;
pub(crate) mod files;
pub(crate) mod filters;
pub(crate) mod imports;
pub(crate) mod labels;
pub(crate) mod link_shares;
pub(crate) mod list_buckets;
pub(crate) mod lists;
pub(crate) mod mail_tokens;
pub(crate) mod namespaces;
pub(crate) mod notifications;
pub(crate) mod oauth_codes;
pub(crate) mod projects;
pub(crate) mod reactions;
pub(crate) mod relations;
pub(crate) mod sessions;
pub(crate) mod shares;
pub(crate) mod subscriptions;
pub(crate) mod tasks;
pub(crate) mod teams;
pub(crate) mod totp;
pub(crate) mod unread;
pub(crate) mod users;
pub(crate) mod views;
pub(crate) mod webhooks;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::failure::Failure;

/// The tables, in the order in which they refer to each other.
const SCHEMAS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("credentials.sql"),
    include_str!("teams.sql"),
    include_str!("namespaces.sql"),
    include_str!("task_extras.sql"),
    include_str!("people.sql"),
    include_str!("views.sql"),
    include_str!("webhooks.sql"),
];

/// File name inside the data folder.
const FILE: &str = "vikunja-sandbox.db";

#[derive(Debug)]
pub(crate) struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    pub(crate) fn open(folder: Option<&Path>) -> rusqlite::Result<Self> {
        let connection = match folder {
            None => Connection::open_in_memory()?,
            Some(folder) => Connection::open(folder.join(FILE))?,
        };
        connection.set_prepared_statement_cache_capacity(128);
        // Plans that do not depend on values: otherwise a cached statement is compiled again with every value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        for schema in SCHEMAS {
            connection.execute_batch(schema)?;
        }
        Ok(Self {
            connection: Mutex::new(connection),
        })
    }

    /// Reads.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        work(&self.lock())
    }

    /// Writes in one transaction. A failure leaves nothing behind if `all_or_nothing`,
    /// otherwise what was done until then.
    pub(crate) fn write<T>(
        &self,
        all_or_nothing: bool,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let connection = self.lock();
        let transaction = connection.unchecked_transaction()?;
        let result = work(&transaction);
        if result.is_ok() || !all_or_nothing {
            transaction.commit()?;
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere rolled its transaction back: the connection is sound.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
