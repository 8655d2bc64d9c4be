//! Log-ins of the caller that can still be renewed (2.0+): one for each device.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{login_sessions, page::walk};
//!
//! let all = walk(&mut vikunja, login_sessions::List::default()).collect(1000).await?;
//! for session in all.into_iter().filter(|one| one.device_info == "lost telephone") {
//!     vikunja.send(&login_sessions::Delete { session: session.id }).await?;
//! }
//! # Ok(()) }
//! ```

use crate::{
    At, BuildError, Empty, Endpoint, Keyed, Paged, Pages, Path, Query, Release, Route,
    model::LoginSession,
};

/// First release with them.
const SESSIONS: Release = Release(2, 0, 0);

/// Lists the caller's sessions. The server has no search here.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/user/sessions").since(SESSIONS).user_only();
    type Reply = Paged<LoginSession>;
    fn query(&self, _: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .finish())
    }
}

impl Keyed for LoginSession {
    type Key = String;
    fn key(&self) -> String {
        self.id.clone()
    }
}

impl Pages for List {
    type Item = LoginSession;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Ends a session: it is renewed no more. Its token goes on working until it expires. One that does not exist is 404,
/// code 16001. [`Client::log_out`](crate::Client::log_out) ends one's own.
#[derive(Clone, Debug)]
pub struct Delete {
    /// Which: [`LoginSession::id`].
    pub session: String,
}

impl Endpoint for Delete {
    const ROUTE: Route = Route::delete("/user/sessions/{session}")
        .since(SESSIONS)
        .user_only();
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("session", &self.session);
    }
}
