//! The load tester and `ab -k` on a real server, taking turns.

use std::{env, path::PathBuf, process::ExitCode};

use clap::Parser;
use secrecy::{ExposeSecret, SecretString};
use vikunja_benches::{
    Outcome,
    figures::Spread,
    generators::{Ab, Load, LoadTest},
};
use vikunja_sdk::{Client, Error, Execute};

/// Pairs of runs on a real Vikunja server (2.4 or newer, on this machine), the load tester and `ab -k` in turns. Prints
/// the ratio of their p50; judges nothing.
///
/// Wants VIKUNJA_TOKEN, or VIKUNJA_USERNAME and VIKUNJA_PASSWORD. `ab` shows the token to every user of this machine.
#[derive(Parser)]
#[command(name = "pairs")]
struct Args {
    /// Address of the server
    #[arg(long, value_name = "URL", env = "VIKUNJA_URL")]
    url: String,
    /// The load tester [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    loadtest: Option<PathBuf>,
    /// ApacheBench [default: ab]
    #[arg(long, value_name = "PATH")]
    ab: Option<PathBuf>,
    /// Pairs
    #[arg(long, value_name = "N", default_value_t = 20)]
    pairs: usize,
    /// Requests of each run
    #[arg(long, value_name = "N", default_value_t = 200)]
    requests: usize,
    /// Users at a time
    #[arg(long, value_name = "N", default_value_t = 10)]
    users: usize,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("pairs: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<()> {
    let loadtest = LoadTest::find(args.loadtest.as_deref())?;
    let ab = Ab::find(args.ab.as_deref())?;
    let token = token(&args.url)?;
    let load = Load {
        url: &args.url,
        token: token.expose_secret(),
        requests: args.requests,
        users: args.users,
        rate: None,
        cacert: None,
    };
    // The first run of each warms the server up.
    loadtest.run(&load)?;
    let kept_alive = ab.run(&load)?.kept_alive;
    println!(
        "{} pairs of {} requests, {} at a time, at {}",
        args.pairs, args.requests, args.users, args.url
    );
    println!(
        "ab -k kept {kept_alive} of {} requests on their connection",
        args.requests
    );
    println!("\npair  loadtest p50  ab p50 (ms)  ratio");
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for pair in 0..args.pairs {
        // Each goes first in every other pair, so that neither profits from what the other left behind.
        let (we, ab) = if pair % 2 == 0 {
            let we = loadtest.run(&load)?;
            (we, ab.run(&load)?)
        } else {
            let ab = ab.run(&load)?;
            (loadtest.run(&load)?, ab)
        };
        let note = we
            .invalid
            .map_or_else(String::new, |why| format!("  ({why})"));
        let (we, ab) = (
            we.percentiles[0] as f64 / 1000.0,
            ab.percentiles[0] as f64 / 1000.0,
        );
        println!(
            "{:>4}  {we:>12.2}  {ab:>11.2}  {:>5.2}{note}",
            pair + 1,
            we / ab
        );
        ours.push(we);
        theirs.push(ab);
    }
    let ratios = ours.iter().zip(&theirs).map(|(we, ab)| we / ab);
    if let Some(ratio) = Spread::of(ratios) {
        println!("\nratio of the p50, median (range): {ratio}");
    }
    for (name, values) in [("loadtest", ours), ("ab -k", theirs)] {
        if let Some(spread) = Spread::of(values) {
            println!("p50 of {name}, ms: {spread}");
        }
    }
    Ok(())
}

/// One token for both.
fn token(url: &str) -> Outcome<SecretString> {
    let given = |name| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(token) = given("VIKUNJA_TOKEN") {
        return Ok(token.into());
    }
    let (Some(username), Some(password)) = (given("VIKUNJA_USERNAME"), given("VIKUNJA_PASSWORD"))
    else {
        return Err(
            "no account is given: set VIKUNJA_TOKEN, or VIKUNJA_USERNAME and VIKUNJA_PASSWORD"
                .to_owned(),
        );
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime can be started: {error}"))?;
    let client = runtime
        .block_on(async {
            let client = Client::connect(url).await?;
            client.log_in(&username, password.into()).await?;
            Ok(client)
        })
        .map_err(|error: Error| error.to_string())?;
    client
        .session()
        .token()
        .map(|token| token.secret().clone())
        .ok_or_else(|| format!("{url}: logging in gave no token"))
}
