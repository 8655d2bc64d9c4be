//! Health, token checks, imports and backgrounds.
//!
//! A server that is told to ask Todoist (`VIKUNJA_MIGRATION_TODOIST_ENABLE`) and to count (`VIKUNJA_METRICS_ENABLED`) is
//! asked for that, too; name it by `VIKUNJA_URL`.

use vikunja_sdk::{
    Api, ApiChoice, BuildError, Client, Error, Execute, Failure, NewFile, Release, backgrounds,
    migrations::{
        AuthUrl, Csv, DetectCsv, Import, ImportCsv, Migrate, PreviewCsv, Status, TickTick, Todoist,
        VikunjaFile, Wekan,
    },
    model::{CsvAttribute, HealthStatus, Info, ProjectId},
    ops, projects, service, tasks, token,
};

use super::{
    servers::servers,
    story::{account, container},
};

#[tokio::test]
async fn services() {
    for told in servers() {
        let Some((mut client, info)) = told.client().await else {
            println!("{}: has no such API", told.name);
            continue;
        };
        println!("{}: {}", told.name, info.version);
        client.retry.assume_sqlite = true;
        client.retry.locked_tries = 12;
        account(&mut client, &info).await;
        health(&client).await;
        tokens(&client).await;
        pictures(&client).await;
        files(&client).await;
        let has_newer = release(&client) >= Release(2, 3, 0);
        if !(has_newer && told.lacks("imports from WeKan and from any CSV file")) {
            boards(&client).await;
            tables(&mut client).await;
        }
        todoist(&client, &info).await;
    }
}

fn release(client: &Client) -> Release {
    Execute::session(client).server().release
}

fn is_v2(client: &Client) -> bool {
    Execute::session(client).server().api == ApiChoice::Only(Api::V2)
}

async fn health(client: &Client) {
    client.send(&service::Health).await.unwrap();
    if is_v2(client) {
        let health = client.send(&service::HealthInDetail).await.unwrap();
        assert_eq!(health.status, HealthStatus::Ok);
        return;
    }
    match client.send(&service::Metrics::default()).await {
        Ok(counters) => {
            println!("counts {} lines", counters.lines().count());
            assert!(counters.contains("vikunja_"), "{counters}");
        }
        // Switched off, which up to 0.24 looks like a missing token.
        Err(error) => {
            let is_old = release(client) < Release(1, 0, 0);
            let expected = if is_old { 401 } else { 404 };
            assert_eq!(error.status().unwrap(), expected, "{error}");
        }
    }
}

async fn tokens(client: &Client) {
    client.send(&token::CheckByPost).await.unwrap();
    let checked = client.send(&token::Check).await;
    if release(client) < Release(1, 0, 0) {
        let error = checked.unwrap_err();
        assert!(matches!(
            error,
            Error::Build(BuildError::NotOnThisServer { .. })
        ));
        return;
    }
    checked.unwrap();
    let server = Execute::session(client).server().clone();
    let stranger = Client::builder(server.base()).token("eyJ.no.token".into());
    let stranger = stranger.build(server).unwrap();
    for error in [
        stranger.send(&token::Check).await.unwrap_err(),
        stranger.send(&token::CheckByPost).await.unwrap_err(),
    ] {
        assert!(error.is_unauthorized(), "{error}");
    }
}

/// A picture of one pixel.
const DOT: &[u8] = &[
    0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0,
    0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T',
    0x78, 0xda, 0x63, 0x64, 0xf8, 0xcf, 0x50, 0x0f, 0, 0x03, 0x86, 0x01, 0x80, 0x5a, 0x34, 0x7d,
    0x6b, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

async fn pictures(client: &Client) {
    let project = container(client).await.id;
    let none = client.send(&backgrounds::Get { project }).await;
    assert_eq!(none.unwrap_err().status().unwrap(), 404);
    let upload = |name: &str, content: &'static [u8]| backgrounds::Upload {
        project,
        file: NewFile::from_bytes(name, content),
    };
    let text = client.upload(&upload("note.txt", b"no picture")).await;
    assert_eq!(text.unwrap_err().status().unwrap(), 400);
    assert!(!has_background(client, project).await);

    let answered = client.upload(&upload("dot.png", DOT)).await.unwrap();
    assert_eq!(answered.id, project);
    assert!(has_background(client, project).await);
    let picture = client.send(&backgrounds::Get { project }).await.unwrap();
    assert_eq!(picture.head.content_type.as_deref(), Some("image/jpg"));
    let is_jpeg = picture.bytes.starts_with(&[0xff, 0xd8]);
    assert_eq!(is_jpeg, release(client) >= Release(0, 24, 0));
    let mut streamed = Vec::new();
    let download = client.download(&backgrounds::Get { project }).await;
    download.unwrap().save_to(&mut streamed).await.unwrap();
    assert_eq!(streamed, picture.bytes);

    client.send(&backgrounds::Delete { project }).await.unwrap();
    assert!(!has_background(client, project).await);
    // Nothing else of the project went with it.
    let left = client.send(&projects::Get { id: project }).await.unwrap();
    assert_eq!(
        (left.title.as_str(), left.background_blur_hash.as_str()),
        ("Story", "")
    );
    assert_eq!(left.description, "<p>Told.</p>");
}

async fn has_background(client: &Client, project: ProjectId) -> bool {
    let read = client.send(&projects::Get { id: project }).await.unwrap();
    read.background_information.is_some()
}

const TICKTICK: &str = "\"Date: 2023-01-01+0000\"\n\"Version: 7.1\"\n\"Status: \n0 Normal\n1 Completed\n2 Archived\"\n\
\"Folder Name\",\"List Name\",\"Title\",\"Kind\",\"Tags\",\"Content\",\"Is Check list\",\"Start Date\",\"Due Date\",\"Reminder\",\
\"Repeat\",\"Priority\",\"Status\",\"Created Time\",\"Completed Time\",\"Order\",\"Timezone\",\"Is All Day\",\"Is Floating\",\
\"Column Name\",\"Column Order\",\"View Mode\",\"taskId\",\"parentId\"\n\
\"\",\"Pantry\",\"Buy salt\",\"TEXT\",\"\",\"\",\"N\",\"\",\"\",\"\",\"\",\"0\",\"0\",\"2023-01-02T03:04:05+0000\",\"\",\"-1\",\
\"Europe/Berlin\",\"\",\"false\",\"\",\"\",\"list\",\"1\",\"\"\n";

const WEKAN: &str = r#"{"_id":"b","title":"Bakery","lists":[{"_id":"l","title":"To do","sort":0}],
    "cards":[{"_id":"c","title":"Knead","listId":"l","sort":0}],"labels":[],"comments":[],"checklists":[],
    "checklistItems":[],"swimlanes":[],"members":[],"users":[]}"#;

async fn files(client: &Client) {
    let never = client.send(&Status::of(TickTick)).await.unwrap();
    assert!(never.started_at.is_none() && !never.is_running());
    let no_zip = Import {
        format: VikunjaFile,
        file: NewFile::from_bytes("note.txt", "no zip"),
    };
    let refused = client.upload(&no_zip).await.unwrap_err();
    let expected = if release(client) < Release(1, 0, 0) {
        500
    } else {
        400
    };
    assert_eq!(refused.status().unwrap(), expected, "{refused}");

    let ticktick = Import {
        format: TickTick,
        file: NewFile::from_bytes("ticktick.csv", TICKTICK),
    };
    client.upload(&ticktick).await.unwrap();
    let over = client.send(&Status::of(TickTick)).await.unwrap();
    assert!(over.finished_at.is_some(), "{over:?}");
    assert_eq!(over.migrator_name, "ticktick");
    assert_eq!(found(client, "Buy salt").await, 1);
}

async fn boards(client: &Client) {
    let wekan = Import {
        format: Wekan,
        file: NewFile::from_bytes("board.json", WEKAN),
    };
    let imported = client.upload(&wekan).await;
    if release(client) < Release(2, 3, 0) {
        assert!(matches!(
            imported,
            Err(Error::Build(BuildError::NotOnThisServer { .. }))
        ));
        return;
    }
    imported.unwrap();
    assert!(!client.send(&Status::of(Wekan)).await.unwrap().is_running());
    assert_eq!(found(client, "Knead").await, 1);
}

async fn found(client: &Client, title: &str) -> usize {
    let mut list = tasks::List::default();
    list.query.search = Some(title.to_owned());
    let tasks = client.send(&list).await.unwrap().items;
    tasks.iter().filter(|task| task.title == title).count()
}

async fn tables(client: &mut Client) {
    let table = "what;when;urgent\nfirst line;2026-05-06;1\nPeel;2026-05-07;2\n";
    let file = NewFile::from_bytes("tasks.csv", table);
    let detected = client.send(&DetectCsv { file: file.clone() }).await;
    if release(client) < Release(2, 3, 0) {
        assert!(matches!(
            detected,
            Err(Error::Build(BuildError::NotOnThisServer { .. }))
        ));
        return;
    }
    let detected = detected.unwrap();
    assert_eq!(detected.columns, ["what", "when", "urgent"]);
    assert_eq!(detected.preview_rows[1], ["Peel", "2026-05-07", "2"]);
    let mut config = detected.config();
    assert_eq!(config.delimiter, ";");
    let attributes = [
        CsvAttribute::Title,
        CsvAttribute::DueDate,
        CsvAttribute::Priority,
    ];
    for (column, attribute) in config.mapping.iter_mut().zip(attributes) {
        column.attribute = attribute;
    }
    config.skip_rows = 1;
    let preview = PreviewCsv {
        file: file.clone(),
        config: config.clone(),
    };
    let seen = client.send(&preview).await.unwrap();
    assert_eq!(seen.tasks.len(), 1, "{seen:?}");
    assert_eq!(
        (seen.tasks[0].title.as_str(), seen.tasks[0].priority),
        ("Peel", 2)
    );
    assert_eq!(found(client, "Peel").await, 0, "looking imports nothing");

    client.upload(&ImportCsv { file, config }).await.unwrap();
    let status = client.send(&Status::of(Csv)).await.unwrap();
    assert!(status.finished_at.is_some() && !status.is_running());
    assert_eq!(found(client, "Peel").await, 1);
    let parent = ops::project_named(client, "Imported from CSV")
        .await
        .unwrap();
    assert!(parent.one().is_some());
}

async fn todoist(client: &Client, info: &Info) {
    let url = client.send(&AuthUrl::of(Todoist)).await;
    if !info.available_migrators.iter().any(|one| one == "todoist") {
        assert!(url.unwrap_err().refusal().unwrap().route_is_missing());
        return;
    }
    println!("asks Todoist");
    let url = url.unwrap().url;
    assert!(url.starts_with("https://todoist.com/"), "{url}");
    let migrate = Migrate {
        service: Todoist,
        code: "no-such-code".into(),
    };
    // 0.20 waits for Todoist, which cannot be reached or refuses; later releases say that they have begun.
    let begun = client
        .within(std::time::Duration::from_secs(30))
        .send(&migrate)
        .await;
    assert_eq!(
        begun.is_ok(),
        release(client) >= Release(0, 24, 0),
        "{begun:?}"
    );
}
