//! A client of a few lines, so that what is tested is the sandbox alone.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

/// An answer, with lower-case header names in the order received.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }
}

/// Sends one request on a connection of its own.
pub(crate) fn send(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> io::Result<Answer> {
    let body = body.unwrap_or_default().as_bytes();
    send_to(sandbox.address(), method, path, headers, body)
}

/// As [`send`], to a sandbox that may be another process, and with a body that may be no text.
pub(crate) fn send_to(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Answer> {
    let mut connection = TcpStream::connect(address)?;
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n"
    )?;
    for (name, value) in headers {
        write!(connection, "{name}: {value}\r\n")?;
    }
    write!(
        connection,
        "connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )?;
    connection.write_all(body)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    read(&answer)
        .ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "an answer that is not whole"))
}

fn read(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, bytes) = (
        std::str::from_utf8(&answer[..end]).ok()?,
        &answer[end + 4..],
    );
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let answer = Answer {
        status,
        headers,
        body: String::from_utf8_lossy(bytes).into_owned(),
        bytes: bytes.to_vec(),
    };
    let promised = answer
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap_or(0));
    (promised == bytes.len()).then_some(answer)
}

/// A logged-in user.
pub(crate) struct User<'a> {
    pub(crate) sandbox: &'a Sandbox,
    pub(crate) authorization: String,
}

impl<'a> User<'a> {
    /// Registers and logs in, on v1.
    pub(crate) fn new(sandbox: &'a Sandbox, name: &str) -> Self {
        let account = json!({"username": name, "email": format!("{name}@example.com"), "password": "password-1"});
        assert_eq!(post(sandbox, "/api/v1/register", &account).status, 200);
        let answer = post(sandbox, "/api/v1/login", &account);
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        Self {
            sandbox,
            authorization: format!("Bearer {token}"),
        }
    }

    /// The header that says who it is.
    pub(crate) fn authorization(&self) -> &str {
        &self.authorization
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> io::Result<Answer> {
        let headers = [
            ("authorization", self.authorization.as_str()),
            ("content-type", "application/json"),
        ];
        send(
            self.sandbox,
            method,
            path,
            &headers,
            body.map(Value::to_string).as_deref(),
        )
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).expect("an answer")
    }

    /// Makes a task in the user's Inbox on v1.
    pub(crate) fn add_task(&self, title: &str) -> Answer {
        let path = format!("/api/v1/projects/{}/tasks", self.inbox());
        self.send("PUT", &path, Some(&json!({"title": title})))
            .expect("an answer")
    }

    pub(crate) fn inbox(&self) -> i64 {
        self.get("/api/v1/user").json()["settings"]["default_project_id"]
            .as_i64()
            .expect("a default project")
    }
}

pub(crate) fn post(sandbox: &Sandbox, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    send(sandbox, "POST", path, &headers, Some(&body.to_string())).expect("an answer")
}
