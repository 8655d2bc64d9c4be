//! Every class over an executor that answers from memory: what is sent how often, on every generation of the server.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use serde_json::{Map, Value, json};
use vikunja_sdk::{
    Api, ApiChoice, Endpoint, Execute, Output, Release, Server, Session,
    auth::{Credentials, Token, TokenKind},
    model::{BucketId, LabelId, ProjectId, TaskId, UserId, ViewId},
    testing::FakeError,
};

use super::{Actor, Any, Scene, Wanted, scene::VIEWS, sockets::Sockets};
use crate::{
    exit::Problem,
    plan::Ticket,
    renewal::Login,
    world::{Account, Place, Shared, World},
};

/// Answers from memory, and counts.
struct Memory {
    session: Session,
    number: usize,
    row: Option<&'static str>,
    rows: BTreeMap<&'static str, u64>,
    /// Requests in all, with those that have no row.
    requests: u64,
    rejected: Vec<String>,
    thought: Duration,
    /// What was last written to a path.
    written: BTreeMap<String, Map<String, Value>>,
}

impl Memory {
    fn of(server: &Server, number: usize) -> Self {
        Self {
            session: Session::new(server.clone()),
            number,
            row: None,
            rows: BTreeMap::new(),
            requests: 0,
            rejected: Vec::new(),
            thought: Duration::ZERO,
            written: BTreeMap::new(),
        }
    }
}

impl Memory {
    /// What a server would say: to what is written the same back, with an id.
    fn answer_to(&mut self, request: &http::Request<Bytes>, api: Api) -> Response<Bytes> {
        let path = request.uri().path();
        let numbers: Vec<i64> = path
            .split('/')
            .filter_map(|part| part.parse().ok())
            .collect();
        let last = path.rsplit('/').next().unwrap_or_default();
        let is_board = last == "buckets" || path.ends_with("buckets/tasks");
        // On v1 a board is read where other views are; the view with this id is one.
        let is_board = is_board || path.contains("/views/4/tasks");
        let lists = [
            "tasks",
            "all",
            "labels",
            "projects",
            "lists",
            "comments",
            "notifications",
            "buckets",
        ];
        let mut body = match serde_json::from_slice::<Map<String, Value>>(request.body()) {
            Ok(sent) => {
                self.written.insert(path.to_owned(), sent.clone());
                sent
            }
            Err(_) => self.written.get(path).cloned().unwrap_or_default(),
        };
        for (name, value) in [
            ("id", json!(numbers.last().copied().unwrap_or(1))),
            ("title", json!("t")),
            ("project_id", json!(numbers.first().copied().unwrap_or(1))),
            ("bucket_id", json!(1)),
            ("task_id", json!(1)),
            ("name", json!("task.comment")),
            ("username", json!("u")),
            ("version", json!("v2.5.0")),
            ("token", json!("e.e30.s")),
        ] {
            body.entry(name).or_insert(value);
        }
        if is_board {
            body.insert("limit".to_owned(), json!(0));
        }
        let is_list = request.method() == "GET" && lists.contains(&last);
        let body = match (is_list, api) {
            (true, Api::V1) => json!([body]),
            (true, Api::V2) => json!({"items": [body], "total": 1, "total_pages": 1}),
            (false, _) => Value::Object(body),
        };
        let mut answer = Response::new(Bytes::from(body.to_string()));
        let cookie = HeaderValue::from_static("vikunja_refresh_token=r; Path=/");
        answer.headers_mut().insert(header::SET_COOKIE, cookie);
        answer
    }
}

impl Execute for Memory {
    type Error = FakeError;

    fn session(&self) -> &Session {
        &self.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, FakeError> {
        let row = self.row.take();
        let (request, pending) = self.session.call(endpoint)?;
        self.requests += 1;
        if let Some(row) = row {
            *self.rows.entry(row).or_default() += 1;
        }
        let answer = self.answer_to(&request, pending.route().at.api);
        Ok(pending.decode(&answer)?)
    }
}

impl Actor for Memory {
    fn reject(&mut self, why: String) {
        self.rejected.push(why);
    }
    fn accept(&mut self) {}
    fn row(&mut self, name: &'static str) {
        self.row = Some(name);
    }
    fn count(&mut self, row: &'static str, _: Duration, _: Result<(), String>) {
        *self.rows.entry(row).or_default() += 1;
    }
    fn number(&self) -> usize {
        self.number
    }
    fn enter(&mut self, session: Session) {
        self.session = session;
    }
    async fn look<E: Endpoint>(&mut self, endpoint: &E) -> Result<Option<Output<E>>, FakeError> {
        self.execute(endpoint).await.map(Some)
    }
    async fn think(&mut self, time: Duration) {
        self.thought += time;
    }
}

fn server(release: Release) -> Server {
    Server::new("https://vikunja.test")
        .unwrap()
        .with_release(release)
}

/// Two accounts, the second of which has a project of the first shared with it.
fn scene(server: &Server) -> Arc<Scene> {
    let place = |id: i64| Place {
        id: ProjectId(id),
        views: [("list", 1), ("gantt", 2), ("table", 3), ("kanban", 4)]
            .into_iter()
            .filter(|_| server.release >= VIEWS)
            .map(|(kind, view)| (kind.to_owned(), ViewId(view)))
            .collect(),
        buckets: vec![BucketId(1), BucketId(2)],
        tasks: (1..=80).map(TaskId).collect(),
    };
    let account = |id: i64| Account {
        username: format!("perf{id}"),
        id: UserId(id),
        password: Some("password".into()),
        token: (server.release >= Release(0, 22, 0)).then(|| "tk_1".into()),
        namespace: (server.release < Release(0, 21, 0))
            .then_some(vikunja_sdk::model::NamespaceId(1)),
        labels: vec![LabelId(1), LabelId(2)],
        projects: (1..=6).map(place).collect(),
        ..Account::default()
    };
    let member = Account {
        shared_projects: vec![Shared {
            place: place(7),
            owner_id: UserId(1),
        }],
        ..account(2)
    };
    let world = World {
        users: vec![account(1), member],
        ..World::default()
    };
    let session = || {
        let session = Session::new(server.clone());
        session.set_credentials(Some(Credentials {
            token: Token::new("e.e30.s".into()).unwrap(),
            refresh: Some("r".into()),
        }));
        session
    };
    let logins = [session(), session()].map(|session| Login::new(session, None));
    let mut scene = Scene::new(world, server, logins.into(), 1, None).unwrap();
    // No WebSocket is opened to a server that is not there.
    Arc::get_mut(&mut scene).unwrap().sockets = Sockets::default();
    scene
}

fn tickets(count: u64) -> impl Iterator<Item = Ticket> {
    (0..count).map(|number| Ticket::new(1, number))
}

/// The scenario with this name.
fn named(name: &str, scene: Arc<Scene>) -> Result<Any, Problem> {
    let wanted: Wanted = name.parse()?;
    wanted.0[0].0.in_scene(scene)
}

async fn act(name: &str, server: &Server, number: usize, count: u64) -> Memory {
    let picked = named(name, scene(server)).unwrap();
    let mut memory = Memory::of(server, number);
    picked.begin(&mut memory).await.unwrap();
    memory.rows.clear();
    memory.requests = 0;
    for ticket in tickets(count) {
        picked.run(&mut memory, ticket).await.unwrap();
    }
    memory
}

/// Requests of 10,000 actions, as shares, against those of the official load test, each within 2 % of itself.
async fn expect(name: &str, number: usize, expected: &[(&str, f64)]) -> Memory {
    let memory = act(name, &server(Release(2, 5, 0)), number, 10_000).await;
    assert_eq!(memory.rejected, Vec::<String>::new());
    let total: f64 = expected.iter().map(|(_, weight)| weight).sum();
    let all: u64 = memory.rows.values().sum();
    assert_eq!(all, memory.requests, "each request has a row");
    for (row, weight) in expected {
        let got = memory.rows.get(row).copied().unwrap_or_default() as f64 / all as f64;
        let wanted = weight / total;
        assert!(
            (got / wanted - 1.0).abs() < 0.02,
            "{name}: {row}: {:.3} %, expected {:.3} %",
            got * 100.0,
            wanted * 100.0
        );
    }
    let known: Vec<&str> = expected.iter().map(|(row, _)| *row).collect();
    let unknown: Vec<_> = memory
        .rows
        .keys()
        .filter(|row| !known.contains(row))
        .collect();
    assert!(unknown.is_empty(), "{name}: {unknown:?}");
    memory
}

#[tokio::test]
async fn a_worker_sends_what_the_official_one_sends() {
    let memory = expect(
        "worker",
        0,
        &[
            ("GET /projects/{id}", 35.0),
            ("GET /projects/{id}/views/{view}/tasks [list]", 25.0 * 1.3),
            (
                "GET /avatar/{username}",
                25.0 * 3.0 + 15.0 * 2.0 + 10.0 * 3.0,
            ),
            ("GET /tasks [home]", 15.0),
            ("GET /tasks/{id}", 12.0),
            ("GET /tasks/{id}/comments", 12.0),
            ("PUT /tasks/{id}/read", 12.0),
            (
                "GET /projects/{id}/views/{view}/buckets/tasks [kanban]",
                10.0,
            ),
            ("PATCH /tasks/{id} [patch]", 6.0),
            ("POST /projects/{id}/tasks [create]", 4.0 + 1.0),
            (
                "PUT /projects/{id}/views/{view}/buckets/{bucket}/tasks [move]",
                1.5,
            ),
            ("PUT /tasks/{id}/position", 3.0),
            ("GET /projects/{id}/views/{view}/tasks [gantt]", 2.0),
            ("POST /tasks/{id}/labels [add]", 2.0),
            ("POST /tasks/{id}/comments [create]", 1.0),
            ("POST /projects [create]", 1.0),
        ],
    )
    .await;
    // 3.5 requests an action; a log-normal's mean is its median times e^(sigma²/2), a little less with an end.
    let per_action = memory.requests as f64 / 10_000.0;
    assert!((3.4..3.6).contains(&per_action), "{per_action}");
    let pause = memory.thought.as_secs_f64() / 10_000.0;
    assert!((20.5..23.0).contains(&pause), "{pause}");
}

#[tokio::test]
async fn a_glancer_sends_what_the_official_one_sends() {
    let memory = expect(
        "glancer",
        0,
        &[
            ("POST /user/token/refresh", 0.9),
            ("POST /login", 0.1),
            ("GET /info", 1.0),
            ("GET /user", 1.0),
            ("GET /projects", 1.0),
            ("GET /labels", 1.0),
            ("GET /tasks [home]", 1.0),
            ("GET /projects/{id}", 0.5),
            ("GET /projects/{id}/views/{view}/tasks [list]", 0.5),
            ("GET /avatar/{username}", 1.5),
        ],
    )
    .await;
    // 60 to 400 s away, 2 to 20 s there.
    let pause = memory.thought.as_secs_f64() / 10_000.0;
    assert!((237.0..245.0).contains(&pause), "{pause}");
}

#[tokio::test]
async fn a_bot_sends_what_the_official_one_sends_and_with_its_token() {
    let memory = expect(
        "bot",
        0,
        &[
            ("GET /tasks/{id} [bot]", 65.0),
            ("GET /projects/{id}/tasks [bot]", 23.0),
            ("GET /projects [bot]", 9.0),
            ("GET /tasks [bot]", 3.0),
        ],
    )
    .await;
    assert_eq!(memory.session.token_kind(), Some(TokenKind::Api));
    let pause = memory.thought.as_secs_f64() / 10_000.0;
    assert!((1.08..1.12).contains(&pause), "{pause}");
}

#[tokio::test]
async fn a_collaborator_sends_what_the_official_one_sends() {
    expect(
        "collaborator",
        1,
        &[
            ("GET /projects/{id}", 5.0),
            ("GET /projects/{id}/views/{view}/tasks [list]", 5.0),
            ("GET /avatar/{username}", 15.0),
            ("POST /tasks/{id}/comments [create]", 3.0),
            ("POST /tasks/{id}/assignees [add]", 2.0),
            ("PATCH /tasks/{id} [patch]", 2.0),
            ("GET /notifications", 1.0),
        ],
    )
    .await;
    // Who owns the project reads and receives.
    expect(
        "collaborator",
        0,
        &[
            ("GET /projects/{id}", 5.0),
            ("GET /projects/{id}/views/{view}/tasks [list]", 5.0),
            ("GET /avatar/{username}", 15.0),
            ("GET /notifications", 1.0),
        ],
    )
    .await;
}

#[tokio::test]
async fn every_class_can_say_what_it_wants_on_every_generation() {
    let v1_only = server(Release(2, 5, 0)).with_api(ApiChoice::Only(Api::V1));
    let mut servers = vec![v1_only];
    servers.extend(
        [
            (0, 20, 4),
            (0, 22, 0),
            (0, 24, 1),
            (1, 0, 0),
            (2, 3, 0),
            (2, 5, 0),
        ]
        .map(|(major, minor, patch)| server(Release(major, minor, patch))),
    );
    for server in servers {
        for name in [
            "worker",
            "glancer",
            "bot",
            "collaborator",
            "everyone-comes-back",
        ] {
            for number in 0..3 {
                let memory = act(name, &server, number, 100).await;
                assert!(memory.requests >= 100, "{name} on {server:?}");
                assert_eq!(
                    memory.rejected,
                    Vec::<String>::new(),
                    "{name} on {server:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_a_release_lacks_is_said() {
    let left_out = |release| named("worker", scene(&server(release))).unwrap().left_out();
    let socket = "WS connect+auth+subscribe";
    let read = "PUT /tasks/{id}/read";
    assert_eq!(
        left_out(Release(0, 20, 4)),
        [read, "PUT /tasks/{id}/position", socket]
    );
    assert_eq!(left_out(Release(0, 24, 1)), [read, socket]);
    assert_eq!(left_out(Release(1, 0, 0)), [socket]);
}

#[test]
fn what_an_account_lacks_is_said_before_the_run() {
    let server = server(Release(2, 5, 0));
    let logins = || vec![Login::new(Session::new(server.clone()), None)];
    let problem = |name: &str, account: Account| {
        let world = World {
            users: vec![account],
            ..World::default()
        };
        let scene = Scene::new(world, &server, logins(), 1, None).unwrap();
        named(name, scene).err().map(|problem| problem.to_string())
    };
    let bare = || Account {
        username: "ada".to_owned(),
        ..Account::default()
    };
    for name in ["worker", "glancer", "bot", "collaborator", "hot-project"] {
        let why = problem(name, bare()).unwrap();
        assert!(
            why.contains("needs a project with tasks") && why.contains("ada"),
            "{why}"
        );
    }
    let why = problem("everyone-comes-back", bare()).unwrap();
    assert!(why.contains("the password of ada is not known"), "{why}");
    let why = problem("no-such", bare()).unwrap();
    assert!(
        why.contains("there is no scenario \"no-such\"") && why.contains("worker"),
        "{why}"
    );
    assert_eq!(problem("manual", bare()), None);
    let nobody = Scene::new(World::default(), &server, logins(), 1, None)
        .err()
        .unwrap();
    assert!(nobody.to_string().contains("loadtest seed"), "{nobody}");
}

#[tokio::test]
async fn a_number_that_is_given_out_twice_is_wrong() {
    // This memory gives every task the same number.
    let memory = act("hot-project", &server(Release(2, 5, 0)), 0, 3).await;
    assert_eq!(memory.requests, 3);
    assert_eq!(memory.rejected.len(), 2, "{:?}", memory.rejected);
    assert!(memory.rejected[0].contains("given out twice"));
}

#[tokio::test]
async fn tasks_that_were_lost_are_missed() {
    // This memory lists one task, whatever was made.
    let memory = act("manual", &server(Release(2, 5, 0)), 0, 1).await;
    let said = memory.rejected.join("; ");
    assert!(said.contains("do not hold each task once"), "{said}");
    assert!(said.contains("does not read back"), "{said}");
}
