//! `ab`: two servers in one run. `compare`: two stored results.

use std::fs;

use serde_json::Value;

use super::program::{Said, loadtest, nobody, read, run, valid_comparison};

/// Few pairs of small blocks: what is tried here is no question of statistics.
const SMALL: [&str; 8] = [
    "--pairs",
    "10",
    "--max-pairs",
    "10",
    "--block",
    "20",
    "-c",
    "4",
];

/// It ends so, or says that this machine was too busy; the figures are told either way.
#[track_caller]
fn expect(said: &Said, code: i32, parts: &[&str]) {
    let busy = said.all().contains("INVALID: ");
    said.expect(if busy { 5 } else { code }, parts);
}

fn ab(args: &[&str]) -> Said {
    run(loadtest(&["ab"]).args(SMALL).args(args))
}

#[test]
fn a_slower_server_is_a_regression() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let [out, json, again] = ["out", "out/result.json", "again"].map(path);
    let slow = "sandbox:2.5,delay=100ms";
    let said = ab(&["--a", "sandbox:2.5", "--b", slow, "--out", &out]);
    expect(
        &said,
        3,
        &["not a Vikunja server", "GET /tasks", "REGRESSED"],
    );
    let result = valid_comparison(&read(json.as_ref()));
    assert_eq!(result["mode"], "interleaved");
    let duel = &result["duel"];
    assert_eq!(duel["pairs"], 10);
    let order = duel["order"].as_str().unwrap();
    assert_eq!(order.len(), 22, "two blocks warm up");
    assert_eq!(order.matches('A').count(), 11);
    let blocks = duel["blocks"].as_array().unwrap();
    assert!(blocks.iter().all(|block| block["requests"] == 20));
    assert_eq!(
        blocks
            .iter()
            .filter(|block| block["judged"] == true)
            .count(),
        20
    );
    let rows = result["rows"].as_array().unwrap();
    let of = |metric| rows.iter().find(|row| row["metric"] == metric).unwrap();
    assert_eq!(of("p50")["verdict"], "regressed");
    assert!(of("p50")["low"].as_f64().unwrap() > 1.05);
    assert_eq!(of("failures")["verdict"], "unchanged");
    // The same data makes the same answers.
    assert_eq!(of("bytes")["verdict"], "unchanged");
    assert_eq!(of("bytes")["a"], of("bytes")["b"]);
    assert!(of("cpu")["a"].as_f64().unwrap() > 0.0);
    let report = |name: &str| read(&folder.path().join("out").join(name));
    let page = report("report.html");
    for part in [
        "Route by route",
        "Block by block",
        "<path class=\"line s2",
        "loadtest ab --pairs 10",
    ] {
        assert!(page.contains(part), "{part:?} is missing in {page}");
    }
    assert!(report("report.md").contains("| GET /tasks | p50 |"));
    let junit = report("junit.xml");
    assert!(
        junit.contains("<testcase classname=\"loadtest.comparison\" name=\"GET /tasks p50\"")
            && junit.contains("<failure message=\""),
        "{junit}"
    );
    // Its reports are made of the file alone, and it has no others.
    let reported = run(&mut loadtest(&["report", &json, "--out", &again]));
    reported.expect(0, &[]);
    assert_eq!(reported.out, said.out, "the screen, too");
    for name in ["result.json", "report.html", "report.md", "junit.xml"] {
        let remade = folder.path().join("again").join(name);
        assert_eq!(read(&remade), report(name), "{name}");
    }
    run(&mut loadtest(&["report", &json, "--hgrm", "-"]))
        .expect(1, &["--hgrm: a comparison has no such report", "→"]);
}

#[test]
fn a_server_that_fails_is_a_regression_however_fast_it_fails() {
    let fails = "sandbox:2.5,fail=20%";
    let said = ab(&["--a", "sandbox:2.5", "--b", fails, "--delta", "900%"]);
    expect(&said, 3, &["failures", "new: server error"]);
}

#[test]
fn both_are_asked_by_the_api_that_both_have() {
    let said = ab(&[
        "--a",
        "sandbox:0.24",
        "--b",
        "sandbox:2.5",
        "--delta",
        "900%",
        "--json",
        "-",
    ]);
    let result: Value = serde_json::from_str(&said.out).unwrap();
    for side in result["sides"].as_array().unwrap() {
        assert_eq!(side["server"]["api"], "v1");
    }
    let rows = result["rows"].as_array().unwrap();
    let bytes = rows.iter().find(|row| row["metric"] == "bytes").unwrap();
    assert!(
        bytes["verdict"].is_null(),
        "other releases answer something else"
    );
}

#[test]
fn noise_is_measured_and_a_delta_below_it_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("noise.json").display().to_string();
    let said = ab(&[
        "--a",
        "sandbox:2.5",
        "--aa",
        "--delta",
        "900%",
        "--json",
        &file,
    ]);
    // However noisy this machine is: no server is nine times as slow as itself.
    expect(
        &said,
        0,
        &["noise of GET /tasks p50", "one server with itself"],
    );
    let both = ["--a", "sandbox:2.5", "--b", "sandbox:2.5", "--noise", &file];
    ab(&[&both[..], &["--delta", "0.1%"]].concat())
        .expect(1, &["below the noise", "larger --delta"]);
    let not = folder.path().join("other.json");
    fs::write(&not, "{\"mode\": \"interleaved\", \"rows\": []}").unwrap();
    let not = not.display().to_string();
    ab(&["--a", "sandbox:2.5", "--b", "sandbox:2.5", "--noise", &not]).expect(1, &["--aa"]);
}

#[test]
fn other_data_and_contradictions_are_refused() {
    let url = nobody();
    for (args, said) in [
        (&["--a", "sandbox:2.5"][..], "--b"),
        (
            &["--a", "sandbox:2.5", "--b", "sandbox:2.5", "--aa"],
            "--aa",
        ),
        (&["--a", "sandbox:2.5", "--b", "sandbox:9.9"], "9.9"),
        (&["--a", &url, "--b", &url], "--aa in place of --b"),
        (
            &["--a", "sandbox:2.5", "--b", "localhost:3456"],
            "--b http://localhost:3456",
        ),
        (
            &["--a", "sandbox:2.5", "--b", "/no/such/program"],
            "a program that is there",
        ),
        (&["--a", "sandbox:2.5", "--aa", "--rate", "5"], "--rate"),
        (&["--a", "sandbox:2.5", "--aa", "--url", &url], "--url"),
        (&["--a", "sandbox:2.5", "--aa", "-n", "5"], "--requests"),
        (
            &["--a", "sandbox:2.5", "--aa", "--target", "p50<1s"],
            "--target",
        ),
        (&["--a", "sandbox:2.5", "--aa", "--csv", "-"], "--csv"),
        (
            &["--a", "sandbox:2.5", "--aa", "--postgres", "postgres://h/v"],
            "--postgres",
        ),
        (
            &["--a", "sandbox:2.5", "--aa", "--scenario", "webhooks"],
            "webhooks cannot be compared",
        ),
        (
            &["--a", "http://example.com", "--aa", "--throwaway"],
            "--confirm-host example.com",
        ),
    ] {
        ab(args).expect(1, &[said]);
    }
    run(&mut loadtest(&[
        "ab",
        "--a",
        "sandbox:2.5",
        "--aa",
        "--pairs",
        "20",
        "--max-pairs",
        "10",
    ]))
    .expect(1, &["--max-pairs 10 is less than --pairs 20"]);
    run(&mut loadtest(&[
        "ab",
        "--a",
        "sandbox:2.5",
        "--aa",
        "-c",
        "300",
    ]))
    .expect(1, &["--block 300"]);
}

#[test]
fn both_schemas_describe_common_parts_alike() {
    let parts = |schema: &str| serde_json::from_str::<Value>(schema).unwrap()["$defs"].clone();
    let run = parts(include_str!("../../schema/result.json"));
    let comparison = parts(include_str!("../../schema/comparison.json"));
    for name in ["plan", "server", "scenario", "generator"] {
        assert!(run[name].is_object());
        assert_eq!(run[name], comparison[name], "{name}");
    }
}

#[test]
fn its_help_names_only_what_it_has() {
    let said = run(&mut loadtest(&["ab", "--help"]));
    said.expect(0, &["--a <SERVER>", "--delta", "--scenario"]);
    for flag in ["--url", "--rate", "--duration", "--target "] {
        let flag = format!("\n      {flag}");
        assert!(!said.out.contains(&flag), "{flag}\n{}", said.out);
    }
}

/// A stored result of so many runs, with a p50 of 10 ms and a p95 of 20 ms.
fn stored(runs: u64) -> Value {
    let said = run(&mut loadtest(&[
        "-n", "8", "-c", "2", "--target", "p50<1h", "--json", "-",
    ]));
    let mut result: Value = serde_json::from_str(&said.out).unwrap();
    result["outcome"] = "passed".into();
    result["invalid"] = Value::Null;
    result["plan"]["repeat"] = runs.into();
    let routes = result["routes"].as_array().unwrap();
    let steady = routes.iter().find(|row| row["phase"] == "steady").unwrap();
    let (steady, block) = (steady.clone(), result["blocks"][0].clone());
    let blocks = (0..runs).map(|repeat| {
        let mut block = block.clone();
        block["repeat"] = repeat.into();
        block
    });
    let rows = (0..runs).map(|repeat| {
        let mut row = steady.clone();
        row["block"] = repeat.into();
        row["requests"] = 1000.into();
        for (name, micros) in [("p50", 10_000), ("p95", 20_000)] {
            row["judged"][name] = (micros + 10 * repeat).into();
        }
        row
    });
    let (blocks, rows): (Vec<_>, Vec<_>) = (blocks.collect(), rows.collect());
    result["blocks"] = blocks.into();
    result["routes"] = rows.into();
    result
}

#[test]
fn stored_results_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let keep = |name: &str, result: &Value| {
        let file = folder.path().join(name);
        fs::write(&file, result.to_string()).unwrap();
        file.display().to_string()
    };
    let compare = |args: &[&str]| run(loadtest(&["compare"]).args(args));
    let scaled = |result: &Value, factor: f64| {
        let mut result = result.clone();
        for row in result["routes"].as_array_mut().unwrap() {
            for name in ["p50", "p95"] {
                let micros = row["judged"][name].as_u64().unwrap() as f64 * factor;
                row["judged"][name] = (micros as u64).into();
            }
        }
        result
    };
    let five = stored(5);
    let base = keep("base", &five);
    let slower = keep("slower", &scaled(&five, 1.2));
    compare(&[&base, &base]).expect(0, &["unchanged: B is as fast as A", "several runs each"]);
    let told = compare(&[&base, &slower, "--json", "-"]);
    assert_eq!(valid_comparison(&told.out)["mode"], "repeated");
    // A query more for each request is found in what was counted, however fast it is.
    let asking = |name: &str, statements: f64| {
        let mut result = five.clone();
        result["database"] = serde_json::json!({
            "name": "PostgreSQL db:5432/vikunja", "requests": 1000, "statements": 15_000,
            "statements_per_request": statements, "milliseconds": 1.0, "milliseconds_per_request": 0.001
        });
        keep(name, &result)
    };
    let (fifteen, sixteen) = (asking("fifteen", 15.0), asking("sixteen", 16.0));
    compare(&[&fifteen, &sixteen]).expect(3, &["SQL per request", "16.00", "REGRESSED"]);
    compare(&[&fifteen, &fifteen]).expect(0, &["SQL per request", "unchanged"]);
    compare(&[&base, &slower]).expect(3, &["REGRESSED", "1.200"]);
    compare(&[&slower, &base]).expect(0, &["improved"]);
    compare(&[&base, &slower, "--delta", "30%"]).expect(0, &["unchanged"]);

    // A single run is no gate, unless earlier ones say how large the noise is.
    let one = stored(1);
    let single = keep("single", &one);
    let slow = keep("slow", &scaled(&one, 1.2));
    let little = keep("little", &scaled(&one, 1.06));
    compare(&[&single, &slow]).expect(4, &["a single run is never a gate"]);
    let earlier: Vec<_> = [1.0, 1.05, 0.98, 1.06, 1.0, 1.04]
        .iter()
        .enumerate()
        .map(|(number, factor)| {
            let mut past = scaled(&one, *factor);
            past["started"] = format!("2026-01-0{}T00:00:00Z", number + 1).into();
            keep(&format!("past{number}"), &past)
        })
        .collect();
    let history = format!("--history={}", earlier.join(","));
    compare(&[&single, &slow, &history]).expect(3, &["earlier ones", "REGRESSED"]);
    compare(&[&single, &little, &history]).expect(0, &["unchanged"]);
    let short = format!("--history={}", earlier[..4].join(","));
    compare(&[&single, &slow, &short]).expect(1, &["4 earlier results"]);

    // What was not asked the same, or says nothing, is refused.
    let mut other = five.clone();
    other["plan"]["users"] = 50.into();
    other["scenario"]["tasks"] = 7.into();
    let other = keep("other", &other);
    compare(&[&base, &other]).expect(1, &["tasks (100 and 7)", "users (2 and 50)"]);
    let mut invalid = five.clone();
    invalid["invalid"] = "this machine is overloaded".into();
    let invalid = keep("invalid", &invalid);
    compare(&[&base, &invalid]).expect(1, &["the run is invalid", "overloaded"]);
    let nonsense = keep("nonsense", &serde_json::json!({"schema": 1}));
    compare(&[&base, &nonsense]).expect(1, &["not a result of loadtest"]);
    compare(&[&base, "/no/such/file"]).expect(1, &["/no/such/file"]);
}
