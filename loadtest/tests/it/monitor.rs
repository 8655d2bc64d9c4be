//! `loadtest monitor`: its four codes, its lines, its page, and whom it tells.

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::program::{account, loadtest, run, sandbox, token};

/// A port at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A state file with so many probes of the last seconds, each of this length.
fn state(url: &str, probes: u64, millis: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_millis() as u64;
    let mut samples = String::new();
    for number in 0..probes {
        let (at, micros) = (now - 10_000 + number, millis * 1000);
        let comma = if number > 0 { "," } else { "" };
        let _ = write!(
            samples,
            r#"{comma}{{"at":{at},"micros":{micros},"error":null}}"#
        );
    }
    format!(
        r#"{{"url":"{url}","window":{{"samples":[{samples}],"down_since":null}},"alerts":{{"told":null}}}}"#
    )
}

#[test]
fn twenty_probes_are_judged_and_end_as_plugins_do() {
    let server = sandbox("0.24");
    let url = server.url();
    let jwt = token(&server, account(&server));
    for with_token in [false, true] {
        let mut command = loadtest(&["monitor", "--once", "--url", &url, "--every", "1ms"]);
        if with_token {
            command.env("VIKUNJA_TOKEN", &jwt);
        }
        let said = run(&mut command);
        said.expect(
            0,
            &[
                "VIKUNJA OK - p95 ",
                "errors 0.0 %",
                "| p95=",
                ";500;2000;0 ",
                "samples=20\n",
            ],
        );
        assert!(!said.all().contains(&jwt));
    }
    // Tasks are listed, so a token that is refused is seen; without it nobody would look at them.
    let mut command = loadtest(&["monitor", "--once", "--url", &url, "--every", "1ms"]);
    let said = run(command.env("VIKUNJA_TOKEN", format!("{jwt}x")));
    said.expect(
        2,
        &["VIKUNJA CRITICAL - no p95 below 20 answers, errors 100.0 %"],
    );
    let said = run(&mut loadtest(&[
        "monitor",
        "--once",
        "--url",
        &nobody(),
        "--every",
        "1ms",
    ]));
    said.expect(2, &["VIKUNJA CRITICAL", "errors=100.00%;5;25;0;100"]);
}

#[test]
fn a_state_file_carries_the_window_from_run_to_run() {
    let server = sandbox("2.5");
    let url = server.url();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let path = path.to_str().unwrap();
    let once = |url: &str| {
        run(&mut loadtest(&[
            "monitor", "--once", "--url", url, "--state", path,
        ]))
    };
    for (probes, millis, code, said) in [
        (
            2,
            9,
            3,
            "VIKUNJA UNKNOWN - no p95 below 20 answers, 3 probes so far",
        ),
        (30, 700, 1, "VIKUNJA WARNING - p95 700 ms"),
        (30, 2100, 2, "VIKUNJA CRITICAL - p95 2100 ms"),
    ] {
        fs::write(path, state(&url, probes, millis)).unwrap();
        once(&url).expect(code, &[said]);
        let kept = fs::read_to_string(path).unwrap();
        assert_eq!(kept.matches("\"micros\"").count() as u64, probes + 1);
    }
    once(&nobody()).expect(3, &["VIKUNJA UNKNOWN - the state file", "is about"]);
    fs::write(path, "{").unwrap();
    once(&url).expect(3, &["VIKUNJA UNKNOWN - the state file", "is not ours"]);
    run(&mut loadtest(&["monitor", "--once"])).expect(3, &["VIKUNJA UNKNOWN - no server is named"]);
    run(&mut loadtest(&["monitor", "--once", "--evry", "1s"])).expect(3, &["--every"]);
}

/// Ends the program whatever happens.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(address: &str) -> String {
    let host = address
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_watch_prints_lines_serves_figures_and_ends_politely() {
    let server = sandbox("1.0");
    let url = server.url();
    let args = [
        "monitor",
        "--url",
        &url,
        "--every",
        "1ms",
        "--json-lines",
        "--listen",
        "127.0.0.1:0",
    ];
    let child = loadtest(&args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Running(child);
    let mut said = BufReader::new(child.0.stderr.take().unwrap()).lines();
    let address = said.next().unwrap().unwrap();
    let address = address.rsplit(' ').next().unwrap().to_owned();
    let lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let lines: Vec<serde_json::Value> = lines
        .take(20)
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert_eq!(lines[0]["level"], "unknown");
    assert!(lines[18]["p95_ms"].is_null(), "no percentile of 19 probes");
    assert!(lines[19]["p95_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(
        (&lines[19]["level"], &lines[19]["samples"]),
        (&"ok".into(), &20.into())
    );
    let page = get(&address);
    assert!(page.contains("text/plain; version=0.0.4"), "{page}");
    assert!(page.contains("\nvikunja_probe_errors_ratio 0\n"), "{page}");
    let id = child.0.id().to_string();
    run(std::process::Command::new("kill").arg(id)).expect(0, &[]);
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
}

#[test]
fn what_is_bad_is_told_once_and_its_address_never() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let alert_url = format!(
        "http://{}/hook/not-to-be-shown",
        listener.local_addr().unwrap()
    );
    let (sender, told) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = String::new();
            while !request.ends_with('}') {
                let mut part = [0; 4096];
                let length = stream.read(&mut part).unwrap();
                request.push_str(&String::from_utf8_lossy(&part[..length]));
            }
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = sender.send(request);
        }
    });
    let url = nobody();
    let mut command = loadtest(&["monitor", "--url", &url, "--every", "1ms"]);
    let child = command
        .env("LOADTEST_ALERT_URL", &alert_url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Running(child);
    let first = told.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(
        first.starts_with("POST /hook/not-to-be-shown HTTP/1.1"),
        "{first}"
    );
    assert!(first.contains(r#""alert":"firing""#), "{first}");
    assert!(first.contains("VIKUNJA CRITICAL"), "{first}");
    child.0.kill().unwrap();
    let mut all = String::new();
    child
        .0
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut all)
        .unwrap();
    child
        .0
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut all)
        .unwrap();
    assert!(
        all.contains("VIKUNJA CRITICAL") && !all.contains("not-to-be-shown"),
        "{all}"
    );
    assert!(
        told.try_recv().is_err(),
        "within the cool-down nobody is told again"
    );
    let mut wrong = loadtest(&["monitor", "--url", &url]);
    wrong.env("LOADTEST_ALERT_URL", "http://h/not-to-be-shown?x=1");
    let said = run(&mut wrong);
    said.expect(1, &["without a query"]);
    assert!(!said.all().contains("not-to-be-shown"));
}
