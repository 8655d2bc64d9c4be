//! Whose fault a delay is: an overloaded server is red, a starved generator makes a run invalid.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::program::{account, loadtest, run, sandbox, token, unhurried};

/// Neighbours that spin on one processor, until they are dropped.
struct Spinning(Vec<Child>);

impl Spinning {
    fn on(processor: &str) -> Self {
        let spin = || {
            Command::new("taskset")
                .args(["-c", processor, "sh", "-c", "while :; do :; done"])
                .stdin(Stdio::null())
                .spawn()
                .unwrap()
        };
        Self((0..3).map(|_| spin()).collect())
    }
}

impl Drop for Spinning {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A processor that this process may use.
fn a_processor() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .unwrap();
    let last = allowed.trim().rsplit([',', '-']).next().unwrap();
    last.to_owned()
}

/// The same command on this processor, behind its neighbours.
fn starved(command: &Command, processor: &str) -> Command {
    let mut nice = Command::new("nice");
    nice.args(["-n", "5", "taskset", "-c", processor])
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => nice.env(name, value),
            None => nice.env_remove(name),
        };
    }
    nice
}

#[test]
fn a_generator_that_is_starved_by_its_neighbours_says_nothing_of_the_server() {
    let processor = a_processor();
    let sandbox = sandbox("2.5");
    let jwt = token(&sandbox, account(&sandbox));
    let url = sandbox.url();
    let args = |plan: &[&'static str]| -> Command {
        let mut command =
            unhurried(&[&["--url", url.as_str(), "--seed-tasks", "1"], plan].concat());
        command.env_remove("LOADTEST_IGNORE_LAG");
        command.env("VIKUNJA_TOKEN", &jwt);
        command
    };
    let closed = args(&["-n", "150"]);
    let open = args(&["--rate", "100", "-n", "150", "--drain", "60s"]);
    let neighbours = Spinning::on(&processor);
    for plan in [&closed, &open] {
        let said = run(&mut starved(plan, &processor));
        said.expect(5, &["INVALID:", "this machine is overloaded"]);
    }
    let said = run(starved(&closed, &processor).env("LOADTEST_IGNORE_LAG", "true"));
    drop(neighbours);
    said.expect(
        0,
        &["ignored, as --ignore-lag says:", "every target is met"],
    );
}

#[test]
fn a_server_that_cannot_keep_up_is_missed_and_never_green() {
    // Ten at a time, 50 ms each: 200/s of the 1000/s that are due.
    let said = run(&mut loadtest(&[
        "--rate",
        "1000",
        "--requests",
        "1000",
        "--max-in-flight",
        "10",
        "--drain",
        "1s",
        "--sandbox",
        "2.5,delay=50ms",
        "--json",
        "-",
    ]));
    said.expect(2, &["MISSED"]);
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert!(
        told["failures"]["not-started"].as_u64().unwrap() > 300,
        "{}",
        told["failures"]
    );
}
