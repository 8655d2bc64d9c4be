//! Walks through lists of real servers: each thing once, none missing, and an end.

use std::collections::BTreeSet;

use vikunja_sdk::{
    Client, Execute, Failure, Release, labels, model::TaskId, namespaces, ops, ops::Named,
    page::walk, projects, tasks, users,
};

use super::{
    servers::{Told, servers},
    story::{account, container},
};

#[tokio::test]
async fn walks() {
    for told in servers() {
        let Some((mut client, info)) = told.client().await else {
            continue;
        };
        client.retry.assume_sqlite = true;
        account(&mut client, &info).await;
        many_projects(&told, &client).await;
        many_labels(&told, &client).await;
        names(&client).await;
        under_writes(&told, &client).await;
        println!("{}: all walked", told.name);
    }
}

/// More than a page of projects, beside the pseudo projects that come on every page; 0.20 says «one page» of its lists.
async fn many_projects(told: &Told, client: &Client) {
    let first = container(client).await;
    let mut made = BTreeSet::from([first.id]);
    let namespace = own_namespace(client).await;
    for number in 0..57 {
        let mut create = projects::Create::new(format!("Number {number}"));
        create.namespace = namespace;
        made.insert(client.send(&create).await.unwrap().id);
    }
    // A favourite task makes the favourites a project, too.
    let mut task = tasks::Create::new(first.id, "Favourite");
    task.fields.is_favorite = true.into();
    client.send(&task).await.unwrap();
    for per_page in [None, Some(1), Some(7), Some(50)] {
        let list = projects::List {
            per_page,
            ..Default::default()
        };
        let found = walk(client, list).collect(1000).await.unwrap();
        let ids: BTreeSet<_> = found.iter().map(|project| project.id).collect();
        assert_eq!(ids.len(), found.len(), "{}", told.name);
        let missing: Vec<_> = made.difference(&ids).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", told.name);
    }
}

async fn own_namespace(client: &Client) -> Option<vikunja_sdk::model::NamespaceId> {
    if client.session().server().release >= Release(0, 21, 0) {
        return None;
    }
    let namespaces = client.send(&namespaces::List::default()).await.unwrap();
    let mut ids = namespaces.items.iter().map(|one| one.id);
    ids.find(|id| id.get() > 0)
}

/// Labels of a task count pages by one size and fill them by another.
async fn many_labels(told: &Told, client: &Client) {
    let task = client.send(&tasks::List::default()).await.unwrap().items[0].id;
    let mut made = BTreeSet::new();
    for number in 0..57 {
        let label = labels::Create::new(format!("Label {number}"));
        let label = client.send(&label).await.unwrap().id;
        client.send(&labels::Add { task, label }).await.unwrap();
        made.insert(label);
    }
    let of_task = walk(client, labels::ListOfTask::new(task))
        .collect(1000)
        .await;
    let of_task = of_task.unwrap();
    let ids: BTreeSet<_> = of_task.iter().map(|label| label.id).collect();
    assert_eq!(
        (ids.len(), ids),
        (of_task.len(), made.clone()),
        "{}",
        told.name
    );
    let all = labels::List {
        per_page: Some(20),
        ..Default::default()
    };
    let all = walk(client, all).collect(1000).await.unwrap();
    assert_eq!(all.len(), made.len(), "{}", told.name);
}

/// While others add and delete, no task is missing that was there all the time.
async fn under_writes(told: &Told, client: &Client) {
    let project = container(client).await.id;
    let mut made = Vec::new();
    for number in 0..40 {
        let task = tasks::Create::new(project, format!("Walked {number}"));
        made.push(client.send(&task).await.unwrap().id);
    }
    let list = tasks::ListOfProject {
        project,
        query: tasks::ListQuery {
            per_page: Some(5),
            after: Some(TaskId(0)),
            ..Default::default()
        },
    };
    let mut walk = walk(client, list);
    let mut found = BTreeSet::new();
    let mut deleted = BTreeSet::new();
    while let Some(page) = walk.next_page().await.unwrap() {
        found.extend(page.items.iter().map(|task| task.id));
        // Two that were seen go, which moves all pages; one comes.
        for id in page.items.iter().take(2).map(|task| task.id) {
            client.send(&tasks::Delete { id }).await.unwrap();
            deleted.insert(id);
        }
        if found.len() < 40 {
            let task = tasks::Create::new(project, "Added meanwhile");
            client.send(&task).await.unwrap();
        }
    }
    let missing: Vec<_> = made.iter().filter(|id| !found.contains(id)).collect();
    assert!(missing.is_empty(), "{}: {missing:?}", told.name);
    assert!(deleted.len() >= 16);
}

async fn names(mut client: &Client) {
    let label = ops::label_named(&mut client, "Label 5").await.unwrap();
    assert_eq!(label.one().unwrap().title, "Label 5");
    let none = ops::label_named(&mut client, "label 5").await.unwrap();
    assert_eq!(none, Named::Nothing);
    let project = ops::project_named(&mut client, "Number 5").await.unwrap();
    assert_eq!(project.one().unwrap().title, "Number 5");
    let namespace = own_namespace(client).await;
    for title in ["7,8", "Twice", "Twice"] {
        let mut create = projects::Create::new(title);
        create.namespace = namespace;
        client.send(&create).await.unwrap();
    }
    let digits = ops::project_named(&mut client, "7,8").await.unwrap();
    assert_eq!(digits.one().unwrap().title, "7,8");
    let twice = ops::project_named(&mut client, "Twice").await.unwrap();
    assert!(matches!(twice, Named::Several(both) if both.len() == 2));

    let me = client.send(&users::Current).await.unwrap();
    let found = ops::user_named(&mut client, &me.username).await.unwrap();
    assert_eq!(found.one().map(|user| user.id), Some(me.id));
    let nobody = ops::user_named(&mut client, "nobody-of-this-name").await;
    assert_eq!(nobody.unwrap(), Named::Nothing);
    let missing = client.send(&tasks::Get::new(TaskId::from(i64::MAX))).await;
    assert!(missing.unwrap_err().is_not_found());
}
