//! Teams and their members.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{model::{Permission, ProjectId}, ops, sharing, teams};
//!
//! let team = vikunja.send(&teams::Create::new("Cooks")).await?.id;
//! vikunja.send(&teams::AddMember { team, username: "bob".to_owned(), admin: false }).await?;
//! let share = sharing::Add { place: ProjectId::from(3), with: team, permission: Permission::ReadWrite };
//! vikunja.send(&share).await?;
//!
//! let changes = teams::Fields { description: "<p>Who cooks</p>".into(), ..Default::default() };
//! let team = ops::edit(&mut vikunja, team, &changes).await?;
//! assert_eq!(team.members.len(), 2);
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    At, Body, BuildError, Changes, Empty, Endpoint, Json, Keyed, Object, Paged, Pages, Path, Query,
    Release, Route,
    model::{Patch as Value, Team, TeamId, TeamMember},
    object,
    projects::search_name,
};

/// First release with public teams.
const PUBLIC: Release = Release(0, 24, 0);

/// What can be written of a team. Members have calls of their own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Name, 1 to 250 characters. Required to create and to replace; it cannot be empty.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub name: Value<String>,
    /// Description, HTML. No release can clear it.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub description: Value<String>,
    /// Whether everybody finds it in lists and may share with it (0.24+). It has an effect on servers that allow it:
    /// `public_teams_enabled` of `/info`.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub is_public: Value<bool>,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        self.name
            .check_not_emptied("the name of a team", at, String::is_empty)?;
        self.description
            .check_not_emptied("the description of a team", at, String::is_empty)?;
        check_public(!self.is_public.is_keep(), at)
    }
}

/// Older releases would ignore it.
fn check_public(is_asked: bool, at: At) -> Result<(), BuildError> {
    if is_asked && at.release < PUBLIC {
        return Err(BuildError::Body(format!(
            "public teams need Vikunja {PUBLIC} or newer; this server is {}",
            at.release
        )));
    }
    Ok(())
}

/// Makes a team. The caller is its first member and may manage it. Link shares may not make one (403).
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// What it is to be; the name is required.
    pub fields: Fields,
}

impl Create {
    /// A team with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            fields: Fields {
                name: Value::Set(name.into()),
                ..Fields::default()
            },
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/teams");
    type Reply = Json<Team>;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        check_public(!self.fields.is_public.is_keep(), at)?;
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Lists the caller's teams. **Their members are wrong here**: every user is in one team only. Read teams one by one.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the name.
    pub search: Option<String>,
    /// Public teams of others too (0.24+), on servers that have them.
    pub include_public: bool,
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/teams");
    type Reply = Paged<Team>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        check_public(self.include_public, at)?;
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .maybe("include_public", self.include_public.then_some(true))
            .finish())
    }
}

impl Keyed for Team {
    type Key = TeamId;
    fn key(&self) -> TeamId {
        self.id
    }
}

impl Pages for List {
    type Item = Team;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Reads one team with its members. Only members may, of public teams too; one that does not exist is 403 as well.
pub type Get = object::Get<TeamId>;

/// Writes a team: without a name it is refused (400, 412 or 422), **without `is_public` it is public no more**, and an
/// empty description is kept as it was. [`crate::ops::edit`] changes single fields.
pub type Replace = object::Replace<TeamId>;

/// Changes the named fields of a team (v2). [`crate::ops::edit`] does so on every release.
pub type Patch = object::Patch<TeamId>;

/// Deletes a team, and with it what it could do in projects.
pub type Delete = object::Delete<TeamId>;

impl Object for TeamId {
    type Model = Team;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/teams/{team}");
    fn path(&self, path: &mut Path) {
        path.set("team", self);
    }
}

/// Adds a user to a team. One who is in it already is 409, code 6005; an unknown name is 404, code 1005.
#[derive(Clone, Debug)]
pub struct AddMember {
    /// The team.
    pub team: TeamId,
    /// User name.
    pub username: String,
    /// Whether the user may manage the team.
    pub admin: bool,
}

impl Endpoint for AddMember {
    const ROUTE: Route = Route::create("/teams/{team}/members");
    type Reply = Json<TeamMember>;
    fn path(&self, path: &mut Path) {
        path.set("team", self.team);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&if self.admin {
            json!({"username": self.username, "admin": true})
        } else {
            json!({"username": self.username})
        })
    }
}

/// Removes a user from a team; members may remove themselves. It succeeds where the user was no member, too.
///
/// The last member stays: 400, code 6006. The server counts members and does not look who they are, so that removing a
/// stranger from a team of one is refused in these words, and so is a removal that is sent again because its answer was
/// lost.
#[derive(Clone, Debug)]
pub struct RemoveMember {
    /// The team.
    pub team: TeamId,
    /// User name.
    pub username: String,
}

impl Endpoint for RemoveMember {
    const ROUTE: Route = Route::delete("/teams/{team}/members/{user}");
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("team", self.team).set("user", &self.username);
    }
}

/// Turns around whether a member may manage the team: who may, may no more, and the other way round. What is so now is
/// in [`Get`]; the server takes no wish, and what is sent twice undoes itself, so that this is not repeated when its
/// answer is lost.
///
/// For a user who is no member it answers that he may manage the team now, and does nothing.
#[derive(Clone, Debug)]
pub struct ToggleAdmin {
    /// The team.
    pub team: TeamId,
    /// User name.
    pub username: String,
}

impl Endpoint for ToggleAdmin {
    const ROUTE: Route = Route::act("/teams/{team}/members/{user}/admin");
    type Reply = Json<TeamMember>;
    fn path(&self, path: &mut Path) {
        path.set("team", self.team).set("user", &self.username);
    }
}
