//! The importer, killed after every request.

use vikunja_examples::importer::{Imported, import, read};
use vikunja_sdk::{
    BuildError, Client, Endpoint, Error, Execute, Output, Session,
    model::{Project, Task},
    ops,
    page::walk,
    projects, tasks,
};

use crate::{client, servers};

const DUMP: &str = r#"[
    {"html_url": "https://github.com/a/b/issues/1", "title": "First", "body": "See #2 & <b>", "state": "open",
     "labels": [{"name": "bug"}, {"name": "help wanted"}]},
    {"html_url": "https://github.com/a/b/issues/2", "title": "Second", "body": null, "state": "closed",
     "labels": [{"name": "bug"}]},
    {"html_url": "https://github.com/a/b/pull/3", "title": "No issue", "body": null, "state": "open",
     "pull_request": {}}
]"#;

/// Dies with the answer to its last request on the way: the server has done it, and nobody knows.
struct Mortal {
    client: Client,
    left: usize,
}

impl Execute for Mortal {
    type Error = Error;

    fn session(&self) -> &Session {
        Execute::session(&self.client)
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, Error> {
        let answer = self.client.execute(endpoint).await?;
        self.left -= 1;
        match self.left {
            0 => Err(BuildError::Body("killed".to_owned()).into()),
            _ => Ok(answer),
        }
    }
}

async fn tasks_of(client: &Client, project: &Project) -> Vec<Task> {
    let query = tasks::ListQuery::default();
    let project = project.id;
    let list = tasks::ListOfProject { project, query };
    walk(client, list).collect(100).await.unwrap()
}

fn seen(tasks: &[Task]) -> Vec<(&str, bool, Vec<&str>)> {
    let seen = tasks.iter().map(|task| {
        let mut labels: Vec<_> = task.labels.iter().map(|it| it.title.as_str()).collect();
        labels.sort_unstable();
        (task.title.as_str(), task.done, labels)
    });
    seen.collect()
}

#[tokio::test]
async fn an_issue_is_one_task_wherever_the_import_was_killed() {
    let issues = read(DUMP).unwrap();
    for server in servers() {
        let client = client(&server).await;
        let project = client.send(&projects::Create::new("b")).await.unwrap();
        let mut kills = 0;
        loop {
            let mut mortal = Mortal {
                client: client.clone(),
                left: kills + 1,
            };
            if import(&mut mortal, project.id, &issues).await.is_ok() {
                break;
            }
            kills += 1;
        }
        assert!(kills >= 3, "{kills}");
        let tasks = tasks_of(&client, &project).await;
        let expected = [
            ("First", false, vec!["bug", "help wanted"]),
            ("Second", true, vec!["bug"]),
        ];
        assert_eq!(seen(&tasks), expected);
        let again = import(&mut &client, project.id, &issues).await.unwrap();
        let nothing = Imported {
            unchanged: 2,
            ..Default::default()
        };
        assert_eq!(again, nothing);
    }
}

#[tokio::test]
async fn what_people_did_stays_and_what_github_says_is_set_again() {
    for server in servers() {
        let client = client(&server).await;
        let project = client.send(&projects::Create::new("b")).await.unwrap();
        let by_hand = tasks::Create::new(project.id, "First");
        client.send(&by_hand).await.unwrap();
        let mut issues = read(DUMP).unwrap();
        import(&mut &client, project.id, &issues).await.unwrap();
        let first = tasks_of(&client, &project).await[1].id;
        let ours = tasks::Fields {
            title: "Renamed".into(),
            priority: 4.into(),
            ..Default::default()
        };
        let before = ops::edit(&mut &client, first, &ours).await.unwrap();

        issues[0].state = "closed".to_owned();
        let done = import(&mut &client, project.id, &issues).await.unwrap();
        let expected = Imported {
            changed: 1,
            unchanged: 1,
            ..Default::default()
        };
        assert_eq!(done, expected);
        let after = client.send(&tasks::Get::new(first)).await.unwrap();
        assert_eq!((after.title.as_str(), after.done), ("First", true));
        assert_eq!(after.priority, 4);
        assert_eq!(after.description, before.description);
        assert_eq!(tasks_of(&client, &project).await.len(), 3);
    }
}
