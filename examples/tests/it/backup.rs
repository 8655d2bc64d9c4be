//! Saved, killed, gone on with, restored, compared.

use std::{fs, io::Write as _, path::Path};

use vikunja_examples::backup::{Content, Error, compare, restore, save};
use vikunja_sdk::{
    Client, NewFile, attachments, comments, labels,
    model::{NewReminder, Patch, RelationKind, ReminderBase, TaskId, Timestamp},
    ops, projects, relations, tasks,
};

use crate::{client, servers};

/// Something of everything, in three projects, one of them archived.
async fn fill(client: &Client) -> TaskId {
    let label = client.send(&labels::Create::new("urgent")).await.unwrap();
    let above = client.send(&projects::Create::new("House")).await.unwrap();
    let mut below = projects::Create::new("Kitchen");
    below.fields.parent_project_id = above.id.into();
    below.fields.description = "<p>Where we cook</p>".into();
    let below = client.send(&below).await.unwrap();
    let old = client.send(&projects::Create::new("Old")).await.unwrap();

    let mut flour = tasks::Create::new(below.id, "Buy flour & «butter»");
    let hour = std::time::Duration::from_secs(3600);
    flour.fields = tasks::Fields {
        description: "<p>Wholemeal</p>".into(),
        due_date: Timestamp::from_unix_seconds(1_893_456_000).into(),
        reminders: vec![NewReminder::before(hour, ReminderBase::DueDate)].into(),
        repeat_after: 86_400.into(),
        priority: 4.into(),
        percent_done: 0.5.into(),
        hex_color: "aa5500".into(),
        is_favorite: true.into(),
        ..flour.fields
    };
    let flour = client.send(&flour).await.unwrap().id;
    let label = label.id;
    client
        .send(&labels::Add { task: flour, label })
        .await
        .unwrap();
    for text in ["<p>one</p>", "<p>two</p>"] {
        client
            .send(&comments::Create::new(flour, text))
            .await
            .unwrap();
    }
    let files = vec![
        NewFile::from_bytes("../../list.txt", "flour\n"),
        NewFile::from_bytes("list.txt", vec![7; 300_000]),
    ];
    client
        .upload(&attachments::Upload { task: flour, files })
        .await
        .unwrap();
    for (project, title) in [
        (above.id, "Paint"),
        (old.id, "Move out"),
        (below.id, "Bake"),
    ] {
        let other = client
            .send(&tasks::Create::new(project, title))
            .await
            .unwrap();
        let kind = RelationKind::Subtask;
        let relation = relations::Create {
            task: other.id,
            kind,
            other: flour,
        };
        client.send(&relation).await.unwrap();
    }
    let done = tasks::Create {
        project: old.id,
        fields: tasks::Fields {
            title: "Pay".into(),
            done: true.into(),
            ..Default::default()
        },
    };
    client.send(&done).await.unwrap();
    let archived = projects::Fields {
        is_archived: true.into(),
        ..Default::default()
    };
    ops::edit(&mut &*client, old.id, &archived).await.unwrap();
    flour
}

#[tokio::test]
async fn what_was_saved_comes_back() {
    for server in servers() {
        let alice = client(&server).await;
        fill(&alice).await;
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(save(&alice, folder.path()).await.unwrap(), 5);
        let content = Content::read(folder.path()).unwrap();
        assert_eq!((content.labels.len(), content.projects.len()), (1, 4));

        let bob = client(&server).await;
        let made = restore(&bob, &content).await.unwrap();
        let check = tempfile::tempdir().unwrap();
        save(&bob, check.path()).await.unwrap();
        let restored = Content::read(check.path()).unwrap();
        assert_eq!(compare(&content, &restored, &made), [""; 0]);
        assert_eq!(restored.projects.len(), 4, "the Inbox is used again");

        let again = restore(&bob, &content).await.unwrap_err();
        assert!(
            again.to_string().contains("restore into an empty one"),
            "{again}"
        );
    }
}

#[tokio::test]
async fn what_differs_is_told() {
    for server in servers() {
        let alice = client(&server).await;
        let flour = fill(&alice).await;
        let folder = tempfile::tempdir().unwrap();
        save(&alice, folder.path()).await.unwrap();
        let content = Content::read(folder.path()).unwrap();
        let bob = client(&server).await;
        let made = restore(&bob, &content).await.unwrap();

        let changed = tasks::Fields {
            priority: 1.into(),
            ..Default::default()
        };
        ops::edit(&mut &bob, made.tasks[&flour], &changed)
            .await
            .unwrap();
        let title = |title: &str| Patch::Set(title.to_owned());
        let mut all = content.tasks.values();
        let bake = all.find(|it| it.fields.title == title("Bake")).unwrap().id;
        let id = made.tasks[&bake];
        bob.send(&tasks::Delete { id }).await.unwrap();
        let check = tempfile::tempdir().unwrap();
        save(&bob, check.path()).await.unwrap();
        let told = compare(&content, &Content::read(check.path()).unwrap(), &made);
        let mut told = told.iter();
        assert!(
            told.next()
                .unwrap()
                .starts_with(&format!("task {flour} is "))
        );
        assert_eq!(told.next().unwrap(), &format!("task {bake} is missing"));
        assert_eq!(told.next().unwrap(), "there are 4 tasks, and were 5");
        assert_eq!(told.next(), None);
    }
}

#[tokio::test]
async fn a_backup_goes_on_wherever_it_was_cut() {
    for server in servers() {
        let alice = client(&server).await;
        fill(&alice).await;
        let folder = tempfile::tempdir().unwrap();
        save(&alice, folder.path()).await.unwrap();
        let whole = fs::read(folder.path().join("backup.ndjson")).unwrap();
        let finished = save(&alice, folder.path()).await.unwrap_err();
        assert!(
            finished.to_string().contains("give another folder"),
            "{finished}"
        );
        let wanted = Content::read(folder.path()).unwrap();
        let wanted = format!("{:?}{:?}{:?}", wanted.labels, wanted.projects, wanted.tasks);

        let ends = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let ends: Vec<usize> = ends.map(|(at, _)| at).collect();
        for end in ends {
            // In the middle of a line, before its end, and after it; the last line's end leaves nothing to do.
            for length in [end - 5, end, end + 1] {
                if length == whole.len() {
                    continue;
                }
                fs::write(folder.path().join("backup.ndjson"), &whole[..length]).unwrap();
                assert!(matches!(Content::read(folder.path()), Err(Error::Unfit(_))));
                save(&alice, folder.path()).await.unwrap();
                let now = Content::read(folder.path()).unwrap();
                let now = format!("{:?}{:?}{:?}", now.labels, now.projects, now.tasks);
                assert_eq!(now, wanted);
            }
        }
    }
}

#[tokio::test]
async fn a_line_of_something_else_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = fs::File::create(folder.path().join("backup.ndjson")).unwrap();
    writeln!(file, r#"{{"end":{{}}}}"#).unwrap();
    writeln!(file, r#"{{"board":{{"id":1}}}}"#).unwrap();
    let refused = Content::read(folder.path()).unwrap_err().to_string();
    assert!(
        refused.contains("line 2: a line of another program"),
        "{refused}"
    );
    let nowhere = Content::read(Path::new("/nowhere"))
        .unwrap_err()
        .to_string();
    assert!(nowhere.contains("/nowhere/backup.ndjson"), "{nowhere}");
}
