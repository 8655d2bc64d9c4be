//! What a server tells by itself, to who listens. The stand-in has no WebSocket: real servers only.

use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;
use vikunja_sdk::{
    Api, ApiChoice, BuildError, Client, Error, Execute, Raw, Release, assignees,
    auth::{Credentials, Token},
    model::{NotificationName, ProjectId, TaskId, Topic, TopicRefusal, User},
    tasks, users,
    ws::{self, Event, Events},
};

use super::{
    servers::servers,
    story::{account, container},
};

#[tokio::test]
async fn events() {
    for told in servers() {
        let Some((mut alice, info)) = told.client().await else {
            println!("{}: has no such API", told.name);
            continue;
        };
        println!("{}: {}", told.name, info.version);
        let (mut bob, _) = told.client().await.unwrap();
        for client in [&mut alice, &mut bob] {
            client.retry.assume_sqlite = true;
            client.retry.locked_tries = 12;
            account(client, &info).await;
        }
        if Execute::session(&bob).server().release < Release(2, 3, 0) {
            let refused = listen(&bob).await.unwrap_err();
            let expected = "needs Vikunja 2.3.0 or newer";
            assert!(refused.to_string().contains(expected), "{refused}");
            assert!(!refused.is_retryable());
            continue;
        }
        let bobs = bob.send(&users::Current).await.unwrap();
        let project = container(&alice).await.id;
        share(&alice, project, &bobs).await;
        told_of_assignments(&alice, &bob, &bobs, project).await;
        refusals(&bob).await;
        stale_tokens(&alice, &bob, &bobs, project).await;
    }
}

async fn listen(client: &Client) -> Result<Events, ws::Error> {
    Events::connect(client, [Topic::NotificationCreated]).await
}

async fn share(client: &Client, project: ProjectId, with: &User) {
    let is_v1 = Execute::session(client).server().api == ApiChoice::Only(Api::V1);
    let share = if is_v1 {
        Raw::put(Api::V1, "/projects/{project}/users")
    } else {
        Raw::post(Api::V2, "/projects/{project}/users")
    };
    let body = json!({"username": with.username, "permission": 1});
    let share = share.unwrap().set("project", project).json(&body).unwrap();
    client.send(&share).await.unwrap();
}

async fn assign(client: &Client, project: ProjectId, user: &User) -> TaskId {
    let create = tasks::Create::new(project, "Knead");
    let task = client.send(&create).await.unwrap().id;
    let add = assignees::Add {
        task,
        user: user.id,
    };
    client.send(&add).await.unwrap();
    task
}

/// Waits for the notification of one of these assignments. The server writes notifications after its answer, and on a
/// locked SQLite file not at all: so several are made.
async fn assigned(events: &mut Events, client: &Client, project: ProjectId, user: &User) {
    let mut tasks = Vec::new();
    for _ in 0..20 {
        tasks.push(assign(client, project, user).await);
        let Ok(event) = timeout(Duration::from_secs(2), events.next()).await else {
            continue;
        };
        let Event::Notification(notification) = event.unwrap() else {
            continue;
        };
        assert_eq!(notification.name, NotificationName::TaskAssigned);
        let task = notification.content.task.as_ref().unwrap().id;
        assert!(tasks.contains(&task), "{notification:?}");
        return;
    }
    panic!("no notification of {} assignments", tasks.len());
}

async fn told_of_assignments(alice: &Client, bob: &Client, bobs: &User, project: ProjectId) {
    let mut events = listen(bob).await.unwrap();
    assigned(&mut events, alice, project, bobs).await;
    // An unknown topic is refused once, and the rest goes on.
    events.subscribe("task.created".into());
    let refused = loop {
        match events.next().await {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    let ws::Error::Refused { topic, reason } = &refused else {
        panic!("{refused}");
    };
    assert_eq!(topic.as_ref().unwrap().as_str(), "task.created");
    assert_eq!(*reason, TopicRefusal::InvalidEvent);
    assigned(&mut events, alice, project, bobs).await;
    // What is wanted no more is not told.
    events.unsubscribe(&Topic::NotificationCreated);
    while timeout(Duration::from_millis(500), events.next())
        .await
        .is_ok()
    {}
    assign(alice, project, bobs).await;
    let silent = timeout(Duration::from_secs(1), events.next()).await;
    assert!(silent.is_err(), "{silent:?}");
    events.subscribe(Topic::NotificationCreated);
    assigned(&mut events, alice, project, bobs).await;
}

async fn refusals(bob: &Client) {
    let server = Execute::session(bob).server().clone();
    let with = |token: Option<&str>| {
        let builder = Client::builder(server.base());
        let builder = token.into_iter().fold(builder, |builder, token| {
            builder.token(token.to_owned().into())
        });
        builder.build(server.clone()).unwrap()
    };
    let bad = listen(&with(Some("eyJ.no.token"))).await.unwrap_err();
    assert!(
        matches!(&bad, ws::Error::Refused { topic: None, reason } if *reason == TopicRefusal::InvalidToken),
        "{bad}"
    );
    assert!(!bad.to_string().contains("eyJ"), "{bad}");
    let api_token = listen(&with(Some("tk_0123"))).await.unwrap_err();
    assert!(matches!(
        api_token,
        ws::Error::Client(Error::Build(BuildError::ApiTokenRefused { .. }))
    ));
    let nobody = listen(&with(None)).await.unwrap_err();
    assert!(matches!(
        nobody,
        ws::Error::Client(Error::Build(BuildError::NoToken { .. }))
    ));
}

/// A token that the server refuses is renewed, and the connection comes about all the same.
async fn stale_tokens(alice: &Client, bob: &Client, bobs: &User, project: ProjectId) {
    // The refresh cookie of the first log-in was used up there.
    let password = "story-password-1".into();
    let credentials = bob.log_in(&bobs.username, password).await.unwrap();
    let stale = Credentials {
        token: Token::new("eyJ.stale.token".into()).unwrap(),
        ..credentials
    };
    Execute::session(bob).set_credentials(Some(stale));
    let mut events = listen(bob).await.unwrap();
    assigned(&mut events, alice, project, bobs).await;
}
