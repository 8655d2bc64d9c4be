//! Recorded exchanges of real servers, played against the sandbox from top to bottom.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vikunja_sandbox::{Config, Sandbox};

use crate::http::{Answer, send};

/// Headers whose presence is compared; the recorder kept these.
const HEADERS: [&str; 8] = [
    "content-type",
    "x-pagination-total-pages",
    "x-pagination-result-count",
    "x-max-right",
    "x-max-permission",
    "allow",
    "link",
    "set-cookie",
];

/// Headers whose name alone is compared.
const NAMED: [&str; 5] = [
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "etag",
];

/// Differences that are known and accepted: operation (empty: any), case (empty: any), part of the difference, reason.
const EXCUSED: &[(&str, &str, &str, &str)] = &[
    ("", "", ".labels", "labels are not there yet"),
    ("", "", ".related_tasks", "relations are not there yet"),
    ("", "", ".attachments", "attachments are not there yet"),
    ("", "", ".reactions", "reactions are not there yet"),
    ("", "", ".subscription", "subscriptions are not there yet"),
    (
        "tasks.read_one",
        "success_expand_comments",
        "comment",
        "comments are not there yet",
    ),
    (
        "tasks.read_one",
        "success_done_by_bucket",
        "",
        "boards and bulk updates are not there yet",
    ),
    (
        "tasks.read_one",
        "success_with_inverse_relation",
        ".priority",
        "JSON Patch is not there yet",
    ),
    (
        "tasks.read_all_of_project",
        "success_subtasks_expanded",
        "",
        "relations are not there yet",
    ),
    (
        "projects.create",
        "success_for_buckets",
        ".views[",
        "views made before are not there yet, which shifts ids",
    ),
    (
        "projects.read_one",
        "success_subscribed",
        ".views",
        "views cannot be made yet",
    ),
    (
        "projects.read_all",
        "success_with_filter",
        "",
        "saved filters cannot be made yet",
    ),
    ("", "success_pseudo", "", "saved filters cannot be made yet"),
    (
        "projects.read_one",
        "success_through_team",
        "",
        "teams are not there yet",
    ),
    (
        "auth.login",
        "totp_missing",
        "",
        "TOTP cannot be enrolled yet",
    ),
    (
        "auth.login",
        "totp_wrong",
        "",
        "TOTP cannot be enrolled yet",
    ),
    (
        "auth.login",
        "old_password",
        "",
        "passwords cannot be changed yet",
    ),
    (
        "",
        "wrong_type",
        "offset=",
        "the recorder wrote its JSON with blanks, which moves Go's offset",
    ),
    (
        "tasks.read_one",
        "success_html",
        "",
        "rich text as Markdown is not there yet",
    ),
    (
        "tasks.read_one",
        "success_subscribed",
        ".description",
        "rich text as Markdown is not there yet",
    ),
    (
        "tasks.read_one",
        "success_subscribed",
        ".due_date",
        "rich text as Markdown is not there yet",
    ),
    (
        "tasks.read_one",
        "success_subscribed",
        ".priority",
        "rich text as Markdown is not there yet",
    ),
    (
        "tasks.read_one",
        "success_subscription_inherited",
        ".description",
        "rich text as Markdown is not there yet",
    ),
    (
        "tasks.read_one",
        "success_subscription_inherited",
        ".due_date",
        "rich text as Markdown is not there yet",
    ),
    (
        "tasks.read_one",
        "success_subscription_inherited",
        ".priority",
        "rich text as Markdown is not there yet",
    ),
    (
        "tasks.update",
        "bad_date",
        ".message",
        "Go's many texts about times are not imitated",
    ),
];

struct Tally {
    replayed: usize,
    agreed: usize,
    skipped: BTreeMap<String, usize>,
    excused: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
}

#[test]
fn release_0_24() {
    check("0.24", "0.24.1", "v1", 210);
}

#[test]
fn release_2_5_v1() {
    check("2.5", "2.5.0", "v1", 229);
}

#[test]
fn release_2_5_v2() {
    check("2.5", "2.5.0", "v2", 241);
}

fn check(release: &str, file: &str, api: &str, floor: usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/wire/{file}.jsonl"));
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    // The recording's main server, and two with other settings.
    let short_lived = Config {
        token_life: Some(Duration::from_secs(1)),
        ..release.parse().expect("a release")
    };
    let servers = [
        (Value::Null, Sandbox::with(release).expect("a sandbox")),
        (
            json!("short-lived-tokens"),
            Sandbox::start(short_lived).expect("a sandbox"),
        ),
        (
            json!("rate-limited"),
            Sandbox::with(&format!("{release},limit=5,login-limit=5")).expect("a sandbox"),
        ),
    ];
    let mut players = servers
        .each_ref()
        .map(|(name, sandbox)| (name, Player::new(sandbox)));
    let mut tally = Tally {
        replayed: 0,
        agreed: 0,
        skipped: BTreeMap::new(),
        excused: BTreeMap::new(),
        differences: Vec::new(),
    };
    for (number, line) in (1..).zip(lines).filter(|(_, line)| line["api"] == api) {
        let (_, player) = players
            .iter_mut()
            .find(|(name, _)| **name == line["server"])
            .expect("a known server");
        player.play(number, &line, &mut tally);
    }
    let skipped: usize = tally.skipped.values().sum();
    let excused: usize = tally.excused.values().sum();
    println!(
        "{release} {api}: replayed {} agreed {} excused {excused} skipped {skipped}",
        tally.replayed, tally.agreed
    );
    for (reason, count) in &tally.excused {
        println!("  excused {count}: {reason}");
    }
    let differences = &tally.differences;
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(
        tally.agreed >= floor,
        "only {} agreed, of {floor} that did",
        tally.agreed
    );
}

/// Plays lines, with the sandbox's own tokens and cookies in place of the recorded ones.
struct Player<'a> {
    sandbox: &'a Sandbox,
    tokens: BTreeMap<String, String>,
    cookies: BTreeMap<String, String>,
    used_cookie: String,
    /// The sandbox's tags by the recorded ones.
    etags: BTreeMap<String, String>,
    logged_in: Instant,
}

impl<'a> Player<'a> {
    fn new(sandbox: &'a Sandbox) -> Self {
        let mut tokens = BTreeMap::from([("bad".to_owned(), "no-token-at-all".to_owned())]);
        tokens.insert("noapi".to_owned(), format!("tk_{}", "0".repeat(40)));
        Self {
            sandbox,
            tokens,
            cookies: BTreeMap::new(),
            used_cookie: String::new(),
            etags: BTreeMap::new(),
            logged_in: Instant::now(),
        }
    }

    fn play(&mut self, number: usize, line: &Value, tally: &mut Tally) {
        let (request, recorded) = (&line["request"], &line["response"]);
        let operation = text(&line["op"]);
        let skip =
            |tally: &mut Tally, why: &str| *tally.skipped.entry(why.to_owned()).or_default() += 1;
        let token = match request["as"].as_str() {
            None => None,
            Some(who) => match self.tokens.get(who) {
                Some(token) => Some(token.clone()),
                None => return skip(tally, &format!("as {who}")),
            },
        };
        if !request["multipart"].is_null() {
            return skip(tally, operation);
        }
        if text(&line["case"]) == "expired_token" {
            // Seconds are rounded: a token of one second is dead after two.
            thread::sleep(Duration::from_secs(2).saturating_sub(self.logged_in.elapsed()));
        }
        let (mut answer, body) = self.send(line, token.as_deref());
        for _ in 0..10 {
            // Calls that only use up the limit were not recorded.
            if text(&line["case"]) == "rate_limited" && answer.status != 429 {
                (answer, _) = self.send(line, token.as_deref());
            }
        }
        if answer.status == 501 {
            self.stand_in(operation, line, token.as_deref());
            return skip(tally, operation);
        }
        if let (Some(was), Some(is)) = (recorded["headers"]["etag"].as_str(), answer.header("etag"))
        {
            self.etags.insert(was.to_owned(), is.to_owned());
        }
        self.learn(operation, text(&line["case"]), body.as_deref(), &answer);
        tally.replayed += 1;
        let differences = compare(recorded, &answer);
        if differences.is_empty() {
            tally.agreed += 1;
            return;
        }
        let case = text(&line["case"]);
        let excuse = |difference: &String| {
            EXCUSED.iter().find(|(op, of, part, _)| {
                (op.is_empty() || *op == operation)
                    && (of.is_empty() || *of == case)
                    && difference.contains(part)
            })
        };
        match differences.iter().map(excuse).collect::<Option<Vec<_>>>() {
            Some(excuses) => *tally.excused.entry(excuses[0].3).or_default() += 1,
            None => tally.differences.push(format!(
                "#{number} {operation} {case}: {} {} {}\n    {}",
                text(&request["method"]),
                text(&request["path"]),
                body.map(|body| body.chars().take(200).collect::<String>())
                    .unwrap_or_default(),
                differences.join("\n    ")
            )),
        }
    }

    fn send(&self, line: &Value, token: Option<&str>) -> (Answer, Option<String>) {
        let request = &line["request"];
        let mut headers: Vec<(&str, String)> = Vec::new();
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            let value = match name.as_str() {
                "authorization" if token.is_some() => {
                    format!("Bearer {}", token.unwrap_or_default())
                }
                "cookie" if text(value).contains("<refresh>") => {
                    text(value).replace("<refresh>", self.cookie(line))
                }
                "if-none-match" => self
                    .etags
                    .get(text(value))
                    .map_or(text(value), String::as_str)
                    .to_owned(),
                _ => text(value).to_owned(),
            };
            headers.push((name, value));
        }
        if token.is_some() && !headers.iter().any(|(name, _)| *name == "authorization") {
            headers.push((
                "authorization",
                format!("Bearer {}", token.unwrap_or_default()),
            ));
        }
        if let Some(content_type) = request["content_type"].as_str() {
            headers.push(("content-type", content_type.to_owned()));
        }
        let body = match (request["raw"].as_str(), &request["body"]) {
            (Some(raw), _) => Some(raw.to_owned()),
            (None, Value::Null) => None,
            (None, body) => Some(body.to_string()),
        };
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let (method, path) = (text(&request["method"]), text(&request["path"]));
        let answer = send(self.sandbox, method, path, &headers, body.as_deref());
        (
            answer.unwrap_or_else(|error| panic!("{method} {path}: {error}")),
            body,
        )
    }

    fn cookie(&self, line: &Value) -> &str {
        match text(&line["case"]) {
            "replayed_cookie" => &self.used_cookie,
            "success_after_expiry" => self.cookies.get("short").map_or("", String::as_str),
            "after_logout" => self.cookies.get("carol").map_or("", String::as_str),
            _ => self.cookies.get("alice").map_or("", String::as_str),
        }
    }

    /// Keeps tokens and cookies for later lines.
    fn learn(&mut self, operation: &str, case: &str, body: Option<&str>, answer: &Answer) {
        if answer.status != 200 {
            return;
        }
        let sent: Value = body
            .and_then(|body| serde_json::from_str(body).ok())
            .unwrap_or_default();
        let who = match operation {
            "auth.login" => text(&sent["username"])
                .split('@')
                .next()
                .unwrap_or_default()
                .to_owned(),
            "auth.refresh" if case == "success_after_expiry" => "short".to_owned(),
            "auth.refresh" => "alice".to_owned(),
            _ => return,
        };
        self.logged_in = Instant::now();
        let token = text(&answer.json()["token"]).to_owned();
        if who == "alice" {
            let (signed, signature) = token.rsplit_once('.').expect("a token of three parts");
            let broken: String = signature.chars().rev().collect();
            self.tokens
                .insert("forged".to_owned(), format!("{signed}.{broken}"));
        }
        self.tokens.insert(who.clone(), token);
        if !matches!(
            case,
            "success" | "success_again" | "success_totp" | "success_short_lived"
        ) {
            return;
        }
        if let Some(cookie) = answer
            .header("set-cookie")
            .and_then(|cookie| cookie.split(['=', ';']).nth(1))
        {
            let old = self.cookies.insert(who, cookie.to_owned());
            if operation == "auth.refresh" {
                self.used_cookie = old.unwrap_or_default();
            }
        }
    }

    /// Makes what a missing operation would have made, so that later ids agree.
    fn stand_in(&self, operation: &str, line: &Value, token: Option<&str>) {
        let Ok(made) =
            serde_json::from_str::<Value>(line["response"]["body"].as_str().unwrap_or_default())
        else {
            return;
        };
        let v1 = line["api"] == "v1";
        let (method, prefix) = if v1 {
            ("PUT", "/api/v1")
        } else {
            ("POST", "/api/v2")
        };
        let project = &made["duplicated_project"];
        let tasks = match operation {
            "tasks.create_bulk" => made["tasks"].as_array().cloned().unwrap_or_default(),
            "tasks.duplicate" => vec![made["duplicated_task"].clone()],
            _ => Vec::new(),
        };
        let mut wanted: Vec<(String, Value)> = tasks
            .iter()
            .filter(|task| task.is_object())
            .map(|task| {
                (
                    format!("{prefix}/projects/{}/tasks", task["project_id"]),
                    json!({"title": task["title"], "priority": task["priority"]}),
                )
            })
            .collect();
        if project.is_object() {
            wanted.push((
                format!("{prefix}/projects"),
                json!({"title": project["title"]}),
            ));
        }
        for (path, body) in wanted {
            let authorization = format!("Bearer {}", token.unwrap_or_default());
            let headers = [
                ("authorization", authorization.as_str()),
                ("content-type", "application/json"),
            ];
            let answer = send(
                self.sandbox,
                method,
                &path,
                &headers,
                Some(&body.to_string()),
            )
            .expect("an answer");
            assert_eq!(answer.status, 201, "{path} {}", answer.body);
        }
    }
}

fn compare(recorded: &Value, answer: &Answer) -> Vec<String> {
    let mut differences = Vec::new();
    if recorded["status"] != answer.status {
        let bodies = format!("{}\n      {}", short(&recorded["body"]), answer.body.trim());
        return vec![format!(
            "status {} became {}: {bodies}",
            recorded["status"], answer.status
        )];
    }
    for name in HEADERS.iter().chain(&NAMED) {
        let (was, is) = (recorded["headers"][name].as_str(), answer.header(name));
        let same = if NAMED.contains(name) || *name == "set-cookie" {
            was.is_some() == is.is_some()
        } else {
            was == is
        };
        if !same {
            differences.push(format!("header {name}: {was:?} became {is:?}"));
        }
    }
    if let (Some(was), Some(is)) = (
        recorded["headers"]["set-cookie"].as_str(),
        answer.header("set-cookie"),
    ) {
        let attributes = |cookie: &str| cookie.split_once(';').map(|(_, rest)| rest.to_owned());
        if attributes(was) != attributes(is) {
            differences.push(format!("header set-cookie: {was} became {is}"));
        }
    }
    let was = recorded["body"].as_str().unwrap_or_default();
    match (
        serde_json::from_str::<Value>(was),
        serde_json::from_str::<Value>(&answer.body),
    ) {
        (Ok(was), Ok(is)) => compare_values("", &was, &is, &mut differences),
        _ if was.trim() == answer.body.trim() => {}
        _ => differences.push(format!("body {was} became {}", answer.body)),
    }
    differences
}

fn compare_values(path: &str, was: &Value, is: &Value, differences: &mut Vec<String>) {
    match (was, is) {
        (Value::Object(was), Value::Object(is)) => {
            let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
            for name in names {
                match (was.get(name), is.get(name)) {
                    (Some(was), Some(is)) => {
                        compare_values(&format!("{path}.{name}"), was, is, differences);
                    }
                    (was, is) => {
                        differences.push(format!("key {path}.{name}: {was:?} became {is:?}"));
                    }
                }
            }
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            for (place, (was, is)) in was.iter().zip(is).enumerate() {
                compare_values(&format!("{path}[{place}]"), was, is, differences);
            }
        }
        (Value::Number(was), Value::Number(is)) if was.as_f64() == is.as_f64() => {}
        (Value::String(was), Value::String(is)) if same_text(path, was, is) => {}
        (was, is) if was == is => {}
        (was, is) => differences.push(format!("{path}: {} became {}", short(was), short(is))),
    }
}

/// Texts that cannot agree to the letter: times of the recording, tokens, the server's address.
fn same_text(path: &str, was: &str, is: &str) -> bool {
    const RECORDED_ON: &str = "2026-11-2";
    if was.starts_with(RECORDED_ON) {
        // Of the same precision, and set.
        return was.contains('.') == is.contains('.')
            && is.ends_with('Z')
            && !is.starts_with("0001-");
    }
    let own_address = |text: &str| {
        let start = text.find("http://127.0.0.1:")?;
        let rest = &text[start + "http://127.0.0.1:".len()..];
        Some(
            rest.trim_start_matches(|digit: char| digit.is_ascii_digit())
                .to_owned(),
        )
    };
    match path {
        ".token" => was == "<jwt>" && is.starts_with("ey"),
        ".$schema" | ".frontend_url" if own_address(was).is_some() => {
            own_address(was) == own_address(is)
        }
        _ => was == is,
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(300).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
