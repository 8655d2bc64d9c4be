//! Ten thousand users at one request a second each: what they cost, and whether they are on time.

use std::{path::PathBuf, process::ExitCode};

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Parser;
use hdrhistogram::{Histogram, serialization::Deserializer};
use serde_json::Value;
use vikunja_benches::{Outcome, generators::LoadTest, nginx::Nginx, pages, peers::TOKEN};

/// An open load on nginx in which each of 10,000 users has a connection and one request a second. Exits with 1 when the
/// load tester takes more memory than 350 MB (604 bytes) or 600 MB (25 kB), needs 5 s or more to start, or sends 1 % or
/// more later than 5 ms after they were due.
#[derive(Parser)]
#[command(name = "crowd")]
struct Args {
    /// The load tester [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    loadtest: Option<PathBuf>,
    /// Users, and requests a second
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    users: usize,
    /// Seconds
    #[arg(long, value_name = "N", default_value_t = 20)]
    seconds: u64,
    /// How closely answers are looked at
    #[arg(long, value_name = "HOW", default_value = "sample:20")]
    check: String,
    /// Processors of nginx
    #[arg(long, value_name = "LIST", default_value = "0")]
    server_on: String,
    /// Processors of the load tester
    #[arg(long, value_name = "LIST", default_value = "1")]
    generator_on: String,
}

/// From where on a request is late is shared between its two parts: more than that in one of them, in µs.
const LATE: [(&str, u64); 2] = [("pacer", 1000), ("queue", 4000)];

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("crowd: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<bool> {
    let loadtest = LoadTest::find(args.loadtest.as_deref())?;
    println!(
        "{}, {} users, {}/s for {} s\n",
        loadtest.path().display(),
        args.users,
        args.users,
        args.seconds
    );
    let mut good = true;
    for (size, page, memory) in [
        ("604 B", pages::small(), 350.0),
        ("25 kB", pages::medium(), 600.0),
    ] {
        let nginx = Nginx::start(&page, args.users, Some(&args.server_on))?;
        let (users, lasting) = (args.users.to_string(), format!("{}s", args.seconds));
        let flags = [
            "--url",
            nginx.url(),
            "--rate",
            &users,
            "--max-in-flight",
            &users,
            "--duration",
            &lasting,
            "--check",
            &args.check,
            "--threads",
            "1",
        ];
        let result = loadtest.run_with(&flags, TOKEN, Some(&args.generator_on))?;
        good &= table(&result, size, memory)?;
    }
    Ok(good)
}

/// Prints the figures of one run, and says whether all are within their limits.
fn table(result: &Value, size: &str, most_memory: f64) -> Outcome<bool> {
    let generator = &result["generator"];
    let memory = generator["peak_memory_bytes"]
        .as_f64()
        .ok_or("the result has no memory")?
        / 1e6;
    let phases = result["phases"]
        .as_array()
        .ok_or("the result has no phases")?;
    let before = phases
        .iter()
        .filter(|phase| phase["phase"] == "set-up" || phase["phase"] == "warm-up");
    let start: f64 = before.filter_map(|phase| phase["seconds"].as_f64()).sum();
    let late = 100.0 * late(result)?;
    let mut good = true;
    for (what, is, most, unit) in [
        ("memory", memory, most_memory, "MB"),
        ("start", start, 5.0, "s"),
        ("late, at most", late, 1.0, "%"),
    ] {
        let within = is < most;
        good &= within;
        println!(
            "{size}  {what:<14} {is:>8.2} {unit:<2}  under {most} {unit}: {}",
            if within { "ok" } else { "NOT" }
        );
    }
    println!(
        "{size}  {:.0} µs per request, {:.0} % of a core; failures {}; invalid: {}",
        generator["cpu_us_per_request"].as_f64().unwrap_or_default(),
        generator["cpu_percent"].as_f64().unwrap_or_default(),
        result["failures"],
        result["invalid"].as_str().unwrap_or("no"),
    );
    Ok(good)
}

/// Share of the requests that were sent more than 5 ms late, or a little more than that: those with one part over its
/// share.
fn late(result: &Value) -> Outcome<f64> {
    let routes = result["routes"]
        .as_array()
        .ok_or("the result has no routes")?;
    let (mut late, mut all) = (0, 0);
    for route in routes.iter().filter(|route| route["phase"] == "steady") {
        all += route["requests"].as_u64().unwrap_or_default();
        if route["route"] == "(not started)" {
            late += route["requests"].as_u64().unwrap_or_default();
        }
        for (part, most) in LATE {
            if let Some(text) = route[part]["histogram"].as_str() {
                let histogram = histogram(text)?;
                late += histogram.len() - histogram.count_between(0, most);
            }
        }
    }
    if all == 0 {
        return Err("nothing was sent".to_owned());
    }
    Ok(late as f64 / all as f64)
}

fn histogram(text: &str) -> Outcome<Histogram<u64>> {
    let problem = |error: &dyn std::fmt::Display| {
        format!("a histogram of the result cannot be read: {error}")
    };
    let bytes = STANDARD.decode(text).map_err(|error| problem(&error))?;
    Deserializer::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| problem(&error))
}
