//! A server that knows how long it took: plain threads, blocking sockets, delays by the operating system's own timer.
//!
//! It answers just what the load tester asks of Vikunja 2.5: `GET /api/v1/info`, and `GET /api/v2/tasks` with one page.
//! Only that page is delayed and logged.
//!
//! The **residence time** of a request runs from the return of the `read` that completed its head to the return of the
//! `write` that handed over the last byte of the answer. So it has in it what a server is answerable for: the delay, as
//! long as the timer really took, the encryption, and the copy into the socket (on loopback that is also the delivery,
//! and may be the moment in which the reader's thread pushes ours aside). It has not in it what happens before the
//! server's thread runs, and after the socket has the bytes: that is the difference that a generator shows, and it can
//! never be zero.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use tempfile::TempDir;

use crate::{Outcome, stall::Freeze};

/// The path of the list.
pub const TASKS: &str = "/api/v2/tasks";

/// What `/api/v1/info` says: the release, and what tells it from others.
pub const INFO: &str = r#"{"version":"v2.5.0","max_items_per_page":50,"auth":{"local":{"enabled":true,"registration_enabled":false}},"webhooks_enabled":true,"public_teams_enabled":false,"concurrent_writes":false}"#;

/// A connection on which nothing comes for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// Longest head of a request.
const LONGEST_HEAD: usize = 64 << 10;

/// How the list is answered.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The body.
    pub body: String,
    /// So many requests are answered at once and not logged: the generator's warm-up.
    pub warm_up: usize,
    /// The delays of the others, in order; after the last one again from the first. Empty: none.
    pub delays: Vec<Duration>,
    /// When nothing is answered.
    pub freeze: Option<Freeze>,
    /// How long the body comes after the headers. Zero: both at once.
    pub body_after: Duration,
}

/// A certificate for loopback, signed by itself, and its key.
pub struct Identity {
    config: Arc<ServerConfig>,
    folder: TempDir,
}

impl Identity {
    /// Makes one.
    pub fn make() -> Outcome<Self> {
        let problem =
            |error: &dyn std::fmt::Display| format!("no certificate can be made: {error}");
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let own = rcgen::generate_simple_self_signed(names).map_err(|error| problem(&error))?;
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der())
            .map_err(|error| problem(&error))?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![own.cert.der().clone()], key)
            })
            .map_err(|error| problem(&error))?;
        let folder = tempfile::tempdir().map_err(|error| problem(&error))?;
        std::fs::write(pem(&folder), own.cert.pem()).map_err(|error| problem(&error))?;
        Ok(Self {
            config: Arc::new(config),
            folder,
        })
    }

    /// The PEM file that a client has to trust. It is gone with this value.
    pub fn pem(&self) -> PathBuf {
        pem(&self.folder)
    }
}

fn pem(folder: &TempDir) -> PathBuf {
    Path::join(folder.path(), "truth.pem")
}

/// A server at work.
pub struct Truth {
    url: String,
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<Vec<JoinHandle<()>>>,
}

/// Serves while `generate` works, which gets the address, and gives what it gave and the log of `expected` requests.
pub fn during<T>(
    script: Script,
    identity: Option<&Identity>,
    expected: usize,
    generate: impl FnOnce(&str) -> Outcome<T>,
) -> Outcome<(T, Vec<u64>)> {
    let server = Truth::start(script, identity)?;
    let given = generate(server.url())?;
    Ok((given, server.finish(expected)?))
}

/// What all connections share.
struct Shared {
    script: Script,
    tls: Option<Arc<ServerConfig>>,
    /// Requests for the list so far.
    asked: AtomicUsize,
    /// When the first judged one came.
    began: OnceLock<Instant>,
    /// Residence times in µs.
    log: Mutex<Vec<u64>>,
    stopping: AtomicBool,
}

impl Truth {
    /// Starts it on a free port of loopback, with TLS where there is an identity.
    pub fn start(script: Script, identity: Option<&Identity>) -> Outcome<Self> {
        let problem = |error: io::Error| format!("the truth server cannot listen: {error}");
        let listener = TcpListener::bind("127.0.0.1:0").map_err(problem)?;
        let address = listener.local_addr().map_err(problem)?;
        let scheme = if identity.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared {
            script,
            tls: identity.map(|identity| Arc::clone(&identity.config)),
            asked: AtomicUsize::new(0),
            began: OnceLock::new(),
            log: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            move || listen(&listener, &shared)
        });
        Ok(Self {
            url: format!("{scheme}://{address}"),
            address,
            shared,
            listening,
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until every connection is closed, and gives the log: residence times in µs, without the warm-up. It is an
    /// error if they are not as many as `expected`.
    pub fn finish(self, expected: usize) -> Outcome<Vec<u64>> {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The listener waits for a connection, so it gets one. If there is none to be had, it has ended.
        let _ = TcpStream::connect(self.address);
        let panicked = |_| "a thread of the truth server panicked".to_owned();
        for connection in self.listening.join().map_err(panicked)? {
            connection.join().map_err(panicked)?;
        }
        let mut log = self
            .shared
            .log
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if log.len() == expected {
            Ok(std::mem::take(&mut log))
        } else {
            Err(format!(
                "the truth server answered {} requests for the list after the warm-up, expected {expected}",
                log.len()
            ))
        }
    }
}

/// One thread for each connection, until somebody says stop.
fn listen(listener: &TcpListener, shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let mut connections = Vec::new();
    for stream in listener.incoming() {
        if shared.stopping.load(Ordering::SeqCst) {
            break;
        }
        let shared = Arc::clone(shared);
        connections.push(thread::spawn(move || {
            // A client that goes away is no error here; a request that got no answer is missing in the log.
            let _ = stream.and_then(|stream| serve(stream, &shared));
        }));
    }
    connections
}

fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    match &shared.tls {
        None => answer_all(stream, shared),
        Some(config) => {
            let tls = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
            answer_all(StreamOwned::new(tls, stream), shared)
        }
    }
}

fn answer_all(mut stream: impl Read + Write, shared: &Shared) -> io::Result<()> {
    let script = &shared.script;
    let page = Answer::new("200 OK", &script.body);
    let mut unread = Vec::with_capacity(4096);
    loop {
        let Some(end) = read_head(&mut stream, &mut unread)? else {
            return Ok(());
        };
        let arrived = Instant::now();
        let head = Head::of(&String::from_utf8_lossy(&unread[..end]));
        unread.drain(..end);
        match head.path.as_str() {
            TASKS => {
                let number = shared.asked.fetch_add(1, Ordering::Relaxed);
                let judged = number.checked_sub(script.warm_up);
                if let Some(number) = judged {
                    shared.thaw(arrived);
                    thread::sleep(script.delay(number));
                    shared.thaw(arrived);
                }
                page.send(&mut stream, script.body_after)?;
                let residence = arrived.elapsed();
                if judged.is_some() {
                    let mut log = shared.log.lock().unwrap_or_else(PoisonError::into_inner);
                    log.push(residence.as_micros() as u64);
                }
            }
            "/api/v1/info" => Answer::new("200 OK", INFO).send(&mut stream, Duration::ZERO)?,
            _ => {
                let unknown = Answer::new("404 Not Found", r#"{"message":"Not Found"}"#);
                unknown.send(&mut stream, Duration::ZERO)?;
            }
        }
        if !head.keep_alive {
            return Ok(());
        }
    }
}

impl Script {
    fn delay(&self, number: usize) -> Duration {
        let index = number.checked_rem(self.delays.len());
        index.map_or(Duration::ZERO, |index| self.delays[index])
    }
}

impl Shared {
    /// Waits while the server is frozen. Its time begins with the first judged request.
    fn thaw(&self, arrived: Instant) {
        if let Some(freeze) = &self.script.freeze {
            let began = *self.began.get_or_init(|| arrived);
            thread::sleep(freeze.left(began.elapsed()));
        }
    }
}

/// Reads until a head is whole, and says where it ends; `None` if the client has closed before it.
fn read_head(stream: &mut impl Read, unread: &mut Vec<u8>) -> io::Result<Option<usize>> {
    const END: &[u8] = b"\r\n\r\n";
    let mut part = [0; 4096];
    loop {
        if let Some(at) = unread.windows(END.len()).position(|window| window == END) {
            return Ok(Some(at + END.len()));
        }
        if unread.len() > LONGEST_HEAD {
            return Err(io::Error::other("the head of a request is too long"));
        }
        match stream.read(&mut part)? {
            0 => return Ok(None),
            length => unread.extend_from_slice(&part[..length]),
        }
    }
}

/// What matters of a request without a body.
#[derive(Debug, PartialEq)]
struct Head {
    /// Without the query.
    path: String,
    keep_alive: bool,
}

impl Head {
    fn of(text: &str) -> Self {
        let mut lines = text.lines();
        let mut first = lines.next().unwrap_or_default().split(' ').skip(1);
        let target = first.next().unwrap_or_default();
        let old = first.next() == Some("HTTP/1.0");
        let connection = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("connection"))
            .map(|(_, value)| value.trim().to_ascii_lowercase());
        Self {
            path: target.split('?').next().unwrap_or_default().to_owned(),
            // `ab -k` speaks HTTP/1.0 and asks for it.
            keep_alive: match connection.as_deref() {
                Some("keep-alive") => true,
                Some("close") => false,
                _ => !old,
            },
        }
    }
}

/// An answer, made before it is needed.
struct Answer {
    bytes: Vec<u8>,
    body_at: usize,
}

impl Answer {
    fn new(status: &str, body: &str) -> Self {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: keep-alive\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        Self {
            body_at: head.len(),
            bytes: [head.as_bytes(), body.as_bytes()].concat(),
        }
    }

    fn send(&self, stream: &mut impl Write, body_after: Duration) -> io::Result<()> {
        if body_after.is_zero() {
            stream.write_all(&self.bytes)?;
        } else {
            let (head, body) = self.bytes.split_at(self.body_at);
            stream.write_all(head)?;
            stream.flush()?;
            thread::sleep(body_after);
            stream.write_all(body)?;
        }
        stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_path_and_whether_to_go_on() {
        for (text, path, keep_alive) in [
            ("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "/a", true),
            ("GET /a HTTP/1.1\r\nconnection: Close\r\n\r\n", "/a", false),
            ("GET / HTTP/1.0\r\n\r\n", "/", false),
            (
                "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
                "/",
                true,
            ),
        ] {
            let path = path.to_owned();
            assert_eq!(Head::of(text), Head { path, keep_alive }, "{text}");
        }
    }

    #[test]
    fn lists_are_logged_after_the_warm_up_and_nothing_else_is() {
        let script = Script {
            body: "{}".to_owned(),
            warm_up: 2,
            ..Script::default()
        };
        let truth = Truth::start(script, None).unwrap();
        let mut client = TcpStream::connect(truth.address).unwrap();
        // All at once: what comes after a head stays for the next one.
        let mut requests = "GET /api/v2/tasks HTTP/1.1\r\n\r\n".repeat(5);
        requests += "GET /api/v1/info HTTP/1.1\r\n\r\nGET /x HTTP/1.1\r\nConnection: close\r\n\r\n";
        client.write_all(requests.as_bytes()).unwrap();
        let mut answers = String::new();
        client.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("200 OK").count(), 6, "{answers}");
        assert!(
            answers.contains(INFO) && answers.contains("404 Not Found"),
            "{answers}"
        );
        assert_eq!(truth.finish(3).unwrap().len(), 3);
    }

    #[test]
    fn another_number_of_requests_is_an_error() {
        let truth = Truth::start(Script::default(), None).unwrap();
        let problem = truth.finish(1).unwrap_err();
        assert!(
            problem.contains("answered 0 requests") && problem.contains("expected 1"),
            "{problem}"
        );
    }
}
