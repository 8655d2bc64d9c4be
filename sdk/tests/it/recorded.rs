//! The recordings: exact exchanges of running servers.

use std::{fs, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use vikunja_sdk::{Api, ApiChoice, Release, Server, Session, auth::Token};

/// The releases that were recorded.
pub(crate) const RELEASES: [&str; 4] = ["0.20.4", "0.24.1", "1.0.0", "2.5.0"];

/// One exchange.
#[derive(Debug, Deserialize)]
pub(crate) struct Exchange {
    pub(crate) op: String,
    pub(crate) case: String,
    pub(crate) api: String,
    pub(crate) request: Request,
    pub(crate) response: Response,
    #[serde(skip)]
    pub(crate) release: &'static str,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Value,
    pub(crate) raw: Option<String>,
    #[serde(default)]
    pub(crate) multipart: Vec<Part>,
    #[serde(rename = "as")]
    pub(crate) who: Option<String>,
    #[serde(default)]
    pub(crate) headers: std::collections::BTreeMap<String, String>,
}

/// A part of a recorded form.
#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    pub(crate) field: String,
    pub(crate) filename: String,
    text: Option<String>,
    base64: Option<String>,
}

impl Part {
    pub(crate) fn content(&self) -> Vec<u8> {
        match &self.base64 {
            Some(text) => BASE64_STANDARD.decode(text).unwrap(),
            None => self.text.clone().unwrap().into_bytes(),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: std::collections::BTreeMap<String, String>,
    pub(crate) body: Option<String>,
}

impl Exchange {
    /// Whether the server did what was asked.
    pub(crate) fn is_success(&self) -> bool {
        self.case.starts_with("success")
    }

    /// Where it was recorded.
    pub(crate) fn name(&self) -> String {
        format!("{} {} {} {}", self.release, self.api, self.op, self.case)
    }

    /// A session as the recorder had it.
    pub(crate) fn session(&self) -> Session {
        let api = match self.api.as_str() {
            "v1" => Api::V1,
            _ => Api::V2,
        };
        let release = Release::parse(self.release).unwrap();
        let server = Server::new("http://127.0.0.1:3456")
            .unwrap()
            .with_release(release)
            .with_api(ApiChoice::Only(api));
        let session = Session::new(server);
        if self.request.who.is_some() {
            session.set_token(Some(Token::new("eyJ.recorded.jwt".into()).unwrap()));
        }
        session
    }

    /// The answer as it came.
    pub(crate) fn answer(&self) -> http::Response<Bytes> {
        let mut answer = http::Response::builder().status(self.response.status);
        for (name, value) in &self.response.headers {
            answer = answer.header(name, value);
        }
        let body = self.response.body.clone().unwrap_or_default();
        answer.body(Bytes::from(body)).unwrap()
    }
}

/// Every exchange of these operations, of all releases.
pub(crate) fn exchanges(ops: &[&str]) -> Vec<Exchange> {
    let mut found = all();
    found.retain(|exchange| ops.contains(&exchange.op.as_str()));
    assert!(!found.is_empty());
    found
}

/// Every exchange of all releases.
pub(crate) fn all() -> Vec<Exchange> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/wire");
    let mut found = Vec::new();
    for release in RELEASES {
        let text = fs::read_to_string(folder.join(format!("{release}.jsonl"))).unwrap();
        for line in text.lines() {
            let mut exchange: Exchange = serde_json::from_str(line).unwrap();
            exchange.release = release;
            found.push(exchange);
        }
    }
    found
}
