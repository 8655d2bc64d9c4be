//! Starting, stopping, storing, and many clients at once.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use vikunja_sandbox::{Config, Error, Sandbox};

use crate::http::{User, post, send};

#[test]
fn it_starts_on_a_free_port_and_stops_when_dropped() {
    let sandbox = Sandbox::start(Config::default()).expect("a sandbox");
    let answer = send(&sandbox, "GET", "/api/v1/info", &[], None).expect("an answer");
    assert_eq!(answer.header("x-vikunja-sandbox"), Some("v2.5.0"));
    let requests = sandbox.requests();
    assert_eq!(
        (
            requests[0].method.as_str(),
            requests[0].path.as_str(),
            requests[0].status
        ),
        ("GET", "/api/v1/info", 200)
    );
    let address = sandbox.address();
    let start = Instant::now();
    drop(sandbox);
    assert!(start.elapsed() < Duration::from_secs(1));
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn dropping_does_not_wait_for_slow_answers() {
    let sandbox = Sandbox::with("2.5,delay=60s").expect("a sandbox");
    let mut connection = std::net::TcpStream::connect(sandbox.address()).expect("a connection");
    std::io::Write::write_all(
        &mut connection,
        b"GET /api/v1/user HTTP/1.1\r\nhost: x\r\n\r\n",
    )
    .expect("sent");
    thread::sleep(Duration::from_millis(50));
    let start = Instant::now();
    drop(sandbox);
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_taken_port_is_named() {
    let sandbox = Sandbox::start(Config::default()).expect("a sandbox");
    let port = sandbox.address().port();
    let error = Sandbox::start(Config {
        port,
        ..Config::default()
    })
    .expect_err("a refusal");
    assert!(matches!(error, Error::Listen { .. }));
    assert!(error.to_string().contains(&port.to_string()));
    // The text says the system's reason; a source would say it again.
    assert!(std::error::Error::source(&error).is_none());
}

#[test]
fn a_folder_keeps_what_was_stored() {
    let folder = std::env::temp_dir().join(format!("vikunja-sandbox-test-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let config = Config {
        data: Some(folder.clone()),
        ..Config::default()
    };
    let sandbox = Sandbox::start(config.clone()).expect("a sandbox");
    assert_eq!(User::new(&sandbox, "alice").add_task("Kept").status, 201);
    drop(sandbox);
    let sandbox = Sandbox::start(config).expect("a sandbox");
    let account = json!({"username": "alice", "password": "password-1"});
    assert_eq!(post(&sandbox, "/api/v1/login", &account).status, 200);
    drop(sandbox);
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn parallel_writes_are_all_stored_with_numbers_of_their_own() {
    let sandbox = Sandbox::start(Config::default()).expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let made = thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| (0..25).all(|_| user.add_task("Task").status == 201)))
            .collect();
        writers
            .into_iter()
            .all(|writer| writer.join().expect("a writer"))
    });
    assert!(made);
    let tasks = user.get("/api/v1/tasks?page=0").json();
    let mut numbers: Vec<i64> = tasks
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|task| task["index"].as_i64())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
}

#[test]
fn what_it_lacks_is_501_and_what_the_release_lacks_is_404() {
    let sandbox = Sandbox::start(Config::default()).expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let answer = user.get("/api/v1/tasks?sort_by=uid");
    assert_eq!(
        (answer.status, answer.body.trim()),
        (
            501,
            r#"{"message":"the sandbox does not have sorting by uid yet"}"#
        )
    );
    assert_eq!(user.get("/api/v1/namespaces").status, 404);
}

#[test]
fn the_program_says_where_it_listens_and_ends_with_its_parent() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_vikunja-sandbox"))
        .args(["--release", "0.24", "--port", "0", "--until-stdin-closes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut line = String::new();
    BufReader::new(program.stdout.take().expect("its output"))
        .read_line(&mut line)
        .expect("a line");
    assert!(
        line.starts_with(
            "vikunja-sandbox 0.24 (not a Vikunja server) listening on http://127.0.0.1:"
        ),
        "{line}"
    );
    drop(program.stdin.take());
    assert!(program.wait().expect("its end").success());
}

#[test]
fn the_program_refuses_what_it_does_not_know() {
    let output = Command::new(env!("CARGO_BIN_EXE_vikunja-sandbox"))
        .args(["--port", "0", "--with", "dealy=1s"])
        .output()
        .expect("the program");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean «delay»?"));
}

#[test]
fn an_account_without_a_client_and_what_it_sent() {
    let sandbox = Sandbox::with("2.5,fail=100%,registration=open").expect_err("a refusal");
    assert!(
        sandbox.to_string().contains("registration=closed"),
        "{sandbox}"
    );
    let sandbox = Sandbox::with("2.5,fail-writes=100%,limit=1").expect("a sandbox");
    let account = sandbox.sign_up("alice").expect("an account");
    assert!(sandbox.requests().is_empty());
    assert!(!format!("{account:?}").contains(&account.token));
    let refused = sandbox.sign_up("alice").expect_err("a name that is taken");
    assert!(
        refused
            .to_string()
            .contains("/api/v1/register was answered 400"),
        "{refused}"
    );
    let authorization = format!("Bearer {}", account.token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({"title": "Perhaps"}).to_string();
    let answer = send(&sandbox, "PUT", "/api/v1/projects", &headers, Some(&body));
    assert_eq!(answer.expect("an answer").status, 500);
    let requests = sandbox.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].operation, Some("projects.create"));
    assert_eq!(requests[0].json()["title"], "Perhaps");
    assert_eq!(requests[0].headers["content-type"], "application/json");
    assert!(!format!("{requests:?}").contains(&account.token));
    sandbox.forget_requests();
    assert!(sandbox.requests().is_empty());
}
