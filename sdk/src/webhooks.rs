//! Webhooks, of projects (0.22+) and of the caller (2.2+). A server can have them switched off: then these routes are
//! 404, and `webhooks_enabled` of `/info` is false.
//!
//! [`ops::ensure_webhook`](crate::ops::ensure_webhook) makes one where there is none yet, and warns of what is never sent;
//! what they send is read by the module `webhook` (feature `webhook`).
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{model::{EventName, ProjectId}, webhooks};
//!
//! let project = ProjectId::from(3);
//! let webhook = vikunja
//!     .send(&webhooks::Create {
//!         owner: project,
//!         target_url: "https://bot.example.com/vikunja".to_owned(),
//!         events: vec![EventName::TaskCreated, EventName::TaskUpdated],
//!         secret: Some("something long and random".to_owned().into()),
//!         basic_auth: None,
//!     })
//!     .await?;
//! vikunja.send(&webhooks::Delete { owner: project, webhook: webhook.id }).await?;
//! # Ok(()) }
//! ```

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;

use crate::{
    At, Body, BuildError, Empty, Endpoint, Json, Keyed, Op, Paged, Pages, Path, Query, Release,
    Route,
    model::{EventName, ProjectId, Webhook, WebhookId},
    secret::{exposed, exposed_or_null},
};

/// First release with webhooks of projects.
const PROJECT_HOOKS: Release = Release(0, 22, 0);

/// First release with webhooks of users.
const USER_HOOKS: Release = Release(2, 2, 0);

/// First release that sends basic authentication to the receiver.
const BASIC_AUTH: Release = Release(1, 1, 0);

/// Whose events a webhook sends: those of a project and of the projects in it, or the [caller's](Me).
pub trait Owner: Copy + Send + Sync {
    /// Which of the two it is.
    const KIND: OwnerKind;
    /// Where its webhooks are.
    const ALL: Route;
    /// Where one of them is.
    const ONE: Route;

    /// Fills the routes' placeholders, but for the webhook.
    fn path(&self, _: &mut Path) {}
}

/// Kinds of owners of webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerKind {
    /// A project.
    Project,
    /// A user.
    User,
}

impl Owner for ProjectId {
    const KIND: OwnerKind = OwnerKind::Project;
    const ALL: Route = Route::read("/projects/{project}/webhooks").since(PROJECT_HOOKS);
    const ONE: Route = Route::read("/projects/{project}/webhooks/{webhook}").since(PROJECT_HOOKS);
    fn path(&self, path: &mut Path) {
        path.set("project", self);
    }
}

/// The caller, as owner of webhooks (2.2+): reminders and overdue tasks only. API tokens are refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct Me;

impl Owner for Me {
    const KIND: OwnerKind = OwnerKind::User;
    const ALL: Route = Route::read("/user/settings/webhooks")
        .since(USER_HOOKS)
        .user_only();
    const ONE: Route = Route::read("/user/settings/webhooks/{webhook}")
        .since(USER_HOOKS)
        .user_only();
}

/// What a release makes of an event's name in a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Support {
    /// It takes the name, and sends the event.
    Sent,
    /// It takes the name, and **never** sends the event.
    NeverSent,
    /// It refuses the name. For webhooks of the caller this is so when they are made; [`SetEvents`] takes it silently, and
    /// nothing is sent.
    Refused,
    /// Not a name that this crate knows.
    Unknown,
}

/// What a release makes of an event's name in a webhook of a project or of the caller. Tried on 0.24.1, 1.0.0 and 2.5.0.
///
/// ```
/// use vikunja_sdk::{Release, model::EventName, webhooks::{OwnerKind::Project, Support, support}};
///
/// let attached = EventName::TaskAttachmentCreated;
/// assert_eq!(support(&attached, Project, Release(1, 0, 0)), Support::Sent);
/// assert_eq!(support(&attached, Project, Release(2, 5, 0)), Support::NeverSent);
/// ```
pub fn support(event: &EventName, owner: OwnerKind, release: Release) -> Support {
    use EventName as Name;
    let (is_of_users, is_sent) = match event {
        Name::Other(_) => return Support::Unknown,
        Name::TaskReminderFired | Name::TaskOverdue => (true, true),
        Name::TasksOverdue => (true, owner == OwnerKind::User),
        Name::TaskAttachmentCreated => (false, release < Release(2, 0, 0)),
        Name::TaskCommentEdited
        | Name::TaskCommentDeleted
        | Name::ProjectUpdated
        | Name::ProjectDeleted
        | Name::ProjectSharedUser
        | Name::ProjectSharedTeam => (false, release >= Release(1, 0, 0)),
        Name::TaskCreated
        | Name::TaskUpdated
        | Name::TaskDeleted
        | Name::TaskAssigneeCreated
        | Name::TaskAssigneeDeleted
        | Name::TaskCommentCreated
        | Name::TaskAttachmentDeleted
        | Name::TaskRelationCreated
        | Name::TaskRelationDeleted => (false, true),
    };
    let first = if is_of_users {
        USER_HOOKS
    } else {
        PROJECT_HOOKS
    };
    if release < first || owner == OwnerKind::User && !is_of_users {
        Support::Refused
    } else if is_sent {
        Support::Sent
    } else {
        Support::NeverSent
    }
}

/// Makes a webhook. From 2.2 a target on a loopback or private address is taken and, by default, never called.
///
/// An unknown event or a target that is not http(s) is 412 (v2: 422), code 2002; up to 0.24 it is 500.
#[derive(Clone, Debug, Serialize)]
pub struct Create<O> {
    /// Whose events it sends.
    #[serde(skip)]
    pub owner: O,
    /// Where they are sent to: http or https.
    pub target_url: String,
    /// Which are sent: names from [`ProjectEvents`] or [`MyEvents`], at least one.
    pub events: Vec<EventName>,
    /// Signs what is sent: `X-Vikunja-Signature` is the HMAC-SHA256 of the body with it. It cannot be read back.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed_or_null"
    )]
    pub secret: Option<SecretString>,
    /// Sent to the receiver as `Authorization` (1.1+).
    #[serde(flatten)]
    pub basic_auth: Option<BasicAuth>,
}

/// User name and password that a webhook sends along. They cannot be read back.
#[derive(Clone, Debug, Serialize)]
pub struct BasicAuth {
    /// User name.
    #[serde(rename = "basic_auth_user")]
    pub user: String,
    /// Password.
    #[serde(rename = "basic_auth_password", serialize_with = "exposed")]
    pub password: SecretString,
}

impl<O: Owner> Endpoint for Create<O> {
    const ROUTE: Route = O::ALL.with_op(Op::Create);
    type Reply = Json<Webhook>;
    fn path(&self, path: &mut Path) {
        self.owner.path(path);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        if self
            .secret
            .as_ref()
            .is_some_and(|secret| secret.expose_secret().is_empty())
        {
            return Err(BuildError::Body(
                "the secret of a webhook is empty, so that nothing would be signed: give one, or None"
                    .to_owned(),
            ));
        }
        // Older releases would ignore it, and call the receiver without.
        if self.basic_auth.is_some() && at.release < BASIC_AUTH {
            return Err(BuildError::Body(format!(
                "basic authentication of webhooks needs Vikunja {BASIC_AUTH} or newer; this server is {}",
                at.release
            )));
        }
        Body::json(self)
    }
}

/// Lists the webhooks of a project or of the caller, without their secrets. Those of the caller come on one page.
#[derive(Clone, Copy, Debug)]
pub struct List<O> {
    /// Whose.
    pub owner: O,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
}

impl<O> List<O> {
    /// The webhooks of this owner.
    pub fn new(owner: O) -> Self {
        Self {
            owner,
            page: None,
            per_page: None,
        }
    }
}

impl<O: Owner> Endpoint for List<O> {
    const ROUTE: Route = O::ALL;
    type Reply = Paged<Webhook>;
    fn path(&self, path: &mut Path) {
        self.owner.path(path);
    }
    fn query(&self, _: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .finish())
    }
}

impl Keyed for Webhook {
    type Key = WebhookId;
    fn key(&self) -> WebhookId {
        self.id
    }
}

impl<O: Owner> Pages for List<O> {
    type Item = Webhook;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Changes which events a webhook sends, and nothing else. To change the rest, delete it and make another.
///
/// One that does not exist is 403; up to 1.x that is a success. A webhook of the caller takes events of projects here,
/// too, and never sends them.
#[derive(Clone, Debug)]
pub struct SetEvents<O> {
    /// Whose.
    pub owner: O,
    /// Which.
    pub webhook: WebhookId,
    /// The target that it has: the server wants it here, answers it, and **does not store it**.
    pub target_url: String,
    /// All events that it is to send, at least one.
    pub events: Vec<EventName>,
}

impl<O: Owner> Endpoint for SetEvents<O> {
    const ROUTE: Route = O::ONE.with_op(Op::Replace);
    type Reply = Json<Webhook>;
    fn path(&self, path: &mut Path) {
        self.owner.path(path);
        path.set("webhook", self.webhook);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"target_url": self.target_url, "events": self.events}))
    }
}

/// Deletes a webhook. One that does not exist is 403; up to 1.x that is a success.
#[derive(Clone, Copy, Debug)]
pub struct Delete<O> {
    /// Whose.
    pub owner: O,
    /// Which.
    pub webhook: WebhookId,
}

impl<O: Owner> Endpoint for Delete<O> {
    const ROUTE: Route = O::ONE.with_op(Op::Delete).forbidden_when_missing();
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        self.owner.path(path);
        path.set("webhook", self.webhook);
    }
}

/// Reads the names of the events that webhooks of projects take. Some are never sent: [`support`] says which.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProjectEvents;

impl Endpoint for ProjectEvents {
    const ROUTE: Route = Route::read("/webhooks/events").since(PROJECT_HOOKS);
    type Reply = Json<Vec<EventName>>;
}

/// Reads the names of the events that webhooks of the caller take (2.2+).
#[derive(Clone, Copy, Debug, Default)]
pub struct MyEvents;

impl Endpoint for MyEvents {
    const ROUTE: Route = Route::read("/user/settings/webhooks/events")
        .since(USER_HOOKS)
        .user_only();
    type Reply = Json<Vec<EventName>>;
}
