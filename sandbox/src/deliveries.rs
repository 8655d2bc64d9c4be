//! What webhooks are told: the listener, and the deliveries that follow the answer.

mod payload;
mod post;

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use crate::call::Call;
use crate::clock;
use crate::events::Event;
use crate::failure::Failure;
use crate::log::Log;
use crate::release::Release;
use crate::server::Sandbox;
use crate::store::tasks::{self, Task};
use crate::store::users::User;
use crate::store::webhooks::{self as store, Owner, Webhook};
use crate::world::World;

/// How often a delivery is tried.
const ATTEMPTS: u32 = 6;
/// The wait before the second attempt, on average; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// One attempt to tell a webhook something, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Where to.
    pub url: String,
    /// What is told, e.g. `task.created`.
    pub event: String,
    /// 1 for the first attempt, 6 for the last.
    pub attempt: u32,
    /// Headers as sent. Credentials among them are marked as sensitive: `{:?}` does not show them.
    pub headers: HeaderMap,
    /// The body as sent.
    pub body: Bytes,
    /// Status of the answer, after redirects; `None` if there was none.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
}

impl Delivery {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Sandbox {
    /// The last 10,000 attempts to tell webhooks something, oldest first.
    ///
    /// They are made after the answer to the request that led to them: see
    /// [`wait_for_deliveries`](Self::wait_for_deliveries).
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.world().outbox.log.all()
    }

    /// Waits until nothing is on its way to a webhook any more: everything was delivered, or given up after six
    /// attempts.
    pub fn wait_for_deliveries(&self) {
        self.world().outbox.under_way.wait_for_none();
    }
}

/// Something that webhooks are told.
#[derive(Debug)]
pub(crate) struct News {
    event: Event,
    /// Whoever did it; nobody for what time does.
    doer: Option<User>,
    /// The task with nothing but its own columns, for those who may not read it again, and for when it is gone.
    task: Option<Task>,
    time: Timestamp,
    _under_way: Token,
}

/// What is on its way to webhooks, and what was.
#[derive(Debug)]
pub(crate) struct Outbox {
    sender: UnboundedSender<News>,
    receiver: Mutex<Option<UnboundedReceiver<News>>>,
    log: Log<Delivery>,
    under_way: Arc<UnderWay>,
}

impl Default for Outbox {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            sender,
            receiver: Mutex::new(Some(receiver)),
            log: Log::default(),
            under_way: Arc::default(),
        }
    }
}

/// How much is on its way.
#[derive(Debug, Default)]
struct UnderWay {
    count: Mutex<usize>,
    changed: Condvar,
}

/// Counts as something on its way while it lives, so that nobody waits for what died with the server.
#[derive(Debug)]
struct Token(Arc<UnderWay>);

impl UnderWay {
    fn add(self: &Arc<Self>) -> Token {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Token(Arc::clone(self))
    }

    fn wait_for_none(&self) {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_while(count, |count| *count > 0));
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        *self.0.count.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.changed.notify_all();
    }
}

/// Hears of an event of a request.
pub(crate) fn hear(call: &Call<'_>, event: Event) -> Result<(), Failure> {
    tell(call.world, event, call.user().ok())
}

/// Sends an event on its way, if anybody wants it.
pub(crate) fn tell(world: &World, event: Event, doer: Option<&User>) -> Result<(), Failure> {
    let (rules, name) = (&world.config.release.webhooks, event.name());
    if !rules.events.contains(&name) || rules.silent.contains(&name) {
        return Ok(());
    }
    let task = world.store.read(|db| {
        if !store::is_wanted(db, name)? {
            return Ok(None);
        }
        let task = event.task().map(|task| tasks::by_id(db, 0, task));
        Ok(Some(task.transpose()?.flatten().map(Task::bare)))
    })?;
    let Some(task) = task else {
        return Ok(());
    };
    let outbox = &world.outbox;
    let news = News {
        event,
        doer: doer.cloned(),
        task,
        time: clock::now(),
        _under_way: outbox.under_way.add(),
    };
    // Nobody hears it any more when the server is going down.
    let _ = outbox.sender.send(news);
    Ok(())
}

/// Delivers what is told until the server ends.
pub(crate) async fn run(world: Arc<World>) {
    let receiver = world.outbox.receiver.lock();
    let receiver = receiver.unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut receiver) = receiver else {
        return;
    };
    let mut turns: HashMap<&str, Arc<tokio::sync::Mutex<()>>> = HashMap::new();
    while let Some(news) = receiver.recv().await {
        let world = Arc::clone(&world);
        let rules = &world.config.release.webhooks;
        let turn = rules
            .one_at_a_time
            .then(|| Arc::clone(turns.entry(news.event.name()).or_default()));
        tokio::spawn(async move {
            let _turn = match &turn {
                Some(turn) => Some(turn.lock().await),
                None => None,
            };
            if world.config.release.webhooks.independent {
                tell_each(&world, &news).await;
            } else {
                tell_in_turn(&world, &news).await;
            }
        });
    }
}

/// Tells one webhook after the other, and all again from the first when one cannot be reached.
async fn tell_in_turn(world: &Arc<World>, news: &News) {
    for attempt in 1..=ATTEMPTS {
        pause(world, attempt).await;
        let webhooks = told(world, news);
        // They all hear of the project of the first.
        let project = webhooks.first().map(|webhook| webhook.project_id);
        let mut reached = true;
        for webhook in &webhooks {
            let Ok(body) = payload::body(world, news, project, clock::now()) else {
                return;
            };
            let delivery = post::attempt(world, webhook, news.event.name(), attempt, body).await;
            reached = delivery.status.is_some();
            world.outbox.log.push(delivery);
            if !reached {
                break;
            }
        }
        if reached {
            return;
        }
    }
}

/// Tells each webhook by itself, with the same body until it is accepted.
async fn tell_each(world: &Arc<World>, news: &News) {
    let mut all = JoinSet::new();
    for webhook in told(world, news) {
        let project = Some(webhook.project_id);
        let Ok(body) = payload::body(world, news, project, news.time) else {
            continue;
        };
        let (world, name) = (Arc::clone(world), news.event.name());
        all.spawn(async move {
            for attempt in 1..=ATTEMPTS {
                pause(&world, attempt).await;
                let delivery = post::attempt(&world, &webhook, name, attempt, body.clone()).await;
                let is_accepted = delivery.status.is_some_and(|status| status < 400);
                world.outbox.log.push(delivery);
                if is_accepted {
                    return;
                }
            }
        });
    }
    all.join_all().await;
}

async fn pause(world: &World, attempt: u32) {
    if let Some(doublings) = attempt.checked_sub(2) {
        let first = world.faults().retry_wait.unwrap_or(FIRST_WAIT);
        let wait = first * 2_u32.pow(doublings);
        world.timer.sleep(wait.mul_f64(2.0 * fastrand::f64())).await;
    }
}

/// The webhooks that are told, as they are now. What cannot be read tells nobody.
fn told(world: &World, news: &News) -> Vec<Webhook> {
    let name = news.event.name();
    let found = world.store.read(|db| {
        let mut found = Vec::new();
        if let Some(project) = payload::place(db, news)? {
            found = store::of_project_and_above(db, project)?;
        }
        if let Some(user) = news.event.recipient() {
            found.extend(store::list(db, Owner::User(user), (-1, 0))?.0);
        }
        found.retain(|webhook| webhook.wants(name));
        Ok(found)
    });
    found.unwrap_or_default()
}

/// `Vikunja/v2.5.0`
fn user_agent(release: &Release) -> String {
    format!("Vikunja/{}", release.version)
}
