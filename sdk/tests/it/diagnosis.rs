//! Why was a call with an API token refused? How much is asked, and what is made of the answers.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::json;
use vikunja_sdk::{
    Api, ApiChoice, ApiError, Endpoint, Execute, Failure, Raw, Release, Server,
    auth::Token,
    ops::{self, Unauthorized},
    tasks,
    testing::Fake,
};

/// A server that refuses everything but this, and a session with this token.
fn server(
    release: Release,
    api: ApiChoice,
    token: &str,
    answers: &[(&'static str, u16, &str)],
) -> Fake {
    let server = Server::new("http://h").unwrap();
    let mut fake = Fake::at(server.with_release(release).with_api(api));
    fake.session()
        .set_token(Some(Token::new(token.into()).unwrap()));
    let prefixes = ["/api/v1", "/api/v2"];
    let paths = [
        "/tasks/all",
        "/tasks",
        "/projects",
        "/tasks/0",
        "/projects/0",
        "/labels",
        "/labels/0",
        "/teams",
        "/teams/0",
        "/notifications",
        "/filters/0",
        "/user",
        "/routes",
        "/token/test",
        "/tokens",
    ];
    let mut known = BTreeMap::new();
    for prefix in prefixes {
        for path in paths {
            let path: &str = format!("{prefix}{path}").leak();
            known.insert(path, (401, r#"{"message":"no"}"#.to_owned()));
        }
    }
    for (path, status, body) in answers {
        known.insert(path, (*status, (*body).to_owned()));
    }
    for (path, (status, body)) in known {
        let answer = http::Response::builder().status(status);
        let answer = answer.body(Bytes::from(body)).unwrap();
        fake.answer_with(&format!("GET {path}"), answer);
    }
    fake.answer("POST /api/v1/tokens", 401, &json!({"message": "no"}));
    fake.answer("GET /api/v1/nothing", 404, &json!({"message": "Not Found"}));
    fake
}

const TOKEN: &str = "tk_0123456789012345678901234567890123456789";

async fn refusal<E: Endpoint>(server: &mut Fake, endpoint: &E) -> ApiError {
    let error = server.execute(endpoint).await.map(drop).unwrap_err();
    error.refusal().unwrap().clone()
}

/// The paths that were asked for since the first `refused` requests.
fn asked(server: &Fake, refused: usize) -> Vec<String> {
    let requests = server.requests()[refused..].iter();
    requests.map(|one| one.uri().path().to_owned()).collect()
}

/// What is found out about a refused list of tasks, and with which requests.
async fn why(mut server: Fake) -> (String, Vec<String>) {
    let refusal = refusal(&mut server, &tasks::List::default()).await;
    let why = ops::why_unauthorized(&mut server, &refusal).await.unwrap();
    (format!("{:?}", why.unwrap()), asked(&server, 1))
}

#[tokio::test]
async fn one_request_is_enough_from_2_5() {
    let ok = ("/api/v1/token/test", 200, r#"{"message":"ok"}"#);
    let newest = Release(2, 5, 0);
    let (found, asked) = why(server(newest, ApiChoice::Auto, TOKEN, &[ok])).await;
    assert!(found.starts_with("MissingScope(["), "{found}");
    assert_eq!(asked, ["/api/v1/token/test"]);
    let (found, asked) = why(server(newest, ApiChoice::Auto, TOKEN, &[])).await;
    assert_eq!(found, "TokenInvalid");
    assert_eq!(asked.len(), 1);
    // Something before the server answers: nothing is known.
    let busy = ("/api/v1/token/test", 502, "");
    let (found, _) = why(server(newest, ApiChoice::Auto, TOKEN, &[busy])).await;
    assert!(found.starts_with("InvalidOrMissingScope"), "{found}");
}

#[tokio::test]
async fn elsewhere_things_are_read_until_one_is_not_refused() {
    // 1.0 says so to every token, good or bad.
    let test = ("/api/v1/token/test", 200, r#"{"message":"ok"}"#);
    let labels = ("/api/v1/labels", 200, "[]");
    let old = Release(1, 0, 0);
    let (found, asked) = why(server(old, ApiChoice::Auto, TOKEN, &[test, labels])).await;
    assert!(found.starts_with("MissingScope(["), "{found}");
    assert_eq!(asked.last().unwrap(), "/api/v1/labels");
    assert!(!asked.contains(&"/api/v1/token/test".to_owned()));

    let (found, asked) = why(server(old, ApiChoice::Auto, TOKEN, &[test])).await;
    assert!(found.starts_with("InvalidOrMissingScope"), "{found}");
    assert_eq!(asked.len(), 12);
    let (_, asked) = why(server(Release(0, 24, 1), ApiChoice::Auto, TOKEN, &[])).await;
    assert_eq!(asked.len(), 10);
    assert_eq!(asked[0], "/api/v1/tasks/all");

    // A thing that is not there was looked for; a route that is not there was not.
    for (status, body, good) in [
        (404, r#"{"code":3001,"message":"gone"}"#, true),
        (403, r#"{"message":"Forbidden"}"#, true),
        (404, r#"{"message":"Not Found"}"#, false),
        (404, "<html>", false),
        (500, r#"{"message":"Internal Server Error"}"#, false),
        (429, r#"{"message":"Too Many Requests"}"#, false),
    ] {
        let project = ("/api/v1/projects/0", status, body);
        let (found, _) = why(server(old, ApiChoice::Auto, TOKEN, &[project])).await;
        assert_eq!(
            found.starts_with("MissingScope"),
            good,
            "{status} {body}: {found}"
        );
    }

    let only = ApiChoice::Only(Api::V2);
    let (_, asked) = why(server(Release(2, 5, 0), only, TOKEN, &[test])).await;
    assert!(
        asked.iter().all(|path| path.starts_with("/api/v2/")),
        "{asked:?}"
    );
}

#[tokio::test]
async fn closed_routes_and_other_credentials() {
    let ok = ("/api/v1/token/test", 200, r#"{"message":"ok"}"#);
    let mut vikunja = server(Release(2, 5, 0), ApiChoice::Auto, TOKEN, &[ok]);
    let tokens = Raw::get(Api::V1, "/tokens").unwrap();
    let labels = Raw::get(Api::V1, "/labels".to_owned()).unwrap();
    for (call, expected, requests) in [
        (tokens, Unauthorized::RouteTakesNoApiTokens, 0),
        (labels, Unauthorized::MissingScope(Vec::new()), 1),
    ] {
        let refusal = refusal(&mut vikunja, &call).await;
        let before = vikunja.requests().len();
        let why = ops::why_unauthorized(&mut vikunja, &refusal).await.unwrap();
        assert_eq!(why, Some(expected));
        assert_eq!(vikunja.requests().len() - before, requests);
    }
    // No API token, or no 401: nothing is asked.
    let before = vikunja.requests().len();
    let refresh = Raw::post(Api::V1, "/tokens").unwrap().public();
    let refused = refusal(&mut vikunja, &refresh).await;
    assert_eq!(
        ops::why_unauthorized(&mut vikunja, &refused).await.unwrap(),
        None
    );
    let mut user = server(Release(2, 5, 0), ApiChoice::Auto, "eyJ.e30.x", &[]);
    let refused = refusal(&mut user, &tasks::List::default()).await;
    assert_eq!(
        ops::why_unauthorized(&mut user, &refused).await.unwrap(),
        None
    );
    let gone = Raw::get(Api::V1, "/nothing").unwrap();
    let gone = refusal(&mut vikunja, &gone).await;
    assert_eq!(
        ops::why_unauthorized(&mut vikunja, &gone).await.unwrap(),
        None
    );
    assert_eq!(
        (user.requests().len(), vikunja.requests().len()),
        (1, before + 2)
    );
}

#[test]
fn what_is_found_is_said_with_what_to_do() {
    let scope = vikunja_sdk::scope::Scope {
        group: "tasks".to_owned(),
        permission: "read_all".to_owned(),
    };
    for (why, said) in [
        (Unauthorized::TokenInvalid, "make a new one"),
        (
            Unauthorized::MissingScope(vec![scope.clone()]),
            "tasks.read_all",
        ),
        (Unauthorized::MissingScope(Vec::new()), "for this path"),
        (Unauthorized::RouteTakesNoApiTokens, "log in"),
        (
            Unauthorized::InvalidOrMissingScope(vec![scope]),
            "tasks.read_all",
        ),
    ] {
        assert!(why.to_string().contains(said), "{why}");
    }
}
