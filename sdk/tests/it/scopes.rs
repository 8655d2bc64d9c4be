//! Permissions of API tokens, held against the catalogues of three releases.

use vikunja_sdk::{
    Api, ApiChoice, At, BuildError, Endpoint, Object, Op, Raw, Release, Route, Server, Session,
    api_tokens, labels,
    model::{ApiTokenRoutes, TaskId},
    projects, scope, tasks, users,
};

use super::recorded::exchanges;

/// What each recorded release offers.
fn catalogues() -> Vec<(Release, ApiTokenRoutes)> {
    let mut found = exchanges(&["api_tokens.routes"]);
    found.retain(|exchange| exchange.is_success() && exchange.api == "v1");
    let found: Vec<_> = found
        .iter()
        .map(|exchange| {
            let body = exchange.response.body.as_deref().unwrap();
            let catalogue = serde_json::from_str(body).unwrap();
            (Release::parse(exchange.release).unwrap(), catalogue)
        })
        .collect();
    assert_eq!(found.len(), 3);
    found
}

/// Entries of a catalogue that open another route than they say, or none. Found out by trying.
const UNTRUE: &[(Release, &str)] = &[
    (Release(0, 24, 1), "other.notifications"),
    (Release(0, 24, 1), "other.routes"),
    (Release(0, 24, 1), "other.users"),
    (Release(0, 24, 1), "projects.background_delete"),
    (Release(1, 0, 0), "other.avatar"),
    (Release(1, 0, 0), "projects.background_delete"),
    (Release(1, 0, 0), "projects.views_buckets_delete"),
    (Release(1, 0, 0), "projects.views_buckets_post"),
    (Release(1, 0, 0), "projects.views_buckets_put"),
    (Release(1, 0, 0), "tasks.assignees_bulk"),
    (Release(1, 0, 0), "tasks.labels_bulk"),
    (Release(2, 5, 0), "other.ws"),
    // Not of the API: CalDAV and the Atom feed.
    (Release(2, 5, 0), "caldav.access"),
    (Release(2, 5, 0), "feeds.access"),
];

/// The route of an entry, as an endpoint would have it.
fn resolved(release: Release, method: &str, path: &str) -> vikunja_sdk::Resolved {
    let api = if path.starts_with("/api/v2") {
        Api::V2
    } else {
        Api::V1
    };
    let template: String = path
        .trim_start_matches(api.prefix())
        .split('/')
        .skip(1)
        .map(|part| match part.strip_prefix(':') {
            Some(name) => format!("/{{{name}}}"),
            None => format!("/{part}"),
        })
        .collect();
    let method = if method == "ANY" { "GET" } else { method };
    let raw = Raw::new(api, method, &*template.leak()).unwrap();
    raw.route().resolve(At { release, api })
}

#[test]
fn every_permission_is_found_by_its_route() {
    for (release, catalogue) in catalogues() {
        let mut held = 0;
        for (group, permissions) in &catalogue {
            for (permission, entry) in permissions {
                let name = format!("{group}.{permission}");
                let route = resolved(release, &entry.method, &entry.path);
                let scopes = scope::of(&route);
                let found: Vec<_> = scopes.iter().map(ToString::to_string).collect();
                let is_untrue = UNTRUE.contains(&(release, name.as_str()));
                assert_eq!(
                    found == [name.as_str()],
                    !is_untrue,
                    "{release} {name}: {found:?}"
                );
                held += 1;
            }
        }
        assert!(held > 90, "{release}: {held}");
    }
}

fn session(release: Release, api: ApiChoice) -> Session {
    let server = Server::new("http://h").unwrap();
    Session::new(server.with_release(release).with_api(api))
}

const WANTED: [Route; 5] = [
    tasks::List::ROUTE,
    tasks::Create::ROUTE,
    labels::SetAll::ROUTE,
    TaskId::ROUTE,
    TaskId::ROUTE.with_op(Op::Replace),
];

#[test]
fn permissions_are_those_of_the_server() {
    let bulk = |release: Release| match release {
        Release(0, ..) => "create_bulk",
        _ => "update_bulk",
    };
    for (release, catalogue) in catalogues() {
        for api in [ApiChoice::Auto, ApiChoice::Only(Api::V1)] {
            let session = session(release, api);
            let granted = scope::permissions(&session, &WANTED, &catalogue);
            if release == Release(1, 0, 0) {
                let error = granted.unwrap_err();
                assert!(
                    matches!(error, BuildError::ApiTokenRefused { .. }),
                    "{error}"
                );
                continue;
            }
            let granted = granted.unwrap();
            assert_eq!(
                granted["tasks"],
                ["read_all", "create", "read_one", "update"]
            );
            assert_eq!(granted["tasks_labels"], [bulk(release)]);
            assert_eq!(granted.len(), 2);
        }
    }
}

#[test]
fn a_patch_reads_and_writes() {
    let at = At {
        release: Release(2, 5, 0),
        api: Api::V2,
    };
    let route = TaskId::ROUTE.with_op(Op::Patch).resolve(at);
    let scopes: Vec<_> = scope::of(&route).iter().map(ToString::to_string).collect();
    assert_eq!(scopes, ["tasks.read_one", "tasks.update"]);
}

#[test]
fn what_a_server_does_not_offer_is_named() {
    let (release, mut catalogue) = catalogues().pop().unwrap();
    let session = session(release, ApiChoice::Auto);
    catalogue.get_mut("tasks").unwrap().remove("create");
    // Its route is gone with it: nothing else has this path.
    let error = scope::permissions(&session, &WANTED, &catalogue).unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("tasks.create") && said.contains("2.5.0"),
        "{said}"
    );

    // A release that calls it otherwise is believed.
    let entry = catalogue["tasks"]["update"].clone();
    let tasks = catalogue.get_mut("tasks").unwrap();
    tasks.remove("update");
    tasks.insert("change".to_owned(), entry);
    let session = self::session(release, ApiChoice::Only(Api::V1));
    let wanted = [TaskId::ROUTE.with_op(Op::Replace)];
    let granted = scope::permissions(&session, &wanted, &catalogue).unwrap();
    assert_eq!(granted["tasks"], ["change"]);

    let refused = [api_tokens::List::ROUTE];
    let error = scope::permissions(&session, &refused, &catalogue).unwrap_err();
    assert!(
        matches!(error, BuildError::ApiTokenRefused { .. }),
        "{error}"
    );
    let nothing = scope::permissions(&session, &[vikunja_sdk::info::Get::ROUTE], &catalogue);
    assert!(nothing.unwrap().is_empty());
}

#[test]
fn ids_and_names_in_a_path_are_no_words() {
    let at = At {
        release: Release(2, 5, 0),
        api: Api::V1,
    };
    for (method, path, scope) in [
        ("GET", "/tasks/7", "tasks.read_one"),
        (
            "GET",
            "/projects/-1/views/3/tasks",
            "projects_views_tasks.read_all",
        ),
        ("GET", "/avatar/alice", "other.avatar"),
        ("POST", "/projects/3/users/carol", "projects_users.update"),
        (
            "POST",
            "/teams/3/members/carol/admin",
            "teams.members_admin",
        ),
        (
            "DELETE",
            "/tasks/7/relations/subtask/8",
            "tasks_relations.delete",
        ),
        ("PUT", "/tasks/7/reactions", "reactions.create"),
        (
            "POST",
            "/time-entries/timer/stop",
            "time_entries.timer_stop",
        ),
        ("GET", "/tasks/7/time-entries", "tasks.time_entries"),
    ] {
        let route = Raw::new(Api::V1, method, path).unwrap().route().resolve(at);
        assert_eq!(scope::of(&route)[0].to_string(), scope, "{path}");
    }
    let made = Raw::get(Api::V1, "/tasks".to_owned()).unwrap().route();
    assert!(scope::of(&made.resolve(at)).is_empty());
    for route in [users::Current::ROUTE, projects::Create::ROUTE] {
        let old = At {
            release: Release(0, 20, 4),
            ..at
        };
        assert!(scope::of(&route.resolve(old)).is_empty());
    }
}
