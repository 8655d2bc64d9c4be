use std::fmt;

use crate::{
    Api, ApiChoice, ApiError, At, Auth, BuildError, Endpoint, Execute, Failure, Query, Release,
    Route,
    auth::TokenKind,
    raw::{AnyJson, TEMPLATE},
    scope::{self, Scope},
    tasks,
};

/// Why a call with an API token was answered with 401.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unauthorized {
    /// The token counts for nothing: it is unknown, deleted or expired, or (2.x) its user is disabled. No release tells
    /// these apart; its user's list ([`crate::api_tokens::List`]) says what has expired.
    TokenInvalid,
    /// The token is good, and lacks at least one of these permissions. Empty for a path that was made at run time.
    MissingScope(Vec<Scope>),
    /// This route takes no API tokens on this release, whatever they may do. Whether this one is good was not asked.
    RouteTakesNoApiTokens,
    /// Either of the first two. Before 2.5, and on v2, a good token can be told from a bad one only by something that it
    /// may read, and this one could read nothing that was tried. These are the permissions that the route needs.
    InvalidOrMissingScope(Vec<Scope>),
}

impl fmt::Display for Unauthorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let invalid = "the API token is unknown, deleted or expired, or its user is disabled";
        let lacking = |f: &mut fmt::Formatter<'_>, scopes: &[Scope]| {
            if scopes.is_empty() {
                return f.write_str("it lacks the permission for this path");
            }
            let names = scopes.iter().map(Scope::to_string).collect::<Vec<_>>();
            write!(f, "it lacks the permission {}", names.join(" or "))
        };
        match self {
            Self::TokenInvalid => write!(f, "{invalid}: make a new one"),
            Self::MissingScope(scopes) => {
                f.write_str("the API token is good, but ")?;
                lacking(f, scopes)?;
                f.write_str(": make one that has it")
            }
            Self::RouteTakesNoApiTokens => f.write_str(
                "this server takes no API tokens here; log in with user name and password instead",
            ),
            Self::InvalidOrMissingScope(scopes) => {
                write!(f, "{invalid}, or ")?;
                lacking(f, scopes)?;
                f.write_str("; the server does not tell which")
            }
        }
    }
}

/// Finds out why a call with an API token was refused: the server answers 401 to a bad token and to a good one without
/// the permission alike.
///
/// `None` where there is nothing to find out: the refusal is no 401, or no API token was sent.
///
/// From 2.5 it takes one request, which needs no permission. Older servers have none, nor has v2 where only that is
/// allowed: there, up to a dozen things are read until one is not refused. Nothing is written.
///
/// ```no_run
/// # async fn example(mut client: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
/// use vikunja_sdk::{Failure, ops, tasks};
/// if let Err(error) = client.send(&tasks::List::default()).await {
///     if let Some(refusal) = error.refusal()
///         && let Some(why) = ops::why_unauthorized(&mut client, refusal).await?
///     {
///         eprintln!("{error}: {why}");
///     }
///     return Err(error);
/// }
/// # Ok(()) }
/// ```
pub async fn why_unauthorized<X: Execute>(
    executor: &mut X,
    refusal: &ApiError,
) -> Result<Option<Unauthorized>, X::Error> {
    let route = &refusal.route;
    let kind = executor.session().token_kind();
    let was_sent = route.auth == Auth::Bearer && kind == Some(TokenKind::Api);
    if !refusal.is_unauthorized() || !was_sent {
        return Ok(None);
    }
    let scopes = scope::of(route);
    if scopes.is_empty() && route.template != TEMPLATE {
        return Ok(Some(Unauthorized::RouteTakesNoApiTokens));
    }
    Ok(Some(match is_good(executor).await? {
        Some(false) => Unauthorized::TokenInvalid,
        Some(true) => Unauthorized::MissingScope(scopes),
        None => Unauthorized::InvalidOrMissingScope(scopes),
    }))
}

/// What a token may be allowed to read, the likeliest first. A thing with id 0 is not there: with the permission that
/// is another refusal.
const PROBES: &[Route] = &[
    tasks::List::ROUTE,
    Route::read("/projects"),
    Route::read("/tasks/0"),
    Route::read("/projects/0"),
    Route::read("/labels"),
    Route::read("/labels/0"),
    Route::read("/teams"),
    Route::read("/teams/0"),
    Route::read("/notifications"),
    Route::read("/filters/0"),
    Route::read("/user").since(Release(1, 0, 0)),
    Route::read("/routes").since(Release(1, 0, 0)),
];

/// Takes every good API token from 2.5, whatever it may do. 1.0 takes bad ones, too.
const CHECK: Route = Route::read("/token/test")
    .only(Api::V1)
    .since(Release(2, 5, 0));

/// Whether the session's token is good, as far as that can be known.
async fn is_good<X: Execute>(executor: &mut X) -> Result<Option<bool>, X::Error> {
    let server = executor.session().server();
    let release = server.release;
    if CHECK.exists(release) && server.api != ApiChoice::Only(Api::V2) {
        return is_taken(executor, CHECK).await;
    }
    for route in PROBES.iter().filter(|route| route.exists(release)) {
        if is_taken(executor, *route).await? == Some(true) {
            return Ok(Some(true));
        }
    }
    Ok(None)
}

/// Whether the token is taken on this route; `None` where the answer says nothing about it.
async fn is_taken<X: Execute>(executor: &mut X, route: Route) -> Result<Option<bool>, X::Error> {
    let Err(error) = executor.execute(&Probe(route)).await else {
        return Ok(Some(true));
    };
    match error.refusal() {
        Some(refusal) if refusal.is_unauthorized() => Ok(Some(false)),
        Some(refusal) => {
            let was_looked_up =
                refusal.is_not_found() || refusal.is_forbidden() || refusal.is_validation();
            Ok(was_looked_up.then_some(true))
        }
        None => Err(error),
    }
}

/// Reads something of which only the status is of interest.
struct Probe(Route);

impl Endpoint for Probe {
    const ROUTE: Route = Route::read("/");
    type Reply = AnyJson;
    fn route(&self) -> Route {
        self.0
    }
    fn query(&self, _: At) -> Result<String, BuildError> {
        Ok(Query::new().push("per_page", 1).finish())
    }
}
