//! Load generators that ask for one page for so long, and what that costs them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::{
    Outcome,
    generators::{LoadTest, failed, on, run},
    truth::TASKS,
};

/// A credential that nginx does not look at.
pub const TOKEN: &str = "tk_0000000000000000000000000000000000000000";

/// One page again and again, each user on a connection of its own.
#[derive(Clone, Copy, Debug)]
pub struct Hammer<'a> {
    /// Root of the server.
    pub url: &'a str,
    /// Users at a time.
    pub users: usize,
    /// How long.
    pub seconds: u64,
    /// Processors for the generator, as `taskset` names them.
    pub processors: Option<&'a str>,
}

/// A generator.
#[derive(Clone, Debug)]
pub enum Peer {
    /// Ours, which looks at the status only, as the others do.
    LoadTest(LoadTest),
    /// ApacheBench with `-k`.
    Ab,
    /// wrk with one thread.
    Wrk,
    /// oha.
    Oha(PathBuf),
    /// k6 with a script of one request, whose body is dropped.
    K6(PathBuf),
    /// Locust with its faster client, and a file of one request.
    Locust(PathBuf),
}

/// The file for Locust.
const LOCUSTFILE: &str = r#"from locust import FastHttpUser, constant, task


class Reader(FastHttpUser):
    wait_time = constant(0)

    @task
    def read(self):
        self.client.get("/api/v2/tasks", headers={"Authorization": "Bearer TOKEN"})
"#;

/// The script for k6.
const SCRIPT: &str = r#"import http from "k6/http";

export const options = { discardResponseBodies: true };

export default function () {
  http.get("PAGE", { headers: { Authorization: "Bearer TOKEN" } });
}
"#;

impl Peer {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::LoadTest(_) => "loadtest",
            Self::Ab => "ab -k",
            Self::Wrk => "wrk -t1",
            Self::Oha(_) => "oha",
            Self::K6(_) => "k6",
            Self::Locust(_) => "locust",
        }
    }

    /// Whether it can be started.
    pub fn is_here(&self) -> bool {
        let (program, flag): (&Path, _) = match self {
            Self::LoadTest(_) => return true,
            Self::Ab => ("ab".as_ref(), "-V"),
            Self::Wrk => ("wrk".as_ref(), "-v"),
            Self::Oha(program) | Self::K6(program) | Self::Locust(program) => {
                (program, "--version")
            }
        };
        Command::new(program).arg(flag).output().is_ok()
    }

    /// Asks, and says how many answers came.
    pub fn run(&self, load: &Hammer<'_>) -> Outcome<u64> {
        let page = format!("{}{TASKS}", load.url);
        let users = load.users.to_string();
        let seconds = load.seconds.to_string();
        let lasting = format!("{seconds}s");
        let bearer = format!("Authorization: Bearer {TOKEN}");
        let said = |program: &Path, args: &[&str]| {
            let mut command = on(load.processors, program);
            let output = run(command.args(args), self.name())?;
            // Locust ends with 1 when a request failed, and so do others.
            if output.status.success() {
                Ok(String::from_utf8_lossy(&output.stdout).into_owned())
            } else {
                Err(failed(self.name(), &output))
            }
        };
        let count = match self {
            Self::LoadTest(program) => {
                let flags = ["--url", load.url, "--users", &users, "--duration", &lasting];
                let flags = [&flags[..], &["--check", "status", "--threads", "1"]].concat();
                requests(&program.run_with(&flags, TOKEN, load.processors)?, "steady")
            }
            Self::Ab => {
                // A limit of time sets one of requests, too, unless that follows.
                let args = [
                    "-k", "-q", "-c", &users, "-t", &seconds, "-n", "1000000", "-H", &bearer, &page,
                ];
                let said = said("ab".as_ref(), &args)?;
                let line = said
                    .lines()
                    .find_map(|line| line.strip_prefix("Complete requests:"));
                line.and_then(|line| line.trim().parse().ok())
            }
            Self::Wrk => {
                let args = ["-t1", "-c", &users, "-d", &lasting, "-H", &bearer, &page];
                let said = said("wrk".as_ref(), &args)?;
                let mut lines = said
                    .lines()
                    .filter_map(|line| line.trim().split_once(" requests in "));
                lines.next().and_then(|(count, _)| count.parse().ok())
            }
            Self::Oha(program) => {
                let args = [
                    "--no-tui",
                    "--output-format",
                    "json",
                    "-c",
                    &users,
                    "-z",
                    &lasting,
                    "-H",
                    &bearer,
                    &page,
                ];
                let result: Value = json(&said(program, &args)?, self.name())?;
                result["statusCodeDistribution"]["200"].as_u64()
            }
            Self::K6(program) => {
                let script = Script::write("k6.js", &SCRIPT.replace("PAGE", &page))?;
                let summary = script.beside("summary.json");
                let args = [
                    "run",
                    "--quiet",
                    "--no-usage-report",
                    "--vus",
                    &users,
                    "--duration",
                    &lasting,
                    "--summary-export",
                    &summary,
                    &script.file,
                ];
                said(program, &args)?;
                let text = fs::read_to_string(&summary)
                    .map_err(|error| format!("the summary of k6 cannot be read: {error}"))?;
                json(&text, self.name())?["metrics"]["http_reqs"]["count"].as_u64()
            }
            Self::Locust(program) => {
                let script = Script::write("locustfile.py", LOCUSTFILE)?;
                return locust(program, script.file.as_ref(), load, &[], &[]);
            }
        };
        count
            .filter(|count| *count > 0)
            .ok_or_else(|| format!("{} does not say how many requests it sent", self.name()))
    }
}

/// What a generator is told in a language of its own, in a folder that goes away with this.
struct Script {
    folder: tempfile::TempDir,
    file: String,
}

impl Script {
    fn write(name: &str, text: &str) -> Outcome<Self> {
        let problem = |error| format!("{name} cannot be written: {error}");
        let folder = tempfile::tempdir().map_err(problem)?;
        let file = folder.path().join(name);
        fs::write(&file, text.replace("TOKEN", TOKEN)).map_err(problem)?;
        let file = file.display().to_string();
        Ok(Self { folder, file })
    }

    fn beside(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

/// Runs classes of a Locust file (all, if none is named), and says how many answers came, of log-ins, too.
pub fn locust(
    program: &Path,
    file: &Path,
    load: &Hammer<'_>,
    classes: &[&str],
    env: &[(&str, &str)],
) -> Outcome<u64> {
    let mut command = on(load.processors, program);
    command
        .arg("-f")
        .arg(file)
        .args([
            "--headless",
            "--json",
            "--skip-log",
            "--exit-code-on-error",
            "0",
        ])
        .args([
            "--host",
            load.url,
            "-u",
            &load.users.to_string(),
            "-r",
            &load.users.to_string(),
        ])
        .args(["-t", &format!("{}s", load.seconds), "--stop-timeout", "0"])
        .args(classes)
        .envs(env.iter().copied());
    let output = run(&mut command, "locust")?;
    if !output.status.success() {
        return Err(failed("locust", &output));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let rows = json(said.find('[').map_or("", |at| &said[at..]), "locust")?;
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let sum = |name: &str| {
        rows.iter()
            .filter_map(|row| row[name].as_u64())
            .sum::<u64>()
    };
    match (sum("num_requests"), sum("num_failures")) {
        (0, _) => Err("locust sent nothing".to_owned()),
        (requests, failures) if failures * 100 > requests => Err(format!(
            "{failures} of {requests} requests of locust failed"
        )),
        (requests, _) => Ok(requests),
    }
}

/// Requests of a phase of the load tester's result; of all phases, if it is empty.
pub fn requests(result: &Value, phase: &str) -> Option<u64> {
    let routes = result["routes"].as_array()?.iter();
    let routes = routes.filter(|route| phase.is_empty() || route["phase"] == phase);
    routes.map(|route| route["requests"].as_u64()).sum()
}

fn json(text: &str, name: &str) -> Outcome<Value> {
    serde_json::from_str(text).map_err(|error| format!("what {name} says is no JSON: {error}"))
}

/// Processor time of all children that have ended, of theirs, too.
pub fn cpu_of_children() -> Outcome<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")
        .map_err(|error| format!("/proc/self/stat: {error}"))?;
    ticks_of_children(&stat)
        // The kernel counts in hundredths of a second for everybody who reads this.
        .map(|ticks| Duration::from_millis(10 * ticks))
        .ok_or_else(|| format!("/proc/self/stat cannot be read: {stat}"))
}

fn ticks_of_children(stat: &str) -> Option<u64> {
    // The second field is the program's name, in which there may be anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(13);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

/// µs of processor time for each request of a generator that is run twice: the long run less the short one, so that
/// starting up is not in it.
pub fn cost(lengths: [u64; 2], mut generate: impl FnMut(u64) -> Outcome<u64>) -> Outcome<f64> {
    let mut runs = [(0.0, 0.0); 2];
    for (run, seconds) in runs.iter_mut().zip(lengths) {
        let before = cpu_of_children()?;
        let requests = generate(seconds)?;
        *run = (
            cpu_of_children()?.saturating_sub(before).as_secs_f64(),
            requests as f64,
        );
    }
    let [(short, few), (long, many)] = runs;
    if many <= few {
        return Err(format!(
            "{many} requests in {} s, and {few} in {} s",
            lengths[1], lengths[0]
        ));
    }
    Ok(1e6 * (long - short) / (many - few))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_children_is_read_behind_any_name() {
        let stat = "42 (a) b) R 1 42 42 0 -1 4194304 80 900 0 0 1 2 30 4 20 0 1 0 99 1 1 1";
        assert_eq!(ticks_of_children(stat), Some(34));
        assert_eq!(ticks_of_children("nonsense"), None);
    }

    #[test]
    fn what_starting_up_costs_is_left_out() {
        let nothing = cost([1, 3], |seconds| Ok(seconds * 100)).unwrap();
        assert!(nothing.abs() < 1e-9, "{nothing}");
        assert!(cost([1, 3], |_| Ok(7)).unwrap_err().contains("7 in 1 s"));
    }

    #[test]
    fn requests_of_a_phase_are_counted() {
        let result = serde_json::json!({"routes": [
            {"phase": "warm-up", "requests": 3}, {"phase": "steady", "requests": 5}, {"phase": "steady", "requests": 7},
        ]});
        assert_eq!(
            (requests(&result, "steady"), requests(&result, "")),
            (Some(12), Some(15))
        );
    }
}
