//! Two users, two projects, and what the SDK has no call for yet.

use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};
use vikunja_sdk::{
    ApiChoice, At, Body, BuildError, Client, Endpoint, Execute, Failure, Json, Object, Path,
    Release, Route, buckets,
    model::{BucketId, LabelId, Permission, Project, ProjectId, TaskId, UserId, ViewId, ViewKind},
    namespaces, projects, shares,
    sharing::{self, Username},
    tasks, users, views,
};

use crate::servers::Told;

/// Where the tests happen. Bob may write in both of Alice's projects, and so may whoever has the link to the first.
pub(crate) struct World {
    pub(crate) name: String,
    pub(crate) release: Release,
    pub(crate) alice: Person,
    pub(crate) bob: Person,
    /// `None` where the stand-in has no link shares.
    pub(crate) link: Option<Client>,
    pub(crate) home: Place,
    pub(crate) away: Place,
    pub(crate) labels: Vec<LabelId>,
    /// Another task at home: to be related to, and to be left alone.
    pub(crate) neighbour: TaskId,
}

pub(crate) struct Person {
    pub(crate) id: UserId,
    /// Through the API that is tested.
    pub(crate) client: Client,
}

/// A project with a board of at least two buckets.
pub(crate) struct Place {
    pub(crate) project: ProjectId,
    /// Its views; none up to 0.23.
    pub(crate) views: Vec<ViewId>,
    /// Its board, from 0.24.
    pub(crate) board: Option<ViewId>,
    /// None where the stand-in has no boards.
    pub(crate) buckets: Vec<BucketId>,
}

const PROJECTS: Release = Release(0, 21, 0);
pub(crate) const VIEWS: Release = Release(0, 24, 0);

impl World {
    pub(crate) async fn on(told: &Told) -> Option<Self> {
        let (mut client, _) = told.client().await?;
        client.retry.assume_sqlite = true;
        client.retry.locked_tries = 12;
        let release = client.session().server().release;
        let number = fastrand::u32(..);
        let alice = person(&client, &format!("alice{number}")).await;
        let bob_name = format!("bob{number}");
        let bob = person(&client, &bob_name).await;
        let owner = &alice.client;
        let home = Place::new(owner, "Home", &bob_name).await;
        let away = Place::new(owner, "Away", &bob_name).await;
        let link = link(owner, home.project).await;
        let neighbour = owner
            .send(&tasks::Create::new(home.project, "Neighbour"))
            .await
            .unwrap()
            .id;
        let mut labels = Vec::new();
        for title in ["urgent", "later"] {
            if let Some(label) = offered(owner.send(&vikunja_sdk::labels::Create::new(title)).await)
            {
                labels.push(label.id);
            }
        }
        Some(Self {
            name: told.name.clone(),
            release,
            alice,
            bob,
            link,
            home,
            away,
            labels,
            neighbour,
        })
    }

    /// Whether it is a real server: the stand-in has no labels, comments, links, boards and webhooks.
    pub(crate) fn is_whole(&self) -> bool {
        self.link.is_some()
    }
}

/// The same client, free to use either API: for what is no business of the test.
pub(crate) fn free(client: &Client) -> Client {
    let server = client.session().server().clone();
    client.clone().at(server.with_api(ApiChoice::Auto))
}

/// `None` for what the stand-in does not imitate.
pub(crate) fn offered<T>(result: Result<T, vikunja_sdk::Error>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) if error.refusal().is_some_and(|refusal| refusal.status == 501) => None,
        Err(error) => panic!("{error}"),
    }
}

async fn person(nobody: &Client, name: &str) -> Person {
    let client = nobody.signed_out();
    let register = users::Register {
        username: name.to_owned(),
        email: format!("{name}@example.com"),
        password: "edits-password-1".into(),
    };
    let id = client.send(&register).await.unwrap().id;
    client
        .log_in(name, "edits-password-1".into())
        .await
        .unwrap();
    Person { id, client }
}

pub(crate) async fn project(owner: &Client, mut create: projects::Create) -> Project {
    if owner.session().server().release < PROJECTS {
        let namespaces = owner.send(&namespaces::List::default()).await.unwrap();
        let own = namespaces.items.iter().find(|one| one.id.get() > 0);
        create.namespace = own.map(|one| one.id);
    }
    owner.send(&create).await.unwrap()
}

impl Place {
    async fn new(owner: &Client, title: &str, guest: &str) -> Self {
        let project = project(owner, projects::Create::new(title)).await.id;
        let owner = &free(owner);
        let share = sharing::Add {
            place: project,
            with: Username::from(guest),
            permission: Permission::ReadWrite,
        };
        owner.send(&share).await.unwrap();
        let mut place = Self {
            project,
            views: Vec::new(),
            board: None,
            buckets: Vec::new(),
        };
        if owner.session().server().release >= VIEWS {
            let Some(views) = offered(owner.send(&views::List { project }).await) else {
                return place;
            };
            let board = views.iter().find(|view| view.view_kind == ViewKind::Kanban);
            place.board = board.map(|view| view.id);
            place.views = views.iter().map(|view| view.id).collect();
        }
        for title in ["Red", "Blue"] {
            let create = buckets::Create::new(place.board(), title);
            place.buckets.push(owner.send(&create).await.unwrap().id);
        }
        place
    }

    /// Where its buckets are.
    pub(crate) fn board(&self) -> buckets::Place {
        buckets::Place {
            project: self.project,
            view: self.board,
        }
    }
}

async fn link(owner: &Client, project: ProjectId) -> Option<Client> {
    let owner = free(owner);
    let create = shares::Create::new(project, Permission::ReadWrite);
    let link = offered(owner.send(&create).await)?;
    let visitor = owner.signed_out();
    let log_in = shares::LogIn {
        hash: link.hash,
        password: None,
    };
    visitor.log_in_with(&log_in).await.unwrap();
    Some(visitor)
}

/// Any object as the server has it.
pub(crate) struct Raw<O>(pub(crate) O);

impl<O: Object> Endpoint for Raw<O> {
    const ROUTE: Route = O::ROUTE;
    type Reply = Json<Map<String, Value>>;
    fn path(&self, path: &mut Path) {
        self.0.path(path);
    }
}

/// What a view shows: tasks, or buckets with tasks. Up to 0.23 the board.
pub(crate) struct Shown {
    pub(crate) project: ProjectId,
    pub(crate) view: Option<ViewId>,
}

impl Endpoint for Shown {
    const ROUTE: Route = Route::read("/projects/{project}/views/{view}/tasks")
        .before(VIEWS, "/lists/{project}/buckets")
        .only(vikunja_sdk::Api::V1);
    type Reply = Json<Option<Vec<Value>>>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project).maybe("view", self.view);
    }
}

/// Attaches a picture of one pixel. Where 2.x finds its SQLite file locked, the answer is 200 with errors in it.
pub(crate) struct Attach {
    pub(crate) task: TaskId,
}

impl Endpoint for Attach {
    const ROUTE: Route = Route::create("/tasks/{task}/attachments").only(vikunja_sdk::Api::V1);
    type Reply = Json<Value>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn headers(&self, headers: &mut HeaderMap) -> Result<(), BuildError> {
        let form = HeaderValue::from_static("multipart/form-data; boundary=cut");
        headers.insert(header::CONTENT_TYPE, form);
        Ok(())
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
        let head =
            b"--cut\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.gif\"\r\n\
            Content-Type: image/gif\r\n\r\n";
        Ok(Body::Json(
            [head, PIXEL, b"\r\n--cut--\r\n"].concat().into(),
        ))
    }
}
