//! From an HTTP request to a reply: routing, limits, credentials, handler.

use std::cell::RefCell;
use std::net::IpAddr;

use axum::extract::Query;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};

use crate::call::Call;
use crate::caller::{self, Caller};
use crate::catalogue::{Credentials, Found, Route};
use crate::events;
use crate::failure::{Failure, lacking};
use crate::limiter::Allowance;
use crate::link_shares;
use crate::operations::{handler, is_log_in, knows_markdown};
use crate::release::{Api, At};
use crate::reply::Reply;
use crate::world::World;

/// The per-address limit when none is configured: the header is always there, the limit never bites.
const LOGIN_LIMIT: u32 = 100_000;
/// What the server front end would be: there is none.
const FRONT_END: &str = "<html>x</html>";

/// A request, taken from the wire.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: bytes::Bytes,
    /// Where it comes from; what has no address is not limited.
    pub(crate) address: Option<IpAddr>,
}

/// The operation that a request asks for, if it is one.
pub(crate) fn operation(world: &World, request: &Incoming) -> Option<&'static str> {
    match find(world, request) {
        Found::Route(route, _) => Some(route.operation),
        _ => None,
    }
}

fn find<'a>(world: &'a World, request: &Incoming) -> Found<'a> {
    let missing = &world.faults().missing;
    world
        .catalogue
        .find(&request.method, request.uri.path(), missing)
}

/// Answers a request as the imitated release does.
pub(crate) fn answer(world: &World, request: &Incoming) -> Reply {
    let path = request.uri.path();
    let at = At::of(world.config.release, path);
    let reply = match find(world, request) {
        Found::Route(route, params) => routed(world, at, request, route, &params),
        Found::OtherMethods(_) if is_preflight(at, request) => Reply::empty(StatusCode::NO_CONTENT),
        Found::OtherMethods(methods) => no_route(world, at, request, &methods).reply(at),
        Found::Nothing if at.release.front_end && !path.starts_with("/api/") => {
            Reply::text("text/html; charset=utf-8", FRONT_END)
        }
        Found::Nothing => no_route(world, at, request, &[]).reply(at),
    };
    finish(at, request, reply)
}

fn routed(world: &World, at: At, request: &Incoming, route: &Route, params: &[String]) -> Reply {
    let caller = match route.credentials {
        Credentials::Public => None,
        Credentials::Own | Credentials::ApiToken => {
            caller::identify(world, at, Some(route), authorization(request)).transpose()
        }
    };
    let limits = allowances(world, at, request, route, caller.as_ref());
    let result = if limits.iter().flatten().any(|allowance| allowance.exceeded) {
        Err(Failure::TooMany(request.uri.path().to_owned()))
    } else {
        handled(world, at, request, route, params, caller)
    };
    let reply = result.unwrap_or_else(|failure| failure.reply(at));
    // Where both limits apply, the headers are those of the per-address one.
    match limits.into_iter().flatten().next() {
        Some(allowance) => with_allowance(reply, allowance),
        None => reply,
    }
}

/// What the limits say to this call: the one on log-ins, and the general one.
fn allowances(
    world: &World,
    at: At,
    request: &Incoming,
    route: &Route,
    caller: Option<&Result<Caller, Failure>>,
) -> [Option<Allowance>; 2] {
    let Some(address) = request.address.map(|address| address.to_string()) else {
        return [None, None];
    };
    let faults = world.faults();
    // v2 does not count, but for its WebSocket.
    let counts = at.api == Api::V1 || route.operation == "websocket.connect";
    let by_address = (counts && is_log_in(route.operation)).then(|| {
        let limit = faults.login_limit.unwrap_or(LOGIN_LIMIT);
        world.login_limiter.take(&address, limit)
    });
    let general = faults.limit.map(|limit| {
        // Users are counted by their token, everybody else by address.
        let key = match caller {
            Some(Ok(caller)) => format!("user {}", caller.user.id),
            _ => address,
        };
        world.general_limiter(at.api).take(&key, limit)
    });
    [by_address, general]
}

fn handled(
    world: &World,
    at: At,
    request: &Incoming,
    route: &Route,
    params: &[String],
    caller: Option<Result<Caller, Failure>>,
) -> Result<Reply, Failure> {
    let caller = caller.transpose()?;
    if caller.as_ref().is_some_and(Caller::is_link_share) {
        link_shares::check(at, route.operation)?;
    }
    let handler = handler(route.operation).ok_or_else(|| lacking(route.operation))?;
    let query: Query<Vec<(String, String)>> = Query::try_from_uri(&request.uri).unwrap_or_default();
    let call = Call {
        world,
        at,
        route,
        params,
        query: &query.0,
        headers: &request.headers,
        body: &request.body,
        address: request.address,
        caller,
        events: RefCell::default(),
    };
    if call.is_markdown() && !knows_markdown(route.operation) {
        return Err(lacking(format!("{} with Markdown", route.operation)));
    }
    let result = handler(&call);
    // What failed was undone, in releases with transactions.
    if result.is_ok() || !at.release.transactions {
        events::publish(&call)?;
    }
    result
}

fn with_allowance(reply: Reply, allowance: Allowance) -> Reply {
    reply
        .with_header("x-ratelimit-limit", &allowance.limit.to_string())
        .with_header("x-ratelimit-remaining", &allowance.remaining.to_string())
        .with_header("x-ratelimit-reset", &allowance.reset.to_string())
}

/// Newer releases answer `OPTIONS` on every path that they have.
fn is_preflight(at: At, request: &Incoming) -> bool {
    request.method == Method::OPTIONS && !at.release.token_before_routing
}

/// A path or method that the release does not have.
fn no_route(world: &World, at: At, request: &Incoming, methods: &[&Method]) -> Failure {
    if at.release.token_before_routing {
        let known = request.uri.path().starts_with("/api/v1/");
        return match caller::identify(world, at, None, authorization(request)) {
            Err(failure) if known => failure,
            _ => Failure::NoRoute,
        };
    }
    if methods.is_empty() {
        return Failure::NoRoute;
    }
    let allowed = methods.iter().map(|method| method.as_str());
    Failure::WrongMethod(
        std::iter::once("OPTIONS")
            .chain(allowed)
            .collect::<Vec<_>>()
            .join(", "),
    )
}

fn authorization(request: &Incoming) -> Option<&str> {
    request
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
}

fn finish(at: At, request: &Incoming, reply: Reply) -> Reply {
    let reply = match at.api {
        Api::V1 => reply.with_json_type(at.release.json_type),
        Api::V2 => {
            // Inside a PATCH the server talks to itself, and gives itself that name.
            let host = request
                .headers
                .get(header::HOST)
                .and_then(|host| host.to_str().ok());
            let inside = request.method == Method::PATCH && reply.from_inside;
            let host = host.filter(|_| !inside).unwrap_or("localhost");
            reply.with_schema_link(&format!("http://{host}"))
        }
    };
    let reply = if at.release.request_id {
        reply.with_header("x-request-id", &crate::tokens::random_hex(16))
    } else {
        reply
    };
    if at.release.sessions && !reply.headers.contains_key(header::CACHE_CONTROL) {
        reply.with_header("cache-control", "no-store")
    } else {
        reply
    }
}
