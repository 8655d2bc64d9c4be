use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::{
    Answer, Api, Endpoint, Execute, Failure, Release, Reply, ReplyError, Route, Server, info,
    model::Info,
};

/// A server that was asked what it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Identified {
    /// Address, release and limits, for a [`crate::Session`].
    pub server: Server,
    /// Everything that `/info` said.
    pub info: Info,
    /// False for unreleased builds: the release is the lowest that fits.
    pub is_released: bool,
}

/// Asks a server for its release.
///
/// A version number counts, also that of an unreleased build (`v2.5.0-123-0123456789` is 2.5.0 or newer, checked by
/// what `/info` has). `dev` and other names tell nothing: then the fields of `/info` and two small probes decide.
pub async fn identify<X: Execute>(executor: &mut X) -> Result<Identified, X::Error> {
    let info = executor.execute(&info::Get).await?;
    let stated = Release::parse(&info.version);
    let is_released = stated.is_some() && !info.version.contains(['-', '+']);
    let release = match stated {
        Some(release) if is_released => release,
        // The tag may be older than what was merged after it.
        Some(tag) => tag.max(by_fields(&info)),
        None => by_probes(executor, &info).await?,
    };
    let server = Server {
        release,
        version: info.version.clone(),
        concurrent_writes: info.concurrent_writes,
        max_items_per_page: info.max_items_per_page,
        max_file_size: info.max_file_bytes(release),
        ..executor.session().server().clone()
    };
    Ok(Identified {
        server,
        info,
        is_released,
    })
}

/// The lowest release whose `/info` has these fields: they were only ever added.
fn by_fields(info: &Info) -> Release {
    if info.concurrent_writes.is_some() {
        Release::FIRST_V2
    } else if info.max_items_per_page.is_some() {
        Release(1, 0, 0)
    } else if info.public_teams_enabled.is_some() {
        Release(0, 24, 0)
    } else if info.webhooks_enabled.is_some() {
        Release(0, 22, 0)
    } else {
        Release(0, 20, 0)
    }
}

/// Tells apart what has the same fields: 1.x from 2.0 – 2.3 by the body of a 401, 0.20 from 0.21 by a path in the
/// server's own document.
async fn by_probes<X: Execute>(executor: &mut X, info: &Info) -> Result<Release, X::Error> {
    let lowest = by_fields(info);
    Ok(match lowest {
        Release(1, 0, 0) => match executor.execute(&ProbeUser).await {
            Ok((StatusCode::UNAUTHORIZED, body)) if code(&body) == Some(11) => Release(2, 0, 0),
            Ok(_) => lowest,
            Err(error) if error.reply().is_some() => lowest,
            Err(error) => return Err(error),
        },
        Release(0, 20, 0) => match executor.execute(&ProbeDocument).await {
            Ok((_, body)) if has_namespaces(&body) => lowest,
            Ok(_) => Release(0, 21, 0),
            Err(error) if error.reply().is_some() => lowest,
            Err(error) => return Err(error),
        },
        _ => lowest,
    })
}

fn code(body: &[u8]) -> Option<i64> {
    serde_json::from_slice::<Value>(body)
        .ok()?
        .get("code")?
        .as_i64()
}

fn has_namespaces(document: &[u8]) -> bool {
    serde_json::from_slice::<Value>(document)
        .is_ok_and(|document| document["paths"].get("/namespaces").is_some())
}

/// `GET /user` without a token: only the body of the refusal is of interest.
struct ProbeUser;

impl Endpoint for ProbeUser {
    const ROUTE: Route = Route::read("/user")
        .public()
        .only(Api::V1)
        .of_unknown_release();
    type Reply = Whatever;
}

/// The server's own document, public on every release.
struct ProbeDocument;

impl Endpoint for ProbeDocument {
    const ROUTE: Route = Route::read("/docs.json")
        .public()
        .only(Api::V1)
        .of_unknown_release();
    type Reply = Whatever;
}

/// Any status, any body.
struct Whatever;

impl Reply for Whatever {
    type Output = (StatusCode, Bytes);

    fn accepts(_: StatusCode) -> bool {
        true
    }

    fn read(answer: &Answer<'_>) -> Result<Self::Output, ReplyError> {
        Ok((answer.status, answer.body.clone()))
    }
}
