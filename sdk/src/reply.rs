//! How an answer is read.

use std::{fmt, marker::PhantomData};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use crate::{
    Api, DecodeError, Endpoint, Page, ReplyError, Resolved, model::null_to_default, redact::Sent,
};

/// A way to read answers.
pub trait Reply {
    /// What is read.
    type Output: Send;

    /// Whether this status is a success.
    fn accepts(status: StatusCode) -> bool {
        status.is_success()
    }

    /// Reads the answer.
    fn read(answer: &Answer<'_>) -> Result<Self::Output, ReplyError>;
}

/// An answer with an accepted status.
#[non_exhaustive]
pub struct Answer<'a> {
    /// The route that was called.
    pub route: &'a Resolved,
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a Bytes,
    /// What was secret in the request.
    pub(crate) sent: &'a Sent,
}

/// Without headers and body: an answer may hold a token.
impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("route", &self.route)
            .field("status", &self.status)
            .field("length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Answer<'_> {
    /// Reads the body as JSON. The JSON path of an error is looked for only after the plain decoder has failed:
    /// tracking it costs about twice the time.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ReplyError> {
        self.plain_json().map_err(|plain| {
            let decoder = &mut serde_json::Deserializer::from_slice(self.body);
            let (path, problem) = match serde_path_to_error::deserialize::<_, T>(decoder) {
                Err(error) => (error.path().to_string(), error.inner().to_string()),
                Ok(_) => (".".to_owned(), plain),
            };
            self.unreadable(path, problem)
        })
    }

    fn plain_json<T: DeserializeOwned>(&self) -> Result<T, String> {
        // Whether it is UTF-8 is looked at once for the whole: doing so for each string is a sixth of the decoder's work.
        let text = std::str::from_utf8(self.body).map_err(|error| error.to_string())?;
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// The error for an answer that is not what was promised.
    pub fn unreadable(&self, path: impl Into<String>, problem: impl Into<String>) -> ReplyError {
        Box::new(DecodeError::new(
            *self.route,
            self.status,
            self.headers,
            self.body,
            self.sent,
            (path.into(), problem.into()),
        ))
        .into()
    }
}

/// A JSON value.
#[derive(Debug)]
pub struct Json<T>(PhantomData<T>);

impl<T: DeserializeOwned + Send> Reply for Json<T> {
    type Output = T;

    fn read(answer: &Answer<'_>) -> Result<T, ReplyError> {
        answer.json()
    }
}

/// Plain text.
#[derive(Debug)]
pub struct Text;

impl Reply for Text {
    type Output = String;

    fn read(answer: &Answer<'_>) -> Result<String, ReplyError> {
        String::from_utf8(answer.body.to_vec())
            .map_err(|error| answer.unreadable(".", error.to_string()))
    }
}

/// Nothing, or nothing of interest: deletions answer a message on v1 and no body on v2.
#[derive(Debug)]
pub struct Empty;

impl Reply for Empty {
    type Output = ();

    fn read(answer: &Answer<'_>) -> Result<(), ReplyError> {
        // The front end answers a web page with status 200 to every path outside the API: that deleted nothing.
        if answer.body.is_empty() {
            return Ok(());
        }
        answer.json::<IgnoredAny>().map(drop)
    }
}

/// The answer of a `PATCH`, which is 304 when nothing had to change.
#[derive(Debug)]
pub struct Patched<T>(PhantomData<T>);

/// What a `PATCH` did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed<T> {
    /// The object as it is now.
    Now(T),
    /// Everything was so already; the server repeats nothing.
    Nothing,
}

impl<T: DeserializeOwned + Send> Reply for Patched<T> {
    type Output = Changed<T>;

    fn accepts(status: StatusCode) -> bool {
        status.is_success() || status == StatusCode::NOT_MODIFIED
    }

    fn read(answer: &Answer<'_>) -> Result<Changed<T>, ReplyError> {
        if answer.status == StatusCode::NOT_MODIFIED {
            Ok(Changed::Nothing)
        } else {
            answer.json().map(Changed::Now)
        }
    }
}

/// One page of a list: a bare array with headers on v1, an envelope on v2.
#[derive(Debug)]
pub struct Paged<T>(PhantomData<T>);

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Envelope<T> {
    #[serde(deserialize_with = "null_to_default")]
    items: Vec<T>,
    total: u64,
    total_pages: u64,
}

impl<T: DeserializeOwned + Send> Reply for Paged<T> {
    type Output = Page<T>;

    fn read(answer: &Answer<'_>) -> Result<Page<T>, ReplyError> {
        match answer.route.at.api {
            Api::V1 => Ok(Page {
                items: All::read(answer)?,
                total_pages: number(answer.headers, "x-pagination-total-pages"),
                total: None,
            }),
            Api::V2 => {
                let envelope: Envelope<T> = answer.json()?;
                Ok(Page {
                    items: envelope.items,
                    total_pages: Some(envelope.total_pages),
                    total: Some(envelope.total),
                })
            }
        }
    }
}

/// A list that comes at once, on one page: a bare array on v1, an envelope on v2.
#[derive(Debug)]
pub struct All<T>(PhantomData<T>);

/// Without the pages that v2 counts although there is one.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Items<T> {
    #[serde(deserialize_with = "null_to_default")]
    items: Vec<T>,
}

impl<T: DeserializeOwned + Send> Reply for All<T> {
    type Output = Vec<T>;

    fn read(answer: &Answer<'_>) -> Result<Vec<T>, ReplyError> {
        match answer.route.at.api {
            Api::V1 => Ok(answer.json::<Option<Vec<T>>>()?.unwrap_or_default()),
            Api::V2 => Ok(answer.json::<Items<T>>()?.items),
        }
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// Another endpoint, whose answer is read twice: as it promises, and as the bytes that came. For fields that a newer
/// server added.
#[derive(Clone, Debug)]
pub struct WithRaw<E>(pub E);

/// Reads as `R` does and keeps the bytes.
#[derive(Debug)]
pub struct AndRaw<R>(PhantomData<R>);

impl<R: Reply> Reply for AndRaw<R> {
    type Output = (R::Output, Bytes);

    fn accepts(status: StatusCode) -> bool {
        R::accepts(status)
    }

    fn read(answer: &Answer<'_>) -> Result<Self::Output, ReplyError> {
        Ok((R::read(answer)?, answer.body.clone()))
    }
}

impl<E: Endpoint> Endpoint for WithRaw<E> {
    const ROUTE: crate::Route = E::ROUTE;
    type Reply = AndRaw<E::Reply>;

    fn route(&self) -> crate::Route {
        self.0.route()
    }
    fn path(&self, path: &mut crate::Path) {
        self.0.path(path);
    }
    fn query(&self, at: crate::At) -> Result<String, crate::BuildError> {
        self.0.query(at)
    }
    fn headers(&self, headers: &mut HeaderMap) -> Result<(), crate::BuildError> {
        self.0.headers(headers)
    }
    fn body(&self, at: crate::At) -> Result<crate::Body, crate::BuildError> {
        self.0.body(at)
    }
    fn repeat(&self) -> crate::retry::Repeat {
        self.0.repeat()
    }
}
