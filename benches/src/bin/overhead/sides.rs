//! The two sides, and what they do.

use std::{fmt, hint::black_box};

use bytes::Bytes;
use clap::ValueEnum;
use http::HeaderValue;
use vikunja_benches::{Outcome, pages};
use vikunja_sdk::{
    Api, ApiChoice, Client, Release, Server, Session,
    auth::Token,
    tasks::{List, ListQuery},
};

use super::by_hand;

/// Who does it.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Side {
    Hand,
    Sdk,
}

/// What is done.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Work {
    /// Making the request and reading the answer.
    V1,
    V2,
    /// The whole call.
    Call,
}

impl Side {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Sdk => "sdk",
        }
    }
}

impl Work {
    pub(crate) const ALL: [Self; 3] = [Self::V1, Self::V2, Self::Call];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::Call => "call",
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "request and decoding, v1",
            Self::V2 => "request and decoding, v2",
            Self::Call => "whole call over loopback, v2",
        })
    }
}

/// A credential that nobody looks at.
const TOKEN: &str = "tk_0000000000000000000000000000000000000000";

/// Does it so often.
pub(crate) fn repeat(side: Side, work: Work, times: usize, url: &str) -> Outcome<()> {
    let done = match (side, work) {
        (Side::Hand, Work::V1) => read_by_hand(Api::V1, times, url),
        (Side::Hand, Work::V2) => read_by_hand(Api::V2, times, url),
        (Side::Sdk, Work::V1) => read_by_sdk(Api::V1, times, url),
        (Side::Sdk, Work::V2) => read_by_sdk(Api::V2, times, url),
        (Side::Hand, Work::Call) => on_one_thread(call_by_hand(times, url)),
        (Side::Sdk, Work::Call) => on_one_thread(call_by_sdk(times, url)),
    };
    done.map_err(|error| error.to_string())
}

fn on_one_thread(work: impl Future<Output = by_hand::Result<()>>) -> by_hand::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// One page, as the SDK is asked for it.
fn list() -> List {
    let query = ListQuery {
        page: Some(1),
        per_page: Some(50),
        ..ListQuery::default()
    };
    List { query }
}

fn bearer() -> by_hand::Result<HeaderValue> {
    Ok(HeaderValue::try_from(format!("Bearer {TOKEN}"))?)
}

fn server(api: Api, url: &str) -> by_hand::Result<Server> {
    Ok(Server::new(url)?
        .with_release(Release(2, 5, 0))
        .with_api(ApiChoice::Only(api)))
}

fn answer(api: Api) -> by_hand::Result<http::Response<Bytes>> {
    Ok(http::Response::builder()
        .header("content-type", "application/json")
        .header("x-pagination-result-count", "50")
        .header("x-pagination-total-pages", "1")
        .body(Bytes::from(pages::in_use(api)))?)
}

fn read_by_hand(api: Api, times: usize, url: &str) -> by_hand::Result<()> {
    let (url, bearer, answer) = (
        format!("{url}{}/tasks", api.prefix()),
        bearer()?,
        answer(api)?,
    );
    for _ in 0..times {
        black_box(by_hand::request(&url, &bearer)?);
        match api {
            Api::V1 => drop(black_box(by_hand::read_v1(&answer)?)),
            Api::V2 => drop(black_box(by_hand::read_v2(&answer)?)),
        }
    }
    Ok(())
}

fn read_by_sdk(api: Api, times: usize, url: &str) -> by_hand::Result<()> {
    let session = Session::new(server(api, url)?);
    session.set_token(Some(Token::new(TOKEN.into())?));
    let answer = answer(api)?;
    for _ in 0..times {
        let (request, pending) = session.call(&list())?;
        black_box(request);
        black_box(pending.decode(&answer)?);
    }
    Ok(())
}

/// The settings that the SDK's client has by itself. It gets this one: reading the system's certificates takes valgrind
/// seconds, and there is no TLS here.
fn http() -> by_hand::Result<reqwest::Client> {
    Ok(reqwest::Client::builder()
        .user_agent("overhead")
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(std::time::Duration::from_secs(10))
        .timeout(std::time::Duration::from_secs(60))
        .tls_certs_only([])
        .build()?)
}

async fn call_by_hand(times: usize, url: &str) -> by_hand::Result<()> {
    let (http, url, bearer) = (http()?, format!("{url}/api/v2/tasks"), bearer()?);
    for _ in 0..times {
        black_box(by_hand::send(&http, &url, &bearer).await?);
    }
    Ok(())
}

async fn call_by_sdk(times: usize, url: &str) -> by_hand::Result<()> {
    let client = Client::builder(url)
        .http(http()?)
        .token(TOKEN.into())
        .build(server(Api::V2, url)?)?;
    for _ in 0..times {
        black_box(client.send(&list()).await?);
    }
    Ok(())
}
