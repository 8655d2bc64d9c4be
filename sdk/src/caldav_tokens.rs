//! CalDAV tokens: passwords for calendar programs, so that these need not know the account's. From 2.3 an API token with
//! the permission `caldav.access` does as well.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use secrecy::ExposeSecret;
//! use vikunja_sdk::caldav_tokens;
//!
//! let made = vikunja.send(&caldav_tokens::Create).await?;
//! if let Some(token) = &made.token {
//!     println!("user name alice, password {}", token.expose_secret());
//! }
//! vikunja.send(&caldav_tokens::Delete { token: made.id }).await?;
//! # Ok(()) }
//! ```

use crate::{
    All, Empty, Endpoint, Json, Path, Route,
    model::{CaldavToken, CaldavTokenId},
};

/// Makes a CalDAV token. Its text is in this answer and nowhere else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Create;

impl Endpoint for Create {
    const ROUTE: Route = Route::create("/user/settings/token/caldav").user_only();
    type Reply = Json<CaldavToken>;
}

/// Lists the caller's CalDAV tokens, without their texts. All come at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct List;

impl Endpoint for List {
    const ROUTE: Route = Route::read("/user/settings/token/caldav").user_only();
    type Reply = All<CaldavToken>;
}

/// Deletes a CalDAV token. One that does not exist is a success, too.
#[derive(Clone, Copy, Debug)]
pub struct Delete {
    /// Which.
    pub token: CaldavTokenId,
}

impl Endpoint for Delete {
    const ROUTE: Route = Route::delete("/user/settings/token/caldav/{id}").user_only();
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("id", self.token);
    }
}
