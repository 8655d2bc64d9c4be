//! What the SDK costs, in instructions, against the same done by hand.

mod by_hand;
mod sides;

use std::{env, path::Path, process::ExitCode};

use clap::{Parser, Subcommand};
use vikunja_benches::{
    Outcome, pages,
    truth::{self, Script},
    valgrind,
};
use vikunja_sdk::Api;

use self::sides::{Side, Work};

/// Instructions of a list of 50 tasks: request and decoding alone, and the whole call over loopback; the SDK against the
/// same written by hand. Exit code 1 where the SDK costs more than 3 % (and 5 % of that for the compiler's moods) more.
///
/// Wants valgrind, and says so where it is not.
#[derive(Parser)]
#[command(name = "overhead")]
struct Args {
    #[command(subcommand)]
    counted: Option<Counted>,
}

#[derive(Subcommand)]
enum Counted {
    /// What is counted: does one side's work so often
    #[command(hide = true)]
    Repeat {
        side: Side,
        work: Work,
        times: usize,
        /// Where the server is, for whole calls
        #[arg(default_value = "http://127.0.0.1:3456")]
        url: String,
    },
}

/// Most that the SDK may cost, by hand being 1.
const WANTED: f64 = 1.03;
/// What another version of the compiler may add.
const SLACK: f64 = 1.05;

fn main() -> ExitCode {
    let judged = match Args::parse().counted {
        Some(Counted::Repeat {
            side,
            work,
            times,
            url,
        }) => sides::repeat(side, work, times, &url).map(|()| true),
        None if valgrind::is_installed() => compare(),
        None => {
            println!("overhead: SKIPPED, nothing was counted: there is no valgrind here");
            Ok(true)
        }
    };
    match judged {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("overhead: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Counts both sides of all work; says whether the SDK is cheap enough everywhere.
fn compare() -> Outcome<bool> {
    let program = env::current_exe()
        .map_err(|error| format!("where this program is cannot be told: {error}"))?;
    println!("instructions of a list of {} tasks\n", pages::BIG);
    println!("{:32}  {:>9}  {:>9}  ratio", "", "by hand", "SDK");
    let mut good = true;
    for work in Work::ALL {
        let by_hand = instructions(&program, Side::Hand, work)?;
        let sdk = instructions(&program, Side::Sdk, work)?;
        let ratio = sdk / by_hand;
        let verdict = if ratio > WANTED * SLACK {
            good = false;
            "  TOO MUCH"
        } else {
            ""
        };
        println!(
            "{:32}  {by_hand:>9.0}  {sdk:>9.0}  {ratio:.3}{verdict}",
            work.to_string()
        );
    }
    println!(
        "\nwanted: {WANTED}, refused: more than {:.3}",
        WANTED * SLACK
    );
    Ok(good)
}

/// Instructions of doing it once: those of a long run less those of a short one, so that starting up is not in them.
fn instructions(program: &Path, side: Side, work: Work) -> Outcome<f64> {
    const SHORT: usize = 20;
    const LONG: usize = 120;
    let count = |times: usize| {
        let mut command = valgrind::command(program);
        command.args(["repeat", side.name(), work.name(), &times.to_string()]);
        if work != Work::Call {
            return valgrind::instructions(&mut command, &[0]);
        }
        let script = Script {
            body: pages::in_use(Api::V2),
            ..Script::default()
        };
        let counted = truth::during(script, None, times, |url| {
            valgrind::instructions(command.arg(url), &[0])
        });
        counted.map(|(count, _)| count)
    };
    let (short, long) = (count(SHORT)?, count(LONG)?);
    Ok((long as f64 - short as f64) / (LONG - SHORT) as f64)
}
