//! Link shares: making them, and logging in by one. A server can have them switched off: then these routes are 404, and
//! `link_sharing_enabled` of `/info` is false. Shares with users and teams are in [`crate::sharing`].
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{model::{Permission, ProjectId}, page::walk, shares, tasks};
//!
//! let link = vikunja.send(&shares::Create::new(ProjectId::from(3), Permission::Read)).await?;
//!
//! let guest = vikunja.log_in_with(&shares::LogIn { hash: link.hash, password: None }).await?;
//! let tasks = tasks::ListOfProject { project: guest.project, query: Default::default() };
//! let tasks = walk(&vikunja, tasks).collect(1000).await?;
//! # Ok(()) }
//! ```

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Answer, At, Body, BuildError, Empty, Endpoint, Json, Keyed, Paged, Pages, Path, Query, Release,
    Reply, ReplyError, Route,
    auth::Credentials,
    model::{LinkShare, LinkShareId, Permission, ProjectId},
    projects::{PROJECTS, search_name},
    retry::Repeat,
    sharing::permission_name,
    users::Tokens,
};

/// Makes a link to a project. Who may write in the project, may; a link with [`Permission::Admin`] needs that
/// permission (403).
///
/// There is no way to change one: delete it and make another.
#[derive(Clone, Debug)]
pub struct Create {
    /// What is shared.
    pub project: ProjectId,
    /// What visitors may do.
    pub permission: Permission,
    /// Name for people: what visitors do is done under it.
    pub name: Option<String>,
    /// Visitors are asked for it.
    pub password: Option<SecretString>,
}

impl Create {
    /// A link without name and password.
    pub fn new(project: ProjectId, permission: Permission) -> Self {
        Self {
            project,
            permission,
            name: None,
            password: None,
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route =
        Route::create("/projects/{project}/shares").before(PROJECTS, "/lists/{project}/shares");
    type Reply = Json<LinkShare>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        let mut body = json!({permission_name(at): self.permission});
        if let Some(name) = &self.name {
            body["name"] = name.as_str().into();
        }
        if let Some(password) = &self.password {
            body["password"] = password.expose_secret().into();
        }
        Body::json(&body)
    }
}

/// Lists the links to a project, **with their hashes**. Up to 1.x everybody who may read the project may, later only who
/// has [`Permission::Admin`] (403).
#[derive(Clone, Debug)]
pub struct List {
    /// Which.
    pub project: ProjectId,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the name.
    pub search: Option<String>,
}

impl List {
    /// The links to this project.
    pub fn new(project: ProjectId) -> Self {
        Self {
            project,
            page: None,
            per_page: None,
            search: None,
        }
    }
}

impl Endpoint for List {
    const ROUTE: Route =
        Route::read("/projects/{project}/shares").before(PROJECTS, "/lists/{project}/shares");
    type Reply = Paged<LinkShare>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl Keyed for LinkShare {
    type Key = LinkShareId;
    fn key(&self) -> LinkShareId {
        self.id
    }
}

impl Pages for List {
    type Item = LinkShare;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Reads one link (2.4+). Earlier releases have the route and answer 404 to it, code 3006: take it from the [`List`].
#[derive(Clone, Copy, Debug)]
pub struct Get {
    /// The project.
    pub project: ProjectId,
    /// Which: the number, not the hash.
    pub share: LinkShareId,
}

impl Endpoint for Get {
    const ROUTE: Route = Route::read("/projects/{project}/shares/{share}").since(Release(2, 4, 0));
    type Reply = Json<LinkShare>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project).set("share", self.share);
    }
}

/// Deletes a link. One that does not exist is a success. Up to 1.0 who came in by it goes on reading until the token
/// expires.
#[derive(Clone, Copy, Debug)]
pub struct Delete {
    /// The project.
    pub project: ProjectId,
    /// Which: the number, not the hash.
    pub share: LinkShareId,
}

impl Endpoint for Delete {
    const ROUTE: Route = Route::delete("/projects/{project}/shares/{share}")
        .before(PROJECTS, "/lists/{project}/shares/{share}");
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project).set("share", self.share);
    }
}

/// Logs in with the hash of a link share: for [`crate::Client::log_in_with`]. The token sees the shared project, and nothing
/// else.
///
/// An unknown hash is 404, code 3006; without a needed password it is 412, code 13001; with a wrong one 403, code
/// 13002.
#[derive(Clone, Debug)]
pub struct LogIn {
    /// The hash in the link.
    pub hash: SecretString,
    /// The password, where the share has one.
    pub password: Option<SecretString>,
}

impl Endpoint for LogIn {
    const ROUTE: Route = Route::act("/shares/{share}/auth").public();
    type Reply = LoggedIn;
    fn path(&self, path: &mut Path) {
        path.secret("share", &self.hash);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&match &self.password {
            Some(password) => json!({"password": password.expose_secret()}),
            None => json!({}),
        })
    }
    fn repeat(&self) -> Repeat {
        Repeat::Never
    }
}

/// Who is logged in by a link share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Guest {
    /// For the requests that follow.
    pub credentials: Credentials,
    /// The project that is shared.
    pub project: ProjectId,
    /// How it is shared.
    pub share: LinkShare,
}

impl AsRef<Credentials> for Guest {
    fn as_ref(&self) -> &Credentials {
        &self.credentials
    }
}

/// Reads a [`Guest`].
#[derive(Debug)]
pub struct LoggedIn;

impl Reply for LoggedIn {
    type Output = Guest;

    fn read(answer: &Answer<'_>) -> Result<Guest, ReplyError> {
        #[derive(Deserialize)]
        struct Shared {
            #[serde(alias = "list_id")]
            project_id: ProjectId,
        }
        let Shared { project_id } = answer.json()?;
        Ok(Guest {
            project: project_id,
            credentials: Tokens::read(answer)?,
            share: answer.json()?,
        })
    }
}
