use std::{sync::Arc, time::Duration};

use vikunja_sdk::{
    Endpoint, Release, Route, buckets, comments,
    labels::Add,
    model::{Expand, Patch, Position, ProjectId, Task, TaskId, Timestamp, ViewKind},
    object, ops, projects, tasks,
};

use super::{
    About, Actor, CALM, Scenario,
    chance::{Chance, Deck},
    queries,
    scene::{Scene, VIEWS},
    steps,
};
use crate::{
    exit::Problem,
    plan::Ticket,
    seed::MARK,
    world::{Account, Place},
};

/// Somebody at work in the web client: looks at lists and boards, and changes something now and then.
pub struct Worker {
    scene: Arc<Scene>,
    deck: Deck<Action>,
}

#[derive(Clone, Copy, Debug)]
enum Action {
    List,
    Home,
    Detail,
    Kanban,
    Change,
    Create,
    Move,
    Gantt,
    Label,
    Comment,
    Project,
}

/// How often each of them, as in the official load test.
const ACTIONS: [(usize, Action); 11] = [
    (25, Action::List),
    (15, Action::Home),
    (12, Action::Detail),
    (10, Action::Kanban),
    (6, Action::Change),
    (4, Action::Create),
    (3, Action::Move),
    (2, Action::Gantt),
    (2, Action::Label),
    (1, Action::Comment),
    (1, Action::Project),
];

/// Row of putting a label on a task.
const LABEL: &str = "POST /tasks/{id}/labels [add]";

/// What the page of a task shows besides it.
const DETAIL: [Expand; 4] = [
    Expand::Comments,
    Expand::Buckets,
    Expand::Reactions,
    Expand::IsUnread,
];

/// What not every release has.
const PARTS: [(&str, Route); 2] = [
    ("PUT /tasks/{id}/read", tasks::MarkRead::ROUTE),
    ("PUT /tasks/{id}/position", tasks::SetPosition::ROUTE),
];

/// In seconds.
const DAY: i64 = 24 * 3600;

impl Worker {
    /// In this scene.
    pub fn new(scene: Arc<Scene>) -> Result<Self, Problem> {
        scene.needs_projects(Self::NAME)?;
        let deck = Deck::new(scene.seed, &ACTIONS);
        Ok(Self { scene, deck })
    }
}

impl Scenario for Worker {
    const ABOUT: About = About {
        name: "worker",
        what: "people at work in the web client: lists, boards, now and then a change",
        writes: true,
        since: Release(0, 20, 0),
        pauses: true,
        targets: &CALM,
    };

    fn left_out(&self) -> Vec<&'static str> {
        let mut missing = self.scene.lacks(&PARTS);
        missing.extend(self.scene.sockets.left_out());
        if self.scene.accounts.iter().all(|one| one.labels.is_empty()) {
            missing.push(LABEL);
        }
        missing
    }

    async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        actor.enter(self.scene.session(actor.number()));
        steps::open_app(actor, &self.scene).await?;
        self.scene.sockets.hold(actor).await;
        Ok(())
    }

    async fn run<A: Actor>(&self, actor: &mut A, ticket: Ticket) -> Result<(), A::Error> {
        let scene = &*self.scene;
        let mut chance = Chance::of(ticket);
        let think = chance.log_normal(Duration::from_secs(15), 0.9, Duration::from_secs(240));
        actor.think(think).await;
        actor.enter(scene.session(actor.number()));
        scene.sockets.count_pushes(actor);
        let account = scene.account(actor.number());
        let (Some(place), Some(draw)) = (chance.one_of(&account.projects), self.deck.draw(ticket))
        else {
            return Ok(());
        };
        let Some(&task) = chance.one_of(&place.tasks) else {
            return Ok(());
        };
        match draw.card {
            Action::List => {
                let pages = if draw.part < 0.3 { 2 } else { 1 };
                steps::list_view(actor, scene, place, pages, &mut chance).await
            }
            Action::Home => {
                steps::home(actor, scene, draw.part < 0.3).await?;
                steps::avatars(actor, scene, 2, &mut chance).await
            }
            Action::Detail => detail(actor, scene, task).await,
            Action::Kanban => steps::kanban(actor, scene, place, &mut chance).await,
            Action::Change => change(actor, scene, task, &mut chance).await,
            Action::Create => create(actor, place.id, &mut chance).await,
            Action::Move => {
                move_task(actor, scene, place, task, draw.part < 0.5, &mut chance).await
            }
            Action::Gantt => {
                let days_ago = chance.below(21) as u32;
                let query = queries::gantt(scene.server.release, days_ago);
                let row = "GET /projects/{id}/views/{view}/tasks [gantt]";
                let page = steps::tasks_of(actor, row, place, &ViewKind::Gantt, query).await?;
                steps::check_unique(actor, page.as_ref());
                Ok(())
            }
            Action::Label => label(actor, account, task, &mut chance).await,
            Action::Comment => steps::comment(actor, task, &mut chance).await,
            Action::Project => project(actor, account, &mut chance).await,
        }
    }
}

async fn detail<A: Actor>(actor: &mut A, scene: &Scene, task: TaskId) -> Result<(), A::Error> {
    let get = tasks::Get {
        id: task,
        expand: queries::expand(scene.server.release, &DETAIL),
    };
    let read = actor.see("GET /tasks/{id}", &get).await?;
    if let Some(read) = read.filter(|read| read.id != task) {
        actor.reject(format!("asked for task {task}, got {}", read.id));
    }
    let comments = comments::List::new(task);
    actor.see("GET /tasks/{id}/comments", &comments).await?;
    if scene.has(&tasks::MarkRead::ROUTE) {
        let read = tasks::MarkRead { task };
        actor.see("PUT /tasks/{id}/read", &read).await?;
    }
    Ok(())
}

async fn change<A: Actor>(
    actor: &mut A,
    scene: &Scene,
    task: TaskId,
    chance: &mut Chance,
) -> Result<(), A::Error> {
    let mut fields = tasks::Fields::default();
    match chance.below(4) {
        0 => fields.done = chance.percent(60).into(),
        1 => fields.title = title(chance).into(),
        2 => fields.priority = chance.below(6).cast_signed().into(),
        _ if chance.percent(25) => fields.due_date = Patch::Clear,
        _ => fields.due_date = due(chance).into(),
    }
    patch(actor, scene, task, fields).await
}

/// Changes one task, and sees that it is so: by one `PATCH` where there is one, else as the SDK edits.
pub(super) async fn patch<A: Actor>(
    actor: &mut A,
    scene: &Scene,
    task: TaskId,
    fields: tasks::Fields,
) -> Result<(), A::Error> {
    let wanted = fields.clone();
    let patch = object::Patch { id: task, fields };
    let now = if steps::patches(scene) {
        match actor.send("PATCH /tasks/{id} [patch]", &patch).await? {
            vikunja_sdk::Changed::Now(now) => now,
            // It was so already.
            vikunja_sdk::Changed::Nothing => return Ok(()),
        }
    } else {
        ops::edit(actor, task, &patch.fields).await?
    };
    if let Some(what) = differs(&now, &wanted) {
        actor.reject(format!("task {task} has another {what} than was sent"));
    }
    Ok(())
}

/// What of a task is not as it was written. Repeating tasks go on when they are done, and move their dates.
fn differs(task: &Task, wanted: &tasks::Fields) -> Option<&'static str> {
    let repeats =
        task.repeat_after > 0 || task.repeat_mode == vikunja_sdk::model::RepeatMode::Monthly;
    let done = wanted.done.value().is_some_and(|done| *done != task.done);
    let title = wanted
        .title
        .value()
        .is_some_and(|title| *title != task.title);
    let priority = wanted
        .priority
        .value()
        .is_some_and(|it| *it != task.priority);
    match (done && !repeats, title, priority) {
        (true, ..) => Some("done"),
        (_, true, _) => Some("title"),
        (.., true) => Some("priority"),
        _ => None,
    }
}

async fn create<A: Actor>(
    actor: &mut A,
    project: ProjectId,
    chance: &mut Chance,
) -> Result<(), A::Error> {
    let mut create = tasks::Create::new(project, title(chance));
    if chance.percent(50) {
        create.fields.due_date = due(chance).into();
    }
    let row = "POST /projects/{id}/tasks [create]";
    let task = actor.send(row, &create).await?;
    if Some(&task.title) != create.fields.title.value() || task.project_id != project {
        actor.reject(format!("task {} is another than was sent", task.id));
    }
    Ok(())
}

async fn move_task<A: Actor>(
    actor: &mut A,
    scene: &Scene,
    place: &Place,
    task: TaskId,
    to_bucket: bool,
    chance: &mut Chance,
) -> Result<(), A::Error> {
    if to_bucket && let Some(&bucket) = chance.one_of(&place.buckets) {
        if scene.is_at_least(VIEWS) {
            let row = "PUT /projects/{id}/views/{view}/buckets/{bucket}/tasks [move]";
            let place = steps::board_of(place);
            let move_task = buckets::MoveTask {
                place,
                bucket,
                task,
            };
            let moved = actor.send(row, &move_task).await?;
            if moved.task_id != task {
                actor.reject(format!(
                    "task {} was moved instead of {task}",
                    moved.task_id
                ));
            }
        } else {
            let fields = tasks::Fields {
                bucket_id: bucket.into(),
                ..tasks::Fields::default()
            };
            ops::edit(actor, task, &fields).await?;
        }
    }
    // 0 is no place in an order.
    let position = Position::new((1 + chance.below(65_536)) as f64);
    if let (Some(view), Ok(position)) = (place.view(&ViewKind::List), position) {
        let set = tasks::SetPosition {
            task,
            view,
            position,
        };
        actor.see("PUT /tasks/{id}/position", &set).await?;
    }
    Ok(())
}

async fn label<A: Actor>(
    actor: &mut A,
    account: &Account,
    task: TaskId,
    chance: &mut Chance,
) -> Result<(), A::Error> {
    let Some(&label) = chance.one_of(&account.labels) else {
        return Ok(());
    };
    let added = actor.send(LABEL, &Add { task, label }).await;
    steps::or_already_so(actor, added)
}

async fn project<A: Actor>(
    actor: &mut A,
    account: &Account,
    chance: &mut Chance,
) -> Result<(), A::Error> {
    let mut project = projects::Create::new(format!("Project {}", chance.below(100_000)));
    project.fields.description = MARK.into();
    project.namespace = account.namespace;
    let project = actor.send("POST /projects [create]", &project).await?;
    create(actor, project.id, chance).await
}

fn title(chance: &mut Chance) -> String {
    format!("Something to do {}", chance.below(100_000))
}

/// Within two months from today.
fn due(chance: &mut Chance) -> Timestamp {
    let today = Timestamp::now().as_unix_seconds() / DAY * DAY;
    Timestamp::from_unix_seconds(today + (1 + chance.below(60).cast_signed()) * DAY)
}
