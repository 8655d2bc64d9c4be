//! The WebSockets that people hold while they have the app open (2.3+).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio::task::JoinHandle;
use vikunja_sdk::{
    Client, Execute, Release, Server, Session,
    auth::TokenKind,
    model::{Notification, Topic},
    ws::{Event, Events},
};

use super::Actor;
use crate::exit::Problem;

/// First release with a WebSocket.
const WEBSOCKET: Release = Release(2, 3, 0);

/// Row of opening one.
pub(super) const OPEN: &str = "WS connect+auth+subscribe";
/// Row of what it tells: from the notification's creation by the server's clock until it is here by ours.
pub(super) const PUSH: &str = "WS push notification.created";

/// Opens WebSockets, and holds those of who stays.
#[derive(Default)]
pub(super) struct Sockets {
    /// `None` where the server has none.
    client: Option<Client>,
    held: Mutex<BTreeMap<usize, Held>>,
}

/// An open WebSocket; it is closed when this is dropped.
pub(super) struct Held {
    listening: JoinHandle<()>,
    pushes: Arc<Mutex<Vec<Duration>>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Sockets {
    pub(super) fn of(server: &Server, cacert: Option<Vec<u8>>) -> Result<Self, Problem> {
        let client = (server.release >= WEBSOCKET)
            .then(|| {
                let builder = Client::builder(server.base());
                let builder = match cacert {
                    Some(pem) => builder.ca_certificate(pem),
                    None => builder,
                };
                builder.build(server.clone())
            })
            .transpose()
            .map_err(|error| Problem::new(format!("the WebSocket cannot be used: {error}")))?;
        Ok(Self {
            client,
            held: Mutex::default(),
        })
    }

    /// Their row, where the server has none.
    pub(super) fn left_out(&self) -> Vec<&'static str> {
        match self.client {
            Some(_) => Vec::new(),
            None => vec![OPEN],
        }
    }

    /// Opens one as the actor, and counts that. `None` where there is none, or where it failed.
    pub(super) async fn open<A: Actor>(&self, actor: &mut A) -> Option<Held> {
        let client = self.client.as_ref()?;
        let started = Instant::now();
        let opened = open(client, actor.session()).await;
        let took = started.elapsed();
        match opened {
            Ok(held) => {
                actor.count(OPEN, took, Ok(()));
                Some(held)
            }
            Err(why) => {
                actor.count(OPEN, took, Err(why));
                None
            }
        }
    }

    /// Opens one, and holds it as long as the scenario lasts.
    pub(super) async fn hold<A: Actor>(&self, actor: &mut A) {
        if let Some(socket) = self.open(actor).await {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.insert(actor.number(), socket);
        }
    }

    /// Counts what the actor's WebSocket has told since the last time.
    pub(super) fn count_pushes<A: Actor>(&self, actor: &mut A) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let pushes = held.get(&actor.number()).map(Held::pushes);
        drop(held);
        for push in pushes.unwrap_or_default() {
            actor.count(PUSH, push, Ok(()));
        }
    }
}

impl Held {
    pub(super) fn pushes(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.pushes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn open(client: &Client, session: &Session) -> Result<Held, String> {
    let token = session
        .token()
        .filter(|token| token.kind() == TokenKind::User)
        .ok_or("a WebSocket wants the token of a log-in")?;
    // Another session over the same client: each user listens for itself.
    let client = client.signed_out();
    client.session().set_token(Some(token));
    let mut events = Events::connect(&client, [Topic::NotificationCreated])
        .await
        .map_err(|error| error.to_string())?;
    let pushes: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let heard = Arc::clone(&pushes);
    let listening = tokio::spawn(async move {
        // An error here is final: the token is void. What was missed is no failure of a request.
        while let Ok(event) = events.next().await {
            if let Event::Notification(notification) = event {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.extend(delay(&notification));
            }
        }
    });
    Ok(Held { listening, pushes })
}

/// How old a notification is. `None` where clocks disagree.
fn delay(notification: &Notification) -> Option<Duration> {
    let created = SystemTime::from(notification.created?);
    SystemTime::now().duration_since(created).ok()
}
