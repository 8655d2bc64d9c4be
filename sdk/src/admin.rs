//! The administration of a server (2.4+): accounts and projects of everybody.
//!
//! All of this needs a licence with `admin_panel` (`enabled_pro_features` of `/info`) and an administrator's account;
//! to everybody else these routes answer 404, as if they were not there. **Not checked on a running server**, but for
//! that answer: requests and answers are as the server's own documents describe them.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{admin, model::UserStatus, page::walk};
//!
//! let overview = vikunja.send(&admin::Overview).await?;
//! println!("{} accounts, {} tasks", overview.users, overview.tasks);
//! for user in walk(&vikunja, admin::ListUsers::default()).collect(10_000).await? {
//!     if user.status == UserStatus::Locked {
//!         let unlock = admin::SetStatus { user: user.id, status: UserStatus::Active };
//!         vikunja.send(&unlock).await?;
//!     }
//! }
//! # Ok(()) }
//! ```

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;

use crate::{
    Api, At, Body, BuildError, Empty, Endpoint, Json, Keyed, Paged, Pages, Path, Query, Release,
    Route,
    model::{AdminOverview, AdminUser, Message, Project, ProjectId, UserId, UserStatus},
    projects::search_name,
    retry::Repeat,
    secret::exposed,
};

/// First release with it.
const ADMIN: Release = Release(2, 4, 0);

/// Sets one thing of something, by `PATCH` on either API. API tokens are let in on v1 only.
const fn set(template: &'static str) -> Route {
    Route::replace(template)
        .verb(Api::V1, "PATCH")
        .verb(Api::V2, "PATCH")
        .user_only_on(Api::V2)
        .since(ADMIN)
}

/// Reads how much there is on the server, and what its licence opens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overview;

impl Endpoint for Overview {
    const ROUTE: Route = Route::read("/admin/overview").since(ADMIN);
    type Reply = Json<AdminOverview>;
}

/// Lists all accounts (v1 only).
#[derive(Clone, Debug, Default)]
pub struct ListUsers {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page; the server caps it.
    pub per_page: Option<u64>,
    /// Part of the user name or the email address.
    pub search: Option<String>,
}

impl Endpoint for ListUsers {
    const ROUTE: Route = Route::read("/admin/users").only(Api::V1).since(ADMIN);
    type Reply = Paged<AdminUser>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl Keyed for AdminUser {
    type Key = UserId;
    fn key(&self) -> UserId {
        self.id
    }
}

impl Pages for ListUsers {
    type Item = AdminUser;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Makes an account, also where registration is closed.
#[derive(Clone, Debug, Serialize)]
pub struct CreateUser {
    /// Name to log in with, 3 to 250 characters.
    pub username: String,
    /// Email address.
    pub email: String,
    /// Password: 8 characters or more, 72 bytes or less.
    #[serde(serialize_with = "exposed")]
    pub password: SecretString,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Language of the web front end and of emails, such as `de-DE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether it administers the server.
    pub is_admin: bool,
    /// Whether it can be used at once, without confirming the email address.
    pub skip_email_confirm: bool,
}

impl Endpoint for CreateUser {
    const ROUTE: Route = Route::create("/admin/users")
        .verb(Api::V1, "POST")
        .since(ADMIN);
    type Reply = Json<AdminUser>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// Makes an account an administrator's, or an ordinary one. The last administrator stays: 400, code 1030.
#[derive(Clone, Copy, Debug)]
pub struct SetAdmin {
    /// Which.
    pub user: UserId,
    /// Whether it is to administer the server.
    pub is_admin: bool,
}

impl Endpoint for SetAdmin {
    const ROUTE: Route = set("/admin/users/{user}/admin");
    type Reply = Json<AdminUser>;
    fn path(&self, path: &mut Path) {
        path.set("user", self.user);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"is_admin": self.is_admin}))
    }
}

/// Enables, disables or locks an account. The last administrator stays active: 400, code 1030.
#[derive(Clone, Copy, Debug)]
pub struct SetStatus {
    /// Which.
    pub user: UserId,
    /// How it is to be.
    pub status: UserStatus,
}

impl Endpoint for SetStatus {
    const ROUTE: Route = set("/admin/users/{user}/status");
    type Reply = Json<AdminUser>;
    fn path(&self, path: &mut Path) {
        path.set("user", self.user);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"status": self.status}))
    }
}

/// Sets an account's password and ends its sessions (v2 only). One that somebody else manages (LDAP, OpenID) is 412.
#[derive(Clone, Debug)]
pub struct SetPassword {
    /// Which.
    pub user: UserId,
    /// Its new password: 8 characters or more, 72 bytes or less.
    pub password: SecretString,
}

impl Endpoint for SetPassword {
    const ROUTE: Route = set("/admin/users/{user}/password").only(Api::V2);
    type Reply = Json<AdminUser>;
    fn path(&self, path: &mut Path) {
        path.set("user", self.user);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"new_password": self.password.expose_secret()}))
    }
}

/// Sends the email by which a user sets a new password (v2 only). 412 without a mailer, or where somebody else manages
/// the account.
#[derive(Clone, Copy, Debug)]
pub struct SendPasswordReset {
    /// To whom.
    pub user: UserId,
}

impl Endpoint for SendPasswordReset {
    const ROUTE: Route = Route::act("/admin/users/{user}/password-reset-email")
        .only(Api::V2)
        .since(ADMIN);
    type Reply = Json<Message>;
    fn path(&self, path: &mut Path) {
        path.set("user", self.user);
    }
}

/// Deletes an account, with everything that is its own. The last administrator stays: 400, code 1030.
#[derive(Clone, Copy, Debug)]
pub struct DeleteUser {
    /// Which.
    pub user: UserId,
    /// At once, or when the user agrees.
    pub when: Deletion,
}

/// When an account is deleted.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Deletion {
    /// The user gets an email, as if asking for it, and the account goes some days after it was confirmed.
    #[default]
    Scheduled,
    /// At once.
    Now,
}

impl Endpoint for DeleteUser {
    const ROUTE: Route = Route::delete("/admin/users/{user}").since(ADMIN);
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("user", self.user);
    }
    fn query(&self, _: At) -> Result<String, BuildError> {
        let mode = match self.when {
            Deletion::Scheduled => "scheduled",
            Deletion::Now => "now",
        };
        Ok(Query::new().push("mode", mode).finish())
    }
    /// Each sends an email.
    fn repeat(&self) -> Repeat {
        match self.when {
            Deletion::Scheduled => Repeat::IfNothingHappened,
            Deletion::Now => Repeat::ByOperation,
        }
    }
}

/// Lists all projects of everybody, archived ones too.
#[derive(Clone, Debug, Default)]
pub struct ListProjects {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the title.
    pub search: Option<String>,
}

impl Endpoint for ListProjects {
    const ROUTE: Route = Route::read("/admin/projects").since(ADMIN);
    type Reply = Paged<Project>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl Pages for ListProjects {
    type Item = Project;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Gives a project to another user, whose account must be active. No other call can.
#[derive(Clone, Copy, Debug)]
pub struct SetOwner {
    /// Which.
    pub project: ProjectId,
    /// To whom.
    pub owner: UserId,
}

impl Endpoint for SetOwner {
    const ROUTE: Route = set("/admin/projects/{project}/owner");
    type Reply = Json<Project>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"owner_id": self.owner}))
    }
}
