//! Projects and namespaces shared with users and with teams.

use rusqlite::{Connection, params};

use super::users::{SHAPE, UserShape};
use crate::failure::Failure;

/// What is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Project,
    Namespace,
}

/// With whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum With {
    User,
    Team,
}

/// A kind of share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) what: What,
    pub(crate) with: With,
}

impl Kind {
    /// Table, and its columns for what is shared and for whom it is shared with.
    fn table(self) -> (&'static str, &'static str, &'static str) {
        match (self.what, self.with) {
            (What::Project, With::User) => ("shares", "project_id", "user_id"),
            (What::Project, With::Team) => ("team_shares", "project_id", "team_id"),
            (What::Namespace, With::User) => ("namespace_users", "namespace_id", "user_id"),
            (What::Namespace, With::Team) => ("namespace_teams", "namespace_id", "team_id"),
        }
    }

    /// The shares of ?1, as table `s`, with those whose name holds ?2.
    fn found(self) -> String {
        let (table, what, whom) = self.table();
        let (joined, alias, name) = match self.with {
            With::User => ("users", "u", "username"),
            With::Team => ("teams", "t", "name"),
        };
        format!(
            "FROM {table} s JOIN {joined} {alias} ON {alias}.id = s.{whom}
             WHERE s.{what} = ?1 AND {alias}.{name} LIKE '%' || ?2 || '%'"
        )
    }

    /// A page of them in their order, behind what is read of them.
    pub(super) fn page(self) -> String {
        format!("{} ORDER BY s.id LIMIT ?3 OFFSET ?4", self.found())
    }
}

/// Which shares are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    /// Of whom or of what team: a part of the name.
    pub(crate) search: &'a str,
    pub(crate) limit: i64,
    pub(crate) offset: i64,
}

/// Shares something, and answers the share's id.
pub(crate) fn insert(
    db: &Connection,
    kind: Kind,
    of: i64,
    whom: i64,
    permission: i64,
) -> Result<i64, Failure> {
    let (table, what, with) = kind.table();
    let sql = format!("INSERT INTO {table} ({what}, {with}, permission) VALUES (?1, ?2, ?3)");
    db.prepare_cached(&sql)?.execute([of, whom, permission])?;
    Ok(db.last_insert_rowid())
}

/// Changes a share, if there is one.
pub(crate) fn update(
    db: &Connection,
    kind: Kind,
    of: i64,
    whom: i64,
    permission: i64,
) -> Result<(), Failure> {
    let (table, what, with) = kind.table();
    let sql = format!("UPDATE {table} SET permission = ?3 WHERE {what} = ?1 AND {with} = ?2");
    db.prepare_cached(&sql)?.execute([of, whom, permission])?;
    Ok(())
}

/// Ends a share; false when there was none.
pub(crate) fn delete(db: &Connection, kind: Kind, of: i64, whom: i64) -> Result<bool, Failure> {
    let (table, what, with) = kind.table();
    let sql = format!("DELETE FROM {table} WHERE {what} = ?1 AND {with} = ?2");
    Ok(db.prepare_cached(&sql)?.execute([of, whom])? > 0)
}

pub(crate) fn exists(db: &Connection, kind: Kind, of: i64, whom: i64) -> Result<bool, Failure> {
    let (table, what, with) = kind.table();
    let sql = format!("SELECT 1 FROM {table} WHERE {what} = ?1 AND {with} = ?2");
    Ok(db.prepare_cached(&sql)?.exists([of, whom])?)
}

/// A page of the users that something is shared with, and their access.
pub(crate) fn users(
    db: &Connection,
    what: What,
    of: i64,
    part: Part<'_>,
) -> Result<Vec<(UserShape, i64)>, Failure> {
    let with = With::User;
    let sql = format!(
        "SELECT {SHAPE}, s.permission {}",
        Kind { what, with }.page()
    );
    let mut query = db.prepare_cached(&sql)?;
    let values = params![of, part.search, part.limit, part.offset];
    let rows = query.query_map(values, |row| Ok((UserShape::read(row, 0)?, row.get(5)?)))?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
}

pub(crate) fn count(db: &Connection, kind: Kind, of: i64, part: Part<'_>) -> Result<i64, Failure> {
    let sql = format!("SELECT count(*) {}", kind.found());
    Ok(db
        .prepare_cached(&sql)?
        .query_row(params![of, part.search], |row| row.get(0))?)
}
