//! Whether webhooks work, and how fast: the load test is the receiver.

mod ledger;
mod receiver;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use secrecy::SecretString;
use vikunja_sdk::{
    Endpoint, Execute, Release,
    model::{ProjectId, WebhookId},
    ops::{self, WebhookWarning},
    projects, tasks,
    webhook::Verifier,
    webhooks as hooks,
};

use super::{About, Actor, CALM, Scenario, scene::Scene, steps};
use crate::{
    cli::receiver::ReceiverArgs,
    exit::Problem,
    line::{Line, LineError},
    plan::Ticket,
    progress::say,
    report::{WebhooksPart, command::without_password},
    seed::{MARK, patient},
    server::explain,
    stop::Stop,
};
use ledger::{Action, Entry, Ledger, title};
use receiver::Receiver;

/// How long a delivery may take. On an idle machine it takes a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes and edits tasks in a project whose webhook calls this program.
pub struct Webhooks {
    scene: Arc<Scene>,
    ledger: Arc<Ledger>,
    /// Number of the next task.
    next: AtomicU64,
    set_up: OnceLock<SetUp>,
}

/// What lasts as long as a run.
struct SetUp {
    url: String,
    project: ProjectId,
    /// `None` until the webhook stands.
    webhook: OnceLock<WebhookId>,
    /// Receives as long as it is here.
    _receiver: Receiver,
}

impl Webhooks {
    /// In this scene.
    pub fn new(scene: Arc<Scene>) -> Self {
        Self {
            scene,
            ledger: Arc::default(),
            next: AtomicU64::new(0),
            set_up: OnceLock::new(),
        }
    }

    /// Makes a project, gives it a webhook, and sees that it works.
    pub(super) async fn open(
        &self,
        line: &mut Line,
        receiver: &ReceiverArgs,
    ) -> Result<(), Problem> {
        let secret: String = std::iter::repeat_with(fastrand::alphanumeric)
            .take(40)
            .collect();
        let secret = SecretString::from(secret);
        let verifier = Verifier::new([secret.clone()])
            .map_err(|error| Problem::new(error.to_string()))?
            // The secret is of this run only, and the server's clock may be another one.
            .tolerance(None);
        let ledger = Arc::clone(&self.ledger);
        let take = Arc::new(move |received, came| ledger.take(received, came));
        let serving = Receiver::start(receiver.listen(), verifier, take).await?;
        let url = receiver.url(serving.bound);
        line.hang_up();
        line.set_session(self.scene.session(0));
        let base = self.scene.server.base();
        let cannot = |error: LineError| {
            explain(&error, base).advise("webhooks are made by a user or a token that may write projects, tasks and webhooks; VIKUNJA_WEBHOOKS_ENABLED=false switches them off")
        };
        let mut create = projects::Create::new("Webhook test");
        create.fields.description = MARK.into();
        let project = patient(&mut *line)
            .execute(&create)
            .await
            .map_err(cannot)?
            .id;
        let set_up = self.set_up.get_or_init(|| SetUp {
            url: url.clone(),
            project,
            webhook: OnceLock::new(),
            _receiver: serving,
        });
        let wanted = hooks::Create {
            owner: project,
            target_url: url,
            events: Action::ALL.map(Action::event).into(),
            secret: Some(secret),
            basic_auth: None,
        };
        let ensured = ops::ensure_webhook(&mut patient(&mut *line), &wanted)
            .await
            .map_err(cannot)?;
        let id = *set_up.webhook.get_or_init(|| ensured.webhook.id);
        // Once before the load: a server that delivers nothing need not be loaded for that.
        let entry = self.entry(Action::Create);
        self.ledger.send(entry);
        let probe = tasks::Create::new(project, title(entry.1));
        patient(&mut *line).execute(&probe).await.map_err(cannot)?;
        self.ledger.stored(entry);
        if tokio::time::timeout(PATIENCE, self.ledger.settled())
            .await
            .is_err()
        {
            return Err(self.nothing_came(&set_up.url, id, &ensured.warnings));
        }
        self.ledger.clear();
        Ok(())
    }

    /// Waits for what is under way, deletes what was made, and tells what came.
    pub(super) async fn close(
        &self,
        line: &mut Line,
        stop: &Stop,
    ) -> Result<Option<WebhooksPart>, Problem> {
        let Some(set_up) = self.set_up.get() else {
            return Ok(None);
        };
        tokio::select! {
            _ = tokio::time::timeout(PATIENCE, self.ledger.settled()) => {}
            () = stop.asked() => {}
        }
        let told = self.ledger.told(&without_password(&set_up.url));
        line.hang_up();
        line.set_session(self.scene.session(0));
        let owner = set_up.project;
        let mut patient = patient(line);
        if let Some(&webhook) = set_up.webhook.get() {
            let delete = hooks::Delete { owner, webhook };
            if let Err(error) = patient.execute(&delete).await {
                say(&format!(
                    "warning: webhook {webhook} of project {owner} could not be deleted: {error}"
                ));
            }
        }
        if let Err(error) = patient.execute(&projects::Delete { id: owner }).await {
            say(&format!(
                "warning: the project {owner} could not be deleted: {error}"
            ));
        }
        told.map(Some)
    }

    /// Something to be written now.
    fn entry(&self, action: Action) -> Entry {
        (action, self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn nothing_came(&self, url: &str, id: WebhookId, warnings: &[WebhookWarning]) -> Problem {
        let patience = PATIENCE.as_secs();
        if let Some(why) = self.ledger.first_rejected() {
            return Problem::new(format!(
                "webhook {id} was made, and what came to {url} in {patience} s was rejected: {why}"
            ));
        }
        let problem = Problem::new(format!(
            "webhook {id} was made (201) and a task, but nothing was delivered to {url} in {patience} s"
        ));
        let problem = warnings.iter().fold(problem, |problem, warning| {
            problem.advise(warning.to_string())
        });
        problem.advise("in a container or on another machine the server calls this one by another name: --receiver-listen 0.0.0.0:8090 --receiver-url http://THIS-MACHINE:8090/")
    }

    /// Writes, and owes its event from then on.
    async fn write<A: Actor, E: Endpoint>(
        &self,
        actor: &mut A,
        entry: Entry,
        endpoint: &E,
    ) -> Result<vikunja_sdk::Output<E>, A::Error> {
        self.ledger.send(entry);
        let done = actor.execute(endpoint).await?;
        self.ledger.stored(entry);
        Ok(done)
    }
}

impl Scenario for Webhooks {
    const ABOUT: About = About {
        name: "webhooks",
        what: "makes and edits tasks; each must come back as a signed webhook, once",
        writes: true,
        since: Release(0, 22, 0),
        pauses: false,
        targets: &CALM,
    };

    async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        actor.enter(self.scene.session(0));
        actor.execute(&vikunja_sdk::info::Get).await.map(drop)
    }

    async fn run<A: Actor>(&self, actor: &mut A, _: Ticket) -> Result<(), A::Error> {
        let Some(set_up) = self.set_up.get() else {
            return Ok(());
        };
        actor.enter(self.scene.session(0));
        let entry = self.entry(Action::Create);
        let create = tasks::Create::new(set_up.project, title(entry.1));
        let task = self.write(actor, entry, &create).await?.id;
        let entry = (Action::Edit, entry.1);
        let fields = tasks::Fields {
            title: title(entry.1).into(),
            priority: 5.into(),
            ..tasks::Fields::default()
        };
        if steps::patches(&self.scene) {
            let edit = tasks::Patch { id: task, fields };
            self.write(actor, entry, &edit).await.map(drop)
        } else {
            // Nothing else is in it that could be reset.
            let edit = tasks::Replace { id: task, fields };
            self.write(actor, entry, &edit).await.map(drop)
        }
    }
}
