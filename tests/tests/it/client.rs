//! The client against a stand-in that misbehaves: what is repeated, what is not, and what is said of it.

use std::{
    fmt::Write,
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use vikunja_sandbox::Sandbox;
use vikunja_sdk::{
    Client, Error, Execute, Failure, blocking,
    client::{ClientBuilder, Pace, Phase},
    model::ProjectId,
    projects,
    retry::Policy,
    tasks, users,
};

/// A client of a stand-in with these faults, as a user with a project.
async fn client(
    faults: &str,
    set: impl Fn(ClientBuilder) -> ClientBuilder,
) -> (Sandbox, Client, ProjectId) {
    let sandbox = Sandbox::with(&format!("2.5{faults}")).unwrap();
    let client = set(Client::builder(&sandbox.url()))
        .connect()
        .await
        .unwrap();
    let register = users::Register {
        username: "alice".to_owned(),
        email: "alice@example.com".to_owned(),
        password: "client-password-1".into(),
    };
    client.send(&register).await.unwrap();
    client
        .log_in("alice", "client-password-1".into())
        .await
        .unwrap();
    let project = client.send(&projects::Create::new("Faults")).await.unwrap();
    (sandbox, client, project.id)
}

#[tokio::test]
async fn reads_are_repeated() {
    for faults in [",fail=20%:503", ",fail=20%", ",cut=20%"] {
        let (_sandbox, mut client, _) = client(faults, |builder| builder).await;
        client.retry.tries = 12;
        for _ in 0..40 {
            client.send(&tasks::List::default()).await.unwrap();
        }
        client.retry = Policy::NEVER;
        let mut failed = Vec::new();
        for _ in 0..60 {
            failed.extend(client.send(&tasks::List::default()).await.err());
        }
        assert!(!failed.is_empty(), "{faults}");
        for error in failed {
            assert!(error.is_retryable() && error.was_sent(), "{error}");
            assert_eq!(error.route().unwrap().template, "/tasks");
        }
    }
}

#[tokio::test]
async fn a_locked_file_stores_nothing_so_that_writes_are_repeated() {
    let (_sandbox, mut client, project) = client(",fail-writes=30%", |builder| {
        builder.parallel_writes().retry(Policy {
            locked_tries: 30,
            ..Policy::default()
        })
    })
    .await;
    for number in 0..40 {
        let task = tasks::Create::new(project, format!("Task {number}"));
        client.send(&task).await.unwrap();
    }
    let all = client.send(&tasks::List::default()).await.unwrap();
    assert_eq!(all.items.len(), 40);
    client.retry = Policy::NEVER;
    let mut failed = 0;
    for number in 0..40 {
        let task = tasks::Create::new(project, format!("More {number}"));
        failed += usize::from(client.send(&task).await.is_err());
    }
    assert!(failed > 0);
}

#[tokio::test]
async fn an_empty_budget_ends_the_repetitions() {
    let (sandbox, mut client, _) = client(",fail=100%", |builder| {
        builder.retry_budget(vikunja_sdk::retry::Budget::new(15))
    })
    .await;
    client.retry.tries = 2;
    let asked = || {
        let requests = sandbox.requests();
        requests
            .iter()
            .filter(|one| one.path == "/api/v2/tasks")
            .count()
    };
    for _ in 0..10 {
        client.send(&tasks::List::default()).await.unwrap_err();
    }
    // Ten calls, and three repetitions for all of them together.
    assert_eq!(asked(), 13);
}

#[tokio::test]
async fn each_phase_has_its_error() {
    let (_sandbox, client, _) = client(",delay=2s", |builder| {
        builder.attempt_timeout(Duration::from_millis(50))
    })
    .await;
    let mut once = client.clone();
    once.retry = Policy::NEVER;
    let slow = once.send(&tasks::List::default()).await.unwrap_err();
    assert_eq!((slow.phase(), slow.was_sent()), (Phase::TimeOut, true));
    assert!(
        slow.to_string()
            .starts_with("GET /api/v2/tasks: no answer in time"),
        "{slow}"
    );

    let hurried = client.within(Duration::from_millis(20));
    let late = hurried.send(&tasks::List::default()).await.unwrap_err();
    assert_eq!(late.phase(), Phase::TimeOut);
    assert_eq!(late.route().unwrap().template, "/tasks");

    let missing = client
        .send(&projects::Delete {
            id: ProjectId::from(4711),
        })
        .await;
    let missing = missing.unwrap_err();
    assert_eq!(missing.phase(), Phase::Reply);
    assert!(missing.is_not_found() && !missing.is_retryable());

    let nowhere = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let mut alone = Client::builder(&format!("http://{nowhere}"));
    alone = alone.retry(Policy::NEVER);
    let refused = alone.connect().await.unwrap_err();
    assert_eq!(
        (refused.phase(), refused.was_sent()),
        (Phase::Connect, false)
    );
    assert!(refused.is_retryable());

    let nobody = Client::connect("vikunja.example.com").await.unwrap_err();
    assert_eq!(nobody.phase(), Phase::Build);
}

#[tokio::test]
async fn a_limiter_is_named_and_a_pace_keeps_away_from_it() {
    let (_sandbox, mut client, _) = client(",limit=10", |builder| builder).await;
    client.retry = Policy::NEVER;
    let limited = loop {
        if let Err(error) = client.send(&tasks::List::default()).await {
            break error;
        }
    };
    assert!(limited.retry_after().unwrap() <= Duration::from_secs(61));
    let said = limited.to_string();
    assert!(
        said.contains("limit 10 per window; free again in"),
        "{said}"
    );

    let pace = Pace {
        requests: 3,
        per: Duration::from_millis(200),
    };
    let (sandbox, client, _) = self::client("", |builder| builder.pace(pace)).await;
    let begun = std::time::Instant::now();
    let before = sandbox.requests().len();
    while sandbox.requests().len() < before + 9 {
        client.send(&tasks::List::default()).await.unwrap();
    }
    // A lower bound only: three stretches must have passed for nine requests after three that were sent before.
    assert!(begun.elapsed() >= Duration::from_millis(350));
}

/// Everything that spans and events say, as text.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<String>>);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut said = self.0.lock().unwrap();
        writeln!(said, "{}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Said {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        of.target().starts_with("vikunja_sdk")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        writeln!(self.0.lock().unwrap(), "span {}", span.metadata().name()).unwrap();
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_call_is_one_span_without_secrets() {
    let said = Said::default();
    // Two, because of one alone tracing asks only in the thread where a span is first met: that of another test, mostly,
    // where nobody listens.
    let _second = tracing::Dispatch::new(Said::default());
    let _guard = tracing::subscriber::set_default(said.clone());
    let (_sandbox, client, project) = client(",fail=40%:503", |builder| builder).await;
    // Until one was sent again, and one succeeded.
    let heard = |what| said.0.lock().unwrap().contains(what);
    for _ in 0..50 {
        let _ = client.send(&projects::Get { id: project }).await;
        if heard("resend_count=1") && heard("status_code=200") {
            break;
        }
    }
    let text = said.0.lock().unwrap().clone();
    for expected in [
        "span vikunja\n",
        "http.request.method=\"GET\"",
        "url.template=\"/api/v2/projects/{project}\"",
        "vikunja.release=\"2.5.0\"",
        "http.response.status_code=503",
        "http.response.status_code=200",
        "http.request.resend_count=1",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let token = Execute::session(&client).token().unwrap();
    let token = secrecy::ExposeSecret::expose_secret(token.secret()).to_owned();
    assert!(!text.contains(&token) && !text.contains("client-password-1"));
}

#[test]
fn a_blocking_client_does_the_same() -> Result<(), Error> {
    let sandbox = Sandbox::with("2.5").unwrap();
    let client = blocking::Client::connect(&sandbox.url())?;
    client.send(&users::Register {
        username: "alice".to_owned(),
        email: "alice@example.com".to_owned(),
        password: "client-password-1".into(),
    })?;
    client.wait(|client| async move {
        client
            .log_in("alice", "client-password-1".into())
            .await
            .map(drop)
    })?;
    let project = client.send(&projects::Create::new("Blocking"))?.id;
    let threads: Vec<_> = (0..4)
        .map(|number| {
            let client = client.clone();
            std::thread::spawn(move || {
                let task = tasks::Create::new(project, format!("From thread {number}"));
                client.send(&task).map(drop)
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap()?;
    }
    assert_eq!(client.send(&tasks::List::default())?.items.len(), 4);
    Ok(())
}
