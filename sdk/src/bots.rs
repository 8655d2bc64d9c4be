//! Bots (2.4+): accounts without a password that belong to a user, who makes API tokens for them. API tokens cannot
//! manage bots.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{
//!     Endpoint, api_tokens, bots,
//!     model::{Permission, ProjectId, Timestamp},
//!     ops,
//!     sharing::{self, Username},
//!     tasks,
//! };
//!
//! let bot = vikunja.send(&bots::Create::new("bot-kitchen")).await?;
//! let (place, with) = (ProjectId::from(3), Username(bot.username));
//! vikunja.send(&sharing::Add { place, with, permission: Permission::ReadWrite }).await?;
//!
//! let token = api_tokens::Create {
//!     title: "kitchen".to_owned(),
//!     permissions: ops::permissions(&mut vikunja, &[tasks::Create::ROUTE]).await?,
//!     expires_at: Timestamp::from_unix_seconds(1_900_000_000),
//!     owner: Some(bot.id.user()),
//! };
//! let token = vikunja.send(&token).await?.token;
//! # Ok(()) }
//! ```

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    At, Body, BuildError, Changes, Endpoint, Json, Keyed, Object, Op, Paged, Pages, Patched, Path,
    Query, Release, Route,
    model::{Bot, BotId, Patch as Value, UserStatus},
    object,
    projects::search_name,
    retry::Repeat,
};

/// Where all bots of the caller are.
const ALL: Route = Route::read("/user/bots")
    .since(Release(2, 4, 0))
    .user_only();

/// What can be written of a bot. Its status is not among it: see [`Disable`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// Unique; it begins with `bot-`, else it is 400, code 1034. It cannot be empty.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub username: Value<String>,
    /// Name for people.
    #[serde(skip_serializing_if = "Value::is_keep")]
    pub name: Value<String>,
}

impl Changes for Fields {
    fn check(&self, at: At) -> Result<(), BuildError> {
        self.username
            .check_not_emptied("the user name of a bot", at, String::is_empty)
    }
}

/// Makes a bot that belongs to the caller. A name that is taken is 400, code 1001.
#[derive(Clone, Debug, Default)]
pub struct Create {
    /// What it is to be; the user name is required.
    pub fields: Fields,
}

impl Create {
    /// A bot with this user name, which begins with `bot-`.
    pub fn new(username: impl Into<String>) -> Self {
        Self {
            fields: Fields {
                username: Value::Set(username.into()),
                ..Fields::default()
            },
        }
    }
}

impl Endpoint for Create {
    const ROUTE: Route = ALL.with_op(Op::Create);
    type Reply = Json<Bot>;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        Body::json(&self.fields.to_json(at)?)
    }
}

/// Lists the caller's bots, disabled ones too.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the user name.
    pub search: Option<String>,
}

impl Endpoint for List {
    const ROUTE: Route = ALL;
    type Reply = Paged<Bot>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .finish())
    }
}

impl Keyed for Bot {
    type Key = BotId;
    fn key(&self) -> BotId {
        self.id
    }
}

impl Pages for List {
    type Item = Bot;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Reads one bot. One of somebody else, or that does not exist, is 403; a disabled one is 412, code 1020.
pub type Get = object::Get<BotId>;

/// Writes a whole bot: **without a name it has none**, without a user name it keeps its own.
/// [`crate::ops::edit`] changes single fields.
pub type Replace = object::Replace<BotId>;

/// Changes the named fields of a bot (v2). [`crate::ops::edit`] does so on either API.
pub type Patch = object::Patch<BotId>;

/// Deletes a bot for good, with everything that it has. A disabled one cannot be deleted (412, code 1020).
pub type Delete = object::Delete<BotId>;

impl Object for BotId {
    type Model = Bot;
    type Fields = Fields;
    const ROUTE: Route = Route::read("/user/bots/{bot}")
        .since(Release(2, 4, 0))
        .user_only();
    fn path(&self, path: &mut Path) {
        path.set("bot", self);
    }
}

/// Disables a bot: its API tokens are refused from then on (v2).
///
/// **There is no way back for its owner** (2.5.0): the server then refuses to read, change, enable and delete it (412,
/// code 1020), and only lists it. An administrator may enable it ([`crate::admin::SetStatus`]). To shut a bot out for a
/// while, delete its tokens ([`crate::api_tokens::Delete`]).
#[derive(Clone, Copy, Debug)]
pub struct Disable {
    /// Which.
    pub bot: BotId,
}

impl Endpoint for Disable {
    const ROUTE: Route = BotId::ROUTE.with_op(Op::Patch);
    type Reply = Patched<Bot>;
    fn path(&self, path: &mut Path) {
        path.set("bot", self.bot);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::merge_patch(&json!({"status": UserStatus::Disabled}))
    }
    /// A second one would be refused, though the first has done it.
    fn repeat(&self) -> Repeat {
        Repeat::IfNothingHappened
    }
}
