//! The WebSocket, frame by frame: what it answers, and what it does not. Seen on a real 2.5.0.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use crate::http::{User, send};

const TEXT: u8 = 1;
const CLOSE: u8 = 8;

struct Socket(TcpStream);

impl Socket {
    fn open(sandbox: &Sandbox, path: &str) -> Self {
        let mut stream = TcpStream::connect(sandbox.address()).expect("a connection");
        let host = sandbox.address();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        .expect("a request");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("a head");
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        // RFC 6455, 1.3.
        let accept = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_lowercase();
        assert!(head.contains(&accept), "{head}");
        Self(stream)
    }

    /// Sends a text of up to 64 KiB, masked with zeros.
    fn say(&mut self, text: &str) {
        let length = u16::try_from(text.len()).expect("a short text");
        let mut frame = vec![0x80 | TEXT, 0x80 | 0x7e];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).expect("a frame sent");
    }

    /// The kind of the next frame, and what it holds.
    fn hear(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).expect("a frame");
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.0.read_exact(&mut length).expect("a length");
                usize::from(u16::from_be_bytes(length))
            }
            length => usize::from(length),
        };
        let mut content = vec![0; length];
        self.0.read_exact(&mut content).expect("content");
        (head[0] & 0x0f, content)
    }

    fn answer(&mut self) -> Value {
        let (kind, content) = self.hear();
        assert_eq!(kind, TEXT);
        serde_json::from_slice(&content).expect("JSON")
    }
}

#[test]
fn what_is_said_is_answered_seldom() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let bob = User::new(&sandbox, "bob");
    let token = bob.authorization.trim_start_matches("Bearer ");
    for path in ["/api/v1/ws", "/api/v2/ws"] {
        let mut socket = Socket::open(&sandbox, path);
        let mut say = |said: &str| socket.say(said);
        // Nonsense and success are passed over in silence.
        say("no JSON");
        say(r#"{"action":"sing"}"#);
        say(r#"{"action":"subscribe","event":"notification.created"}"#);
        say(&json!({"action": "auth", "token": token}).to_string());
        say(r#"{"action":"auth","token":"again"}"#);
        say(r#"{"action":"subscribe","event":"task.created"}"#);
        say(r#"{"action":"subscribe"}"#);
        say(r#"{"action":"unsubscribe","event":"task.created"}"#);
        say(r#"{"action":"subscribe","event":"timer.created"}"#);
        say(r#"{"action":"subscribe","event":"last"}"#);
        for expected in [
            json!({"error": "auth_required"}),
            json!({"action": "auth.success", "success": true}),
            json!({"error": "already_authenticated"}),
            json!({"event": "task.created", "error": "invalid_event"}),
            json!({"error": "invalid_event"}),
            json!({"event": "last", "error": "invalid_event"}),
        ] {
            assert_eq!(socket.answer(), expected, "{path}");
        }
    }
}

#[test]
fn a_token_that_is_none_of_a_user_ends_it() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let mut socket = Socket::open(&sandbox, "/api/v2/ws");
    socket.say(r#"{"action":"auth","token":"tk_0000000000000000000000000000000000000000"}"#);
    assert_eq!(socket.answer(), json!({"error": "invalid_token"}));
    let (kind, content) = socket.hear();
    assert_eq!((kind, content), (CLOSE, 1000_u16.to_be_bytes().to_vec()));
}

#[test]
fn what_is_no_websocket_is_refused() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let upgrade = [("connection", "Upgrade"), ("upgrade", "websocket")];
    let old = [&upgrade[..], &[("sec-websocket-version", "12")]].concat();
    let foreign = [
        &upgrade[..],
        &[
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("origin", "http://evil.example"),
        ],
    ]
    .concat();
    for (headers, status) in [(&[][..], 426), (&old, 400), (&foreign, 403)] {
        let answer = send(&sandbox, "GET", "/api/v1/ws", headers, None).expect("an answer");
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.ends_with('\n'));
    }
    let sandbox = Sandbox::with("1.0").expect("a sandbox");
    let answer = send(&sandbox, "GET", "/api/v1/ws", &upgrade, None).expect("an answer");
    assert_eq!(answer.status, 404);
}
