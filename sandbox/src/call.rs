//! One request as the handlers see it.

use std::cell::RefCell;
use std::net::IpAddr;

use axum::http::{HeaderMap, StatusCode, header};
use rusqlite::Connection;

use crate::body::{self, Body, Field};
use crate::caller::{Caller, Credential};
use crate::catalogue::Route;
use crate::events::Event;
use crate::failure::{Failure, UNLISTED, plain};
use crate::link_shares;
use crate::markdown;
use crate::release::{Api, At};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store;
use crate::store::users::User;
use crate::world::World;

/// A request whose route is known and whose token, if the route wants one, was accepted.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) world: &'a World,
    pub(crate) at: At,
    pub(crate) route: &'a Route,
    /// Values of the path's placeholders.
    pub(crate) params: &'a [String],
    pub(crate) query: &'a [(String, String)],
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// Where it comes from.
    pub(crate) address: Option<IpAddr>,
    /// Whoever the token belongs to.
    pub(crate) caller: Option<Caller>,
    /// What the handler told.
    pub(crate) events: RefCell<Vec<Event>>,
}

impl Call<'_> {
    /// The caller; routes that want a token always have one. A link share acts as a user of its own.
    pub(crate) fn user(&self) -> Result<&User, Failure> {
        self.caller
            .as_ref()
            .map(|caller| &caller.user)
            .ok_or(Failure::Unauthorized)
    }

    /// The caller as the author of something new. A link share whose token outlives it has access left, but no name.
    pub(crate) fn author(&self, db: &Connection) -> Result<&User, Failure> {
        let caller = self.caller.as_ref().ok_or(Failure::Unauthorized)?;
        match caller.by {
            Credential::LinkShare { share, .. }
                if store::link_shares::by_id(db, share)?.is_none() =>
            {
                Err(link_shares::missing())
            }
            _ => Ok(&caller.user),
        }
    }

    /// Says that something happened. Listeners hear of it when all is stored.
    pub(crate) fn tell(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    /// What was told since the last time.
    pub(crate) fn told(&self) -> Vec<Event> {
        self.events.take()
    }

    /// The project of a link share, if the caller is one.
    pub(crate) fn shared_project(&self) -> Option<i64> {
        match self.caller.as_ref().map(|caller| &caller.by)? {
            Credential::LinkShare { project, .. } => Some(*project),
            _ => None,
        }
    }

    /// The first placeholder as a number; `v2_name` is what v2 calls it.
    pub(crate) fn id(&self, v2_name: &str) -> Result<i64, Failure> {
        self.id_at(0, v2_name)
    }

    /// The placeholder at that place, counted from 0, as a number; `v2_name` is what v2 calls it.
    pub(crate) fn id_at(&self, place: usize, v2_name: &str) -> Result<i64, Failure> {
        body::number(v2_name, self.param(place))
    }

    /// The placeholder at that place, counted from 0.
    pub(crate) fn param(&self, place: usize) -> &str {
        self.params.get(place).map_or("", String::as_str)
    }

    /// The first value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| is_named(key, name))
            .map(|(_, value)| value.as_str())
    }

    /// All values of a query parameter.
    pub(crate) fn query_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query
            .iter()
            .filter(move |(key, _)| is_named(key, name))
            .map(|(_, value)| value.as_str())
    }

    /// All values of `expand`, in the form that the release reads there.
    pub(crate) fn expand(&self, of_tasks: bool) -> impl Iterator<Item = &str> {
        let strict = self.at.release.tasks.expand_is_strict;
        self.query
            .iter()
            .filter(move |(key, _)| match key.as_str() {
                "expand[]" => of_tasks || !strict,
                "expand" => !of_tasks || !strict,
                _ => false,
            })
            .map(|(_, value)| value.as_str())
    }

    /// What is searched for, if anything: `s` on v1, `q` on v2.
    pub(crate) fn search(&self) -> Option<&str> {
        let name = if self.at.api == Api::V1 { "s" } else { "q" };
        self.query(name).filter(|text| !text.is_empty())
    }

    pub(crate) fn header(&self, name: &header::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Reads the body into a model.
    pub(crate) fn bind<T: serde::de::DeserializeOwned>(
        &self,
        fields: &[Field],
        path: &[(&str, i64)],
    ) -> Result<T, Failure> {
        body::bind(self.at, self.raw_body(), fields, path)
    }

    /// Reads the body as v1's hand-written handlers do: they have a text of their own for what cannot be read, and
    /// name a broken rule with words alone.
    pub(crate) fn bind_by_hand<T: serde::de::DeserializeOwned>(
        &self,
        fields: &[Field],
        unreadable: &str,
    ) -> Result<T, Failure> {
        self.bind(fields, &[])
            .map_err(|failure| self.by_hand(failure, unreadable))
    }

    /// A body's failure as v1's hand-written handlers tell it.
    pub(crate) fn by_hand(&self, failure: Failure, unreadable: &str) -> Failure {
        let listed = self.at.release.refusals.settings_validation_lists;
        match (failure, self.at.api) {
            (Failure::Unreadable(_), Api::V1) => plain(400, unreadable),
            (Failure::Invalid(_), Api::V1) if !listed => plain(400, UNLISTED),
            (failure, _) => failure,
        }
    }

    /// The success that has nothing to tell. v1 says all the same that it is JSON.
    pub(crate) fn nothing(&self) -> Reply {
        let reply = Reply::empty(StatusCode::NO_CONTENT);
        match self.at.api {
            Api::V1 => reply.with_header("content-type", "application/json"),
            Api::V2 => reply,
        }
    }

    /// The answer of an action.
    pub(crate) fn message(&self, schema: &'static str, text: &str) -> Reply {
        self.ok(Some(schema), &serde_json::json!({"message": text}))
    }

    pub(crate) fn raw_body(&self) -> Body<'_> {
        Body {
            content_type: self.header(&header::CONTENT_TYPE),
            bytes: self.body,
        }
    }

    /// Works on the database. A failure undoes everything, in releases with transactions.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.world.store.write(self.at.release.transactions, work)
    }

    /// Reads from the database.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.world.store.read(work)
    }

    /// The answer of success: the route's own status, and on v2 the name of the body's schema.
    pub(crate) fn ok<T: serde::Serialize + ?Sized>(
        &self,
        schema: Option<&'static str>,
        body: &T,
    ) -> Reply {
        let (status, api) = (self.route.status, self.at.api);
        match self.at.release.spelling {
            None => Reply::object(status, api, schema, body),
            Some(spelling) => {
                let body = serde_json::to_value(body).unwrap_or_default();
                Reply::object(status, api, schema, &spelling.outward(body))
            }
        }
    }

    /// The answer to the read of one object that has an `ETag` on v2: nothing where the client has this version.
    /// The caller's access stands in v1's header; v2 shows it in the object, where the handler puts it.
    pub(crate) fn version<T: serde::Serialize>(
        &self,
        schema: &'static str,
        object: &T,
        updated: &Stamp,
        access: i64,
    ) -> Reply {
        if self.at.api == Api::V1 {
            return self.with_access(self.ok(None, object), access);
        }
        let nanoseconds = updated.seconds().unwrap_or_default() * 1_000_000_000;
        let etag = format!("\"{nanoseconds}-{access}\"");
        if self.has_version(&etag) {
            let mut reply = Failure::NotModified.reply(self.at);
            reply.schema = Some("VikunjaErrorModel");
            return reply;
        }
        self.ok(Some(schema), object).with_header("etag", &etag)
    }

    /// Whether the client says that it has this version.
    fn has_version(&self, etag: &str) -> bool {
        let tags = self
            .header(&header::IF_NONE_MATCH)
            .unwrap_or_default()
            .split(',');
        tags.map(|tag| tag.trim().trim_start_matches("W/"))
            .any(|tag| tag == "*" || tag == etag)
    }

    /// The answer of a deletion.
    pub(crate) fn deleted(&self) -> Reply {
        match self.at.api {
            Api::V1 => self.ok(
                None,
                &serde_json::json!({"message": "Successfully deleted."}),
            ),
            Api::V2 => self.nothing(),
        }
    }

    /// `max_permission` of an object that is read alone, which v2 shows in the body.
    pub(crate) fn permission(&self, access: i64) -> Option<i64> {
        (self.at.api == Api::V2).then_some(access)
    }

    /// The id under which a new thing is stored, where its sender may choose one; the server breaks when it is taken.
    pub(crate) fn sent_id(
        &self,
        sent: i64,
        is_taken: impl FnOnce() -> Result<bool, Failure>,
    ) -> Result<Option<i64>, Failure> {
        if sent == 0 || !self.at.release.sent_ids_stored {
            return Ok(None);
        }
        if is_taken()? {
            return Err(Failure::Breaks("the id is taken"));
        }
        Ok(Some(sent))
    }

    /// Whether rich text is exchanged as Markdown (v2).
    pub(crate) fn is_markdown(&self) -> bool {
        let header = self
            .headers
            .get("x-vikunja-format")
            .is_some_and(|value| value == "markdown");
        self.at.api == Api::V2 && (header || self.query("format") == Some("markdown"))
    }

    /// Rich text as it is stored, from what was sent.
    pub(crate) fn rich_text(&self, sent: &str) -> Result<String, Failure> {
        if self.is_markdown() {
            markdown::to_html(sent)
        } else {
            Ok(sent.to_owned())
        }
    }

    /// Rich text as it is answered, from what is stored.
    pub(crate) fn shown_text(&self, stored: &str) -> Result<String, Failure> {
        if self.is_markdown() {
            markdown::from_html(stored)
        } else {
            Ok(stored.to_owned())
        }
    }

    /// A reply with the caller's access in the header that v1 has for it.
    pub(crate) fn with_access(&self, reply: Reply, access: i64) -> Reply {
        match (self.at.api, self.at.release.access_word) {
            (Api::V2, _) => reply,
            (Api::V1, "right") => reply.with_header("x-max-right", &access.to_string()),
            (Api::V1, _) => reply.with_header("x-max-permission", &access.to_string()),
        }
    }
}

/// With and without `[]` behind the name.
fn is_named(key: &str, name: &str) -> bool {
    key.strip_suffix("[]").unwrap_or(key) == name
}
