//! What the load tester's people cost, against the official harness's on the same server.

use std::{fs, path::PathBuf, process::ExitCode};

use clap::Parser;
use serde_json::Value;
use vikunja_benches::{
    Outcome,
    figures::Spread,
    generators::LoadTest,
    peers::{Hammer, cost, locust, requests},
};

/// Processor time per request of `bot` and `mix` (worker, glancer and bot as 3 to 3 to 1) and of the official harness's
/// classes, in turns on one server (2.5 or newer, on this machine). Exits with 1 when the load tester is less than 15 times
/// cheaper with every twentieth body decoded, or less than 6 times with all of them.
///
/// The accounts are those of `loadtest seed --users 100 --projects 6 --tasks 80 --accounts FILE`, whose file both read. The
/// harness is go-vikunja/performance-testing-v2; its Python files stay outside this project.
#[derive(Parser)]
#[command(name = "people")]
struct Args {
    /// Address of the server
    #[arg(long, value_name = "URL", env = "VIKUNJA_URL")]
    url: String,
    /// The seed file
    #[arg(long, value_name = "FILE")]
    accounts: PathBuf,
    /// The harness's locustfile.py, its other files beside it
    #[arg(long, value_name = "FILE")]
    locustfile: PathBuf,
    /// Locust
    #[arg(long, value_name = "PATH", default_value = "locust")]
    locust: PathBuf,
    /// The load tester [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    loadtest: Option<PathBuf>,
    /// Users
    #[arg(long, value_name = "N", default_value_t = 200)]
    users: usize,
    /// Seconds of the long run; the short one is a third of it
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Rounds
    #[arg(long, value_name = "N", default_value_t = 1)]
    rounds: usize,
    /// Processors of the generators, as taskset names them
    #[arg(long, value_name = "LIST")]
    generator_on: Option<String>,
}

/// Our scenarios, and the harness's classes.
const SCENARIOS: [(&str, &[&str]); 2] = [
    ("bot", &["IntegrationBot"]),
    ("mix", &["Worker", "Glancer", "IntegrationBot"]),
];
/// How closely we look, and how many times cheaper that must be.
const CHECKS: [(&str, f64); 2] = [("sample:20", 15.0), ("full", 6.0)];

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("people: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<bool> {
    let loadtest = LoadTest::find(args.loadtest.as_deref())?;
    let password = password(args)?;
    let accounts = args.accounts.display().to_string();
    let env = [
        ("SEED_STATE", accounts.as_str()),
        ("SEED_PASSWORD", password.as_str()),
    ];
    let lengths = [args.seconds.div_ceil(3), args.seconds];
    let users = args.users.to_string();
    println!(
        "{} users at {}, {} s less {} s, {} rounds\n",
        args.users, args.url, lengths[1], lengths[0], args.rounds
    );
    println!(
        "who   check      µs per request           locust                   times cheaper     at least"
    );
    let mut good = true;
    for (scenario, classes) in SCENARIOS {
        let (mut theirs, mut ours) = (Vec::new(), [Vec::new(), Vec::new()]);
        for _ in 0..args.rounds {
            theirs.push(cost(lengths, |seconds| {
                let load = Hammer {
                    url: &args.url,
                    users: args.users,
                    seconds,
                    processors: args.generator_on.as_deref(),
                };
                locust(&args.locust, &args.locustfile, &load, classes, &env)
            })?);
            for ((check, _), ours) in CHECKS.iter().zip(&mut ours) {
                ours.push(cost(lengths, |seconds| {
                    let lasting = format!("{seconds}s");
                    let flags = [
                        "--url",
                        &args.url,
                        "--accounts",
                        &accounts,
                        "--scenario",
                        scenario,
                        "--users",
                        &users,
                        "--duration",
                        &lasting,
                        "--drain",
                        "1s",
                        "--check",
                        check,
                    ];
                    let result = loadtest.run_with(&flags, "", args.generator_on.as_deref())?;
                    requests(&result, "").ok_or_else(|| "the result has no requests".to_owned())
                })?);
            }
        }
        for ((check, least), ours) in CHECKS.iter().zip(&ours) {
            let ratios = theirs.iter().zip(ours).map(|(theirs, ours)| theirs / ours);
            let spread =
                |values: &[f64]| Spread::of(values.iter().copied()).ok_or("no round was run");
            let ratio = Spread::of(ratios).ok_or("no round was run")?;
            let within = ratio.median >= *least;
            good &= within;
            println!(
                "{scenario:<5} {check:<10} {:<24.0} {:<24.0} {ratio:<17.1} {least}: {}",
                spread(ours)?,
                spread(&theirs)?,
                if within { "ok" } else { "NOT" }
            );
        }
    }
    Ok(good)
}

/// The harness has one password for all of its accounts, and so has `seed`.
fn password(args: &Args) -> Outcome<String> {
    let problem = |why: String| {
        format!(
            "the seed file {} cannot be used: {why}",
            args.accounts.display()
        )
    };
    let text = fs::read_to_string(&args.accounts).map_err(|error| problem(error.to_string()))?;
    // What serde_json says could repeat the password.
    let world: Value =
        serde_json::from_str(&text).map_err(|error| problem(format!("line {}", error.line())))?;
    let password = world["users"][0]["password"].as_str();
    password
        .map(ToOwned::to_owned)
        .ok_or_else(|| problem("its first account has no password".to_owned()))
}
