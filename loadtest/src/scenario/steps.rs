//! What several kinds of people do alike.

use std::collections::HashSet;

use vikunja_sdk::{
    Failure, Object, Op, Page, Release, avatars, buckets, comments, info, labels,
    model::{Task, TaskId, ViewKind},
    ops, projects, tasks,
    users::{Current, LogIn},
};

use super::{Actor, chance::Chance, queries, scene::Scene};
use crate::world::{Account, Place};

/// First release that says in a list what may be done with its projects.
const PERMISSIONS: Release = Release(1, 0, 0);

/// Logs in as this account, into the actor's session. Without its password the credentials stay that it has.
pub(super) async fn log_in<A: Actor>(actor: &mut A, account: &Account) -> Result<(), A::Error> {
    if let Some(password) = &account.password {
        let log_in = LogIn {
            long_token: true,
            ..LogIn::new(&account.username, password.clone())
        };
        actor.row("POST /login");
        ops::log_in(actor, &log_in).await?;
    }
    Ok(())
}

/// Whether a task is changed by one `PATCH`.
pub(super) fn patches(scene: &Scene) -> bool {
    scene.has(&<TaskId as Object>::ROUTE.with_op(Op::Patch))
}

/// Opens the app.
pub(super) async fn open_app<A: Actor>(actor: &mut A, scene: &Scene) -> Result<(), A::Error> {
    actor.see("GET /info", &info::Get).await?;
    actor.see("GET /user", &Current).await?;
    let projects = projects::List {
        page: Some(1),
        per_page: Some(50),
        is_archived: Some(true),
        expand: scene
            .is_at_least(PERMISSIONS)
            .then(|| "permissions".to_owned()),
        ..projects::List::default()
    };
    actor.see("GET /projects", &projects).await?;
    actor.see("GET /labels", &labels::List::default()).await?;
    home(actor, scene, false).await
}

/// Looks at what is to be done.
pub(super) async fn home<A: Actor>(
    actor: &mut A,
    scene: &Scene,
    soon: bool,
) -> Result<(), A::Error> {
    let query = queries::home(scene.server.release, soon);
    let list = tasks::List { query };
    let page = actor.see("GET /tasks [home]", &list).await?;
    check_open(actor, page.as_ref());
    Ok(())
}

/// Looks at so many pages of a project's list.
pub(super) async fn list_view<A: Actor>(
    actor: &mut A,
    scene: &Scene,
    place: &Place,
    pages: u64,
    chance: &mut Chance,
) -> Result<(), A::Error> {
    open_project(actor, place).await?;
    for number in 1..=pages {
        let query = queries::list(scene.server.release, number);
        let row = "GET /projects/{id}/views/{view}/tasks [list]";
        let page = tasks_of(actor, row, place, &ViewKind::List, query).await?;
        check_unique(actor, page.as_ref());
    }
    avatars(actor, scene, 3, chance).await
}

/// Looks at a project's board.
pub(super) async fn kanban<A: Actor>(
    actor: &mut A,
    scene: &Scene,
    place: &Place,
    chance: &mut Chance,
) -> Result<(), A::Error> {
    open_project(actor, place).await?;
    let board = buckets::Board {
        place: board_of(place),
        query: queries::kanban(scene.server.release),
    };
    let row = "GET /projects/{id}/views/{view}/buckets/tasks [kanban]";
    let buckets = actor.see(row, &board).await?;
    if buckets.is_some_and(|buckets| buckets.is_empty()) {
        actor.reject(format!("the board of project {} has no buckets", place.id));
    }
    avatars(actor, scene, 3, chance).await
}

/// Where a project's buckets are: in a view from 0.24 on.
pub(super) fn board_of(place: &Place) -> buckets::Place {
    match place.view(&ViewKind::Kanban) {
        Some(view) => buckets::Place::view(place.id, view),
        None => buckets::Place::project(place.id),
    }
}

/// Reads a project.
async fn open_project<A: Actor>(actor: &mut A, place: &Place) -> Result<(), A::Error> {
    let get = projects::Get { id: place.id };
    let project = actor.see("GET /projects/{id}", &get).await?;
    if let Some(project) = project.filter(|project| project.id != place.id) {
        let (asked, got) = (place.id, project.id);
        actor.reject(format!("asked for project {asked}, got {got}"));
    }
    Ok(())
}

/// Reads tasks of a project: through its view of this kind, before 0.24 directly.
pub(super) async fn tasks_of<A: Actor>(
    actor: &mut A,
    row: &'static str,
    place: &Place,
    kind: &ViewKind,
    query: tasks::ListQuery,
) -> Result<Option<Page<Task>>, A::Error> {
    let project = place.id;
    match place.view(kind) {
        Some(view) => {
            let list = tasks::ListOfView {
                project,
                view,
                query,
            };
            actor.see(row, &list).await
        }
        None => {
            let list = tasks::ListOfProject { project, query };
            actor.see(row, &list).await
        }
    }
}

/// Reads the pictures of some people.
pub(super) async fn avatars<A: Actor>(
    actor: &mut A,
    scene: &Scene,
    count: u32,
    chance: &mut Chance,
) -> Result<(), A::Error> {
    for _ in 0..count {
        let Some(username) = chance.one_of(&scene.names).cloned() else {
            return Ok(());
        };
        let avatar = avatars::Download {
            username,
            size: Some(50),
        };
        let picture = actor.see("GET /avatar/{username}", &avatar).await?;
        if picture.is_some_and(|picture| picture.bytes.is_empty()) {
            actor.reject("the picture is empty".to_owned());
        }
    }
    Ok(())
}

/// Says something about a task.
pub(super) async fn comment<A: Actor>(
    actor: &mut A,
    task: vikunja_sdk::model::TaskId,
    chance: &mut Chance,
) -> Result<(), A::Error> {
    let text = format!("<p>Looked at it, {}.</p>", chance.below(100_000));
    let create = comments::Create::new(task, text.clone());
    let row = "POST /tasks/{id}/comments [create]";
    let comment = actor.send(row, &create).await?;
    if comment.comment != text {
        actor.reject(format!(
            "the comment on task {task} is another than was sent"
        ));
    }
    Ok(())
}

/// What is wanted and is so already is a success.
pub(super) fn or_already_so<A: Actor, T>(
    actor: &mut A,
    result: Result<T, A::Error>,
) -> Result<(), A::Error> {
    match result {
        Err(error)
            if error
                .refusal()
                .is_some_and(vikunja_sdk::ApiError::is_already_so) =>
        {
            actor.accept();
            Ok(())
        }
        other => other.map(drop),
    }
}

/// A page of open tasks, each once.
pub(super) fn check_open<A: Actor>(actor: &mut A, page: Option<&Page<Task>>) {
    let done = page.and_then(|page| page.items.iter().find(|task| task.done));
    match done {
        Some(Task { id, .. }) => {
            actor.reject(format!("open tasks were asked for, and task {id} is done"));
        }
        None => check_unique(actor, page),
    }
}

/// A page on which nothing is repeated.
pub(super) fn check_unique<A: Actor>(actor: &mut A, page: Option<&Page<Task>>) {
    let mut seen = HashSet::new();
    let twice = page.and_then(|page| page.items.iter().find(|task| !seen.insert(task.id)));
    if let Some(Task { id, .. }) = twice {
        actor.reject(format!("task {id} is on the page twice"));
    }
}
