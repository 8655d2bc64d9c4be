//! API tokens (0.22+): for programs, with chosen permissions. Only a user's own session may make, list and delete them.
//!
//! ```no_run
//! use vikunja_sdk::{Endpoint, api_tokens, model::Timestamp, ops, tasks};
//!
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {
//! // What the program is going to call; permissions are named differently by different releases.
//! let permissions = ops::permissions(&mut vikunja, &[tasks::List::ROUTE, tasks::Create::ROUTE]).await?;
//! let token = vikunja
//!     .send(&api_tokens::Create {
//!         title: "Kitchen display".to_owned(),
//!         permissions,
//!         expires_at: "2030-01-01T00:00:00Z".parse::<Timestamp>()?,
//!         owner: None,
//!     })
//!     .await?;
//! let display = vikunja.signed_out();
//! display.set_token(token.token.ok_or("the server kept the token to itself")?)?;
//! # Ok(()) }
//! ```

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    At, Body, BuildError, Empty, Endpoint, Json, Keyed, Paged, Pages, Path, Query, Release, Route,
    model::{ApiToken, ApiTokenId, ApiTokenRoutes, Timestamp, UserId},
    projects::search_name,
};

/// First release with API tokens.
const TOKENS: Release = Release(0, 22, 0);

/// First release in which bots have tokens.
const BOTS: Release = Release(2, 4, 0);

/// Makes an API token. Its text is in this answer and nowhere else.
///
/// Permissions are named differently by different releases: [`crate::ops::permissions`] finds those for chosen
/// operations, [`Routes`] has all of this server; unknown ones are 400, code 14002.
#[derive(Clone, Debug, Serialize)]
pub struct Create {
    /// Title.
    pub title: String,
    /// What it may do, by group: `tasks` → `read_all`, `read_one` …
    pub permissions: BTreeMap<String, Vec<String>>,
    /// Until when it can be used. The server takes a moment in the past, too.
    pub expires_at: Timestamp,
    /// A bot of the caller that it is for (2.4+); else it is the caller's own.
    #[serde(rename = "owner_id", skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
}

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/tokens").since(TOKENS).user_only();
    type Reply = Json<ApiToken>;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        check_owner(self.owner, at)?;
        Body::json(self)
    }
}

/// Older releases would ignore the owner and take the caller.
fn check_owner(owner: Option<UserId>, at: At) -> Result<(), BuildError> {
    if owner.is_some() && at.release < BOTS {
        return Err(BuildError::Body(format!(
            "tokens of bots need Vikunja {BOTS} or newer; this server is {}",
            at.release
        )));
    }
    Ok(())
}

/// Lists the caller's API tokens, without their texts.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
    /// Part of the title.
    pub search: Option<String>,
    /// A bot of the caller whose tokens are listed instead (2.4+).
    pub owner: Option<UserId>,
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/tokens").since(TOKENS).user_only();
    type Reply = Paged<ApiToken>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        check_owner(self.owner, at)?;
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .maybe(search_name(at), self.search.as_deref())
            .maybe("owner_id", self.owner)
            .finish())
    }
}

impl Keyed for ApiToken {
    type Key = ApiTokenId;
    fn key(&self) -> ApiTokenId {
        self.id
    }
}

impl Pages for List {
    type Item = ApiToken;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Deletes an API token: it is refused from then on. One that does not exist is 403.
#[derive(Clone, Copy, Debug)]
pub struct Delete {
    /// Which.
    pub token: ApiTokenId,
}

impl Endpoint for Delete {
    const ROUTE: Route = Route::delete("/tokens/{token}")
        .since(TOKENS)
        .user_only()
        .forbidden_when_missing();
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("token", self.token);
    }
}

/// Reads what API tokens can be allowed on this server, by group and permission. Every release lists some that open
/// nothing; [`crate::scope::of`] knows them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Routes;

impl Endpoint for Routes {
    const ROUTE: Route = Route::read("/routes")
        .since(TOKENS)
        .api_tokens_since(Release(1, 0, 0));
    type Reply = Json<ApiTokenRoutes>;
}
