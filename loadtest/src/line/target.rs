//! Where lines go: an address that is looked up once, and what every request carries.

use std::{io, net::SocketAddr, str::FromStr};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    sync::OnceCell,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};
use url::Url;

use super::{LineError, error::why};
use crate::exit::Problem;

/// A connection that requests are sent on.
pub(super) type Sender = SendRequest<Full<Bytes>>;

/// Where lines go.
pub struct Target {
    host: String,
    port: u16,
    addresses: OnceCell<Vec<SocketAddr>>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    pub(super) headers: HeaderMap,
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
            addresses: OnceCell::new(),
            tls,
            headers,
        })
    }

    /// The same host and port at these addresses, whatever its name says.
    pub fn resolved_by(mut self, rules: &[Resolve]) -> Result<Self, Problem> {
        let mut addresses = Vec::new();
        for rule in rules {
            if !rule.host.eq_ignore_ascii_case(&self.host) || rule.address.port() != self.port {
                return Err(Problem::new(format!(
                    "--resolve names {}:{}, and the server is {}:{}",
                    rule.host,
                    rule.address.port(),
                    self.host,
                    self.port
                ))
                .advise(format!(
                    "write --resolve {}:{}:{}",
                    self.host,
                    self.port,
                    rule.address.ip()
                )));
            }
            addresses.push(rule.address);
        }
        if !addresses.is_empty() {
            self.addresses = OnceCell::new_with(Some(addresses));
        }
        Ok(self)
    }

    pub(super) async fn connect(&self) -> Result<Sender, LineError> {
        let failed = |error| LineError::of_connect(&self.host, self.port, error);
        let addresses = self.addresses.get_or_try_init(|| self.look_up()).await?;
        let stream = TcpStream::connect(&addresses[..]).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        match &self.tls {
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

    /// Once for all lines: looking a name up is no part of what is measured. A failed look-up is not kept.
    async fn look_up(&self) -> Result<Vec<SocketAddr>, LineError> {
        let unknown = |error| LineError::UnknownHost(self.host.clone(), error);
        let found: Vec<_> = lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(unknown)?
            .collect();
        if found.is_empty() {
            return Err(unknown(io::Error::other("its name has no address")));
        }
        Ok(found)
    }
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<Sender, LineError> {
    let (sender, connection) = http1::Builder::new()
        // A fixed buffer, for growing ones make ten thousand users large; and a page of fifty tasks fits into it.
        .read_buf_exact_size(Some(32 << 10))
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| LineError::Broken(format!("before the request: {}", why(&error))))?;
    tokio::spawn(connection);
    Ok(sender)
}

/// `host:port:address`, as curl writes it: where a name leads, instead of asking for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    host: String,
    address: SocketAddr,
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!("{text:?} is not host:port:address, such as vikunja.example.com:443:127.0.0.1")
        };
        let mut parts = text.splitn(3, ':');
        let (Some(host), Some(port), Some(address)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        let port = port.parse().map_err(|_| wrong())?;
        let address = address
            .trim_matches(['[', ']'])
            .parse()
            .map_err(|_| wrong())?;
        if host.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            address: SocketAddr::new(address, port),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_resolving_are_read() {
        let rule: Resolve = "tasks.example.com:443:127.0.0.1".parse().unwrap();
        assert_eq!(rule.host, "tasks.example.com");
        assert_eq!(rule.address, "127.0.0.1:443".parse().unwrap());
        let six: Resolve = "tasks.example.com:80:[::1]".parse().unwrap();
        assert_eq!(six.address, "[::1]:80".parse().unwrap());
        for text in ["", "a:b:127.0.0.1", "a:80", "a:80:b", ":80:127.0.0.1"] {
            assert!(text.parse::<Resolve>().is_err(), "{text}");
        }
    }
}
