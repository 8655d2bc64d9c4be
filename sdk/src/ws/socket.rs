//! One connection: opened, logged in, subscribed, heard.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        handshake::{client::generate_key, derive_accept_key},
        protocol::{Role, WebSocketConfig},
    },
};

use super::Event;
use crate::{
    Answer, BuildError, Client, Endpoint, Execute, Failure, Release, Reply, ReplyError, Route,
    auth::{Token, TokenKind},
    client,
    model::{Topic, TopicRefusal},
};

/// The server pings every 30 seconds: two of them missing and a bit.
const SILENCE: Duration = Duration::from_secs(75);

/// Longest wait for an answer to what is said in the beginning. The server's own limit.
const GREETING: Duration = Duration::from_secs(30);

/// Longest message: a notification holds whole tasks and comments.
const LONGEST: usize = 16 << 20;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no connection: as with every call.
    #[error(transparent)]
    Client(#[from] client::Error),
    /// The connection was there and broke, before it could be used.
    #[error("the WebSocket broke: {0}")]
    Lost(Lost),
    /// The server refused what it was told.
    #[error("the server refuses {}: {reason}", .topic.as_ref().map_or("the token", Topic::as_str))]
    Refused {
        /// The topic that is refused; `None` = the token.
        topic: Option<Topic>,
        /// Why.
        reason: TopicRefusal,
    },
}

impl From<Lost> for Error {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl Error {
    /// Whether the same may succeed later: the server cannot be reached, or has too much to do.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Client(error) => error.is_retryable(),
            Self::Lost(_) => true,
            Self::Refused { .. } => false,
        }
    }

    /// How long a rate limiter wants to be left alone.
    pub(super) fn retry_after(&self) -> Duration {
        match self {
            Self::Client(error) => error.retry_after().unwrap_or_default(),
            _ => Duration::ZERO,
        }
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::Client(error.into())
    }
}

/// How a connection ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Lost {
    /// The server closed it.
    #[error("the server closed it: {0}")]
    Closed(String),
    /// Nothing was heard any more.
    #[error("nothing was heard for {0:?}")]
    Silent(Duration),
    /// The transport failed, or what came is no WebSocket.
    // Not `transparent`: the text holds its source.
    #[error("{0}")]
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

impl From<tungstenite::Error> for Lost {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
                Self::Closed("without a word".to_owned())
            }
            other => Self::Broken(Box::new(other)),
        }
    }
}

/// Asks for a WebSocket.
struct Connect {
    key: String,
}

impl Endpoint for Connect {
    const ROUTE: Route = Route::read("/ws").public().since(Release(2, 3, 0));
    type Reply = Switched;
    fn headers(&self, headers: &mut HeaderMap) -> Result<(), BuildError> {
        let key = HeaderValue::try_from(&self.key)
            .map_err(|error| BuildError::Body(error.to_string()))?;
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(
            header::SEC_WEBSOCKET_VERSION,
            HeaderValue::from_static("13"),
        );
        headers.insert(header::SEC_WEBSOCKET_KEY, key);
        Ok(())
    }
}

/// The server's word that it has read the key.
struct Switched;

impl Reply for Switched {
    type Output = HeaderValue;

    fn accepts(status: StatusCode) -> bool {
        status == StatusCode::SWITCHING_PROTOCOLS
    }

    fn read(answer: &Answer<'_>) -> Result<HeaderValue, ReplyError> {
        let accept = answer.headers.get(header::SEC_WEBSOCKET_ACCEPT);
        accept
            .cloned()
            .ok_or_else(|| answer.unreadable(".", "Sec-WebSocket-Accept is missing"))
    }
}

/// What was heard.
#[derive(Debug)]
pub(super) enum Said {
    LoggedIn,
    Event(Event),
    Refused(Option<Topic>, TopicRefusal),
}

/// A message of the server.
#[derive(Deserialize)]
struct Heard {
    action: Option<String>,
    error: Option<TopicRefusal>,
    event: Option<Topic>,
    #[serde(default)]
    data: Value,
}

impl Said {
    /// `None` for what this version does not know.
    fn read(text: &str) -> Result<Option<Self>, Lost> {
        let heard: Heard =
            serde_json::from_str(text).map_err(|error| Lost::Broken(Box::new(error)))?;
        Ok(match heard {
            Heard {
                error: Some(reason),
                event,
                ..
            } => Some(Self::Refused(event, reason)),
            Heard {
                event: Some(topic),
                data,
                ..
            } => Some(Self::Event(Event::new(topic, data))),
            Heard {
                action: Some(action),
                ..
            } if action == "auth.success" => Some(Self::LoggedIn),
            _ => None,
        })
    }
}

/// A connection that is logged in.
pub(super) struct Socket {
    stream: WebSocketStream<reqwest::Upgraded>,
    subscribed: BTreeSet<Topic>,
    /// What came before it was asked for.
    early: VecDeque<Said>,
    opened: Instant,
    heard: Instant,
}

impl Socket {
    /// Waits, connects, logs in and subscribes.
    pub(super) async fn open(
        client: Client,
        wanted: BTreeSet<Topic>,
        wait: Duration,
    ) -> Result<Self, Error> {
        sleep(wait).await;
        let mut refused = None;
        loop {
            let token = token(&client, refused).await?;
            let seen = client.session().generation();
            let mut socket = Self::connect(&client).await?;
            let greeted = timeout(GREETING, socket.greet(&token, &wanted)).await;
            match greeted.map_err(|_| Lost::Silent(GREETING))? {
                Ok(()) => return Ok(socket),
                // It may have expired on the way, or by the server's clock: once more with a new one.
                Err(Error::Refused { topic: None, .. })
                    if refused.is_none() && client.session().renewal().is_some() =>
                {
                    refused = Some(seen);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn connect(client: &Client) -> Result<Self, Error> {
        let key = generate_key();
        let expected = derive_accept_key(key.as_bytes());
        let (accepted, upgraded) = client.upgrade(&Connect { key }).await?;
        if accepted.as_bytes() != expected.as_bytes() {
            return Err(Lost::Broken("what answered is no WebSocket".into()).into());
        }
        let config = WebSocketConfig::default().max_message_size(Some(LONGEST));
        let stream = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
        let now = Instant::now();
        Ok(Self {
            stream,
            subscribed: BTreeSet::new(),
            early: VecDeque::new(),
            opened: now,
            heard: now,
        })
    }

    /// Logs in and subscribes. The server does not answer a subscription; but it reads in order, so that its answer to a
    /// ping says that all before it was read.
    async fn greet(&mut self, token: &Token, wanted: &BTreeSet<Topic>) -> Result<(), Error> {
        let token = token.secret().expose_secret();
        self.say(&json!({"action": "auth", "token": token})).await?;
        loop {
            match self.hear().await? {
                Said::LoggedIn => break,
                Said::Refused(topic, reason) => return Err(Error::Refused { topic, reason }),
                Said::Event(_) => {}
            }
        }
        self.subscribe(wanted).await?;
        let ping = Message::Ping(Bytes::new());
        self.stream.send(ping).await.map_err(Lost::from)?;
        loop {
            match self.message().await? {
                Message::Pong(_) => return Ok(()),
                Message::Text(text) => self.early.extend(Said::read(&text)?),
                _ => {}
            }
        }
    }

    /// When it was opened.
    pub(super) fn opened(&self) -> Instant {
        self.opened
    }

    /// Subscribes to what is wanted now, and waits for what is said next. A dropped future loses nothing.
    pub(super) async fn next(&mut self, wanted: &BTreeSet<Topic>) -> Result<Said, Lost> {
        self.subscribe(wanted).await?;
        let said = match self.early.pop_front() {
            Some(said) => said,
            None => self.hear().await?,
        };
        if let Said::Refused(Some(topic), _) = &said {
            self.subscribed.remove(topic);
        }
        Ok(said)
    }

    async fn subscribe(&mut self, wanted: &BTreeSet<Topic>) -> Result<(), Lost> {
        let more = wanted.difference(&self.subscribed);
        let less = self.subscribed.difference(wanted);
        let more: Vec<_> = more.cloned().map(|topic| ("subscribe", topic)).collect();
        let less: Vec<_> = less.cloned().map(|topic| ("unsubscribe", topic)).collect();
        for (action, topic) in more.into_iter().chain(less) {
            self.say(&json!({"action": action, "event": topic})).await?;
            // Nothing is awaited between the saying and this: what was said is known, whoever is dropped.
            if action == "subscribe" {
                self.subscribed.insert(topic);
            } else {
                self.subscribed.remove(&topic);
            }
        }
        Ok(self.stream.flush().await?)
    }

    /// Puts a message on its way; it leaves with the next flush or reading.
    async fn say(&mut self, message: &Value) -> Result<(), Lost> {
        Ok(self.stream.feed(Message::text(message.to_string())).await?)
    }

    /// The next of what this version knows.
    async fn hear(&mut self) -> Result<Said, Lost> {
        self.stream.flush().await?;
        loop {
            if let Message::Text(text) = self.message().await?
                && let Some(said) = Said::read(&text)?
            {
                return Ok(said);
            }
        }
    }

    /// The next message, pings included: they say that the server is there.
    async fn message(&mut self) -> Result<Message, Lost> {
        let next = timeout_at(self.heard + SILENCE, self.stream.next()).await;
        let message = next
            .map_err(|_| Lost::Silent(SILENCE))?
            .ok_or(tungstenite::Error::ConnectionClosed)??;
        self.heard = Instant::now();
        match message {
            Message::Close(frame) => Err(Lost::Closed(
                frame.map_or_else(|| "without a word".to_owned(), |frame| frame.to_string()),
            )),
            message => Ok(message),
        }
    }
}

/// The token to log in with.
async fn token(client: &Client, refused: Option<u64>) -> Result<Token, BuildError> {
    let route = Connect::ROUTE.to_string();
    match client.fresh_token(refused).await {
        None => Err(BuildError::NoToken { route }),
        Some(token) if token.kind() == TokenKind::Api => Err(BuildError::ApiTokenRefused {
            route,
            release: client.session().server().release,
        }),
        Some(token) => Ok(token),
    }
}
