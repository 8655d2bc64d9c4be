//! The notifier, over HTTP, with a chat that waits until it is let go.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
};
use vikunja_examples::notifier::{Chat, message, run_with};
use vikunja_sdk::{
    model::{EventName, Timestamp},
    testing::webhook::Sample,
    webhook::Verifier,
};

const SECRET: &str = "something long and random";

/// Sends a message for each permit.
struct Stub {
    sent: mpsc::UnboundedSender<String>,
    permits: Arc<Semaphore>,
}

impl Chat for Stub {
    async fn send(&self, text: &str) -> Result<(), String> {
        self.permits.acquire().await.unwrap().forget();
        self.sent.send(text.to_owned()).unwrap();
        Ok(())
    }
}

struct Running {
    address: String,
    sent: mpsc::UnboundedReceiver<String>,
    permits: Arc<Semaphore>,
    stop: oneshot::Sender<()>,
    done: JoinHandle<std::io::Result<()>>,
}

async fn start(queue: usize) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/vikunja", listener.local_addr().unwrap());
    let (told, sent) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel();
    let permits = Arc::new(Semaphore::new(0));
    let chat = Stub {
        sent: told,
        permits: permits.clone(),
    };
    let shutdown = async { stopped.await.unwrap() };
    let verifier = Verifier::new([SECRET.into()]).unwrap();
    let done = tokio::spawn(run_with(listener, verifier, chat, shutdown, queue));
    Running {
        address,
        sent,
        permits,
        stop,
        done,
    }
}

impl Running {
    async fn deliver(&self, sample: &Sample, secret: Option<&str>) -> u16 {
        let mut request = sample.request(secret);
        *request.uri_mut() = self.address.parse().unwrap();
        let request = reqwest::Request::try_from(request).unwrap();
        let answer = reqwest::Client::new().execute(request).await.unwrap();
        answer.status().as_u16()
    }
}

fn updated(title: &str) -> Sample {
    let mut sample = Sample::new(EventName::TaskUpdated);
    sample.data["task"]["title"] = title.into();
    sample
}

#[tokio::test]
async fn three_equal_updates_are_one_message() {
    let mut running = start(10).await;
    running.permits.add_permits(10);
    let mut sample = updated("Buy flour");
    assert_eq!(running.deliver(&sample, Some(SECRET)).await, 202);
    for seconds in [1, 2] {
        // Up to 1.x what is sent again has a time and a signature of its own.
        sample.time = Timestamp::now() + Duration::from_secs(seconds);
        assert_eq!(running.deliver(&sample, Some(SECRET)).await, 200);
    }
    let unheard_of = Sample::new("task.sung".into());
    assert_eq!(running.deliver(&unheard_of, Some(SECRET)).await, 202);
    assert_eq!(
        running.sent.recv().await.unwrap(),
        "alice changed «Buy flour» (7)"
    );
    assert_eq!(running.sent.recv().await.unwrap(), "task.sung happened");
}

#[tokio::test]
async fn what_is_not_from_the_server_is_refused() {
    let mut running = start(10).await;
    running.permits.add_permits(10);
    let forged = updated("Send money");
    assert_eq!(running.deliver(&forged, Some("guessed")).await, 401);
    assert_eq!(running.deliver(&forged, None).await, 401);
    let mut old = forged.clone();
    old.time = old.time - Duration::from_secs(3600);
    assert_eq!(running.deliver(&old, Some(SECRET)).await, 401);
    running.stop.send(()).unwrap();
    running.done.await.unwrap().unwrap();
    assert_eq!(running.sent.recv().await, None);
}

#[tokio::test]
async fn answers_come_at_once_and_messages_before_the_end() {
    let mut running = start(10).await;
    // Nothing is told to the chat yet, and each is answered.
    for number in 0..5 {
        let sample = updated(&format!("Task {number}"));
        assert_eq!(running.deliver(&sample, Some(SECRET)).await, 202);
    }
    assert!(running.sent.try_recv().is_err());
    running.stop.send(()).unwrap();
    running.permits.add_permits(5);
    running.done.await.unwrap().unwrap();
    for number in 0..5 {
        let text = running.sent.recv().await.unwrap();
        assert_eq!(text, format!("alice changed «Task {number}» (7)"));
    }
    assert_eq!(running.sent.recv().await, None);
}

#[tokio::test]
async fn what_finds_no_place_is_taken_when_it_comes_again() {
    let mut running = start(1).await;
    let mut refused = None;
    // One is with the chat, one in the queue, so that the third at the latest finds no place.
    for number in 0..3 {
        let sample = updated(&format!("Task {number}"));
        if running.deliver(&sample, Some(SECRET)).await == 503 {
            refused = Some(sample);
        }
    }
    let refused = refused.unwrap();
    running.permits.add_permits(10);
    while running.deliver(&refused, Some(SECRET)).await == 503 {
        running.sent.recv().await.unwrap();
    }
    running.stop.send(()).unwrap();
    running.done.await.unwrap().unwrap();
    let title = refused.data["task"]["title"].as_str().unwrap();
    let mut told = false;
    while let Some(text) = running.sent.recv().await {
        told |= text.contains(title);
    }
    assert!(told);
}

#[test]
fn every_event_has_words() {
    for name in EventName::KNOWN {
        let sample = Sample::new(name.clone());
        let lax = Verifier::new([]).unwrap().allow_unsigned();
        let event = lax.receive(sample.body(), None).unwrap().event;
        let text = message(&event);
        assert!(!text.ends_with("happened"), "{name}: {text}");
        assert!(text.contains("alice") || text.contains("bob"), "{text}");
    }
}
