//! Errors as people see them who print the text and then those of its sources.

use std::{error::Error, io, net::TcpListener, time::Duration};

use serde_json::json;
use vikunja_sdk::{
    Client, Execute, Failure, Release, Server,
    auth::Token,
    model::{TaskId, Timestamp, WebhookId},
    ops, tasks,
    testing::Fake,
    webhooks::Me,
    ws,
};

/// The whole chain.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[track_caller]
fn said_once(error: &dyn Error, reason: &str) {
    let text = chain(error);
    assert_eq!(text.matches(reason).count(), 1, "{text}");
}

#[tokio::test]
async fn a_connection_that_fails_says_why_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let builder = Client::builder(&address).call_timeout(Duration::from_secs(5));
    let error = builder.connect().await.unwrap_err();
    said_once(&error, "refused");
}

#[tokio::test]
async fn a_flow_that_stops_says_why_once() {
    let gone = json!({"code": 4002, "message": "This task does not exist"});
    let mut fake = Fake::of(Release(0, 24, 1));
    fake.answer("GET /api/v1/tasks/7", 404, &gone);
    let done = tasks::Fields {
        done: true.into(),
        ..tasks::Fields::default()
    };
    let stopped = ops::edit_many(&mut fake, &[TaskId(7)], &done).await;
    said_once(&stopped.unwrap_err(), "does not exist");

    let mut fake = Fake::of(Release(2, 5, 0));
    let refused = json!({"message": "not today"});
    fake.answer("GET /api/v2/user/settings/webhooks", 403, &refused);
    let rotated = ops::rotate_secret(&mut fake, Me, WebhookId(7), "new".into(), None).await;
    said_once(&rotated.unwrap_err(), "not today");

    let lost = ws::Lost::Closed("too many of them".to_owned());
    said_once(&ws::Error::from(lost), "too many of them");
}

/// No text in the chain is part of one before it.
#[track_caller]
fn nothing_twice(error: &dyn Error) {
    let mut said = vec![error.to_string()];
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        assert!(
            !said.iter().any(|before| before.contains(&text)),
            "{said:?}: {text}"
        );
        said.push(text);
        source = error.source();
    }
}

#[tokio::test]
async fn no_error_prints_its_source_twice() {
    nothing_twice(&Server::new("nowhere").unwrap_err());
    nothing_twice(&Token::new("".into()).unwrap_err());
    nothing_twice(&"soon".parse::<Timestamp>().unwrap_err());

    // The text of tungstenite holds that of the system.
    let reset = || tokio_tungstenite::tungstenite::Error::Io(io::Error::other("it was reset"));
    nothing_twice(&ws::Lost::from(reset()));
    said_once(&ws::Lost::from(reset()), "it was reset");
    nothing_twice(&ws::Error::from(ws::Lost::from(reset())));

    let list = tasks::List::default();
    let mut fake = Fake::of(Release(2, 5, 0));
    let unscripted = fake.execute(&list).await.unwrap_err();
    assert!(unscripted.reply().is_none());
    nothing_twice(&unscripted);
    for (status, body) in [(403, json!({"message": "not today"})), (200, json!(7))] {
        fake.answer("GET /api/v2/tasks", status, &body);
        let error = fake.execute(&list).await.unwrap_err();
        assert!(error.reply().is_some(), "{error}");
        nothing_twice(&error);
        nothing_twice(error.reply().unwrap());
    }
    let broken = Client::builder("http://127.0.0.1:1").ca_certificate(b"no PEM".to_vec());
    nothing_twice(&broken.connect().await.unwrap_err());
}
