//! `accept`: the manual's checklist, each line with what it rests on.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use super::program::{Said, account, loadtest, nobody, run, sandbox};

/// The program itself, for a shell.
const PROGRAM: &str = env!("CARGO_BIN_EXE_loadtest");

fn accept(url: &str, who: (&str, &str), args: &[&str]) -> Said {
    let args = [&["accept", "--url", url, "--json", "-"], args].concat();
    run(loadtest(&args)
        .env("VIKUNJA_USERNAME", who.0)
        .env("VIKUNJA_PASSWORD", who.1))
}

/// How it stands with a line, and the evidence.
fn line(said: &Said, wanted: &str) -> (String, String) {
    let result: Value =
        serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}", said.all()));
    let lines = result["checklist"].as_array().unwrap();
    let line = lines.iter().find(|line| line["line"] == wanted);
    let line = line.unwrap_or_else(|| panic!("no line {wanted}"));
    let evidence = line["evidence"].as_array().unwrap().iter();
    let evidence: Vec<_> = evidence.map(|one| one.as_str().unwrap()).collect();
    (
        line["verdict"].as_str().unwrap().to_owned(),
        evidence.join("\n"),
    )
}

#[track_caller]
fn expect(said: &Said, wanted: &str, verdict: &str, evidence: &str) {
    let (found, words) = line(said, wanted);
    assert_eq!(found, verdict, "{wanted}: {words}");
    assert!(words.contains(evidence), "{wanted}: {words}");
}

#[test]
fn every_release_is_held_to_the_whole_list_and_nothing_remains() {
    for release in ["0.20", "0.24", "2.5"] {
        let sandbox = sandbox(release);
        let who = account(&sandbox);
        let said = accept(&sandbox.url(), who, &[]);
        // A server without a limiter that lets strangers register is not hardened.
        said.expect(2, &["not a Vikunja server", "FAILED", "not checkable"]);
        assert!(!said.all().contains(who.1), "{}", said.all());
        expect(&said, "Deployment Successful", "passed", "info: Vikunja v");
        expect(&said, "Health Checks Passing", "passed", "health: OK");
        expect(&said, "API Responding", "passed", "delete: project");
        expect(&said, "Test User Created", "not_checkable", "is given");
        expect(&said, "Security Hardened", "failed", "registration: ");
        expect(&said, "Data Persists", "not_checkable", "--restart-cmd");
        expect(
            &said,
            "Backup Procedure Tested",
            "not_checkable",
            "--backup-cmd",
        );
        expect(&said, "All 4 Blockers Fixed", "not_checkable", "--compose");
        expect(&said, "Team Trained", "not_checkable", "for people");
        // How fast a busy machine is, is not for a test to say.
        let (_, load) = line(&said, "Documented Load Met");
        assert!(load.contains("failures = 0: 0"), "{load}");
        let (_, probes) = line(&said, "Within the Monitoring Thresholds");
        assert!(probes.contains("VIKUNJA "), "{probes}");
        let (hooks, _) = line(&said, "Webhooks Working");
        let expected = if release == "0.20" {
            "not_checkable"
        } else {
            "passed"
        };
        assert_eq!(hooks, expected, "{release}: {}", said.all());
        let result: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(result["checklist"].as_array().unwrap().len(), 20);

        let requests = sandbox.requests();
        let of_containers = |method: &str, last: &str| {
            let path = |path: &str| {
                let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
                match last {
                    "" => {
                        parts.len() == 5 && ["projects", "lists"].contains(&parts[parts.len() - 2])
                    }
                    last => parts.last() == Some(&last),
                }
            };
            let found = requests.iter().filter(|request| {
                request.method == method && path(request.path.split('?').next().unwrap())
            });
            found.count()
        };
        let made = match release {
            "0.20" => of_containers("PUT", "lists"),
            "0.24" => of_containers("PUT", "projects"),
            _ => of_containers("POST", "projects"),
        };
        assert!(made >= 2, "{release}: {made}");
        assert_eq!(of_containers("DELETE", ""), made, "{release}");
    }
}

#[test]
fn what_a_command_loses_is_found() {
    let sandbox = sandbox("2.5");
    let who = account(&sandbox);
    let url = sandbox.url();
    // `clean` deletes all that carries the mark, the tasks of this very run among it.
    let losing = format!("'{PROGRAM}' clean --url {url} >/dev/null 2>&1");
    let said = accept(
        &url,
        who,
        &["--restart-cmd", "true", "--backup-cmd", &losing],
    );
    said.expect(2, &["SOMETHING IS NOT AS IT WAS"]);
    expect(&said, "Data Persists", "passed", "nothing is lost");
    expect(&said, "Backup Procedure Tested", "failed", "missing");
    let failing = accept(&url, who, &["--backup-cmd", "exit 3"]);
    expect(
        &failing,
        "Backup Procedure Tested",
        "failed",
        "ended with exit status: 3",
    );
    expect(&failing, "Data Persists", "not_checkable", "--restart-cmd");
}

/// A stand-in in a process of its own, which a shell command restarts.
struct Restarted {
    folder: tempfile::TempDir,
    port: String,
}

impl Restarted {
    fn start() -> Self {
        let nobody = nobody();
        let port = nobody.rsplit(':').next().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let it = Self { folder, port };
        fs::create_dir(it.path().join("data")).unwrap();
        fs::create_dir(it.path().join("other")).unwrap();
        let started = Command::new("sh")
            .args(["-c", &it.starting("data")])
            .status()
            .unwrap();
        assert!(started.success());
        it
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn starting(&self, data: &str) -> String {
        let path = self.path().display();
        format!(
            "'{PROGRAM}' sandbox --release 2.5 --port {} --data {path}/{data} >/dev/null 2>&1 </dev/null & echo $! > {path}/pid",
            self.port
        )
    }

    fn stopping(&self) -> String {
        let path = self.path().display();
        format!(
            "pid=$(cat {path}/pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done"
        )
    }

    fn restarting(&self, data: &str) -> String {
        format!("{}; {}", self.stopping(), self.starting(data))
    }
}

impl Drop for Restarted {
    fn drop(&mut self) {
        let _ = Command::new("sh").args(["-c", &self.stopping()]).status();
    }
}

#[test]
fn a_real_restart_keeps_everything_or_is_found_out() {
    let server = Restarted::start();
    let url = format!("http://127.0.0.1:{}", server.port);
    let state = server.path().join("state.json");
    let accept = |data: &str| {
        run(&mut loadtest(&[
            "accept",
            "--url",
            &url,
            "--throwaway",
            "--state",
            state.to_str().unwrap(),
            "--wait",
            "20s",
            "--restart-cmd",
            &server.restarting(data),
            "--json",
            "-",
        ]))
    };
    let said = accept("data");
    expect(&said, "Test User Created", "passed", "it remains");
    expect(&said, "Data Persists", "passed", "nothing is lost");
    // Another folder is an empty server: the account is gone with everything else.
    let said = accept("other");
    said.expect(2, &["FAILED         Data Persists"]);
    expect(&said, "Data Persists", "failed", "wrong");
}

#[test]
fn what_stands_in_the_way_is_said() {
    let sandbox = sandbox("2.5");
    let url = sandbox.url();
    run(&mut loadtest(&["accept"])).expect(1, &["no server is named", "VIKUNJA_URL"]);
    run(&mut loadtest(&["accept", "--url", &url]))
        .expect(1, &["no account is given", "--throwaway"]);
    run(&mut loadtest(&[
        "accept",
        "--url",
        &nobody(),
        "--throwaway",
    ]))
    .expect(1, &["no connection", "--wait 60s"]);
    let who = account(&sandbox);
    let said = accept(&url, who, &["--compose", "/no/such.yml"]);
    // 1, or 2 where the machine is too busy for the documented load.
    assert!(matches!(said.code, Some(1 | 2)), "{}", said.all());
    let why = "could not: doctor: /no/such.yml cannot be read";
    assert!(said.all().contains(why), "{}", said.all());
    expect(
        &said,
        "Security Hardened",
        "not_checkable",
        "could not be carried out",
    );
    let wrong = accept(&url, (who.0, "wrong-password"), &[]);
    wrong.expect(2, &["wrong for tester", "was not reached"]);
}
