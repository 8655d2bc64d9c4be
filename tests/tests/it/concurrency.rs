//! Eight writers at once: everything is stored, and nothing twice.

use std::collections::BTreeMap;

use vikunja_sdk::{
    Client, Execute,
    page::walk,
    retry::Policy,
    tasks::{self, ListOfProject},
};

use super::{
    servers::{Told, servers},
    story::{account, container},
};

const WRITERS: usize = 8;
const EACH: usize = 25;

#[tokio::test]
async fn parallel_creations() {
    for told in servers() {
        write(&told).await;
    }
}

async fn write(told: &Told) {
    let Some((mut client, info)) = told.client().await else {
        return;
    };
    client.retry.assume_sqlite = true;
    account(&mut client, &info).await;
    in_turn_or_not(told, client.clone(), "one at a time").await;
    // Without turns the repetitions alone have to do it.
    let pushy = Client::builder(told.address())
        .api(told.api())
        .parallel_writes()
        .retry(Policy {
            locked_tries: 30,
            ..client.retry
        })
        .connect();
    let pushy = pushy.await.unwrap();
    Execute::session(&pushy).set_credentials(Execute::session(&client).credentials());
    in_turn_or_not(told, pushy, "side by side").await;
}

async fn in_turn_or_not(told: &Told, client: Client, how: &str) {
    let project = container(&client).await.id;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(create(client.clone(), project, writer)))
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let list = ListOfProject {
        project,
        query: tasks::ListQuery::default(),
    };
    let found = walk(&client, list).collect(1000).await.unwrap();
    let mut titles: BTreeMap<_, u32> = BTreeMap::new();
    for task in &found {
        *titles.entry(task.title.as_str()).or_default() += 1;
    }
    assert_eq!(found.len(), WRITERS * EACH, "{}", told.name);
    assert_eq!(titles.len(), WRITERS * EACH, "{}", told.name);
    println!(
        "{}, {how}: {} tasks stored, none twice",
        told.name,
        found.len()
    );
}

async fn create(client: Client, project: vikunja_sdk::model::ProjectId, writer: usize) {
    for number in 0..EACH {
        let title = format!("Writer {writer}, task {number}");
        let task = tasks::Create::new(project, title);
        client.send(&task).await.unwrap();
    }
}
