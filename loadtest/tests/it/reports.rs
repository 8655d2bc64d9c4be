//! Reports: what they are made of, what is in them, and what remains of a run that is killed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::program::{loadtest, read, run, unhurried, valid};

const FILES: [&str; 6] = [
    "result.json",
    "report.html",
    "report.md",
    "junit.xml",
    "report.csv",
    "latency.hgrm",
];

/// A short run with all its reports.
fn reported(args: &[&str]) -> (TempDir, super::program::Said) {
    let folder = tempfile::tempdir().unwrap();
    // A folder that is missing is made.
    let out = folder.path().join("a/b");
    let said = run(&mut unhurried(
        &[args, &["--out", out.to_str().unwrap()]].concat(),
    ));
    (folder, said)
}

fn file(folder: &TempDir, name: &str) -> PathBuf {
    folder.path().join("a/b").join(name)
}

/// Writes a changed result, and gives the page and all other reports of it.
fn reports_of(result: &Value) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.json");
    fs::write(&path, result.to_string()).unwrap();
    let out = folder.path().join("out");
    let said = run(&mut loadtest(&[
        "report",
        path.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]));
    said.expect(0, &[]);
    let mut texts = vec![said.out];
    texts.extend(FILES.iter().skip(1).map(|name| read(&out.join(name))));
    texts
}

#[test]
fn reports_are_made_of_the_result_file_alone() {
    let (folder, said) = reported(&["-n", "60", "-c", "3"]);
    said.expect(0, &["reports are in"]);
    let result = valid(&read(&file(&folder, "result.json")));
    let again = folder.path().join("again");
    let from_file = run(&mut loadtest(&[
        "report",
        file(&folder, "result.json").to_str().unwrap(),
        "--out",
        again.to_str().unwrap(),
    ]));
    from_file.expect(0, &[]);
    assert_eq!(from_file.out, said.out, "the screen, too");
    for name in FILES {
        assert_eq!(
            read(&file(&folder, name)),
            read(&again.join(name)),
            "{name}"
        );
    }
    let requests = |part: &Value| -> u64 {
        let seconds = part["seconds"].as_array().unwrap().iter();
        seconds
            .map(|second| second["requests"].as_u64().unwrap())
            .sum()
    };
    let steady = |part: &&Value| part["phase"] == "steady";
    let course: u64 = result["course"]
        .as_array()
        .unwrap()
        .iter()
        .filter(steady)
        .map(requests)
        .sum();
    let routes = result["routes"].as_array().unwrap();
    let of_routes: u64 = routes.iter().filter(steady).map(requests).sum();
    assert_eq!((course, of_routes), (60, 60));
}

#[test]
fn the_page_needs_and_allows_nothing_from_elsewhere() {
    let (folder, _) = reported(&["-n", "40", "--sandbox", "2.5,fail=20%"]);
    let page = read(&file(&folder, "report.html"));
    assert!(page.contains("default-src 'none'"), "{page}");
    for forbidden in [
        " src=",
        "url(",
        "@import",
        " style=",
        " onclick",
        "unsafe-inline",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    for href in page.split("href=\"").skip(1) {
        assert!(href.starts_with("data:,"), "{href:.60}");
    }
    for part in [
        "MISSED: failures = 0",
        "Response time by percentile",
        "Throughput over time",
        "server error (5xx)",
        "GET /api/v2/tasks: 500",
        "not a Vikunja server",
        "loadtest -n 40",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(page.len() < 100_000, "{}", page.len());
}

#[test]
fn a_servers_words_are_no_markup() {
    let (folder, _) = reported(&["-n", "40", "--sandbox", "2.5,fail=20%"]);
    let mut result = valid(&read(&file(&folder, "result.json")));
    let bad = "<img src=x onerror=alert(1)>&\u{1b}]]>\"'";
    result["first_failure"] = json!(bad);
    result["servers"][0]["version"] = json!(bad);
    result["command"] = json!(bad);
    for route in result["routes"].as_array_mut().unwrap() {
        route["route"] = json!(bad);
        for example in route["examples"].as_object_mut().unwrap().values_mut() {
            *example = json!(bad);
        }
    }
    let [screen, page, markdown, junit, ..] = &reports_of(&result)[..] else {
        panic!("all reports are made");
    };
    assert!(!screen.contains('\u{1b}'), "{screen}");
    assert!(!page.contains("<img") && !page.contains('\u{1b}'), "{page}");
    assert!(!junit.contains("<img"), "{junit}");
    well_formed(junit);
    // In a block of code everything is text.
    let (text, _) = markdown.split_once("````").unwrap();
    assert!(!text.contains("<img"), "{markdown}");
}

/// Fails unless every tag is closed, in order.
fn well_formed(xml: &str) {
    let mut open = Vec::new();
    for tag in xml.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{xml}");
        } else if !tag.ends_with(['/', '?']) {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?} in {xml}");
}

#[test]
fn junit_has_a_case_for_each_target_and_each_route() {
    let (folder, said) = reported(&["-n", "40", "--sandbox", "2.5,fail=20%"]);
    said.expect(2, &[]);
    let junit = read(&file(&folder, "junit.xml"));
    well_formed(&junit);
    for part in [
        "<testcase classname=\"loadtest.targets\" name=\"failures = 0\"",
        "<testcase classname=\"loadtest.targets\" name=\"p50 &lt; 100 s\"",
        "<testcase classname=\"loadtest.routes\" name=\"GET /api/v2/tasks\"",
        "<failure message=\"failures = 0:",
    ] {
        assert!(junit.contains(part), "{part} is missing in {junit}");
    }
    // The run, four targets, one route.
    assert!(
        junit.contains("<testsuites name=\"loadtest\" tests=\"6\""),
        "{junit}"
    );
    assert_eq!(junit.matches("<testcase ").count(), 6);
    assert!(junit.matches("<failure ").count() >= 2, "{junit}");
}

#[test]
fn tables_and_distributions_hold_the_figures_of_the_result() {
    let (folder, _) = reported(&["-n", "60", "-c", "3"]);
    let result = valid(&read(&file(&folder, "result.json")));
    let routes = result["routes"].as_array().unwrap();
    let steady = routes
        .iter()
        .find(|part| part["phase"] == "steady")
        .unwrap();
    let csv = read(&file(&folder, "report.csv"));
    let row = csv.lines().find(|line| line.contains(",steady,")).unwrap();
    let cells: Vec<_> = row.split(',').collect();
    assert_eq!(csv.lines().count(), 1 + routes.len());
    assert_eq!(cells[4..7], ["GET /api/v2/tasks", "60", "0"]);
    assert_eq!(cells[8], steady["judged"]["p50"].to_string());
    let hgrm = read(&file(&folder, "latency.hgrm"));
    let median = steady["judged"]["p50"].as_f64().unwrap() / 1000.0;
    let line = hgrm
        .lines()
        .find(|line| line.contains(" 0.500000000000 "))
        .unwrap();
    assert_eq!(
        line.split_whitespace().next().unwrap(),
        format!("{median:.3}")
    );
    assert!(hgrm.contains("Total count    =           60]"), "{hgrm}");
    let markdown = read(&file(&folder, "report.md"));
    assert!(
        markdown.contains("| GET /api/v2/tasks | 60 | 0 |"),
        "{markdown}"
    );
}

#[test]
fn results_of_older_schemas_are_read_and_newer_ones_refused() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/results/1.json");
    let mut result: Value = serde_json::from_str(&read(&old)).unwrap();
    assert_eq!(result["schema"], 1);
    let [screen, page, ..] = &reports_of(&result)[..] else {
        panic!("all reports are made");
    };
    for text in [screen, page] {
        assert!(
            text.contains("GET /api/v2/tasks") && text.contains("sandbox of"),
            "{text}"
        );
    }
    assert!(
        !page.contains("Throughput over time"),
        "it knows no seconds"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.json");
    let file = path.to_str().unwrap();
    result["schema"] = json!(3);
    fs::write(&path, result.to_string()).unwrap();
    run(&mut loadtest(&["report", file])).expect(1, &["schema 3", "reads 1 to 2", "→"]);
    fs::write(&path, "{\"schema\": 2}").unwrap();
    run(&mut loadtest(&["report", file])).expect(1, &["not a result of loadtest"]);
    run(&mut loadtest(&["report", "/nowhere/x.json"])).expect(1, &["/nowhere/x.json"]);
}

#[test]
fn the_page_of_ten_minutes_and_forty_routes_is_small() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/results/1.json");
    let mut result: Value = serde_json::from_str(&read(&old)).unwrap();
    let routes = result["routes"].as_array().unwrap();
    let steady = routes.iter().find(|part| part["phase"] == "steady");
    let steady = steady.unwrap().clone();
    // Figures that jump as no server's do, and a failure of every class.
    let jagged = |second: u64, of: u64| 1_000 + (second * 7_919 + of) % 1_234_567;
    let seconds: Vec<_> = (0..600)
        .map(|second| {
            let [p50, p95, p99] = [1, 20_011, 700_001].map(|of| jagged(second, of));
            let (requests, failed) = (1_000 + second % 313, second % 7);
            json!({"second": second, "requests": requests, "failed": failed, "p50": p50, "p95": p95, "p99": p99, "max": p99})
        })
        .collect();
    let example = "PATCH /api/v2/projects/{project}/views/{view}: ".repeat(5);
    let classes = [
        "connect", "time-out", "server", "limited", "client", "decode", "content",
    ];
    let forty = (0..40).map(|number| {
        let mut part = steady.clone();
        part["route"] = json!(format!(
            "PATCH /api/v2/projects/{{project}}/resource-{number}"
        ));
        part["failed"] = json!(7);
        for class in classes {
            part["failures"][class] = json!(1);
            part["examples"][class] = json!(example);
        }
        part["seconds"] = json!(seconds);
        part
    });
    result["routes"] = forty.collect();
    result["course"] = json!([{"server": 0, "repeat": 0, "phase": "steady", "seconds": seconds}]);
    result["phases"] =
        json!([{"repeat": 0, "phase": "steady", "begins": 0.0, "seconds": 600.0, "judged": true}]);
    result["schema"] = json!(2);
    let page = &reports_of(&result)[1];
    assert_eq!(page.matches("resource-39").count(), 1 + classes.len());
    assert!(page.contains("Throughput over time"));
    assert!(page.len() < 500_000, "{}", page.len());
}

#[test]
fn damaged_results_are_no_panic() {
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/results/1.json");
    let mut result: Value = serde_json::from_str(&read(&old)).unwrap();
    for route in result["routes"].as_array_mut().unwrap() {
        route["block"] = json!(99);
        route["server"] = json!(99);
        route["judged"] = json!({});
        route["latency"]["histogram"] = json!("AAAA");
    }
    result["plan"]["repeat"] = json!(7);
    result["phases"] = json!([]);
    reports_of(&result);
}

#[test]
fn outputs_that_cannot_be_are_refused_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("same");
    let same = file.to_str().unwrap();
    for (args, parts) in [
        (
            &["--html", same, "--csv", same][..],
            &["--html and --csv"][..],
        ),
        (&["--html", "-", "--junit", "-"], &["--html and --junit"]),
        (
            &["--html", "/nowhere/x.html"],
            &["--html /nowhere/x.html", "→"],
        ),
        (&["--out", "/dev/null/x"], &["--out /dev/null/x", "→"]),
    ] {
        // Nothing is asked of this address.
        let to = ["--url", "http://127.0.0.1:9", "--token", "tk_1"];
        run(&mut loadtest(&[&to, args].concat())).expect(1, parts);
    }
    let alone = run(&mut unhurried(&["-n", "20", "-c", "2", "--html", "-"]));
    assert!(alone.out.starts_with("<!doctype html>"), "{}", alone.out);
    assert!(alone.err.contains("every target is met"), "{}", alone.err);
}

#[test]
fn no_report_holds_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let said = run(
        unhurried(&["-n", "20", "-c", "2", "--out", out.to_str().unwrap()])
            .args([
                "--header",
                "X-Proxy: geheim-1",
                "--before-each",
                "true geheim-2",
            ])
            .env("LOADTEST_SANDBOX", "2.5"),
    );
    said.expect(0, &[]);
    let mut everything = said.all();
    for name in FILES {
        everything += &read(&out.join(name));
    }
    assert!(!everything.contains("geheim"), "{everything}");
    for part in ["LOADTEST_SANDBOX=2.5 ", " loadtest -n 20 -c 2"] {
        assert!(
            everything.contains(part),
            "{part:?} is missing in {everything}"
        );
    }
}

/// A child that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A run that lasts so long, and where its result goes.
fn long_run(lasts: &str) -> (Running, TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("result.json");
    let child = loadtest(&["--duration", lasts, "--sandbox", "2.5,delay=5ms"])
        .args(["--json", json.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (Running(child), folder, json)
}

fn wait_for(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !path.exists() {
        assert!(
            Instant::now() < deadline,
            "{} does not come",
            path.display()
        );
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn of_a_run_that_is_killed_the_last_checkpoint_can_be_read() {
    let (mut child, folder, json) = long_run("10m");
    let partial = folder.path().join("result.json.partial");
    wait_for(&partial);
    child.0.kill().unwrap();
    child.0.wait().unwrap();
    let result = valid(&read(&partial));
    assert_eq!(result["outcome"], "partial");
    let requests: u64 = super::program::requests(&result, "steady");
    assert!(requests > 0);
    let seconds = result["blocks"][0]["seconds"].as_f64().unwrap();
    assert!(seconds > 0.0 && seconds < 100.0, "{seconds}");
    let file = partial.to_str().unwrap();
    let said = run(&mut loadtest(&["report", file, "--html", "-"]));
    said.expect(0, &["partial: the run did not come to its end"]);
    // The result itself never came; who asks for it is told of what there is.
    assert!(!json.exists());
    let said = run(&mut loadtest(&["report", json.to_str().unwrap()]));
    said.expect(1, &["result.json.partial", "→"]);
    let names = fs::read_dir(folder.path()).unwrap();
    assert_eq!(names.count(), 1, "nothing else is left");
}

#[test]
fn a_run_that_ends_leaves_no_checkpoint() {
    let (mut child, folder, json) = long_run("7s");
    let partial = folder.path().join("result.json.partial");
    wait_for(&partial);
    child.0.wait().unwrap();
    assert!(json.exists() && !partial.exists());
    assert_ne!(valid(&read(&json))["outcome"], "partial");
}
