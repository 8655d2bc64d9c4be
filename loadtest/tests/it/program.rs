//! The program, and stand-ins to point it at.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use vikunja_sandbox::{Config, Sandbox};

/// The program, with nothing of this machine's environment. How late a busy machine makes it is asked by the tests of that
/// only.
pub(crate) fn loadtest(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("VIKUNJA_") || name.starts_with("LOADTEST_") {
            command.env_remove(name);
        }
    }
    command.env("LOADTEST_IGNORE_LAG", "true");
    command.args(args).stdin(Stdio::null());
    command
}

/// The program, where no clock of a busy machine is to decide.
pub(crate) fn unhurried(args: &[&str]) -> Command {
    let mut command = loadtest(args);
    command.env("LOADTEST_TARGETS", "p50<100s;p95<100s;throughput>=0.01/s");
    command
}

/// What the program said and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Everything.
    pub(crate) fn all(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }

    /// The result on standard output.
    #[track_caller]
    pub(crate) fn result(&self) -> Value {
        assert!(!self.out.is_empty(), "{}", self.err);
        valid(&self.out)
    }

    /// Fails unless it ended so and said all of this; a panic never counts.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, parts: &[&str]) -> &Self {
        let all = self.all();
        assert_eq!(self.code, Some(code), "{all}");
        assert!(!all.contains("panicked"), "{all}");
        for part in parts {
            assert!(all.contains(part), "{part:?} is missing in:\n{all}");
        }
        self
    }
}

/// A result, which the schema describes.
#[track_caller]
pub(crate) fn valid(text: &str) -> Value {
    held_to(include_str!("../../schema/result.json"), text)
}

/// A comparison, held to its schema.
pub(crate) fn valid_comparison(text: &str) -> Value {
    held_to(include_str!("../../schema/comparison.json"), text)
}

fn held_to(schema: &str, text: &str) -> Value {
    let result = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let schema = serde_json::from_str(schema).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<_> = schema
        .iter_errors(&result)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    result
}

/// Runs to the end; fails when it hangs.
pub(crate) fn run(command: &mut Command) -> Said {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = child.id();
    let watch = thread::spawn(move || child.wait_with_output().unwrap());
    let deadline = Instant::now() + Duration::from_secs(120);
    while !watch.is_finished() {
        if Instant::now() > deadline {
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
            panic!("{command:?} hangs");
        }
        thread::sleep(Duration::from_millis(10));
    }
    Said::of(watch.join().unwrap())
}

/// A stand-in in this process, for `--url`.
pub(crate) fn sandbox(config: &str) -> Sandbox {
    Sandbox::start(config.parse::<Config>().unwrap()).unwrap()
}

/// An account on a stand-in: its token.
pub(crate) fn account(sandbox: &Sandbox) -> (&'static str, &'static str) {
    let account = ("tester", "tester-password-1");
    let (name, password) = account;
    post(
        sandbox,
        "/api/v1/register",
        &format!(r#"{{"username":"{name}","email":"t@example.com","password":"{password}"}}"#),
    );
    account
}

/// The JWT of an account.
pub(crate) fn token(sandbox: &Sandbox, (name, password): (&str, &str)) -> String {
    let answer = post(
        sandbox,
        "/api/v1/login",
        &format!(r#"{{"username":"{name}","password":"{password}"}}"#),
    );
    let (_, rest) = answer.split_once("\"token\":\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn post(sandbox: &Sandbox, path: &str, body: &str) -> String {
    send(sandbox, "", "POST", path, body)
}

/// A call of API v1, and the JSON of its answer.
pub(crate) fn call(sandbox: &Sandbox, token: &str, method: &str, path: &str, body: &str) -> Value {
    let answer = send(sandbox, token, method, &format!("/api/v1{path}"), body);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

fn send(sandbox: &Sandbox, token: &str, method: &str, path: &str, body: &str) -> String {
    let host = sandbox.url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&host).unwrap();
    let token = match token {
        "" => String::new(),
        token => format!("authorization: Bearer {token}\r\n"),
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{token}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    answer
}

/// A server that answers everything with the same bytes.
pub(crate) fn server_that_says(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request);
                let _ = stream.write_all(answer.as_bytes());
            });
        }
    });
    address
}

/// A Vikunja with one task that closes each connection after its answer, without having said so.
pub(crate) fn server_that_hangs_up() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap_or(0);
                let info = request[..length].starts_with(b"GET /api/v1/info");
                let body = if info {
                    r#"{"version":"v1.0.0"}"#
                } else {
                    r#"[{"id":1,"title":"one"}]"#
                };
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                );
            });
        }
    });
    address
}

/// A Vikunja with one task that has lost it after the first list.
pub(crate) fn server_that_forgets() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let lists = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, lists) = (stream.unwrap(), Arc::clone(&lists));
            thread::spawn(move || {
                let mut request = [0; 4096];
                while let Ok(length @ 1..) = stream.read(&mut request) {
                    let info = request[..length].starts_with(b"GET /api/v1/info");
                    let body = match info {
                        true => r#"{"version":"v1.0.0"}"#,
                        false if lists.fetch_add(1, Ordering::SeqCst) == 0 => {
                            r#"[{"id":1,"title":"one"}]"#
                        }
                        false => "[]",
                    };
                    let _ = write!(
                        stream,
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                        body.len()
                    );
                }
            });
        }
    });
    address
}

/// A Vikunja that answers one request of each connection, and closes it when the second one has come. With the requests
/// that it got.
pub(crate) fn server_that_answers_once() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            counted.fetch_add(1, Ordering::SeqCst);
            let body = r#"{"id":1,"title":"one"}"#;
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            if let Ok(1..) = stream.read(&mut request) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (address, requests)
}

/// The requests of a phase, by the result that a run has written.
pub(crate) fn requests(result: &Value, phase: &str) -> u64 {
    routes(result, phase)
        .iter()
        .map(|route| route["requests"].as_u64().unwrap())
        .sum()
}

/// The rows of a phase.
pub(crate) fn routes<'a>(result: &'a Value, phase: &str) -> Vec<&'a Value> {
    let routes = result["routes"].as_array().unwrap().iter();
    routes.filter(|route| route["phase"] == phase).collect()
}

/// An address where nothing listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}
