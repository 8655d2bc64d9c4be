//! Every fault, as a client meets it.

use std::time::{Duration, Instant};

use serde_json::json;
use vikunja_sandbox::Sandbox;

use crate::http::{User, post, send};

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

#[test]
fn delay_slows_reads_and_neither_set_up_nor_writes() {
    let sandbox = Sandbox::with("2.5,delay=80ms").expect("a sandbox");
    let (user, set_up) = timed(|| User::new(&sandbox, "alice"));
    assert!(set_up < Duration::from_millis(80), "{set_up:?}");
    let project = json!({"title": "A project"});
    let (made, write) = timed(|| user.send("PUT", "/api/v1/projects", Some(&project)));
    assert_eq!(made.expect("an answer").status, 201);
    assert!(write < Duration::from_millis(80), "{write:?}");
    let (answer, read) = timed(|| user.get("/api/v1/tasks"));
    assert_eq!(answer.status, 200);
    assert!(
        read >= Duration::from_millis(80) && read < Duration::from_millis(160),
        "{read:?}"
    );
}

#[test]
fn stall_freezes_and_thaws() {
    let sandbox = Sandbox::with("2.5,stall=200ms/400ms").expect("a sandbox");
    let slowest = (0..12)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(40));
            timed(|| send(&sandbox, "GET", "/health", &[], None).expect("an answer")).1
        })
        .max()
        .expect("some");
    assert!(
        slowest > Duration::from_millis(100) && slowest < Duration::from_millis(300),
        "{slowest:?}"
    );
}

#[test]
fn fail_takes_a_share_of_reads_and_no_writes() {
    let sandbox = Sandbox::with("2.5,fail=30%").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let statuses: Vec<u16> = (0..100).map(|_| user.get("/api/v2/tasks").status).collect();
    let failed = statuses.iter().filter(|status| **status == 500).count();
    assert!((15..45).contains(&failed), "{failed}");
    assert!(statuses.iter().all(|status| [200, 500].contains(status)));
    let project = json!({"title": "A project"});
    let made = (0..20).map(|_| {
        user.send("PUT", "/api/v1/projects", Some(&project))
            .expect("an answer")
            .status
    });
    assert!(made.into_iter().all(|status| status == 201));
}

#[test]
fn fail_answers_as_the_release_and_with_the_status_told() {
    let sandbox = Sandbox::with("2.5,fail=100%").expect("a sandbox");
    let answer = send(&sandbox, "GET", "/api/v1/user", &[], None).expect("an answer");
    assert_eq!(
        (answer.status, answer.body.trim()),
        (500, r#"{"message":"Internal Server Error"}"#)
    );
    let answer = send(&sandbox, "GET", "/api/v2/user", &[], None).expect("an answer");
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let sandbox = Sandbox::with("0.24,fail=100%:503").expect("a sandbox");
    assert_eq!(
        send(&sandbox, "GET", "/api/v1/user", &[], None)
            .expect("an answer")
            .status,
        503
    );
    assert_eq!(
        send(&sandbox, "GET", "/api/v1/info", &[], None)
            .expect("an answer")
            .status,
        200
    );
}

#[test]
fn failed_writes_store_nothing() {
    let sandbox = Sandbox::with("2.5,fail-writes=40%").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let statuses: Vec<u16> = (0..50)
        .map(|number| user.add_task(&format!("Task {number}")).status)
        .collect();
    let stored = statuses.iter().filter(|status| **status == 201).count();
    assert!((20..45).contains(&stored), "{stored}");
    assert!(statuses.iter().all(|status| [201, 500].contains(status)));
    assert_eq!(user.get("/api/v2/tasks").json()["total"], stored);
}

#[test]
fn cut_ends_a_body_in_the_middle() {
    let sandbox = Sandbox::with("2.5,cut=100%").expect("a sandbox");
    assert!(send(&sandbox, "GET", "/api/v1/info", &[], None).is_ok());
    let error = send(&sandbox, "GET", "/api/v1/user", &[], None).expect_err("half an answer");
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
}

#[test]
fn limit_counts_by_user_and_says_so() {
    let sandbox = Sandbox::with("2.5,limit=6").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bobby"));
    let remaining: Vec<String> = (0..6)
        .map(|_| {
            alice
                .get("/api/v1/tasks")
                .header("x-ratelimit-remaining")
                .expect("a header")
                .to_owned()
        })
        .collect();
    assert_eq!(remaining, ["5", "4", "3", "2", "1", "0"]);
    let refused = alice.get("/api/v1/tasks");
    assert_eq!(
        (refused.status, refused.body.trim()),
        (429, r#"{"message":"Too Many Requests"}"#)
    );
    assert_eq!(refused.header("x-ratelimit-limit"), Some("6"));
    assert_eq!(refused.header("retry-after"), None);
    assert_eq!(bob.get("/api/v1/tasks").status, 200);
    // v2 counts apart.
    assert_eq!(alice.get("/api/v2/tasks").status, 200);
}

#[test]
fn login_limit_counts_log_ins_on_v1_by_address() {
    let sandbox = Sandbox::with("0.24,login-limit=2").expect("a sandbox");
    let account = json!({"username": "nobody", "password": "password-1"});
    let statuses: Vec<u16> = (0..3)
        .map(|_| post(&sandbox, "/api/v1/login", &account).status)
        .collect();
    assert_eq!(statuses, [412, 412, 429]);
    let refused = post(&sandbox, "/api/v1/login", &account);
    assert_eq!(
        refused.body.trim(),
        r#"{"message":"Too Many Requests on /api/v1/login"}"#
    );
    assert_eq!(
        send(&sandbox, "GET", "/api/v1/info", &[], None)
            .expect("an answer")
            .status,
        200
    );
}

#[test]
fn a_missing_operation_is_no_route() {
    let sandbox = Sandbox::with("2.5,missing=tasks.read_all").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let answer = user.get("/api/v1/tasks");
    assert_eq!(
        (answer.status, answer.body.trim()),
        (404, r#"{"message":"Not Found"}"#)
    );
    assert_eq!(
        user.get(&format!("/api/v1/projects/{}/tasks", user.inbox()))
            .status,
        200
    );
}

#[test]
fn registration_totp_and_version() {
    let sandbox =
        Sandbox::with("2.5,registration=closed,version=v2.5.0-123-gabcdef0123").expect("a sandbox");
    let account =
        json!({"username": "alice", "email": "alice@example.com", "password": "password-1"});
    assert_eq!(post(&sandbox, "/api/v1/register", &account).status, 404);
    let info = send(&sandbox, "GET", "/api/v1/info", &[], None)
        .expect("an answer")
        .json();
    assert_eq!(info["version"], "v2.5.0-123-gabcdef0123");
    assert_eq!(info["auth"]["local"]["registration_enabled"], false);
    let sandbox = Sandbox::with("2.5,totp=on").expect("a sandbox");
    assert_eq!(post(&sandbox, "/api/v1/register", &account).status, 200);
    let answer = post(&sandbox, "/api/v1/login", &account);
    assert_eq!((answer.status, &answer.json()["code"]), (412, &json!(1017)));
}

#[test]
fn die_after_ends_the_server() {
    let sandbox = Sandbox::with("2.5,die-after=2").expect("a sandbox");
    assert!(send(&sandbox, "GET", "/health", &[], None).is_ok());
    assert!(send(&sandbox, "GET", "/health", &[], None).is_ok());
    assert!(send(&sandbox, "GET", "/health", &[], None).is_err());
    let start = Instant::now();
    while sandbox.is_running() && start.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(!sandbox.is_running());
    assert!(send(&sandbox, "GET", "/health", &[], None).is_err());
}
