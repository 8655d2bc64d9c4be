//! Accounts.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::stamp::Stamp;

/// An account.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) default_project_id: i64,
    /// Whose bot it is, if it is one (2.4).
    pub(crate) bot_owner_id: Option<i64>,
    /// 0 = active; bots can be disabled with 2 (2.4).
    pub(crate) status: i64,
    /// When the account is going to be deleted.
    pub(crate) deletion_scheduled_at: Option<i64>,
    /// Whether answers may show all of it to its owner: tokens of users do not bring more than a name.
    pub(crate) is_whole: bool,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

/// An account to be made.
#[derive(Debug, Default)]
pub(crate) struct NewUser {
    /// Only for those whose id is not counted.
    pub(crate) id: Option<i64>,
    pub(crate) username: String,
    pub(crate) name: String,
    /// Empty for those who get no mail.
    pub(crate) email: String,
    /// The password's hash; empty for those who do not log in.
    pub(crate) password: String,
    pub(crate) bot_owner_id: Option<i64>,
}

/// A user inside other objects.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct UserShape {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) email: String,
    pub(crate) created: Stamp,
    pub(crate) updated: Stamp,
}

const COLUMNS: &str =
    "id, username, email, name, default_project_id, created, updated, bot_owner_id, status,
    deletion_scheduled_at";

impl User {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            username: row.get(1)?,
            email: row.get(2)?,
            name: row.get(3)?,
            default_project_id: row.get(4)?,
            created: row.get(5)?,
            updated: row.get(6)?,
            bot_owner_id: row.get(7)?,
            status: row.get(8)?,
            deletion_scheduled_at: row.get(9)?,
            is_whole: false,
        })
    }

    /// Whether it may do anything.
    pub(crate) fn is_active(&self) -> bool {
        self.status == 0
    }

    /// As other objects show it.
    pub(crate) fn shape(&self) -> UserShape {
        UserShape {
            id: self.id,
            name: self.name.clone(),
            username: self.username.clone(),
            email: String::new(),
            created: Stamp::from_seconds(Some(self.created)),
            updated: Stamp::from_seconds(Some(self.updated)),
        }
    }

    /// As answers to creations show it: what the token knows, and nothing else.
    pub(crate) fn stub(&self) -> UserShape {
        if self.is_whole {
            return self.shape();
        }
        UserShape {
            id: self.id,
            username: self.username.clone(),
            ..UserShape::default()
        }
    }
}

impl UserShape {
    /// Reads the five columns id, name, username, created, updated, from that one on.
    pub(crate) fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(from)?,
            name: row.get(from + 1)?,
            username: row.get(from + 2)?,
            email: String::new(),
            created: Stamp::from_seconds(row.get(from + 3)?),
            updated: Stamp::from_seconds(row.get(from + 4)?),
        })
    }

    /// The same of an author, who may have been deleted.
    pub(crate) fn read_author(row: &Row<'_>, from: usize) -> rusqlite::Result<Option<Self>> {
        Ok(Some(Self::read(row, from)?).filter(|author| author.id != NOBODY))
    }
}

/// Who has what deleted users wrote.
const NOBODY: i64 = 0;

/// The columns of [`UserShape::read`], of the table alias `u`.
pub(crate) const SHAPE: &str = "u.id, u.name, u.username, u.created, u.updated";

pub(crate) fn by_id(db: &Connection, id: i64) -> Result<Option<User>, Failure> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE id = ?1"))?;
    Ok(query.query_row([id], User::read).optional()?)
}

/// The user of that name or address, and the password's hash.
pub(crate) fn by_login(db: &Connection, login: &str) -> Result<Option<(User, String)>, Failure> {
    let sql = format!(
        "SELECT {COLUMNS}, password FROM users WHERE id > 0 AND (username = ?1 OR (email = ?1 AND email <> ''))"
    );
    let mut query = db.prepare_cached(&sql)?;
    Ok(query
        .query_row([login], |row| Ok((User::read(row)?, row.get(10)?)))
        .optional()?)
}

pub(crate) fn name_taken(db: &Connection, username: &str) -> Result<bool, Failure> {
    Ok(db
        .prepare_cached("SELECT 1 FROM users WHERE username = ?1 AND id > 0")?
        .exists([username])?)
}

pub(crate) fn email_taken(db: &Connection, email: &str) -> Result<bool, Failure> {
    Ok(db
        .prepare_cached("SELECT 1 FROM users WHERE email = ?1 AND email <> ''")?
        .exists([email])?)
}

pub(crate) fn insert(db: &Connection, new: &NewUser, now: &Stamp) -> Result<User, Failure> {
    let seconds = now.seconds().unwrap_or_default();
    let sql =
        "INSERT INTO users (id, username, email, password, name, bot_owner_id, created, updated)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    db.prepare_cached(sql)?.execute(params![
        new.id,
        new.username,
        new.email,
        new.password,
        new.name,
        new.bot_owner_id,
        seconds
    ])?;
    Ok(User {
        id: db.last_insert_rowid(),
        username: new.username.clone(),
        email: new.email.clone(),
        name: new.name.clone(),
        default_project_id: 0,
        bot_owner_id: new.bot_owner_id,
        status: 0,
        deletion_scheduled_at: None,
        is_whole: false,
        created: seconds,
        updated: seconds,
    })
}

pub(crate) fn set_default_project(db: &Connection, user: i64, project: i64) -> Result<(), Failure> {
    db.execute(
        "UPDATE users SET default_project_id = ?2 WHERE id = ?1",
        [user, project],
    )?;
    Ok(())
}

/// Whether the project is somebody's default, which protects it.
pub(crate) fn is_default_project(db: &Connection, project: i64) -> Result<bool, Failure> {
    Ok(db
        .prepare_cached("SELECT 1 FROM users WHERE default_project_id = ?1")?
        .exists([project])?)
}

/// The settings as stored, empty for an account that never changed them.
pub(crate) fn settings(db: &Connection, user: i64) -> Result<String, Failure> {
    Ok(db
        .prepare_cached("SELECT settings FROM users WHERE id = ?1")?
        .query_row([user], |row| row.get(0))?)
}

pub(crate) fn set_settings(
    db: &Connection,
    user: i64,
    name: &str,
    project: i64,
    settings: &str,
) -> Result<(), Failure> {
    let now = Stamp::now().seconds();
    db.prepare_cached(
        "UPDATE users SET name = ?2, default_project_id = ?3, settings = ?4, updated = ?5 WHERE id = ?1",
    )?
    .execute(params![user, name, project, settings, now])?;
    Ok(())
}

pub(crate) fn by_name(db: &Connection, username: &str) -> Result<Option<User>, Failure> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM users WHERE username = ?1 AND id > 0"
    ))?;
    Ok(query.query_row([username], User::read).optional()?)
}

/// The users that somebody finds with a text: by their name in whatever case; those who let themselves be found,
/// by their whole email or by a part of their display name.
pub(crate) fn search(db: &Connection, text: &str) -> Result<Vec<UserShape>, Failure> {
    let setting = |name| format!("iif(u.settings = '', 0, json_extract(u.settings, '$.{name}'))");
    let sql = format!(
        "SELECT {SHAPE} FROM users u WHERE u.id > 0 AND (u.username = ?1 COLLATE NOCASE
         OR (u.email = ?1 AND {}) OR (u.name LIKE '%' || ?1 || '%' AND {})) ORDER BY u.id",
        setting("discoverable_by_email"),
        setting("discoverable_by_name")
    );
    let mut query = db.prepare_cached(&sql)?;
    let rows = query.query_map([text], |row| UserShape::read(row, 0))?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
}

/// Everyone who can see a project, less those whose names do not hold a text, or (without `parts`) are not that text.
pub(crate) fn with_access(
    db: &Connection,
    project: i64,
    search: Option<&str>,
    parts: bool,
) -> Result<Vec<UserShape>, Failure> {
    let sql = format!(
        "WITH RECURSIVE up (id) AS (SELECT ?1 UNION SELECT p.parent_id FROM projects p JOIN up ON p.id = up.id)
         SELECT {SHAPE} FROM users u
         WHERE u.id > 0 AND u.id IN (SELECT owner_id FROM projects WHERE id IN up
                        UNION SELECT user_id FROM grants WHERE project_id IN up)
           AND (?2 IS NULL OR u.username = ?2 COLLATE NOCASE
                OR (?3 AND (u.username LIKE '%' || ?2 || '%' OR u.name LIKE '%' || ?2 || '%')))
         ORDER BY u.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let rows = query.query_map(params![project, search, parts], |row| {
        UserShape::read(row, 0)
    })?;
    Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
}

/// The user of that address.
pub(crate) fn by_email(db: &Connection, email: &str) -> Result<Option<User>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM users WHERE email = ?1 AND email <> ''");
    Ok(db
        .prepare_cached(&sql)?
        .query_row([email], User::read)
        .optional()?)
}

/// The hash of a user's password.
pub(crate) fn password(db: &Connection, user: i64) -> Result<String, Failure> {
    Ok(db
        .prepare_cached("SELECT password FROM users WHERE id = ?1")?
        .query_row([user], |row| row.get(0))?)
}

pub(crate) fn set_password(db: &Connection, user: i64, hash: &str) -> Result<(), Failure> {
    set(db, user, "password", &hash)
}

pub(crate) fn set_email(db: &Connection, user: i64, email: &str) -> Result<(), Failure> {
    set(db, user, "email", &email)
}

/// When the account is to be deleted, if it is.
pub(crate) fn schedule_deletion(
    db: &Connection,
    user: i64,
    at: Option<i64>,
) -> Result<(), Failure> {
    set(db, user, "deletion_scheduled_at", &at)
}

fn set(
    db: &Connection,
    user: i64,
    column: &str,
    value: &dyn rusqlite::ToSql,
) -> Result<(), Failure> {
    let now = Stamp::now().seconds();
    db.prepare_cached(&format!(
        "UPDATE users SET {column} = ?2, updated = ?3 WHERE id = ?1"
    ))?
    .execute(params![user, value, now])?;
    Ok(())
}

/// A page of a user's bots whose name holds that text, and how many there are in all.
pub(crate) fn bots(
    db: &Connection,
    owner: i64,
    search: &str,
    (limit, offset): (i64, i64),
) -> Result<(Vec<User>, i64), Failure> {
    let found = "FROM users WHERE bot_owner_id = ?1 AND username LIKE '%' || ?2 || '%'";
    let total = db
        .prepare_cached(&format!("SELECT count(*) {found}"))?
        .query_row(params![owner, search], |row| row.get(0))?;
    let sql = format!("SELECT {COLUMNS} {found} ORDER BY id LIMIT ?3 OFFSET ?4");
    let mut query = db.prepare_cached(&sql)?;
    let bots = query.query_map(params![owner, search, limit, offset], User::read)?;
    Ok((bots.collect::<rusqlite::Result<Vec<_>>>()?, total))
}

/// Stores what a bot's owner may change.
pub(crate) fn update_bot(db: &Connection, bot: &User) -> Result<(), Failure> {
    db.execute(
        "UPDATE users SET username = ?2, name = ?3, status = ?4, updated = ?5 WHERE id = ?1",
        params![bot.id, bot.username, bot.name, bot.status, bot.updated],
    )?;
    Ok(())
}

/// Deletes a user. What he wrote stays, by nobody.
pub(crate) fn delete(db: &Connection, user: i64) -> Result<(), Failure> {
    for (table, author) in [
        ("tasks", "created_by"),
        ("comments", "author_id"),
        ("attachments", "created_by"),
        ("relations", "created_by"),
        ("labels", "created_by"),
        ("buckets", "created_by"),
    ] {
        let sql = format!("UPDATE {table} SET {author} = ?2 WHERE {author} = ?1");
        db.execute(&sql, [user, NOBODY])?;
    }
    db.execute("DELETE FROM users WHERE id = ?1", [user])?;
    Ok(())
}
