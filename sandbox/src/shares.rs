//! Projects shared with users and with teams: the handlers. Which of the two is the route's business.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::auth::user_gone;
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Failure, Unreadable, domain};
use crate::paging::{Count, Page, count_of};
use crate::projects::{ADMIN, check_access};
use crate::release::Binding;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::shares::{self as store, With};
use crate::store::{teams, users};
use crate::teams::not_found as team_gone;

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Ignored),
    Field::new("user_id", Kind::Text),
    Field::new("username", Kind::Text),
    Field::new("right", Kind::Integer),
    Field::new("permission", Kind::Integer),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
];

const TEAM_FIELDS: &[Field] = &[
    Field::new("id", Kind::Ignored),
    Field::new("team_id", Kind::Integer),
    Field::new("right", Kind::Integer),
    Field::new("permission", Kind::Integer),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
];

impl With {
    /// What the route shares with.
    fn of(call: &Call<'_>) -> Self {
        if call.route.operation.starts_with("project_teams.") {
            Self::Team
        } else {
            Self::User
        }
    }

    fn already(self) -> Failure {
        match self {
            Self::User => domain(409, 7002, "This user already has access to this project."),
            Self::Team => domain(409, 6004, "This team already has access."),
        }
    }

    fn not_shared(self) -> Failure {
        match self {
            Self::User => domain(403, 7003, "This user does not have access to the project."),
            Self::Team => domain(403, 6007, "This team does not have access to the project."),
        }
    }
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, page, user) = (call.id("project")?, Page::asked(call)?, call.user()?);
    let with = With::of(call);
    call.read(|db| {
        check_access(db, user, project, 0).map_err(|failure| match failure {
            Failure::Forbidden(_) => {
                domain(403, 3004, "You need to have read access to this project.")
            }
            other => other,
        })?;
        let part = (page.limit(), page.offset());
        let (schema, items) = match with {
            With::User => {
                let shares = store::users(db, project, part)?;
                ("PaginatedUserWithPermission", with_access(call, shares))
            }
            With::Team => {
                let shares = teams::list_of_project(db, call.at.release, project, part)?;
                ("PaginatedTeamWithPermission", with_access(call, shares))
            }
        };
        let count = Count {
            total: store::count(db, with, project)?,
            here: count_of(&items),
            forgotten_beyond_end: false,
        };
        Ok(page.reply(call, schema, &items, count))
    })
}

fn with_access<T: Serialize>(call: &Call<'_>, shares: Vec<(T, i64)>) -> Vec<Value> {
    let shape = |(whom, access): (T, i64)| {
        let mut shape = serde_json::to_value(whom).unwrap_or_default();
        shape[call.at.release.access_word] = access.into();
        shape
    };
    shares.into_iter().map(shape).collect()
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, caller, with) = (call.id("project")?, call.user()?, With::of(call));
    let mut body = bind(call, with)?;
    let access = wanted_access(call, &body)?;
    let whom = match (with, body.remove(name_key(call, with))) {
        (With::User, name) => Whom::User(as_text(name)),
        (With::Team, id) => Whom::Team(id.and_then(|id| id.as_i64()).unwrap_or_default()),
    };
    call.write(|db| {
        check_access(db, caller, project, ADMIN)?;
        let id = whom.existing(db)?;
        let owner = crate::store::projects::by_id(db, caller.id, project)?
            .and_then(|project| project.owner);
        let owned = with == With::User && owner.is_some_and(|owner| owner.id == id);
        if owned || store::exists(db, with, project, id)? {
            return Err(with.already());
        }
        let share = store::insert(db, with, project, id, access)?;
        Ok(reply(call, share, &whom, access, &Stamp::now()))
    })
}

/// Says nothing about a share that does not exist, and answers no id.
pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, caller, with) = (call.id("project")?, call.user()?, With::of(call));
    let access = wanted_access(call, &bind(call, with)?)?;
    let whom = Whom::in_path(call, with)?;
    call.write(|db| {
        check_access(db, caller, project, ADMIN)?;
        let id = match whom {
            // Nor does it look whether the team exists.
            Whom::Team(id) => id,
            Whom::User(_) => whom.existing(db)?,
        };
        store::update(db, with, project, id, access)?;
        Ok(reply(call, 0, &whom, access, &Stamp::default()))
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, caller, with) = (call.id("project")?, call.user()?, With::of(call));
    let whom = Whom::in_path(call, with)?;
    call.write(|db| {
        check_access(db, caller, project, ADMIN)?;
        if !store::delete(db, with, project, whom.existing(db)?)? {
            return Err(with.not_shared());
        }
        Ok(call.deleted())
    })
}

/// With whom a request shares: users have names, teams have ids.
#[derive(Serialize)]
#[serde(untagged)]
enum Whom {
    User(String),
    Team(i64),
}

impl Whom {
    fn in_path(call: &Call<'_>, with: With) -> Result<Self, Failure> {
        Ok(match with {
            With::User => Self::User(call.param(1).to_owned()),
            With::Team => Self::Team(call.id_at(1, "team")?),
        })
    }

    /// The id of the user or team, which has to exist.
    fn existing(&self, db: &Connection) -> Result<i64, Failure> {
        match self {
            Self::User(name) => Ok(users::by_name(db, name)?.ok_or_else(user_gone)?.id),
            Self::Team(id) if teams::exists(db, *id)? => Ok(*id),
            Self::Team(_) => Err(team_gone()),
        }
    }
}

/// Up to 0.24 the username is called `user_id`.
fn name_key(call: &Call<'_>, with: With) -> &'static str {
    match with {
        With::Team => "team_id",
        With::User if call.at.release.permissions => "username",
        With::User => "user_id",
    }
}

fn bind(call: &Call<'_>, with: With) -> Result<Map<String, Value>, Failure> {
    let fields = match with {
        With::User => FIELDS,
        With::Team => TEAM_FIELDS,
    };
    call.bind(fields, &[])
}

fn as_text(value: Option<Value>) -> String {
    value
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The access that a body names.
fn wanted_access(call: &Call<'_>, body: &Map<String, Value>) -> Result<i64, Failure> {
    let access = body
        .get(call.at.release.access_word)
        .and_then(Value::as_i64)
        .unwrap_or_default();
    if access < 0 || (access > ADMIN && call.at.release.binding == Binding::Text) {
        return Err(domain(
            400,
            9001,
            format!("The {} is invalid.", call.at.release.access_word),
        ));
    }
    if access > ADMIN {
        return Err(Failure::Unreadable(Unreadable {
            v2_status: 422,
            go: String::new(),
            v2: "expected number <= 2".to_owned(),
            location: "body.permission".to_owned(),
            value: Some(access.into()),
            bad_request: true,
        }));
    }
    Ok(access)
}

fn reply(call: &Call<'_>, id: i64, whom: &Whom, access: i64, created: &Stamp) -> Reply {
    let name = name_key(call, With::of(call));
    let share = json!({
        "id": id,
        name: whom,
        call.at.release.access_word: access,
        "created": created,
        "updated": Stamp::now(),
    });
    call.ok(None, &share)
}
