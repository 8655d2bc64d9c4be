//! Real load generators, run as child processes, and what they say.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::{
    Outcome,
    figures::{Percentiles, QUANTILES},
    truth::TASKS,
    valgrind,
};

/// A closed load on the task list.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// Root of the server.
    pub url: &'a str,
    /// Bearer token.
    pub token: &'a str,
    /// Requests in all.
    pub requests: usize,
    /// How many at a time, or at most.
    pub users: usize,
    /// How many a second: the open model, which `ab` has not.
    pub rate: Option<u32>,
    /// A PEM file to trust.
    pub cacert: Option<&'a Path>,
}

/// The load tester's program.
#[derive(Clone, Debug)]
pub struct LoadTest {
    program: PathBuf,
}

/// What the load tester said of a run without failures.
#[derive(Clone, Debug)]
pub struct Measured {
    /// From the send to the last byte of the body, in µs.
    pub percentiles: Percentiles,
    /// What the generator itself used for one request, in µs.
    pub cpu_us_per_request: f64,
    /// Why it calls its own run invalid, if it does: this machine was overloaded.
    pub invalid: Option<String>,
}

/// How a run ends that tells its figures. 2: a target was missed; 5: the machine was overloaded. Neither is what is asked here.
const RUN: &[i32] = &[0, 2, 5];

impl LoadTest {
    /// How many lists it reads before its clock runs: one to see the page, and one for each user.
    pub fn warm_up(users: usize) -> usize {
        1 + users
    }

    /// The named program, else the one beside the program that runs now.
    pub fn find(named: Option<&Path>) -> Outcome<Self> {
        let program = match named {
            Some(named) => named.to_owned(),
            None => env::current_exe()
                .map_err(|error| format!("where this program is cannot be told: {error}"))?
                .with_file_name(format!("loadtest{}", env::consts::EXE_SUFFIX)),
        };
        if program.is_file() {
            return Ok(Self { program });
        }
        let release = if program
            .components()
            .any(|part| part.as_os_str() == "release")
        {
            " --release"
        } else {
            ""
        };
        Err(format!(
            "there is no load tester at {}; build it: cargo build -p loadtest{release}",
            program.display()
        ))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.program
    }

    /// Runs the documented scenario. A failed request is an error: then there is nothing to compare.
    pub fn run(&self, load: &Load<'_>) -> Outcome<Measured> {
        let mut command = Command::new(&self.program);
        let result = self.result(prepare(&mut command, load), RUN)?;
        Measured::of(&result)
            .map_err(|what| format!("the result of {}: {what}", self.program.display()))
    }

    /// Runs it with these flags on these processors, and gives its whole result.
    pub fn run_with(&self, args: &[&str], token: &str, processors: Option<&str>) -> Outcome<Value> {
        let mut command = on(processors, &self.program);
        bare(&mut command).args(["run", "--json", "-"]).args(args);
        if !token.is_empty() {
            command.env("VIKUNJA_TOKEN", token);
        }
        self.result(&mut command, RUN)
    }

    fn result(&self, command: &mut Command, codes: &[i32]) -> Outcome<Value> {
        let name = self.program.display();
        let output = run(command, &name.to_string())?;
        let ended = output
            .status
            .code()
            .is_some_and(|code| codes.contains(&code));
        if output.stdout.is_empty() || !ended {
            return Err(failed(&name.to_string(), &output));
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("the result of {name} is no JSON: {error}"))
    }

    /// Compares two servers with `ab`. Whatever it says of them is an answer.
    pub fn compare(&self, a: &str, b: &str, flags: &[String]) -> Outcome<Compared> {
        let mut command = Command::new(&self.program);
        bare(&mut command)
            .args(["ab", "--json", "-", "--a", a, "--b", b])
            .args(flags);
        let result = self.result(&mut command, &[0, 3, 4, 5])?;
        Compared::of(&result).ok_or_else(|| {
            let name = self.program.display();
            format!("the comparison of {name} lacks what is read")
        })
    }

    /// Runs it under valgrind, and gives the instructions of the whole process.
    pub fn instructions(&self, load: &Load<'_>) -> Outcome<u64> {
        valgrind::instructions(prepare(&mut valgrind::command(&self.program), load), RUN)
    }
}

/// What `ab` of the load tester said.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// How it ended: `regressed`, `improved`, `unchanged`, `inconclusive`, `invalid`.
    pub outcome: String,
    /// After how many pairs of blocks.
    pub pairs: u64,
    /// The ratio of the p50 with its interval, for people.
    pub p50: String,
    /// CPU time of A's process per request, in µs.
    pub cpu: f64,
}

impl Compared {
    fn of(result: &Value) -> Option<Self> {
        let rows = result["rows"].as_array()?;
        let row = |metric| rows.iter().find(|row| row["metric"] == metric);
        let p50 = row("p50")?;
        Some(Self {
            outcome: result["outcome"].as_str()?.to_owned(),
            pairs: result["duel"]["pairs"].as_u64()?,
            p50: format!(
                "p50 {:.3} ({:.3} – {:.3})",
                p50["ratio"].as_f64()?,
                p50["low"].as_f64().unwrap_or(0.0),
                p50["high"].as_f64().unwrap_or(f64::INFINITY)
            ),
            cpu: row("cpu")?["a"].as_f64()?,
        })
    }
}

/// A program on these processors, as `taskset` names them.
pub(crate) fn on(processors: Option<&str>, program: &Path) -> Command {
    match processors {
        None => Command::new(program),
        Some(processors) => {
            let mut command = Command::new("taskset");
            command.args(["-c", processors]).arg(program);
            command
        }
    }
}

/// Takes away what this shell is set up for: it must not change what is measured.
fn bare(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("VIKUNJA_") || text.starts_with("LOADTEST_") {
            command.env_remove(name);
        }
    }
    command
}

/// Adds the flags and the environment of a run.
fn prepare<'a>(command: &'a mut Command, load: &Load<'_>) -> &'a mut Command {
    bare(command);
    if let Some(cacert) = load.cacert {
        command.env("LOADTEST_CACERT", cacert);
    }
    command
        .args(["run", "--json", "-", "--url", load.url])
        .args(["--requests", &load.requests.to_string()])
        .args(match load.rate {
            None => vec!["--users".to_owned(), load.users.to_string()],
            Some(rate) => vec![
                "--rate".to_owned(),
                rate.to_string(),
                "--max-in-flight".to_owned(),
                load.users.to_string(),
            ],
        })
        .env("VIKUNJA_TOKEN", load.token)
}

impl Measured {
    fn of(result: &Value) -> Outcome<Self> {
        let route = result["routes"]
            .as_array()
            .and_then(|routes| routes.iter().find(|route| route["phase"] == "steady"))
            .ok_or("it has no route in the steady phase")?;
        if route["failed"] != 0 {
            return Err(format!(
                "{} requests failed, the first: {}",
                route["failed"], route["first_failure"]
            ));
        }
        let mut percentiles = [0; 3];
        for (place, (name, _)) in percentiles.iter_mut().zip(QUANTILES) {
            *place = route["judged"][name]
                .as_u64()
                .ok_or_else(|| format!("it has no {name}"))?;
        }
        Ok(Self {
            percentiles,
            cpu_us_per_request: result["generator"]["cpu_us_per_request"]
                .as_f64()
                .ok_or("it has no CPU time per request")?,
            invalid: result["invalid"].as_str().map(ToOwned::to_owned),
        })
    }
}

/// ApacheBench, `ab -k`.
#[derive(Clone, Debug)]
pub struct Ab {
    program: PathBuf,
}

/// What `ab` said of a run without failures.
#[derive(Clone, Copy, Debug)]
pub struct AbMeasured {
    /// Of its `-e` file, in µs. Its rank is ⌊q·n + ½⌋ + 1: one later than ours.
    pub percentiles: Percentiles,
    /// Requests on a connection that was kept. `ab` speaks HTTP/1.0, in which an answer of unknown length ends its
    /// connection: Vikunja's longer answers are such, and then `-k` has no effect.
    pub kept_alive: usize,
}

impl Ab {
    /// The named program, else `ab` of the path.
    pub fn find(named: Option<&Path>) -> Outcome<Self> {
        let program = named.unwrap_or(Path::new("ab"));
        let answers = Command::new(program)
            .arg("-V")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match answers {
            Ok(status) if status.success() => Ok(Self {
                program: program.to_owned(),
            }),
            _ => Err(format!(
                "there is no ApacheBench here ({} -V); on Debian it is in the package apache2-utils",
                program.display()
            )),
        }
    }

    /// Reads the list so often, with `-k` and one connection per user.
    pub fn run(&self, load: &Load<'_>) -> Outcome<AbMeasured> {
        let folder = tempfile::tempdir()
            .map_err(|error| format!("no folder for the figures of ab can be made: {error}"))?;
        let csv = folder.path().join("percentiles.csv");
        let mut command = Command::new(&self.program);
        command
            .args([
                "-k",
                "-q",
                "-n",
                &load.requests.to_string(),
                "-c",
                &load.users.to_string(),
                "-e",
            ])
            .arg(&csv)
            .args(["-H", &format!("Authorization: Bearer {}", load.token)])
            .arg(format!("{}{TASKS}", load.url.trim_end_matches('/')));
        let output = run(&mut command, "ab")?;
        if !output.status.success() {
            return Err(failed("ab", &output));
        }
        let table = fs::read_to_string(&csv)
            .map_err(|error| format!("ab wrote no percentiles: {error}"))?;
        AbMeasured::of(&String::from_utf8_lossy(&output.stdout), &table)
    }
}

impl AbMeasured {
    fn of(said: &str, table: &str) -> Outcome<Self> {
        let count = |name: &str| -> Option<usize> {
            let line = said.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse().ok()
        };
        for bad in ["Failed requests:", "Non-2xx responses:"] {
            // The second line is there only if there were some.
            if let Some(bad_ones @ 1..) = count(bad) {
                return Err(format!("ab says: {bad} {bad_ones}"));
            }
        }
        let mut percentiles = [0; 3];
        for (place, (name, quantile)) in percentiles.iter_mut().zip(QUANTILES) {
            let percent = format!("{},", (quantile * 100.0).round());
            let millis: f64 = table
                .lines()
                .find_map(|line| line.strip_prefix(&percent)?.trim().parse().ok())
                .ok_or_else(|| format!("the percentiles of ab lack {name}"))?;
            *place = (millis * 1000.0).round() as u64;
        }
        Ok(Self {
            percentiles,
            kept_alive: count("Keep-Alive requests:")
                .ok_or("ab does not say how many requests were kept alive")?,
        })
    }
}

pub(crate) fn run(command: &mut Command, name: &str) -> Outcome<Output> {
    command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name} cannot be started: {error}"))
}

pub(crate) fn failed(name: &str, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    format!("{name} ended with {}: {}", output.status, said.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn result(failed: u64) -> Value {
        let p50 = (failed == 0).then_some(5100);
        json!({
            "routes": [
                {"phase": "warm-up", "failed": 0, "judged": {"p50": 1, "p95": 1, "p99": 1}},
                {"phase": "steady", "failed": failed, "first_failure": "GET /tasks: 500",
                 "judged": {"p50": p50, "p95": 40_200, "p99": 730_100}},
            ],
            "generator": {"cpu_us_per_request": 91.5},
            "invalid": null,
        })
    }

    #[test]
    fn the_steady_phase_is_read() {
        let measured = Measured::of(&result(0)).unwrap();
        assert_eq!(measured.percentiles, [5100, 40_200, 730_100]);
        assert!((measured.cpu_us_per_request - 91.5).abs() < 1e-9);
        assert_eq!(measured.invalid, None);
        let problem = Measured::of(&result(3)).unwrap_err();
        assert!(
            problem.contains("3 requests failed") && problem.contains("500"),
            "{problem}"
        );
    }

    #[test]
    fn a_comparison_is_read() {
        let result = json!({
            "outcome": "unchanged",
            "duel": {"pairs": 60},
            "rows": [
                {"metric": "p50", "ratio": 1.01, "low": 0.99, "high": null},
                {"metric": "cpu", "a": 812.5, "b": 815.0},
            ],
        });
        let compared = Compared::of(&result).unwrap();
        assert_eq!(
            (compared.outcome.as_str(), compared.pairs),
            ("unchanged", 60)
        );
        assert_eq!(compared.p50, "p50 1.010 (0.990 – inf)");
        assert!((compared.cpu - 812.5).abs() < 1e-9);
        assert_eq!(Compared::of(&json!({"outcome": "unchanged"})), None);
    }

    #[test]
    fn what_ab_says_is_read() {
        let said =
            "Complete requests:      200\nFailed requests:        0\nKeep-Alive requests:    199\n";
        let table = "Percentage served,Time in ms\n5,1.0\n50,5.312\n95,40.250\n99,730.4\n";
        let measured = AbMeasured::of(said, table).unwrap();
        assert_eq!(measured.percentiles, [5312, 40_250, 730_400]);
        assert_eq!(measured.kept_alive, 199);
        let refused =
            AbMeasured::of("Failed requests: 0\nNon-2xx responses:      7\n", table).unwrap_err();
        assert!(refused.contains("Non-2xx responses: 7"), "{refused}");
    }

    #[test]
    fn a_missing_load_tester_is_named_with_how_to_build_it() {
        let problem = LoadTest::find(Some("/nowhere/release/loadtest".as_ref())).unwrap_err();
        assert!(problem.contains("/nowhere/release/loadtest"), "{problem}");
        assert!(
            problem.ends_with("cargo build -p loadtest --release"),
            "{problem}"
        );
    }
}
