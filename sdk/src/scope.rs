//! Which permissions an API token needs for a route: the server's names, which differ by release.
//!
//! A permission is a name in a group, such as `read_all` in `tasks`; [`crate::api_tokens::Create`] asks for them. The
//! server makes both from the path, and every generation does it in its own way. [`of`] follows them; it was checked
//! with a token for each permission on 0.24.1, 1.0.0 and 2.5.0.
//!
//! Grant with care: one name can open different things. `projects.background` reads a background on v1, and deletes it
//! on v2 and up to 1.x; `projects.views_buckets_put` creates buckets on v1 and changes them on v2. Up to 1.x a
//! permission of `projects`, `tasks` or `teams` opens the operation of the same name on all that is below, too:
//! `tasks.delete` deletes comments, `projects.create` makes webhooks.
//!
//! ```
//! use vikunja_sdk::{Api, At, Endpoint, Release, scope, tasks};
//!
//! let at = At { release: Release(2, 5, 0), api: Api::V2 };
//! let needed = scope::of(&tasks::List::ROUTE.resolve(at));
//! assert_eq!(needed[0].to_string(), "tasks.read_all");
//! ```

use std::{collections::BTreeMap, fmt};

use crate::{
    Api, At, Auth, BuildError, Release, Resolved, Route, Session, auth::TokenKind,
    model::ApiTokenRoutes,
};

/// A permission of an API token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// Its group: `tasks`.
    pub group: String,
    /// Its name in the group: `read_all`.
    pub permission: String,
}

impl Scope {
    fn new(group: impl Into<String>, permission: impl Into<String>) -> Self {
        Self {
            group: group.into(),
            permission: permission.into(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.group, self.permission)
    }
}

const V0_22: Release = Release(0, 22, 0);
const V1_0: Release = Release(1, 0, 0);
/// Between 1.0 and 2.5 names changed; which of the releases between has which was not checked.
const V2_0: Release = Release(2, 0, 0);

/// Groups whose permissions are called after the operation: `create`, `read_all`, `read_one`, `update`, `delete`.
const GROUPS: &[&str] = &[
    "filters",
    "labels",
    "notifications",
    "projects",
    "projects_shares",
    "projects_teams",
    "projects_users",
    "projects_views",
    "projects_views_tasks",
    "projects_webhooks",
    "reactions",
    "tasks",
    "tasks_assignees",
    "tasks_attachments",
    "tasks_comments",
    "tasks_labels",
    "tasks_relations",
    "teams",
    "teams_members",
    "time_entries",
];

/// Groups of that kind before 1.0; later these are single permissions of `projects`, `tasks` and `teams`.
const GROUPS_BEFORE_1_0: &[&str] = &[
    "projects_duplicate",
    "projects_views_buckets",
    "projects_views_buckets_tasks",
    "tasks_position",
    "teams_members_admin",
];

/// Routes whose permission is not called after their path, the newest first: since, path in words, permission.
const RENAMED: &[(Release, &str, &str)] = &[
    (V2_0, "projects_tasks_bulk", "tasks.create_bulk"),
    (V2_0, "tasks_assignees_bulk", "tasks_assignees.update_bulk"),
    (V2_0, "tasks_bulk", "tasks.update_bulk"),
    (V2_0, "tasks_labels_bulk", "tasks_labels.update_bulk"),
    (V1_0, "reactions_delete", "reactions.delete"),
    (V1_0, "tasks_bulk", "tasks.bulk"),
    (V0_22, "reactions_delete", "reactions_delete.delete"),
    (V0_22, "tasks_all", "tasks.read_all"),
    (V0_22, "tasks_assignees_bulk", "tasks_assignees.create_bulk"),
    (V0_22, "tasks_bulk", "tasks.update_bulk"),
    (V0_22, "tasks_labels_bulk", "tasks_labels.create_bulk"),
];

/// Where a path has several methods, the server adds the method to the name of all but the first that it came upon, and
/// that was another one on v2: from, API, method, path in words. Up to 1.x it offers such names, and looks only at the
/// one without a method: that opens all of them.
const WITH_METHOD: &[(Release, Option<Api>, &str, &str)] = &[
    (V2_0, None, "PUT", "projects_views_buckets"),
    (V2_0, None, "POST", "projects_views_buckets"),
    (V2_0, None, "DELETE", "projects_views_buckets"),
    (V2_0, Some(Api::V2), "GET", "projects_views_buckets_tasks"),
    (V2_0, Some(Api::V1), "DELETE", "projects_background"),
    (V2_0, Some(Api::V2), "GET", "projects_background"),
    (V2_0, Some(Api::V1), "POST", "admin_users"),
    (V2_0, None, "DELETE", "admin_users"),
];

/// The permissions that an API token needs for this route, all of them. Empty where none would help: the route takes no
/// API tokens on this release, needs no token, or was made at run time ([`crate::Raw`]).
///
/// `PATCH` needs two, `read_one` and `update`: the server reads, merges and replaces.
/// Where a broader one would do, too (up to 1.x), the narrow one is named.
pub fn of(route: &Resolved) -> Vec<Scope> {
    let at = route.at;
    let (words, is_one) = words(route.template);
    if words.is_empty()
        || route.at_root
        || route.auth != Auth::Bearer
        || at.release < V0_22
        || is_closed(route, &words, is_one)
    {
        return Vec::new();
    }
    let mut path = words.join("_");
    if at.release >= Release(2, 4, 0) {
        path = path.replace('-', "_");
    }
    let renamed = RENAMED
        .iter()
        .find(|(since, renamed, _)| *since <= at.release && *renamed == path)
        .and_then(|(.., scope)| scope.split_once('.'));
    if let Some((group, permission)) = renamed {
        return vec![Scope::new(group, permission)];
    }
    let group = match path.as_str() {
        "projects_tasks" => "tasks",
        group => group,
    };
    let is_group =
        GROUPS.contains(&group) || at.release < V1_0 && GROUPS_BEFORE_1_0.contains(&group);
    if is_group {
        return operations(route, is_one)
            .iter()
            .map(|name| Scope::new(group, *name))
            .collect();
    }
    vec![single(route, &path, words[0])]
}

/// Words of a path that a name follows, which need not look like an id.
const BEFORE_A_NAME: &[&str] = &["avatar", "images", "members", "relations", "users"];

/// The words of a path without ids and names, and whether it ends with one of these.
fn words(template: &str) -> (Vec<&str>, bool) {
    let mut words = Vec::new();
    let mut is_one = false;
    let mut previous = "";
    for part in template.split('/').filter(|part| !part.is_empty()) {
        let is_name = BEFORE_A_NAME.contains(&previous) && part != "search";
        is_one = is_name || part.starts_with('{') || part.parse::<i64>().is_ok();
        previous = part;
        if is_one {
            continue;
        }
        // Whatever it is that was reacted to.
        if part == "reactions" {
            words.clear();
        }
        words.push(part);
    }
    (words, is_one)
}

/// Whether API tokens are refused whatever they may do. The catalogue of a server lists some of these all the same.
fn is_closed(route: &Resolved, words: &[&str], is_one: bool) -> bool {
    let At { release, api } = route.at;
    match words {
        ["user" | "users" | "routes"] => release < V1_0,
        ["avatar"] => release < V2_0,
        [
            "user" | "token" | "tokens" | "tokenTest" | "subscriptions" | "oauth" | "ws",
            ..,
        ]
        | ["notifications.atom"] => true,
        // Marking: before 1.0 only of one, since then on v1 only of all.
        ["notifications"] => api == Api::V1 && route.verb == "POST" && is_one == (release >= V1_0),
        ["tasks", "assignees" | "labels", "bulk"] => (V1_0..Release(2, 2, 0)).contains(&release),
        ["admin", ..] => api == Api::V2 && route.verb == "PATCH",
        _ => false,
    }
}

/// The permissions of a group that are called after operations.
fn operations(route: &Resolved, is_one: bool) -> &'static [&'static str] {
    match (route.verb, route.at.api) {
        ("GET", _) if is_one => &["read_one"],
        ("GET", _) => &["read_all"],
        ("PUT", Api::V1) | ("POST", Api::V2) => &["create"],
        ("DELETE", _) => &["delete"],
        ("PATCH", _) => &["read_one", "update"],
        _ => &["update"],
    }
}

/// A permission that is called after its path, in the group of the first word.
fn single(route: &Resolved, path: &str, first: &str) -> Scope {
    let (group, permission) = match &path[first.len()..] {
        "" => ("other", path),
        rest => (&path[..first.len()], &rest[1..]),
    };
    let has_method = WITH_METHOD.iter().any(|(since, api, verb, words)| {
        *since <= route.at.release
            && api.is_none_or(|api| api == route.at.api)
            && *verb == route.verb
            && *words == path
    });
    if has_method {
        let method = route.verb.to_ascii_lowercase();
        return Scope::new(group, format!("{permission}_{method}"));
    }
    Scope::new(group, permission)
}

/// Permissions by group, as [`crate::api_tokens::Create`] takes them.
pub type Permissions = BTreeMap<String, Vec<String>>;

/// The permissions that let an API token call all these routes, and no more, on the session's server.
///
/// `catalogue` is what the server offers ([`crate::api_tokens::Routes`]). A route that takes no API tokens, or whose
/// permission the server does not offer, is a [`BuildError`] that names it. [`crate::ops::permissions`] asks for the
/// catalogue, too.
pub fn permissions(
    session: &Session,
    wanted: &[Route],
    catalogue: &ApiTokenRoutes,
) -> Result<Permissions, BuildError> {
    let mut granted = Permissions::new();
    for route in wanted {
        let route = session.resolve(route, Some(TokenKind::Api))?;
        if route.auth != Auth::Bearer {
            continue;
        }
        let scopes = of(&route);
        if scopes.is_empty() {
            return Err(BuildError::ApiTokenRefused {
                route: route.to_string(),
                release: route.at.release,
            });
        }
        for scope in scopes {
            let scope = offered(&route, scope, catalogue)?;
            let group = granted.entry(scope.group).or_default();
            if !group.contains(&scope.permission) {
                group.push(scope.permission);
            }
        }
    }
    Ok(granted)
}

/// The permission as this server has it: by its name, or, on a release that has other names, by its path.
fn offered(
    route: &Resolved,
    scope: Scope,
    catalogue: &ApiTokenRoutes,
) -> Result<Scope, BuildError> {
    let is_offered = catalogue
        .get(&scope.group)
        .is_some_and(|group| group.contains_key(&scope.permission));
    if is_offered {
        return Ok(scope);
    }
    let ours = format!("{}{}", route.prefix(), route.template);
    let is_same = |path: &str| {
        let mut theirs = path.split('/');
        let agree = ours.split('/').all(|our| {
            theirs
                .next()
                .is_some_and(|their| our == their || our.starts_with('{') && their.starts_with(':'))
        });
        agree && theirs.next().is_none()
    };
    catalogue
        .iter()
        .flat_map(|(group, permissions)| permissions.iter().map(move |entry| (group, entry)))
        .find(|(_, (_, entry))| entry.method == route.verb && is_same(&entry.path))
        .map(|(group, (permission, _))| Scope::new(group, permission))
        .ok_or_else(|| BuildError::ScopeNotOffered {
            route: route.to_string(),
            scope,
            release: route.at.release,
        })
}
