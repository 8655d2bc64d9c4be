//! Prints what is still to do, soonest first.
//!
//! ```sh
//! VIKUNJA_URL=http://localhost:3456 VIKUNJA_TOKEN=tk_… cargo run -p vikunja-examples --example open_tasks
//! ```

use vikunja_sdk::{Client, Error, page::walk, tasks};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let vikunja = Client::from_env().await?;
    let mut tasks = walk(&vikunja, tasks::List::default())
        .collect(10_000)
        .await?;
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
