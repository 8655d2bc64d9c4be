//! Projects and namespaces shared with users and with teams: the handlers. What is shared with whom is the route's
//! business.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::auth::user_gone;
use crate::body::{self, Field};
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Failure, Unreadable, domain};
use crate::paging::{Count, Page, count_of};
use crate::projects::ADMIN;
use crate::release::Binding;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::shares::{self, Kind, Part, What, With};
use crate::store::users::{User, UserShape};
use crate::store::{self, teams, users};
use crate::teams::not_found as team_gone;
use crate::{namespaces, projects};

const FIELDS: &[Field] = &[
    Field::new("id", body::Kind::Ignored),
    Field::new("user_id", body::Kind::Text),
    Field::new("username", body::Kind::Text),
    Field::new("right", body::Kind::Integer),
    Field::new("permission", body::Kind::Integer),
    Field::new("created", body::Kind::Ignored),
    Field::new("updated", body::Kind::Ignored),
];

const TEAM_FIELDS: &[Field] = &[
    Field::new("id", body::Kind::Ignored),
    Field::new("team_id", body::Kind::Integer),
    Field::new("right", body::Kind::Integer),
    Field::new("permission", body::Kind::Integer),
    Field::new("created", body::Kind::Ignored),
    Field::new("updated", body::Kind::Ignored),
];

impl Kind {
    /// What the route shares, and with whom.
    fn of(call: &Call<'_>) -> Self {
        let (what, with) = match call.route.operation.split('.').next() {
            Some("project_teams") => (What::Project, With::Team),
            Some("namespace_users") => (What::Namespace, With::User),
            Some("namespace_teams") => (What::Namespace, With::Team),
            _ => (What::Project, With::User),
        };
        Self { what, with }
    }

    fn already(self) -> Failure {
        match (self.what, self.with) {
            (What::Project, With::User) => {
                domain(409, 7002, "This user already has access to this {project}.")
            }
            (What::Namespace, With::User) => {
                domain(409, 5011, "This user already has access to this namespace.")
            }
            (_, With::Team) => domain(409, 6004, "This team already has access."),
        }
    }

    fn not_shared(self) -> Failure {
        match (self.what, self.with) {
            (What::Project, With::User) => domain(
                403,
                7003,
                "This user does not have access to the {project}.",
            ),
            (What::Project, With::Team) => domain(
                403,
                6007,
                "This team does not have access to the {project}.",
            ),
            (What::Namespace, With::User) => domain(
                403,
                5003,
                "This user does not have access to the namespace.",
            ),
            (What::Namespace, With::Team) => domain(
                403,
                5010,
                "You need to have access to this namespace to do this.",
            ),
        }
    }

    fn not_readable(self) -> Failure {
        match self.what {
            What::Project => domain(403, 3004, "You need to have read access to this {project}."),
            What::Namespace => domain(
                403,
                5009,
                "You need to have namespace read access to do this.",
            ),
        }
    }
}

impl What {
    /// The caller's access to it, if it is enough.
    fn check_access(
        self,
        db: &Connection,
        user: &User,
        id: i64,
        wanted: i64,
    ) -> Result<i64, Failure> {
        match self {
            Self::Project => projects::check_access(db, user, id, wanted),
            Self::Namespace => namespaces::check_access(db, user, id, wanted),
        }
    }

    /// Whom it belongs to.
    fn owner(self, db: &Connection, user: &User, id: i64) -> Result<Option<UserShape>, Failure> {
        Ok(match self {
            Self::Project => {
                store::projects::by_id(db, user.id, id)?.and_then(|project| project.owner)
            }
            Self::Namespace => {
                store::namespaces::by_id(db, id)?.and_then(|namespace| namespace.owner)
            }
        })
    }
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, page, user) = (call.id("project")?, Page::asked(call)?, call.user()?);
    let kind = Kind::of(call);
    call.read(|db| {
        let access = kind.what.check_access(db, user, id, 0);
        access.map_err(|failure| match failure {
            Failure::Forbidden(_) => kind.not_readable(),
            other => other,
        })?;
        let part = Part {
            search: call.search().unwrap_or_default(),
            limit: page.limit(),
            offset: page.offset(),
        };
        let (schema, items) = match kind.with {
            With::User => {
                let shares = shares::users(db, kind.what, id, part)?;
                ("PaginatedUserWithPermission", with_access(call, shares))
            }
            With::Team => {
                let shares = teams::shared_with(db, call.at.release, kind.what, id, part)?;
                ("PaginatedTeamWithPermission", with_access(call, shares))
            }
        };
        let count = Count {
            total: shares::count(db, kind, id, part)?,
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
    let (id, caller, kind) = (call.id("project")?, call.user()?, Kind::of(call));
    let body = bind(call, kind.with)?;
    let access = wanted_access(call, &body)?;
    let whom = body.get(name_key(call, kind.with));
    let whom = match kind.with {
        With::User => Whom::User(whom.and_then(Value::as_str).unwrap_or_default().to_owned()),
        With::Team => Whom::Team(whom.and_then(Value::as_i64).unwrap_or_default()),
    };
    call.write(|db| {
        kind.what.check_access(db, caller, id, ADMIN)?;
        let with = whom.existing(db)?;
        let owner = kind.what.owner(db, caller, id)?;
        let is_own = kind.with == With::User && owner.is_some_and(|owner| owner.id == with);
        if is_own || shares::exists(db, kind, id, with)? {
            return Err(kind.already());
        }
        let share = shares::insert(db, kind, id, with, access)?;
        match (kind.what, kind.with) {
            (What::Namespace, _) => {}
            (What::Project, With::User) => call.tell(Event::ProjectSharedWithUser {
                project: id,
                user: with,
            }),
            (What::Project, With::Team) => call.tell(Event::ProjectSharedWithTeam {
                project: id,
                team: with,
            }),
        }
        Ok(reply(call, share, &whom, access, &Stamp::now()))
    })
}

/// Says nothing about a share that does not exist, and answers no id, or a wrong one.
pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, caller, kind) = (call.id("project")?, call.user()?, Kind::of(call));
    let access = wanted_access(call, &bind(call, kind.with)?)?;
    let whom = Whom::in_path(call, kind.with)?;
    call.write(|db| {
        kind.what.check_access(db, caller, id, ADMIN)?;
        let with = match whom {
            // Nor does it look whether the team exists.
            Whom::Team(id) => id,
            Whom::User(_) => whom.existing(db)?,
        };
        shares::update(db, kind, id, with, access)?;
        let told = match (kind.what, kind.with) {
            // The namespace's, which the path calls by the share's name.
            (What::Namespace, With::User) => id,
            _ => 0,
        };
        Ok(reply(call, told, &whom, access, &Stamp::default()))
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, caller, kind) = (call.id("project")?, call.user()?, Kind::of(call));
    let whom = Whom::in_path(call, kind.with)?;
    call.write(|db| {
        kind.what.check_access(db, caller, id, ADMIN)?;
        if !shares::delete(db, kind, id, whom.existing(db)?)? {
            return Err(kind.not_shared());
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

/// The access that a body names.
pub(crate) fn wanted_access(call: &Call<'_>, body: &Map<String, Value>) -> Result<i64, Failure> {
    let access = body
        .get(call.at.release.access_word)
        .and_then(Value::as_i64)
        .unwrap_or_default();
    if access < 0 || (access > ADMIN && call.at.release.refusals.binding == Binding::Text) {
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
    let name = name_key(call, Kind::of(call).with);
    let share = json!({
        "id": id,
        name: whom,
        call.at.release.access_word: access,
        "created": created,
        "updated": Stamp::now(),
    });
    call.ok(None, &share)
}
