//! Routes as data: which verb, path and credential an operation has on which release and API.

use std::fmt;

/// A released version of the server, as in `Release(0, 24, 1)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release(pub u16, pub u16, pub u16);

impl Release {
    /// Older than everything: the release of a server that was not asked yet.
    pub const UNKNOWN: Self = Self(0, 0, 0);
    /// First release with the v2 API.
    pub const FIRST_V2: Self = Self(2, 4, 0);
    const NEVER: Self = Self(u16::MAX, 0, 0);

    /// Reads the number at the beginning of a version such as `v0.24.1` or `v2.5.0-123-0123456789`.
    pub fn parse(version: &str) -> Option<Self> {
        let digits = version.strip_prefix('v').unwrap_or(version);
        let mut numbers = digits.splitn(3, '.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        let rest = numbers.next()?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        Some(Self(major, minor, rest[..end].parse().ok()?))
    }

    /// Whether servers of this release have the v2 API beside v1.
    pub fn has_v2(self) -> bool {
        self >= Self::FIRST_V2
    }

    const fn before(self, other: Self) -> bool {
        if self.0 != other.0 {
            return self.0 < other.0;
        }
        if self.1 != other.1 {
            return self.1 < other.1;
        }
        self.2 < other.2
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UNKNOWN => f.write_str("of unknown release"),
            Self(major, minor, patch) => write!(f, "{major}.{minor}.{patch}"),
        }
    }
}

/// One of the two APIs of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Api {
    /// `/api/v1`: on every release.
    V1,
    /// `/api/v2`: from 2.4.
    V2,
}

impl Api {
    /// The path prefix, without a slash at its end.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::V1 => "/api/v1",
            Self::V2 => "/api/v2",
        }
    }
}

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        })
    }
}

/// What an operation does. Verbs, repeatability and safety follow from it, never the other way round:
/// v1 creates by `PUT` and replaces by `POST`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Changes nothing.
    Read,
    /// Makes a new thing.
    Create,
    /// Writes a whole thing: what is not sent is reset.
    Replace,
    /// Changes what is named (v2).
    Patch,
    /// Removes a thing.
    Delete,
    /// Anything else: logging in, moving, marking.
    Act,
}

impl Op {
    /// Whether the operation changes something on the server.
    pub const fn writes(self) -> bool {
        !matches!(self, Self::Read)
    }

    const fn verb(self, api: Api) -> &'static str {
        match (self, api) {
            (Self::Read, _) => "GET",
            (Self::Create, Api::V1) | (Self::Replace, Api::V2) => "PUT",
            (Self::Create, Api::V2) | (Self::Replace, Api::V1) | (Self::Act, _) => "POST",
            (Self::Patch, _) => "PATCH",
            (Self::Delete, _) => "DELETE",
        }
    }
}

/// What a route wants to know about the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Auth {
    /// Nothing; no token is sent.
    Public,
    /// A bearer token.
    Bearer,
    /// The refresh cookie, and no bearer token.
    Cookie,
}

/// What endpoint code may ask about the server it writes for: shapes differ by release, not only by API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct At {
    /// Release of the server.
    pub release: Release,
    /// API that this request goes to.
    pub api: Api,
}

/// Most older templates one route has had.
const OLDER: usize = 3;

/// An operation on every release: made of `const` calls beside its endpoint.
///
/// ```
/// use vikunja_sdk::{Release, Route};
/// const LIST: Route = Route::read("/tasks").before(Release(1, 0, 0), "/tasks/all");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Route {
    op: Op,
    template: &'static str,
    older: [Option<(Release, &'static str)>; OLDER],
    by_api: [ByApi; 2],
    auth: Auth,
    public_before: Release,
    since: Release,
    until: Release,
    only: Option<Api>,
    needs_release: bool,
    at_root: bool,
    missing_is_403: bool,
}

/// The few things in which one API departs from the rule.
#[derive(Clone, Copy, Debug)]
struct ByApi {
    template: Option<&'static str>,
    verb: Option<&'static str>,
    /// Refuses API tokens from the first of these releases on, and no more from the second on.
    no_api_tokens: (Release, Release),
}

impl Route {
    const fn new(op: Op, template: &'static str) -> Self {
        let plain = ByApi {
            template: None,
            verb: None,
            no_api_tokens: (Release::NEVER, Release::NEVER),
        };
        Self {
            op,
            template,
            older: [None; OLDER],
            by_api: [plain; 2],
            auth: Auth::Bearer,
            public_before: Release::UNKNOWN,
            since: Release::UNKNOWN,
            until: Release::NEVER,
            only: None,
            needs_release: true,
            at_root: false,
            missing_is_403: false,
        }
    }

    /// A route that reads.
    pub const fn read(template: &'static str) -> Self {
        Self::new(Op::Read, template)
    }

    /// A route that makes a new thing.
    pub const fn create(template: &'static str) -> Self {
        Self::new(Op::Create, template)
    }

    /// A route that writes a whole thing.
    pub const fn replace(template: &'static str) -> Self {
        Self::new(Op::Replace, template)
    }

    /// A route that changes what is named: v2 only.
    pub const fn patch(template: &'static str) -> Self {
        Self::new(Op::Patch, template).only(Api::V2)
    }

    /// A route that removes.
    pub const fn delete(template: &'static str) -> Self {
        Self::new(Op::Delete, template)
    }

    /// A route that does something else, by `POST`.
    pub const fn act(template: &'static str) -> Self {
        Self::new(Op::Act, template)
    }

    /// Another operation on the same thing: same path, other verb.
    pub const fn with_op(mut self, op: Op) -> Self {
        self.op = op;
        if matches!(op, Op::Patch) {
            self.only = Some(Api::V2);
        }
        self
    }

    /// First release that has it.
    pub const fn since(mut self, release: Release) -> Self {
        self.since = release;
        self
    }

    /// First release that has it no more.
    pub const fn until(mut self, release: Release) -> Self {
        self.until = release;
        self
    }

    /// The path that it had before `release`.
    ///
    /// # Panics
    /// While compiling, when a route is given more than three older paths.
    pub const fn before(mut self, release: Release, template: &'static str) -> Self {
        let mut i = 0;
        while i < OLDER {
            if self.older[i].is_none() {
                self.older[i] = Some((release, template));
                return self;
            }
            i += 1;
        }
        panic!("a route has more older templates than OLDER allows")
    }

    /// Exists on this API only.
    pub const fn only(mut self, api: Api) -> Self {
        self.only = Some(api);
        self
    }

    /// The path that it has on this API.
    pub const fn on(mut self, api: Api, template: &'static str) -> Self {
        self.by_api[api as usize].template = Some(template);
        self
    }

    /// The verb that it has on this API, where the rule does not hold.
    pub const fn verb(mut self, api: Api, verb: &'static str) -> Self {
        self.by_api[api as usize].verb = Some(verb);
        self
    }

    /// Needs no token, and gets none.
    pub const fn public(mut self) -> Self {
        self.auth = Auth::Public;
        self
    }

    /// Needs no token, and gets none, before `release`.
    pub const fn public_before(mut self, release: Release) -> Self {
        self.public_before = release;
        self
    }

    /// Needs the refresh cookie instead of a token.
    pub const fn cookie(mut self) -> Self {
        self.auth = Auth::Cookie;
        self
    }

    /// Refuses API tokens.
    pub const fn user_only(self) -> Self {
        self.api_tokens_since(Release::NEVER)
    }

    /// Refuses API tokens before `release`.
    pub const fn api_tokens_since(self, release: Release) -> Self {
        self.user_only_between(Release::UNKNOWN, release)
    }

    /// Refuses API tokens from `first` on, and before `end`.
    pub const fn user_only_between(mut self, first: Release, end: Release) -> Self {
        self.by_api[0].no_api_tokens = (first, end);
        self.by_api[1].no_api_tokens = (first, end);
        self
    }

    /// Refuses API tokens on one API, on every release.
    pub const fn user_only_on(self, api: Api) -> Self {
        self.user_only_on_since(api, Release::UNKNOWN)
    }

    /// Refuses API tokens on one API, from `release` on.
    pub const fn user_only_on_since(mut self, api: Api, release: Release) -> Self {
        self.by_api[api as usize].no_api_tokens = (release, Release::NEVER);
        self
    }

    /// The same on every release, so that it may be called before the release is known (on v1, which all have): it is how
    /// that is asked.
    pub const fn of_unknown_release(mut self) -> Self {
        self.needs_release = false;
        self
    }

    /// At the server's root instead of below the API's prefix, like `/health`.
    pub const fn at_root(mut self) -> Self {
        self.at_root = true;
        self
    }

    /// Answers 403, not 404, where the thing is not there.
    pub const fn forbidden_when_missing(mut self) -> Self {
        self.missing_is_403 = true;
        self
    }

    /// Whether it answers 403, not 404, where the thing is not there.
    pub fn missing_is_403(&self) -> bool {
        self.missing_is_403
    }

    /// What it does.
    pub fn op(&self) -> Op {
        self.op
    }

    /// What it wants to know about the caller, on the newest release.
    pub fn auth(&self) -> Auth {
        self.auth
    }

    /// Whether the server's release must be known to call it.
    pub fn needs_release(&self) -> bool {
        self.needs_release
    }

    /// Whether servers of this release have the operation, on any API.
    pub fn exists(&self, release: Release) -> bool {
        self.since <= release
            && release < self.until
            && (self.only != Some(Api::V2) || release.has_v2())
    }

    /// The first release that has it and the first that has it no more, if there is one.
    pub fn lifetime(&self) -> (Release, Option<Release>) {
        let since = match self.only {
            Some(Api::V2) if self.since.before(Release::FIRST_V2) => Release::FIRST_V2,
            _ => self.since,
        };
        (since, (self.until != Release::NEVER).then_some(self.until))
    }

    /// Whether it exists on this API at all.
    pub fn is_on(&self, api: Api) -> bool {
        self.only.is_none_or(|only| only == api)
    }

    /// Whether API tokens are let in.
    pub fn takes_api_tokens(&self, at: At) -> bool {
        let (first, end) = self.by_api[at.api as usize].no_api_tokens;
        at.release < first || end <= at.release
    }

    /// The route as it is on one API of one release.
    pub fn resolve(&self, at: At) -> Resolved {
        let special = &self.by_api[at.api as usize];
        let older = self
            .older
            .iter()
            .flatten()
            .filter(|(until, _)| at.release < *until)
            .min_by_key(|(until, _)| *until);
        Resolved {
            op: self.op,
            at,
            verb: special.verb.unwrap_or(self.op.verb(at.api)),
            at_root: self.at_root,
            template: older
                .map(|(_, template)| *template)
                .or(special.template)
                .unwrap_or(self.template),
            newest: self.template,
            auth: if at.release < self.public_before {
                Auth::Public
            } else {
                self.auth
            },
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.op, self.template)
    }
}

/// A route on one API of one release. It is `Copy` and `Hash`: a name for spans, rows and histograms that never
/// holds an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resolved {
    /// What it does.
    pub op: Op,
    /// Where.
    pub at: At,
    /// HTTP method.
    pub verb: &'static str,
    /// Whether the path is at the server's root and not below the API's prefix.
    pub at_root: bool,
    /// Path below the prefix, with `{placeholders}`.
    pub template: &'static str,
    /// The path that the operation has on the newest release: one name for all releases.
    pub newest: &'static str,
    /// What it wants to know about the caller.
    pub auth: Auth,
}

impl Resolved {
    /// What the path begins with: the API's prefix, or nothing for what is at the server's root.
    pub fn prefix(&self) -> &'static str {
        if self.at_root {
            ""
        } else {
            self.at.api.prefix()
        }
    }
}

impl fmt::Display for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.verb, self.prefix(), self.template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_1_0: At = At {
        release: Release(1, 0, 0),
        api: Api::V1,
    };

    #[test]
    fn versions_of_releases_and_unreleased_builds() {
        for (text, release) in [
            ("v0.20.4", Some(Release(0, 20, 4))),
            ("v2.5.0", Some(Release(2, 5, 0))),
            ("2.5.0", Some(Release(2, 5, 0))),
            ("v2.5.0-123-0123456789", Some(Release(2, 5, 0))),
            ("v0.20.4+12-0123456789", Some(Release(0, 20, 4))),
            ("dev", None),
            ("", None),
            ("v2.5", None),
            ("v2.x.1", None),
            ("v99999.1.1", None),
        ] {
            assert_eq!(Release::parse(text), release, "{text}");
        }
    }

    #[test]
    fn the_closest_older_template_counts() {
        let route = Route::create("/projects/{project}/tasks")
            .before(Release(0, 22, 0), "/projects/{project}")
            .before(Release(0, 21, 0), "/lists/{project}");
        for (release, template) in [
            (Release(0, 20, 4), "/lists/{project}"),
            (Release(0, 21, 0), "/projects/{project}"),
            (Release(0, 22, 0), "/projects/{project}/tasks"),
        ] {
            let at = At {
                release,
                api: Api::V1,
            };
            assert_eq!(route.resolve(at).template, template);
        }
    }

    #[test]
    fn verbs_follow_from_the_operation() {
        let v2 = At {
            api: Api::V2,
            ..AT_1_0
        };
        let route = Route::create("/x");
        assert_eq!(route.resolve(AT_1_0).to_string(), "PUT /api/v1/x");
        assert_eq!(route.resolve(v2).to_string(), "POST /api/v2/x");
        let odd = Route::replace("/a/upload")
            .verb(Api::V1, "PUT")
            .on(Api::V2, "/a");
        assert_eq!(odd.resolve(AT_1_0).to_string(), "PUT /api/v1/a/upload");
        assert_eq!(odd.resolve(v2).to_string(), "PUT /api/v2/a");
    }

    #[test]
    fn api_tokens_are_refused_in_windows() {
        let at = |release, api| At { release, api };
        let between = Route::read("/x").user_only_between(Release(1, 0, 0), Release(2, 2, 0));
        let since = Route::read("/x").user_only_on_since(Api::V1, Release(1, 0, 0));
        for (release, api, in_between, in_since) in [
            (Release(0, 24, 6), Api::V1, true, true),
            (Release(1, 0, 0), Api::V1, false, false),
            (Release(2, 1, 9), Api::V1, false, false),
            (Release(2, 2, 0), Api::V1, true, false),
            (Release(2, 5, 0), Api::V2, true, true),
        ] {
            let at = at(release, api);
            let takes = [between, since].map(|route| route.takes_api_tokens(at));
            assert_eq!(takes, [in_between, in_since], "{at:?}");
        }
        assert!(!Route::read("/x").user_only().takes_api_tokens(AT_1_0));
        assert!(Route::read("/x").takes_api_tokens(AT_1_0));
    }

    #[test]
    fn what_was_public_once_gets_no_token_there() {
        let route = Route::read("/x").public_before(Release(1, 0, 0));
        let older = At {
            release: Release(0, 24, 6),
            ..AT_1_0
        };
        assert_eq!(route.resolve(older).auth, Auth::Public);
        assert_eq!(route.resolve(AT_1_0).auth, Auth::Bearer);
    }

    #[test]
    fn a_patch_lives_since_v2() {
        assert_eq!(
            Route::patch("/tasks/{task}").lifetime(),
            (Release(2, 4, 0), None)
        );
        assert!(!Route::patch("/x").exists(Release(2, 3, 0)));
    }
}
