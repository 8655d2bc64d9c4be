//! One attempt to reach a webhook's target.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Delivery, user_agent};
use crate::store::webhooks::Webhook;
use crate::world::World;

/// How long a target may take: `webhooks.timeoutseconds`.
const TIME_OUT: Duration = Duration::from_secs(30);
/// How often a target may send on to another.
const REDIRECTS: usize = 10;

/// Sends the body to the webhook's target, and follows where it is sent on to.
pub(super) async fn attempt(
    world: &World,
    webhook: &Webhook,
    event: &str,
    attempt: u32,
    body: Vec<u8>,
) -> Delivery {
    let body = Bytes::from(body);
    let headers = headers(world, webhook, &body);
    let answer = tokio::select! {
        answer = send(world, webhook, &headers, &body) => answer,
        () = world.timer.sleep(TIME_OUT) => Err(format!("no answer within {TIME_OUT:?}")),
    };
    Delivery {
        url: webhook.target_url.clone(),
        event: event.to_owned(),
        attempt,
        headers,
        body,
        status: answer.as_ref().ok().map(StatusCode::as_u16),
        error: answer.err(),
    }
}

fn headers(world: &World, webhook: &Webhook, body: &[u8]) -> HeaderMap {
    let release = world.config.release;
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: String, is_secret: bool| {
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(is_secret);
            headers.insert(name, value);
        }
    };
    add("user-agent", user_agent(release), false);
    add("content-type", "application/json".to_owned(), false);
    add("accept-encoding", "gzip".to_owned(), false);
    add("x-vikunja-sandbox", release.version.to_owned(), false);
    if !webhook.secret.is_empty() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, webhook.secret.as_bytes());
        let signature = hmac::sign(&key, body);
        let hex = signature
            .as_ref()
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        add("x-vikunja-signature", hex, false);
    }
    let user = webhook.basic_auth_user.as_deref().unwrap_or_default();
    let password = webhook.basic_auth_password.as_deref().unwrap_or_default();
    if !user.is_empty() && !password.is_empty() {
        let both = BASE64_STANDARD.encode(format!("{user}:{password}"));
        add("authorization", format!("Basic {both}"), true);
    }
    headers
}

async fn send(
    world: &World,
    webhook: &Webhook,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<StatusCode, String> {
    let mut url = webhook.target_url.clone();
    let (mut method, mut body) = (Method::POST, body.clone());
    for _ in 0..=REDIRECTS {
        let uri: Uri = url.parse().map_err(|_| format!("{url} is no address"))?;
        let (status, location) = exchange(world, &uri, &method, headers, &body).await?;
        match (status.as_u16(), location) {
            (301..=303, Some(next)) => {
                (method, body) = (Method::GET, Bytes::new());
                url = absolute(&uri, next);
            }
            (307 | 308, Some(next)) => url = absolute(&uri, next),
            _ => return Ok(status),
        }
    }
    Err(format!("stopped after {REDIRECTS} redirects"))
}

/// Where a redirect leads: to another server, or elsewhere on this one.
fn absolute(from: &Uri, to: String) -> String {
    match from.authority() {
        Some(authority) if to.starts_with('/') => format!("http://{authority}{to}"),
        _ => to,
    }
}

/// One request on a connection of its own: the status, and where it leads to.
async fn exchange(
    world: &World,
    uri: &Uri,
    method: &Method,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<(StatusCode, Option<String>), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{uri}: {error}");
    if uri.scheme_str() != Some("http") {
        return Err(failed(&"the sandbox speaks plain HTTP alone"));
    }
    let authority = uri.authority().ok_or_else(|| failed(&"it names no host"))?;
    let host = authority.host().trim_matches(['[', ']']);
    let port = authority.port_u16().unwrap_or(80);
    let found = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<SocketAddr> = found.map_err(|error| failed(&error))?.collect();
    let is_guarded =
        world.faults().private_targets_refused && world.config.release.webhooks.targets_guarded;
    if is_guarded && addresses.iter().any(|address| !is_public(address.ip())) {
        return Err(failed(
            &"targets on this machine or in private networks are refused",
        ));
    }
    let stream = TcpStream::connect(addresses.as_slice()).await;
    let stream = TokioIo::new(stream.map_err(|error| failed(&error))?);
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .title_case_headers(true)
        .handshake(stream)
        .await
        .map_err(|error| failed(&error))?;
    tokio::spawn(connection);
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = Request::new(Full::new(body.clone()));
    *request.method_mut() = method.clone();
    *request.uri_mut() = target.parse().map_err(|error| failed(&error))?;
    *request.headers_mut() = headers.clone();
    let name = HeaderValue::try_from(authority.as_str()).map_err(|error| failed(&error))?;
    request.headers_mut().insert(header::HOST, name);
    let answer = sender.send_request(request).await;
    let answer = answer.map_err(|error| failed(&error))?;
    let location = answer.headers().get(header::LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    Ok((answer.status(), location.map(ToOwned::to_owned)))
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_broadcast()
                || address.is_multicast())
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses() {
        let is_public = |text: &str| is_public(text.parse().expect("an address"));
        assert!(is_public("93.184.215.14") && is_public("2606:2800:21f::1"));
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(!is_public(private), "{private}");
        }
    }

    #[test]
    fn redirects_lead_elsewhere_or_stay() {
        let from = Uri::from_static("http://127.0.0.1:9/hook");
        assert_eq!(
            absolute(&from, "/other".to_owned()),
            "http://127.0.0.1:9/other"
        );
        let elsewhere = "http://127.0.0.1:8/".to_owned();
        assert_eq!(absolute(&from, elsewhere.clone()), elsewhere);
    }
}
