//! Runs that take place: what they say and how they end.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use vikunja_sandbox::{Config, Sandbox};

use super::program::{
    account, loadtest, nobody, read, run, sandbox, server_that_hangs_up, token, unhurried, valid,
};

#[test]
fn without_a_server_the_stand_in_is_judged_and_named() {
    // What is not typed may stand in the environment.
    let said = run(unhurried(&[])
        .env("LOADTEST_REQUESTS", "60")
        .env("LOADTEST_SANDBOX", "2.5"));
    said.expect(
        0,
        &[
            "not a Vikunja server",
            "VIKUNJA_URL=",
            "failures = 0",
            "p95 < 100 s",
            "GET /api/v2/tasks",
            "every target is met",
        ],
    );
}

#[test]
fn what_is_documented_is_judged_unless_told() {
    let said = run(&mut loadtest(&[
        "-n", "60", "--target", "p99<100s", "--json", "-",
    ]));
    let result: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let judged: Vec<_> = result["verdict"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["target"].as_str().unwrap())
        .collect();
    let documented = [
        "failures = 0",
        "p50 < 100 ms",
        "p95 < 500 ms",
        "throughput ≥ 50/s",
    ];
    assert_eq!(judged, [&documented[..], &["p99 < 100 s"]].concat());
}

#[test]
fn json_on_standard_output_is_alone_there() {
    let said = run(&mut loadtest(&[
        "-n",
        "23",
        "-c",
        "3",
        "--json",
        "-",
        "--sandbox",
        "0.24",
    ]));
    let result = said.result();
    assert_eq!(result["schema"], 2);
    assert_eq!(result["servers"][0]["kind"], "sandbox");
    assert_eq!(result["servers"][0]["release"], "0.24.1");
    assert_eq!(result["servers"][0]["api"], "v1");
    assert_eq!(result["servers"][0]["credential"], "user JWT");
    assert_eq!(result["scenario"]["name"], "list-tasks");
    assert_eq!(result["scenario"]["seeded"], 100);
    assert_eq!(result["scenario"]["tasks_per_page"], 50);
    assert_eq!(result["plan"]["users"], 3);
    let routes = result["routes"].as_array().unwrap();
    let steady = routes
        .iter()
        .find(|route| route["phase"] == "steady")
        .unwrap();
    assert_eq!(steady["requests"], 23);
    assert_eq!(steady["route"], "GET /api/v1/tasks/all");
    for part in ["latency", "first_byte", "decode"] {
        assert_eq!(steady[part]["count"], 23, "{part}");
        assert!(steady[part]["histogram"].is_string(), "{part}");
    }
    let warm_up = routes
        .iter()
        .find(|route| route["phase"] == "warm-up")
        .unwrap();
    assert_eq!(warm_up["requests"], 3);
    assert_eq!(warm_up["connect"]["count"], 3);
    assert_eq!(result["verdict"].as_array().unwrap().len(), 4);
    assert!(result["generator"]["cpu_seconds"].as_f64().unwrap() > 0.0);
    // The screen is for people, and goes where people look.
    assert!(said.err.contains("failures = 0"), "{}", said.err);
}

#[test]
fn the_same_plan_sends_the_same_number_of_requests_whoever_carries_them_out() {
    for (users, requests) in [("1", "7"), ("7", "7"), ("10", "33")] {
        let said = run(&mut loadtest(&["-c", users, "-n", requests, "--json", "-"]));
        let result = said.result();
        let steady: u64 = result["routes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|route| route["phase"] == "steady")
            .map(|route| route["requests"].as_u64().unwrap())
            .sum();
        assert_eq!(steady.to_string(), requests);
    }
}

#[test]
fn slow_failing_and_missing_lists_are_missed_targets() {
    for (config, parts) in [
        ("2.5,delay=600ms", &["p50 < 100 ms", "MISSED"][..]),
        (
            "2.5,fail=20%",
            &[
                "failures = 0",
                "MISSED",
                "server error (5xx)",
                "first failure: GET /api/v2/tasks: 500",
            ],
        ),
        ("2.5,cut=20%", &["MISSED", "connection broke"]),
    ] {
        let said = run(&mut loadtest(&["-n", "40", "--sandbox", config]));
        said.expect(2, parts);
    }
}

#[test]
fn a_path_that_does_not_exist_is_no_fast_server() {
    let said = run(&mut loadtest(&[
        "-n",
        "20",
        "--sandbox",
        "2.5,missing=tasks.read_all",
    ]));
    said.expect(
        2,
        &[
            "20 failed: refused",
            "first failure: GET /api/v2/tasks: 404",
            "∞",
            "MISSED",
        ],
    );
}

#[test]
fn a_given_account_is_only_read() {
    let sandbox = sandbox("2.5");
    let who = account(&sandbox);
    let jwt = token(&sandbox, who);
    let url = sandbox.url();
    let empty = run(loadtest(&["-n", "20", "--url", &url]).env("VIKUNJA_TOKEN", &jwt));
    empty.expect(1, &["has no tasks", "--seed-tasks"]);

    let filled = run(unhurried(&["-n", "20", "--url", &url, "--seed-tasks", "8"])
        .env("VIKUNJA_USERNAME", who.0)
        .env("VIKUNJA_PASSWORD", who.1));
    filled.expect(
        0,
        &[
            "must hold 8 tasks",
            "a page holds 8 tasks only",
            "deleted what was made",
        ],
    );
    let writes: Vec<_> = sandbox
        .requests()
        .into_iter()
        .filter(|request| matches!(request.method.as_str(), "DELETE" | "PATCH"))
        .collect();
    assert_eq!(
        writes.len(),
        1,
        "the project that was made is deleted: {writes:?}"
    );
}

#[test]
fn a_throwaway_account_is_kept_for_the_next_run() {
    let sandbox = sandbox("0.24");
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let state_flag = state.to_str().unwrap();
    let url = sandbox.url();
    let args = [
        "-n",
        "20",
        "--url",
        &url,
        "--throwaway",
        "--seed-tasks",
        "5",
        "--state",
        state_flag,
    ];
    for _ in 0..2 {
        run(&mut unhurried(&args)).expect(0, &["deleted what was made", "remains on the server"]);
    }
    let registered = sandbox
        .requests()
        .into_iter()
        .filter(|request| request.path.ends_with("/register"))
        .count();
    assert_eq!(registered, 1);
    let mode = fs::metadata(&state).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn no_output_holds_a_secret() {
    let sandbox = sandbox("2.5,fail=30%");
    let who = account(&sandbox);
    let jwt = token(&sandbox, who);
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("result.json");
    let url = sandbox.url();
    let args = [
        "-n",
        "30",
        "--url",
        &url,
        "--seed-tasks",
        "3",
        "--json",
        json.to_str().unwrap(),
    ];
    for (name, value) in [("VIKUNJA_TOKEN", jwt.as_str()), ("VIKUNJA_PASSWORD", who.1)] {
        let said = run(loadtest(&args)
            .env("VIKUNJA_USERNAME", who.0)
            .env(name, value));
        let everything = said.all() + &fs::read_to_string(&json).unwrap_or_default();
        assert!(
            !everything.contains(value),
            "{name} is shown:\n{everything}"
        );
        // The second part of a JWT alone names the user; no part of it may be shown.
        assert!(!everything.contains("eyJ"), "{everything}");
    }
    let flag = run(&mut loadtest(&["-n", "20", "--url", &url, "--token", &jwt]));
    assert!(flag.err.contains("warning: --token"), "{}", flag.err);
    assert!(!flag.all().contains("eyJ"), "{}", flag.all());
}

#[test]
fn a_server_that_dies_is_a_missed_target_and_no_hang() {
    let said = run(&mut loadtest(&[
        "-n",
        "400",
        "--sandbox",
        "2.5,die-after=160",
    ]));
    said.expect(2, &["MISSED", "failed:"]);
}

#[test]
fn connections_that_the_server_closes_between_answers_are_no_failures() {
    let url = server_that_hangs_up();
    let said = run(unhurried(&["-n", "90", "--url", &url]).env("VIKUNJA_TOKEN", "tk_0123456789"));
    said.expect(0, &["every answer must hold 1 tasks", "reconnects"]);
}

#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let ended = loadtest(&["-n", "20", "--json", "-"])
        .stdout(full)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(ended.code(), Some(1));
}

#[test]
fn a_server_that_starts_late_is_waited_for() {
    let address = nobody();
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    let late = thread::spawn(move || {
        thread::sleep(Duration::from_millis(700));
        let config = Config {
            port,
            ..Config::default()
        };
        Sandbox::start(config).unwrap()
    });
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let args = [
        "-n",
        "20",
        "--url",
        &address,
        "--wait",
        "60s",
        "--throwaway",
        "--seed-tasks",
        "5",
        "--state",
        state.to_str().unwrap(),
    ];
    run(&mut unhurried(&args)).expect(0, &["every target is met"]);
    drop(late.join());
}

#[test]
fn a_signal_ends_the_run_and_the_stand_in() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("result.json");
    let mut command = loadtest(&[
        "-n",
        "100000",
        "--sandbox",
        "2.5,delay=20ms",
        "--json",
        json.to_str().unwrap(),
    ]);
    let child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(Duration::from_secs(4));
    let id = child.id().to_string();
    let of_parent = || {
        let found = Command::new("pgrep").args(["-P", &id]).output().unwrap();
        String::from_utf8(found.stdout).unwrap()
    };
    let stand_in = of_parent();
    assert!(
        !stand_in.trim().is_empty(),
        "the stand-in is a child process"
    );
    Command::new("kill").args(["-TERM", &id]).status().unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let result = valid(&read(&json));
    assert_eq!(result["outcome"], "cancelled");
    let alive = Command::new("kill")
        .args(["-0", stand_in.trim()])
        .output()
        .unwrap();
    assert!(!alive.status.success(), "the stand-in lives on");
}
