//! What one request costs the load tester, dev build against release build.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use vikunja_benches::{
    Outcome,
    figures::Spread,
    generators::{Load, LoadTest},
    pages,
    truth::{self, Script},
};

/// CPU time of the load tester per request of a full page (36 kB, 50 tasks, all decoded) from a server without delays:
/// two builds in turns. Prints the ratio; judges nothing.
#[derive(Parser)]
#[command(name = "cost")]
struct Args {
    /// The dev build
    #[arg(default_value = "target/debug/loadtest")]
    dev: PathBuf,
    /// The release build
    #[arg(default_value = "target/release/loadtest")]
    release: PathBuf,
    /// Rounds; each runs both
    #[arg(long, value_name = "N", default_value_t = 7)]
    rounds: usize,
    /// Requests of each run
    #[arg(long, value_name = "N", default_value_t = 5000)]
    requests: usize,
    /// Users at a time
    #[arg(long, value_name = "N", default_value_t = 10)]
    users: usize,
    /// Count instructions, too: by valgrind, and of builds whose rustix has the feature use-libc (see the README)
    #[arg(long)]
    instructions: bool,
}

/// A credential that this server does not look at.
const TOKEN: &str = "tk_0000000000000000000000000000000000000000";

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("cost: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<()> {
    let find = |path: &Path| LoadTest::find(Some(path));
    let (dev, release) = (find(&args.dev)?, find(&args.release)?);
    println!(
        "{} rounds of {} requests, {} users, 36 kB, plain\n",
        args.rounds, args.requests, args.users
    );
    println!("round  dev µs  release µs  ratio");
    let mut costs = Vec::new();
    for round in 0..args.rounds {
        let cpu = |build| serve(args.users, args.requests, |load| LoadTest::run(build, load));
        let (dev, release) = if round % 2 == 0 {
            let dev = cpu(&dev)?;
            (dev, cpu(&release)?)
        } else {
            let release = cpu(&release)?;
            (cpu(&dev)?, release)
        };
        let (dev, release) = (dev.cpu_us_per_request, release.cpu_us_per_request);
        println!(
            "{:>5}  {dev:>6.1}  {release:>10.1}  {:>5.2}",
            round + 1,
            dev / release
        );
        costs.push((dev, release));
    }
    let spread = |figure: &dyn Fn(&(f64, f64)) -> f64| Spread::of(costs.iter().map(figure));
    if let (Some(dev), Some(release), Some(ratio)) = (
        spread(&|cost| cost.0),
        spread(&|cost| cost.1),
        spread(&|cost| cost.0 / cost.1),
    ) {
        println!("\nCPU per request, median (range)");
        println!("dev      {dev:.1} µs\nrelease  {release:.1} µs\nratio    {ratio}");
    }
    if args.instructions {
        let (dev, release) = (
            instructions(&dev, args.users)?,
            instructions(&release, args.users)?,
        );
        println!(
            "\ninstructions per request\ndev      {dev:.0}\nrelease  {release:.0}\nratio    {:.2}",
            dev / release
        );
    }
    Ok(())
}

/// Instructions of one request: those of a long run less those of a short one, so that starting up is not in them.
fn instructions(build: &LoadTest, users: usize) -> Outcome<f64> {
    const SHORT: usize = 100;
    const LONG: usize = 500;
    let count = |requests| serve(users, requests, |load| build.instructions(load));
    let (short, long) = (count(SHORT)?, count(LONG)?);
    Ok((long as f64 - short as f64) / (LONG - SHORT) as f64)
}

/// A fresh server for one run.
fn serve<T>(
    users: usize,
    requests: usize,
    generate: impl Fn(&Load<'_>) -> Outcome<T>,
) -> Outcome<T> {
    let script = Script {
        body: pages::big(),
        ..Script::default()
    };
    let expected = requests + LoadTest::warm_up(users);
    let (said, _) = truth::during(script, None, expected, |url| {
        generate(&Load {
            url,
            token: TOKEN,
            requests,
            users,
            rate: None,
            cacert: None,
        })
    })?;
    Ok(said)
}
