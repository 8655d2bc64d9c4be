//! Having a webhook, and giving it another secret, against a server in memory.

use serde_json::{Value, json};
use vikunja_sdk::{
    Failure, Release,
    model::{EventName, ProjectId, WebhookId},
    ops::{self, Ensured, WebhookChange, WebhookWarning},
    testing::{Fake, FakeError},
    webhooks::{Create, Me, Owner, OwnerKind, Support, support},
};

const TARGET: &str = "https://bot.example.com/vikunja";
const ALL: &str = "/api/v1/projects/3/webhooks";

fn wanted<O>(owner: O, events: &[&str]) -> Create<O> {
    Create {
        owner,
        target_url: TARGET.to_owned(),
        events: events.iter().map(|name| (*name).into()).collect(),
        secret: Some("new".into()),
        basic_auth: None,
    }
}

/// A server of this release with these webhooks, which makes number 9 and changes what it is told to.
fn fake(release: Release, webhooks: &Value) -> Fake {
    let mut fake = Fake::of(release);
    let list = http::Response::builder()
        .header("content-type", "application/json")
        .header("x-pagination-total-pages", "1")
        .body(webhooks.to_string().into());
    fake.answer_with(&format!("GET {ALL}"), list.unwrap());
    let made = json!({"id": 9, "target_url": TARGET, "events": ["task.created"]});
    fake.answer(&format!("PUT {ALL}"), 201, &made);
    fake
}

fn asked(fake: &Fake) -> Vec<String> {
    let text = |request: &http::Request<bytes::Bytes>| {
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        format!("{} {} {body}", request.method(), request.uri().path())
    };
    fake.requests().iter().map(text).collect()
}

async fn ensure(fake: &mut Fake, events: &[&str]) -> Result<Ensured, FakeError> {
    ops::ensure_webhook(fake, &wanted(ProjectId(3), events)).await
}

#[tokio::test]
async fn a_webhook_is_made_once() {
    let mut empty = fake(Release(1, 0, 0), &json!([]));
    let ensured = ensure(&mut empty, &["task.created"]).await.unwrap();
    assert_eq!(ensured.change, WebhookChange::Made);
    assert_eq!(
        (ensured.webhook.id, ensured.warnings),
        (WebhookId(9), vec![])
    );
    let body = json!({"target_url": TARGET, "events": ["task.created"], "secret": "new"});
    assert_eq!(
        asked(&empty),
        [format!("GET {ALL} null"), format!("PUT {ALL} {body}")]
    );

    // The order of the events, and how often they are named, is nothing to anybody.
    let others = json!([
        {"id": 5, "target_url": "https://elsewhere.example.com", "events": ["task.created", "task.updated"]},
        {"id": 6, "target_url": TARGET, "events": ["task.deleted"]},
        {"id": 7, "target_url": TARGET, "events": ["task.updated", "task.created", "task.updated"]},
    ]);
    let mut full = fake(Release(1, 0, 0), &others);
    let ensured = ensure(&mut full, &["task.created", "task.updated"]);
    let ensured = ensured.await.unwrap();
    assert_eq!(ensured.change, WebhookChange::Nothing);
    assert_eq!(ensured.webhook.id, WebhookId(7));
    assert_eq!(
        ensured.warnings,
        [
            WebhookWarning::SecretNotCompared(WebhookId(7)),
            WebhookWarning::SameTarget(vec![WebhookId(6)]),
        ]
    );
    assert_eq!(asked(&full), [format!("GET {ALL} null")]);
}

#[tokio::test]
async fn other_events_are_set() {
    let there = json!([{"id": 7, "target_url": TARGET, "events": ["task.deleted"],
        "created_by": {"id": 1, "username": "alice"}, "project_id": 3}]);
    let mut fake = fake(Release(1, 0, 0), &there);
    let answer =
        json!({"id": 7, "target_url": TARGET, "events": ["task.created"], "created_by": null});
    fake.answer(&format!("POST {ALL}/7"), 200, &answer);
    let ensured = ensure(&mut fake, &["task.created"]).await.unwrap();
    assert_eq!(ensured.change, WebhookChange::EventsSet);
    assert_eq!(ensured.webhook.events, [EventName::TaskCreated]);
    assert!(ensured.webhook.created_by.is_some());
    let body = json!({"target_url": TARGET, "events": ["task.created"]});
    assert_eq!(asked(&fake)[1], format!("POST {ALL}/7 {body}"));
}

#[tokio::test]
async fn what_is_never_sent_is_a_warning() {
    for (release, event) in [
        (Release(0, 24, 1), "project.updated"),
        (Release(0, 24, 1), "task.comment.edited"),
        (Release(2, 3, 0), "task.attachment.created"),
        (Release(2, 3, 0), "tasks.overdue"),
    ] {
        let mut fake = fake(release, &json!([]));
        let ensured = ensure(&mut fake, &["task.created", event]).await.unwrap();
        let event = event.into();
        assert_eq!(
            ensured.warnings,
            [WebhookWarning::NeverSent { event, release }]
        );
    }
}

#[tokio::test]
async fn what_cannot_be_is_an_error_before_anything_is_sent() {
    async fn refusal<O: Owner>(release: Release, create: &Create<O>) -> String {
        let mut fake = Fake::of(release);
        let error = ops::ensure_webhook(&mut fake, create).await.unwrap_err();
        assert!(!error.was_sent() && fake.requests().is_empty());
        error.to_string()
    }
    let created = &["task.created"][..];
    let project = |events| wanted(ProjectId(3), events);
    let old = refusal(Release(0, 20, 4), &project(created)).await;
    assert!(
        old.ends_with("needs Vikunja 0.22.0 or newer; this server is 0.20.4"),
        "{old}"
    );
    assert_eq!(
        refusal(Release(1, 0, 0), &project(&["task.overdue"])).await,
        "a webhook of a project cannot send task.overdue on Vikunja 1.0.0; webhooks::ProjectEvents lists what it can"
    );
    // Only the server refuses this, and only when it is made.
    assert_eq!(
        refusal(Release(2, 5, 0), &wanted(Me, created)).await,
        "a webhook of a user cannot send task.created on Vikunja 2.5.0; webhooks::MyEvents lists what it can"
    );
    let mut unsigned = project(created);
    unsigned.secret = Some("".into());
    let said = refusal(Release(2, 5, 0), &unsigned).await;
    assert!(
        said.starts_with("the secret of a webhook is empty"),
        "{said}"
    );
}

#[tokio::test]
async fn a_name_that_is_new_to_this_crate_is_left_to_the_server() {
    let mut fake = fake(Release(1, 0, 0), &json!([]));
    let ensured = ensure(&mut fake, &["task.sung"]).await.unwrap();
    assert_eq!(ensured.change, WebhookChange::Made);
}

#[tokio::test]
async fn a_private_target_is_a_warning_from_2_2() {
    for (release, warnings) in [
        (Release(2, 1, 0), vec![]),
        (Release(2, 3, 0), vec![WebhookWarning::PrivateTarget]),
    ] {
        let mut fake = fake(release, &json!([]));
        let mut create = wanted(ProjectId(3), &["task.created"]);
        create.target_url = "http://127.0.0.1:8080".to_owned();
        let ensured = ops::ensure_webhook(&mut fake, &create).await.unwrap();
        assert_eq!(ensured.warnings, warnings);
    }
}

#[tokio::test]
async fn webhooks_that_are_switched_off_are_said_to_be() {
    let mut fake = Fake::of(Release(1, 0, 0));
    fake.answer(&format!("GET {ALL}"), 404, &json!({"message": "Not Found"}));
    let error = ensure(&mut fake, &["task.created"]).await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.ends_with("this server has no such route: is the feature switched off?)"),
        "{said}"
    );
}

fn two_of_mine() -> Value {
    json!({"items": [
        {"id": 7, "target_url": TARGET, "events": ["tasks.overdue"], "user_id": 1},
        {"id": 8, "target_url": TARGET, "events": ["task.overdue"], "user_id": 1},
    ], "total": 2, "page": 1, "per_page": 50, "total_pages": 1})
}

const MINE: &str = "/api/v2/user/settings/webhooks";

#[tokio::test]
async fn a_secret_is_rotated_by_making_and_deleting() {
    let mut fake = Fake::of(Release(2, 5, 0));
    let made = json!({"id": 9, "target_url": TARGET, "events": ["tasks.overdue"]});
    fake.answer(&format!("GET {MINE}"), 200, &two_of_mine())
        .answer(&format!("POST {MINE}"), 201, &made)
        .answer(&format!("DELETE {MINE}/7"), 204, &json!(null));
    let rotated = ops::rotate_secret(&mut fake, Me, WebhookId(7), "new".into(), None);
    assert_eq!(rotated.await.unwrap().id, WebhookId(9));
    let body = json!({"target_url": TARGET, "events": ["tasks.overdue"], "secret": "new"});
    assert_eq!(
        asked(&fake),
        [
            format!("GET {MINE} null"),
            format!("POST {MINE} {body}"),
            format!("DELETE {MINE}/7 null"),
        ]
    );
}

#[tokio::test]
async fn a_rotation_that_stops_says_what_stands() {
    let mut fake = Fake::of(Release(2, 5, 0));
    let made = json!({"id": 9, "target_url": TARGET, "events": ["tasks.overdue"]});
    fake.answer(&format!("GET {MINE}"), 200, &two_of_mine())
        .answer(&format!("POST {MINE}"), 201, &made)
        .answer(&format!("DELETE {MINE}/7"), 500, &json!({"message": "no"}));
    let rotated = ops::rotate_secret(&mut fake, Me, WebhookId(7), "new".into(), None);
    let stopped = rotated.await.unwrap_err();
    assert_eq!(stopped.made.as_ref().unwrap().id, WebhookId(9));
    let said = stopped.to_string();
    assert!(
        said.starts_with(
            "webhook 7 still has its old secret, beside webhook 9 with the new one: it was not deleted: "
        ),
        "{said}"
    );
    let rotated = ops::rotate_secret(&mut fake, Me, WebhookId(1), "new".into(), None);
    let stopped = rotated.await.unwrap_err();
    assert!(stopped.made.is_none());
    assert_eq!(
        stopped.to_string(),
        "webhook 1 still has its old secret: there is no webhook 1 of this owner: webhooks::List names them"
    );
}

/// The servers' own lists of names, as recorded.
#[test]
fn what_is_refused_is_not_in_the_servers_list() {
    for (release, of_projects, of_users) in [
        (Release(0, 20, 4), 0, 0),
        (Release(0, 24, 1), 16, 0),
        (Release(1, 0, 0), 16, 0),
        (Release(2, 5, 0), 19, 3),
    ] {
        for (owner, taken) in [
            (OwnerKind::Project, of_projects),
            (OwnerKind::User, of_users),
        ] {
            let is_taken = |name: &&EventName| support(name, owner, release) != Support::Refused;
            assert_eq!(EventName::KNOWN.iter().filter(is_taken).count(), taken);
        }
    }
}
