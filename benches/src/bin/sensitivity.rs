//! What `loadtest ab` finds, and what it takes for something that is none.

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use vikunja_benches::{
    Outcome,
    generators::{Compared, LoadTest},
};

/// What is compared unless told.
const STAND_IN: &str = "sandbox:2.5";
/// Enough pairs to know what a request costs.
const SHORT: [&str; 4] = ["--pairs", "20", "--max-pairs", "20"];

/// Compares two equal servers, and the stand-in with one whose every answer costs 10, 20 and 3 % more CPU time, again and
/// again.
///
/// Ends with 1 where less is found, or more is said, than is promised.
#[derive(Parser)]
#[command(name = "sensitivity")]
struct Args {
    /// The load tester [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    loadtest: Option<PathBuf>,
    /// How much more B costs: 0, 3, 10 or 20 per cent (repeatable, or with commas) [default: all of them]
    #[arg(long, value_name = "PERCENT", value_delimiter = ',', value_parser = percent)]
    more: Vec<u8>,
    /// Comparisons for each [default: 100 of equal servers, 20 else]
    #[arg(long, value_name = "N")]
    times: Option<usize>,
    /// Most time in all: what is not done then is left out, and said to be
    #[arg(long, value_name = "N")]
    minutes: Option<u64>,
    /// Compare this server with itself, such as a Vikunja program, which is started twice; only for --more 0
    #[arg(long, value_name = "SERVER", default_value = STAND_IN)]
    server: String,
    /// Flags for `loadtest ab`, such as -- --pairs 60 --max-pairs 200
    #[arg(last = true, value_name = "FLAG")]
    flags: Vec<String>,
}

/// One of those of which something is promised.
fn percent(text: &str) -> Result<u8, String> {
    let known = |percent: &u8| PROMISES.iter().any(|promise| promise.percent == *percent);
    let percent = text.trim_end_matches('%').parse().ok();
    percent
        .filter(known)
        .ok_or_else(|| "nothing is promised of that; give 0, 3, 10 or 20".to_owned())
}

/// What is promised of comparisons with a server that costs so many per cent more.
struct Promise {
    percent: u8,
    /// Least and most that may be called regressed, as a share.
    regressed: (f64, f64),
    /// Most that may be left open.
    inconclusive: f64,
}

const PROMISES: [Promise; 4] = [
    Promise {
        percent: 0,
        regressed: (0.0, 0.02),
        inconclusive: 0.25,
    },
    Promise {
        percent: 10,
        regressed: (0.9, 1.0),
        inconclusive: 1.0,
    },
    Promise {
        percent: 20,
        regressed: (1.0, 1.0),
        inconclusive: 1.0,
    },
    Promise {
        percent: 3,
        regressed: (0.0, 0.05),
        inconclusive: 1.0,
    },
];

/// How comparisons ended.
#[derive(Default)]
struct Counts {
    regressed: usize,
    inconclusive: usize,
    invalid: usize,
    other: usize,
}

impl Counts {
    /// Those that said something of the servers.
    fn valid(&self) -> usize {
        self.regressed + self.inconclusive + self.other
    }

    fn add(&mut self, compared: &Compared) {
        match compared.outcome.as_str() {
            "regressed" => self.regressed += 1,
            "inconclusive" => self.inconclusive += 1,
            "invalid" => self.invalid += 1,
            _ => self.other += 1,
        }
    }

    fn keep(&self, promise: &Promise) -> bool {
        let of = |share: f64| share * self.valid() as f64;
        let (least, most) = promise.regressed;
        self.valid() > 0
            && self.regressed as f64 >= of(least)
            && self.regressed as f64 <= of(most)
            && self.inconclusive as f64 <= of(promise.inconclusive)
    }
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("sensitivity: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<bool> {
    let loadtest = LoadTest::find(args.loadtest.as_deref())?;
    let wanted = |promise: &&Promise| args.more.is_empty() || args.more.contains(&promise.percent);
    let promises: Vec<_> = PROMISES.iter().filter(wanted).collect();
    if args.server != STAND_IN && promises.iter().any(|promise| promise.percent > 0) {
        return Err(
            "only the stand-in can be told to cost more: give --more 0 with --server".into(),
        );
    }
    let ends = args
        .minutes
        .map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let mut kept = true;
    for promise in promises {
        let b = if promise.percent > 0 {
            let short = SHORT.map(ToOwned::to_owned);
            let cost = loadtest.compare(STAND_IN, STAND_IN, &short)?.cpu;
            let more = cost * f64::from(promise.percent) / 100.0;
            println!(
                "a request costs the stand-in {cost:.0} µs of CPU time, and B {more:.0} µs more"
            );
            format!("{STAND_IN},work={more:.0}us")
        } else {
            args.server.clone()
        };
        let times = args
            .times
            .unwrap_or(if promise.percent > 0 { 20 } else { 100 });
        let mut counts = Counts::default();
        for number in 1..=times {
            if ends.is_some_and(|ends| Instant::now() > ends) {
                println!(
                    "  the time is over: {} of {times} were not done",
                    times + 1 - number
                );
                break;
            }
            // Other tickets and another order of blocks each time.
            let seed = ["--seed".to_owned(), number.to_string()];
            let flags = [&seed[..], &args.flags].concat();
            let compared = loadtest.compare(&args.server, &b, &flags)?;
            println!(
                "  {b} {number}: {} after {} pairs, {}",
                compared.outcome, compared.pairs, compared.p50
            );
            counts.add(&compared);
        }
        let keeps = counts.keep(promise);
        kept &= keeps;
        println!(
            "+{} %: of {} valid ones {} regressed, {} inconclusive, {} other; {} invalid: {}",
            promise.percent,
            counts.valid(),
            counts.regressed,
            counts.inconclusive,
            counts.other,
            counts.invalid,
            if keeps {
                "as promised"
            } else {
                "NOT as promised"
            }
        );
    }
    Ok(kept)
}
