//! What checking a webhook's signature costs, against the bare HMAC-SHA256 of the same bytes.

use std::{
    hint::black_box,
    process::ExitCode,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::Parser;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use vikunja_sdk::{
    model::EventName,
    testing::webhook::{Sample, signature},
    webhook::Verifier,
};

/// Time of checking a delivery, bare and by the SDK, in turns. Exit code 1 where the SDK takes more than 1.5 times as long
/// for any size of body. What reading the event takes, too, is printed and not judged.
///
/// Time and not instructions: valgrind does not know the processor's instructions for SHA-256, and with those for all
/// processors nothing beside the hash would be seen.
#[derive(Parser)]
#[command(name = "verify")]
struct Args {
    /// Rounds; the figures are medians over them
    #[arg(long, default_value_t = 51)]
    rounds: usize,
}

/// Most that the check may take, the bare HMAC being 1.
const WANTED: f64 = 1.5;

const SECRET: &str = "something long and random";

fn main() -> ExitCode {
    let rounds = Args::parse().rounds.max(1);
    let Ok(verifier) = Verifier::new([SECRET.into()]) else {
        eprintln!("verify: the secret is not one");
        return ExitCode::FAILURE;
    };
    println!(
        "{:>8}  {:>9}  {:>9}  ratio  with reading",
        "bytes", "bare", "SDK"
    );
    let mut good = true;
    for length in [0, 2000, 60_000] {
        let body = body(length);
        let signed = signature(SECRET, &body);
        let signed = Some(signed.as_bytes());
        let sides: [&dyn Fn() -> bool; 3] = [
            &|| bare(&body),
            &|| verifier.verify(&body, signed).is_ok(),
            &|| verifier.receive(body.clone(), signed).is_ok(),
        ];
        if !sides.iter().all(|side| side()) {
            eprintln!("verify: a side does not do its work");
            return ExitCode::FAILURE;
        }
        let [bare, checked, received] = medians(sides, rounds);
        let ratio = |time: Duration| time.as_secs_f64() / bare.as_secs_f64();
        let verdict = if ratio(checked) > WANTED {
            good = false;
            "  TOO MUCH"
        } else {
            ""
        };
        println!(
            "{:>8}  {:>6} ns  {:>6} ns  {:.3}  {:.1}{verdict}",
            body.len(),
            bare.as_nanos(),
            checked.as_nanos(),
            ratio(checked),
            ratio(received)
        );
    }
    println!("\nrefused: more than {WANTED}");
    ExitCode::from(u8::from(!good))
}

/// A delivery with so much text in its task.
fn body(text: usize) -> Bytes {
    let mut sample = Sample::new(EventName::TaskUpdated);
    sample.data["task"]["description"] = "x".repeat(text).into();
    sample.body()
}

/// The least that anybody must do.
fn bare(body: &[u8]) -> bool {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) else {
        return false;
    };
    black_box(mac.chain_update(body).finalize());
    true
}

/// Median times of doing it once, the sides in turns, so that a busy machine is busy for all of them.
fn medians<const N: usize>(sides: [&dyn Fn() -> bool; N], rounds: usize) -> [Duration; N] {
    const TIMES: u32 = 200;
    let mut all = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (side, times) in sides.iter().zip(&mut all) {
            let start = Instant::now();
            for _ in 0..TIMES {
                black_box(side());
            }
            times.push(start.elapsed() / TIMES);
        }
    }
    all.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}
