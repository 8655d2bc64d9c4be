//! What is told over WebSockets, to whoever has one open.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{StatusCode, header};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role};

use crate::call::Call;
use crate::caller;
use crate::failure::Failure;
use crate::release::At;
use crate::reply::Reply;
use crate::world::World;

/// How long one may wait before one says who one is; also the time between two pings.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many messages may wait for a slow listener, who loses what is more.
const WAITING: usize = 1024;

/// What one may listen to.
const TOPICS: [&str; 4] = [
    "notification.created",
    "timer.created",
    "timer.updated",
    "timer.deleted",
];

/// Whoever has a WebSocket open.
#[derive(Debug)]
pub(crate) struct Listeners(broadcast::Sender<Told>);

/// Something that one user is told.
#[derive(Debug, Clone)]
struct Told {
    user: i64,
    topic: &'static str,
    data: Value,
}

impl Default for Listeners {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Listeners {
    /// Tells a user something, if anybody listens at all.
    pub(crate) fn tell<T: Serialize>(&self, user: i64, topic: &'static str, data: &T) {
        if self.0.receiver_count() > 0 {
            let data = json!(data);
            // The last one may just have gone.
            let _ = self.0.send(Told { user, topic, data });
        }
    }
}

/// Agrees to a WebSocket. What it is for is said over it.
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one type")]
pub(crate) fn connect(call: &Call<'_>) -> Result<Reply, Failure> {
    let header = |name: header::HeaderName| call.header(&name).unwrap_or_default();
    let has = |name: header::HeaderName, wanted: &str| {
        let mut tokens = header(name).split(',');
        tokens.any(|token| token.trim().eq_ignore_ascii_case(wanted))
    };
    for (name, shown, wanted) in [
        (header::CONNECTION, "Connection", "Upgrade"),
        (header::UPGRADE, "Upgrade", "websocket"),
    ] {
        if !has(name.clone(), wanted) {
            let text = format!(
                "WebSocket protocol violation: {shown} header \"{}\" does not contain {wanted}",
                header(name)
            );
            let reply = refused(StatusCode::UPGRADE_REQUIRED, &text);
            return Ok(reply
                .with_header("connection", "Upgrade")
                .with_header("upgrade", "websocket"));
        }
    }
    let version = header(header::SEC_WEBSOCKET_VERSION);
    if version != "13" {
        let text =
            format!("unsupported WebSocket protocol version (only 13 is supported): \"{version}\"");
        let reply = refused(StatusCode::BAD_REQUEST, &text);
        return Ok(reply.with_header("sec-websocket-version", "13"));
    }
    let key = header(header::SEC_WEBSOCKET_KEY);
    if key.is_empty() {
        let text = "WebSocket protocol violation: missing Sec-WebSocket-Key";
        return Ok(refused(StatusCode::BAD_REQUEST, text));
    }
    let (origin, host) = (header(header::ORIGIN), header(header::HOST));
    let from = origin.split_once("://").map_or(origin, |(_, host)| host);
    if !origin.is_empty() && !from.eq_ignore_ascii_case(host) {
        let text = format!("request Origin \"{from}\" is not authorized for Host \"{host}\"");
        return Ok(refused(StatusCode::FORBIDDEN, &text));
    }
    Ok(Reply::empty(StatusCode::SWITCHING_PROTOCOLS)
        .with_header("connection", "Upgrade")
        .with_header("upgrade", "websocket")
        .with_header("sec-websocket-accept", &derive_accept_key(key.as_bytes())))
}

fn refused(status: StatusCode, text: &str) -> Reply {
    let mut reply = Reply::text("text/plain; charset=utf-8", &format!("{text}\n"));
    reply.status = status;
    reply.with_header("x-content-type-options", "nosniff")
}

/// What a client says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    action: String,
    token: String,
    event: String,
}

/// What a client is answered.
enum Answer {
    Nothing,
    Text(Value),
    /// This, and the end.
    Last(Value),
}

/// One open WebSocket.
struct Connection {
    at: At,
    /// Who listens, once that was said.
    user: Option<i64>,
    topics: BTreeSet<&'static str>,
}

/// Serves a WebSocket until one side ends it.
pub(crate) async fn serve(world: Arc<World>, at: At, upgrade: OnUpgrade) {
    let Ok(upgraded) = upgrade.await else {
        return;
    };
    let io: TokioIo<Upgraded> = TokioIo::new(upgraded);
    let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
    let mut news = world.listeners.0.subscribe();
    let mut connection = Connection {
        at,
        user: None,
        topics: BTreeSet::new(),
    };
    let mut pings = 0_u64;
    let mut pause = Box::pin(world.timer.sleep(PATIENCE));
    loop {
        let answer = tokio::select! {
            message = socket.next() => match message {
                // Pings are answered, and ends confirmed, by the stream itself.
                Some(Ok(Message::Text(text))) => connection.hear(&world, text.as_bytes()),
                Some(Ok(Message::Binary(bytes))) => connection.hear(&world, &bytes),
                Some(Ok(_)) => Answer::Nothing,
                Some(Err(_)) | None => return,
            },
            told = news.recv() => match told {
                Ok(told) => connection.pass_on(&told),
                Err(_) => Answer::Nothing,
            },
            () = &mut pause => {
                pause = Box::pin(world.timer.sleep(PATIENCE));
                if connection.user.is_none() {
                    end(&mut socket, CloseCode::Policy, "auth timeout").await;
                    return;
                }
                pings += 1;
                if socket.send(Message::Ping(pings.to_string().into())).await.is_err() {
                    return;
                }
                Answer::Nothing
            }
        };
        let (text, is_last) = match answer {
            Answer::Nothing => continue,
            Answer::Text(text) => (text, false),
            Answer::Last(text) => (text, true),
        };
        if socket.send(Message::text(text.to_string())).await.is_err() {
            return;
        }
        if is_last {
            end(&mut socket, CloseCode::Normal, "").await;
            return;
        }
    }
}

async fn end(socket: &mut WebSocketStream<TokioIo<Upgraded>>, code: CloseCode, why: &'static str) {
    let frame = CloseFrame {
        code,
        reason: why.into(),
    };
    // The client may have gone first.
    let _ = socket.close(Some(frame)).await;
}

impl Connection {
    /// Nonsense is not answered.
    fn hear(&mut self, world: &World, message: &[u8]) -> Answer {
        let said: Said = serde_json::from_slice(message).unwrap_or_default();
        match (said.action.as_str(), self.user) {
            ("auth", Some(_)) => Answer::Text(json!({"error": "already_authenticated"})),
            ("auth", None) => self.log_in(world, &said.token),
            ("subscribe" | "unsubscribe", None) => Answer::Text(json!({"error": "auth_required"})),
            ("subscribe", Some(_)) => self.subscribe(&said.event),
            ("unsubscribe", Some(_)) => {
                self.topics.retain(|topic| *topic != said.event);
                Answer::Nothing
            }
            _ => Answer::Nothing,
        }
    }

    /// Users alone: no API tokens, no links.
    fn log_in(&mut self, world: &World, token: &str) -> Answer {
        let authorization = format!("Bearer {token}");
        match caller::identify(world, self.at, None, Some(&authorization)) {
            Ok(Some(caller)) if !caller.is_link_share() => {
                self.user = Some(caller.user.id);
                Answer::Text(json!({"action": "auth.success", "success": true}))
            }
            _ => Answer::Last(json!({"error": "invalid_token"})),
        }
    }

    fn subscribe(&mut self, event: &str) -> Answer {
        match TOPICS.into_iter().find(|topic| *topic == event) {
            Some(topic) => {
                self.topics.insert(topic);
                Answer::Nothing
            }
            None if event.is_empty() => Answer::Text(json!({"error": "invalid_event"})),
            None => Answer::Text(json!({"event": event, "error": "invalid_event"})),
        }
    }

    fn pass_on(&self, told: &Told) -> Answer {
        if self.user == Some(told.user) && self.topics.contains(told.topic) {
            Answer::Text(json!({"event": told.topic, "data": told.data}))
        } else {
            Answer::Nothing
        }
    }
}
