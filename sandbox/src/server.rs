//! The HTTP server: a thread with a small runtime, faults, and stopping.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request as HttpRequest, State};
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::upgrade::OnUpgrade;
use jiff::fmt::rfc2822;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

use crate::answer::{Incoming, answer, operation};
use crate::clock;
use crate::config::Config;
use crate::deliveries;
use crate::due;
use crate::failure::{Failure, plain};
use crate::faults::{Faults, Share, Skew};
use crate::line::{Lines, Peer};
use crate::live;
use crate::log::Request;
use crate::operations::{is_set_up, is_slow};
use crate::release::At;
use crate::reply::Reply;
use crate::work::work;
use crate::world::World;

/// Longest body where the release has no limit: nobody fills the memory.
const LONGEST_BODY: usize = 128 << 20;
/// How long a stopping sandbox lets requests finish.
const GRACE: Duration = Duration::from_millis(100);

/// A running sandbox. Dropping it stops it.
///
/// It serves on a thread of its own and needs no async runtime around it.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}: {error}; give another port, or 0 for a free one")]
    Listen {
        /// The port asked for.
        port: u16,
        /// The system's reason. The text says it; so it is no `source()`, which would be printed a second time.
        error: io::Error,
    },
    /// The database cannot be opened.
    #[error("cannot open the database: {0}")]
    Database(String),
    /// A configured value is out of its range.
    #[error("{0}")]
    Config(String),
    /// An account could not be made.
    #[error("{path} was answered {status}: {body}")]
    Refused {
        /// What was called.
        path: &'static str,
        /// Status of the answer.
        status: u16,
        /// Its body.
        body: String,
    },
    /// The system refused a thread or a runtime.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

impl Sandbox {
    /// Starts a sandbox on 127.0.0.1 and returns when it accepts connections.
    pub fn start(config: Config) -> Result<Self, Error> {
        if !(4..=31).contains(&config.bcrypt_cost) {
            return Err(Error::Config(format!(
                "a bcrypt cost is 4 to 31, not {}",
                config.bcrypt_cost
            )));
        }
        let port = config.port;
        let listen = |error| Error::Listen { port, error };
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let world = Arc::new(World::new(config)?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sandbox")
            .enable_io()
            .on_thread_start({
                let clock = world.clock.clone();
                move || clock.install()
            })
            .build()
            .map_err(Error::Thread)?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("sandbox-server".to_owned())
            .spawn({
                let world = Arc::clone(&world);
                move || {
                    runtime.block_on(serve(world, listener, stopped));
                    // Whoever still waits for an answer is cut off.
                    runtime.shutdown_timeout(Duration::from_millis(10));
                }
            });
        let thread = thread.map_err(Error::Thread)?;
        Ok(Self {
            address,
            world,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// A sandbox of that release and with those faults, e.g. `"2.5"` or `"0.24,delay=600ms"`.
    pub fn with(text: &str) -> Result<Self, Error> {
        Self::start(
            text.parse()
                .map_err(|error: crate::ConfigError| Error::Config(error.to_string()))?,
        )
    }

    /// Base address, without a slash at the end: `http://127.0.0.1:45678`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The last 10,000 requests, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.world.requests.all()
    }

    /// Forgets the requests received so far.
    pub fn forget_requests(&self) {
        self.world.requests.clear();
    }

    /// Changes what goes wrong, from the next request on. Limits go on counting where they are.
    pub fn set_faults(&self, faults: Faults) {
        self.world.set_faults(faults);
    }

    /// Moves the server's clock on: tokens and rate-limit windows age, and what is stored from now on is that much
    /// later. Nothing waits; reminders in between fire.
    pub fn advance(&self, time: Duration) {
        self.world.clock.advance(Skew::ahead(time).milliseconds());
        self.world.clock.within(|| due::tell(&self.world));
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    /// Waits until the server ends by itself (`die-after`).
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    /// Whether it still serves: `die-after` ends it.
    pub fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error means that the server has ended already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the handler of a connection needs.
#[derive(Debug, Clone)]
struct Shared {
    world: Arc<World>,
    died: Arc<Notify>,
}

async fn serve(world: Arc<World>, listener: std::net::TcpListener, stopped: oneshot::Receiver<()>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let died = Arc::new(Notify::new());
    let shared = Shared {
        world: Arc::clone(&world),
        died: Arc::clone(&died),
    };
    let (finish, finishing) = oneshot::channel::<()>();
    let service = Router::new()
        .fallback(handle)
        .with_state(shared)
        .into_make_service_with_connect_info::<Peer>();
    let server = axum::serve(Lines(listener), service)
        .with_graceful_shutdown(async { drop(finishing.await) });
    let server = tokio::spawn(std::future::IntoFuture::into_future(server));
    tokio::spawn(deliveries::run(Arc::clone(&world)));
    if !world.config.release.webhooks.user_events.is_empty() {
        tokio::spawn(due::run(Arc::clone(&world)));
    }
    tokio::select! {
        () = died.notified() => return,
        _ = stopped => {}
    }
    drop(finish);
    tokio::select! {
        _ = server => {}
        () = world.timer.sleep(GRACE) => {}
    }
}

async fn handle(
    State(shared): State<Shared>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: HttpRequest,
) -> Response<Body> {
    let world = &shared.world;
    let faults = &world.faults();
    let number = world.next_number();
    if faults.die_after.is_some_and(|answers| number >= answers) {
        shared.died.notify_one();
        // The runtime is going down; there is no answer any more.
        return std::future::pending().await;
    }
    let (mut head, body) = request.into_parts();
    let upgrade = head.extensions.remove::<OnUpgrade>();
    let limit = world
        .config
        .release
        .files
        .body_limit
        .unwrap_or(LONGEST_BODY);
    let body = Limited::new(body, limit)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let request = Incoming {
        method: head.method,
        uri: head.uri,
        headers: head.headers,
        body: body.as_ref().cloned().unwrap_or_default(),
        address: Some(peer.address.ip()),
    };
    if let Some(stall) = faults.stall {
        world.timer.sleep(stall.wait(world.started.elapsed())).await;
    }
    let operation = operation(world, &request);
    let is_read = request.method == Method::GET;
    let touched = request.uri.path().starts_with("/api/") && !operation.is_some_and(is_set_up);
    let takes = |share: Share, salt: u64| touched && share.takes(world.config.seed ^ salt, number);
    if touched {
        let delay = if is_read {
            faults.delay
        } else {
            faults.delay_writes
        };
        world.timer.sleep(delay).await;
        work(faults.work);
    }
    let at = At::of(world.config.release, request.uri.path());
    let failing = if is_read {
        faults.fail
    } else {
        faults.fail_writes
    };
    let failing = failing.filter(|failing| takes(failing.share, 0));
    let (refused, lost) = (takes(faults.refuse, REFUSE), takes(faults.lose, LOSE));
    let mut received = received(&request, operation);
    let reply = if body.is_err() {
        too_large()
    } else if refused {
        forced(503).reply(at)
    } else if let Some(failing) = failing {
        forced(failing.status).reply(at)
    } else if operation.is_some_and(is_slow) {
        let world = Arc::clone(world);
        tokio::task::spawn_blocking(move || answer(&world, &request))
            .await
            .unwrap_or_else(|error| Failure::Internal(error.to_string()).reply(at))
    } else {
        answer(world, &request)
    };
    received.status = reply.status.as_u16();
    world.requests.push(received);
    if refused || lost {
        peer.hang_up();
    }
    if let Some(upgrade) = upgrade
        && reply.status == StatusCode::SWITCHING_PROTOCOLS
    {
        tokio::spawn(live::serve(Arc::clone(world), at, upgrade));
    }
    let cut = is_read && takes(faults.cut, CUT);
    response(world, reply, cut)
}

/// These keep the shares of different faults from taking the same requests.
const CUT: u64 = 0x63_75_74;
const REFUSE: u64 = 0x72_65_66;
const LOSE: u64 = 0x6c_6f_73;

fn received(request: &Incoming, operation: Option<&'static str>) -> Request {
    let mut headers = request.headers.clone();
    for name in [header::AUTHORIZATION, header::COOKIE] {
        if let Some(value) = headers.get_mut(name) {
            value.set_sensitive(true);
        }
    }
    Request {
        method: request.method.to_string(),
        path: request.uri.to_string(),
        operation,
        headers,
        body: Request::kept(&request.body),
        status: 0,
    }
}

fn forced(status: u16) -> Failure {
    match status {
        500 => Failure::Internal("told to fail".to_owned()),
        other => plain(other, "told to fail"),
    }
}

fn too_large() -> Reply {
    Reply::json(
        413,
        &serde_json::json!({"code": 4013, "message": "The uploaded file exceeds the maximum configured file size"}),
    )
}

fn response(world: &World, reply: Reply, cut: bool) -> Response<Body> {
    let length = reply.body.len();
    let body = if cut && length > 1 {
        cut_short(reply.body, length / 2)
    } else {
        Body::from(reply.body)
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    let name = HeaderName::from_static("x-vikunja-sandbox");
    response
        .headers_mut()
        .insert(name, HeaderValue::from_static(world.config.release.version));
    if world.clock.is_moved() {
        let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&clock::now());
        if let Some(date) = date.ok().and_then(|date| HeaderValue::try_from(date).ok()) {
            response.headers_mut().insert(header::DATE, date);
        }
    }
    if cut {
        // The promise that the body breaks.
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// A body that ends in the middle, with the connection.
fn cut_short(mut body: Vec<u8>, length: usize) -> Body {
    body.truncate(length);
    let half = Full::new(Bytes::from(body)).map_err(|never| match never {});
    let error = async { Some(Err(io::Error::other("told to cut the body short"))) };
    // Mapping hides the length, which would contradict the one in the header.
    Body::new(half.map_frame(|frame| frame).with_trailers(error))
}
