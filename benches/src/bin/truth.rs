//! Does the load tester say what the server did? Its percentiles beside a server's own log.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use vikunja_benches::{
    Outcome, delays,
    figures::{Percentiles, QUANTILES, Spread, allowance, percentiles},
    generators::{Ab, Load, LoadTest},
    pages,
    truth::{self, Identity, Script},
};

/// Compares the load tester with a server that logs its own residence times: 90 % of the answers take 5 ms, 8 % 40 ms,
/// 2 % 730 ms. Exits with 1 when p50, p95 or p99 of a run is off by more than 1 % + 0.3 ms.
#[derive(Parser)]
#[command(name = "truth")]
struct Args {
    /// The load tester [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    loadtest: Option<PathBuf>,
    /// ApacheBench [default: ab]
    #[arg(long, value_name = "PATH")]
    ab: Option<PathBuf>,
    /// Requests of a run, a multiple of 50
    #[arg(long, value_name = "N", default_value_t = 2000)]
    requests: usize,
    /// Users at a time
    #[arg(long, value_name = "N", default_value_t = 10)]
    users: usize,
    /// Runs of each case, each judged
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Where the order of the delays comes from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Rates of the open model.
const RATES: [u32; 2] = [200, 2000];
/// Requests that may be under way there: more than these delays and rates ever need, so that none waits for a
/// connection, which the server could not log.
const IN_FLIGHT: usize = 200;
/// How much later than its headers a late body comes.
const LATE: Duration = Duration::from_millis(50);
/// A credential that this server does not look at.
const TOKEN: &str = "tk_0000000000000000000000000000000000000000";

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("truth: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<bool> {
    let loadtest = LoadTest::find(args.loadtest.as_deref())?;
    let ab = Ab::find(args.ab.as_deref());
    let identity = Identity::make()?;
    println!(
        "{}, {} requests, {} users",
        loadtest.path().display(),
        args.requests,
        args.users
    );
    if let Err(problem) = &ab {
        println!("without ab: {problem}");
    }
    println!(
        "\nms, the middle one of {} runs (its range):\n",
        args.rounds
    );
    println!("case                     truth      says  difference                   allowed");
    let mut good = true;
    for (size, body) in [("604 B", pages::small()), ("36 kB", pages::big())] {
        for (scheme, identity) in [("plain", None), ("TLS", Some(&identity))] {
            let case = Case {
                args,
                body: &body,
                identity,
                rate: None,
            };
            good &= table(&format!("loadtest, {size}, {scheme}"), &case.of(&loadtest)?);
            // Only the load tester is judged. ab is there to tell its error from this machine's.
            if let (Ok(ab), None) = (&ab, identity) {
                let runs = case.runs(0, |load| Ok(ab.run(load)?.percentiles))?;
                table(&format!("ab -k -e, {size}, {scheme}"), &runs);
            }
        }
    }
    let small = pages::small();
    for rate in RATES {
        let case = Case {
            args,
            body: &small,
            identity: None,
            rate: Some(rate),
        };
        good &= table(&format!("loadtest, 604 B, {rate}/s"), &case.of(&loadtest)?);
    }
    println!(
        "\nheaders at once, the body {} ms later:\n",
        LATE.as_millis()
    );
    for (scheme, identity) in [("plain", None), ("TLS", Some(&identity))] {
        let [p50, ..] = late_body(args, &loadtest, identity)?;
        let counted = u128::from(p50) >= LATE.as_micros();
        println!(
            "loadtest, 36 kB, {scheme:<5}  p50 {:.2} ms  {}",
            p50 as f64 / 1000.0,
            word(counted)
        );
        good &= counted;
    }
    Ok(good)
}

/// What the server logged, and what the generator says.
struct Both {
    truth: Percentiles,
    says: Percentiles,
}

/// A page, plain or with TLS.
struct Case<'a> {
    args: &'a Args,
    body: &'a str,
    identity: Option<&'a Identity>,
    rate: Option<u32>,
}

impl Case<'_> {
    fn users(&self) -> usize {
        match self.rate {
            None => self.args.users,
            Some(_) => IN_FLIGHT,
        }
    }

    /// All rounds of the load tester.
    fn of(&self, loadtest: &LoadTest) -> Outcome<Vec<Both>> {
        self.runs(LoadTest::warm_up(self.users()), |load| {
            let measured = loadtest.run(load)?;
            if let Some(invalid) = measured.invalid {
                println!("the load tester calls its run invalid: {invalid}");
            }
            Ok(measured.percentiles)
        })
    }

    /// All rounds of one generator, each with an order of its own.
    fn runs(
        &self,
        warm_up: usize,
        generate: impl Fn(&Load<'_>) -> Outcome<Percentiles>,
    ) -> Outcome<Vec<Both>> {
        let requests = self.args.requests;
        let pem = self.identity.map(Identity::pem);
        let mut runs = Vec::new();
        for round in 0..self.args.rounds {
            let seed = self.args.seed + round as u64;
            let script = Script {
                body: self.body.to_owned(),
                warm_up,
                delays: delays::sequence(&delays::LONG_TAIL, requests, seed)?,
                ..Script::default()
            };
            let (says, log) = truth::during(script, self.identity, requests, |url| {
                generate(&Load {
                    users: self.users(),
                    rate: self.rate,
                    ..load(self.args, url, requests, pem.as_deref())
                })
            })?;
            let truth = percentiles(log).ok_or("there are no requests to compare")?;
            runs.push(Both { truth, says });
        }
        Ok(runs)
    }
}

fn late_body(
    args: &Args,
    loadtest: &LoadTest,
    identity: Option<&Identity>,
) -> Outcome<Percentiles> {
    let script = Script {
        body: pages::big(),
        body_after: LATE,
        ..Script::default()
    };
    let requests = 20 * args.users;
    let pem = identity.map(Identity::pem);
    let expected = requests + LoadTest::warm_up(args.users);
    let (measured, _) = truth::during(script, identity, expected, |url| {
        loadtest.run(&load(args, url, requests, pem.as_deref()))
    })?;
    Ok(measured.percentiles)
}

fn load<'a>(args: &Args, url: &'a str, requests: usize, cacert: Option<&'a Path>) -> Load<'a> {
    Load {
        url,
        token: TOKEN,
        requests,
        users: args.users,
        rate: None,
        cacert,
    }
}

/// Prints one case, and says whether every run of it is within the allowance.
fn table(case: &str, runs: &[Both]) -> bool {
    let mut good = true;
    for (index, (name, _)) in QUANTILES.into_iter().enumerate() {
        let millis = |figure: &dyn Fn(&Both) -> f64| {
            Spread::of(runs.iter().map(|both| figure(both) / 1000.0))
        };
        let (Some(truth), Some(says), Some(off)) = (
            millis(&|both| both.truth[index] as f64),
            millis(&|both| both.says[index] as f64),
            millis(&|both| both.says[index] as f64 - both.truth[index] as f64),
        ) else {
            return false;
        };
        let within = runs.iter().all(|both| {
            let truth = both.truth[index];
            both.says[index].abs_diff(truth) <= allowance(truth)
        });
        good &= within;
        println!(
            "{:<24} {name:<4} {:>9.3} {:>9.3}  {:<26} {:>9.3}  {}",
            if index == 0 { case } else { "" },
            truth.median,
            says.median,
            format!("{off:.3}"),
            allowance((truth.median * 1000.0) as u64) as f64 / 1000.0,
            word(within)
        );
    }
    good
}

fn word(good: bool) -> &'static str {
    if good { "ok" } else { "NOT" }
}
