//! Connections: who holds them, where they lead, and what happens when a server closes them. And the sessions on them.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use http::HeaderMap;
use loadtest::{
    line::{Line, Target},
    renewal::{Keeper, Login},
    tls::Trust,
};
use secrecy::SecretString;
use serde_json::Value;
use vikunja_sdk::{
    Api, ApiChoice, Endpoint, Execute, Release, Server, Session,
    auth::{Credentials, Token},
    model::ProjectId,
    ops, projects, tasks,
    users::LogIn,
};

use super::program::{
    account, loadtest, routes, run, sandbox, server_that_answers_once, server_that_forgets,
};

/// Connections that were made for so many requests of five users.
fn connects(connections: &str) -> u64 {
    let said = run(&mut loadtest(&[
        "-c",
        "5",
        "-n",
        "40",
        "--connections",
        connections,
        "--json",
        "-",
    ]));
    let result: Value = said.result();
    assert_eq!(result["plan"]["connections"], connections);
    assert_eq!(result["failures"], serde_json::json!({}));
    ["warm-up", "steady"]
        .iter()
        .flat_map(|phase| routes(&result, phase))
        .map(|route| route["connect"]["count"].as_u64().unwrap())
        .sum()
}

#[test]
fn connections_are_held_by_users_requests_or_a_pool() {
    assert_eq!(connects("user"), 5);
    assert_eq!(
        connects("request"),
        45,
        "one for each, and five before the clock"
    );
    let pool = connects("pool:2");
    assert!((1..=2).contains(&pool), "{pool}");
}

#[test]
fn a_name_leads_where_the_caller_says() {
    let sandbox = sandbox("2.5");
    let port = sandbox.url().rsplit(':').next().unwrap().to_owned();
    let url = format!("http://tasks.invalid:{port}");
    let (name, password) = account(&sandbox);
    let with = |rule: &str| {
        run(
            loadtest(&["-n", "20", "--url", &url, "--confirm-host", "tasks.invalid"])
                .args([
                    "--seed-tasks",
                    "3",
                    "--target",
                    "throughput>=1/s",
                    "--resolve",
                    rule,
                ])
                .env("VIKUNJA_USERNAME", name)
                .env("VIKUNJA_PASSWORD", password),
        )
    };
    let said = with(&format!("tasks.invalid:{port}:127.0.0.1"));
    assert!(matches!(said.code, Some(0 | 2)), "{}", said.all());
    assert!(said.all().contains("must hold 3 tasks"), "{}", said.all());
    with(&format!("other.invalid:{port}:127.0.0.1"))
        .expect(1, &["--resolve names other.invalid", "tasks.invalid"]);
}

#[test]
fn answers_are_looked_at_as_closely_as_was_asked() {
    for (check, code, said) in [
        ("full", 2, "wrong content"),
        ("status", 0, "every target is met"),
    ] {
        let url = server_that_forgets();
        let args = ["-n", "20", "-c", "2", "--url", &url, "--check", check];
        let ended = run(loadtest(&args)
            .args([
                "--target",
                "p50<10s",
                "--target",
                "p95<10s",
                "--target",
                "throughput>=0/s",
            ])
            .env("VIKUNJA_TOKEN", "tk_0123456789"));
        ended.expect(code, &[said]);
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn line(url: &str) -> Line {
    let server = Server::new(url)
        .unwrap()
        .with_release(Release(1, 0, 0))
        .with_api(ApiChoice::Only(Api::V1));
    let connector = Trust::default().connector().unwrap();
    let target = Target::new(server.base(), &connector, &HeaderMap::new()).unwrap();
    let session = Session::new(server);
    session.set_token(Some(Token::new("tk_0123456789".into()).unwrap()));
    Line::new(session, Arc::new(target), Duration::from_secs(60))
}

#[test]
fn a_read_is_sent_again_when_a_kept_connection_breaks_and_a_creation_never() {
    runtime().block_on(async {
        let (url, requests) = server_that_answers_once();
        let mut reads = line(&url);
        let read = projects::Get { id: ProjectId(1) };
        reads.execute(&read).await.unwrap();
        reads.execute(&read).await.unwrap();
        assert_eq!((reads.resent, reads.reconnects), (1, 1));
        assert_eq!(requests.load(Ordering::SeqCst), 3, "the second one twice");

        let (url, requests) = server_that_answers_once();
        let mut writes = line(&url);
        let create = tasks::Create::new(ProjectId(1), "one");
        assert!(create.route().op().writes());
        writes.execute(&create).await.unwrap();
        let error = writes.execute(&create).await.unwrap_err().to_string();
        assert!(error.contains("connection broke"), "{error}");
        assert_eq!((writes.resent, requests.load(Ordering::SeqCst)), (0, 2));
    });
}

#[test]
fn a_session_is_renewed_before_its_token_ends() {
    let sandbox = sandbox("2.5");
    let (name, password) = account(&sandbox);
    runtime().block_on(async {
        let server = Server::new(&sandbox.url())
            .unwrap()
            .with_release(Release(2, 5, 0));
        let connector = Trust::default().connector().unwrap();
        let target = Target::new(server.base(), &connector, &HeaderMap::new()).unwrap();
        let target = Arc::new(target);
        let session = Session::new(server);
        let patience = Duration::from_secs(60);
        let mut line = Line::new(session.clone(), Arc::clone(&target), patience);
        let log_in = LogIn::new(name, SecretString::from(password));
        ops::log_in(&mut line, &log_in).await.unwrap();
        let first = session.credentials().unwrap();
        // The same log-in with a token that is about to end: {"type":1,"exp":now + 1}.
        let soon = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs()
            + 1;
        let claims = base64::Engine::encode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            format!(r#"{{"type":1,"exp":{soon}}}"#),
        );
        session.set_credentials(Some(Credentials {
            token: Token::new(format!("e.{claims}.s").into()).unwrap(),
            refresh: first.refresh,
        }));
        let before = session.generation();
        let renewed = async {
            while session.generation() == before {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let mut keeper = Keeper::new(patience).with(&[Login::new(session.clone(), None)], &target);
        tokio::select! {
            () = keeper.keep() => {}
            in_time = tokio::time::timeout(Duration::from_secs(100), renewed) => in_time.unwrap(),
        }
        assert!(session.credentials().unwrap().refresh.is_some());
        line.execute(&tasks::List::default()).await.unwrap();
    });
}
