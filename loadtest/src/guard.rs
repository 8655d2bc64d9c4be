//! What is checked before anything is sent: whether this load on this server is meant.

use std::io::{self, IsTerminal};

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;
use vikunja_sdk::{Api, ApiChoice, Server, ops::Identified};

use crate::{
    cli::{ApiArg, is_loopback},
    exit::Problem,
    progress::say,
};

/// The server at an address. The SDK says what is wrong with one, and never repeats a password in it.
pub fn server_at(address: &str) -> Result<Server, Problem> {
    Server::new(address).map_err(|error| Problem::new(error.to_string()))
}

/// The host of an address.
pub fn host_of(address: &str) -> Result<String, Problem> {
    let server = server_at(address)?;
    Ok(Url::parse(server.base())
        .ok()
        .and_then(|url| url.host_str().map(ToOwned::to_owned))
        .unwrap_or_default())
}

/// A host that is not this machine must be named twice.
pub fn confirm_host(host: &str, confirmed: Option<&str>) -> Result<(), Problem> {
    match confirmed {
        _ if is_loopback(host) => Ok(()),
        Some(confirmed) if confirmed == host => Ok(()),
        Some(confirmed) => Err(Problem::new(format!(
            "--confirm-host {confirmed} is not the host of the address, {host}"
        ))
        .advise(format!("if that server is meant: --confirm-host {host}"))),
        None => Err(Problem::new(format!(
            "{host} is not this machine: a load on somebody's server must be meant"
        ))
        .advise(format!("name it a second time: --confirm-host {host}"))),
    }
}

/// Whether the server has the API that is asked for.
pub fn check_api(api: ApiArg, identified: &Identified) -> Result<(), Problem> {
    match ApiChoice::from(api) {
        ApiChoice::Only(Api::V2) if !identified.server.release.has_v2() => {
            Err(Problem::new(format!(
                "--api v2 needs Vikunja 2.4.0 or newer; this server is {}",
                identified.server.version
            ))
            .advise("leave --api out, or give --api v1"))
        }
        _ => Ok(()),
    }
}

/// Asks the person at the terminal, if there is one.
pub fn wants_throwaway() -> bool {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return false;
    }
    say(
        "No account is given. Register one there, make 100 tasks, and delete them afterwards? [y/N]",
    );
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// Headers for every request, as they are typed.
pub fn headers(given: &[String]) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    for text in given {
        // The value may be a secret of a proxy: an error names the header only.
        let (name, value) = text.split_once(':').ok_or_else(|| {
            Problem::new("--header: expected 'name: value'")
                .advise("write --header 'X-Request-Source: loadtest'")
        })?;
        let unusable = || {
            Problem::new(format!("--header {name}: not a header that can be sent"))
                .advise("write name and value in ASCII, on one line")
        };
        let header = HeaderName::try_from(name.trim()).map_err(|_| unusable())?;
        if OURS.contains(&header) {
            return Err(Problem::new(format!(
                "--header {name}: the load test sets this one itself"
            ))
            .advise("leave it out; a token belongs into VIKUNJA_TOKEN"));
        }
        let mut value = HeaderValue::try_from(value.trim()).map_err(|_| unusable())?;
        value.set_sensitive(true);
        headers.append(header, value);
    }
    Ok(headers)
}

/// Headers that a request has anyway.
const OURS: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::TRANSFER_ENCODING,
];
