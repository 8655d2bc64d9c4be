//! Who the users are while a run lasts: each account's own session, kept alive, and missed when it ends.

use std::{collections::BTreeSet, thread, time::Duration};

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use super::program::{
    Said, account, call, loadtest, requests, routes, run, sandbox, token, unhurried,
};

fn result(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}", said.all()))
}

/// Waits until the sandbox has been asked for this, so often.
fn wait_for(sandbox: &Sandbox, operation: &str, times: usize) {
    let seen = || {
        let requests = sandbox.requests().into_iter();
        requests
            .filter(|one| one.operation == Some(operation))
            .count()
    };
    while seen() < times {
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_session_that_the_server_has_forgotten_logs_in_again_before_its_token_ends() {
    let sandbox = sandbox("2.5,token-life=15s");
    let who = account(&sandbox);
    let url = sandbox.url();
    let args = [
        "--url",
        &url,
        "--seed-tasks",
        "3",
        "-c",
        "2",
        "--duration",
        "15s",
        "--json",
        "-",
    ];
    let said = thread::scope(|scope| {
        let run = scope.spawn(|| {
            run(unhurried(&args)
                .env("VIKUNJA_USERNAME", who.0)
                .env("VIKUNJA_PASSWORD", who.1))
        });
        wait_for(&sandbox, "tasks.read_all", 10);
        let jwt = token(&sandbox, who);
        let sessions = call(&sandbox, &jwt, "GET", "/user/sessions", "");
        for session in sessions.as_array().unwrap() {
            let path = format!("/user/sessions/{}", session["id"].as_str().unwrap());
            call(&sandbox, &jwt, "DELETE", &path, "");
        }
        run.join().unwrap()
    });
    said.expect(0, &["1 sessions logged in again"]);
    let told = result(&said);
    assert_eq!(told["renewals"]["logged_in_again"], 1);
    assert_eq!(told["failures"], json!({}));
    let over_time = told["users_over_time"].as_array().unwrap();
    assert_eq!(
        (&over_time[0]["planned"], &over_time[0]["live"]),
        (&json!(2), &json!(2))
    );
}

#[test]
fn users_whose_token_has_ended_are_missed() {
    let sandbox = sandbox("2.5,token-life=8s");
    let url = sandbox.url();
    let args = [
        "--url",
        &url,
        "--seed-tasks",
        "3",
        "-c",
        "3",
        "--duration",
        "11s",
        "--json",
        "-",
    ];
    let jwt = token(&sandbox, account(&sandbox));
    let said = run(unhurried(&args).env("VIKUNJA_TOKEN", &jwt));
    said.expect(
        2,
        &[
            "before the run does, and nothing renews it",
            "only 0 of 3 users were there and logged in",
        ],
    );
    let told = result(&said);
    let live: Vec<_> = told["users_over_time"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["planned"].as_u64().unwrap(),
                one["live"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(live[..2], [(3, 3), (3, 0)]);
    assert!(told["failures"]["client"].is_u64(), "{}", told["failures"]);
    assert_eq!(
        told["users"]["stayed"], 3,
        "they go on, and each of their requests fails"
    );
}

#[test]
fn each_user_is_an_account_of_its_own_and_each_route_has_its_target() {
    let sandbox = sandbox("2.5");
    let url = sandbox.url();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seed.json");
    let file = file.to_str().unwrap();
    let few = [
        "--users",
        "3",
        "--projects",
        "1",
        "--tasks",
        "5",
        "--labels",
        "1",
        "--teams",
        "0",
        "--filters",
        "0",
        "--comments",
        "0",
    ];
    run(&mut loadtest(
        &[&["seed", "--url", &url, "--state", file], &few[..]].concat(),
    ))
    .expect(0, &["3 accounts with"]);
    sandbox.forget_requests();

    let home = "GET /tasks [home]: p95<100s";
    let never = "GET /tasks/{id} [bot]: p99>100s";
    let args = [
        "--url",
        &url,
        "--accounts",
        file,
        "--scenario",
        "worker=1,bot=2",
        "--think",
        "0x",
        "-c",
        "3",
        "-n",
        "90",
        "--target",
        home,
        "--target",
        never,
        "--json",
        "-",
    ];
    let said = run(&mut unhurried(&args));
    said.expect(2, &["GET /tasks/{id} [bot]: p99 > 100 s", "MISSED"]);
    let told = result(&said);
    assert_eq!(told["failures"], json!({}));
    let rows = routes(&told, "steady");
    let p = |route: &str, quantile: &str| {
        let row = rows.iter().find(|row| row["route"] == route);
        row.unwrap_or_else(|| panic!("{route} is missing"))["judged"][quantile].clone()
    };
    let verdict = told["verdict"].as_array().unwrap();
    let judged = |target: &str| {
        let row = verdict.iter().find(|row| row["target"] == target);
        let row = row.unwrap_or_else(|| panic!("{target} is missing in {verdict:?}"));
        (row["passed"].clone(), row["value"].as_f64())
    };
    // Each is judged by its own route's figure, and by nothing else.
    let of_home = p("GET /tasks [home]", "p95").as_f64();
    assert_eq!(
        judged("GET /tasks [home]: p95 < 100 s"),
        (json!(true), of_home)
    );
    let of_bot = p("GET /tasks/{id} [bot]", "p99").as_f64();
    assert_eq!(
        judged("GET /tasks/{id} [bot]: p99 > 100 s"),
        (json!(false), of_bot)
    );

    // Each logs in by its own name, and what is asked afterwards comes with a token of each.
    let all = sandbox.requests();
    let log_ins = all.iter().filter(|one| one.path.ends_with("/login"));
    let names: BTreeSet<_> = log_ins
        .map(|one| serde_json::from_slice::<Value>(&one.body).unwrap()["username"].to_string())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    let tokens = all
        .iter()
        .filter_map(|one| one.headers.get("authorization"));
    let tokens: BTreeSet<_> = tokens.map(|value| value.as_bytes().to_vec()).collect();
    assert!(tokens.len() >= 3, "{} tokens", tokens.len());
    assert!(requests(&told, "steady") >= 90);
}
