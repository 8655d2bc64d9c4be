//! Deliveries of webhooks, for the tests of who receives them: made up ([`Sample`]), or recorded ([`Recorded`]).
//!
//! ```
//! use vikunja_sdk::{model::EventName, testing::webhook::Sample, webhook::Verifier};
//!
//! let mut sample = Sample::new(EventName::TaskCreated);
//! sample.data["task"]["title"] = "Buy flour".into();
//! let request = sample.request(Some("secret")); // to your service
//!
//! let verifier = Verifier::new(["secret".into()])?;
//! let signature = request.headers().get("x-vikunja-signature").map(|value| value.as_bytes());
//! let delivery = verifier.receive(request.body().clone(), signature)?;
//! assert_eq!(delivery.event.task().unwrap().title, "Buy flour");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{collections::BTreeMap, fmt::Write};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, HeaderValue, Request, header};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    model::{EventName, Timestamp},
    webhook::SIGNATURE,
};

/// The signature of a body: the value of `X-Vikunja-Signature`.
pub fn signature(secret: &str, body: &[u8]) -> String {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        unreachable!("any key will do");
    };
    let bytes = mac.chain_update(body).finalize().into_bytes();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A delivery that no server sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// Name of the event.
    pub event: EventName,
    /// Its time.
    pub time: Timestamp,
    /// What it carries.
    pub data: Value,
}

impl Sample {
    /// An event of this name, of now, that carries what 2.5.0 sends with it, shortened: Alice (1) changes task 7 in project
    /// 3, Bob (2) is whom it concerns. Of a name that this version does not know it carries nothing.
    pub fn new(event: EventName) -> Self {
        Self {
            data: data(&event),
            time: Timestamp::now(),
            event,
        }
    }

    /// The body, as a server writes it.
    pub fn body(&self) -> Bytes {
        let body = json!({"event_name": self.event, "time": self.time, "data": self.data});
        // Servers write `<`, `>` and `&` so, too.
        let escaped = ['<', '>', '&'].iter().fold(body.to_string(), |body, sign| {
            body.replace(*sign, &format!("\\u{:04x}", u32::from(*sign)))
        });
        Bytes::from(escaped)
    }

    /// A request that delivers it, signed where there is a secret.
    pub fn request(&self, secret: Option<&str>) -> Request<Bytes> {
        let body = self.body();
        let signature = secret.map(|secret| signature(secret, &body));
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        let headers = request.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        let agent = HeaderValue::from_static("Vikunja/v2.5.0");
        headers.insert(header::USER_AGENT, agent);
        if let Some(Ok(signature)) = signature.map(HeaderValue::try_from) {
            headers.insert(SIGNATURE, signature);
        }
        request
    }
}

/// A delivery that a server sent, and somebody wrote down.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Recorded {
    /// Name of its event.
    pub event: EventName,
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body, byte for byte.
    pub body: String,
    /// What it was signed with.
    #[serde(default)]
    pub secret: Option<String>,
}

impl Recorded {
    /// Reads recordings: one a line, a JSON object with the keys `event`, `headers`, `body` (a text, exact) and `secret`.
    pub fn read(lines: &str) -> serde_json::Result<Vec<Self>> {
        lines.lines().map(serde_json::from_str).collect()
    }

    /// The request that it was, to `/`.
    pub fn request(&self) -> Request<Bytes> {
        let mut request = Request::new(Bytes::copy_from_slice(self.body.as_bytes()));
        *request.method_mut() = http::Method::POST;
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                request.headers_mut().insert(name, value);
            }
        }
        request
    }
}

const TIME: &str = "2030-01-01T00:00:00Z";
const UNSET: &str = "0001-01-01T00:00:00Z";

fn user(id: i64, name: &str) -> Value {
    json!({"created": TIME, "id": id, "name": "", "updated": TIME, "username": name})
}

fn project() -> Value {
    json!({
        "created": TIME, "description": "", "hex_color": "", "id": 3, "identifier": "", "is_archived": false,
        "is_favorite": false, "owner": user(1, "alice"), "parent_project_id": 0, "position": 196_608,
        "title": "Kitchen", "updated": TIME, "views": null,
    })
}

fn task() -> Value {
    json!({
        "assignees": [user(2, "bob")], "attachments": null, "bucket_id": 0, "cover_image_attachment_id": 0,
        "created": TIME, "created_by": user(1, "alice"), "description": "", "done": false, "done_at": UNSET,
        "due_date": UNSET, "end_date": UNSET, "hex_color": "", "id": 7, "identifier": "#1", "index": 1,
        "is_favorite": false, "labels": null, "percent_done": 0, "position": 0, "priority": 0, "project_id": 3,
        "reactions": null, "related_tasks": {}, "reminders": null, "repeat_after": 0, "repeat_mode": 0,
        "start_date": UNSET, "title": "Buy milk", "updated": TIME,
    })
}

/// What an event carries.
fn data(event: &EventName) -> Value {
    use EventName as Name;
    let comment = |author| {
        json!({
            "author": author, "comment": "<p>Which one?</p>", "created": TIME, "id": 11, "reactions": null,
            "updated": TIME,
        })
    };
    let of_task = |key: &str, value: Value| {
        let mut data = json!({"doer": user(1, "alice"), "project": project(), "task": task()});
        if !key.is_empty() {
            data[key] = value;
        }
        data
    };
    match event {
        Name::TaskCreated | Name::TaskUpdated | Name::TaskDeleted => of_task("", Value::Null),
        Name::TaskAssigneeCreated | Name::TaskAssigneeDeleted => {
            of_task("assignee", user(2, "bob"))
        }
        Name::TaskCommentCreated | Name::TaskCommentDeleted => {
            of_task("comment", comment(user(1, "alice")))
        }
        Name::TaskCommentEdited => of_task("comment", comment(Value::Null)),
        Name::TaskAttachmentCreated | Name::TaskAttachmentDeleted => of_task(
            "attachment",
            json!({
                "created": TIME, "created_by": user(1, "alice"), "id": 13, "task_id": 7,
                "file": {"created": TIME, "id": 17, "mime": "text/plain", "name": "list.txt", "size": 5},
            }),
        ),
        Name::TaskRelationCreated | Name::TaskRelationDeleted => of_task(
            "relation",
            json!({
                "created": TIME, "created_by": user(1, "alice"), "other_task_id": 8,
                "relation_kind": "related", "task_id": 7,
            }),
        ),
        Name::ProjectUpdated | Name::ProjectDeleted => {
            json!({"doer": user(1, "alice"), "project": project()})
        }
        Name::ProjectSharedUser => {
            json!({"doer": user(1, "alice"), "project": project(), "user": user(2, "bob")})
        }
        Name::ProjectSharedTeam => json!({
            "doer": user(1, "alice"), "project": project(),
            "team": {
                "created": TIME, "created_by": user(1, "alice"), "description": "", "external_id": "", "id": 5,
                "is_public": false, "members": [user(2, "bob")], "name": "Cooks", "updated": TIME,
            },
        }),
        Name::TaskReminderFired => json!({
            "project": project(), "task": task(), "user": user(2, "bob"),
            "reminder": {"relative_period": 0, "relative_to": "", "reminder": TIME},
        }),
        Name::TaskOverdue => {
            json!({"project": project(), "task": task(), "user": user(2, "bob")})
        }
        Name::TasksOverdue => {
            json!({"projects": {"3": project()}, "tasks": [task()], "user": user(2, "bob")})
        }
        Name::Other(_) => json!({}),
    }
}
