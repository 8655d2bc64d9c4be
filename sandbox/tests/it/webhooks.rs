//! What webhooks are told: as recorded from real servers, and what the recordings do not show but real servers did.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use vikunja_sandbox::{Delivery, Sandbox};

use crate::http::{Answer, User, send_to};

/// What a target got: path, headers, body.
#[derive(Debug, Clone)]
struct Got {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Takes deliveries, and does with them what the path says: `/fail` answers 500, `/drop` nothing, `/moved` and
/// `/repeat` send on to `/ok`.
struct Target {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Target {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let got = Arc::<Mutex<Vec<Got>>>::default();
        let kept = Arc::clone(&got);
        // Ends with the process: nobody connects any more.
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let _ = take(connection, &kept);
            }
        });
        Self { address, got }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().expect("the list").clone()
    }
}

/// Reads a delivery, keeps it, and answers as its path says.
fn take(mut connection: TcpStream, kept: &Mutex<Vec<Got>>) -> Option<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (head, start) = loop {
        let count = connection.read(&mut buffer).ok()?;
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&bytes[..end]).into_owned(), end + 4);
        }
        if count == 0 {
            return None;
        }
    };
    let mut lines = head.split("\r\n").map(ToOwned::to_owned);
    let line = lines.next()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect();
    let length = headers.iter().find(|(name, _)| name == "Content-Length");
    let length = length.map_or(0, |(_, value)| value.parse().expect("a length"));
    while bytes.len() < start + length {
        let count = connection.read(&mut buffer).ok()?;
        bytes.extend_from_slice(&buffer[..count]);
    }
    let path = line.split(' ').nth(1)?;
    let answer = match path {
        "/drop" => "",
        "/fail" => "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n",
        "/moved" => "HTTP/1.1 302 Found\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n",
        "/repeat" => "HTTP/1.1 307 There\r\nlocation: /ok\r\ncontent-length: 0\r\n\r\n",
        _ => "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    };
    // Kept first: who has the answer may look at once.
    kept.lock().expect("the list").push(Got {
        headers,
        body: bytes[start..].to_vec(),
        line: line.clone(),
    });
    connection.write_all(answer.as_bytes()).ok()
}

fn done(user: &User<'_>, method: &str, path: &str, body: &Value) -> Value {
    let answer = ask(user, method, path, body);
    assert!(
        answer.status < 300,
        "{method} {path}: {} {}",
        answer.status,
        answer.body
    );
    answer.json()
}

fn ask(user: &User<'_>, method: &str, path: &str, body: &Value) -> Answer {
    let path = format!("/api/v1{path}");
    user.send(method, &path, Some(body)).expect("an answer")
}

fn id(object: &Value) -> i64 {
    object["id"].as_i64().expect("an id")
}

fn make(user: &User<'_>, path: &str, body: &Value) -> i64 {
    id(&done(user, "PUT", path, body))
}

/// Has a project's webhook told of these events.
fn hook(user: &User<'_>, project: i64, url: &str, events: &[&str]) -> i64 {
    let path = format!("/projects/{project}/webhooks");
    make(user, &path, &json!({"target_url": url, "events": events}))
}

fn events(user: &User<'_>) -> Value {
    done(user, "GET", "/webhooks/events", &Value::Null)
}

/// What was delivered to targets whose address ends like that.
fn delivered(sandbox: &Sandbox, path: &str) -> Vec<Delivery> {
    sandbox.wait_for_deliveries();
    let mut all = sandbox.deliveries();
    all.retain(|delivery| delivery.url.ends_with(path));
    all
}

fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, body);
    let digits = |hex: String, byte: &u8| hex + &format!("{byte:02x}");
    tag.as_ref().iter().fold(String::new(), digits)
}

/// Where two values are not of the same make: null, zero, empty, without fraction, or with other keys.
fn differences(place: &str, was: &Value, is: &Value, found: &mut Vec<String>) {
    let differs = || format!("{place}: {was} became {is}");
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => {
            let by_id = place.ends_with(".projects");
            let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for name in names.into_iter().filter(|_| !by_id) {
                let place = format!("{place}.{name}");
                match (was.get(name), is.get(name)) {
                    (Some(was), Some(is)) => differences(&place, was, is, found),
                    (was, is) => found.push(format!("{place}: {was:?} became {is:?}")),
                }
            }
            if by_id {
                assert_eq!(was.len(), is.len());
                for (was, is) in was.values().zip(is.values()) {
                    differences(&format!("{place}.<id>"), was, is, found);
                }
            }
        }
        (Value::Array(was), Value::Array(is)) => {
            if was.len() != is.len() {
                found.push(differs());
            }
            for (number, (was, is)) in was.iter().zip(is).enumerate() {
                differences(&format!("{place}[{number}]"), was, is, found);
            }
        }
        (Value::String(was), Value::String(is)) => {
            let make = |text: &str| {
                let is_time = text.len() >= 20 && text.ends_with('Z');
                let zero = text.starts_with("0001-");
                (
                    text.is_empty(),
                    is_time,
                    zero,
                    is_time && text.contains('.'),
                )
            };
            if make(was) != make(is) {
                found.push(differs());
            }
        }
        (Value::Number(was), Value::Number(is)) => {
            if (was.as_f64() == Some(0.0)) != (is.as_f64() == Some(0.0)) {
                found.push(differs());
            }
        }
        (was, is) if was == is => {}
        _ => found.push(differs()),
    }
}

fn recorded(version: &str) -> Vec<Value> {
    let path = format!(
        "{}/../tests/wire/webhooks-{version}.jsonl",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

/// Holds a delivery against a recorded one.
fn check(line: &Value, delivery: &Delivery, got: &Got) {
    let event = line["event"].as_str().expect("an event");
    let recorded = line["headers"].as_object().expect("headers");
    let own: BTreeSet<&str> = got.headers.iter().map(|(name, _)| name.as_str()).collect();
    let expected: BTreeSet<&str> = recorded
        .keys()
        .map(String::as_str)
        .chain(["X-Vikunja-Sandbox"])
        .collect();
    assert_eq!(own, expected, "{event}");
    for (name, value) in &got.headers {
        match name.as_str() {
            "Host" | "Content-Length" | "X-Vikunja-Sandbox" => {}
            "X-Vikunja-Signature" => {
                let secret = line["secret"].as_str().expect("a secret");
                assert_eq!(*value, signature(secret, &got.body), "{event}");
            }
            _ => assert_eq!(recorded[name], *value, "{event}: {name}"),
        }
    }
    assert_eq!(got.body, delivery.body, "{event}");
    let text = line["body"].as_str().expect("a body");
    let was: Value = serde_json::from_str(text).expect("JSON");
    let mut found = Vec::new();
    differences("", &was, &delivery.json(), &mut found);
    assert!(found.is_empty(), "{event}:\n{}", found.join("\n"));
    // Sorted keys, or the model's.
    let order = |text: &str| {
        let mut keys = [
            "event_name",
            "data",
            "doer",
            "task",
            "title",
            "created_by",
            "owner",
        ];
        keys.sort_by_key(|key| text.find(&format!("\"{key}\":")));
        keys
    };
    assert_eq!(
        order(text),
        order(&String::from_utf8_lossy(&got.body)),
        "{event}"
    );
}

fn upload(user: &User<'_>, task: i64) -> i64 {
    let body = "--x\r\ncontent-disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\nhello\r\n--x--\r\n";
    let headers = [
        ("authorization", user.authorization.as_str()),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    let path = format!("/api/v1/tasks/{task}/attachments");
    let answer = send_to(
        user.sandbox.address(),
        "PUT",
        &path,
        &headers,
        body.as_bytes(),
    );
    id(&answer.expect("an answer").json()["success"][0])
}

/// Plays what leads to the recorded deliveries, and compares them all.
fn replay(release: &str, version: &str) {
    let sandbox = Sandbox::with(release).expect("a sandbox");
    let (target, alice) = (Target::new(), User::new(&sandbox, "alice"));
    let bob = id(&User::new(&sandbox, "bob").get("/api/v1/user").json());
    let parent = make(&alice, "/projects", &json!({"title": "Parent"}));
    let child = json!({"title": "Child", "identifier": "CHD", "parent_project_id": parent});
    let child = make(&alice, "/projects", &child);
    let names = events(&alice);
    let hooks = format!("/projects/{child}/webhooks");
    let all = json!({"target_url": target.url("/all"), "events": names, "secret": "s3cret-β"});
    make(&alice, &hooks, &all);
    let created = json!({"target_url": target.url("/secret"), "events": ["task.created"], "secret": "x",
        "basic_auth_user": "u1", "basic_auth_password": "p:w"});
    make(&alice, &hooks, &created);
    let open = json!({"target_url": target.url("/open"), "events": names});
    make(&alice, &format!("/projects/{parent}/webhooks"), &open);
    let step = |method: &str, path: &str, body: Value| {
        let answer = done(&alice, method, path, &body);
        sandbox.wait_for_deliveries();
        answer
    };
    let tasks = format!("/projects/{child}/tasks");
    let title = json!({"title": "Täsk <b> & \"q\"", "description": "<p>x</p>", "priority": 3,
        "due_date": "2030-01-02T03:04:05Z"});
    let task = id(&step("PUT", &tasks, title));
    let path = format!("/tasks/{task}");
    let other = id(&step("PUT", &tasks, json!({"title": "other"})));
    let urgent = json!({"title": "upd", "description": "<p>x</p>", "priority": 3, "due_date": "2030-01-02T03:04:05Z"});
    step("POST", &path, urgent);
    let share = json!({"username": "bob", "user_id": "bob", "right": 1, "permission": 1});
    step("PUT", &format!("/projects/{child}/users"), share);
    let label = make(&alice, "/labels", &json!({"title": "red"}));
    step("PUT", &format!("{path}/labels"), json!({"label_id": label}));
    step("PUT", &format!("{path}/assignees"), json!({"user_id": bob}));
    step("DELETE", &format!("{path}/assignees/{bob}"), Value::Null);
    step(
        "POST",
        &path,
        json!({"title": "upd", "description": "<p>x</p>"}),
    );
    let comment = step(
        "PUT",
        &format!("{path}/comments"),
        json!({"comment": "hello @bob"}),
    );
    let comment = format!("{path}/comments/{}", id(&comment));
    step("POST", &comment, json!({"comment": "hello2"}));
    step("DELETE", &comment, Value::Null);
    let attachment = upload(&alice, task);
    sandbox.wait_for_deliveries();
    step(
        "DELETE",
        &format!("{path}/attachments/{attachment}"),
        Value::Null,
    );
    let relation = json!({"other_task_id": other, "relation_kind": "subtask"});
    step("PUT", &format!("{path}/relations"), relation);
    step(
        "DELETE",
        &format!("{path}/relations/subtask/{other}"),
        Value::Null,
    );
    let child2 = json!({"title": "Child2", "identifier": "CHD", "parent_project_id": parent});
    step("POST", &format!("/projects/{child}"), child2);
    let team = id(&step("PUT", "/teams", json!({"name": "Team"})));
    let share = json!({"team_id": team, "right": 0, "permission": 0});
    step("PUT", &format!("/projects/{child}/teams"), share);
    step("POST", &path, json!({"title": "last"}));
    if release == "0.24" {
        step("PUT", &format!("{path}/reactions"), json!({"value": "👍"}));
    }
    if release == "2.5" {
        step("PUT", &format!("{path}/duplicate"), json!({}));
    }
    step("DELETE", &path, Value::Null);
    step("DELETE", &format!("/projects/{child}"), Value::Null);

    let told = sandbox.deliveries();
    let got = target.got();
    assert_eq!(told.len(), got.len(), "each attempt arrives once");
    let mut compared = 0;
    for line in recorded(version) {
        let path = match line["secret"].as_str() {
            Some("s3cret-β") => "/all",
            Some("x") => "/secret",
            None => "/open",
            // Of things that time brings: below.
            Some(_) => continue,
        };
        let name = &line["event"];
        let delivery = told
            .iter()
            .find(|delivery| delivery.url.ends_with(path) && *name == *delivery.event)
            .unwrap_or_else(|| panic!("{name} to {path} was not told"));
        let got = got
            .iter()
            .find(|got| got.body == delivery.body && got.line.contains(path));
        check(&line, delivery, got.expect("what was sent"));
        compared += 1;
    }
    assert!(compared >= 12, "only {compared}");
    // And nothing is told that the release does not tell.
    let recorded: BTreeSet<String> = recorded(version)
        .iter()
        .map(|line| line["event"].as_str().unwrap_or_default().to_owned())
        .collect();
    for delivery in &told {
        assert!(recorded.contains(&delivery.event), "{}", delivery.event);
    }
}

#[test]
fn recorded_deliveries_of_0_24() {
    replay("0.24", "0.24.1");
}

#[test]
fn recorded_deliveries_of_1_0() {
    replay("1.0", "1.0.0");
}

#[test]
fn recorded_deliveries_of_2_5() {
    replay("2.5", "2.5.0");
}

/// RFC 3339, that many seconds from now.
fn later(seconds: i64) -> String {
    let time = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    let time = jiff::Timestamp::from_second(time.as_second()).expect("a time");
    time.to_string()
}

#[test]
fn recorded_deliveries_of_what_time_brings() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (target, alice) = (Target::new(), User::new(&sandbox, "alice"));
    let project = make(&alice, "/projects", &json!({"title": "U"}));
    let names = json!(["task.reminder.fired", "task.overdue", "tasks.overdue"]);
    let own = json!({"target_url": target.url("/user"), "events": names, "secret": "us",
        "basic_auth_user": "bu", "basic_auth_password": "bp"});
    done(&alice, "PUT", "/user/settings/webhooks", &own);
    let of_project = json!({"target_url": target.url("/project"), "events": ["task.reminder.fired"], "secret": "ps"});
    make(
        &alice,
        &format!("/projects/{project}/webhooks"),
        &of_project,
    );
    let tasks = format!("/projects/{project}/tasks");
    let remind = json!({"title": "remind", "reminders": [{"reminder": later(3600)}]});
    make(&alice, &tasks, &remind);
    make(
        &alice,
        &tasks,
        &json!({"title": "over1", "due_date": later(-200_000), "priority": 2}),
    );
    make(
        &alice,
        &tasks,
        &json!({"title": "over2", "due_date": later(-10_000)}),
    );
    make(
        &alice,
        &tasks,
        &json!({"title": "done", "due_date": later(-10_000), "done": true}),
    );
    sandbox.advance(Duration::from_secs(86_400));
    sandbox.wait_for_deliveries();
    let (told, got) = (sandbox.deliveries(), target.got());
    assert_eq!(
        told.len(),
        5,
        "two overdue, both at once, and a reminder to user and project"
    );
    for line in recorded("2.5.0") {
        let path = match line["secret"].as_str() {
            Some("us") => "/user",
            Some("ps") => "/project",
            _ => continue,
        };
        let is_over1 = |delivery: &Delivery| delivery.json()["data"]["task"]["title"] == "over1";
        let delivery = told
            .iter()
            .filter(|delivery| !is_over1(delivery))
            .find(|delivery| delivery.url.ends_with(path) && line["event"] == *delivery.event)
            .expect("what was told");
        let got = got
            .iter()
            .find(|got| got.body == delivery.body && got.line.contains(path));
        check(&line, delivery, got.expect("what was sent"));
    }
    // Once a day, and a reminder once.
    sandbox.advance(Duration::from_secs(86_400));
    sandbox.wait_for_deliveries();
    assert_eq!(sandbox.deliveries().len(), 8);
}

/// A project, and its webhooks on `/ok`, on that path, and on `/ok2`, all told of created tasks.
fn three(alice: &User<'_>, target: &Target, second: &str) -> i64 {
    let project = make(alice, "/projects", &json!({"title": "P"}));
    for path in ["/ok", second, "/ok2"] {
        hook(alice, project, &target.url(path), &["task.created"]);
    }
    project
}

#[test]
fn up_to_1_x_who_cannot_be_reached_holds_up_the_others() {
    let sandbox = Sandbox::with("1.0,retry-wait=1ms").expect("a sandbox");
    let (target, alice) = (Target::new(), User::new(&sandbox, "alice"));
    let project = three(&alice, &target, "/drop");
    make(
        &alice,
        &format!("/projects/{project}/tasks"),
        &json!({"title": "T"}),
    );
    let before = delivered(&sandbox, "/ok");
    assert_eq!(before.len(), 6, "told again with every attempt");
    let times: BTreeSet<String> = before
        .iter()
        .map(|delivery| delivery.json()["time"].to_string())
        .collect();
    assert_eq!(times.len(), 6, "with another time each");
    assert_eq!(delivered(&sandbox, "/drop").len(), 6);
    assert_eq!(delivered(&sandbox, "/ok2").len(), 0, "never told");
    let dropped = &delivered(&sandbox, "/drop")[5];
    assert_eq!((dropped.attempt, dropped.status), (6, None));
    assert!(dropped.error.is_some());
}

#[test]
fn up_to_1_x_any_answer_will_do() {
    let sandbox = Sandbox::with("0.24,retry-wait=1ms").expect("a sandbox");
    let (target, alice) = (Target::new(), User::new(&sandbox, "alice"));
    let project = three(&alice, &target, "/fail");
    make(
        &alice,
        &format!("/projects/{project}/tasks"),
        &json!({"title": "T"}),
    );
    for path in ["/ok", "/fail", "/ok2"] {
        assert_eq!(delivered(&sandbox, path).len(), 1, "{path}");
    }
    assert_eq!(delivered(&sandbox, "/fail")[0].status, Some(500));
}

#[test]
fn from_2_x_on_each_is_told_by_itself_until_it_accepts() {
    let sandbox = Sandbox::with("2.5,retry-wait=1ms").expect("a sandbox");
    let (target, alice) = (Target::new(), User::new(&sandbox, "alice"));
    let project = three(&alice, &target, "/fail");
    make(
        &alice,
        &format!("/projects/{project}/tasks"),
        &json!({"title": "T"}),
    );
    assert_eq!(delivered(&sandbox, "/ok").len(), 1);
    assert_eq!(delivered(&sandbox, "/ok2").len(), 1);
    let failed = delivered(&sandbox, "/fail");
    let attempts: Vec<u32> = failed.iter().map(|delivery| delivery.attempt).collect();
    assert_eq!(attempts, [1, 2, 3, 4, 5, 6]);
    assert!(
        failed
            .iter()
            .all(|delivery| delivery.body == failed[0].body)
    );
}

#[test]
fn redirects_are_followed() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (target, alice) = (Target::new(), User::new(&sandbox, "alice"));
    let project = make(&alice, "/projects", &json!({"title": "P"}));
    let path = format!("/projects/{project}/webhooks");
    for to in ["/moved", "/repeat"] {
        let wanted =
            json!({"target_url": target.url(to), "events": ["task.created"], "secret": "s"});
        make(&alice, &path, &wanted);
    }
    make(
        &alice,
        &format!("/projects/{project}/tasks"),
        &json!({"title": "T"}),
    );
    sandbox.wait_for_deliveries();
    let got = target.got();
    let find = |line: &str| {
        let found = got.iter().find(|got| got.line.starts_with(line));
        found.unwrap_or_else(|| panic!("no {line} among {got:?}"))
    };
    let (read, repeated) = (find("GET /ok "), find("POST /ok "));
    assert!(read.body.is_empty() && !repeated.body.is_empty());
    let is_signed = |got: &Got| {
        let mut names = got.headers.iter().map(|(name, _)| name);
        names.any(|name| name == "X-Vikunja-Signature")
    };
    assert!(is_signed(read) && is_signed(repeated));
    let statuses: Vec<_> = sandbox.deliveries().iter().map(|one| one.status).collect();
    assert_eq!(statuses, [Some(200), Some(200)]);
}

#[test]
fn private_targets_can_be_refused_from_2_2_on() {
    for (release, told) in [("2.5", false), ("1.0", true)] {
        let text = format!("{release},private-targets=refused,retry-wait=1ms");
        let sandbox = Sandbox::with(&text).expect("a sandbox");
        let (target, alice) = (Target::new(), User::new(&sandbox, "alice"));
        let project = make(&alice, "/projects", &json!({"title": "P"}));
        hook(&alice, project, &target.url("/ok"), &["task.created"]);
        make(
            &alice,
            &format!("/projects/{project}/tasks"),
            &json!({"title": "T"}),
        );
        let attempts = delivered(&sandbox, "/ok");
        assert_eq!(attempts[0].status.is_some(), told, "{release}");
        assert_eq!(target.got().len(), usize::from(told), "{release}");
    }
}

#[test]
fn a_link_acts_as_nobody_anybody_or_itself() {
    for (release, of_update, identifier) in [
        ("0.24", json!(0), json!("#2")),
        ("1.0", Value::Null, json!("")),
        ("2.5", json!(-1), json!("")),
    ] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let (target, alice) = (Target::new(), User::new(&sandbox, "alice"));
        let project = make(&alice, "/projects", &json!({"title": "P"}));
        let tasks = format!("/projects/{project}/tasks");
        let task = make(&alice, &tasks, &json!({"title": "T"}));
        hook(
            &alice,
            project,
            &target.url("/ok"),
            &["task.created", "task.updated"],
        );
        let share = json!({"right": 1, "permission": 1});
        let share = done(
            &alice,
            "PUT",
            &format!("/projects/{project}/shares"),
            &share,
        );
        let hash = share["hash"].as_str().expect("a hash");
        let path = format!("/api/v1/shares/{hash}/auth");
        let answer = crate::http::post(&sandbox, &path, &json!({}));
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        let link = User {
            sandbox: &sandbox,
            authorization: format!("Bearer {token}"),
        };
        done(
            &link,
            "POST",
            &format!("/tasks/{task}"),
            &json!({"title": "by link"}),
        );
        make(&link, &tasks, &json!({"title": "new"}));
        let told = delivered(&sandbox, "/ok");
        let data = |event: &str| {
            let found = told.iter().find(|delivery| delivery.event == event);
            found.expect("what was told").json()["data"].clone()
        };
        let updated = data("task.updated");
        let doer = &updated["doer"];
        assert_eq!(
            doer.get("id").unwrap_or(&Value::Null),
            &of_update,
            "{release}"
        );
        assert_eq!(
            updated["task"]["created"], "0001-01-01T00:00:00Z",
            "{release}"
        );
        assert_eq!(updated["task"]["created_by"], Value::Null, "{release}");
        let created = data("task.created");
        assert_eq!(created["doer"]["id"], -1, "{release}");
        assert_eq!(created["task"]["identifier"], identifier, "{release}");
    }
}

#[test]
fn a_deleted_project_is_told_to_its_own_webhooks() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (target, alice) = (Target::new(), User::new(&sandbox, "alice"));
    let parent = make(&alice, "/projects", &json!({"title": "Parent"}));
    let child = json!({"title": "Child", "parent_project_id": parent});
    let child = make(&alice, "/projects", &child);
    make(
        &alice,
        &format!("/projects/{child}/tasks"),
        &json!({"title": "T"}),
    );
    for (project, path) in [(parent, "/parent"), (child, "/child")] {
        hook(
            &alice,
            project,
            &target.url(path),
            &["project.deleted", "task.deleted"],
        );
    }
    done(
        &alice,
        "DELETE",
        &format!("/projects/{child}"),
        &Value::Null,
    );
    let told = delivered(&sandbox, "/child");
    assert_eq!(told.len(), 1, "not its tasks");
    assert_eq!(told[0].event, "project.deleted");
    assert!(delivered(&sandbox, "/parent").is_empty());
    let gone = ask(
        &alice,
        "GET",
        &format!("/projects/{child}/webhooks"),
        &Value::Null,
    );
    assert_eq!(gone.status, 404);
}

#[test]
fn what_a_webhook_is_decides_who_may_change_it_from_2_x_on() {
    for (release, by_path) in [("1.0", 200), ("2.5", 403)] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
        let hers = make(&alice, "/projects", &json!({"title": "A"}));
        let his = make(&bob, "/projects", &json!({"title": "B"}));
        let webhook = hook(&alice, hers, "http://127.0.0.1:9/", &["task.created"]);
        let wanted = json!({"target_url": "http://127.0.0.1:9/", "events": ["task.deleted"]});
        // Through his own project.
        let path = format!("/projects/{his}/webhooks/{webhook}");
        assert_eq!(
            ask(&bob, "POST", &path, &wanted).status,
            by_path,
            "{release}"
        );
        let stored = done(
            &alice,
            "GET",
            &format!("/projects/{hers}/webhooks"),
            &Value::Null,
        );
        let expected = if by_path == 200 {
            "task.deleted"
        } else {
            "task.created"
        };
        assert_eq!(stored[0]["events"][0], expected, "{release}");
        assert_eq!(
            ask(&bob, "DELETE", &path, &Value::Null).status,
            by_path,
            "{release}"
        );
    }
}

#[test]
fn user_webhooks_are_looked_at_later_and_belong_to_one() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    let all = "/user/settings/webhooks";
    let wanted = json!({"target_url": "http://127.0.0.1:9/", "events": ["task.overdue"]});
    let one = format!("{all}/{}", id(&done(&alice, "PUT", all, &wanted)));
    let empty = ask(&alice, "PUT", all, &json!({}));
    assert_eq!(empty.json()["invalid_fields"], json!(["target_url"]));
    // Names are not checked for scope any more.
    let of_projects = json!({"target_url": "", "events": ["task.created"]});
    assert_eq!(done(&alice, "POST", &one, &of_projects)["user_id"], 1);
    assert_eq!(
        ask(&alice, "POST", &one, &json!({"events": ["task.sung"]})).status,
        412
    );
    for method in ["POST", "DELETE"] {
        assert_eq!(ask(&bob, method, &one, &wanted).status, 404, "{method}");
    }
    assert_eq!(done(&bob, "GET", all, &Value::Null), json!([]));
}
