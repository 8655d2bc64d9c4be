//! One user's HTTP/1.1 connection, and the clock around it.
//!
//! A hyper connection instead of goose's client: less than half the CPU per request, one real connection per user, and
//! a clock that stops at the last byte of the body instead of at the headers.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};
use url::Url;
use vikunja_sdk::{
    BuildError, Endpoint, Execute, Failure, Output, RateLimit, ReplyError, Resolved, Session,
    retry::Happened,
};

use crate::{
    exit::Problem,
    record::{Class, Timing},
};

/// An endpoint carried out, with its clock.
pub struct Timed<T> {
    /// What came of it.
    pub result: Result<T, LineError>,
    /// How long the parts took.
    pub timing: Timing,
    /// The route; `None` if the request could not be built.
    pub route: Option<Resolved>,
}

impl<T> Timed<T> {
    fn not_sent(error: BuildError) -> Self {
        Self {
            result: Err(error.into()),
            timing: Timing::default(),
            route: None,
        }
    }
}

/// Longest answer that is kept in memory.
const LONGEST_ANSWER: usize = 64 << 20;

/// Where lines go: an address, and what every request carries.
#[derive(Clone)]
pub struct Target {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    headers: HeaderMap,
}

impl Target {
    /// For a server's address, with headers for every request.
    pub fn new(base: &str, tls: &TlsConnector, extra: &HeaderMap) -> Result<Self, Problem> {
        let unusable = |why: String| Problem::new(format!("{base} cannot be called: {why}"));
        let url = Url::parse(base).map_err(|error| unusable(error.to_string()))?;
        let host = url
            .host_str()
            .ok_or_else(|| unusable("it names no host".to_owned()))?
            .trim_matches(['[', ']'])
            .to_owned();
        let tls = (url.scheme() == "https")
            .then(|| ServerName::try_from(host.clone()))
            .transpose()
            .map_err(|error| unusable(error.to_string()))?
            .map(|name| (tls.clone(), name));
        let authority = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let mut headers = extra.clone();
        let mut default = |name, value: &str| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.entry(name).or_insert(value);
            }
        };
        default(header::HOST, &authority);
        default(header::ACCEPT, "*/*");
        default(
            header::USER_AGENT,
            concat!("vikunja-loadtest/", env!("CARGO_PKG_VERSION")),
        );
        Ok(Self {
            host,
            port: url.port_or_known_default().unwrap_or(80),
            tls,
            headers,
        })
    }
}

/// A connection that is made when it is needed, and made again when the server has closed it.
pub struct Line {
    session: Session,
    target: Arc<Target>,
    patience: Duration,
    sender: Option<SendRequest<Full<Bytes>>>,
    /// Connections made so far.
    pub connects: u64,
    /// What the last answer said of its rate limiter.
    pub limit: Option<RateLimit>,
    /// What the stand-in calls itself in its answers, where it is that.
    pub sandbox: Option<String>,
}

impl Line {
    /// A line for one session.
    pub fn new(session: Session, target: Arc<Target>, patience: Duration) -> Self {
        Self {
            session,
            target,
            patience,
            sender: None,
            connects: 0,
            limit: None,
            sandbox: None,
        }
    }

    /// Closes the connection: the next request makes a new one.
    pub fn hang_up(&mut self) {
        self.sender = None;
    }

    /// The same line, with another session.
    pub fn set_session(&mut self, session: Session) {
        self.session = session;
    }

    /// Carries out an endpoint and says how long the parts took. Decoding is not in the response time.
    pub async fn timed<E: Endpoint>(&mut self, endpoint: &E) -> Timed<Output<E>> {
        let (request, pending) = match self.session.call(endpoint) {
            Ok(call) => call,
            Err(error) => return Timed::not_sent(error),
        };
        let route = Some(*pending.route());
        let mut timing = Timing::default();
        let is_read = !pending.route().op.writes();
        let started = Instant::now();
        let exchanged = timeout(
            self.patience,
            self.exchange(request, started, is_read, &mut timing),
        )
        .await;
        let last_byte = Instant::now();
        timing.last_byte = last_byte - started;
        let response = exchanged.unwrap_or_else(|_| {
            // The answer may still come: this connection is of no use to the next request.
            self.sender = None;
            Err(LineError::TimeOut(self.patience))
        });
        let result = response.and_then(|response| {
            self.look_at(response.headers());
            Ok(pending.decode(&response)?)
        });
        timing.decode = last_byte.elapsed();
        Timed {
            result,
            timing,
            route,
        }
    }

    fn look_at(&mut self, headers: &HeaderMap) {
        self.limit = RateLimit::of(headers);
        if self.sandbox.is_none() {
            self.sandbox = sandbox_of(headers);
        }
    }

    async fn exchange(
        &mut self,
        mut request: http::Request<Bytes>,
        started: Instant,
        is_read: bool,
        timing: &mut Timing,
    ) -> Result<http::Response<Bytes>, LineError> {
        self.connect_if_closed(timing).await?;
        // On a connection of our own the request names the path only; the host is a header.
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(Uri::default, Uri::from);
        for (name, value) in &self.target.headers {
            request.headers_mut().append(name, value.clone());
        }
        let request = request.map(Full::new);
        let mut answer = self.send(request.clone()).await;
        let was_idle = timing.connect.is_none();
        if answer.is_err() && was_idle && is_read {
            // The server has closed the connection between two answers, as servers do: that is no failure of theirs, and
            // the time of connecting again is in this request.
            self.connect_if_closed(timing).await?;
            answer = self.send(request).await;
        }
        timing.first_byte = started.elapsed();
        let (head, body) = answer?.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER)
            .collect()
            .await
            .map_err(|error| {
                self.sender = None;
                LineError::Broken(format!("in the middle of the answer: {error}"))
            })?
            .to_bytes();
        Ok(http::Response::from_parts(head, body))
    }

    async fn send(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<hyper::body::Incoming>, LineError> {
        let Some(sender) = self.sender.as_mut() else {
            return Err(LineError::Broken("before the request".to_owned()));
        };
        let answer = sender.send_request(request).await;
        answer.map_err(|error| {
            self.sender = None;
            LineError::Broken(format!("before an answer: {error}"))
        })
    }

    async fn connect_if_closed(&mut self, timing: &mut Timing) -> Result<(), LineError> {
        if let Some(sender) = self.sender.as_mut()
            && sender.ready().await.is_ok()
        {
            return Ok(());
        }
        let started = Instant::now();
        let connected = self.connect().await;
        timing.connect = Some(started.elapsed());
        self.sender = Some(connected?);
        self.connects += 1;
        Ok(())
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, LineError> {
        let target = &self.target;
        let stream = TcpStream::connect((target.host.as_str(), target.port))
            .await
            .map_err(|error| LineError::of_connect(&target.host, target.port, error))?;
        stream
            .set_nodelay(true)
            .map_err(|error| LineError::of_connect(&target.host, target.port, error))?;
        match &target.tls {
            None => handshake(stream).await,
            Some((connector, name)) => {
                let stream = connector
                    .connect(name.clone(), stream)
                    .await
                    .map_err(|error| LineError::Tls(error.to_string()))?;
                handshake(stream).await
            }
        }
    }
}

/// Every answer of the stand-in says that it is one.
fn sandbox_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-vikunja-sandbox")?;
    Some(value.to_str().unwrap_or("of unknown version").to_owned())
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, LineError> {
    let (sender, connection) = http1::Builder::new()
        // A fixed buffer: growing ones make ten thousand users large.
        .read_buf_exact_size(Some(16 << 10))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| LineError::Broken(error.to_string()))?;
    tokio::spawn(connection);
    Ok(sender)
}

impl Execute for Line {
    type Error = LineError;

    fn session(&self) -> &Session {
        &self.session
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, LineError> {
        self.timed(endpoint).await.result
    }
}

/// Why an endpoint could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The request could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The host's name is not known.
    #[error("the host {0} is not known: {1}")]
    UnknownHost(String, io::Error),
    /// Nothing listens, or nothing is reached.
    #[error("no connection to {0}: {1}")]
    Connect(String, io::Error),
    /// This machine has no more ports or descriptors.
    #[error("this machine cannot open another connection: {0}")]
    Exhausted(io::Error),
    /// TLS failed.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// No complete answer in time.
    #[error("no complete answer in {0:?}")]
    TimeOut(Duration),
    /// The connection broke.
    #[error("the connection broke {0}")]
    Broken(String),
    /// The server refused, or its answer cannot be read.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// A readable answer with something else in it than was promised.
    #[error("{0}")]
    Content(String),
}

impl LineError {
    fn of_connect(host: &str, port: u16, error: io::Error) -> Self {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable};
        // EMFILE and ENFILE have no kind of their own.
        let out_of_files = matches!(error.raw_os_error(), Some(23 | 24));
        match error.kind() {
            AddrInUse | AddrNotAvailable => Self::Exhausted(error),
            _ if out_of_files => Self::Exhausted(error),
            // A failed look-up has no OS error number.
            _ if error.raw_os_error().is_none() => Self::UnknownHost(host.to_owned(), error),
            _ => Self::Connect(format!("{host}:{port}"), error),
        }
    }

    /// The class that it counts in.
    pub fn class(&self) -> Class {
        match self {
            Self::Build(_) | Self::Exhausted(_) => Class::Generator,
            Self::UnknownHost(..) | Self::Connect(..) | Self::Tls(_) => Class::Connect,
            Self::TimeOut(_) => Class::TimeOut,
            Self::Broken(_) => Class::Broken,
            Self::Content(_) => Class::Content,
            Self::Reply(ReplyError::Api(error)) => match error.status.as_u16() {
                429 => Class::Limited,
                500..=599 => Class::Server,
                _ => Class::Client,
            },
            Self::Reply(_) => Class::Decode,
        }
    }

    /// What was asked and what came of it. An answer's error names its route itself.
    pub fn in_words(&self, route: &Resolved) -> String {
        match self {
            Self::Reply(reply) => reply.to_string(),
            other => format!("{route}: {other}"),
        }
    }

    /// HTTP status, where there was a refusal.
    pub fn status_code(&self) -> Option<u16> {
        self.status().map(|status| status.as_u16())
    }
}

impl Failure for LineError {
    fn reply(&self) -> Option<&ReplyError> {
        match self {
            Self::Reply(reply) => Some(reply),
            _ => None,
        }
    }

    fn happened(&self) -> Happened {
        match self {
            Self::Reply(reply) => reply.happened(),
            Self::Connect(..) | Self::UnknownHost(..) | Self::Tls(_) | Self::Exhausted(_) => {
                Happened::NotSent
            }
            Self::TimeOut(_) | Self::Broken(_) => Happened::Lost,
            Self::Build(_) | Self::Content(_) => Happened::Unusable,
        }
    }
}
