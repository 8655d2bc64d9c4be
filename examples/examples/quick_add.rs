//! Adds a task from the command line.
//!
//! ```sh
//! export VIKUNJA_URL=http://localhost:3456 VIKUNJA_TOKEN=tk_…
//! cargo run -p vikunja-examples --example quick_add -- 'Buy flour +Kitchen *shopping !3 due:tomorrow'
//! ```
//!
//! Days end in the time zone of this machine (`TZ` says another). Without `+project` it goes into the default project.

use std::{env, error::Error, process::ExitCode};

use jiff::Zoned;
use vikunja_examples::{
    end,
    quick_add::{add, parse},
};
use vikunja_sdk::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let now = Zoned::now();
    let line = parse(&words.join(" "), now.date())?;
    let mut vikunja = Client::from_env().await?;
    let task = add(&mut vikunja, &line, now.time_zone()).await?;
    println!("{} {}", task.identifier, task.title);
    Ok(())
}
