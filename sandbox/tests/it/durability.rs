//! What is in the file after a kill.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{Answer, send_to};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("vikunja-sandbox-killed-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program, over that folder.
struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    fn start(folder: &Folder) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vikunja-sandbox"))
            .args(["--port", "0", "--until-stdin-closes", "--data"])
            .arg(&folder.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output"))
            .read_line(&mut line)
            .expect("a line");
        let address = line
            .trim()
            .rsplit("http://")
            .next()
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("no address in {line}"));
        Self { child, address }
    }

    /// The token of the one user, who is registered by whoever comes first.
    fn log_in(&self) -> String {
        let account =
            json!({"username": "alice", "email": "alice@example.com", "password": "password-1"});
        let call = |path| call(self.address, "POST", path, None, &account).expect("an answer");
        call("/api/v1/register");
        call("/api/v1/login").json()["token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    fn kill(mut self) {
        self.child.kill().expect("a kill");
        self.child.wait().expect("its end");
    }
}

fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &Value,
) -> std::io::Result<Answer> {
    let authorization = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(
        authorization
            .as_deref()
            .map(|value| ("authorization", value)),
    );
    send_to(address, method, path, &headers, body.to_string().as_bytes())
}

/// The titles that were acknowledged until the server was gone.
fn write_until_killed(address: SocketAddr, token: &str, writer: &str) -> Vec<String> {
    let titles = (0..).map(|number| format!("{writer}/{number}"));
    titles
        .take_while(|title| {
            let task = json!({"title": title});
            call(
                address,
                "PUT",
                "/api/v1/projects/1/tasks",
                Some(token),
                &task,
            )
            .is_ok_and(|answer| answer.status == 201)
        })
        .collect()
}

#[test]
fn twenty_kills_lose_no_acknowledged_write() {
    let folder = Folder::new();
    let mut acknowledged = BTreeSet::new();
    for round in 0..20 {
        let program = Program::start(&folder);
        let (address, token) = (program.address, program.log_in());
        thread::scope(|scope| {
            let writers: Vec<_> = (0..3)
                .map(|writer| {
                    let (token, writer) = (&token, format!("{round}/{writer}"));
                    scope.spawn(move || write_until_killed(address, token, &writer))
                })
                .collect();
            thread::sleep(Duration::from_millis(20 + 5 * round));
            program.kill();
            for writer in writers {
                acknowledged.extend(writer.join().expect("a writer"));
            }
        });
    }
    let program = Program::start(&folder);
    let token = program.log_in();
    let mut stored = BTreeSet::new();
    for page in 1.. {
        let path = format!("/api/v1/tasks?page={page}");
        let answer = call(program.address, "GET", &path, Some(&token), &Value::Null);
        let tasks = answer.expect("a page").json();
        let titles = tasks.as_array().expect("a list").iter();
        let before = stored.len();
        stored.extend(titles.filter_map(|task| task["title"].as_str().map(ToOwned::to_owned)));
        if stored.len() == before {
            break;
        }
    }
    program.kill();
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{} lost: {lost:?}", lost.len());
    assert!(acknowledged.len() > 100, "{} written", acknowledged.len());
}
