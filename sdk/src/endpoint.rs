//! What a request is: a plain value that knows its route, path, query, headers and body.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::fmt::{self, Display};
use url::form_urlencoded;

use crate::{At, BuildError, Form, Reply, Resolved, Route, retry::Repeat};

/// A request to Vikunja, described and not sent.
///
/// An endpoint is written once for all releases; `ROUTE` says where it is on which of them.
///
/// ```
/// use vikunja_sdk::{Endpoint, Json, Path, Route, model::{Task, TaskId}};
///
/// struct Get { task: TaskId }
///
/// impl Endpoint for Get {
///     const ROUTE: Route = Route::read("/tasks/{task}");
///     type Reply = Json<Task>;
///     fn path(&self, path: &mut Path) {
///         path.set("task", self.task);
///     }
/// }
/// ```
pub trait Endpoint: Sync {
    /// Where the operation is, on every release.
    const ROUTE: Route;
    /// How its answer is read.
    type Reply: Reply;

    /// The route of this very request: [`Self::ROUTE`], unless it is known at run time only ([`crate::Raw`]). A wrapper
    /// of another endpoint forwards it.
    fn route(&self) -> Route {
        Self::ROUTE
    }

    /// Fills the placeholders of the route's templates, by name. Setting one that a release does not use is fine.
    fn path(&self, _: &mut Path) {}

    /// The query, encoded, without the question mark.
    fn query(&self, _: At) -> Result<String, BuildError> {
        Ok(String::new())
    }

    /// Headers beside those that every request has.
    fn headers(&self, _: &mut HeaderMap) -> Result<(), BuildError> {
        Ok(())
    }

    /// The body.
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Ok(Body::Empty)
    }

    /// Whether this very request may be sent again.
    fn repeat(&self) -> Repeat {
        Repeat::ByOperation
    }
}

/// The value that an endpoint's answer is read into.
pub type Output<E> = <<E as Endpoint>::Reply as Reply>::Output;

/// Values for the placeholders of a path.
#[derive(Clone, Debug, Default)]
pub struct Path(Vec<Segment>);

#[derive(Clone)]
struct Segment {
    name: &'static str,
    value: String,
    is_secret: bool,
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.is_secret { "***" } else { &self.value };
        write!(f, "{}={value}", self.name)
    }
}

/// What may stand in a path segment as it is, and in a parameter of RFC 8187.
pub(crate) const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

impl Path {
    /// Sets `{name}`; the value is percent-encoded.
    pub fn set(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        let value = value.to_string();
        self.verbatim(name, &utf8_percent_encode(&value, SEGMENT).to_string());
        self
    }

    /// Sets `{name}` to a value that no error shows, also where the server repeats it.
    pub fn secret(&mut self, name: &'static str, value: &SecretString) -> &mut Self {
        self.set(name, value.expose_secret());
        if let Some(segment) = self.0.last_mut() {
            segment.is_secret = true;
        }
        self
    }

    /// The secret values.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let secret = self.0.iter().filter(|segment| segment.is_secret);
        secret.map(|segment| segment.value.as_str())
    }

    /// Sets `{name}` to what may stand in a path already: it is written as it is.
    pub(crate) fn verbatim(&mut self, name: &'static str, value: &str) {
        self.0.push(Segment {
            name,
            value: value.to_owned(),
            is_secret: false,
        });
    }

    /// Sets `{name}` where there is a value. A release that needs it and does not get it is a [`BuildError`].
    pub fn maybe(&mut self, name: &'static str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.set(name, value);
        }
        self
    }

    /// Writes the route's template with its placeholders filled.
    pub(crate) fn write(&self, route: &Resolved, out: &mut String) -> Result<(), BuildError> {
        let mut rest = route.template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            let Segment { value, .. } = self
                .0
                .iter()
                .find(|segment| segment.name == name)
                .ok_or_else(|| BuildError::Placeholder {
                    route: *route,
                    name: name.to_owned(),
                })?;
            // Encoding would not help: `%2e%2e` is folded, too.
            if matches!(value.as_str(), "" | "." | "..") {
                return Err(BuildError::PathValue {
                    route: *route,
                    name: name.to_owned(),
                });
            }
            out.push_str(before);
            out.push_str(value);
            rest = tail;
        }
        out.push_str(rest);
        Ok(())
    }
}

/// The body of a request.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Body {
    /// None.
    #[default]
    Empty,
    /// `application/json`.
    Json(Bytes),
    /// `application/merge-patch+json` (v2 `PATCH`).
    MergePatch(Bytes),
    /// `multipart/form-data`: files.
    Form(Form),
}

/// Without the text: it may hold a password.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match self {
            Self::Empty => 0,
            Self::Json(bytes) | Self::MergePatch(bytes) => bytes.len() as u64,
            Self::Form(form) => form.length(),
        };
        write!(f, "Body({length} bytes, {:?})", self.content_type())
    }
}

impl Body {
    /// Writes a value as JSON.
    pub fn json(value: &impl Serialize) -> Result<Self, BuildError> {
        write_json(value).map(Self::Json)
    }

    /// Writes a value as a JSON merge patch (RFC 7396).
    pub fn merge_patch(value: &impl Serialize) -> Result<Self, BuildError> {
        write_json(value).map(Self::MergePatch)
    }

    pub(crate) fn content_type(&self) -> Option<HeaderValue> {
        Some(match self {
            Self::Empty => return None,
            Self::Json(_) => HeaderValue::from_static("application/json"),
            Self::MergePatch(_) => HeaderValue::from_static("application/merge-patch+json"),
            Self::Form(form) => form.content_type(),
        })
    }

    /// The whole body in memory.
    pub(crate) fn into_bytes(self) -> Result<Bytes, BuildError> {
        match self {
            Self::Empty => Ok(Bytes::new()),
            Self::Json(bytes) | Self::MergePatch(bytes) => Ok(bytes),
            Self::Form(form) => form.to_bytes(),
        }
    }
}

fn write_json(value: &impl Serialize) -> Result<Bytes, BuildError> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|error| BuildError::Body(error.to_string()))
}

/// Writes a query, percent-encoded, leaving out what is not set.
#[derive(Default)]
pub struct Query(Option<form_urlencoded::Serializer<'static, String>>);

impl Query {
    /// An empty query.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `name=value`.
    pub fn push(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.0
            .get_or_insert_with(|| form_urlencoded::Serializer::new(String::new()))
            .append_pair(name, &value.to_string());
        self
    }

    /// Adds `name=value` where there is a value.
    pub fn maybe(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.push(name, value);
        }
        self
    }

    /// The text, without the question mark.
    pub fn finish(&mut self) -> String {
        self.0
            .take()
            .map(|mut pairs| pairs.finish())
            .unwrap_or_default()
    }
}
