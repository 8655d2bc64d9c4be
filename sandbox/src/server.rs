//! The HTTP server: a thread with a small runtime, faults, and stopping.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request as HttpRequest, State};
use axum::http::{HeaderName, HeaderValue, Method, Response, header};
use axum::serve::ListenerExt as _;
use http_body_util::{BodyExt as _, Full, Limited};
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};

use crate::answer::{Incoming, answer, operation};
use crate::config::Config;
use crate::failure::{Failure, plain};
use crate::operations::{is_set_up, is_slow};
use crate::release::At;
use crate::reply::Reply;
use crate::world::{Request, World};

/// `files.maxsize` + 2 MB.
const BODY_LIMIT: usize = 22 * 1024 * 1024;
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
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// The port asked for.
        port: u16,
        /// The system's reason.
        source: io::Error,
    },
    /// The database cannot be opened.
    #[error("cannot open the database: {0}")]
    Database(String),
    /// A configured value is out of its range.
    #[error("{0}")]
    Config(String),
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
        let listen = |source| Error::Listen { port, source };
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let world = Arc::new(World::new(config)?);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sandbox")
            .enable_io()
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
        self.world.requests()
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
    // Without this an answer may wait 40 ms for the client's acknowledgement of its head.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    let died = Arc::new(Notify::new());
    let shared = Shared {
        world: Arc::clone(&world),
        died: Arc::clone(&died),
    };
    let (finish, finishing) = oneshot::channel::<()>();
    let service = Router::new()
        .fallback(handle)
        .with_state(shared)
        .into_make_service_with_connect_info::<SocketAddr>();
    let server =
        axum::serve(listener, service).with_graceful_shutdown(async { drop(finishing.await) });
    let server = tokio::spawn(std::future::IntoFuture::into_future(server));
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
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    request: HttpRequest,
) -> Response<Body> {
    let world = &shared.world;
    let faults = &world.config.faults;
    let number = world.next_number();
    if faults.die_after.is_some_and(|answers| number >= answers) {
        shared.died.notify_one();
        // The runtime is going down; there is no answer any more.
        return std::future::pending().await;
    }
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let request = Incoming {
        method: head.method,
        uri: head.uri,
        headers: head.headers,
        body: body.as_ref().cloned().unwrap_or_default(),
        address: address.ip(),
    };
    if let Some(stall) = faults.stall {
        world.timer.sleep(stall.wait(world.started.elapsed())).await;
    }
    let operation = operation(world, &request).map(|route| route.operation);
    let is_read = request.method == Method::GET;
    let touched = request.uri.path().starts_with("/api/") && !operation.is_some_and(is_set_up);
    if touched && is_read {
        world.timer.sleep(faults.delay).await;
    }
    let at = At::of(world.config.release, request.uri.path());
    let path = request.uri.to_string();
    let method = request.method.clone();
    let seed = world.config.seed;
    let reply = if body.is_err() {
        too_large()
    } else if let Some(failure) = forced_failure(world, touched, is_read, number) {
        failure.reply(at)
    } else if operation.is_some_and(is_slow) {
        let world = Arc::clone(world);
        tokio::task::spawn_blocking(move || answer(&world, &request))
            .await
            .unwrap_or_else(|error| Failure::Internal(error.to_string()).reply(at))
    } else {
        answer(world, &request)
    };
    world.remember(Request {
        method: method.to_string(),
        path,
        status: reply.status.as_u16(),
    });
    let cut = touched && is_read && faults.cut.takes(seed ^ CUT, number);
    response(world, reply, cut)
}

/// Keeps the shares of different faults from taking the same requests.
const CUT: u64 = 0x63_75_74;

fn forced_failure(world: &World, touched: bool, is_read: bool, number: u64) -> Option<Failure> {
    let (faults, seed) = (&world.config.faults, world.config.seed);
    match (touched, is_read) {
        (false, _) => None,
        (true, true) => {
            let failing = faults
                .fail
                .filter(|failing| failing.share.takes(seed, number))?;
            Some(if failing.status == 500 {
                Failure::Internal("told to fail".to_owned())
            } else {
                plain(failing.status, "told to fail")
            })
        }
        (true, false) => faults
            .fail_writes
            .takes(seed, number)
            .then(|| Failure::Internal("told to fail".to_owned())),
    }
}

fn too_large() -> Reply {
    Reply::json(
        413,
        &serde_json::json!({"code": 4013, "message": "The request is too large."}),
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
