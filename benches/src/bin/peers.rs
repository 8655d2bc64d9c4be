//! What one request costs each load generator, all of them on the same nginx.

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use vikunja_benches::{
    Outcome,
    figures::Spread,
    generators::LoadTest,
    nginx::Nginx,
    pages,
    peers::{Hammer, Peer, cost},
};

/// Processor time per request of the load tester, ab -k, wrk, oha, k6 and Locust (FastHttpUser), in turns on one nginx: pages
/// of 604 bytes and 25 kB, looked at by their status. Exits with 1 when the load tester takes more than 1.1 times oha's, or
/// more than a tenth of Locust's. What is not installed is left out, and said so.
#[derive(Parser)]
#[command(name = "peers")]
struct Args {
    /// The load tester [default: the one beside this program]
    #[arg(long, value_name = "PATH")]
    loadtest: Option<PathBuf>,
    /// oha
    #[arg(long, value_name = "PATH", default_value = "oha")]
    oha: PathBuf,
    /// k6
    #[arg(long, value_name = "PATH", default_value = "k6")]
    k6: PathBuf,
    /// Locust
    #[arg(long, value_name = "PATH", default_value = "locust")]
    locust: PathBuf,
    /// Users at a time
    #[arg(long, value_name = "N", default_value_t = 10)]
    users: usize,
    /// Rounds; each runs all of them
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Seconds of the long run; the short one is a third of it
    #[arg(long, value_name = "N", default_value_t = 6)]
    seconds: u64,
    /// Processors of nginx
    #[arg(long, value_name = "LIST", default_value = "0")]
    server_on: String,
    /// Processors of the generators
    #[arg(long, value_name = "LIST", default_value = "1")]
    generator_on: String,
}

/// Who may be how many times dearer than whom.
const LIMITS: [(&str, f64); 2] = [("oha", 1.1), ("locust", 0.1)];

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("peers: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Outcome<bool> {
    let ours = Peer::LoadTest(LoadTest::find(args.loadtest.as_deref())?);
    let mut peers = vec![ours];
    for peer in [
        Peer::Ab,
        Peer::Wrk,
        Peer::Oha(args.oha.clone()),
        Peer::K6(args.k6.clone()),
        Peer::Locust(args.locust.clone()),
    ] {
        if peer.is_here() {
            peers.push(peer);
        } else {
            println!("without {}: it is not here", peer.name());
        }
    }
    let mut good = true;
    for (size, page) in [("604 B", pages::small()), ("25 kB", pages::medium())] {
        good &= table(args, &peers, size, &page)?;
    }
    Ok(good)
}

/// All rounds with one page; whether the load tester keeps the limits.
fn table(args: &Args, peers: &[Peer], size: &str, page: &str) -> Outcome<bool> {
    let nginx = Nginx::start(page, args.users, Some(&args.server_on))?;
    let mut costs = vec![Vec::new(); peers.len()];
    for round in 0..args.rounds {
        for turn in 0..peers.len() {
            // Another one begins each round, so that none profits from its place.
            let which = (round + turn) % peers.len();
            costs[which].push(cost([args.seconds.div_ceil(3), args.seconds], |seconds| {
                peers[which].run(&Hammer {
                    url: nginx.url(),
                    users: args.users,
                    seconds,
                    processors: Some(&args.generator_on),
                })
            })?);
        }
    }
    println!(
        "\n{size}, {} users, {} rounds: µs of processor time per request, median (range)",
        args.users, args.rounds
    );
    let mut good = true;
    for (peer, theirs) in peers.iter().zip(&costs) {
        let Some(spread) = Spread::of(theirs.iter().copied()) else {
            continue;
        };
        let ratios = costs[0]
            .iter()
            .zip(theirs)
            .map(|(ours, theirs)| ours / theirs);
        let judged = LIMITS.iter().find(|(name, _)| *name == peer.name());
        let ratio = Spread::of(ratios).filter(|_| peer.name() != peers[0].name());
        let told = match (ratio, judged) {
            (Some(ratio), Some((_, limit))) => {
                let within = ratio.median <= *limit;
                good &= within;
                format!(
                    "  loadtest takes {ratio} of it, at most {limit}: {}",
                    if within { "ok" } else { "NOT" }
                )
            }
            (Some(ratio), None) => format!("  loadtest takes {ratio} of it"),
            (None, _) => String::new(),
        };
        println!("{:<9} {spread:<24.1}{told}", peer.name());
    }
    Ok(good)
}
