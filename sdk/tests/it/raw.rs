//! The escape hatch.

use bytes::Bytes;
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use url::Url;
use vikunja_sdk::{
    Api, ApiChoice, BuildError, Endpoint, Json, Op, Paged, Pages, Raw, Release, Server, Session,
    WithRaw,
    auth::Token,
    model::Task,
    raw::AsCame,
    retry::{Happened, Policy, Repeat},
};

fn session(api: ApiChoice) -> Session {
    let server = Server::new("http://h/sub")
        .unwrap()
        .with_release(Release(2, 5, 0))
        .with_api(api);
    let session = Session::new(server);
    session.set_token(Some(Token::new("tk_0123".into()).unwrap()));
    session
}

fn uri(raw: &Raw) -> Result<String, BuildError> {
    let (request, _) = session(ApiChoice::Auto).call(raw)?;
    Ok(format!("{} {}", request.method(), request.uri()))
}

#[test]
fn paths_are_filled_and_encoded() {
    let literal = Raw::get(Api::V2, "/avatar/{username}")
        .unwrap()
        .set("username", "a b/../c?")
        .query("size", 50)
        .query("expand", "a&b");
    assert_eq!(
        uri(&literal).unwrap(),
        "GET http://h/sub/api/v2/avatar/a%20b%2F..%2Fc%3F?size=50&expand=a%26b"
    );
    let made = Raw::delete(Api::V1, format!("/tasks/{}", 7)).unwrap();
    assert_eq!(uri(&made).unwrap(), "DELETE http://h/sub/api/v1/tasks/7");
    let health = Raw::get(Api::V1, "/health").unwrap().at_root().public();
    assert_eq!(uri(&health).unwrap(), "GET http://h/sub/health");
    let missing = uri(&Raw::get(Api::V1, "/tasks/{task}").unwrap()).unwrap_err();
    assert!(missing.to_string().contains("{task}"), "{missing}");
}

#[test]
fn names_hold_no_ids_and_the_token_is_sent() {
    let session = session(ApiChoice::Auto);
    let literal = Raw::get(Api::V2, "/tasks/{task}").unwrap().set("task", 7);
    let (request, pending) = session.call(&literal).unwrap();
    assert_eq!(pending.route().to_string(), "GET /api/v2/tasks/{task}");
    assert!(request.headers()["authorization"].is_sensitive());
    let made = Raw::get(Api::V2, "/tasks/7".to_owned()).unwrap();
    let (request, pending) = session.call(&WithRaw(made)).unwrap();
    assert_eq!(pending.route().to_string(), "GET /api/v2/{path}");
    assert_eq!(request.uri().path(), "/sub/api/v2/tasks/7");
    let public = Raw::get(Api::V1, "/info").unwrap().public();
    let (request, _) = session.call(&public).unwrap();
    assert!(!request.headers().contains_key("authorization"));
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for (path, said) in [
        ("tasks/7", "begin with a slash"),
        ("http://u:hunter2@evil/tasks", "begin with a slash"),
        ("//evil/tasks", "two slashes"),
        ("/tasks//7", "two slashes"),
        ("/tasks/../user", "«..»"),
        ("/tasks/./7", "«..»"),
        ("/tasks/%2e%2E/user", "«..»"),
        ("/tasks/..", "«..»"),
        ("/tasks?token=hunter2", "a query"),
        ("/tasks#hunter2", "a query"),
        ("/tasks\\..\\user", "percent-encoded"),
        ("/tasks/ 7", "percent-encoded"),
        ("/tasks/7\r\nhost: evil", "percent-encoded"),
        ("/täsks", "percent-encoded"),
        ("/api/v2/tasks", "leave out the prefix"),
    ] {
        for error in [
            Raw::get(Api::V1, path).unwrap_err(),
            Raw::get(Api::V1, path.to_owned()).unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(error.contains(said), "{path}: {error}");
            assert!(!error.contains("hunter2"), "{path}: {error}");
        }
    }
    let error = Raw::get(Api::V1, "/tasks/{task}".to_owned()).unwrap_err();
    assert!(error.to_string().contains("literal"), "{error}");
    let error = Raw::new(Api::V1, "BREW", "/tasks").unwrap_err();
    assert!(error.to_string().contains("method"), "{error}");
}

#[test]
fn what_it_does_follows_from_method_and_api() {
    for (api, method, op) in [
        (Api::V1, "GET", Op::Read),
        (Api::V1, "PUT", Op::Create),
        (Api::V1, "POST", Op::Act),
        (Api::V1, "PATCH", Op::Act),
        (Api::V1, "DELETE", Op::Delete),
        (Api::V2, "GET", Op::Read),
        (Api::V2, "PUT", Op::Replace),
        (Api::V2, "POST", Op::Create),
        (Api::V2, "PATCH", Op::Patch),
        (Api::V2, "DELETE", Op::Delete),
    ] {
        let raw = Raw::new(api, method, "/tasks/7").unwrap();
        let (request, pending) = session(ApiChoice::Auto).call(&raw).unwrap();
        assert_eq!(request.method(), method);
        assert_eq!(pending.route().op, op, "{api} {method}");
        let repeated = Policy::default()
            .again(pending.asked(), Happened::Lost, 1, 0.5)
            .is_some();
        let is_safe = matches!(op, Op::Read | Op::Delete);
        assert_eq!(repeated, is_safe, "{api} {method}");
    }
    let twice = Raw::put(Api::V2, "/labels/7")
        .unwrap()
        .repeat(Repeat::ByOperation);
    let (_, pending) = session(ApiChoice::Auto).call(&twice).unwrap();
    assert!(
        Policy::default()
            .again(pending.asked(), Happened::Lost, 1, 0.5)
            .is_some()
    );
}

#[test]
fn an_api_that_was_not_asked_for_is_not_called() {
    let raw = Raw::get(Api::V2, "/tasks").unwrap();
    let error = session(ApiChoice::Only(Api::V1)).call(&raw).unwrap_err();
    assert!(matches!(error, BuildError::NotOnThisApi { .. }), "{error}");
    // A server that was not asked yet has v1.
    let fresh = Session::new(Server::new("http://h").unwrap());
    let info = Raw::get(Api::V1, "/info").unwrap().public();
    assert!(fresh.call(&info).is_ok());
}

#[test]
fn bodies_are_json_and_patches_are_merged() {
    for (method, content_type) in [
        ("POST", "application/json"),
        ("PATCH", "application/merge-patch+json"),
    ] {
        let raw = Raw::new(Api::V2, method, "/labels").unwrap();
        let raw = raw
            .json(&json!({"title": "Red", "password": "hunter2"}))
            .unwrap();
        assert!(!format!("{raw:?}").contains("hunter2"));
        let (request, _) = session(ApiChoice::Auto).call(&raw).unwrap();
        assert_eq!(request.headers()["content-type"], content_type);
        assert_eq!(request.body(), r#"{"password":"hunter2","title":"Red"}"#);
    }
}

#[test]
fn answers_are_read_as_asked() {
    fn decode<E: Endpoint>(
        endpoint: &E,
        status: u16,
        body: &'static str,
    ) -> Result<vikunja_sdk::Output<E>, vikunja_sdk::ReplyError> {
        let (_, pending) = session(ApiChoice::Auto).call(endpoint).unwrap();
        let answer = http::Response::builder()
            .status(status)
            .header("etag", "\"1-0\"")
            .body(Bytes::from_static(body.as_bytes()));
        pending.decode(&answer.unwrap())
    }
    let raw = Raw::get(Api::V2, "/tasks/{task}").unwrap().set("task", 7);
    assert_eq!(decode(&raw, 200, "[1]").unwrap(), json!([1]));
    assert_eq!(decode(&raw, 204, "").unwrap(), Value::Null);
    assert_eq!(decode(&raw, 304, "").unwrap(), Value::Null);
    assert!(decode(&raw, 200, "<html>").is_err());
    let refused = decode(&raw, 404, r#"{"code":4002,"message":"gone"}"#).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("GET /api/v2/tasks/{task}: 404 code 4002 gone")
    );

    let task = raw.clone().reading::<Json<Task>>();
    let task = decode(&task, 200, r#"{"id":7,"title":"Flour"}"#).unwrap();
    assert_eq!(task.title, "Flour");
    let came = decode(&raw.clone().reading::<AsCame>(), 200, "any").unwrap();
    assert_eq!(
        (came.status().as_u16(), came.body().as_ref()),
        (200, b"any".as_slice())
    );
    assert_eq!(came.headers()["etag"], "\"1-0\"");

    let mut pages = raw
        .query("per_page", 5)
        .query("page", 1)
        .reading::<Paged<Task>>();
    pages.set_page(3);
    let (request, _) = session(ApiChoice::Auto).call(&pages).unwrap();
    assert_eq!(request.uri().query(), Some("per_page=5&page=3"));
}

proptest! {
    /// Whatever is taken as a path stays below the prefix, also once a URL parser has folded it.
    #[test]
    fn no_path_leads_elsewhere(
        path in r"/?((\.\.|%2e%2E|\.%2e|\.|tasks|7|%2f|\\|\?|#|@evil|:80|é| |)/?){0,6}",
        value in r"(\.|/|%2e|\\|\?|#|\PC){0,6}",
    ) {
        for raw in [
            Raw::get(Api::V1, path.clone()),
            Raw::get(Api::V1, "/tasks/{task}/x").map(|raw| raw.set("task", &value)),
        ] {
            let Ok(Ok((request, _))) = raw.map(|raw| session(ApiChoice::Auto).call(&raw)) else {
                continue;
            };
            let url = Url::parse(&request.uri().to_string()).unwrap();
            prop_assert_eq!(url.host_str(), Some("h"));
            prop_assert!(url.path().starts_with("/sub/api/v1/"), "{}", url);
            prop_assert_eq!((url.query(), url.fragment()), (None, None));
        }
    }
}
