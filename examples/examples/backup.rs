//! A nightly backup of what an account can see, and the way back.
//!
//! ```sh
//! export VIKUNJA_URL=http://localhost:3456 VIKUNJA_TOKEN=tk_…
//! cargo run -p vikunja-examples --example backup -- save backups/2030-01-02      # after a kill: the same again
//! export VIKUNJA_URL=http://elsewhere:3456 VIKUNJA_USERNAME=alice VIKUNJA_PASSWORD=…
//! cargo run -p vikunja-examples --example backup -- restore backups/2030-01-02   # into an empty account
//! ```
//!
//! `restore` reads back what it has made and compares it with the backup: exit code 1 where anything differs.

use std::{env, error::Error, path::Path, process::ExitCode};

use vikunja_examples::{
    backup::{Content, compare, restore, save},
    end,
};
use vikunja_sdk::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    end(run().await)
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["save", folder] => {
            let saved = save(&Client::from_env().await?, Path::new(folder)).await?;
            println!("{saved} tasks saved in {folder}");
            Ok(())
        }
        ["restore", folder] => back(&Client::from_env().await?, Path::new(folder)).await,
        _ => Err("give save or restore, and the folder of the backup".into()),
    }
}

async fn back(vikunja: &Client, folder: &Path) -> Result<(), Box<dyn Error>> {
    let content = Content::read(folder)?;
    let made = restore(vikunja, &content).await?;
    let check = tempfile::tempdir()?;
    save(vikunja, check.path()).await?;
    let differences = compare(&content, &Content::read(check.path())?, &made);
    for difference in &differences {
        eprintln!("{difference}");
    }
    if !differences.is_empty() {
        return Err(format!("{} differences", differences.len()).into());
    }
    println!("{} tasks restored, each compared", made.tasks.len());
    Ok(())
}
