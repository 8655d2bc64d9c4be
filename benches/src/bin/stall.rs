//! Does the load tester see what users wait while a server stands still?

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use vikunja_benches::{
    Outcome,
    figures::percentile,
    generators::LoadTest,
    pages,
    stall::{Freeze, Stalled},
    truth::{self, Script},
};

/// An open load of 1000/s on a server that needs 2 ms and stands still for the last second of every five. Exits with 1
/// when p90, p95 or p99 is off by more than 10 %: with 200 requests under way of 500, 750 and 950 ms, with 10 of what ten
/// at a time must wait.
#[derive(Parser)]
#[command(name = "stall")]
struct Args {
    /// The load tester [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    loadtest: Option<PathBuf>,
    /// Periods of five seconds
    #[arg(long, value_name = "N", default_value_t = 4)]
    periods: usize,
}

const FREEZE: Freeze = Freeze {
    frozen: Duration::from_secs(1),
    every: Duration::from_secs(5),
};
const SERVICE: Duration = Duration::from_millis(2);
const RATE: u32 = 1000;
/// Figures that are judged, with what they are where everybody is let in: half, three quarters and 19 twentieths of the
/// second.
const IDEAL: [(&str, f64, u64); 3] = [
    ("p90", 0.90, 500_000),
    ("p95", 0.95, 750_000),
    ("p99", 0.99, 950_000),
];
/// How far a figure may be off.
const ALLOWED: f64 = 0.10;
/// A credential that this server does not look at.
const TOKEN: &str = "tk_0000000000000000000000000000000000000000";

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("stall: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<bool> {
    let loadtest = LoadTest::find(args.loadtest.as_deref())?;
    let requests = args.periods * RATE as usize * FREEZE.every.as_secs() as usize;
    println!(
        "{}, {requests} requests, {RATE}/s\n",
        loadtest.path().display()
    );
    println!("under way  figure  must be  says (ms)  server's part  off");
    let mut good = true;
    for in_flight in [200, 10] {
        good &= case(&loadtest, requests, in_flight)?;
    }
    println!(
        "\nTen at a time with 2 ms each are 5000/s: of the thousand that became due meanwhile the last one waits for all\nothers. 500, 750 and 950 ms cannot be had there, whoever measures; what must be is counted from the plan."
    );
    Ok(good)
}

fn case(loadtest: &LoadTest, requests: usize, in_flight: usize) -> Outcome<bool> {
    let script = Script {
        body: pages::small(),
        warm_up: LoadTest::warm_up(in_flight),
        delays: vec![SERVICE],
        freeze: Some(FREEZE),
        ..Script::default()
    };
    let (result, mut log) = truth::during(script, None, requests, |url| {
        let (requests, rate, in_flight) = (
            requests.to_string(),
            RATE.to_string(),
            in_flight.to_string(),
        );
        let flags = [
            "--url",
            url,
            "--requests",
            &requests,
            "--rate",
            &rate,
            "--max-in-flight",
            &in_flight,
        ];
        loadtest.run_with(&flags, TOKEN, None)
    })?;
    if let Some(why) = result["invalid"].as_str() {
        println!("the load tester calls its run invalid: {why}");
    }
    let mut counted = Stalled {
        freeze: FREEZE,
        service: SERVICE,
        rate: RATE,
        requests,
        in_flight,
    }
    .waits();
    counted.sort_unstable();
    log.sort_unstable();
    let routes = result["routes"].as_array();
    let steady = routes
        .and_then(|routes| routes.iter().find(|route| route["phase"] == "steady"))
        .ok_or("the result has no route in the steady phase")?;
    let mut good = true;
    for (name, quantile, ideal) in IDEAL {
        let says = steady["judged"][name]
            .as_u64()
            .ok_or_else(|| format!("the result has no {name}: {}", steady["first_failure"]))?;
        let must = match in_flight {
            10 => percentile(&counted, quantile).unwrap_or_default(),
            _ => ideal,
        };
        let off = says as f64 / must as f64 - 1.0;
        let within = off.abs() <= ALLOWED;
        good &= within;
        let millis = |micros: u64| micros as f64 / 1000.0;
        println!(
            "{in_flight:>9}  {name}     {:>7.0}  {:>9.1}  {:>13.1}  {:+.1} % (± {:.0} %) {}",
            millis(must),
            millis(says),
            millis(percentile(&log, quantile).unwrap_or_default()),
            100.0 * off,
            100.0 * ALLOWED,
            if within { "ok" } else { "NOT" }
        );
    }
    Ok(good)
}
