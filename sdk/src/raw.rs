//! The escape hatch: any method on any path, for what has no endpoint here.
//!
//! A [`Raw`] is an endpoint like every other: it is sent with the same token, tries again by the same table, and fails
//! with the same errors.
//!
//! ```no_run
//! # async fn example(client: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use serde_json::json;
//! use vikunja_sdk::{Api, Json, Raw, model::Task};
//!
//! // JSON as it comes:
//! let entries = Raw::get(Api::V2, "/tasks/{task}/time-entries")?
//!     .set("task", 7)
//!     .query("per_page", 5);
//! let entries: serde_json::Value = client.send(&entries).await?;
//!
//! // Read into a type, with a body:
//! let create = Raw::put(Api::V1, "/projects/{project}/tasks")?
//!     .set("project", 3)
//!     .json(&json!({"title": "Buy flour"}))?
//!     .reading::<Json<Task>>();
//! let task: Task = client.send(&create).await?;
//! # Ok(()) }
//! ```

use std::{borrow::Cow, fmt, marker::PhantomData};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Answer, Api, At, Body, BuildError, Endpoint, Keyed, Op, Paged, Pages, Path, Query, Reply,
    ReplyError, Route, retry::Repeat, session::shown,
};

/// The template of a path that is made at run time: names must not hold ids.
pub(crate) const TEMPLATE: &str = "/{path}";

/// A request with a method and a path of your own, on the API that you name: the two differ in verbs and paths.
///
/// A path that is a literal is the request's name in errors and metrics, so let it have placeholders, which
/// [`Raw::set`] fills. One that is made at run time (a `String`) is sent as it is, and is called `/{path}` there.
///
/// What the method does on that API decides whether it is sent again after a lost answer: reads and deletions are,
/// everything else only when the first sending surely did nothing. [`Raw::repeat`] says otherwise.
pub struct Raw<R = AnyJson> {
    asks: Asks,
    reads: PhantomData<fn() -> R>,
}

#[derive(Clone)]
struct Asks {
    route: Route,
    path: Path,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Body,
    repeat: Repeat,
}

impl Raw {
    /// A request with any of `GET`, `POST`, `PUT`, `PATCH` and `DELETE`.
    ///
    /// The path is what stands below the API's prefix: `/tasks/7`, not `/api/v1/tasks/7`, and without a query
    /// ([`Raw::query`]). One that would lead elsewhere is refused.
    pub fn new(
        api: Api,
        method: &str,
        path: impl Into<Cow<'static, str>>,
    ) -> Result<Self, BuildError> {
        let path = path.into();
        let refuse = |problem| BuildError::Path {
            given: shown(&path).to_owned(),
            problem,
        };
        let (verb, op) = operation(api, method).ok_or_else(|| {
            BuildError::Body(format!(
                "{method:?} is no method of the API, which has GET, POST, PUT, PATCH and DELETE"
            ))
        })?;
        check(&path).map_err(refuse)?;
        let mut values = Path::default();
        let template = match path {
            Cow::Borrowed(template) => template,
            Cow::Owned(path) if path.contains(['{', '}']) => {
                return Err(BuildError::Path {
                    given: path,
                    problem: "only a path that is a literal can have placeholders",
                });
            }
            Cow::Owned(path) => {
                values.verbatim("path", path.trim_start_matches('/'));
                TEMPLATE
            }
        };
        Ok(Self {
            asks: Asks {
                route: Route::read(template)
                    .with_op(op)
                    .only(api)
                    .verb(api, verb)
                    .of_unknown_release(),
                path: values,
                query: Vec::new(),
                headers: HeaderMap::new(),
                body: Body::Empty,
                repeat: match op {
                    Op::Delete => Repeat::ByOperation,
                    _ => Repeat::IfNothingHappened,
                },
            },
            reads: PhantomData,
        })
    }

    /// A `GET`.
    pub fn get(api: Api, path: impl Into<Cow<'static, str>>) -> Result<Self, BuildError> {
        Self::new(api, "GET", path)
    }

    /// A `POST`: on v1 it updates, on v2 it creates.
    pub fn post(api: Api, path: impl Into<Cow<'static, str>>) -> Result<Self, BuildError> {
        Self::new(api, "POST", path)
    }

    /// A `PUT`: on v1 it creates, on v2 it replaces.
    pub fn put(api: Api, path: impl Into<Cow<'static, str>>) -> Result<Self, BuildError> {
        Self::new(api, "PUT", path)
    }

    /// A `PATCH`, which v2 has.
    pub fn patch(api: Api, path: impl Into<Cow<'static, str>>) -> Result<Self, BuildError> {
        Self::new(api, "PATCH", path)
    }

    /// A `DELETE`.
    pub fn delete(api: Api, path: impl Into<Cow<'static, str>>) -> Result<Self, BuildError> {
        Self::new(api, "DELETE", path)
    }
}

impl<R> Raw<R> {
    /// Fills `{name}` of the path; the value is percent-encoded. One that is missing is an error when it is sent.
    #[must_use]
    pub fn set(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.asks.path.set(name, value);
        self
    }

    /// Adds `name=value` to the query. The same name may come several times.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.asks.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a header, such as `If-None-Match`.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.asks.headers.append(name, value);
        self
    }

    /// Sends this as JSON; with `PATCH` as a JSON merge patch.
    pub fn json(mut self, value: &impl Serialize) -> Result<Self, BuildError> {
        self.asks.body = if self.asks.route.op() == Op::Patch {
            Body::merge_patch(value)?
        } else {
            Body::json(value)?
        };
        Ok(self)
    }

    /// Sends no token.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.asks.route = self.asks.route.public();
        self
    }

    /// The path is at the server's root, such as `/health`, and not below the API's prefix.
    #[must_use]
    pub fn at_root(mut self) -> Self {
        self.asks.route = self.asks.route.at_root();
        self
    }

    /// Whether it may be sent again: [`Repeat::ByOperation`] for a replacement that can be done twice,
    /// [`Repeat::Never`] for logging in.
    #[must_use]
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.asks.repeat = repeat;
        self
    }

    /// Reads the answer otherwise: [`Json<Task>`](crate::Json), [`Paged<Task>`](crate::Paged),
    /// [`Empty`](crate::Empty), [`AsCame`].
    #[must_use]
    pub fn reading<S: Reply>(self) -> Raw<S> {
        Raw {
            asks: self.asks,
            reads: PhantomData,
        }
    }
}

/// Not derived: that would ask the reply to be `Clone`.
impl<R> Clone for Raw<R> {
    fn clone(&self) -> Self {
        Self {
            asks: self.asks.clone(),
            reads: PhantomData,
        }
    }
}

/// Without values, headers and body: they may hold secrets.
impl<R> fmt::Debug for Raw<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Raw").field(&self.asks.route).finish()
    }
}

impl<R: Reply> Endpoint for Raw<R> {
    const ROUTE: Route = Route::act(TEMPLATE);
    type Reply = R;

    fn route(&self) -> Route {
        self.asks.route
    }
    fn path(&self, path: &mut Path) {
        path.clone_from(&self.asks.path);
    }
    fn query(&self, _: At) -> Result<String, BuildError> {
        let mut query = Query::new();
        for (name, value) in &self.asks.query {
            query.push(name, value);
        }
        Ok(query.finish())
    }
    fn headers(&self, headers: &mut HeaderMap) -> Result<(), BuildError> {
        headers.extend(self.asks.headers.clone());
        Ok(())
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Ok(self.asks.body.clone())
    }
    fn repeat(&self) -> Repeat {
        self.asks.repeat
    }
}

impl<T: Keyed + DeserializeOwned + Send> Pages for Raw<Paged<T>> {
    type Item = T;
    fn set_page(&mut self, number: u64) {
        self.asks.query.retain(|(name, _)| name != "page");
        self.asks
            .query
            .push(("page".to_owned(), number.to_string()));
    }
}

/// What a method does on an API. v1's `POST` updates, moves, marks and logs in.
fn operation(api: Api, method: &str) -> Option<(&'static str, Op)> {
    Some(match (method, api) {
        ("GET", _) => ("GET", Op::Read),
        ("PUT", Api::V1) => ("PUT", Op::Create),
        ("PUT", Api::V2) => ("PUT", Op::Replace),
        ("POST", Api::V1) => ("POST", Op::Act),
        ("POST", Api::V2) => ("POST", Op::Create),
        ("PATCH", Api::V1) => ("PATCH", Op::Act),
        ("PATCH", Api::V2) => ("PATCH", Op::Patch),
        ("DELETE", _) => ("DELETE", Op::Delete),
        _ => return None,
    })
}

/// Says why a path would lead elsewhere than below the prefix.
fn check(path: &str) -> Result<(), &'static str> {
    let Some(below) = path.strip_prefix('/') else {
        return Err("it does not begin with a slash; the host is the session's");
    };
    if [Api::V1, Api::V2]
        .iter()
        .any(|api| path.starts_with(api.prefix()))
    {
        return Err("leave out the prefix /api/v1 or /api/v2; the API is named beside the path");
    }
    if path.contains(['?', '#']) {
        return Err("it holds a query or a fragment; give the query by name and value");
    }
    if path.contains(|c: char| !c.is_ascii_graphic() || c == '\\') {
        return Err("it holds a character that must be percent-encoded");
    }
    let mut segments = below.split('/').peekable();
    while let Some(segment) = segments.next() {
        // A slash at the end is none of the server's routes, and harmless.
        if segment.is_empty() && segments.peek().is_some() {
            return Err("it holds two slashes together");
        }
        // HTTP clients fold the encoded form, too.
        let decoded = percent_decode_str(segment).collect::<Vec<_>>();
        if matches!(decoded.as_slice(), b"." | b"..") {
            return Err("it holds «.» or «..»");
        }
    }
    Ok(())
}

/// Any JSON; `Null` where the answer has no body (204, 304).
#[derive(Debug)]
pub struct AnyJson;

impl Reply for AnyJson {
    type Output = Value;

    fn accepts(status: StatusCode) -> bool {
        status.is_success() || status == StatusCode::NOT_MODIFIED
    }

    fn read(answer: &Answer<'_>) -> Result<Value, ReplyError> {
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        answer.json()
    }
}

/// Status, headers and bytes as they came, 304 included. Other refusals are errors, as everywhere.
#[derive(Debug)]
pub struct AsCame;

impl Reply for AsCame {
    type Output = http::Response<Bytes>;

    fn accepts(status: StatusCode) -> bool {
        AnyJson::accepts(status)
    }

    fn read(answer: &Answer<'_>) -> Result<Self::Output, ReplyError> {
        let mut response = http::Response::new(answer.body.clone());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers.clone();
        Ok(response)
    }
}
