//! A WebSocket against a small server of its own on loopback, told what to say by each test.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};
use vikunja_sdk::{
    Client, Execute, Release, Server,
    auth::Token,
    model::{Topic, TopicRefusal},
    ws::{self, Event, Events},
};

type Socket = WebSocketStream<TcpStream>;

async fn server() -> (TcpListener, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::new(&address)
        .unwrap()
        .with_release(Release(2, 5, 0));
    let client = Client::builder(&address).token("eyJ.first.token".into());
    (listener, client.build(server).unwrap())
}

async fn heard(socket: &mut Socket) -> Value {
    let message = socket.next().await.unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

async fn say(socket: &mut Socket, message: Value) {
    socket
        .send(Message::text(message.to_string()))
        .await
        .unwrap();
}

/// A connection that was logged in, with the token and the topics that it came with.
async fn greeted(listener: &TcpListener) -> (Socket, String, Vec<String>) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = accept_async(stream).await.unwrap();
    let auth = heard(&mut socket).await;
    assert_eq!(auth["action"], "auth");
    say(
        &mut socket,
        json!({"action": "auth.success", "success": true}),
    )
    .await;
    let mut topics = Vec::new();
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Ping(_) => break,
            message => {
                let said: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
                assert_eq!(said["action"], "subscribe");
                topics.push(said["event"].as_str().unwrap().to_owned());
            }
        }
    }
    socket.flush().await.unwrap();
    (socket, auth["token"].as_str().unwrap().to_owned(), topics)
}

async fn connected(listener: &TcpListener, client: &Client) -> (Events, Socket) {
    let topics = [Topic::NotificationCreated, Topic::TimerCreated];
    let (events, (socket, token, topics)) =
        tokio::join!(Events::connect(client, topics), greeted(listener));
    assert_eq!(token, "eyJ.first.token");
    assert_eq!(topics, ["notification.created", "timer.created"]);
    (events.unwrap(), socket)
}

#[tokio::test]
async fn events_are_typed() {
    let (listener, client) = server().await;
    let (mut events, mut socket) = connected(&listener, &client).await;
    let notification =
        json!({"id": 7, "name": "task.assigned", "notification": {"task": {"id": 3}}});
    for said in [
        json!({"event": "notification.created", "data": notification}),
        json!({"action": "unheard of"}),
        json!({"event": "timer.created", "data": {"id": 1}}),
        json!({"event": "task.created", "data": {"id": 2}}),
        json!({"event": "notification.created", "data": "no object"}),
    ] {
        say(&mut socket, said).await;
    }
    let Event::Notification(told) = events.next().await.unwrap() else {
        panic!();
    };
    assert_eq!((told.id.get(), told.name.as_str()), (7, "task.assigned"));
    let Event::Timer { topic, entry } = events.next().await.unwrap() else {
        panic!();
    };
    assert_eq!((topic, entry.id.get()), (Topic::TimerCreated, 1));
    for (topic, data) in [
        (Topic::from("task.created"), json!({"id": 2})),
        (Topic::NotificationCreated, json!("no object")),
    ] {
        assert_eq!(events.next().await.unwrap(), Event::Other { topic, data });
    }
}

#[tokio::test]
async fn what_is_said_during_the_greeting_is_not_lost() {
    let (listener, client) = server().await;
    let greeting = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        heard(&mut socket).await;
        say(
            &mut socket,
            json!({"action": "auth.success", "success": true}),
        )
        .await;
        heard(&mut socket).await;
        say(
            &mut socket,
            json!({"event": "timer.deleted", "data": {"id": 5}}),
        )
        .await;
        // The ping is answered by reading on.
        socket.next().await;
        socket.flush().await.unwrap();
        socket
    };
    let (events, _socket) = tokio::join!(Events::connect(&client, [Topic::TimerDeleted]), greeting);
    let Event::Timer { entry, .. } = events.unwrap().next().await.unwrap() else {
        panic!();
    };
    assert_eq!(entry.id.get(), 5);
}

#[tokio::test]
async fn a_lost_connection_comes_back_with_its_topics_and_the_newest_token() {
    let (listener, client) = server().await;
    let (mut events, socket) = connected(&listener, &client).await;
    events.unsubscribe(&Topic::TimerCreated);
    events.subscribe(Topic::TimerDeleted);
    let newer = Token::new("eyJ.second.token".into()).unwrap();
    client.session().set_token(Some(newer));
    drop(socket);
    let (event, (mut socket, token, topics)) = tokio::join!(events.next(), greeted(&listener));
    assert_eq!(event.unwrap(), Event::Resumed);
    assert_eq!(token, "eyJ.second.token");
    assert_eq!(topics, ["notification.created", "timer.deleted"]);
    say(
        &mut socket,
        json!({"event": "timer.deleted", "data": {"id": 1}}),
    )
    .await;
    assert!(matches!(events.next().await.unwrap(), Event::Timer { .. }));
}

#[tokio::test]
async fn topics_change_with_the_next_call() {
    let (listener, client) = server().await;
    let (mut events, mut socket) = connected(&listener, &client).await;
    events.unsubscribe(&Topic::TimerCreated);
    events.subscribe("nonsense".into());
    let served = async {
        for (action, topic) in [("subscribe", "nonsense"), ("unsubscribe", "timer.created")] {
            let said = heard(&mut socket).await;
            assert_eq!(said, json!({"action": action, "event": topic}));
        }
        say(
            &mut socket,
            json!({"error": "invalid_event", "event": "nonsense"}),
        )
        .await;
    };
    let (refused, ()) = tokio::join!(events.next(), served);
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the server refuses nonsense: invalid_event"
    );
    assert!(!refused.is_retryable());
    // Refused once and not spoken of again; the connection lives.
    assert!(events.topics().eq([&Topic::NotificationCreated]));
    events.subscribe(Topic::TimerUpdated);
    say(&mut socket, json!({"event": "later", "data": 1})).await;
    assert!(matches!(events.next().await.unwrap(), Event::Other { .. }));
    let said = heard(&mut socket).await;
    assert_eq!(
        said,
        json!({"action": "subscribe", "event": "timer.updated"})
    );
}

#[tokio::test]
async fn who_drops_next_does_not_begin_the_connection_anew() {
    let (listener, client) = server().await;
    let (mut events, socket) = connected(&listener, &client).await;
    drop(socket);
    let served = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        let auth = heard(&mut socket).await;
        // Long enough for many to be dropped here.
        tokio::time::sleep(Duration::from_millis(50)).await;
        say(
            &mut socket,
            json!({"action": "auth.success", "success": true}),
        )
        .await;
        while !matches!(socket.next().await.unwrap().unwrap(), Message::Ping(_)) {}
        socket.flush().await.unwrap();
        (socket, auth)
    };
    let asked = async {
        let mut dropped = 0;
        loop {
            match timeout(Duration::from_millis(2), events.next()).await {
                Ok(event) => return (event.unwrap(), dropped),
                Err(_) => dropped += 1,
            }
        }
    };
    // The server accepts one connection only: a second one would wait for ever.
    let ((event, dropped), (mut socket, _)) = tokio::join!(asked, served);
    assert_eq!(event, Event::Resumed);
    assert!(dropped > 5, "{dropped}");
    say(&mut socket, json!({"event": "later", "data": 1})).await;
    assert!(matches!(events.next().await.unwrap(), Event::Other { .. }));
}

#[tokio::test]
async fn a_refused_token_is_an_error_without_it() {
    let (listener, client) = server().await;
    let served = async {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        heard(&mut socket).await;
        say(&mut socket, json!({"error": "invalid_token"})).await;
        socket.close(None).await.unwrap();
    };
    let topics = [Topic::NotificationCreated];
    let (refused, ()) = tokio::join!(Events::connect(&client, topics), served);
    let refused = refused.unwrap_err();
    assert!(matches!(
        &refused,
        ws::Error::Refused { topic: None, reason } if *reason == TopicRefusal::InvalidToken
    ));
    assert_eq!(
        refused.to_string(),
        "the server refuses the token: invalid_token"
    );
    assert!(!format!("{refused:?}").contains("eyJ"));
}

/// Answers the first request with this text.
async fn answered(answer: &str) -> ws::Error {
    let (listener, client) = server().await;
    let served = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
        assert!(request.starts_with("get /api/v2/ws http/1.1\r\n"));
        for header in [
            "upgrade: websocket",
            "connection: upgrade",
            "sec-websocket-version: 13",
        ] {
            assert!(request.contains(header), "{request}");
        }
        // The token goes with the first message, never with the request.
        assert!(!request.contains("eyj"), "{request}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        stream
    };
    let (refused, _stream) = tokio::join!(Events::connect(&client, [Topic::TimerCreated]), served);
    refused.unwrap_err()
}

#[tokio::test]
async fn what_is_no_websocket_is_an_error() {
    let page = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage";
    let error = answered(page).await;
    assert!(matches!(error, ws::Error::Client(_)), "{error}");
    assert!(!error.is_retryable(), "{error}");
    let switched =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    let nameless = answered(&format!("{switched}\r\n")).await;
    assert!(
        nameless.to_string().contains("Sec-WebSocket-Accept"),
        "{nameless}"
    );
    let other = answered(&format!("{switched}Sec-WebSocket-Accept: other\r\n\r\n")).await;
    assert!(other.to_string().contains("no WebSocket"), "{other}");
}
