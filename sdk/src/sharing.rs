//! Shares of projects with users and teams; up to 0.20 also of namespaces. Links for everybody are in
//! [`crate::shares`].
//!
//! Users are named by their [user names](Username), teams by their ids; everything else is the same for both.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{
//!     model::{Permission, ProjectId, TeamId},
//!     page::walk,
//!     sharing::{self, Username},
//! };
//!
//! let place = ProjectId::from(3);
//! let bob = Username::from("bob");
//! vikunja.send(&sharing::Add { place, with: bob.clone(), permission: Permission::Read }).await?;
//! vikunja.send(&sharing::Add { place, with: TeamId::from(5), permission: Permission::Admin }).await?;
//! vikunja.send(&sharing::Change { place, with: bob.clone(), permission: Permission::ReadWrite }).await?;
//! for user in walk(&vikunja, sharing::List::users(place)).collect(1000).await? {
//!     println!("{}: {:?}", user.username, user.permission);
//! }
//! vikunja.send(&sharing::Remove { place, with: bob }).await?;
//! # Ok(()) }
//! ```

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    At, Body, BuildError, Empty, Endpoint, Json, Keyed, Object, Op, Paged, Pages, Path, Query,
    Release, Route,
    model::{NamespaceId, Permission, ProjectId, Team, TeamId, TeamShare, User, UserShare},
    namespaces::GONE,
    projects::{PROJECTS, search_name},
};

/// First release that says `permission` instead of `right`, and `username` instead of `user_id`.
const NEW_NAMES: Release = Release(1, 0, 0);

/// What permissions are called in JSON.
pub(crate) fn permission_name(at: At) -> &'static str {
    if at.release < NEW_NAMES {
        "right"
    } else {
        "permission"
    }
}

/// Whom something is shared with.
pub trait Guest: Clone + Send + Sync {
    /// What lists of shares hold: the guests themselves, with their `permission`.
    type Listed: Keyed + DeserializeOwned + Send;
    /// The answer to sharing, and to changing that.
    type Share: DeserializeOwned + Send;

    /// Names the guest in a path.
    fn path(&self, path: &mut Path);

    /// Names the guest in a body: key and value.
    fn named(&self, at: At) -> (&'static str, Value);
}

/// The name that a user logs in with.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Username(pub String);

impl<T: Into<String>> From<T> for Username {
    fn from(name: T) -> Self {
        Self(name.into())
    }
}

impl Guest for Username {
    type Listed = User;
    type Share = UserShare;
    fn path(&self, path: &mut Path) {
        path.set("user", &self.0);
    }
    fn named(&self, at: At) -> (&'static str, Value) {
        // The older key holds the name all the same.
        let key = if at.release < NEW_NAMES {
            "user_id"
        } else {
            "username"
        };
        (key, json!(self.0))
    }
}

impl Guest for TeamId {
    type Listed = Team;
    type Share = TeamShare;
    fn path(&self, path: &mut Path) {
        path.set("team", self);
    }
    fn named(&self, _: At) -> (&'static str, Value) {
        ("team_id", json!(self))
    }
}

/// What is shared with such guests: a project, up to 0.20 also a namespace.
pub trait Place<G>: Object {
    /// Where its shares are.
    const ALL: Route;
    /// Where one of them is.
    const ONE: Route;
}

impl Place<Username> for ProjectId {
    const ALL: Route =
        Route::read("/projects/{project}/users").before(PROJECTS, "/lists/{project}/users");
    const ONE: Route = Route::read("/projects/{project}/users/{user}")
        .before(PROJECTS, "/lists/{project}/users/{user}");
}

impl Place<TeamId> for ProjectId {
    const ALL: Route =
        Route::read("/projects/{project}/teams").before(PROJECTS, "/lists/{project}/teams");
    const ONE: Route = Route::read("/projects/{project}/teams/{team}")
        .before(PROJECTS, "/lists/{project}/teams/{team}");
}

impl Place<Username> for NamespaceId {
    const ALL: Route = Route::read("/namespaces/{namespace}/users").until(GONE);
    const ONE: Route = Route::read("/namespaces/{namespace}/users/{user}").until(GONE);
}

impl Place<TeamId> for NamespaceId {
    const ALL: Route = Route::read("/namespaces/{namespace}/teams").until(GONE);
    const ONE: Route = Route::read("/namespaces/{namespace}/teams/{team}").until(GONE);
}

/// Shares with a user or a team. Only who has [`Permission::Admin`] may (403).
///
/// A guest who has a share already, or the owner, is 409: a user code 7002 (of a namespace 5011), a team code 6004. An
/// unknown user is 404, code 1005; an unknown team 404, code 6002.
#[derive(Clone, Copy, Debug)]
pub struct Add<P, G> {
    /// What is shared.
    pub place: P,
    /// With whom.
    pub with: G,
    /// What the guest may do.
    pub permission: Permission,
}

impl<P: Place<G>, G: Guest> Endpoint for Add<P, G> {
    const ROUTE: Route = P::ALL.with_op(Op::Create);
    type Reply = Json<G::Share>;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        let (guest, name) = self.with.named(at);
        Body::json(&json!({guest: name, permission_name(at): self.permission}))
    }
}

/// Lists the users or the teams that something is shared with, and not its owner. Who may read it, may.
#[derive(Clone, Debug)]
pub struct List<P, G> {
    /// What is shared.
    pub place: P,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the user name, or of the team's name.
    pub search: Option<String>,
    /// Which guests are listed: [`List::users`] or [`List::teams`].
    pub guests: PhantomData<G>,
}

impl<P> List<P, Username> {
    /// The users that this is shared with, each with `permission`.
    pub fn users(place: P) -> Self {
        Self::new(place)
    }
}

impl<P> List<P, TeamId> {
    /// The teams that this is shared with, each with `permission`. Their members are wrong, as in [`crate::teams::List`].
    pub fn teams(place: P) -> Self {
        Self::new(place)
    }
}

impl<P, G> List<P, G> {
    fn new(place: P) -> Self {
        Self {
            place,
            page: None,
            per_page: None,
            search: None,
            guests: PhantomData,
        }
    }
}

impl<P: Place<G>, G: Guest> Endpoint for List<P, G> {
    const ROUTE: Route = P::ALL;
    type Reply = Paged<G::Listed>;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl<P: Place<G>, G: Guest> Pages for List<P, G> {
    type Item = G::Listed;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Changes what a user or a team may do. **For a guest without a share it answers success and does nothing**: look into
/// [`List`], or [`Add`] first.
#[derive(Clone, Copy, Debug)]
pub struct Change<P, G> {
    /// What is shared.
    pub place: P,
    /// With whom.
    pub with: G,
    /// What the guest may do from now on.
    pub permission: Permission,
}

impl<P: Place<G>, G: Guest> Endpoint for Change<P, G> {
    const ROUTE: Route = P::ONE.with_op(Op::Replace);
    type Reply = Json<G::Share>;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
        self.with.path(path);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        Body::json(&json!({permission_name(at): self.permission}))
    }
}

/// Ends a share. Guests cannot end their own (403). Where there is none it is 403 as well: of a project code 7003 (user)
/// or 6007 (team), of a namespace code 5003 or 5010.
#[derive(Clone, Copy, Debug)]
pub struct Remove<P, G> {
    /// What is shared.
    pub place: P,
    /// With whom.
    pub with: G,
}

impl<P: Place<G>, G: Guest> Endpoint for Remove<P, G> {
    const ROUTE: Route = P::ONE.with_op(Op::Delete);
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        self.place.path(path);
        self.with.path(path);
    }
}
