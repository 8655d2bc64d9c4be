//! Deliveries of webhooks: every one that was recorded of a real server, whole and damaged, through all three doors.

use std::{cell::RefCell, collections::BTreeMap, convert::Infallible, fs, path::Path};

use axum::{Router, extract::FromRef, http::StatusCode, routing::post};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Request, Response};
use http_body_util::{Empty, Full, StreamBody};
use proptest::{collection::vec, prelude::*, sample::Index, test_runner::TestRunner};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tower::{Layer, ServiceExt, service_fn};
use vikunja_sdk::{
    model::EventName,
    testing::webhook::{Recorded, Sample, signature},
    webhook::{Delivery, Event, ReceiveLayer, Rejected, SIGNATURE, Verifier},
};

use super::{
    mutation::{Mutation, mutation},
    properties::config,
};

/// All that webhooks of these releases were seen to send.
fn recorded() -> Vec<Recorded> {
    let wire = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/wire");
    let read = |release| {
        let lines = fs::read_to_string(wire.join(format!("webhooks-{release}.jsonl"))).unwrap();
        Recorded::read(&lines).unwrap()
    };
    let all: Vec<_> = ["0.24.1", "1.0.0", "2.5.0"].map(read).concat();
    assert_eq!(all.len(), 51);
    all
}

/// Knows the secrets of all recordings, and does not mind that they are old.
fn verifier() -> Verifier {
    let mut secrets: Vec<_> = recorded().into_iter().filter_map(|it| it.secret).collect();
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), 4);
    Verifier::new(secrets.into_iter().map(Into::into))
        .unwrap()
        .tolerance(None)
}

/// A receiver that hands on what it takes.
#[derive(Clone)]
struct Hook {
    verifier: Verifier,
    taken: mpsc::UnboundedSender<Delivery>,
}

impl FromRef<Hook> for Verifier {
    fn from_ref(hook: &Hook) -> Self {
        hook.verifier.clone()
    }
}

fn app(verifier: Verifier) -> (Router, mpsc::UnboundedReceiver<Delivery>) {
    let (taken, received) = mpsc::unbounded_channel();
    let take = async |hook: axum::extract::State<Hook>, delivery: Delivery| {
        hook.taken.send(delivery).unwrap();
    };
    let app = Router::new().route("/", post(take));
    (app.with_state(Hook { verifier, taken }), received)
}

/// Sends a request over HTTP, with no header but its own, and gives the status and the body of the answer.
async fn send(address: &str, request: &Request<Bytes>) -> (u16, String) {
    let mut bytes = b"POST / HTTP/1.1\r\nConnection: close\r\n".to_vec();
    for (name, value) in request.headers() {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend(b"\r\n");
    bytes.extend(request.body());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// Whether everything of the recording is in the typed event.
fn assert_told(recorded: &Recorded, delivery: &Delivery) {
    let body: Value = serde_json::from_str(&recorded.body).unwrap();
    let data = &body["data"];
    let event = &delivery.event;
    let name = &recorded.event;
    assert_eq!(event.name(), *name);
    assert!(!matches!(event, Event::Unknown { .. }), "{name}");
    assert_eq!(
        delivery.time,
        body["time"].as_str().unwrap().parse().unwrap()
    );
    let id = |value: &Value| value["id"].as_i64();
    let task = event.task();
    assert_eq!(task.map(|task| task.id.get()), id(&data["task"]), "{name}");
    assert_eq!(
        task.map(|task| task.title.as_str()),
        data["task"]["title"].as_str()
    );
    assert_eq!(
        event.project().map(|project| project.id.get()),
        id(&data["project"])
    );
    assert_eq!(event.actor().map(|user| user.id.get()), id(&data["doer"]));
    let is_for_somebody =
        name.as_str().contains("overdue") || *name == EventName::TaskReminderFired;
    assert_eq!(event.recipient().is_some(), is_for_somebody, "{name}");
    let of_task = data["task"]["project_id"].as_i64();
    assert_eq!(
        event.project_id().map(i64::from),
        of_task.or(id(&data["project"])),
        "{name}"
    );
    assert_eq!(
        serde_json::from_slice::<Value>(delivery.data()).unwrap(),
        *data
    );
}

#[tokio::test]
async fn recorded_deliveries_come_over_http() {
    for allow_unsigned in [false, true] {
        let verifier = if allow_unsigned {
            verifier().allow_unsigned()
        } else {
            verifier()
        };
        let (app, mut received) = app(verifier);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(axum::serve(listener, app).into_future());
        let mut names = BTreeMap::new();
        for delivery in recorded() {
            let answer = send(&address, &delivery.request()).await;
            if delivery.secret.is_some() || allow_unsigned {
                assert_eq!(answer, (200, String::new()), "{}", delivery.event);
                let taken = received.try_recv().unwrap();
                assert_eq!(taken.is_signed, delivery.secret.is_some());
                assert_told(&delivery, &taken);
                *names.entry(delivery.event).or_insert(0) += 1;
            } else {
                assert_eq!(answer, (401, String::new()));
            }
            assert!(received.try_recv().is_err());
        }
        // All that exist: whatever one of the releases sends was recorded.
        assert!(EventName::KNOWN.iter().all(|name| names.contains_key(name)));
    }
}

#[test]
fn all_attempts_of_an_event_have_one_digest() {
    // Recorded of one event and three webhooks: up to 1.x each has a time of its own.
    for release in ["v0.24.1", "v1.0.0"] {
        let is_it = |it: &Recorded| {
            it.event == EventName::TaskCreated && it.headers["User-Agent"].ends_with(release)
        };
        let lax = verifier().allow_unsigned();
        let read = |it: Recorded| {
            let signature = it.headers.get("X-Vikunja-Signature").map(String::as_bytes);
            lax.receive(it.body, signature).unwrap()
        };
        let all: Vec<_> = recorded().into_iter().filter(is_it).map(read).collect();
        assert_eq!(all.len(), 3);
        for other in &all[1..] {
            assert_ne!(other.time, all[0].time);
            assert_eq!(other.digest(), all[0].digest(), "{release}");
        }
    }
}

#[test]
fn one_flipped_bit_is_rejected() {
    let verifier = verifier();
    let (mut bodies, mut bits) = (0, 0);
    for delivery in recorded().iter().filter(|it| it.secret.is_some()) {
        let body = delivery.body.as_bytes();
        let signature = delivery.headers["X-Vikunja-Signature"].as_bytes();
        assert_eq!(verifier.verify(body, Some(signature)), Ok(()));
        let mut flipped = signature.to_vec();
        for bit in 0..8 * flipped.len() {
            flipped[bit / 8] ^= 1 << (bit % 8);
            let rejected = verifier.verify(body, Some(&flipped)).unwrap_err();
            assert_eq!(rejected.status(), StatusCode::UNAUTHORIZED);
            flipped[bit / 8] ^= 1 << (bit % 8);
        }
        // Every bit of the short bodies, of the others one of each byte.
        let is_short = body.len() < 1000;
        let step = if is_short { 1 } else { 9 };
        let mut flipped = body.to_vec();
        for bit in (0..8 * flipped.len()).step_by(step) {
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(
                matches!(
                    verifier.verify(&flipped, Some(signature)),
                    Err(Rejected::WrongSignature { .. })
                ),
                "bit {bit} of {}",
                delivery.event
            );
            flipped[bit / 8] ^= 1 << (bit % 8);
            bits += 1;
        }
        bodies += usize::from(is_short);
    }
    assert!(bodies >= 5 && bits > 100_000, "{bodies} {bits}");
}

#[test]
fn samples_of_all_events_are_read() {
    let verifier = Verifier::new(["secret".into()]).unwrap();
    for name in EventName::KNOWN {
        let mut sample = Sample::new(name.clone());
        let text = "<b>&\"ü\u{1F363}\\";
        if sample.data.get("task").is_some() {
            sample.data["task"]["title"] = text.into();
        }
        let signature = signature("secret", &sample.body());
        let delivery = verifier.receive(sample.body(), Some(signature.as_bytes()));
        let event = delivery.unwrap().event;
        assert!(!matches!(event, Event::Unknown { .. }), "{name}");
        assert_eq!(event.name(), *name);
        assert!(event.task().is_none_or(|task| task.title == text));
        assert!(event.actor().is_some() != event.recipient().is_some());
        // The keys are those that a real server sends.
        let is_it = |it: &&Recorded| it.event == *name;
        let recorded = recorded();
        let real = recorded.iter().rfind(is_it).unwrap();
        let real: Value = serde_json::from_str(&real.body).unwrap();
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&sample.data), keys(&real["data"]), "{name}");
    }
}

#[test]
fn unknown_and_unreadable_events_are_handed_on() {
    let lax = Verifier::new([]).unwrap().allow_unsigned();
    let read = |sample: &Sample| lax.receive(sample.body(), None).unwrap().event;
    let mut unheard_of = Sample::new("task.sung".into());
    unheard_of.data["task"] = 5.into();
    let mut odd = Sample::new(EventName::TaskCreated);
    odd.data["task"]["id"] = "seven".into();
    for sample in [unheard_of, odd] {
        let event = read(&sample);
        let Event::Unknown { name, data } = &event else {
            panic!("{event:?}");
        };
        assert_eq!((name, data), (&sample.event, &sample.data));
        assert!(event.task().is_none() && event.project_id().is_none() && event.actor().is_none());
    }
    // 0.24 writes «nobody» as a user with the id 0.
    let mut by_a_link = Sample::new(EventName::TaskUpdated);
    by_a_link.data["doer"] = serde_json::json!({"id": 0, "username": ""});
    assert!(read(&by_a_link).actor().is_none());
    by_a_link.data["doer"]["id"] = (-3).into();
    assert_eq!(read(&by_a_link).actor().unwrap().id.get(), -3);
    // The project of the webhook may be above that of the task.
    by_a_link.data["project"]["id"] = 99.into();
    assert_eq!(read(&by_a_link).project().unwrap().id.get(), 99);
    assert_eq!(read(&by_a_link).project_id().unwrap().get(), 3);
}

/// What happens to a request beside the damage to its body.
#[derive(Clone, Debug)]
enum Twist {
    /// Signed as if nothing had happened: what is behind the signature is tried.
    SignAgain,
    DropSignature,
    SignTwice,
    Signature(Vec<u8>),
    /// The body breaks off.
    Break(Index),
}

fn twist() -> impl Strategy<Value = Twist> {
    prop_oneof![
        6 => Just(Twist::SignAgain),
        1 => Just(Twist::DropSignature),
        1 => Just(Twist::SignTwice),
        2 => vec(any::<u8>(), 0..200).prop_map(Twist::Signature),
        1 => any::<Index>().prop_map(Twist::Break),
    ]
}

type Broken = std::io::Error;
type Pieces = StreamBody<stream::Iter<std::vec::IntoIter<Result<http_body::Frame<Bytes>, Broken>>>>;

/// A damaged request, its body in pieces of this size; and whether it must be rejected.
fn damaged(
    recorded: &Recorded,
    mutations: &[Mutation],
    twist: Option<&Twist>,
    piece: usize,
) -> (Request<Pieces>, bool) {
    let original = recorded.request();
    let mut body = original.body().to_vec();
    for mutation in mutations {
        mutation.apply(&mut body, &[]);
    }
    let (mut head, whole) = original.into_parts();
    let mut is_wrong = whole != body || recorded.secret.is_none();
    let mut pieces: Vec<_> = body
        .chunks(piece)
        .map(|piece| Ok(http_body::Frame::data(Bytes::copy_from_slice(piece))))
        .collect();
    match twist {
        Some(Twist::SignAgain) => {
            let signature = signature("s3cret-β", &body);
            head.headers.insert(SIGNATURE, signature.parse().unwrap());
            is_wrong = false;
        }
        Some(Twist::DropSignature) => {
            head.headers.remove(SIGNATURE);
            is_wrong = true;
        }
        Some(Twist::SignTwice) => {
            if let Some(signature) = head.headers.get(SIGNATURE).cloned() {
                head.headers.append(SIGNATURE, signature);
            }
            is_wrong = true;
        }
        Some(Twist::Signature(bytes)) => {
            if let Ok(signature) = HeaderValue::from_bytes(bytes) {
                head.headers.insert(SIGNATURE, signature);
                is_wrong = true;
            }
        }
        Some(Twist::Break(at)) => {
            pieces.truncate(at.index(pieces.len() + 1));
            pieces.push(Err(Broken::other("the line is dead")));
            is_wrong = true;
        }
        None => {}
    }
    let body = StreamBody::new(stream::iter(pieces));
    (Request::from_parts(head, body), is_wrong)
}

/// `PROPTEST_CASES=100000` asks for more.
#[test]
fn damaged_requests_are_refused_or_read() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let recorded = recorded();
    let verifier = verifier().max_body(64 * 1024);
    let (app, received) = app(verifier.clone());
    let received = RefCell::new(received);
    let layer = ReceiveLayer::new(verifier);
    let cases = (
        any::<Index>(),
        vec(mutation(), 0..4),
        proptest::option::of(twist()),
        1..5000_usize,
    );
    let counted = RefCell::new(BTreeMap::new());
    let outcome = TestRunner::new(config()).run(&cases, |(which, mutations, twist, piece)| {
        let recorded = which.get(&recorded);
        let request = || damaged(recorded, &mutations, twist.as_ref(), piece);
        let (request_, is_wrong) = request();
        let by_axum = runtime.block_on(app.clone().oneshot(request_.map(axum::body::Body::new)));
        let status = by_axum.unwrap().status();
        let is_taken = received.borrow_mut().try_recv().is_ok();
        prop_assert_eq!(is_taken, status == StatusCode::OK);
        prop_assert!(!(is_taken && is_wrong));
        prop_assert!(is_taken || is_wrong || twist.is_some());
        prop_assert!(matches!(status.as_u16(), 200 | 400 | 401 | 413));
        // The other door says the same.
        let inner = service_fn(async |_: Request<Delivery>| {
            Ok::<_, Infallible>(Response::<Empty<Bytes>>::default())
        });
        let by_tower = runtime.block_on(layer.layer(inner).oneshot(request().0));
        prop_assert_eq!(by_tower.unwrap().status(), status);
        *counted.borrow_mut().entry(status.as_u16()).or_insert(0) += 1;
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(counted.borrow().len(), 4, "{counted:?}");
}

#[tokio::test]
async fn too_much_is_refused_before_it_is_read() {
    let (app, mut received) = app(verifier().max_body(1000));
    // Announced, and never sent: who waited for it would wait for ever.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, app.clone()).into_future());
    let mut announced = Request::new(Bytes::new());
    announced
        .headers_mut()
        .insert("content-length", HeaderValue::from_static("1001"));
    announced
        .headers_mut()
        .insert("host", HeaderValue::from_static("h"));
    assert_eq!(send(&address, &announced).await, (413, String::new()));
    // Not announced, and without an end.
    let endless = stream::repeat_with(|| {
        Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(&[b' '; 100])))
    });
    let request = Request::post("/")
        .body(axum::body::Body::new(StreamBody::new(endless)))
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(received.try_recv().is_err());
}

#[tokio::test]
async fn the_service_behind_the_layer_keeps_the_request() {
    let inner = service_fn(async |request: Request<Delivery>| {
        let agent = request.headers()["user-agent"].to_str().unwrap();
        let name = request.body().event.name();
        let text = format!("{} {agent} {name}", request.uri().path());
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(text)))
    });
    let service = ReceiveLayer::new(Verifier::new(["secret".into()]).unwrap()).layer(inner);
    let mut request = Sample::new(EventName::TaskDeleted).request(Some("secret"));
    *request.uri_mut() = "/hooks/1".parse().unwrap();
    let response = service.oneshot(request.map(Full::new)).await.unwrap();
    let body = http_body_util::BodyExt::collect(response.into_body()).await;
    assert_eq!(
        body.unwrap().to_bytes(),
        "/hooks/1 Vikunja/v2.5.0 task.deleted"
    );
}
