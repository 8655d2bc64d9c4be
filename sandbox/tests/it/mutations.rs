//! Recorded requests, damaged: whatever comes, the sandbox answers, and breaks only where the real servers do.
//!
//! `MUTATIONS=100000` sends so many requests to each release instead of a few hundred.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use fastrand::Rng;
use serde_json::{Value, json};
use vikunja_sandbox::{Config, Sandbox};

use crate::http::{Answer, User, send, send_to};
use crate::replay::player::Player;
use crate::replay::recorded;

#[test]
fn damaged_requests_to_0_20() {
    mutate("0.20", "0.20.4", "v1");
}

#[test]
fn damaged_requests_to_0_24() {
    mutate("0.24", "0.24.1", "v1");
}

#[test]
fn damaged_requests_to_1_0() {
    mutate("1.0", "1.0.0", "v1");
}

#[test]
fn damaged_requests_to_2_5_v1() {
    mutate("2.5", "2.5.0", "v1");
}

#[test]
fn damaged_requests_to_2_5_v2() {
    mutate("2.5", "2.5.0", "v2");
}

fn mutate(release: &str, file: &str, api: &str) {
    let count = std::env::var("MUTATIONS").map_or(400, |count| count.parse().expect("a number"));
    let lines: Vec<(usize, Value)> = recorded(file, api)
        .into_iter()
        .filter(|(_, line)| line["server"].is_null())
        .collect();
    let sandbox = Sandbox::with(release).expect("a sandbox");
    let mut player = Player::new(&sandbox);
    for (number, line) in &lines {
        player.play(*number, line);
    }
    let mut rng = Rng::with_seed(7);
    let mut statuses = BTreeMap::<u16, usize>::new();
    for _ in 0..count {
        let (number, line) = &lines[rng.usize(..lines.len())];
        // Seldom, so that what the others are about is still there.
        if line["request"]["method"] == "DELETE" && rng.u8(..20) > 0 {
            continue;
        }
        let mut line = line.clone();
        for _ in 0..rng.u8(1..4) {
            damage(&mut line["request"], &mut rng);
        }
        let answer = player
            .send_line(&line)
            .unwrap_or_else(|error| panic!("{error} to line {number} as {}", line["request"]));
        assert!(
            answer.status < 500 || is_told(&answer),
            "{} {:?} to line {number} as {}",
            answer.status,
            answer.header("x-vikunja-sandbox-reason"),
            line["request"]
        );
        *statuses.entry(answer.status).or_default() += 1;
    }
    println!("{release} {api}: {count} damaged requests, answered {statuses:?}");
    // Otherwise the damage would be too gentle, or too crude to get past the first check.
    assert!(statuses.keys().any(|status| *status < 300) && statuses.len() > 5);
}

/// Whether the real server answers this, too, or the sandbox says that it lacks something.
fn is_told(answer: &Answer) -> bool {
    let reason = answer.header("x-vikunja-sandbox-reason");
    answer.status == 501 || reason.is_some_and(|reason| reason.starts_with("as the server: "))
}

fn damage(request: &mut Value, rng: &mut Rng) {
    match rng.u8(..8) {
        0..4 => damage_body(request, rng),
        4 | 5 => damage_path(request, rng),
        6 => {
            let types = [
                "",
                "text/plain",
                "application/json; charset=utf-16",
                "application/x-www-form-urlencoded",
                "application/xml",
                "multipart/form-data",
                "multipart/form-data; boundary=x",
                "application/json-patch+json",
                "application/merge-patch+json",
            ];
            request["content_type"] = json!(types[rng.usize(..types.len())]);
        }
        _ => {
            let methods = ["GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "BREW"];
            request["method"] = json!(methods[rng.usize(..methods.len())]);
        }
    }
}

fn damage_body(request: &mut Value, rng: &mut Rng) {
    if rng.u8(..4) > 0 && !request["body"].is_null() {
        let body = &mut request["body"];
        let place = some_place(body, rng);
        if let Some(value) = body.pointer_mut(&place) {
            *value = odd_value(rng);
        }
        return;
    }
    let mut text = match request["raw"].as_str() {
        Some(raw) => raw.to_owned(),
        None => request["body"].to_string(),
    };
    let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
    let place = rng.choice(&places).copied().unwrap_or_default();
    let odd = ["{", "]", ",", "\"", "\u{0}", "\\u0000", "\u{fffd}", "9e999"];
    match rng.u8(..3) {
        0 => text.truncate(place),
        1 => text.insert_str(place, odd[rng.usize(..odd.len())]),
        _ => text = "[".repeat(rng.usize(1..300)),
    }
    request["raw"] = json!(text);
}

/// A pointer to something inside a value.
fn some_place(value: &Value, rng: &mut Rng) -> String {
    let deeper: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(place, value)| (place.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    if deeper.is_empty() || rng.u8(..5) == 0 {
        return String::new();
    }
    let (name, value) = &deeper[rng.usize(..deeper.len())];
    format!("/{name}{}", some_place(value, rng))
}

fn odd_value(rng: &mut Rng) -> Value {
    match rng.u8(..16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(i64::MAX),
        5 => json!(u64::MAX),
        6 => json!(1e308),
        7 => json!(0.5),
        8 => json!(""),
        9 => json!("\u{0}\u{1F37D}'\"%_"),
        10 => json!("x".repeat(300)),
        11 => json!("2031-13-01T00:00:00Z"),
        12 => json!("9999-12-31T23:59:59Z"),
        13 => json!([]),
        14 => json!({"id": -9}),
        _ => json!([null, {"id": i64::MIN}, "x", [1]]),
    }
}

fn damage_path(request: &mut Value, rng: &mut Rng) {
    let path = request["path"].as_str().unwrap_or_default().to_owned();
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    let mut segments: Vec<&str> = path.split('/').collect();
    let odd = [
        "0",
        "-1",
        "-2",
        "1",
        "3",
        "9223372036854775807",
        "99999999999999999999",
        "abc",
        "%00",
        "%F0%9F",
        "",
        "1.5",
        "..",
    ];
    let parameters = [
        "page=-1",
        "page=9223372036854775807",
        "per_page=0",
        "per_page=-5",
        "per_page=99999999999",
        "sort_by=nothing",
        "sort_by[]=id&order_by[]=sideways",
        "filter=done%20=%20maybe",
        "filter=((((",
        "filter=due_date%20%3C%20now%2F9999999999999d",
        "filter=labels%20in%201,2,,x&filter_timezone=Nowhere%2FElse",
        "filter_timezone=Europe%2FBerlin&filter=id%20%3E%2099999999999999999999",
        "filter_include_nulls=perhaps",
        "expand=everything",
        "s=%25_%27%22",
        "q=%00",
        "format=markdown",
        "is_archived=2",
    ];
    match rng.u8(..4) {
        0 | 1 => {
            let place = rng.usize(1..segments.len());
            segments[place] = odd[rng.usize(..odd.len())];
        }
        2 => segments.push(odd[rng.usize(..odd.len())]),
        _ => {}
    }
    let mut query = query.to_owned();
    if rng.bool() {
        query = format!("{query}&{}", parameters[rng.usize(..parameters.len())]);
    }
    request["path"] = json!(format!("{}?{query}", segments.join("/")));
}

#[test]
fn long_bodies_are_answered_as_each_release_does() {
    let title = |length| json!({"title": "x".repeat(length)}).to_string();
    let put = |sandbox: &Sandbox, path: &str, method: &str, body: &str| {
        let token = sandbox.sign_up("alice").expect("an account").token;
        let authorization = format!("Bearer {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
        ];
        send(sandbox, method, path, &headers, Some(body))
            .map(|answer| (answer.status, answer.json()["code"].clone()))
    };
    let ten = title(10 << 20);
    let old = Sandbox::with("0.24").expect("a sandbox");
    let answer = put(&old, "/api/v1/projects", "PUT", &ten).expect("an answer");
    assert_eq!(answer, (400, Value::Null));
    let new = Sandbox::with("2.5").expect("a sandbox");
    let answer = put(&new, "/api/v1/projects", "PUT", &ten).expect("an answer");
    assert_eq!(answer, (412, json!(2002)));
    let new = Sandbox::with("2.5").expect("a sandbox");
    let answer = put(&new, "/api/v2/projects", "POST", &title(1 << 20)).expect("an answer");
    assert_eq!(answer, (413, Value::Null));
    let new = Sandbox::with("2.5").expect("a sandbox");
    match put(&new, "/api/v1/projects", "PUT", &title(23 << 20)) {
        Ok(answer) => assert_eq!(answer, (413, json!(4013))),
        // The answer comes while the body is still sent, and the connection ends.
        Err(error) => assert!(
            matches!(
                error.kind(),
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
            ),
            "{error}"
        ),
    }
}

#[test]
fn long_addresses_are_answered() {
    let sandbox = Sandbox::start(Config::default()).expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let long = |length: usize| format!("/api/v1/tasks?s={}", "y".repeat(length));
    assert_eq!(user.get(&long(60_000)).status, 200);
    // The real servers go on to a megabyte; our HTTP library ends at 64 kB.
    assert_eq!(user.get(&long(100_000)).status, 414);
}

#[test]
fn connections_that_say_nothing_block_nobody() {
    let sandbox = Sandbox::start(Config::default()).expect("a sandbox");
    let half_open: Vec<TcpStream> = (0..300)
        .map(|number| {
            let mut connection = TcpStream::connect(sandbox.address()).expect("a connection");
            let beginnings: [&[u8]; 3] = [
                b"",
                b"GET /api/v1/info HT",
                b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
            ];
            connection
                .write_all(beginnings[number % 3])
                .expect("a beginning");
            connection
        })
        .collect();
    assert_eq!(
        User::new(&sandbox, "alice").get("/api/v1/tasks").status,
        200
    );
    drop(half_open);
    let garbage = send_to(sandbox.address(), "GET /api/v1/info\r\n\r\n", "", &[], b"");
    assert!(garbage.is_err() || garbage.is_ok_and(|answer| answer.status == 400));
    let mut connection = TcpStream::connect(sandbox.address()).expect("a connection");
    connection
        .set_read_timeout(Some(Duration::from_secs(5)))
        .expect("a time-out");
    connection
        .write_all(&[0x16, 3, 1, 2, 0])
        .expect("a TLS hello");
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"));
    assert_eq!(
        send(&sandbox, "GET", "/health", &[], None)
            .expect("an answer")
            .status,
        200
    );
}
