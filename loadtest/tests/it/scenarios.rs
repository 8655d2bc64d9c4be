//! Scenarios on the stand-in of every release, and webhooks that come back.

use serde_json::{Value, json};

use super::program::{Said, account, loadtest, read, run, sandbox, unhurried, valid};

/// Every release of the stand-in, with the API to call.
const GENERATIONS: [(&str, &str); 5] = [
    ("0.20", "v1"),
    ("0.24", "v1"),
    ("1.0", "v1"),
    ("2.5", "v1"),
    ("2.5", "v2"),
];

fn result(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}", said.all()))
}

#[test]
fn people_find_everything_on_every_release() {
    for (release, api) in GENERATIONS {
        let sandbox = sandbox(release);
        let url = sandbox.url();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seed.json");
        let file = file.to_str().unwrap();
        let few = [
            "--users",
            "5",
            "--projects",
            "2",
            "--tasks",
            "8",
            "--teams",
            "5",
            "--labels",
            "2",
        ];
        let seed = [&["seed", "--url", &url, "--accounts", file], &few[..]].concat();
        run(&mut loadtest(&seed)).expect(0, &["5 accounts with"]);
        for (scenario, think) in [
            ("mix", &["--think", "0x"][..]),
            ("collaborator", &["--think", "0x"]),
            ("everyone-comes-back", &[]),
        ] {
            let who = ["--url", &url, "--accounts", file, "--api", api];
            let what = ["--scenario", scenario, "-c", "5", "-n", "40", "--json", "-"];
            let said = run(&mut unhurried(&[&who[..], &what, think].concat()));
            let told = result(&said);
            let rows = told["verdict"].as_array().unwrap();
            let clean = !rows.is_empty()
                && rows.iter().all(|row| row["passed"] == true)
                && told["failures"] == json!({});
            assert!(
                clean && said.code == Some(0),
                "{scenario} on {release} {api} ended with {:?}:\n{}",
                said.code,
                said.err
            );
        }
    }
}

#[test]
fn what_is_written_comes_back_as_webhooks() {
    for (release, api) in GENERATIONS.into_iter().skip(1) {
        let sandbox = sandbox(release);
        let (name, password) = account(&sandbox);
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let url = sandbox.url();
        let said = run(unhurried(&[
            "--url",
            &url,
            "--api",
            api,
            "--scenario",
            "webhooks",
            "--writes",
            "-c",
            "2",
            "-n",
            "20",
            "--out",
            out.to_str().unwrap(),
        ])
        .env("VIKUNJA_USERNAME", name)
        .env("VIKUNJA_PASSWORD", password));
        said.expect(0, &["webhooks: lost = 0", "task.updated"]);
        let told = valid(&read(&out.join("result.json")));
        let [webhooks] = &told["webhooks"].as_array().unwrap()[..] else {
            panic!("{told}");
        };
        for event in webhooks["events"].as_array().unwrap() {
            let counts = ["writes", "delivered", "lost", "duplicates"].map(|name| &event[name]);
            assert_eq!(counts, [20, 20, 0, 0], "{release} {api}: {event}");
            assert_eq!(event["delay"]["count"], 20);
        }
        assert_eq!(
            (&webhooks["rejected"], &webhooks["strangers"]),
            (&json!(0), &json!(0))
        );
        for (name, row) in [
            (
                "report.html",
                "<td>task.updated</td><td data-v=\"20.00\">20</td>",
            ),
            ("report.md", "| task.updated | 20 | 20 | 0 | 0 |"),
            ("junit.xml", "name=\"webhooks: lost = 0\""),
        ] {
            let report = read(&out.join(name));
            assert!(report.contains(row), "{row:?} is missing in {report}");
        }
        let requests = sandbox.requests();
        let deleted = |part: &str| {
            let mut deletes = requests.iter().filter(|one| one.method == "DELETE");
            deletes.any(|one| one.path.contains(part))
        };
        assert!(deleted("/webhooks/") && deleted("/projects/"));
    }
}

#[test]
fn a_server_that_delivers_nothing_is_told_why() {
    let args = ["--scenario", "webhooks", "-n", "10", "--sandbox"];
    run(&mut loadtest(
        &[&args[..], &["2.5,private-targets=refused"]].concat(),
    ))
    .expect(
        1,
        &[
            "nothing was delivered",
            "VIKUNJA_OUTGOINGREQUESTS_ALLOWNONROUTABLEIPS",
            "--receiver-url",
        ],
    );
    run(&mut loadtest(&[&args[..], &["0.20"]].concat()))
        .expect(1, &["webhooks needs Vikunja 0.22.0 or newer"]);
}

#[test]
fn flags_that_would_do_nothing_are_refused() {
    run(&mut loadtest(&["--think", "0.1x"])).expect(1, &["--think", "list-tasks has none"]);
    run(&mut loadtest(&["--receiver-listen", "127.0.0.1:0"]))
        .expect(1, &["--receiver-listen", "--scenario webhooks"]);
    run(&mut loadtest(&["--receiver-url", "http://me/"])).expect(1, &["--receiver-listen"]);
    let any = ["--scenario", "webhooks", "--receiver-listen", "0.0.0.0:0"];
    run(&mut loadtest(&any)).expect(1, &["cannot call 0.0.0.0", "--receiver-url"]);
    let slow = run(&mut unhurried(&["--rate", "20", "-n", "20"]));
    assert!(
        !slow.all().contains("not judged: throughput"),
        "a given floor is judged"
    );
    let slow = run(&mut loadtest(&["--rate", "20", "-n", "20"])).all();
    assert!(
        slow.contains("not judged: throughput") && slow.contains("20.0/s"),
        "{slow}"
    );
}
