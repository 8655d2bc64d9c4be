//! Everything that is not a success, and how each release and API words it.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::release::{Api, At, Binding, Release};
use crate::reply::Reply;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A rule of the domain, with the server's own number.
    Domain(Domain),
    /// No access to an object.
    Forbidden(Denied),
    /// Refused by the token middleware: there is no bearer token.
    NoToken,
    /// Refused by the token middleware: the token is none that counts.
    Unauthorized,
    /// A hand-written handler's refusal: status and text, no code.
    Plain(StatusCode, String),
    /// A field breaks a rule.
    Invalid(Vec<Violation>),
    /// The body or a path parameter cannot be read.
    Unreadable(Unreadable),
    /// No such route.
    NoRoute,
    /// The route exists with other methods only: the value of `Allow`.
    WrongMethod(String),
    /// Over a rate limit, on this path.
    TooMany(String),
    /// The real server can do it, the sandbox cannot.
    Lacking(String),
    /// A change that cannot be merged (v2).
    Unpatchable(Unpatchable),
    /// A conditional read that matched, or a change without effect.
    NotModified,
    /// A v2 body of more than 1 MiB.
    TooLong,
    /// The real server breaks here, too: 500, for this reason.
    Breaks(&'static str),
    /// Anything unforeseen. The body keeps quiet about it, as the server does; a header of our own says what it was.
    Internal(String),
}

/// An error with Vikunja's numeric code.
#[derive(Debug)]
pub(crate) struct Domain {
    pub(crate) status: u16,
    pub(crate) code: i64,
    /// `{project}` stands for what the release calls one.
    pub(crate) message: String,
    /// `i18n_params` (2.4).
    pub(crate) params: Vec<(&'static str, String)>,
    /// `invalid_fields` on v1.
    pub(crate) fields: Vec<String>,
}

impl Domain {
    /// The message as the release words it.
    pub(crate) fn text(&self, release: &Release) -> String {
        self.message.replace("{project}", release.project_word)
    }
}

/// Which refusal of access.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Denied {
    /// To read one object.
    Sight,
    /// Anything else.
    Act,
}

/// A field and the rule that it breaks, in the words of both APIs.
#[derive(Debug)]
pub(crate) struct Violation {
    /// Where, as v2 says it: `body.title`.
    pub(crate) location: String,
    /// v1's entry of `invalid_fields`.
    pub(crate) v1: String,
    /// v2's message.
    pub(crate) v2: String,
    /// v2 repeats the value when the schema refused it; without, the model's validator did (code 2002).
    pub(crate) value: Option<Value>,
}

/// A body or parameter that cannot be bound.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// Status on v2.
    pub(crate) v2_status: u16,
    /// What Go says about it (up to 0.24).
    pub(crate) go: String,
    /// What v2 says about it.
    pub(crate) v2: String,
    /// Where, as v2 says it.
    pub(crate) location: String,
    /// What v2 repeats.
    pub(crate) value: Option<Value>,
    /// v1's coded text ends with `: Bad Request`, unless the content type was wrong.
    pub(crate) bad_request: bool,
}

/// A domain error.
pub(crate) fn domain(status: u16, code: i64, message: impl Into<String>) -> Failure {
    Failure::Domain(Domain {
        status,
        code,
        message: message.into(),
        params: Vec::new(),
        fields: Vec::new(),
    })
}

impl Domain {
    fn params(&self, release: &Release) -> Option<Value> {
        let params = self.params.iter();
        let params = params.map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
        (release.refusals.params && !self.params.is_empty())
            .then(|| Value::Object(params.collect()))
    }
}

/// A refusal without code.
pub(crate) fn plain(status: u16, message: impl Into<String>) -> Failure {
    Failure::Plain(
        StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
        message.into(),
    )
}

/// What the server calls no right to an object, outside of its generic handlers.
pub(crate) fn not_allowed() -> Failure {
    domain(403, 1, "You're not allowed to do this.")
}

/// 501: the real server has it, the sandbox does not.
pub(crate) fn lacking(what: impl Into<String>) -> Failure {
    Failure::Lacking(what.into())
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl Failure {
    /// The answer of that release and API.
    pub(crate) fn reply(&self, at: At) -> Reply {
        match (self, at.api) {
            (Self::NotModified, _) => Reply::empty(StatusCode::NOT_MODIFIED),
            (Self::NoToken, _) => unauthorized(at, at.release.refusals.no_token_text),
            (Self::Unauthorized, _) => unauthorized(at, at.release.refusals.bad_token_text),
            (Self::NoRoute, _) => message_reply(404, None, "Not Found"),
            (Self::WrongMethod(allow), _) => {
                message_reply(405, None, "Method Not Allowed").with_header("allow", allow)
            }
            (Self::TooMany(path), _) => {
                let on = if at.release.refusals.limit_names_path {
                    format!(" on {path}")
                } else {
                    String::new()
                };
                message_reply(429, None, &format!("Too Many Requests{on}"))
            }
            (Self::Lacking(what), _) => {
                message_reply(501, None, &format!("the sandbox does not have {what} yet"))
            }
            (Self::Breaks(why), _) => as_the_server(internal(at.api), why),
            (Self::Internal(why), _) => {
                internal(at.api).with_header("x-vikunja-sandbox-reason", why)
            }
            (_, Api::V1) => self.reply_v1(at.release),
            (_, Api::V2) => self.reply_v2(at.release),
        }
    }

    fn reply_v1(&self, release: &Release) -> Reply {
        match self {
            Self::Domain(error) => {
                let mut body = json!({"code": error.code, "message": error.text(release)});
                if let Some(params) = error.params(release) {
                    body["i18n_params"] = params;
                }
                if !error.fields.is_empty() {
                    body["invalid_fields"] = json!(error.fields);
                }
                Reply::json(error.status, &body)
            }
            Self::Forbidden(denied) => {
                message_reply(403, release.refusals.forbidden_code, &denied.text(release))
            }
            Self::Plain(status, message) if status.is_server_error() => {
                as_the_server(message_reply(status.as_u16(), None, message), message)
            }
            Self::Plain(status, message) => message_reply(status.as_u16(), None, message),
            Self::Invalid(_) if !release.refusals.validation_lists => {
                message_reply(release.refusals.validation_status, None, UNLISTED)
            }
            Self::Invalid(violations) => {
                invalid_fields(release.refusals.validation_status, violations)
            }
            Self::Unreadable(why) => match release.refusals.binding {
                Binding::Text => message_reply(
                    400,
                    None,
                    &format!("Invalid model provided. Error was: {}", why.go),
                ),
                Binding::Coded => {
                    let message = if why.bad_request {
                        "Invalid model provided: Bad Request"
                    } else {
                        "Invalid model provided."
                    };
                    message_reply(400, Some(2004), message)
                }
            },
            _ => internal(Api::V1),
        }
    }

    fn reply_v2(&self, release: &Release) -> Reply {
        match self {
            Self::Domain(error) => {
                let mut more = Map::new();
                more.insert("code".to_owned(), error.code.into());
                if let Some(params) = error.params(release) {
                    more.insert("i18n_params".to_owned(), params);
                }
                problem(error.status, &error.text(release), more)
            }
            Self::Forbidden(denied) => problem(403, &denied.text(release), Map::new()),
            Self::Plain(status, message) => problem(status.as_u16(), message, Map::new()),
            Self::Invalid(violations) => invalid_v2(violations),
            Self::Unreadable(why) if why.v2 == NO_BODY => {
                problem(why.v2_status, NO_BODY, Map::new())
            }
            Self::Unreadable(why) => {
                let error = v2_error(&why.v2, &why.location, why.value.as_ref());
                problem(why.v2_status, "validation failed", errors(vec![error]))
            }
            Self::Unpatchable(why) => why.reply(),
            Self::TooLong => problem(
                413,
                "request body is too large limit=1048576 bytes",
                Map::new(),
            ),
            _ => internal(Api::V2),
        }
    }
}

/// Says that the real server breaks here, too.
fn as_the_server(reply: Reply, why: &str) -> Reply {
    reply.with_header("x-vikunja-sandbox-reason", &format!("as the server: {why}"))
}

/// Why a change cannot be merged.
#[derive(Debug)]
pub(crate) enum Unpatchable {
    /// It is written in an unknown language.
    ContentType,
    /// It makes no sense, or not for this object.
    Change {
        detail: &'static str,
        message: String,
    },
}

impl Unpatchable {
    fn reply(&self) -> Reply {
        let mut reply = match self {
            Self::ContentType => {
                let known = "application/merge-patch+json or application/json-patch+json";
                problem(
                    415,
                    &format!("Content type should be one of {known}"),
                    Map::new(),
                )
            }
            Self::Change { detail, message } => {
                problem(422, detail, errors(vec![v2_error(message, "", None)]))
            }
        };
        reply.from_inside = false;
        reply
    }
}

/// What a broken rule is called where the fields are not listed in the text itself.
pub(crate) const UNLISTED: &str = "Struct is invalid. Invalid Data";

/// v2's text for a missing body, which stands in `detail` instead of in a list.
pub(crate) const NO_BODY: &str = "request body is required";

impl Denied {
    fn text(self, release: &Release) -> String {
        match self {
            Self::Sight => format!("You don't have the {} to see this", release.access_word),
            Self::Act => "Forbidden".to_owned(),
        }
    }
}

/// v1's list of broken rules: registration answers it in every release.
pub(crate) fn invalid_fields(status: u16, violations: &[Violation]) -> Reply {
    let fields: Vec<&str> = violations
        .iter()
        .map(|violation| violation.v1.as_str())
        .collect();
    Reply::json(
        status,
        &json!({"code": 2002, "message": "Invalid Data", "invalid_fields": fields}),
    )
}

fn invalid_v2(violations: &[Violation]) -> Reply {
    let list = violations
        .iter()
        .map(|one| v2_error(&one.v2, &one.location, one.value.as_ref()))
        .collect();
    let mut more = errors(list);
    if violations.iter().any(|violation| violation.value.is_some()) {
        return problem(422, "validation failed", more);
    }
    more.insert("code".to_owned(), 2002.into());
    problem(422, UNLISTED, more)
}

fn v2_error(message: &str, location: &str, value: Option<&Value>) -> Value {
    let mut error = Map::new();
    error.insert("message".to_owned(), message.into());
    if !location.is_empty() {
        error.insert("location".to_owned(), location.into());
    }
    if let Some(value) = value {
        error.insert("value".to_owned(), value.clone());
    }
    Value::Object(error)
}

fn errors(list: Vec<Value>) -> Map<String, Value> {
    Map::from_iter([("errors".to_owned(), Value::Array(list))])
}

/// v2's problem document.
pub(crate) fn problem(status: u16, detail: &str, mut more: Map<String, Value>) -> Reply {
    let title = match StatusCode::from_u16(status) {
        // Go still has the older name.
        Ok(StatusCode::PAYLOAD_TOO_LARGE) => "Request Entity Too Large",
        Ok(status) => status.canonical_reason().unwrap_or_default(),
        Err(_) => "",
    };
    more.insert("title".to_owned(), title.into());
    more.insert("status".to_owned(), status.into());
    more.insert("detail".to_owned(), detail.into());
    Reply::problem(status, &Value::Object(more))
}

fn unauthorized(at: At, message: &str) -> Reply {
    message_reply(401, at.release.refusals.unauthorized_code, message)
}

fn internal(api: Api) -> Reply {
    match api {
        Api::V1 => message_reply(500, None, "Internal Server Error"),
        Api::V2 => problem(500, "unexpected error occurred", Map::new()),
    }
}

fn message_reply(status: u16, code: Option<i64>, message: &str) -> Reply {
    match code {
        Some(code) => Reply::json(status, &json!({"code": code, "message": message})),
        None => Reply::json(status, &json!({"message": message})),
    }
}
