//! Plays recorded requests, with the sandbox's own tokens and cookies in place of the recorded ones.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use super::compare::compare;
use super::notifications::Ids;
use super::rules::excuse;
use super::text;
use crate::http::{Answer, send, send_to};

/// What came of one line.
pub(crate) enum Played {
    /// It could not be sent, or the sandbox says that it lacks this.
    Skipped(String),
    Agreed,
    /// It differs as these rules allow.
    Excused(Vec<&'static str>),
    /// It differs: how, in words.
    Differs(String),
}

/// Plays lines in order and remembers what later lines need.
pub(crate) struct Player<'a> {
    sandbox: &'a Sandbox,
    tokens: BTreeMap<String, String>,
    cookies: BTreeMap<String, String>,
    used_cookie: String,
    /// The sandbox's own values by the recorded ones: tags of versions, hashes of links, ids of sessions.
    own: BTreeMap<String, String>,
    notifications: Ids,
    /// How many passcodes were sent.
    passcodes: Cell<u64>,
    logged_in: Instant,
}

/// A body as it goes over the wire, with its content type.
struct Sent {
    content_type: Option<String>,
    bytes: Vec<u8>,
}

impl<'a> Player<'a> {
    pub(crate) fn new(sandbox: &'a Sandbox) -> Self {
        let mut tokens = BTreeMap::from([("bad".to_owned(), "no-token-at-all".to_owned())]);
        tokens.insert("noapi".to_owned(), format!("tk_{}", "0".repeat(40)));
        Self {
            sandbox,
            tokens,
            cookies: BTreeMap::new(),
            used_cookie: String::new(),
            own: BTreeMap::new(),
            notifications: Ids::default(),
            passcodes: Cell::new(0),
            logged_in: Instant::now(),
        }
    }

    /// Sends a line and says what was answered; nothing is learnt from it.
    pub(crate) fn send_line(&self, line: &Value) -> io::Result<Answer> {
        let token = line["request"]["as"]
            .as_str()
            .and_then(|who| self.tokens.get(who));
        self.send(
            line,
            token.map(String::as_str),
            &self.body(&line["request"]),
        )
    }

    pub(crate) fn play(&mut self, number: usize, line: &Value) -> Played {
        let (request, recorded) = (&line["request"], &line["response"]);
        let (operation, case) = (text(&line["op"]), text(&line["case"]));
        let token = match request["as"].as_str() {
            None => None,
            Some(who) => match self.tokens.get(who) {
                Some(token) => Some(token.clone()),
                None => return Played::Skipped(format!("as {who}")),
            },
        };
        if case == "expired_token" {
            // Seconds are rounded: a token of one second is dead after two.
            thread::sleep(Duration::from_secs(2).saturating_sub(self.logged_in.elapsed()));
        }
        let sent = self.body(request);
        let ask = || {
            self.send(line, token.as_deref(), &sent)
                .unwrap_or_else(|error| panic!("#{number} {operation} {case}: {error}"))
        };
        let mut answer = ask();
        for _ in 0..10 {
            // Calls that only use up the limit were not recorded.
            if case == "rate_limited" && answer.status != 429 {
                answer = ask();
            }
        }
        if answer.status == 501 {
            self.stand_in(operation, line, token.as_deref());
            return Played::Skipped(operation.to_owned());
        }
        if operation == "notifications.read_all" {
            answer = self.notifications.align(recorded, answer);
        }
        if operation == "notifications.atom_feed" {
            answer = Ids::align_feed(recorded, answer);
        }
        self.learn(line, &answer);
        let differences = compare(recorded, &answer, &self.own);
        if differences.is_empty() {
            return Played::Agreed;
        }
        let excuses = differences
            .iter()
            .map(|difference| excuse(line, difference))
            .collect::<Option<BTreeSet<_>>>();
        match excuses {
            Some(rules) => Played::Excused(rules.into_iter().collect()),
            None => {
                let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
                Played::Differs(format!(
                    "#{number} {operation} {case}: {} {} {}\n    {}",
                    text(&request["method"]),
                    text(&request["path"]),
                    String::from_utf8_lossy(&sent.bytes[..sent.bytes.len().min(200)]),
                    told.join("\n    ")
                ))
            }
        }
    }

    fn body(&self, request: &Value) -> Sent {
        if let Some(parts) = request["multipart"].as_array() {
            return form(parts);
        }
        let text = match (request["raw"].as_str(), &request["body"]) {
            (Some(raw), _) => raw.to_owned(),
            (None, Value::Null) => String::new(),
            (None, body) => body.to_string(),
        };
        let text = self.with_passcode(text);
        Sent {
            content_type: request["content_type"].as_str().map(ToOwned::to_owned),
            bytes: self.with_own_values(&text).into_bytes(),
        }
    }

    fn send(&self, line: &Value, token: Option<&str>, sent: &Sent) -> io::Result<Answer> {
        let request = &line["request"];
        // Sessions tell it.
        let mut headers = vec![("user-agent", "record-wire".to_owned())];
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            let value = match name.as_str() {
                "authorization" if token.is_some() => continue,
                "cookie" => text(value).replace("<refresh>", self.cookie(line)),
                _ => in_base64(&self.with_own_values(text(value))),
            };
            headers.push((name, value));
        }
        headers.extend(token.map(|token| ("authorization", format!("Bearer {token}"))));
        headers.extend(
            sent.content_type
                .as_ref()
                .map(|content_type| ("content-type", content_type.clone())),
        );
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let (method, path) = (
            text(&request["method"]),
            self.notifications
                .own_path(self.with_own_values(text(&request["path"]))),
        );
        send_to(self.sandbox.address(), method, &path, &headers, &sent.bytes)
    }

    /// A recorded text with the sandbox's own values in place of the recorded ones.
    fn with_own_values(&self, text: &str) -> String {
        self.own
            .iter()
            .fold(text.to_owned(), |text, (was, is)| text.replace(was, is))
    }

    /// A text with a passcode that counts, each time another one: from 2.2.1 on, none counts twice.
    fn with_passcode(&self, text: String) -> String {
        let secret = self.own.get("<totp>");
        let Some(secret) = secret.filter(|_| text.contains("<totp-code>")) else {
            return text;
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let step = now.expect("a time after 1970").as_secs() / 30;
        // The next one counts already.
        let code = passcode(secret, step + self.passcodes.get());
        self.passcodes.set(self.passcodes.get() + 1);
        text.replace("<totp-code>", &code)
    }

    fn cookie(&self, line: &Value) -> &str {
        match text(&line["case"]) {
            "replayed_cookie" => &self.used_cookie,
            "success_after_expiry" => self.cookies.get("short").map_or("", String::as_str),
            "after_logout" => self.cookies.get("carol").map_or("", String::as_str),
            _ => self.cookies.get("alice").map_or("", String::as_str),
        }
    }

    /// Keeps what later lines need.
    fn learn(&mut self, line: &Value, answer: &Answer) {
        let recorded = &line["response"];
        if let (Some(was), Some(is)) = (recorded["headers"]["etag"].as_str(), answer.header("etag"))
        {
            self.own.insert(was.to_owned(), is.to_owned());
        }
        if answer.status >= 300 {
            return;
        }
        if let (Ok(was), Ok(is)) = (
            serde_json::from_str::<Value>(text(&recorded["body"])),
            serde_json::from_str::<Value>(&answer.body),
        ) {
            self.learn_values(&was, &is);
        }
        self.learn_token(line, answer);
    }

    /// Hashes, ids and secrets that are drawn at random.
    fn learn_values(&mut self, was: &Value, is: &Value) {
        match (was, is) {
            (Value::Object(was), Value::Object(is)) => {
                for (name, was) in was {
                    let Some(is) = is.get(name) else { continue };
                    match (name.as_str(), was.as_str(), is.as_str()) {
                        ("hash" | "id", Some(was), Some(is)) if was.len() >= 32 => {
                            self.own.insert(was.to_owned(), is.to_owned());
                        }
                        (_, Some(was), Some(is)) if is_secret(was, is) => {
                            self.own.insert(was.to_owned(), is.to_owned());
                        }
                        _ => self.learn_values(was, is),
                    }
                }
            }
            (Value::Array(was), Value::Array(is)) => {
                for (was, is) in was.iter().zip(is) {
                    self.learn_values(was, is);
                }
            }
            _ => {}
        }
    }

    fn learn_token(&mut self, line: &Value, answer: &Answer) {
        let (operation, case) = (text(&line["op"]), text(&line["case"]));
        let who = match operation {
            "auth.login" => text(&line["request"]["body"]["username"])
                .split('@')
                .next()
                .unwrap_or_default()
                .to_owned(),
            "auth.refresh" if case == "success_after_expiry" => "short".to_owned(),
            "auth.refresh" => "alice".to_owned(),
            "auth.link_share_login" if case == "success" => "share".to_owned(),
            "api_tokens.create" if case == "success" => "token".to_owned(),
            "api_tokens.create" if case == "success_already_expired" => "stale".to_owned(),
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
        let tasks = match operation {
            "tasks.create_bulk" => made["tasks"].as_array().cloned().unwrap_or_default(),
            "tasks.duplicate" => vec![made["duplicated_task"].clone()],
            _ => Vec::new(),
        };
        let wanted: Vec<(String, Value)> = tasks
            .iter()
            .filter(|task| task.is_object())
            .map(|task| {
                (
                    format!("{prefix}/projects/{}/tasks", task["project_id"]),
                    json!({"title": task["title"], "priority": task["priority"]}),
                )
            })
            .collect();
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

const BOUNDARY: &str = "-----------------------------recorded";

/// A form with files.
fn form(parts: &[Value]) -> Sent {
    let mut bytes = Vec::new();
    for part in parts {
        let file_name = part["filename"]
            .as_str()
            .map_or_else(String::new, |name| format!("; filename=\"{name}\""));
        let content_type = part["content_type"]
            .as_str()
            .map_or_else(String::new, |name| format!("content-type: {name}\r\n"));
        bytes.extend(
            format!(
                "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{}\"{file_name}\r\n{content_type}\r\n",
                text(&part["field"])
            )
            .into_bytes(),
        );
        match part["base64"].as_str() {
            Some(encoded) => bytes.extend(BASE64_STANDARD.decode(encoded).expect("base64")),
            None => bytes.extend(text(&part["text"]).bytes()),
        }
        bytes.extend(b"\r\n");
    }
    bytes.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    Sent {
        content_type: Some(format!("multipart/form-data; boundary={BOUNDARY}")),
        bytes,
    }
}

/// Whether that is a secret of the kind that the recording hides behind this name.
fn is_secret(name: &str, text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_text = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match name {
        "<jwt>" => text.starts_with("ey") && text.split('.').count() == 3,
        "<tk>" => text
            .strip_prefix("tk_")
            .is_some_and(|text| text.len() == 40 && is_hex(text)),
        "<refresh>" => text.len() == 256 && is_hex(text),
        "<caldav>" | "<code>" => text.len() == 64 && is_text(text),
        "<totp>" => text.len() == 32 && is_text(text),
        _ => false,
    }
}

/// A header value with what it says is «base64 of» something.
fn in_base64(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<base64 of ") else {
        return text.to_owned();
    };
    let (plain, after) = rest.split_once('>').expect("an end");
    format!("{before}{}{after}", BASE64_STANDARD.encode(plain))
}

/// A passcode as RFC 6238 has it.
fn passcode(secret: &str, step: u64) -> String {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: Vec<bool> = secret
        .chars()
        .map(|letter| LETTERS.find(letter).expect("base32"))
        .flat_map(|value| (0..5).rev().map(move |bit| (value >> bit) & 1 == 1))
        .collect();
    let byte = |bits: &[bool]| {
        bits.iter()
            .fold(0, |byte, bit| (byte << 1) | u8::from(*bit))
    };
    let secret: Vec<u8> = bits.chunks_exact(8).map(byte).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let start = usize::from(tag.as_ref()[19] & 0xf);
    let number: [u8; 4] = tag.as_ref()[start..start + 4]
        .try_into()
        .expect("four bytes");
    format!(
        "{:06}",
        (u32::from_be_bytes(number) & 0x7fff_ffff) % 1_000_000
    )
}
