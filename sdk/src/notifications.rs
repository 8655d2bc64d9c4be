//! Notifications of the caller. They come a moment after the answer to what caused them.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::{notifications, page::walk};
//!
//! for news in walk(&vikunja, notifications::List::default()).collect(100).await? {
//!     if news.read_at.is_none() {
//!         println!("{} {:?}", news.name, news.content.task.map(|task| task.title));
//!         vikunja.send(&notifications::Mark { notification: news.id, read: true }).await?;
//!     }
//! }
//! # Ok(()) }
//! ```

use http::{HeaderMap, header};
use secrecy::SecretString;
use serde_json::json;

use crate::{
    Api, At, Body, BuildError, Content, Empty, Endpoint, Json, Keyed, Paged, Pages, Path, Query,
    Release, Route, auth,
    model::{Notification, NotificationId},
};

/// Lists the notifications, the newest first. The server has no search here.
#[derive(Clone, Copy, Debug, Default)]
pub struct List {
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/notifications");
    type Reply = Paged<Notification>;
    fn query(&self, _: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .finish())
    }
}

impl Keyed for Notification {
    type Key = NotificationId;
    fn key(&self) -> NotificationId {
        self.id
    }
}

impl Pages for List {
    type Item = Notification;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Marks one notification as read or as unread. One that does not exist is 403. From 1.0 v1 refuses API tokens here.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Which.
    pub notification: NotificationId,
    /// As what.
    pub read: bool,
}

impl Endpoint for Mark {
    const ROUTE: Route = Route::replace("/notifications/{notification}")
        .user_only_on_since(Api::V1, Release(1, 0, 0));
    type Reply = Json<Notification>;
    fn path(&self, path: &mut Path) {
        path.set("notification", self.notification);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"read": self.read}))
    }
}

/// Marks all notifications as read (0.22+).
#[derive(Clone, Copy, Debug, Default)]
pub struct MarkAllRead;

impl Endpoint for MarkAllRead {
    const ROUTE: Route = Route::act("/notifications")
        .since(Release(0, 22, 0))
        .api_tokens_since(Release(1, 0, 0));
    type Reply = Empty;
}

/// Reads the notifications as an Atom feed (v2 of 2.4+), for feed readers: XML, as the head's content type says.
///
/// It takes no token of the session, but HTTP Basic: a user name and an API token of that user with the permission
/// `feeds.access`.
#[derive(Clone, Debug)]
pub struct AtomFeed {
    /// User name.
    pub username: String,
    /// The API token.
    pub token: SecretString,
}

impl Endpoint for AtomFeed {
    const ROUTE: Route = Route::read("/notifications.atom").only(Api::V2).public();
    type Reply = Content;
    fn headers(&self, headers: &mut HeaderMap) -> Result<(), BuildError> {
        let login = auth::basic(&self.username, &self.token)?;
        headers.insert(header::AUTHORIZATION, login);
        Ok(())
    }
}
