//! Accounts that are made and used: `seed`, scenarios as those accounts, and what they and `clean` refuse.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;
use vikunja_sandbox::Sandbox;

use super::program::{account, loadtest, run, sandbox, token, unhurried};

/// What the stand-in of 0.20 has.
const SMALL: [&str; 14] = [
    "--users",
    "3",
    "--projects",
    "2",
    "--tasks",
    "20",
    "--labels",
    "0",
    "--teams",
    "0",
    "--filters",
    "0",
    "--comments",
    "0",
];

fn writes(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    let writes = requests.iter().filter(|request| request.method == "PUT");
    writes.count()
}

#[test]
fn accounts_are_made_once_and_used() {
    let sandbox = sandbox("0.20");
    let url = sandbox.url();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seed.json");
    let file_flag = file.to_str().unwrap();
    let at = ["--url", &url, "--accounts", file_flag];
    let seed = || run(&mut loadtest(&[&["seed"], &at[..], &SMALL[..]].concat()));

    seed().expect(0, &["3 accounts with 120 tasks", "state "]);
    let made = writes(&sandbox);
    assert_eq!(
        made,
        3 * 2 * (1 + 20),
        "a list is a write, and so is each task"
    );
    let rights = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(rights & 0o777, 0o600);
    seed().expect(0, &["3 accounts with 120 tasks"]);
    assert_eq!(writes(&sandbox), made, "the second time nothing is made");

    // Half of an account is lost from the file: it is found on the server.
    let mut world: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    world["users"][1]["complete"] = false.into();
    world["users"][1]["projects"] = Value::Array(Vec::new());
    fs::write(&file, world.to_string()).unwrap();
    seed().expect(0, &["3 accounts with 120 tasks"]);
    assert_eq!(writes(&sandbox), made);

    for scenario in ["manual", "bot", "hot-project"] {
        let args = [
            "--url",
            &url,
            "--accounts",
            file_flag,
            "--scenario",
            scenario,
        ];
        let mut plan = vec!["-c", "2", "-n", "6", "--json", "-"];
        if scenario == "bot" {
            plan.extend(["--think", "0x"]);
        }
        let said = run(&mut loadtest(&[&args[..], &plan[..]].concat()));
        let result: Value = said.result();
        assert_eq!(result["failures"], serde_json::json!({}), "{}", said.all());
        assert_eq!(result["scenario"]["name"], scenario);
        assert_eq!(result["scenario"]["state"].as_str().map(str::len), Some(16));
    }

    let other = [&["seed", "--prefix", "other"], &at[..], &SMALL[..]].concat();
    run(&mut loadtest(&other)).expect(1, &["are called perf1", "leave --prefix out"]);

    let nothing = [
        "clean",
        "--url",
        &url,
        "--accounts",
        "/nonexistent/seed.json",
    ];
    run(&mut loadtest(&nothing)).expect(1, &["there is no seed file"]);
}

#[test]
fn a_given_account_is_changed_only_when_told() {
    let sandbox = sandbox("2.5");
    let jwt = token(&sandbox, account(&sandbox));
    let url = sandbox.url();
    let args = ["--url", &url, "--scenario", "manual", "-c", "2", "-n", "4"];
    let before = sandbox.requests().len();
    let said = run(loadtest(&args).env("VIKUNJA_TOKEN", &jwt));
    said.expect(1, &["manual changes what is in the account", "--writes"]);
    let requests = &sandbox.requests()[before..];
    assert!(
        requests.iter().all(|request| request.method == "GET"),
        "{requests:?}"
    );
    let told = run(unhurried(&[&args[..], &["--writes"]].concat()).env("VIKUNJA_TOKEN", &jwt));
    told.expect(0, &["failures = 0"]);
    let left = run(loadtest(&["--url", &url, "--scenario", "bot"]).env("VIKUNJA_TOKEN", &jwt));
    left.expect(1, &["bot needs a project with tasks", "loadtest seed"]);
    let storm = ["--url", &url, "--scenario", "everyone-comes-back"];
    let said = run(loadtest(&storm).env("VIKUNJA_TOKEN", &jwt));
    said.expect(
        1,
        &["the password of tester is not known", "VIKUNJA_PASSWORD"],
    );
}

#[test]
fn scenarios_are_listed_and_hosts_confirmed() {
    let said = run(&mut loadtest(&["scenarios"]));
    said.expect(
        0,
        &[
            "list-tasks",
            "hot-project",
            "mix",
            "writes",
            "reads only",
            "0.20.0 and newer",
        ],
    );
    assert_eq!(said.out.lines().count(), 10);
    for command in ["seed", "clean"] {
        run(&mut loadtest(&[command])).expect(1, &["--url"]);
        let far = run(&mut loadtest(&[command, "--url", "http://192.0.2.1:1"]));
        far.expect(1, &["is not this machine", "--confirm-host"]);
    }
    let rate = run(&mut loadtest(&[
        "seed",
        "--url",
        "http://127.0.0.1:1",
        "--rate",
        "0",
    ]));
    rate.expect(1, &["requests a second"]);
}
