//! Prints what is still to do, soonest first.
//!
//! ```sh
//! VIKUNJA_URL=http://localhost:3456 VIKUNJA_TOKEN=tk_… cargo run -p vikunja-examples --example open_tasks
//! ```

use std::{env, error::Error};

use vikunja_sdk::{Client, page::collect, tasks};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::var("VIKUNJA_URL").map_err(|_| "set VIKUNJA_URL")?;
    let token = env::var("VIKUNJA_TOKEN").map_err(|_| "set VIKUNJA_TOKEN")?;
    let mut vikunja = Client::connect(&address).await?.with_token(token.into())?;

    let mut tasks = collect(&mut vikunja, tasks::List::default(), 10_000).await?;
    tasks.retain(|task| !task.done);
    // Tasks without a date come last.
    tasks.sort_by_key(|task| (task.due_date.is_none(), task.due_date));
    for task in tasks {
        let due = task
            .due_date
            .map_or_else(String::new, |due| format!(" (due {due})"));
        println!("{} {}{due}", task.identifier, task.title);
    }
    Ok(())
}
