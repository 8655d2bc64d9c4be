//! Prints what is still to do, soonest first.
//!
//! ```sh
//! VIKUNJA_URL=http://localhost:3456 VIKUNJA_TOKEN=tk_… cargo run -p vikunja-examples --example open_tasks
//! ```

use vikunja_sdk::{
    Client, Error,
    filter::DONE,
    model::{Order, SortField},
    page::walk,
    tasks,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let vikunja = Client::from_env().await?;
    let open = tasks::ListQuery {
        filter: Some(DONE.is(false)),
        // Tasks without a date come last.
        sort: vec![(SortField::DueDate, Order::Ascending)],
        ..Default::default()
    };
    let tasks = walk(&vikunja, tasks::List { query: open })
        .collect(10_000)
        .await?;
    for task in tasks {
        let due = task
            .due_date
            .map_or_else(String::new, |due| format!(" (due {due})"));
        println!("{} {}{due}", task.identifier, task.title);
    }
    Ok(())
}
