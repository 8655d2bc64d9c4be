//! What a server tells by itself, over its WebSocket (2.3+; feature `ws`): notifications and timers, and nothing else.
//! For changes of tasks there are [webhooks](crate::webhooks).
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::ws::Error> {
//! use vikunja_sdk::{model::Topic, ws::{Event, Events}};
//!
//! let mut events = Events::connect(&vikunja, [Topic::NotificationCreated]).await?;
//! loop {
//!     match events.next().await? {
//!         Event::Notification(notification) => println!("{}", notification.name),
//!         Event::Resumed => println!("some may be missing: read the list of notifications"),
//!         other => println!("{other:?}"),
//!     }
//! }
//! # }
//! ```
//!
//! The server wants a user's token here; it refuses API tokens and link shares. Nothing is kept for who is not
//! connected, and SQLite servers lose some notifications altogether: for what must not be missed, read the list.

mod socket;

use std::{collections::BTreeSet, fmt, future::Future, pin::Pin, time::Duration};

use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

pub use self::socket::{Error, Lost};
use self::socket::{Said, Socket};
use crate::{
    Client,
    model::{Notification, TimeEntry, Topic},
};

/// Longest wait between two attempts to connect.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A connection that did not live so long is not taken up again at once.
const SHORT_LIFE: Duration = Duration::from_secs(10);

/// What a server tells.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A notification was made for the caller.
    Notification(Box<Notification>),
    /// A time entry of the caller was made, changed or deleted (licensed). Not checked on a running server.
    Timer {
        /// Which of the three.
        topic: Topic,
        /// The time entry.
        entry: Box<TimeEntry>,
    },
    /// The connection was lost and is back, with its subscriptions: **what happened meanwhile was not told**.
    Resumed,
    /// What this version does not know, or cannot read.
    Other {
        /// Its topic.
        topic: Topic,
        /// What is told.
        data: Value,
    },
}

impl Event {
    fn new(topic: Topic, data: Value) -> Self {
        match topic {
            Topic::NotificationCreated => match Notification::deserialize(&data) {
                Ok(notification) => Self::Notification(Box::new(notification)),
                Err(_) => Self::Other { topic, data },
            },
            Topic::TimerCreated | Topic::TimerUpdated | Topic::TimerDeleted => {
                match TimeEntry::deserialize(&data) {
                    Ok(entry) => Self::Timer {
                        topic,
                        entry: Box::new(entry),
                    },
                    Err(_) => Self::Other { topic, data },
                }
            }
            Topic::Other(_) => Self::Other { topic, data },
        }
    }
}

/// A stream of events. When the connection is lost it connects and subscribes again, with a wait that doubles up to a
/// minute, and with a token that is renewed before it is stale.
#[must_use = "nothing is heard before it is asked for the next event"]
pub struct Events {
    client: Client,
    wanted: BTreeSet<Topic>,
    state: State,
    /// Connections in a row that failed or did not live.
    failures: u32,
}

enum State {
    Online(Box<Socket>),
    /// Kept here, so that who drops [`Events::next`] does not begin it anew.
    Connecting(Pin<Box<dyn Future<Output = Result<Socket, Error>> + Send>>),
}

impl Events {
    /// Connects, logs in with the client's token and subscribes. When this returns, the subscriptions stand.
    ///
    /// An error here is final, so that what is wrong with the server or the token is seen; later only what cannot heal
    /// is an error.
    pub async fn connect(
        client: &Client,
        topics: impl IntoIterator<Item = Topic>,
    ) -> Result<Self, Error> {
        let wanted: BTreeSet<_> = topics.into_iter().collect();
        let socket = Socket::open(client.clone(), wanted.clone(), Duration::ZERO).await?;
        Ok(Self {
            client: client.clone(),
            wanted,
            state: State::Online(Box::new(socket)),
            failures: 0,
        })
    }

    /// Wants this topic too, from the next call of [`next`](Self::next) on. One that the server does not know is an
    /// [`Error::Refused`] there, once.
    pub fn subscribe(&mut self, topic: Topic) {
        self.wanted.insert(topic);
    }

    /// Wants this topic no more, from the next call of [`next`](Self::next) on. What is on its way still comes.
    pub fn unsubscribe(&mut self, topic: &Topic) {
        self.wanted.remove(topic);
    }

    /// The topics that are wanted.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.wanted.iter()
    }

    /// Waits for the next event. A dropped future loses nothing, so that it can stand in a `select`.
    ///
    /// The server wants to be answered within a minute now and then: who does not wait here for longer loses the
    /// connection, and gets a [`Event::Resumed`]. While the server cannot be reached this waits. After an error it can
    /// be called again, and tries again after a wait.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            match &mut self.state {
                State::Online(socket) => match socket.next(&self.wanted).await {
                    Ok(Said::Event(event)) => return Ok(event),
                    Ok(Said::LoggedIn) => {}
                    Ok(Said::Refused(topic, reason)) => {
                        if let Some(topic) = &topic {
                            self.wanted.remove(topic);
                        }
                        return Err(Error::Refused { topic, reason });
                    }
                    Err(lost) => {
                        tracing::debug!(%lost, "the WebSocket is lost");
                        let lived = Instant::now().duration_since(socket.opened());
                        self.failures = if lived < SHORT_LIFE {
                            self.failures + 1
                        } else {
                            0
                        };
                        self.reconnect(Duration::ZERO);
                    }
                },
                State::Connecting(connecting) => match connecting.await {
                    Ok(socket) => {
                        self.state = State::Online(Box::new(socket));
                        return Ok(Event::Resumed);
                    }
                    Err(error) => {
                        self.failures += 1;
                        self.reconnect(error.retry_after());
                        if !error.is_retryable() {
                            return Err(error);
                        }
                        tracing::debug!(%error, "the WebSocket cannot be had");
                    }
                },
            }
        }
    }

    fn reconnect(&mut self, at_least: Duration) {
        let wait = wait(self.failures, fastrand::f64()).max(at_least);
        let opening = Socket::open(self.client.clone(), self.wanted.clone(), wait);
        self.state = State::Connecting(Box::pin(opening));
    }
}

/// How long to wait after so many failures: nothing at first, then half a second, doubled each time, and up to half of
/// it less by chance, so that a server that comes back is not met by all at once.
fn wait(failures: u32, chance: f64) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else {
        return Duration::ZERO;
    };
    let most = Duration::from_millis(500).saturating_mul(1 << doublings.min(16));
    most.min(LONGEST_WAIT).mul_f64(1.0 - chance / 2.0)
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("wanted", &self.wanted)
            .field("is_online", &matches!(self.state, State::Online(_)))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end_at_a_minute() {
        let millis = |failures, chance| wait(failures, chance).as_millis();
        assert_eq!(millis(0, 0.5), 0);
        assert_eq!(
            [1, 2, 3].map(|failures| millis(failures, 0.0)),
            [500, 1000, 2000]
        );
        assert_eq!(millis(3, 1.0), 1000);
        assert_eq!(
            [8, 100, u32::MAX].map(|failures| millis(failures, 0.0)),
            [60_000; 3]
        );
    }
}
