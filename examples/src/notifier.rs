//! From webhooks to a chat: takes deliveries, answers at once, tells the chat later, and each event once.

use std::{future::Future, io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{FromRef, State},
    http::{StatusCode, header},
    routing::post,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc};
use vikunja_sdk::{
    model::{Project, Task, User},
    webhook::{Delivery, Event, Recent, Rejected, Seen, Verifier},
};

/// Deliveries that wait for the chat. What comes when it is full is refused: from 2.0 on the server sends it again.
const QUEUE: usize = 1000;

/// Where messages go.
pub trait Chat: Send + Sync + 'static {
    /// Sends a message.
    fn send(&self, text: &str) -> impl Future<Output = Result<(), String>> + Send;
}

/// Takes deliveries until `shutdown`; returns when all that were taken are sent.
pub async fn run(
    listener: TcpListener,
    verifier: Verifier,
    chat: impl Chat,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    run_with(listener, verifier, chat, shutdown, QUEUE).await
}

/// The same with a queue of this length.
pub async fn run_with(
    listener: TcpListener,
    verifier: Verifier,
    chat: impl Chat,
    shutdown: impl Future<Output = ()> + Send + 'static,
    most: usize,
) -> io::Result<()> {
    let (queue, jobs) = mpsc::channel(most);
    let worker = tokio::spawn(work(jobs, chat));
    let seen = Arc::default();
    let app = Router::new()
        .route("/vikunja", post(take))
        .with_state(Hook {
            verifier,
            seen,
            queue,
        });
    axum::serve(listener, app)
        .with_graceful_shutdown(shutdown)
        .await?;
    // The app is gone, and the queue's entry with it: the worker ends when the queue is empty.
    worker.await.map_err(io::Error::other)
}

#[derive(Clone)]
struct Hook {
    verifier: Verifier,
    seen: Arc<Recent>,
    queue: mpsc::Sender<Delivery>,
}

impl FromRef<Hook> for Verifier {
    fn from_ref(hook: &Hook) -> Self {
        hook.verifier.clone()
    }
}

/// Queues a delivery and answers: up to 0.24 the whole server waits for that.
async fn take(
    State(hook): State<Hook>,
    delivery: Result<Delivery, Rejected>,
) -> Result<StatusCode, Rejected> {
    let delivery = delivery.inspect_err(|rejected| eprintln!("rejected: {rejected}"))?;
    let digest = delivery.digest();
    let Ok(is_new) = hook.seen.insert(&digest).await;
    if !is_new {
        return Ok(StatusCode::OK);
    }
    if hook.queue.try_send(delivery).is_err() {
        eprintln!("the chat is too slow: a delivery is refused");
        let Ok(()) = hook.seen.remove(&digest).await;
        return Ok(StatusCode::SERVICE_UNAVAILABLE);
    }
    Ok(StatusCode::ACCEPTED)
}

/// Tells the chat, one after the other.
async fn work(mut jobs: mpsc::Receiver<Delivery>, chat: impl Chat) {
    while let Some(delivery) = jobs.recv().await {
        if let Err(problem) = chat.send(&message(&delivery.event)).await {
            eprintln!("{} was not told: {problem}", delivery.event.name());
        }
    }
}

/// What the chat is told.
pub fn message(event: &Event) -> String {
    let who = event.actor().map_or("somebody", name);
    let what = event.task().map_or_else(String::new, title);
    match event {
        Event::TaskCreated(_) => format!("{who} created {what}"),
        Event::TaskUpdated(it) if it.task.done => format!("{who} changed {what}, which is done"),
        Event::TaskUpdated(_) => format!("{who} changed {what}"),
        Event::TaskDeleted(_) => format!("{who} deleted {what}"),
        Event::TaskAssigneeCreated(it) => {
            format!("{who} assigned {what} to {}", name(&it.assignee))
        }
        Event::TaskAssigneeDeleted(it) => format!("{who} took {what} from {}", name(&it.assignee)),
        Event::TaskCommentCreated(it) => {
            format!("{who} commented on {what}: {}", it.comment.comment)
        }
        Event::TaskCommentEdited(it) => {
            format!("{who} changed a comment on {what}: {}", it.comment.comment)
        }
        Event::TaskCommentDeleted(_) => format!("{who} deleted a comment on {what}"),
        Event::TaskAttachmentCreated(_) => format!("{who} attached a file to {what}"),
        Event::TaskAttachmentDeleted(_) => format!("{who} took a file from {what}"),
        Event::TaskRelationCreated(it) => format!(
            "{who} related {what} to task {} ({})",
            it.relation.other_task_id, it.relation.relation_kind
        ),
        Event::TaskRelationDeleted(it) => format!(
            "{who} took {what} apart from task {}",
            it.relation.other_task_id
        ),
        Event::ProjectUpdated(it) => format!("{who} changed {}", project(&it.project)),
        Event::ProjectDeleted(it) => format!("{who} deleted {}", project(&it.project)),
        Event::ProjectSharedUser(it) => {
            format!(
                "{who} shared {} with {}",
                project(&it.project),
                name(&it.user)
            )
        }
        Event::ProjectSharedTeam(it) => {
            format!(
                "{who} shared {} with team {}",
                project(&it.project),
                it.team.name
            )
        }
        Event::TaskReminderFired(it) => format!("{}, remember {what}", name(&it.user)),
        Event::TaskOverdue(it) => format!("{}, {what} is overdue", name(&it.user)),
        Event::TasksOverdue(it) => {
            format!("{}, {} tasks are overdue", name(&it.user), it.tasks.len())
        }
        // Another release, another event: it is told by its name.
        other => format!("{} happened", other.name()),
    }
}

fn name(user: &User) -> &str {
    [&user.name, &user.username]
        .into_iter()
        .find(|name| !name.is_empty())
        .map_or("somebody", |name| name)
}

fn title(task: &Task) -> String {
    format!("«{}» ({})", task.title, task.id)
}

fn project(project: &Project) -> String {
    format!("project «{}»", project.title)
}

/// An incoming webhook as Slack and Mattermost have them: `{"text": …}`.
pub struct IncomingWebhook {
    http: reqwest::Client,
    /// Whoever knows it can write to the chat.
    address: SecretString,
}

impl IncomingWebhook {
    /// The one at this address.
    pub fn new(address: SecretString) -> Result<Self, String> {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(10));
        let http = http.build().map_err(|error| error.to_string())?;
        Ok(Self { http, address })
    }

    async fn attempt(&self, body: &str) -> Result<(), String> {
        let request = self
            .http
            .post(self.address.expose_secret())
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_owned());
        let answer = request.send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        answer
            .map(drop)
            .map_err(|error| error.without_url().to_string())
    }
}

impl Chat for IncomingWebhook {
    async fn send(&self, text: &str) -> Result<(), String> {
        // Titles are other people's: `<!channel>` would wake everybody.
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        let body = json!({ "text": text }).to_string();
        let mut tried = self.attempt(&body).await;
        for wait in [1, 5] {
            if tried.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(wait)).await;
            tried = self.attempt(&body).await;
        }
        tried
    }
}

/// Prints messages, where there is no chat.
pub struct Printed;

impl Chat for Printed {
    async fn send(&self, text: &str) -> Result<(), String> {
        println!("{text}");
        Ok(())
    }
}
