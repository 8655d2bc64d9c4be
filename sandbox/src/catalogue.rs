//! Which routes each release has, so that a route we lack (501) is told from one the release lacks (404, 405).

use axum::http::Method;

use crate::release::Release;

/// Every operation of every release: op, release, method, path, status of success, credentials.
const TABLE: &str = include_str!("../data/routes.tsv");

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Nothing, or something that is not a bearer token.
    Public,
    /// The token of a user or of a link share.
    Own,
    /// The same, or an API token.
    ApiToken,
}

/// One operation of the release.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    pub(crate) credentials: Credentials,
    /// Status of success.
    pub(crate) status: u16,
    segments: Vec<Segment>,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Text(&'static str),
    Placeholder,
}

/// What a request's method and path mean to the release.
#[derive(Debug)]
pub(crate) enum Found<'a> {
    /// An operation, and the values of its placeholders in order.
    Route(&'a Route, Vec<String>),
    /// The path exists with these other methods only.
    OtherMethods(Vec<&'a Method>),
    /// No such path.
    Nothing,
}

/// The routes of one release.
#[derive(Debug)]
pub(crate) struct Catalogue {
    routes: Vec<Route>,
}

impl Catalogue {
    /// The routes of a release.
    pub(crate) fn of(release: &Release) -> Self {
        let mut routes: Vec<Route> = rows()
            // Metrics are off, as they are unless switched on: then the route is not there.
            .filter(|row| row.operation != "service.metrics")
            .filter(|row| release.tables.contains(&row.release))
            .filter_map(|row| {
                Some(Route {
                    operation: row.operation,
                    method: row.method.parse().ok()?,
                    credentials: row.credentials(),
                    status: row.status,
                    segments: segments(row.path),
                })
            })
            .collect();
        // Text beats placeholders: `/tasks/all` before `/tasks/{task}`.
        routes.sort_by_key(|route| {
            route
                .segments
                .iter()
                .filter(|segment| **segment == Segment::Placeholder)
                .count()
        });
        Self { routes }
    }

    /// Finds the operation of a request, in a release without the operations named in `missing`.
    pub(crate) fn find(&self, method: &Method, path: &str, missing: &[String]) -> Found<'_> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let mut others = Vec::new();
        let is_there = |route: &&Route| missing.iter().all(|name| name != route.operation);
        let matching = self.routes.iter().filter(|route| route.matches(&parts));
        for route in matching.filter(is_there) {
            if route.method == *method {
                return Found::Route(route, route.values(&parts));
            }
            others.push(&route.method);
        }
        if others.is_empty() {
            Found::Nothing
        } else {
            Found::OtherMethods(others)
        }
    }
}

impl Route {
    fn matches(&self, parts: &[&str]) -> bool {
        self.segments.len() == parts.len()
            && self
                .segments
                .iter()
                .zip(parts)
                .all(|(segment, part)| match segment {
                    Segment::Text(text) => text == part,
                    Segment::Placeholder => !part.is_empty(),
                })
    }

    fn values(&self, parts: &[&str]) -> Vec<String> {
        let placeholders = self
            .segments
            .iter()
            .zip(parts)
            .filter(|(segment, _)| **segment == Segment::Placeholder);
        placeholders.map(|(_, part)| (*part).to_owned()).collect()
    }
}

/// The operation names of all releases, for checking what a configuration names.
pub(crate) fn operations() -> impl Iterator<Item = &'static str> {
    rows().map(|row| row.operation)
}

/// Every operation with every release that has it.
#[cfg(test)]
pub(crate) fn table() -> impl Iterator<Item = (&'static str, &'static str)> {
    rows().map(|row| (row.operation, row.release))
}

struct Row {
    operation: &'static str,
    release: &'static str,
    method: &'static str,
    path: &'static str,
    status: u16,
    auth: &'static str,
}

impl Row {
    fn credentials(&self) -> Credentials {
        match self.auth {
            "bearer" | "jwt-only" => Credentials::Own,
            "tk-ok" => Credentials::ApiToken,
            _ => Credentials::Public,
        }
    }
}

fn rows() -> impl Iterator<Item = Row> {
    TABLE.lines().skip(1).filter_map(|line| {
        let mut columns = line.split('\t');
        Some(Row {
            operation: columns.next()?,
            release: columns.next()?,
            method: columns.next()?,
            path: columns.next()?,
            // «200 or 304»: the first is what an answer with a body has.
            status: columns.next()?.split(' ').next()?.parse().unwrap_or(200),
            auth: columns.next()?,
        })
    })
}

fn segments(path: &'static str) -> Vec<Segment> {
    let of = |part: &'static str| {
        if part.starts_with('{') {
            Segment::Placeholder
        } else {
            Segment::Text(part)
        }
    };
    path.split('/').skip(1).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(release: &str, method: &str, path: &str) -> String {
        let release = Release::named(release).expect("a known release");
        match Catalogue::of(release).find(&method.parse().expect("a method"), path, &[]) {
            Found::Route(route, values) => format!("{} {}", route.operation, values.join(",")),
            Found::OtherMethods(methods) => format!("{methods:?}"),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn text_beats_placeholders_and_releases_differ() {
        assert_eq!(find("0.24", "GET", "/api/v1/tasks/all"), "tasks.read_all ");
        assert_eq!(
            find("2.5", "GET", "/api/v1/tasks/all"),
            "tasks.read_one all"
        );
        assert_eq!(find("2.5", "GET", "/api/v1/tasks"), "tasks.read_all ");
        assert_eq!(find("2.5", "PATCH", "/api/v2/tasks/7"), "tasks.patch 7");
        assert_eq!(find("0.24", "GET", "/api/v2/info"), "nothing");
        assert_eq!(find("2.5", "DELETE", "/api/v1/info"), "[GET]");
        assert_eq!(find("2.5", "GET", "/api/v1/user/"), "nothing");
    }
}
