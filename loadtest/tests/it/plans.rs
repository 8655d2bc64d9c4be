//! Plans: how much, how long, and what ends them. None of this asks how fast this machine is.

use serde_json::Value;

use super::program::{Said, loadtest, read, requests, routes, run};

/// Runs with the result on standard output.
fn result(args: &[&str]) -> (Said, Value) {
    let said = run(&mut loadtest(&[args, &["--json", "-"]].concat()));
    let result = said.result();
    (said, result)
}

#[test]
fn a_server_that_cannot_keep_up_is_never_green() {
    // Ten at a time, 100 ms each: 100/s of the 2000/s that are due.
    let (_, result) = result(&[
        "--rate",
        "2000",
        "--requests",
        "1000",
        "--max-in-flight",
        "10",
        "--drain",
        "1s",
        "--sandbox",
        "2.5,delay=100ms",
    ]);
    assert_ne!(result["outcome"], "passed");
    assert_eq!(result["plan"]["model"], "open");
    assert_eq!(
        requests(&result, "steady"),
        1000,
        "each that was due is counted"
    );
    let not_started = result["failures"]["not-started"].as_u64().unwrap();
    assert!(not_started > 500, "{not_started}");
    let verdict = result["verdict"].as_array().unwrap();
    assert!(verdict.iter().any(|row| row["passed"] == false));
    // A target of one route is about these, too: they might have been of any.
    let rows = routes(&result, "steady");
    let never = rows
        .iter()
        .find(|row| row["route"] == "(not started)")
        .unwrap();
    assert_eq!(never["requests"], not_started);
    // What was sent late was late by the queue: ten at a time cannot start a thousand in half a second.
    let list = rows
        .iter()
        .find(|row| row["route"] == "GET /api/v2/tasks")
        .unwrap();
    let median = |of: &str| list[of]["percentiles"]["p50"].as_u64().unwrap();
    assert!(median("queue") > 200_000, "{}", median("queue"));
    assert!(median("latency") >= median("queue"));
    assert!(median("service") < median("latency"));
}

#[test]
fn an_open_plan_within_reach_sends_each_ticket_once() {
    for arrivals in ["constant", "poisson"] {
        let (_, result) = result(&[
            "--rate",
            "200",
            "-n",
            "60",
            "--arrivals",
            arrivals,
            "--drain",
            "30s",
        ]);
        assert_eq!(requests(&result, "steady"), 60);
        assert_eq!(result["plan"]["arrivals"], arrivals);
        assert_eq!(result["failures"], serde_json::json!({}));
        let row = routes(&result, "steady")[0];
        for part in ["service", "pacer", "queue"] {
            assert_eq!(row[part]["count"], 60, "{part}");
        }
        assert!(result["generator"]["pacer_lag_us"].is_u64());
    }
}

#[test]
fn what_is_under_way_when_the_drain_is_over_is_cut_and_counted() {
    let (said, result) = result(&[
        "--users",
        "3",
        "--duration",
        "300ms",
        "--drain",
        "100ms",
        "--sandbox",
        "2.5,delay=3s",
    ]);
    said.expect(2, &["3 failed: cut off at the end", "MISSED"]);
    assert_eq!(requests(&result, "steady"), 3);
    assert_eq!(result["failures"]["cut"], 3);
}

#[test]
fn what_is_answered_within_the_drain_counts() {
    let (_, result) = result(&[
        "--users",
        "3",
        "--duration",
        "100ms",
        "--drain",
        "60s",
        "--sandbox",
        "2.5,delay=1s",
    ]);
    assert_eq!(requests(&result, "steady"), 3);
    assert_eq!(result["failures"], serde_json::json!({}));
    let phases = result["phases"].as_array().unwrap();
    assert!(phases.iter().any(|phase| phase["phase"] == "drain"));
}

#[test]
fn a_run_that_is_hopeless_is_given_up() {
    let (said, result) = result(&[
        "--duration",
        "100s",
        "--abort-on",
        "errors>50%",
        "--sandbox",
        "2.5,fail=100%",
    ]);
    said.expect(2, &["given up, errors > 50.00 %: 100.00 %"]);
    assert_eq!(result["outcome"], "missed");
    let lasted = result["blocks"][0]["seconds"].as_f64().unwrap();
    assert!(lasted < 90.0, "{lasted}");
}

#[test]
fn repeated_runs_are_judged_together() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let before = format!("echo again >> {}", log.display());
    let (said, result) = result(&["-n", "20", "--repeat", "3", "--before-each", &before]);
    assert!(matches!(said.code, Some(0 | 2)), "{}", said.all());
    assert_eq!(read(&log).lines().count(), 3);
    assert_eq!(result["blocks"].as_array().unwrap().len(), 3);
    let rows = routes(&result, "steady");
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["requests"] == 20));
    for row in result["verdict"].as_array().unwrap() {
        assert_eq!(row["repeats"].as_array().unwrap().len(), 3);
    }
    assert!(said.err.contains("(run 3)"), "{}", said.err);
}

#[test]
fn stages_and_a_ramp_have_figures_of_their_own() {
    let (_, result) = result(&["--users", "1,3@500ms", "--ramp", "500ms", "--drain", "60s"]);
    let blocks = result["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 2);
    let rows = routes(&result, "steady");
    let of_block = |block: u64| rows.iter().filter(move |row| row["block"] == block).count();
    assert_eq!((of_block(0), of_block(1)), (1, 1));
    assert!(requests(&result, "ramp") > 0);
    let judged = result["phases"].as_array().unwrap().iter();
    let judged: Vec<_> = judged.filter(|phase| phase["judged"] == true).collect();
    assert_eq!(judged.len(), 1);
    assert_eq!(judged[0]["phase"], "steady");
    // Another three users wait for the second stage, and all are told.
    assert_eq!(result["users"]["planned"], 3);
    assert_eq!(result["users"]["stayed"], 3);
}

#[test]
fn a_floor_that_is_not_sent_is_not_asked_for() {
    let (_, result) = result(&["--rate", "20", "-n", "20"]);
    let targets: Vec<_> = result["verdict"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["target"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(targets, ["failures = 0", "p50 < 100 ms", "p95 < 500 ms"]);
}

#[test]
fn several_scenarios_share_a_run() {
    let (_, result) = result(&["-n", "20", "--scenario", "list-tasks=2,list-tasks=1"]);
    assert_eq!(result["scenario"]["name"], "list-tasks=2,list-tasks=1");
    assert_eq!(requests(&result, "steady"), 20);
}
