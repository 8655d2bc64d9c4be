use serde_json::{Map, Value};
use vikunja_sdk::{
    Changed, Client, Code, Error, Failure, Json, Path, Release, Route, WithRaw,
    model::{
        Info, NewReminder, Patch, Position, Project, ProjectId, RepeatMode, Task, TaskId, Timestamp,
    },
    namespaces, ops,
    page::walk,
    projects,
    tasks::{self, Fields},
    users,
};

use super::servers::{Told, servers};

#[tokio::test]
async fn the_story() {
    for told in servers() {
        tell(&told).await;
    }
}

async fn tell(told: &Told) {
    let Some((mut client, info)) = told.client().await else {
        println!("{}: has no such API", told.name);
        return;
    };
    println!("{}: {}", told.name, info.version);
    // 2.0 – 2.3 do not say that they are on SQLite.
    client.retry.assume_sqlite = true;
    client.retry.locked_tries = 12;
    account(&mut client, &info).await;
    let project = container(&client).await;
    lists(&mut client, &project).await;
    edits(&mut client, &project).await;
    ends(&client, &project).await;
}

/// Register, be refused, log in, read oneself.
pub(crate) async fn account(client: &mut Client, info: &Info) {
    assert_eq!(info.registration_enabled(), Some(true));
    let name = format!("story{}", fastrand::u32(..));
    let register = users::Register {
        username: name.clone(),
        email: format!("{name}@example.com"),
        password: "story-password-1".into(),
    };
    let user = client.send(&register).await.unwrap();
    assert_eq!(user.username, name);
    let taken = client.send(&register).await.unwrap_err();
    assert_eq!(taken.refusal().unwrap().code, Some(Code::UsernameTaken));
    assert!(!taken.to_string().contains("story-password-1"));

    let nobody = client.send(&users::Current).await.unwrap_err();
    assert!(matches!(nobody, Error::Build(_)), "{nobody}");
    let wrong = client
        .log_in(&name, "wrong-password".into())
        .await
        .unwrap_err();
    assert_eq!(wrong.refusal().unwrap().code, Some(Code::WrongCredentials));
    let logged_in = client
        .log_in(&name, "story-password-1".into())
        .await
        .unwrap();
    let release = client_release(client);
    assert_eq!(logged_in.refresh.is_some(), release >= Release(2, 0, 0));
    assert_eq!(client.send(&users::Current).await.unwrap().id, user.id);

    if let Some(refresh) = logged_in.refresh {
        let renewed = client
            .send(&users::Refresh {
                refresh: refresh.clone(),
            })
            .await
            .unwrap();
        assert!(renewed.refresh.is_some());
        let replayed = client.send(&users::Refresh { refresh }).await.unwrap_err();
        assert!(replayed.refusal().unwrap().is_unauthorized(), "{replayed}");
    }
}

fn client_release(client: &Client) -> Release {
    vikunja_sdk::Execute::session(client).server().release
}

/// What holds tasks: a project, on 0.20 a list in the user's own namespace.
pub(crate) async fn container(client: &Client) -> Project {
    let mut create = projects::Create::new("Story");
    create.fields.description = "<p>Told.</p>".into();
    if client_release(client) < Release(0, 21, 0) {
        let missing = client.send(&create).await.unwrap_err();
        assert!(missing.to_string().contains("{namespace}"), "{missing}");
        let namespaces = client.send(&namespaces::List::default()).await.unwrap();
        create.namespace = namespaces
            .items
            .iter()
            .map(|one| one.id)
            .find(|id| id.get() > 0);
    } else {
        let gone = client.send(&namespaces::List::default()).await.unwrap_err();
        assert!(
            gone.to_string().contains("needs Vikunja before 0.21.0"),
            "{gone}"
        );
    }
    let project = client.send(&create).await.unwrap();
    assert_eq!(
        (project.title.as_str(), project.description.as_str()),
        ("Story", "<p>Told.</p>")
    );
    project
}

/// Lists end, hold each thing once, and miss none.
async fn lists(client: &mut Client, project: &Project) {
    let mut made = Vec::new();
    for number in 0..7 {
        let task = client
            .send(&tasks::Create::new(project.id, format!("Page {number}")))
            .await
            .unwrap();
        made.push(task.id);
    }
    let of_project = tasks::ListOfProject {
        project: project.id,
        query: tasks::ListQuery {
            per_page: Some(3),
            ..Default::default()
        },
    };
    let walked = walk(&mut *client, of_project.clone())
        .collect(100)
        .await
        .unwrap();
    assert_eq!(walked.iter().map(|task| task.id).collect::<Vec<_>>(), made);
    assert_eq!(
        walk(&mut *client, of_project)
            .collect(4)
            .await
            .unwrap()
            .len(),
        4
    );
    let all = walk(&mut *client, tasks::List::default())
        .collect(100)
        .await
        .unwrap();
    assert_eq!(all.len(), 7);

    // Pseudo projects come on every page: the walk ends all the same.
    let list = projects::List {
        per_page: Some(1),
        ..Default::default()
    };
    let found = walk(&mut *client, list).collect(100).await.unwrap();
    let ids: std::collections::BTreeSet<_> = found.iter().map(|project| project.id).collect();
    assert_eq!(ids.len(), found.len());
    assert!(ids.contains(&project.id));

    let one = tasks::Get::new(made[0]);
    let (typed, raw) = client.send(&WithRaw(one)).await.unwrap();
    let raw: Value = serde_json::from_slice(&raw).unwrap();
    assert_eq!(raw["id"], typed.id.get());
    for task in made {
        client.send(&tasks::Delete { id: task }).await.unwrap();
    }
    assert_eq!(
        client
            .send(&tasks::List::default())
            .await
            .unwrap()
            .items
            .len(),
        0
    );
}

/// Changing one field changes that field, on every release.
async fn edits(client: &mut Client, project: &Project) {
    let me = client.send(&users::Current).await.unwrap().id;
    let at = |days: i64| Timestamp::from_unix_seconds(2_000_000_000 + days * 86_400);
    let rich = Fields {
        title: "Bake bread".into(),
        description: "<p>Sourdough</p>".into(),
        due_date: at(2).into(),
        start_date: at(0).into(),
        end_date: at(3).into(),
        reminders: vec![NewReminder::at(at(1))].into(),
        priority: 4.into(),
        percent_done: 0.25.into(),
        hex_color: "aa5500".into(),
        repeat_after: 86_400.into(),
        is_favorite: true.into(),
        assignees: vec![tasks::Assignee { id: me }].into(),
        ..Fields::default()
    };
    let create = tasks::Create {
        project: project.id,
        fields: rich,
    };
    let task = client.send(&create).await.unwrap().id;
    let changes: [(&[&str], Fields); 9] = [
        (
            &["title"],
            Fields {
                title: "Bake rolls".into(),
                ..Fields::default()
            },
        ),
        (
            &["description"],
            Fields {
                description: Patch::Clear,
                ..Fields::default()
            },
        ),
        (
            &["priority"],
            Fields {
                priority: 1.into(),
                ..Fields::default()
            },
        ),
        (
            &["percent_done"],
            Fields {
                percent_done: 0.75.into(),
                ..Fields::default()
            },
        ),
        (
            &["hex_color"],
            Fields {
                hex_color: "00cc66".into(),
                ..Fields::default()
            },
        ),
        (
            &["start_date"],
            Fields {
                start_date: Patch::Clear,
                ..Fields::default()
            },
        ),
        (
            &["end_date"],
            Fields {
                end_date: at(5).into(),
                ..Fields::default()
            },
        ),
        (
            &["is_favorite"],
            Fields {
                is_favorite: false.into(),
                ..Fields::default()
            },
        ),
        (
            &["assignees"],
            Fields {
                assignees: Patch::Set(Vec::new()),
                ..Fields::default()
            },
        ),
    ];
    for (named, fields) in changes {
        let before = raw(client, task).await;
        let edited = ops::edit(client, task, &fields).await.unwrap();
        let after = raw(client, task).await;
        assert_eq!(edited.id, task);
        assert_eq!(
            differences(&before, &after),
            named,
            "{}",
            client_release(client)
        );
    }
    // What is so already is no change, and no error.
    let same = Fields {
        title: "Bake rolls".into(),
        ..Fields::default()
    };
    let before = raw(client, task).await;
    ops::edit(client, task, &same).await.unwrap();
    assert_eq!(differences(&before, &raw(client, task).await), [""; 0]);

    // Done on a repeating task moves its dates, and it goes on repeating.
    let done = Fields {
        done: true.into(),
        ..Fields::default()
    };
    let moved = ops::edit(client, task, &done).await.unwrap();
    assert!(!moved.done);
    assert!(moved.due_date > Some(at(2)), "{:?}", moved.due_date);
    assert_eq!(
        (moved.repeat_after, moved.repeat_mode),
        (86_400, RepeatMode::AfterDate)
    );
    let finished = Fields {
        repeat_after: Patch::Clear,
        ..Fields::default()
    };
    ops::edit(client, task, &finished).await.unwrap();
    assert!(ops::edit(client, task, &done).await.unwrap().done);

    replaced(client, task).await;
    project_edit(client, project.id).await;
}

/// A replacement does what it says.
async fn replaced(client: &mut Client, task: TaskId) {
    let fields = Fields {
        title: "Left over".into(),
        priority: 2.into(),
        ..Fields::default()
    };
    let replace = tasks::Replace {
        id: task,
        fields: fields.clone(),
    };
    client.send(&replace).await.unwrap();
    let left: Task = client.send(&tasks::Get::new(task)).await.unwrap();
    assert_eq!(
        (left.title.as_str(), left.priority, left.due_date, left.done),
        ("Left over", 2, None, false)
    );
    assert!(left.reminders.is_empty());
    let patch = tasks::Patch { id: task, fields };
    match client.send(&patch).await {
        Ok(changed) => assert_eq!(changed, Changed::Nothing),
        Err(error) => assert!(matches!(error, Error::Build(_)), "{error}"),
    }
}

async fn project_edit(client: &mut Client, project: ProjectId) {
    if client_release(client) >= Release(0, 21, 0) {
        let mut child = projects::Create::new("Child");
        child.fields.parent_project_id = project.into();
        let child = client.send(&child).await.unwrap();
        assert_eq!(child.parent_project_id, Some(project));
        let moved_up = projects::Fields {
            parent_project_id: Patch::Clear,
            ..Default::default()
        };
        let child = ops::edit(client, child.id, &moved_up).await.unwrap();
        assert_eq!(child.parent_project_id, None);
        client
            .send(&projects::Delete { id: child.id })
            .await
            .unwrap();
    }
    let colour = projects::Fields {
        hex_color: "123456".into(),
        ..Default::default()
    };
    let edited = ops::edit(client, project, &colour).await.unwrap();
    assert_eq!(
        (
            edited.hex_color.as_str(),
            edited.title.as_str(),
            edited.description.as_str()
        ),
        ("123456", "Story", "<p>Told.</p>")
    );
    let first = Position::before(edited.position).unwrap();
    let moved = projects::Fields {
        position: first.into(),
        ..Default::default()
    };
    let moved = ops::edit(client, project, &moved).await.unwrap();
    assert_eq!(Position::new(moved.position), Ok(first));
    let clear = projects::Fields {
        description: Patch::Clear,
        ..Default::default()
    };
    let refused = ops::edit(client, project, &clear).await.unwrap_err();
    assert!(matches!(refused, Error::Build(_)), "{refused}");
}

/// Deleting, and what is not there.
async fn ends(client: &Client, project: &Project) {
    client
        .send(&projects::Delete { id: project.id })
        .await
        .unwrap();
    let gone = client
        .send(&projects::Get { id: project.id })
        .await
        .unwrap_err();
    assert!(gone.is_not_found(), "{gone}");
    assert!(!gone.is_retryable());
    let gone = client
        .send(&tasks::Get::new(TaskId::from(999_999)))
        .await
        .unwrap_err();
    assert_eq!(
        gone.refusal().unwrap().code,
        Some(Code::TaskNotFound),
        "{gone}"
    );
    assert!(gone.to_string().contains("/tasks/{task}"), "{gone}");
}

/// A task as the server has it.
struct Raw(TaskId);

impl vikunja_sdk::Endpoint for Raw {
    const ROUTE: Route = Route::read("/tasks/{task}");
    type Reply = Json<Map<String, Value>>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.0);
    }
}

async fn raw(client: &Client, task: TaskId) -> Map<String, Value> {
    client.send(&Raw(task)).await.unwrap()
}

/// Keys whose values differ, but for the server's own consequences of any change.
fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let own = ["updated", "position", "kanban_position", "subscription"];
    let mut keys: Vec<_> = before.keys().chain(after.keys()).cloned().collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| {
        !own.contains(&key.as_str()) && clean(before.get(key)) != clean(after.get(key))
    });
    keys
}

/// Without the times inside nested objects; no value and `null` are the same.
fn clean(value: Option<&Value>) -> Value {
    match value {
        None | Some(Value::Null) => Value::Null,
        Some(Value::Array(items)) if items.is_empty() => Value::Null,
        Some(other) => other.clone(),
    }
}
