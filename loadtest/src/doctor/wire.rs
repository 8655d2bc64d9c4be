//! What a server says to somebody without an account. Only reading calls are made.

use http::{HeaderMap, HeaderValue, StatusCode, header};
use vikunja_sdk::{Api, BuildError, Raw, Release, Session, ops::Identified};

use crate::{
    cli::is_loopback,
    line::{Body, Line, LineError},
};

/// An origin that no server has a reason to know.
pub(super) const FOREIGN: &str = "https://doctor.invalid";

/// The server as everybody sees it.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    /// Address.
    pub(super) address: String,
    /// Whether it is on this machine: then what stands before it is not seen.
    pub(super) loopback: bool,
    /// Version, as it says.
    pub(super) version: String,
    /// Release.
    pub(super) release: Release,
    /// Whether that is a released build.
    pub(super) released: bool,
    /// Whether anybody can register.
    pub(super) registration: Option<bool>,
    /// The address that it gives to browsers; may be empty.
    pub(super) public_url: String,
    /// What the stand-in calls itself, if it is that.
    pub(super) sandbox: Option<String>,
    /// `Access-Control-Allow-Origin` for a foreign origin.
    pub(super) allowed_origin: Option<String>,
    /// Whether credentials of the browser may go there, too.
    pub(super) allows_credentials: bool,
    /// Whether calls are counted by a rate limiter.
    pub(super) limited: bool,
    /// Paths that answer everybody, of those that need not.
    pub(super) open: Vec<&'static str>,
}

/// The counters.
pub(super) const METRICS: &str = "/metrics";
/// Descriptions of the API.
pub(super) const DOCS: [&str; 2] = ["/docs", "/docs.json"];
/// What every server answers.
const INFO: &str = "/info";

/// Asks.
pub(super) async fn ask(line: &mut Line, identified: &Identified) -> Result<Wire, LineError> {
    let server = &identified.server;
    line.set_session(Session::new(server.clone()));
    let (_, headers) = get(line, INFO).await?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = url::Url::parse(server.base()).ok();
    let host = host.as_ref().and_then(url::Url::host_str);
    let mut wire = Wire {
        address: server.base().to_owned(),
        loopback: host.is_some_and(is_loopback),
        version: server.version.clone(),
        release: server.release,
        released: identified.is_released,
        registration: identified.info.registration_enabled(),
        public_url: identified.info.frontend_url.clone(),
        sandbox: line.sandbox.clone(),
        allowed_origin: text(header::ACCESS_CONTROL_ALLOW_ORIGIN).map(ToOwned::to_owned),
        allows_credentials: text(header::ACCESS_CONTROL_ALLOW_CREDENTIALS) == Some("true"),
        limited: line.limit.is_some(),
        open: Vec::new(),
    };
    for path in [METRICS].into_iter().chain(DOCS) {
        if get(line, path).await?.0.is_success() {
            wire.open.push(path);
        }
    }
    Ok(wire)
}

async fn get(line: &mut Line, path: &'static str) -> Result<(StatusCode, HeaderMap), LineError> {
    let request = Raw::get(Api::V1, path)?
        .public()
        .header(header::ORIGIN, HeaderValue::from_static(FOREIGN));
    let call = line_call(line, &request)?;
    // A refusal is an answer here: only status and headers are looked at.
    let answered = line.timed(call, Body::Counted, |_, response| {
        Ok((response.status(), response.headers().clone()))
    });
    answered.await.result
}

type Call = (http::Request<bytes::Bytes>, vikunja_sdk::Pending<Raw>);

fn line_call(line: &Line, request: &Raw) -> Result<Call, BuildError> {
    vikunja_sdk::Execute::session(line).call(request)
}
