//! The executors that wrap others: what is sent again, and when credentials are renewed.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use secrecy::ExposeSecret;
use serde_json::json;
use vikunja_sdk::{
    Execute, Failure, Release,
    auth::{Credentials, Token},
    labels,
    model::{LabelId, TaskId},
    ops,
    renewing::Renewing,
    retry::{Happened, Policy},
    retrying::Retrying,
    tasks,
    testing::Fake,
    users,
};

const NEWEST: Release = Release(2, 5, 0);
const LABEL: &str = "/api/v2/labels/7";
const DELETE: labels::Delete = labels::Delete { id: LabelId(7) };

fn task() -> serde_json::Value {
    json!({"id": 7, "title": "Buy flour"})
}

async fn get(fake: &mut Fake) -> Result<tokio::time::Instant, vikunja_sdk::testing::FakeError> {
    let get = tasks::Get::new(TaskId(7));
    Retrying::new(fake, Policy::default()).execute(&get).await?;
    Ok(tokio::time::Instant::now())
}

#[tokio::test(start_paused = true)]
async fn a_read_is_sent_again_and_a_creation_is_not() {
    let mut fake = Fake::of(NEWEST);
    fake.fail("GET /api/v2/tasks/7", Happened::Lost);
    fake.answer("GET /api/v2/tasks/7", 503, &json!({}));
    fake.answer("GET /api/v2/tasks/7", 200, &task());
    get(&mut fake).await.unwrap();
    assert_eq!(fake.requests().len(), 3);

    let create = labels::Create::new("urgent");
    let mut fake = Fake::of(NEWEST);
    fake.fail("POST /api/v2/labels", Happened::Lost);
    let mut patient = Retrying::new(&mut fake, Policy::default());
    let lost = patient.execute(&create).await.unwrap_err();
    assert_eq!(lost.happened(), Happened::Lost);
    assert_eq!((patient.repeated(), fake.requests().len()), (0, 1));

    let mut fake = Fake::of(NEWEST);
    fake.fail("POST /api/v2/labels", Happened::NotSent);
    fake.answer("POST /api/v2/labels", 201, &json!({"id": 1}));
    let mut patient = Retrying::new(&mut fake, Policy::default());
    patient.execute(&create).await.unwrap();
    assert_eq!(patient.repeated(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_finds_nothing_the_second_time_is_done() {
    let mut fake = Fake::of(NEWEST);
    fake.fail(&format!("DELETE {LABEL}"), Happened::Lost);
    fake.answer(&format!("DELETE {LABEL}"), 404, &json!({"code": 8002}));
    let mut patient = Retrying::new(&mut fake, Policy::default());
    patient.execute(&DELETE).await.unwrap();

    // The first time it was never there.
    let missing = patient.execute(&DELETE).await.unwrap_err();
    assert_eq!(missing.status(), Some(StatusCode::NOT_FOUND));

    // Not sent the first time: nobody deleted it.
    let mut fake = Fake::of(NEWEST);
    fake.fail(&format!("DELETE {LABEL}"), Happened::NotSent);
    fake.answer(&format!("DELETE {LABEL}"), 404, &json!({"code": 8002}));
    let mut patient = Retrying::new(&mut fake, Policy::default());
    patient.execute(&DELETE).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn the_limiter_is_waited_for() {
    let reset = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        + 30;
    let limited = http::Response::builder()
        .status(429)
        .header("x-ratelimit-limit", 100)
        .header("x-ratelimit-remaining", 0)
        .header("x-ratelimit-reset", reset)
        .body(Bytes::from_static(b"{\"message\":\"Too Many Requests\"}"))
        .unwrap();
    let mut fake = Fake::of(NEWEST);
    fake.answer_with("GET /api/v2/tasks/7", limited);
    fake.answer("GET /api/v2/tasks/7", 200, &task());
    let begun = tokio::time::Instant::now();
    let waited = get(&mut fake).await.unwrap() - begun;
    assert!(waited >= Duration::from_secs(29) && waited < Duration::from_secs(33));
}

/// Somebody with a cookie, whose token the server refuses from now on.
fn expired() -> Fake {
    let mut fake = Fake::of(NEWEST);
    fake.session().set_credentials(Some(Credentials {
        token: Token::new("old".into()).unwrap(),
        refresh: Some("first".into()),
    }));
    fake.answer(
        "GET /api/v2/user",
        401,
        &json!({"code": 11, "message": "expired"}),
    );
    fake.answer(
        "GET /api/v2/user",
        200,
        &json!({"id": 1, "username": "alice"}),
    );
    fake
}

fn refreshed() -> http::Response<Bytes> {
    http::Response::builder()
        .header(
            "set-cookie",
            "vikunja_refresh_token=second; Path=/; HttpOnly",
        )
        .body(Bytes::from_static(br#"{"token":"new"}"#))
        .unwrap()
}

#[tokio::test]
async fn expired_credentials_are_renewed_once() {
    let mut fake = expired();
    fake.answer_with("POST /api/v2/user/token/refresh", refreshed());
    let mut renewing = Renewing(fake);
    renewing.execute(&users::Current).await.unwrap();
    let credentials = renewing.session().credentials().unwrap();
    assert_eq!(credentials.token.secret().expose_secret(), "new");
    assert_eq!(credentials.refresh.unwrap().expose_secret(), "second");
    let requests = renewing.0.requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(
        requests[1].headers()["cookie"],
        "vikunja_refresh_token=first"
    );
    assert!(!requests[1].headers().contains_key("authorization"));
    assert_eq!(requests[2].headers()["authorization"], "Bearer new");
}

#[tokio::test]
async fn a_refused_cookie_is_not_tried_again() {
    let mut fake = expired();
    fake.answer(
        "POST /api/v2/user/token/refresh",
        401,
        &json!({"message": "expired"}),
    );
    fake.answer(
        "GET /api/v2/user",
        401,
        &json!({"code": 11, "message": "expired"}),
    );
    let mut renewing = Renewing(fake);
    for _ in 0..2 {
        let refused = renewing.execute(&users::Current).await;
        if let Err(error) = refused {
            assert!(error.is_unauthorized());
        }
    }
    let asked = |path: &str| {
        let requests = renewing.0.requests().iter();
        requests.filter(|one| one.uri().path() == path).count()
    };
    assert_eq!(asked("/api/v2/user/token/refresh"), 1);
    assert!(renewing.session().credentials().unwrap().refresh.is_none());
}

#[tokio::test]
async fn api_tokens_and_refusals_of_another_kind_are_not_renewed() {
    let fake = expired();
    fake.session()
        .set_token(Some(Token::new("tk_0123456789".into()).unwrap()));
    let mut renewing = Renewing(fake);
    assert!(ops::renew(&mut renewing).await.unwrap().is_none());
    renewing.execute(&users::Current).await.unwrap_err();
    assert_eq!(renewing.0.requests().len(), 1);
}
