//! Every fault, as a client meets it.

use std::time::{Duration, Instant};

use serde_json::json;
use vikunja_sandbox::{Config, Faults, Sandbox};

use crate::http::{User, post, send};

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

/// So long that no busy machine takes it for nothing.
const SLOW: Duration = Duration::from_secs(1);

#[test]
fn delay_slows_reads_and_neither_set_up_nor_writes() {
    let sandbox = Sandbox::with("2.5,delay=1s").expect("a sandbox");
    let (user, set_up) = timed(|| User::new(&sandbox, "alice"));
    assert!(set_up < SLOW, "{set_up:?}");
    let project = json!({"title": "A project"});
    let (made, write) = timed(|| user.send("PUT", "/api/v1/projects", Some(&project)));
    assert_eq!(made.expect("an answer").status, 201);
    assert!(write < SLOW, "{write:?}");
    let (answer, read) = timed(|| user.get("/api/v1/tasks"));
    assert_eq!(answer.status, 200);
    assert!(read >= SLOW, "{read:?}");
}

#[test]
fn stall_freezes_and_thaws() {
    let sandbox = Sandbox::with("2.5,stall=200ms/400ms").expect("a sandbox");
    let waits: Vec<Duration> = (0..12)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(40));
            timed(|| send(&sandbox, "GET", "/health", &[], None).expect("an answer")).1
        })
        .collect();
    let long = Duration::from_millis(100);
    assert!(waits.iter().any(|wait| *wait > long), "{waits:?}");
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

#[test]
fn refuse_does_nothing_and_lose_does_it_without_an_answer() {
    let sandbox = Sandbox::start(Config::default()).expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let stored = || user.get("/api/v2/tasks").json()["total"].clone();
    let path = format!("/api/v1/projects/{}/tasks", user.inbox());
    let create = || user.send("PUT", &path, Some(&json!({"title": "Perhaps"})));
    sandbox.set_faults("refuse=100%".parse().expect("faults"));
    let error = create().expect_err("no answer");
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    sandbox.set_faults(Faults::default());
    assert_eq!(stored(), 0);
    sandbox.set_faults("lose=100%".parse().expect("faults"));
    assert!(create().is_err());
    sandbox.set_faults(Faults::default());
    assert_eq!(stored(), 1);
}

#[test]
fn fail_writes_with_the_status_told() {
    let sandbox = Sandbox::with("2.5,fail-writes=100%:503").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    assert_eq!(user.add_task("Never").status, 503);
    assert_eq!(user.get("/api/v2/tasks").json()["total"], 0);
}

#[test]
fn delay_writes_slows_writes_alone() {
    let sandbox = Sandbox::with("2.5,delay-writes=1s").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let (_, read) = timed(|| user.get("/api/v1/user"));
    assert!(read < SLOW, "{read:?}");
    let project = json!({"title": "A project"});
    let (made, write) = timed(|| user.send("PUT", "/api/v1/projects", Some(&project)));
    assert_eq!(made.expect("an answer").status, 201);
    assert!(write >= SLOW, "{write:?}");
}

#[test]
fn tokens_expire_when_the_clock_is_advanced() {
    for (release, life) in [("2.5", 600), ("0.24", 259_200)] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let user = User::new(&sandbox, "alice");
        sandbox.advance(Duration::from_secs(life - 5));
        assert_eq!(user.get("/api/v1/user").status, 200);
        sandbox.advance(Duration::from_secs(10));
        assert_eq!(user.get("/api/v1/user").status, 401);
    }
}

#[test]
fn a_rate_limit_window_ends_when_the_clock_is_advanced() {
    let sandbox = Sandbox::with("2.5,limit=2").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    assert_eq!(user.get("/api/v1/tasks").status, 200);
    assert_eq!(user.get("/api/v1/tasks").status, 200);
    assert_eq!(user.get("/api/v1/tasks").status, 429);
    sandbox.advance(Duration::from_secs(61));
    assert_eq!(user.get("/api/v1/tasks").status, 200);
}

#[test]
fn a_wrong_clock_is_told_in_the_date_and_in_what_is_stored() {
    let sandbox = Sandbox::with("2.5,clock=-400d").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let answer = user.add_task("Old");
    let year = |text: &str| {
        text.split(['-', ' '])
            .find_map(|part| part.parse::<i32>().ok().filter(|year| *year > 1900))
            .expect("a year")
    };
    let created = year(answer.json()["created"].as_str().expect("a time"));
    let date = year(answer.header("date").expect("a date"));
    let today = year(&humantime::format_rfc3339(std::time::SystemTime::now()).to_string());
    assert!(
        created < today && created == date,
        "{created} {date} {today}"
    );
}
