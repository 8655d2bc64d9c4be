//! `smoke`: every step on every release, what is said of a step that fails, and what remains.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    thread,
};

use serde_json::Value;

use super::program::{account, loadtest, nobody, run, sandbox, token};

/// The steps of a result, each with how it ended.
fn steps(json: &str) -> Vec<(String, String)> {
    let result: Value = serde_json::from_str(json).unwrap();
    let steps = result["steps"].as_array().unwrap().iter();
    let text = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
    steps
        .map(|step| (text(step, "name"), text(step, "outcome")))
        .collect()
}

#[test]
fn every_release_goes_the_whole_way_and_nothing_remains() {
    for release in ["0.20", "0.24", "1.0", "2.5"] {
        let sandbox = sandbox(release);
        let who = account(&sandbox);
        let said = run(loadtest(&["smoke", "--url", &sandbox.url(), "--json", "-"])
            .env("VIKUNJA_USERNAME", who.0)
            .env("VIKUNJA_PASSWORD", who.1));
        said.expect(0, &["not a Vikunja server", "everything works"]);
        let steps = steps(&said.out);
        let names: Vec<_> = steps.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "health",
                "info",
                "register",
                "log in",
                "container",
                "task",
                "done",
                "list",
                "cache",
                "webhooks",
                "delete"
            ]
        );
        for (name, outcome) in &steps {
            let may_be_skipped = matches!(name.as_str(), "register" | "webhooks");
            assert!(
                outcome == "passed" || may_be_skipped,
                "{release} {name}: {outcome}"
            );
        }
        let deleted = sandbox.requests().into_iter().filter(|request| {
            let container = request.path.contains("/projects/") || request.path.contains("/lists/");
            request.method == "DELETE" && container && !request.path.contains("webhooks")
        });
        assert_eq!(deleted.count(), 1, "{release}");
    }
}

#[test]
fn without_an_account_one_is_registered_kept_and_used_again() {
    let sandbox = sandbox("2.5");
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let url = sandbox.url();
    let args = [
        "smoke",
        "--url",
        &url,
        "--throwaway",
        "--state",
        state.to_str().unwrap(),
    ];
    run(&mut loadtest(&args)).expect(0, &["it remains, its password is in"]);
    run(&mut loadtest(&args)).expect(0, &["of an earlier run is used"]);
    let registered = sandbox
        .requests()
        .into_iter()
        .filter(|request| request.path.ends_with("/register"));
    assert_eq!(registered.count(), 1);
    run(&mut loadtest(&["smoke", "--url", &url]))
        .expect(1, &["no account is given", "--throwaway"]);
}

#[test]
fn a_step_that_fails_says_what_was_asked_and_answered() {
    // What is done later is not done.
    let said = run(&mut loadtest(&[
        "smoke",
        "--sandbox",
        "2.5,missing=tasks.create",
        "--json",
        "-",
    ]));
    said.expect(
        2,
        &[
            "NO task",
            "asked: POST /api/v2/projects/",
            "answered: 405",
            "FAILED: task",
        ],
    );
    let steps = steps(&said.out);
    let last: Vec<_> = steps.iter().rev().take(2).collect();
    assert_eq!(last[0], &("delete".to_owned(), "passed".to_owned()));
    assert_eq!(last[1], &("task".to_owned(), "failed".to_owned()));
}

#[test]
fn what_was_made_stays_where_that_is_wanted() {
    let sandbox = sandbox("1.0");
    let jwt = token(&sandbox, account(&sandbox));
    let args = ["smoke", "--url", &sandbox.url(), "--keep"];
    let said = run(loadtest(&args).env("VIKUNJA_TOKEN", &jwt));
    said.expect(0, &["with its tasks remains"]);
    assert!(!said.all().contains("eyJ"), "{}", said.all());
    let deleted = |request: &vikunja_sandbox::Request| {
        request.method == "DELETE" && !request.path.contains("webhooks")
    };
    assert!(!sandbox.requests().iter().any(deleted));
}

#[test]
fn a_server_that_is_not_there_could_not_be_tried() {
    let said = run(&mut loadtest(&["smoke", "--url", &nobody(), "--throwaway"]));
    said.expect(1, &["no connection", "--wait 60s"]);
    let said = run(loadtest(&["smoke"]).env("VIKUNJA_TOKEN", "tk_0123456789"));
    said.expect(1, &["and no server", "VIKUNJA_URL"]);
    let redis = ["smoke", "--redis", "rediss://:hunter2@host"];
    let said = run(&mut loadtest(&redis));
    said.expect(1, &["--redis", "redis://"]);
    assert!(!said.all().contains("hunter2"));
}

#[test]
fn commands_of_a_redis_are_counted() {
    let (address, password) = (redis(), "s3cret-of-redis");
    let said = run(loadtest(&["smoke", "--sandbox"]).env(
        "LOADTEST_REDIS",
        address.replace("//", &format!("//:{password}@")),
    ));
    said.expect(0, &["no release caches task lists", "7 × get in 20 lists"]);
    assert!(!said.all().contains(password), "{}", said.all());
    let nobody = nobody().replace("http", "redis");
    run(&mut loadtest(&["smoke", "--sandbox", "--redis", &nobody]))
        .expect(2, &["NO cache", "--redis"]);
}

/// A Redis that has carried out seven more `GET` each time that it is asked.
fn redis() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("redis://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for (asked, stream) in listener.incoming().enumerate() {
            let mut talk = BufReader::new(stream.unwrap());
            while let Some(words) = command(&mut talk) {
                let answer = match words[0].as_str() {
                    "AUTH" => "+OK\r\n".to_owned(),
                    "INFO" => {
                        let stats = format!(
                            "# Commandstats\r\ncmdstat_get:calls={},usec=1\r\ncmdstat_info:calls={asked},usec=1\r\n",
                            (asked + 1) * 7
                        );
                        format!("${}\r\n{stats}\r\n", stats.len())
                    }
                    _ => "-ERR unknown command\r\n".to_owned(),
                };
                talk.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    address
}

/// The words of a command; `None` at the end.
fn command(talk: &mut BufReader<std::net::TcpStream>) -> Option<Vec<String>> {
    let mut line = String::new();
    talk.read_line(&mut line)
        .ok()
        .filter(|length| *length > 0)?;
    let count: usize = line.trim().strip_prefix('*')?.parse().ok()?;
    let mut words = Vec::new();
    for _ in 0..count {
        line.clear();
        talk.read_line(&mut line).ok()?;
        let length: usize = line.trim().strip_prefix('$')?.parse().ok()?;
        let mut word = vec![0; length + 2];
        talk.read_exact(&mut word).ok()?;
        word.truncate(length);
        words.push(String::from_utf8(word).ok()?);
    }
    Some(words)
}
