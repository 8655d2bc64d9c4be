//! Teams and their members: the handlers.

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

use crate::auth::user_gone;
use crate::body::{Field, Kind, bind_object};
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Denied, Failure, domain};
use crate::paging::{Count, Page, count_of};
use crate::projects::ADMIN;
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::teams::{self as store, Membership, Team};
use crate::store::users::{self, User};

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("name", Kind::Text).length(1, 250).required(),
    Field::new("description", Kind::Text),
    Field::new("is_public", Kind::Boolean),
    Field::new("external_id", Kind::Ignored),
    Field::new("created_by", Kind::Ignored),
    Field::new("members", Kind::Ignored),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
    Field::new("max_permission", Kind::Ignored),
];

const MEMBER: &[Field] = &[
    Field::new("id", Kind::Ignored),
    Field::new("username", Kind::Text),
    Field::new("admin", Kind::Boolean),
    Field::new("created", Kind::Ignored),
];

/// v2's schema of a team that is read alone.
const READ_SCHEMA: &str = "TeamReadBody";

/// A member as a request names it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct NewMember {
    username: String,
    admin: bool,
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (page, user) = (Page::asked(call)?, call.user()?);
    call.read(|db| {
        let part = (page.limit(), page.offset());
        let (teams, total) = store::list(db, call.at.release, user.id, call.search(), part)?;
        let count = Count {
            total,
            here: count_of(&teams),
            forgotten_beyond_end: false,
        };
        Ok(page.reply(call, "PaginatedTeam", &teams, count))
    })
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("id")?, call.user()?);
    let (team, access) = call.read(|db| read(call, db, user, id))?;
    Ok(call.version(READ_SCHEMA, &team, &team.updated, access))
}

/// A team as one read shows it, and the caller's access. One that does not exist is as invisible as a stranger's.
fn read(call: &Call<'_>, db: &Connection, user: &User, id: i64) -> Result<(Team, i64), Failure> {
    let own = store::membership(db, id, user.id)?;
    let found = own.zip(store::by_id(db, call.at.release, id)?);
    let (own, mut team) = found.ok_or(Failure::Forbidden(Denied::Sight))?;
    let access = if own.admin { ADMIN } else { 0 };
    team.max_permission = (call.at.api == Api::V2).then_some(access);
    Ok((team, access))
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    // All but the last: v2 does not want to be told `max_permission` here.
    let mut team: Team = call.bind(&FIELDS[..FIELDS.len() - 1], &[])?;
    let (user, release) = (call.user()?, call.at.release);
    if !release.sent_ids_stored {
        team.id = 0;
    }
    let now = Stamp::now();
    (team.created, team.updated) = (now.clone(), now);
    call.write(|db| {
        if team.id != 0 && store::exists(db, team.id)? {
            return Err(Failure::Breaks("the id is taken"));
        }
        team.id = store::insert(db, user.id, &team)?;
        team.created_by = Some(user.stub());
        Ok(call.ok(None, &Team::of(release, team)))
    })
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("id")?;
    let wanted: Team = call.bind(FIELDS, &[("id", id)])?;
    call.write(|db| replace(call, db, &wanted))
}

/// v2's partial update: read, merge, replace.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("id")?, call.user()?);
    call.write(|db| {
        let (now, _) = read(call, db, user, id)?;
        let merged = crate::patch::merged(call, READ_SCHEMA, &now)?;
        let wanted: Team = bind_object(call.at, merged, None, FIELDS, &[("id", id)])?;
        replace(call, db, &wanted)
    })
}

fn replace(call: &Call<'_>, db: &Connection, wanted: &Team) -> Result<Reply, Failure> {
    check_exists(db, wanted.id)?;
    check_admin(call, db, wanted.id)?;
    store::update(db, wanted)?;
    let stored = store::by_id(db, call.at.release, wanted.id)?.ok_or_else(not_found)?;
    Ok(call.ok(None, &stored))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("id")?;
    call.write(|db| {
        check_exists(db, id)?;
        check_admin(call, db, id)?;
        store::delete(db, id)?;
        Ok(call.deleted())
    })
}

pub(crate) fn add_member(call: &Call<'_>) -> Result<Reply, Failure> {
    let team = call.id("team")?;
    let wanted: NewMember = call.bind(MEMBER, &[])?;
    call.write(|db| {
        check_admin(call, db, team)?;
        let user = named(db, &wanted.username)?;
        if store::membership(db, team, user.id)?.is_some() {
            return Err(domain(
                409,
                6005,
                "This user is already a member of that team.",
            ));
        }
        let before = store::by_id(db, call.at.release, team)?.ok_or_else(not_found)?;
        let created = Stamp::now();
        let id = store::add_member(db, team, user.id, wanted.admin, &created)?;
        call.tell(Event::TeamMemberAdded {
            team: Box::new(before),
            member: user.id,
        });
        let place = Membership {
            id,
            admin: wanted.admin,
            created,
        };
        Ok(member(call, &user, &place))
    })
}

/// Turns the admin flag over, whatever the body says. Users who are no members are answered as if they were.
pub(crate) fn toggle_admin(call: &Call<'_>) -> Result<Reply, Failure> {
    let team = call.id("team")?;
    call.write(|db| {
        check_admin(call, db, team)?;
        let user = named(db, call.param(1))?;
        let found = store::membership(db, team, user.id)?;
        let admin = found.as_ref().is_none_or(|place| !place.admin);
        if let Some(place) = &found {
            store::set_admin(db, place.id, admin)?;
        }
        let shown = found.filter(|_| call.at.release.people.toggle_answers_member);
        let (id, created) = shown.map_or((0, Stamp::default()), |place| (place.id, place.created));
        let place = Membership { id, admin, created };
        Ok(member(call, &user, &place))
    })
}

pub(crate) fn remove_member(call: &Call<'_>) -> Result<Reply, Failure> {
    let (team, caller, name) = (call.id("team")?, call.user()?, call.param(1));
    call.write(|db| {
        // Everyone may leave.
        if caller.username != name {
            check_admin(call, db, team)?;
        }
        let user = named(db, name)?;
        check_exists(db, team)?;
        if store::count_members(db, team)? == 1 {
            return Err(domain(
                400,
                6006,
                "You cannot delete the last member of a team.",
            ));
        }
        store::remove_member(db, team, user.id)?;
        Ok(call.deleted())
    })
}

fn member(call: &Call<'_>, user: &User, place: &Membership) -> Reply {
    let member = json!({
        "id": place.id,
        "username": user.username,
        "admin": place.admin,
        "created": place.created,
    });
    call.ok(None, &member)
}

fn check_exists(db: &Connection, team: i64) -> Result<(), Failure> {
    store::exists(db, team)?.then_some(()).ok_or_else(not_found)
}

fn check_admin(call: &Call<'_>, db: &Connection, team: i64) -> Result<(), Failure> {
    match store::membership(db, team, call.user()?.id)? {
        Some(place) if place.admin => Ok(()),
        _ => Err(Failure::Forbidden(Denied::Act)),
    }
}

fn named(db: &Connection, name: &str) -> Result<User, Failure> {
    users::by_name(db, name)?.ok_or_else(user_gone)
}

pub(crate) fn not_found() -> Failure {
    domain(404, 6002, "This team does not exist.")
}
