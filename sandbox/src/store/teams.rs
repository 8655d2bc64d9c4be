//! Teams and their members.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shares::{Kind, Part, What, With};
use super::users::{SHAPE, UserShape};
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;

/// A team, as the API shows and takes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Team {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Id at an OpenID provider, which no team here has (0.24).
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    oidc_id: Option<&'static str>,
    /// The same under its later name (1.0).
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    external_id: Option<&'static str>,
    #[serde(skip_deserializing)]
    pub(crate) created_by: Option<UserShape>,
    /// Null in the answer to a creation.
    #[serde(skip_deserializing)]
    pub(crate) members: Option<Vec<Member>>,
    #[serde(skip_deserializing)]
    pub(crate) created: Stamp,
    #[serde(skip_deserializing)]
    pub(crate) updated: Stamp,
    /// From 0.24.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_public: Option<bool>,
    /// A query parameter that shows up in the body (0.24 to 2.3).
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    include_public: Option<bool>,
    /// Only in v2's read of one team.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) max_permission: Option<i64>,
    #[serde(skip)]
    creator: i64,
}

/// A user in a team.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Member {
    #[serde(flatten)]
    user: UserShape,
    admin: bool,
}

/// Someone's place in a team.
#[derive(Debug)]
pub(crate) struct Membership {
    pub(crate) id: i64,
    pub(crate) admin: bool,
    pub(crate) created: Stamp,
}

/// Which keys a team has in a release, beside those that it always has.
#[derive(Debug)]
pub(crate) struct TeamKeys {
    /// `oidc_id`.
    pub(crate) oidc_id: bool,
    /// `external_id`.
    pub(crate) external_id: bool,
    /// `is_public`.
    pub(crate) is_public: bool,
    /// `include_public`.
    pub(crate) include_public: bool,
}

impl Team {
    /// With the keys of the release.
    pub(crate) fn of(release: &Release, team: Self) -> Self {
        let keys = &release.people.team_keys;
        Self {
            oidc_id: keys.oidc_id.then_some(""),
            external_id: keys.external_id.then_some(""),
            is_public: keys.is_public.then_some(team.is_public.unwrap_or_default()),
            include_public: keys.include_public.then_some(false),
            ..team
        }
    }

    /// Reads [`COLUMNS`].
    fn read(row: &Row<'_>, release: &Release) -> rusqlite::Result<Self> {
        Ok(Self::of(
            release,
            Self {
                id: row.get(0)?,
                name: row.get(1)?,
                description: row.get(2)?,
                is_public: row.get(3)?,
                creator: row.get(4)?,
                created: Stamp::from_seconds(row.get(5)?),
                updated: Stamp::from_seconds(row.get(6)?),
                members: Some(Vec::new()),
                ..Self::default()
            },
        ))
    }
}

const COLUMNS: &str =
    "t.id, t.name, t.description, t.is_public, t.created_by, t.created, t.updated";

/// The teams of a user (?1) whose name holds a text (?2).
const OWN: &str = "FROM team_members own JOIN teams t ON t.id = own.team_id
    WHERE own.user_id = ?1 AND (?2 IS NULL OR t.name LIKE '%' || ?2 || '%')";

/// A page of the teams that a user is in, and how many there are in all.
pub(crate) fn list(
    db: &Connection,
    release: &Release,
    user: i64,
    search: Option<&str>,
    (limit, offset): (i64, i64),
) -> Result<(Vec<Team>, i64), Failure> {
    let total = db
        .prepare_cached(&format!("SELECT count(*) {OWN}"))?
        .query_row(params![user, search], |row| row.get(0))?;
    let sql = format!("SELECT {COLUMNS} {OWN} ORDER BY t.id LIMIT ?3 OFFSET ?4");
    let mut query = db.prepare_cached(&sql)?;
    let mut teams = query
        .query_map(params![user, search, limit, offset], |row| {
            Team::read(row, release)
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    add_members(db, &mut teams)?;
    Ok((teams, total))
}

/// A page of the teams that a project is shared with and their access.
pub(crate) fn shared_with(
    db: &Connection,
    release: &Release,
    what: What,
    of: i64,
    part: Part<'_>,
) -> Result<Vec<(Team, i64)>, Failure> {
    let with = With::Team;
    let sql = format!(
        "SELECT {COLUMNS}, s.permission {}",
        Kind { what, with }.page()
    );
    let mut query = db.prepare_cached(&sql)?;
    let (mut teams, access): (Vec<_>, Vec<_>) = query
        .query_map(params![of, part.search, part.limit, part.offset], |row| {
            Ok((Team::read(row, release)?, row.get::<_, i64>(7)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?
        .into_iter()
        .unzip();
    add_members(db, &mut teams)?;
    Ok(teams.into_iter().zip(access).collect())
}

/// One team.
pub(crate) fn by_id(
    db: &Connection,
    release: &Release,
    team: i64,
) -> Result<Option<Team>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM teams t WHERE t.id = ?1");
    let mut found: Vec<Team> = db
        .prepare_cached(&sql)?
        .query_row([team], |row| Team::read(row, release))
        .optional()?
        .into_iter()
        .collect();
    add_members(db, &mut found)?;
    Ok(found.pop())
}

/// Fills in members and creators, with one query for all teams.
///
/// The server keeps the members of all listed teams under their user ids. So everyone shows up in one team only,
/// the last that was joined, and a creator who is in none of them is null.
fn add_members(db: &Connection, teams: &mut [Team]) -> Result<(), Failure> {
    let places: HashMap<i64, usize> = teams
        .iter()
        .enumerate()
        .map(|(place, team)| (team.id, place))
        .collect();
    let ids = json!(places.keys().collect::<Vec<_>>()).to_string();
    let sql = format!(
        "SELECT {SHAPE}, m.admin, m.team_id FROM json_each(?1) j CROSS JOIN team_members m ON m.team_id = j.value
         JOIN users u ON u.id = m.user_id ORDER BY m.id DESC"
    );
    let mut query = db.prepare_cached(&sql)?;
    let mut users = HashMap::new();
    for found in query.query_map([&ids], |row| {
        Ok((UserShape::read(row, 0)?, row.get(5)?, row.get::<_, i64>(6)?))
    })? {
        let (user, admin, team) = found?;
        if users.insert(user.id, user.clone()).is_none() {
            let members = teams[places[&team]].members.get_or_insert_default();
            members.insert(0, Member { user, admin });
        }
    }
    for team in teams {
        team.created_by = users.get(&team.creator).cloned();
    }
    Ok(())
}

/// Stores a new team with its first member, and answers its id. An `id` of the team's own is kept.
pub(crate) fn insert(db: &Connection, creator: i64, team: &Team) -> Result<i64, Failure> {
    db.prepare_cached(
        "INSERT INTO teams (id, name, description, is_public, created_by, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
    )?
    .execute(params![
        (team.id != 0).then_some(team.id),
        team.name,
        team.description,
        team.is_public.unwrap_or_default(),
        creator,
        team.created.seconds()
    ])?;
    let id = db.last_insert_rowid();
    add_member(db, id, creator, true, &team.created)?;
    Ok(id)
}

/// Stores name, description (unless it is empty) and whether it is public.
pub(crate) fn update(db: &Connection, team: &Team) -> Result<(), Failure> {
    db.prepare_cached(
        "UPDATE teams SET name = ?2, description = iif(?3 = '', description, ?3), is_public = ?4, updated = ?5
         WHERE id = ?1",
    )?
    .execute(params![
        team.id,
        team.name,
        team.description,
        team.is_public.unwrap_or_default(),
        Stamp::now().seconds()
    ])?;
    Ok(())
}

/// Deletes a team with its members and shares.
pub(crate) fn delete(db: &Connection, team: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM teams WHERE id = ?1")?
        .execute([team])?;
    Ok(())
}

pub(crate) fn exists(db: &Connection, team: i64) -> Result<bool, Failure> {
    Ok(db
        .prepare_cached("SELECT 1 FROM teams WHERE id = ?1")?
        .exists([team])?)
}

/// The place of a user in a team, if any.
pub(crate) fn membership(
    db: &Connection,
    team: i64,
    user: i64,
) -> Result<Option<Membership>, Failure> {
    let sql = "SELECT id, admin, created FROM team_members WHERE team_id = ?1 AND user_id = ?2";
    let read = |row: &Row<'_>| {
        Ok(Membership {
            id: row.get(0)?,
            admin: row.get(1)?,
            created: Stamp::from_seconds(row.get(2)?),
        })
    };
    Ok(db
        .prepare_cached(sql)?
        .query_row([team, user], read)
        .optional()?)
}

/// Adds a member, and answers the id of its place.
pub(crate) fn add_member(
    db: &Connection,
    team: i64,
    user: i64,
    admin: bool,
    now: &Stamp,
) -> Result<i64, Failure> {
    db.prepare_cached(
        "INSERT INTO team_members (team_id, user_id, admin, created) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![team, user, admin, now.seconds()])?;
    Ok(db.last_insert_rowid())
}

pub(crate) fn set_admin(db: &Connection, membership: i64, admin: bool) -> Result<(), Failure> {
    db.prepare_cached("UPDATE team_members SET admin = ?2 WHERE id = ?1")?
        .execute(params![membership, admin])?;
    Ok(())
}

/// Removes a member, if there is one.
pub(crate) fn remove_member(db: &Connection, team: i64, user: i64) -> Result<(), Failure> {
    db.prepare_cached("DELETE FROM team_members WHERE team_id = ?1 AND user_id = ?2")?
        .execute([team, user])?;
    Ok(())
}

pub(crate) fn count_members(db: &Connection, team: i64) -> Result<i64, Failure> {
    let sql = "SELECT count(*) FROM team_members WHERE team_id = ?1";
    Ok(db
        .prepare_cached(sql)?
        .query_row([team], |row| row.get(0))?)
}
