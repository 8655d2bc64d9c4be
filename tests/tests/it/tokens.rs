//! API tokens: which permission opens which route, and why a call was refused.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use vikunja_sdk::{
    Api, ApiChoice, At, BuildError, Client, Endpoint, Error, Execute, Failure, Object, Op, Paged,
    Raw, Release, api_tokens, labels,
    model::{ApiTokenId, ApiTokenRoutes, Label, TaskId, Timestamp},
    ops::{self, Unauthorized},
    page::walk,
    raw::AsCame,
    retry::Policy,
    scope::{self, Permissions, Scope},
    tasks, users,
};

use super::servers::{Told, servers};

/// The servers, each with a client of a new user.
pub(crate) async fn clients() -> Vec<(Told, Client)> {
    let mut found = Vec::new();
    for told in servers() {
        let Some((mut client, _)) = told.client().await else {
            continue;
        };
        // 2.0 – 2.3 do not say that they are on SQLite.
        client.retry.assume_sqlite = true;
        client.retry.locked_tries = 12;
        let username = format!("tokens{}", fastrand::u32(..));
        let register = users::Register {
            username: username.clone(),
            email: format!("{username}@example.com"),
            password: "tokens-password-1".into(),
        };
        client.send(&register).await.unwrap();
        client
            .log_in(&username, "tokens-password-1".into())
            .await
            .unwrap();
        found.push((told, client));
    }
    found
}

pub(crate) fn release(client: &Client) -> Release {
    Execute::session(client).server().release
}

/// The API that this client calls.
fn api(client: &Client) -> Api {
    match Execute::session(client).server().api {
        ApiChoice::Only(api) => api,
        ApiChoice::Auto => unreachable!("the story is told to one API at a time"),
    }
}

/// A client with an API token, which has its own session.
async fn with_token(
    client: &Client,
    permissions: Permissions,
    expires: i64,
) -> (Client, ApiTokenId) {
    let create = api_tokens::Create {
        title: "Test".to_owned(),
        permissions,
        expires_at: Timestamp::from_unix_seconds(expires),
        owner: None,
    };
    let token = client.send(&create).await.unwrap();
    let server = Execute::session(client).server().clone();
    let bearer = client.signed_out().at(server);
    bearer.set_token(token.token.unwrap()).unwrap();
    (bearer, token.id)
}

const FUTURE: i64 = 4_070_908_800;
const PAST: i64 = 1_577_836_800;

fn only(scopes: &[Scope]) -> Permissions {
    let mut permissions = Permissions::new();
    for scope in scopes {
        let group = permissions.entry(scope.group.clone()).or_default();
        group.push(scope.permission.clone());
    }
    permissions
}

/// Everything that the server offers but what opens this. Up to 1.x the group above opens the operation of the same
/// name below it, too.
fn all_but(catalogue: &ApiTokenRoutes, scope: Option<&Scope>, on: Release) -> Permissions {
    let opens = |group: &str, name: &str| {
        scope.is_some_and(|scope| {
            let is_above = on < Release(2, 0, 0) && scope.group.starts_with(group);
            scope.permission == name && (scope.group == group || is_above)
        })
    };
    let mut permissions = Permissions::new();
    for (group, names) in catalogue {
        let mut names: Vec<_> = names.keys().cloned().collect();
        names.retain(|name| !opens(group, name));
        if !names.is_empty() {
            permissions.insert(group.clone(), names);
        }
    }
    permissions
}

/// Every route of this release and API that was recorded and wants a token: method and path. `None` for a release that
/// was not recorded.
fn recorded(version: &str, api: Api) -> Option<BTreeSet<(String, String)>> {
    let file = format!(
        "{}/wire/{}.jsonl",
        env!("CARGO_MANIFEST_DIR"),
        version.trim_start_matches('v')
    );
    let text = std::fs::read_to_string(&file).ok()?;
    let mut routes = BTreeMap::new();
    for line in text.lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let op = exchange["op"].as_str().unwrap();
        let path = exchange["request"]["path"].as_str().unwrap();
        let path = path.split('?').next().unwrap();
        let Some(path) = path.strip_prefix(api.prefix()) else {
            continue;
        };
        // `token.check` takes every token; the others are no routes.
        let is_odd = op.starts_with("http.") || op.starts_with("token.");
        if is_odd || exchange["case"] == "bad_id" {
            continue;
        }
        let mut previous = "";
        let mut template = String::new();
        for part in path.split('/').skip(1) {
            // A link share is logged in to by its hash.
            let is_id = part.parse::<i64>().is_ok() || previous == "shares";
            template.push('/');
            template.push_str(if is_id { "{id}" } else { part });
            previous = part;
        }
        let method = exchange["request"]["method"].as_str().unwrap();
        let is_anonymous = exchange["request"]["as"].is_null();
        let is_success = exchange["case"].as_str().unwrap().starts_with("success");
        let seen: &mut (bool, bool) = routes.entry((method.to_owned(), template)).or_default();
        seen.0 |= !is_anonymous;
        seen.1 |= is_anonymous && is_success;
    }
    routes.retain(|_, (was_with_token, is_public)| *was_with_token && !*is_public);
    Some(routes.into_keys().collect())
}

/// Calls a thing that is not there; whether the token is refused.
async fn is_refused(client: &Client, call: &Raw) -> bool {
    let call = call.clone().set("id", 999_999).reading::<AsCame>();
    match client.send(&call).await {
        Ok(_) => false,
        Err(error) => error
            .refusal()
            .unwrap_or_else(|| panic!("{error}"))
            .is_unauthorized(),
    }
}

#[tokio::test]
async fn each_permission_opens_its_routes() {
    for (told, client) in clients().await {
        if release(&client) < Release(0, 22, 0) {
            println!("{}: has no API tokens", told.name);
            continue;
        }
        let at = At {
            release: release(&client),
            api: api(&client),
        };
        let version = Execute::session(&client).server().version.clone();
        let Some(routes) = recorded(&version, at.api) else {
            println!("{}: SKIPPED, {version} was not recorded", told.name);
            continue;
        };
        let catalogue = client.send(&api_tokens::Routes).await.unwrap();
        let (mut everything, _) =
            with_token(&client, all_but(&catalogue, None, at.release), FUTURE).await;
        everything.retry = Policy::NEVER;
        let (mut open, mut closed) = (0, 0);
        for (method, template) in routes {
            let name = format!("{}: {method} {template}", told.name);
            let raw = Raw::new(at.api, &method, &*template.leak()).unwrap();
            let scopes = scope::of(&raw.route().resolve(at));
            if scopes.is_empty() {
                assert!(is_refused(&everything, &raw).await, "{name} is open");
                closed += 1;
                continue;
            }
            let (mut narrow, _) = with_token(&client, only(&scopes), FUTURE).await;
            narrow.retry = Policy::NEVER;
            assert!(
                !is_refused(&narrow, &raw).await,
                "{name} needs more than {scopes:?}"
            );
            for scope in &scopes {
                let lacking = all_but(&catalogue, Some(scope), at.release);
                let (mut lacking, _) = with_token(&client, lacking, FUTURE).await;
                lacking.retry = Policy::NEVER;
                assert!(
                    is_refused(&lacking, &raw).await,
                    "{name} does not need {scope}"
                );
            }
            open += 1;
        }
        println!("{}: {open} routes opened, {closed} closed", told.name);
        assert!(open > 70 && closed > 10, "{open} {closed}");
    }
}

/// Why this call was refused.
async fn why<E: Endpoint>(client: &mut Client, endpoint: &E) -> Option<Unauthorized> {
    let error = client.send(endpoint).await.map(drop).unwrap_err();
    let refusal = error.refusal().unwrap_or_else(|| panic!("{error}")).clone();
    assert!(refusal.is_unauthorized(), "{error}");
    let why = ops::why_unauthorized(client, &refusal).await.unwrap();
    println!(
        "  {error}: {}",
        why.as_ref().map(ToString::to_string).unwrap_or_default()
    );
    why
}

/// What is tried where a server cannot be asked.
const READABLE: &[(&str, &str)] = &[
    ("tasks", "read_all"),
    ("tasks", "read_one"),
    ("projects", "read_all"),
    ("projects", "read_one"),
    ("labels", "read_all"),
    ("labels", "read_one"),
    ("teams", "read_all"),
    ("teams", "read_one"),
    ("notifications", "read_all"),
    ("filters", "read_one"),
    ("other", "user"),
    ("other", "routes"),
];

#[tokio::test]
async fn why_a_token_is_refused() {
    let scope = |group: &str, permission: &str| Scope {
        group: group.to_owned(),
        permission: permission.to_owned(),
    };
    let list = tasks::List::default();
    let wanted = vec![scope("tasks", "read_all")];
    let labels_only = only(&[scope("labels", "read_all")]);
    for (told, mut client) in clients().await {
        println!("{}", told.name);
        let on = release(&client);
        if on < Release(0, 22, 0) {
            let error = client.send(&api_tokens::Routes).await.unwrap_err();
            let said = matches!(error, Error::Build(BuildError::NotOnThisServer { .. }));
            assert!(said, "{error}");
            continue;
        }
        // Whether the server can be asked about a token that may read nothing.
        let tells = on >= Release(2, 5, 0) && api(&client) == Api::V1;
        let as_told = |truth: Unauthorized| {
            if tells {
                truth
            } else {
                Unauthorized::InvalidOrMissingScope(wanted.clone())
            }
        };

        let (mut narrow, _) = with_token(&client, labels_only.clone(), FUTURE).await;
        assert!(narrow.send(&labels::List::default()).await.is_ok());
        let lacking = Unauthorized::MissingScope(wanted.clone());
        assert_eq!(why(&mut narrow, &list).await, Some(lacking.clone()));
        let tokens = Raw::get(api(&client), "/tokens").unwrap();
        let closed = Some(Unauthorized::RouteTakesNoApiTokens);
        assert_eq!(why(&mut narrow, &tokens).await, closed);
        let made = Raw::get(api(&client), "/projects".to_owned()).unwrap();
        let unknown = Some(Unauthorized::MissingScope(Vec::new()));
        assert_eq!(why(&mut narrow, &made).await, unknown);

        // Whatever it is that a good token may read, it is told from a bad one.
        for (group, permission) in READABLE {
            if *group == "other" && on < Release(1, 0, 0) {
                continue;
            }
            let readable = only(&[scope(group, permission)]);
            let (mut readable, _) = with_token(&client, readable, FUTURE).await;
            let delete = Raw::delete(api(&client), "/teams/{team}").unwrap();
            let lacking = Unauthorized::MissingScope(vec![scope("teams", "delete")]);
            let why = why(&mut readable, &delete.set("team", 0)).await;
            assert_eq!(why, Some(lacking), "{group}.{permission}");
        }

        let writes = only(&[scope("labels", "create")]);
        let (mut writes, _) = with_token(&client, writes, FUTURE).await;
        assert_eq!(why(&mut writes, &list).await, Some(as_told(lacking)));

        let (mut expired, _) = with_token(&client, labels_only.clone(), PAST).await;
        let (mut deleted, id) = with_token(&client, labels_only.clone(), FUTURE).await;
        client
            .send(&api_tokens::Delete { token: id })
            .await
            .unwrap();
        let unknown = format!("tk_{}", "0123456789".repeat(4));
        let server = Execute::session(&client).server().clone();
        let mut forged = client.signed_out().at(server);
        forged.set_token(unknown.into()).unwrap();
        for bad in [&mut expired, &mut deleted, &mut forged] {
            let invalid = as_told(Unauthorized::TokenInvalid);
            assert_eq!(why(bad, &list).await, Some(invalid));
        }

        // A user's own session is no API token.
        let refusal = expired.send(&list).await.unwrap_err();
        let refusal = refusal.refusal().unwrap();
        let why = ops::why_unauthorized(&mut client, refusal).await.unwrap();
        assert_eq!(why, None);
    }
}

#[tokio::test]
async fn a_token_for_chosen_operations() {
    for (told, mut client) in clients().await {
        println!("{}", told.name);
        if release(&client) < Release(0, 22, 0) {
            continue;
        }
        let project = vikunja_sdk::projects::Create::new("Tokens");
        let project = client.send(&project).await.unwrap();
        let task = tasks::Create::new(project.id, "Edited by a token");
        let task = client.send(&task).await.unwrap();
        let wanted = [
            tasks::List::ROUTE,
            TaskId::ROUTE,
            TaskId::ROUTE.with_op(Op::Replace),
        ];
        let permissions = ops::permissions(&mut client, &wanted).await.unwrap();
        let (mut narrow, _) = with_token(&client, permissions, FUTURE).await;
        narrow.send(&tasks::List::default()).await.unwrap();
        let fields = tasks::Fields {
            priority: 4.into(),
            ..Default::default()
        };
        let edited = ops::edit(&mut narrow, task.id, &fields).await.unwrap();
        assert_eq!((edited.title, edited.priority), (task.title, 4));
        let delete = vikunja_sdk::object::Delete { id: task.id };
        let lacking = match why(&mut narrow, &delete).await {
            Some(Unauthorized::MissingScope(scopes)) => scopes,
            other => panic!("{other:?}"),
        };
        assert_eq!(lacking.len(), 1);
        assert_eq!(lacking[0].to_string(), "tasks.delete");
    }
}

#[tokio::test]
async fn the_escape_hatch() {
    for (told, client) in clients().await {
        println!("{}", told.name);
        let api = api(&client);
        let health = Raw::get(api, "/health").unwrap().at_root().public();
        let health = client.send(&health.reading::<AsCame>()).await.unwrap();
        assert_eq!(health.status(), 200);

        let method = match api {
            Api::V1 => "PUT",
            Api::V2 => "POST",
        };
        let mut made = BTreeSet::new();
        for number in 0..5 {
            let label = serde_json::json!({"title": format!("Raw {number}")});
            let create = Raw::new(api, method, "/labels")
                .unwrap()
                .json(&label)
                .unwrap();
            made.insert(client.send(&create).await.unwrap()["id"].as_i64().unwrap());
        }
        let list = Raw::get(api, "/labels").unwrap().query("per_page", 2);
        let list = list.reading::<Paged<Label>>();
        let found = walk(&client, list).collect(100).await.unwrap();
        let found: BTreeSet<i64> = found.iter().map(|label| label.id.get()).collect();
        assert_eq!(found, made);

        let one = made.first().unwrap();
        let typed = Raw::get(api, format!("/labels/{one}")).unwrap();
        let typed = typed.reading::<vikunja_sdk::Json<Label>>();
        assert_eq!(client.send(&typed).await.unwrap().title, "Raw 0");
        let delete = Raw::delete(api, "/labels/{label}")
            .unwrap()
            .set("label", one);
        client.send(&delete).await.unwrap();
        let gone = client.send(&delete).await.unwrap_err();
        assert!(gone.is_not_found(), "{gone}");
        let unknown = Raw::get(api, "/no/such/route").unwrap();
        let unknown = client.send(&unknown).await.unwrap_err();
        assert!(unknown.refusal().unwrap().route_is_missing(), "{unknown}");
        println!("  {unknown}");
    }
}
