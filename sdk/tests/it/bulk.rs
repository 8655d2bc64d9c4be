//! Bulk calls against the recordings, what they write, and what `ops::edit_many` makes of failures.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use vikunja_sdk::{
    Api, ApiChoice, ApiError, BuildError, Endpoint, Execute, Failure, Output, Release, ReplyError,
    Server, Session,
    auth::Token,
    model::{NewReminder, Patch, ProjectId, ReminderBase, TaskId, UserId},
    ops,
    retry::Happened,
    tasks::{self, Assignee, CreateBulk, Fields, UpdateBulk},
};

use super::hold::{AsRecorded, check, hold, ids};

fn update(changes: Fields) -> UpdateBulk {
    UpdateBulk {
        tasks: vec![TaskId(5), TaskId(7)],
        changes,
        assignees: vec![Assignee { id: UserId(3) }],
        reminders: vec![NewReminder::before(
            std::time::Duration::from_secs(60),
            ReminderBase::DueDate,
        )],
        is_favorite: true,
    }
}

fn priority(number: i64) -> Fields {
    Fields {
        priority: number.into(),
        ..Fields::default()
    }
}

#[test]
fn bulk_calls_are_the_recorded_ones() {
    check("tasks.update_bulk", |exchange, tally| {
        // Older releases have the route, and mean something else by it.
        if exchange.session().server().release < Release(1, 0, 0) {
            let refused = exchange.session().call(&update(priority(1)));
            assert!(matches!(refused, Err(BuildError::NotOnThisServer { .. })));
            return;
        }
        // None of the recorded bodies keeps assignees and reminders: the SDK would not send them.
        let recorded = AsRecorded(update(Fields::default()), exchange);
        hold(exchange, Some(recorded), tally);
    });
    check("tasks.create_bulk", |exchange, tally| {
        let project = ProjectId(ids(exchange)[0]);
        let given = exchange.request.body["tasks"].clone();
        let tasks = serde_json::from_value(given).unwrap();
        hold(exchange, Some(CreateBulk { project, tasks }), tally);
    });
}

fn session(release: Release) -> Session {
    let server = Server::new("http://h")
        .unwrap()
        .with_release(release)
        .with_api(ApiChoice::Only(Api::V1));
    let session = Session::new(server);
    session.set_token(Some(Token::new("x.y.z".to_owned().into()).unwrap()));
    session
}

#[test]
fn a_bulk_update_writes_what_it_would_lose() {
    let changes = Fields {
        due_date: Patch::Clear,
        done: true.into(),
        ..Fields::default()
    };
    let (request, _) = session(Release(1, 0, 0)).call(&update(changes)).unwrap();
    assert_eq!(request.method(), "POST");
    assert_eq!(
        serde_json::from_slice::<Value>(request.body()).unwrap(),
        json!({
            "task_ids": [5, 7],
            "fields": ["done", "due_date"],
            "values": {
                "done": true,
                "due_date": null,
                "assignees": [{"id": 3}],
                "is_favorite": true,
                "reminders": [{"relative_period": -60, "relative_to": "due_date"}],
            },
        })
    );
}

#[test]
fn a_bulk_update_that_would_wipe_is_not_built() {
    let session = session(Release(2, 5, 0));
    let favourite = Fields {
        is_favorite: false.into(),
        ..priority(1)
    };
    let reminders = Fields {
        reminders: Patch::Clear,
        ..priority(1)
    };
    let title = Fields {
        title: "".into(),
        ..Fields::default()
    };
    for (changes, said) in [
        (Fields::default(), "names no field"),
        (favourite, "is_favorite cannot be among the changes"),
        (reminders, "reminders cannot be among the changes"),
        (title, "the title of a task cannot be empty"),
    ] {
        let error = session.call(&update(changes)).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn numbers_that_json_has_not_are_refused_by_name() {
    for number in [f64::NAN, f64::INFINITY] {
        let fields = Fields {
            percent_done: number.into(),
            ..Fields::default()
        };
        let create = tasks::Create {
            project: ProjectId(1),
            fields,
        };
        let error = session(Release(2, 5, 0)).call(&create).unwrap_err();
        let said = format!("percent_done of a task is {number}");
        assert!(error.to_string().contains(&said), "{error}");
    }
}

/// A server with tasks that are all alike but for their assignee: even ids have one, odd ids have none.
struct Tasks {
    session: Session,
    asked: Vec<String>,
    /// Status of an answer to a bulk update; 0 breaks the connection.
    to_bulk: u16,
    /// The task that cannot be edited.
    stuck: TaskId,
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Reply(#[from] ReplyError),
    #[error("the connection broke")]
    Broken,
}

impl Failure for Trouble {
    fn reply(&self) -> Option<&ReplyError> {
        match self {
            Self::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    fn happened(&self) -> Happened {
        match self {
            Self::Build(_) => Happened::Unusable,
            Self::Reply(reply) => reply.happened(),
            Self::Broken => Happened::Lost,
        }
    }
}

impl Tasks {
    fn new(release: Release, to_bulk: u16, stuck: i64) -> Self {
        Self {
            session: session(release),
            asked: Vec::new(),
            to_bulk,
            stuck: stuck.into(),
        }
    }

    /// Edits the tasks 1 to `last`, and says what was asked for how often.
    async fn edit(
        &mut self,
        last: i64,
    ) -> (Result<(), ops::Stopped<Trouble>>, Vec<(String, usize)>) {
        let tasks: Vec<TaskId> = (1..=last).map(TaskId::from).collect();
        let result = ops::edit_many(self, &tasks, &priority(3)).await;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for asked in &self.asked {
            *counts.entry(asked.clone()).or_default() += 1;
        }
        (result, counts.into_iter().collect())
    }
}

impl Execute for Tasks {
    type Error = Trouble;

    fn session(&self) -> &Session {
        &self.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, Trouble> {
        let (request, pending) = self.session.call(endpoint)?;
        self.asked.push(pending.route().to_string());
        let task = |id: i64| {
            let one = json!([{"id": 1, "username": "u"}]);
            let assignees = if id % 2 == 0 { one } else { Value::Null };
            json!({"id": id, "title": "t", "assignees": assignees})
        };
        let path = request.uri().path();
        let (status, body) = if path.ends_with("/bulk") {
            if self.to_bulk == 0 {
                return Err(Trouble::Broken);
            }
            (self.to_bulk, json!({}))
        } else if let Some(id) = path.strip_prefix("/api/v1/tasks/") {
            let id: i64 = id.parse().unwrap();
            if TaskId(id) == self.stuck && request.method() == "POST" {
                (
                    404,
                    json!({"code": 4002, "message": "This task does not exist."}),
                )
            } else {
                (200, task(id))
            }
        } else {
            let query = request.uri().query().unwrap();
            let (_, ids) = query.split_once("id+in+").unwrap();
            let ids = ids.split('&').next().unwrap().replace("%2C", ",");
            let found = ids.split(',').map(|id| task(id.parse().unwrap()));
            (200, found.collect())
        };
        let answer = http::Response::builder()
            .status(status)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        Ok(pending.decode(&answer)?)
    }
}

#[tokio::test]
async fn tasks_that_are_alike_share_a_call() {
    let (result, asked) = Tasks::new(Release(1, 0, 0), 200, 0).edit(120).await;
    result.unwrap();
    // Three pages of fifty, two kinds of tasks in each.
    assert_eq!(
        asked,
        [
            ("GET /api/v1/tasks".to_owned(), 3),
            ("POST /api/v1/tasks/bulk".to_owned(), 6)
        ]
    );
}

#[tokio::test]
async fn before_1_0_each_task_is_edited_by_itself() {
    let (result, asked) = Tasks::new(Release(0, 24, 1), 200, 0).edit(3).await;
    result.unwrap();
    assert_eq!(
        asked,
        [
            ("GET /api/v1/tasks/{task}".to_owned(), 3),
            ("POST /api/v1/tasks/{task}".to_owned(), 3)
        ]
    );
}

#[tokio::test]
async fn a_refused_bulk_update_is_made_one_by_one_and_names_the_task() {
    let (result, _) = Tasks::new(Release(1, 0, 0), 403, 3).edit(4).await;
    let stopped = result.unwrap_err();
    assert_eq!(stopped.done, [TaskId(1), TaskId(2)]);
    assert_eq!(stopped.at, [TaskId(3)]);
    assert!(stopped.error.refusal().is_some_and(ApiError::is_not_found));
    let said = stopped.to_string();
    assert!(
        said.starts_with("2 tasks were changed, then task 3 failed: POST"),
        "{said}"
    );
}

#[tokio::test]
async fn a_bulk_update_of_unknown_fate_is_not_repeated_one_by_one() {
    for to_bulk in [0, 500] {
        let (result, asked) = Tasks::new(Release(2, 5, 0), to_bulk, 0).edit(4).await;
        let stopped = result.unwrap_err();
        assert_eq!(stopped.done, []);
        assert_eq!(stopped.at, [TaskId(1), TaskId(3)]);
        assert!(
            !asked.iter().any(|(route, _)| route.contains("{task}")),
            "{asked:?}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_before_anything_is_sent() {
    let mut server = Tasks::new(Release(2, 5, 0), 200, 0);
    let untitled = Fields {
        title: Patch::Clear,
        ..Fields::default()
    };
    let stopped = ops::edit_many(&mut server, &[TaskId(1)], &untitled)
        .await
        .unwrap_err();
    assert!(matches!(
        stopped.error,
        Trouble::Build(BuildError::CannotClear { .. })
    ));
    assert!(stopped.at.is_empty() && stopped.done.is_empty());
    assert!(server.asked.is_empty());
}
