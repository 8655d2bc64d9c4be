//! Webhooks of the stand-in and of a real server: their names, having one, giving it another secret; and what the
//! stand-in tells, received.

use std::collections::BTreeSet;

use vikunja_sandbox::Sandbox;
use vikunja_sdk::{
    Client, Failure, Release,
    model::{EventName, ProjectId},
    ops::{self, WebhookChange, WebhookWarning},
    page::walk,
    projects, tasks, users,
    webhook::{Event, Verifier},
    webhooks::{
        Create, Delete, List, Me, MyEvents, Owner, OwnerKind, ProjectEvents, Support, support,
    },
};

use super::tokens::{clients, release};

/// What a server of this release takes, as this crate sees it.
fn taken(owner: OwnerKind, release: Release) -> BTreeSet<EventName> {
    let is_taken = |name: &&EventName| support(name, owner, release) != Support::Refused;
    EventName::KNOWN.iter().filter(is_taken).cloned().collect()
}

#[tokio::test]
async fn names_are_those_of_the_server() {
    for (told, client) in clients().await {
        let release = release(&client);
        if release < Release(0, 22, 0) {
            continue;
        }
        let names = client.send(&ProjectEvents).await.unwrap();
        let expected = taken(OwnerKind::Project, release);
        assert_eq!(BTreeSet::from_iter(names), expected, "{}", told.name);
        if release >= Release(2, 2, 0) {
            let names = client.send(&MyEvents).await.unwrap();
            let expected = taken(OwnerKind::User, release);
            assert_eq!(BTreeSet::from_iter(names), expected, "{}", told.name);
        }
    }
}

async fn ids<O: Owner>(client: &Client, owner: O) -> Vec<i64> {
    let all = walk(client, List::new(owner)).collect(100).await.unwrap();
    all.into_iter().map(|webhook| webhook.id.get()).collect()
}

/// Has a webhook with two of these events, changes it, rotates its secret and deletes it.
async fn tell<O: Owner>(client: &mut Client, owner: O, events: [EventName; 2]) {
    let [first, second] = events;
    let mut wanted = Create {
        owner,
        target_url: "https://bot.example.com/vikunja".to_owned(),
        events: vec![first.clone()],
        secret: Some("old".into()),
        basic_auth: None,
    };
    let made = ops::ensure_webhook(client, &wanted).await.unwrap();
    assert_eq!(made.change, WebhookChange::Made);
    assert_eq!(made.warnings, []);
    let id = made.webhook.id;
    let not_compared = [WebhookWarning::SecretNotCompared(id)];

    let again = ops::ensure_webhook(client, &wanted).await.unwrap();
    assert_eq!(again.change, WebhookChange::Nothing);
    assert_eq!(
        (again.webhook.id, &again.warnings[..]),
        (id, &not_compared[..])
    );

    wanted.events = vec![second, first];
    let more = ops::ensure_webhook(client, &wanted).await.unwrap();
    assert_eq!(more.change, WebhookChange::EventsSet);
    assert_eq!(more.webhook.events, wanted.events);
    let again = ops::ensure_webhook(client, &wanted).await.unwrap();
    assert_eq!(again.change, WebhookChange::Nothing);
    assert_eq!(ids(client, owner).await, [id.get()]);

    let rotated = ops::rotate_secret(client, owner, id, "new".into(), None);
    let new = rotated.await.unwrap().id;
    assert_ne!(new, id);
    assert_eq!(ids(client, owner).await, [new.get()]);
    let again = ops::ensure_webhook(client, &wanted).await.unwrap();
    assert_eq!(
        (again.change, again.webhook.id),
        (WebhookChange::Nothing, new)
    );
    client
        .send(&Delete {
            owner,
            webhook: new,
        })
        .await
        .unwrap();
    assert!(ids(client, owner).await.is_empty());
}

#[tokio::test]
async fn one_webhook_is_had_and_its_secret_rotated() {
    for (_, mut client) in clients().await {
        let release = release(&client);
        if release < Release(0, 22, 0) {
            let wanted = Create {
                owner: ProjectId(1),
                target_url: String::new(),
                events: vec![],
                secret: None,
                basic_auth: None,
            };
            let error = ops::ensure_webhook(&mut client, &wanted).await.unwrap_err();
            assert!(!error.was_sent() && error.to_string().contains("needs Vikunja 0.22.0"));
            continue;
        }
        let project = client.send(&projects::Create::new("Hooks")).await.unwrap();
        let of_tasks = [EventName::TaskCreated, EventName::TaskDeleted];
        tell(&mut client, project.id, of_tasks).await;
        if release >= Release(2, 2, 0) {
            let of_mine = [EventName::TaskOverdue, EventName::TasksOverdue];
            tell(&mut client, Me, of_mine).await;
        }
    }
}

#[tokio::test]
async fn deliveries_of_the_stand_in_are_received() {
    for release in ["0.24", "1.0", "2.5"] {
        let sandbox = Sandbox::with(&format!("{release},retry-wait=1ms")).unwrap();
        let account = sandbox.sign_up("alice").unwrap();
        let mut client = Client::connect(&sandbox.url()).await.unwrap();
        client
            .log_in(&account.username, account.password.clone().into())
            .await
            .unwrap();
        let alice = client.send(&users::Current).await.unwrap();
        let project = client.send(&projects::Create::new("Hooks")).await.unwrap();
        let wanted = Create {
            owner: project.id,
            // Nobody listens there: what was sent is seen all the same.
            target_url: "http://127.0.0.1:9/".to_owned(),
            events: vec![EventName::TaskCreated],
            secret: Some("long and random".into()),
            basic_auth: None,
        };
        ops::ensure_webhook(&mut client, &wanted).await.unwrap();
        let create = tasks::Create::new(project.id, "Knead <slowly>");
        let task = client.send(&create).await.unwrap();
        sandbox.wait_for_deliveries();

        let verifier = Verifier::new(["long and random".into()]).unwrap();
        let told = sandbox.deliveries();
        assert_eq!(told.len(), 6, "{release}: nobody answered");
        for one in told {
            let signature = one.headers.get("x-vikunja-signature");
            let signature = signature.map(http::HeaderValue::as_bytes);
            let delivery = verifier.receive(one.body.clone(), signature).unwrap();
            let Event::TaskCreated(event) = &delivery.event else {
                panic!("{release}: {:?}", delivery.event);
            };
            assert_eq!((event.task.id, &event.task.title), (task.id, &task.title));
            assert_eq!(event.doer.as_ref().map(|doer| doer.id), Some(alice.id));
            let wrong = Verifier::new(["another".into()]).unwrap();
            assert!(wrong.receive(one.body, signature).is_err());
        }
    }
}
