//! A server, its release and a token: what turns an endpoint into an HTTP request and reads the answer to it. No IO.

use std::{
    fmt,
    marker::PhantomData,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, header};
use url::Url;

use crate::{
    Api, ApiError, At, Auth, Body, BuildError, Endpoint, Form, NewFile, Output, Path, Release,
    Reply, ReplyError, Resolved, Route,
    auth::{Credentials, Renewal, Token, TokenKind},
    redact::Sent,
    reply::Answer,
    retry::Asked,
};

/// A server as far as it is known.
#[derive(Clone, Debug)]
pub struct Server {
    pub(crate) base: String,
    /// Its release; [`Release::UNKNOWN`] until it was asked.
    pub release: Release,
    /// What it calls itself (`v2.5.0`, `dev` …); empty until it was asked.
    pub version: String,
    /// `concurrent_writes` of `/info`, from 2.4: false on SQLite.
    pub concurrent_writes: Option<bool>,
    /// `max_items_per_page` of `/info`, from 1.0.
    pub max_items_per_page: Option<u64>,
    /// Largest file in bytes that it takes, from `max_file_size` of `/info`; larger ones are not even sent. `None`
    /// where it is not known, or where there is no limit.
    pub max_file_size: Option<u64>,
    /// Which API to call.
    pub api: ApiChoice,
}

/// Which API to call where a server has both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiChoice {
    /// v2 where it exists and accepts the credential, else v1.
    #[default]
    Auto,
    /// This one; an operation that it lacks is an error.
    Only(Api),
}

impl Server {
    /// A server of unknown release. `address` is its root, with or without `/api/v1` at its end.
    pub fn new(address: &str) -> Result<Self, BuildError> {
        Ok(Self {
            base: base_of(address)?,
            release: Release::UNKNOWN,
            version: String::new(),
            concurrent_writes: None,
            max_items_per_page: None,
            max_file_size: None,
            api: ApiChoice::Auto,
        })
    }

    /// The same server, whose release is known.
    #[must_use]
    pub fn with_release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// The same server, called through this API.
    #[must_use]
    pub fn with_api(mut self, api: ApiChoice) -> Self {
        self.api = api;
        self
    }

    /// Its address, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Refuses files that the server would refuse, before they are sent.
    fn takes(&self, form: &Form) -> Result<(), BuildError> {
        let Some(limit) = self.max_file_size else {
            return Ok(());
        };
        let too_large = |file: &&NewFile| form.is_limited() && file.length() > limit;
        if let Some(file) = form.files().iter().find(too_large) {
            return Err(BuildError::FileTooLarge {
                file: file.name().to_owned(),
                size: file.length(),
                limit,
            });
        }
        // From 1.0 no request is larger than this; the server hangs up in the middle of it.
        let most = limit.saturating_add(2 << 20);
        if self.release >= Release(1, 0, 0) && form.length() > most {
            return Err(BuildError::FilesTooLarge {
                size: form.length(),
                limit: most,
            });
        }
        Ok(())
    }
}

fn base_of(address: &str) -> Result<String, BuildError> {
    let refuse = |problem: &str| BuildError::Url {
        given: shown(address).to_owned(),
        problem: problem.to_owned(),
    };
    let url = Url::parse(address.trim()).map_err(|error| refuse(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("it does not begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("it holds a user name or password; give them apart"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it has a query or a fragment; leave it out"));
    }
    let text = url.as_str().trim_end_matches('/');
    let root = [Api::V1, Api::V2]
        .iter()
        .find_map(|api| text.strip_suffix(api.prefix()))
        .unwrap_or(text);
    Ok(root.trim_end_matches('/').to_owned())
}

/// An address as far as it may be shown: without what could be a password before the host or a token behind the path,
/// also where it is no address at all.
pub(crate) fn shown(address: &str) -> &str {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('@').next().unwrap_or_default().trim()
}

/// A server and credentials. Cheap to clone; clones share the credentials.
#[derive(Clone, Debug)]
pub struct Session {
    server: Arc<Server>,
    held: Arc<RwLock<Held>>,
}

/// Credentials, and what is known of their age.
#[derive(Debug, Default)]
struct Held {
    credentials: Option<Credentials>,
    /// When to renew them, in seconds of the Unix epoch.
    renew_at: Option<u64>,
    /// Counts the changes.
    generation: u64,
}

impl Session {
    /// A session without a token.
    pub fn new(server: Server) -> Self {
        Self {
            server: Arc::new(server),
            held: Arc::default(),
        }
    }

    /// The same credentials, shared with this session, for a server of which more is known.
    #[must_use]
    pub fn at(&self, server: Server) -> Self {
        Self {
            server: Arc::new(server),
            held: Arc::clone(&self.held),
        }
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Sets, replaces or removes the credentials, for all clones.
    pub fn set_credentials(&self, credentials: Option<Credentials>) {
        self.put(credentials, None);
    }

    /// Replaces the credentials of this [generation](Self::generation); `false`, and nothing done, where they are others
    /// by now: somebody has logged in or out meanwhile.
    pub fn renew_credentials(&self, generation: u64, credentials: Credentials) -> bool {
        self.put(Some(credentials), Some(generation))
    }

    fn put(&self, credentials: Option<Credentials>, instead_of: Option<u64>) -> bool {
        let now = unix_now();
        let renew_at = credentials
            .as_ref()
            .and_then(|credentials| credentials.renew_at(self.server.release, now));
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if instead_of.is_some_and(|generation| generation != held.generation) {
            return false;
        }
        held.credentials = credentials;
        held.renew_at = renew_at;
        held.generation += 1;
        true
    }

    /// Sets, replaces or removes a token that comes without anything to renew it, for all clones.
    pub fn set_token(&self, token: Option<Token>) {
        self.set_credentials(token.map(Credentials::from));
    }

    /// The credentials.
    pub fn credentials(&self) -> Option<Credentials> {
        self.with_held(|held| held.credentials.clone())
    }

    /// The token.
    pub fn token(&self) -> Option<Token> {
        self.with_held(|held| Some(held.credentials.as_ref()?.token.clone()))
    }

    /// What kind of token the session has.
    pub fn token_kind(&self) -> Option<TokenKind> {
        self.with_held(|held| Some(held.credentials.as_ref()?.token.kind()))
    }

    /// How often the credentials were changed: who was refused can see whether they are others by now.
    pub fn generation(&self) -> u64 {
        self.with_held(|held| held.generation)
    }

    /// How the credentials can be renewed.
    pub fn renewal(&self) -> Option<Renewal> {
        self.with_held(|held| held.credentials.as_ref()?.renewal(self.server.release))
    }

    /// Whether it is time to renew the credentials.
    pub fn is_renewal_due(&self) -> bool {
        self.with_held(|held| held.renew_at)
            .is_some_and(|at| at <= unix_now())
            // They may have come before the release was known.
            && self.renewal().is_some()
    }

    /// Whether the token is past its end, by this machine's clock.
    pub fn is_expired(&self) -> bool {
        self.with_held(|held| held.credentials.as_ref()?.token.expires())
            .is_some_and(|end| end <= unix_now())
    }

    /// Leaves the credentials as they are for a while: renewing them has just failed.
    pub fn postpone_renewal(&self, by: Duration) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.renew_at.is_some() {
            held.renew_at = Some(unix_now().saturating_add(by.as_secs()));
        }
    }

    /// Forgets what renews the credentials of this [generation](Self::generation): the server has refused it.
    pub fn stop_renewing(&self, generation: u64) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.generation == generation {
            held.renew_at = None;
            if let Some(credentials) = &mut held.credentials {
                credentials.refresh = None;
            }
        }
    }

    fn with_held<T>(&self, look: impl FnOnce(&Held) -> T) -> T {
        look(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the HTTP request for an endpoint, and what reads the answer to it. The body is in memory: a
    /// [streamed](crate::NewFile::from_reader) file is an error here.
    pub fn call<E: Endpoint>(
        &self,
        endpoint: &E,
    ) -> Result<(http::Request<Bytes>, Pending<E>), BuildError> {
        let (request, pending) = self.prepare(endpoint)?;
        let (head, body) = request.into_parts();
        let request = http::Request::from_parts(head, body.into_bytes()?);
        Ok((request, pending))
    }

    /// The same with the body as it was described.
    pub(crate) fn prepare<E: Endpoint>(
        &self,
        endpoint: &E,
    ) -> Result<(http::Request<Body>, Pending<E>), BuildError> {
        let route = self.resolve(&endpoint.route(), self.token_kind())?;
        let mut path = Path::default();
        endpoint.path(&mut path);
        let query = endpoint.query(route.at)?;
        let mut request = self.assemble(&route, &path, &query, endpoint.body(route.at)?)?;
        endpoint.headers(request.headers_mut())?;
        let sent = Sent::of(&request, &path);
        let asked = Asked {
            op: route.op,
            repeat: endpoint.repeat(),
            release: route.at.release,
            concurrent_writes: self.server.concurrent_writes,
        };
        Ok((
            request,
            Pending {
                route,
                asked,
                sent,
                reads: PhantomData,
            },
        ))
    }

    /// The part of [`Self::call`] that is the same for every endpoint.
    fn assemble(
        &self,
        route: &Resolved,
        path: &Path,
        query: &str,
        body: Body,
    ) -> Result<http::Request<Body>, BuildError> {
        if let Body::Form(form) = &body {
            self.server.takes(form)?;
        }
        let mut uri = String::with_capacity(self.server.base.len() + 64 + query.len());
        uri.push_str(&self.server.base);
        uri.push_str(route.prefix());
        path.write(route, &mut uri)?;
        if !query.is_empty() {
            uri.push('?');
            uri.push_str(query);
        }
        let content_type = body.content_type();
        let mut request = http::Request::new(body);
        *request.method_mut() = Method::from_bytes(route.verb.as_bytes())
            .map_err(|_| BuildError::Body(format!("{route} has an unusable verb")))?;
        *request.uri_mut() = http::Uri::try_from(uri)
            .map_err(|error| BuildError::Body(format!("{route}: {error}")))?;
        let headers = request.headers_mut();
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, content_type);
        }
        if route.auth == Auth::Bearer
            && let Some(bearer) =
                self.with_held(|held| Some(held.credentials.as_ref()?.token.header()))
        {
            headers.insert(header::AUTHORIZATION, bearer);
        }
        Ok(request)
    }

    /// Decides on which API a route is called with this kind of token, or why it cannot be.
    pub(crate) fn resolve(
        &self,
        route: &Route,
        kind: Option<TokenKind>,
    ) -> Result<Resolved, BuildError> {
        let Server { release, api, .. } = *self.server;
        let is_unknown = release == Release::UNKNOWN;
        if is_unknown && route.needs_release() {
            return Err(BuildError::ReleaseUnknown {
                route: route.to_string(),
            });
        }
        // Whether there is another API than v1 is not known yet either.
        let choice = if is_unknown { ApiChoice::Auto } else { api };
        if !route.exists(release) {
            let (since, until) = route.lifetime();
            let needs = match until {
                Some(until) if release >= until => format!("before {until}"),
                _ => format!("{since} or newer"),
            };
            return Err(BuildError::NotOnThisServer {
                route: route.to_string(),
                needs,
                release,
            });
        }
        let accepted =
            |api| kind != Some(TokenKind::Api) || route.takes_api_tokens(At { release, api });
        let possible = |api| route.is_on(api) && (api == Api::V1 || release.has_v2());
        let api = match choice {
            ApiChoice::Auto => [Api::V2, Api::V1]
                .into_iter()
                .filter(|api| possible(*api))
                // `min_by_key` takes the first of equals: v2, unless this credential is refused there.
                .min_by_key(|api| !accepted(*api))
                .unwrap_or(Api::V1),
            ApiChoice::Only(api) if possible(api) => api,
            ApiChoice::Only(api) => {
                return Err(BuildError::NotOnThisApi {
                    route: route.to_string(),
                    api,
                });
            }
        };
        let resolved = route.resolve(At { release, api });
        match (resolved.auth, kind) {
            (Auth::Bearer, None) => Err(BuildError::NoToken {
                route: resolved.to_string(),
            }),
            (Auth::Bearer, _) if !accepted(api) => Err(BuildError::ApiTokenRefused {
                route: resolved.to_string(),
                release,
            }),
            _ => Ok(resolved),
        }
    }
}

/// Seconds of the Unix epoch, by this machine's clock.
fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Knows how to read the answer to exactly one request: nobody can pair a route with the wrong answer.
pub struct Pending<E> {
    route: Resolved,
    asked: Asked,
    /// What was secret in the request, so that an answer that repeats it can be cleaned.
    sent: Sent,
    reads: PhantomData<fn() -> E>,
}

impl<E> Pending<E> {
    /// The route that is called.
    pub fn route(&self) -> &Resolved {
        &self.route
    }

    /// What the retry table wants to know.
    pub fn asked(&self) -> Asked {
        self.asked
    }
}

impl<E: Endpoint> Pending<E> {
    /// Looks at the answer's status only: a refusal is an error.
    pub fn accept(&self, response: &http::Response<Bytes>) -> Result<(), ReplyError> {
        if E::Reply::accepts(response.status()) {
            return Ok(());
        }
        Err(refusal(&self.route, response, &self.sent))
    }

    /// Reads the answer.
    pub fn decode(&self, response: &http::Response<Bytes>) -> Result<Output<E>, ReplyError> {
        self.accept(response)?;
        let status = response.status();
        E::Reply::read(&Answer {
            route: &self.route,
            status,
            headers: response.headers(),
            body: response.body(),
            sent: &self.sent,
        })
    }
}

fn refusal(route: &Resolved, response: &http::Response<Bytes>, sent: &Sent) -> ReplyError {
    Box::new(ApiError::new(
        *route,
        response.status(),
        response.headers(),
        response.body(),
        sent,
    ))
    .into()
}

impl<E> fmt::Debug for Pending<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").field(&self.route).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cleaned() {
        for (given, base) in [
            ("http://localhost:3456", "http://localhost:3456"),
            ("http://localhost:3456/", "http://localhost:3456"),
            (
                "https://example.com/tasks/api/v1/",
                "https://example.com/tasks",
            ),
            (" https://example.com/api/v2", "https://example.com"),
        ] {
            assert_eq!(Server::new(given).unwrap().base(), base, "{given}");
        }
    }

    #[test]
    fn unusable_addresses_are_named_without_their_password() {
        for (given, said) in [
            ("localhost:3456", "does not begin with http://"),
            ("ftp://example.com", "does not begin with http://"),
            ("http://", "empty host"),
            ("http://user:hunter2@example.com", "user name or password"),
            ("http://user:hunter2@exa mple", "invalid"),
            ("http://example.com/?token=hunter2", "query"),
            ("", "relative URL"),
            ("alice:hunter2@example.com", "does not begin with http://"),
            ("http://exa mple/?token=hunter2", "invalid"),
            ("exa.mple/api#hunter2", "relative URL"),
        ] {
            let error = Server::new(given).unwrap_err().to_string();
            assert!(error.contains(said), "{given}: {error}");
            assert!(!error.contains("hunter2"), "{given}: {error}");
        }
    }
}
