//! What can go wrong, by phase: building the request, the server's refusal, reading the answer. Sending belongs to the
//! executor; [`crate::client::Error`] adds it.

use std::fmt;

use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::Value;

use crate::{
    Api, Auth, Code, Release, Resolved,
    model::{TaskAttachment, Timestamp},
    redact::{Sent, beginning, redact, redact_bytes},
    scope::Scope,
};

/// The request could not be built: nothing was sent.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Not an address of a server.
    #[error(
        "{given:?} is not an address of a Vikunja server: {problem} (expected something like https://vikunja.example.com)"
    )]
    Url {
        /// What was given, without credentials.
        given: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The server was not asked for its release yet.
    #[error(
        "{route} differs by release, and this server was not asked for its own: use Client::connect or ops::identify first"
    )]
    ReleaseUnknown {
        /// Operation and template.
        route: String,
    },
    /// A value that cannot stand in a path: it would lead elsewhere.
    #[error("{route}: {{{name}}} cannot be empty, «.» or «..»")]
    PathValue {
        /// The route.
        route: Resolved,
        /// Name of the placeholder.
        name: String,
    },
    /// Not a path that can be called ([`crate::Raw`]).
    #[error("{given:?} is not a path below the API's prefix, such as /tasks/7: {problem}")]
    Path {
        /// What was given, without its query.
        given: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// This release does not have the operation.
    #[error("{route} needs Vikunja {needs}; this server is {release}")]
    NotOnThisServer {
        /// Operation and template.
        route: String,
        /// Which releases have it.
        needs: String,
        /// What the server is.
        release: Release,
    },
    /// The API that was asked for does not have the operation.
    #[error("{route} is not on API {api}, which was asked for; allow the other one")]
    NotOnThisApi {
        /// Operation and template.
        route: String,
        /// The API that was asked for.
        api: Api,
    },
    /// A part of the path was not given, and this release wants it.
    #[error("{route} on Vikunja {} needs a value for {{{name}}}", route.at.release)]
    Placeholder {
        /// The route.
        route: Resolved,
        /// Name of the placeholder.
        name: String,
    },
    /// The route needs a token, and the session has none.
    #[error("{route} needs a token: log in first, or give one")]
    NoToken {
        /// Operation and template.
        route: String,
    },
    /// The route refuses this kind of token.
    #[error(
        "{route} refuses API tokens on Vikunja {release}; log in with user name and password instead"
    )]
    ApiTokenRefused {
        /// Operation and template.
        route: String,
        /// Release of the server.
        release: Release,
    },
    /// The server does not offer this permission to API tokens.
    #[error(
        "{route} needs the permission {scope}, which this server ({release}) does not offer to API tokens: is the feature switched off?"
    )]
    ScopeNotOffered {
        /// Operation and template.
        route: String,
        /// What it needs.
        scope: Scope,
        /// Release of the server.
        release: Release,
    },
    /// Not usable as a token. The text does not repeat it.
    #[error("the token cannot be used: {0}")]
    Token(&'static str),
    /// The server has no way to clear this field: it would keep the old value without a word, or refuse.
    #[error("{field} cannot be empty on Vikunja {release}: set another value")]
    CannotClear {
        /// Name of the field.
        field: &'static str,
        /// Release of the server.
        release: Release,
    },
    /// A setting of the client that cannot be used. The text does not repeat it.
    #[error("{name}: {problem}")]
    Setting {
        /// Name of the setting, header or variable.
        name: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A filter that this release cannot carry: it would be refused, or find other tasks.
    #[error("{what} cannot stand in a filter on Vikunja {release}: {why}; {instead}")]
    Filter {
        /// The condition or value.
        what: String,
        /// What the server would make of it.
        why: String,
        /// What to do instead.
        instead: String,
        /// Release of the server.
        release: Release,
    },
    /// A file that the server would refuse.
    #[error(
        "{file:?} has {size} bytes, and this server takes files of at most {limit} (its operator sets files.maxsize)"
    )]
    FileTooLarge {
        /// Its name.
        file: String,
        /// Its size in bytes.
        size: u64,
        /// The largest size in bytes.
        limit: u64,
    },
    /// Files that are small enough each, and too large together (1.0+).
    #[error(
        "the upload has {size} bytes, and this server takes at most {limit} at once: send the files one by one"
    )]
    FilesTooLarge {
        /// Size of the whole upload in bytes.
        size: u64,
        /// The largest size in bytes.
        limit: u64,
    },
    /// A value that this release cannot take.
    #[error("{0}")]
    Body(String),
}

/// The answer was not what the endpoint promises.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The server refused.
    #[error(transparent)]
    Api(#[from] Box<ApiError>),
    /// The server agreed, and its answer could not be read.
    #[error(transparent)]
    Decode(#[from] Box<DecodeError>),
    /// The server said «success» to an upload, and refused files of it.
    #[error(transparent)]
    Files(#[from] Box<FilesRefused>),
}

/// Files of an upload were refused, in an answer with a good status. Others may be stored: sending all of them again
/// would store those twice.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FilesRefused {
    /// The route that was called.
    pub route: Resolved,
    /// HTTP status, of success.
    pub status: StatusCode,
    /// What was refused; at least one.
    pub refused: Vec<RefusedFile>,
    /// What was stored.
    pub stored: Vec<TaskAttachment>,
}

/// A file that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RefusedFile {
    /// Its name. The server does not say it; this is the file that was sent and is not among the stored ones. `None`
    /// where that does not tell.
    pub name: Option<String>,
    /// Vikunja's number of the error; 4012 = the file is too large.
    pub code: Option<i64>,
    /// The server's words; empty where it gave none. The limit that it names is often wrong.
    pub message: String,
}

impl fmt::Display for FilesRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.as_u16();
        write!(f, "{}: {status}, and the server refused ", self.route)?;
        for (index, file) in self.refused.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match &file.name {
                Some(name) => write!(f, "{comma}{name:?} (")?,
                None => write!(f, "{comma}a file (")?,
            }
            if let Some(code) = file.code {
                write!(f, "code {code} ")?;
            }
            match file.message.as_str() {
                "" => f.write_str("without a reason)")?,
                message => write!(f, "{message})")?,
            }
        }
        write!(f, "; {} stored", self.stored.len())?;
        for (index, attachment) in self.stored.iter().enumerate() {
            let name = attachment.file.as_ref().map_or("", |file| &file.name);
            let mark = if index == 0 { ": " } else { ", " };
            write!(f, "{mark}{name:?} is attachment {}", attachment.id)?;
        }
        Ok(())
    }
}

impl std::error::Error for FilesRefused {}

/// The server's refusal. Both body shapes (`message` on v1, problem JSON on v2) and plain text end here.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiError {
    /// The route that was called.
    pub route: Resolved,
    /// HTTP status.
    pub status: StatusCode,
    /// Vikunja's numeric code; 0, which means nothing, is left out.
    pub code: Option<Code>,
    /// The server's words, with secrets masked.
    pub message: String,
    /// What is wrong with which field, where the server says so.
    pub fields: Vec<FieldError>,
    /// State of the rate limiter, where the answer carries it.
    pub limit: Option<RateLimit>,
    /// Where a redirect points to.
    pub location: Option<String>,
    /// `X-Request-Id` (2.5+): the server's log names the request by it.
    pub request_id: Option<String>,
}

/// A field that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldError {
    /// Name in the body, such as `password` or `body.title`.
    pub field: String,
    /// Why, with secrets masked; empty where only the field is named.
    pub reason: String,
}

/// The headers of a rate limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// `X-RateLimit-Limit`: requests per window.
    pub limit: u64,
    /// `X-RateLimit-Remaining`: how many are left.
    pub remaining: u64,
    /// `X-RateLimit-Reset`, in seconds of the Unix epoch, rounded down: the window ends up to a second later.
    pub reset: u64,
    /// How far the server's clock is ahead of this machine's, in seconds, by its header `Date`.
    pub ahead: i64,
}

impl RateLimit {
    /// Reads the three headers.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let number = |name| headers.get(name)?.to_str().ok()?.parse().ok();
        Some(Self {
            limit: number("x-ratelimit-limit")?,
            remaining: number("x-ratelimit-remaining")?,
            reset: number("x-ratelimit-reset")?,
            ahead: headers
                .get(header::DATE)
                .and_then(|date| Timestamp::parse_http(date.to_str().ok()?))
                .map_or(0, |date| {
                    date.as_unix_seconds() - Timestamp::now().as_unix_seconds()
                }),
        })
    }

    /// Seconds until the window ends, by the server's clock.
    pub fn seconds_left(&self) -> u64 {
        let now = Timestamp::now().as_unix_seconds() + self.ahead;
        self.reset.saturating_sub(u64::try_from(now).unwrap_or(0))
    }
}

impl ApiError {
    pub(crate) fn new(
        route: Resolved,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        sent: &Sent,
    ) -> Self {
        let clean = |text: &str| redact(text, sent);
        let json = serde_json::from_slice::<Value>(body).unwrap_or(Value::Null);
        let is_html = content_type(headers).starts_with("text/html");
        let header = |name: HeaderName| Some(clean(headers.get(name)?.to_str().ok()?));
        let mut message = ["message", "detail", "title", "error"]
            .iter()
            .find_map(|key| json.get(key)?.as_str())
            .map_or_else(
                || {
                    if is_html {
                        String::new()
                    } else {
                        excerpt(body, sent)
                    }
                },
                clean,
            );
        // Up to 0.24 the path follows, which can hold a link share's hash.
        if status == StatusCode::TOO_MANY_REQUESTS
            && let Some(end) = message.find(" on /")
        {
            message.truncate(end);
        }
        Self {
            route,
            status,
            code: json
                .get("code")
                .and_then(Value::as_i64)
                .and_then(Code::from_number),
            message,
            fields: fields(&json, clean),
            limit: RateLimit::of(headers),
            location: header(header::LOCATION),
            request_id: header(HeaderName::from_static("x-request-id")),
        }
    }

    fn is(&self, codes: &[Code]) -> bool {
        self.code.is_some_and(|code| codes.contains(&code))
    }

    /// Whether the thing that was asked for is not there. A route that the server lacks is not that, nor is a token whose
    /// user is gone: that is a 404 on every call, with [`Code::UserNotFound`].
    ///
    /// A missing team, label, notification, subscription, bot, API token or (2.x) webhook is 403 instead.
    pub fn is_not_found(&self) -> bool {
        // Both have a code on v2.
        let is_named = ["No user data export found.", "Project background not found"]
            .contains(&self.message.as_str());
        self.status == StatusCode::NOT_FOUND
            && self
                .code
                .map_or(is_named, |code| code != Code::UserNotFound)
    }

    /// Whether this server has no such route: another generation, or a feature that is switched off or not licensed.
    /// Up to 0.24 a project without background answers the same, and without a token an unknown route is 401.
    pub fn route_is_missing(&self) -> bool {
        let is_unknown = self.code.is_none() && self.message == "Not Found";
        self.status == StatusCode::METHOD_NOT_ALLOWED
            || self.status == StatusCode::NOT_FOUND && is_unknown
    }

    /// Whether the token was refused: expired, malformed, unknown or without the scope; the server does not tell which.
    /// [`crate::ops::why_unauthorized`] finds out as much as can be known.
    pub fn is_unauthorized(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Whether the user may not do that, or, for some things, whether it is not there ([`Self::is_not_found`]).
    pub fn is_forbidden(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && !self.has_wrong_credentials()
    }

    /// Whether user name or password is wrong, or that of a link share.
    pub fn has_wrong_credentials(&self) -> bool {
        self.is(&[Code::WrongCredentials, Code::SharePasswordWrong])
    }

    /// Whether the account has a second factor and the passcode was missing or wrong: ask for it, and log in again with
    /// it. Ten wrong ones block the account.
    pub fn needs_totp(&self) -> bool {
        self.is(&[Code::TotpWanted])
    }

    /// Whether the account is disabled or locked: when logging in, from 2.0 on every call.
    pub fn account_is_blocked(&self) -> bool {
        self.is(&[Code::AccountDisabled])
            || self.is(&[Code::ReservedOrLocked]) && self.status == StatusCode::PRECONDITION_FAILED
    }

    /// Whether values were refused before anything was looked up; [`Self::fields`] names them where the server does.
    pub fn is_validation(&self) -> bool {
        self.status == StatusCode::UNPROCESSABLE_ENTITY
            || self.is(&[Code::InvalidData, Code::Unreadable])
            // 0.24, and later where a handler checks by itself.
            || self.code.is_none() && self.message.starts_with("Struct is invalid")
    }

    /// Whether it is so already: the label on the task, the user in the team or assigned, the relation there.
    pub fn is_already_so(&self) -> bool {
        self.is(&[
            Code::AlreadyAssigned,
            Code::AlreadyMember,
            Code::AlreadySubscribed,
            Code::LabelOnTask,
            Code::NamespaceUserExists,
            Code::RelationExists,
            Code::TeamHasAccess,
            Code::UserHasAccess,
        ])
    }

    /// Whether a rate limiter refused; [`Self::limit`] says until when.
    pub fn is_rate_limited(&self) -> bool {
        self.status == StatusCode::TOO_MANY_REQUESTS
    }
}

/// An error names no more of them.
const MOST_FIELDS: usize = 8;

/// `invalid_fields` of v1 and `errors` of v2. The values that v2 repeats are not even looked at.
fn fields(json: &Value, clean: impl Fn(&str) -> String) -> Vec<FieldError> {
    let list = |key: &str| {
        json.get(key)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let v1 = list("invalid_fields")
        .filter_map(Value::as_str)
        .map(|text| {
            let (field, reason) = text.split_once(':').unwrap_or((text, ""));
            (field.to_owned(), reason)
        });
    let v2 = list("errors").map(|error| {
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        (text("location").to_owned(), text("message"))
    });
    v1.chain(v2)
        .take(MOST_FIELDS)
        .map(|(field, reason)| FieldError {
            field: clean(&field),
            reason: clean(reason.trim()),
        })
        .collect()
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.route, self.status.as_u16())?;
        if let Some(code) = self.code {
            write!(f, " code {code}")?;
        }
        let said = match (self.message.as_str(), &self.location) {
            ("", Some(location)) => format!("redirect to {location}"),
            ("", None) => self
                .status
                .canonical_reason()
                .unwrap_or_default()
                .to_owned(),
            (message, _) => message.to_owned(),
        };
        write!(f, " {said}")?;
        if self.status == StatusCode::NOT_FOUND && self.route_is_missing() {
            f.write_str(" (this server has no such route: is the feature switched off?)")?;
        }
        for (index, field) in self.fields.iter().enumerate() {
            f.write_str(if index == 0 { " (" } else { "; " })?;
            f.write_str(&field.field)?;
            if !field.reason.is_empty() {
                write!(f, ": {}", field.reason)?;
            }
        }
        if !self.fields.is_empty() {
            f.write_str(")")?;
        }
        if let (StatusCode::TOO_MANY_REQUESTS, Some(limit)) = (self.status, self.limit) {
            write!(
                f,
                " (limit {} per window; free again in {} s)",
                limit.limit,
                limit.seconds_left() + 1
            )?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

/// The answer had a good status and could not be read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DecodeError {
    /// The route that was called.
    pub route: Resolved,
    /// HTTP status.
    pub status: StatusCode,
    /// Content type of the answer; empty if there was none.
    pub content_type: String,
    /// Where in the JSON, such as `[3].due_date`; `.` is the whole.
    pub path: String,
    /// What was expected there.
    pub problem: String,
    /// The beginning of the body, with secrets masked.
    pub excerpt: String,
}

impl DecodeError {
    pub(crate) fn new(
        route: Resolved,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        sent: &Sent,
        (path, problem): (String, String),
    ) -> Self {
        Self {
            route,
            status,
            content_type: redact(content_type(headers), sent),
            path: redact(&path, sent),
            problem: redact(&problem, sent),
            excerpt: excerpt(body, sent),
        }
    }

    /// Whether the server has carried out a change although its answer could not be read.
    pub fn has_written(&self) -> bool {
        // A web page was not written by the API, and logging in changes nothing that anybody would undo.
        !self.is_web_page() && self.route.op.writes() && self.route.auth == Auth::Bearer
    }

    /// Whether the answer is a web page: most likely the address is not that of a Vikunja API.
    pub fn is_web_page(&self) -> bool {
        self.content_type.starts_with("text/html")
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ", self.route, self.status.as_u16())?;
        if self.is_web_page() {
            return f.write_str(
                "with a web page instead of JSON: is this the address of a Vikunja server?",
            );
        }
        write!(f, "with an answer that cannot be read")?;
        if self.path != "." {
            write!(f, " at {}", self.path)?;
        }
        write!(f, ": {}; it begins {:?}", self.problem, self.excerpt)?;
        if self.has_written() {
            f.write_str(" (the server has carried out the change)")?;
        }
        Ok(())
    }
}

impl std::error::Error for DecodeError {}

fn content_type(headers: &HeaderMap) -> &str {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The first characters of a body, as text.
fn excerpt(body: &[u8], sent: &Sent) -> String {
    beginning(redact_bytes(body.trim_ascii(), sent), 200)
}
