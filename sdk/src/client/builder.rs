//! The settings of a client.

use std::{env, future::Future, sync::Arc, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::{
    Client, Error, Pace, Shared,
    gate::Gate,
    renewer::{Keep, Renewals},
};
use crate::{
    ApiChoice, BuildError, Server, Session,
    auth::{Credentials, Token},
    retry::{Budget, Policy},
};

/// Settings of a [`Client`]. What is not set is as [`Client`] says.
///
/// ```no_run
/// # async fn example(pem: Vec<u8>) -> Result<(), vikunja_sdk::Error> {
/// use std::time::Duration;
/// use vikunja_sdk::Client;
///
/// let vikunja = Client::builder("https://vikunja.example.com")
///     .user_agent("my-service/1.0")
///     .attempt_timeout(Duration::from_secs(20))
///     .ca_certificate(pem)
///     .token("tk_0123456789".into())
///     .connect()
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "a builder does nothing until it connects or builds"]
pub struct ClientBuilder {
    address: String,
    api: ApiChoice,
    http: Option<reqwest::Client>,
    user_agent: String,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    call_timeout: Duration,
    certificates: Vec<Vec<u8>>,
    headers: Vec<(String, SecretString)>,
    proxy: Option<String>,
    retry: Policy,
    budget: Budget,
    pace: Option<Pace>,
    parallel_writes: bool,
    entry: Entry,
    keep: Option<Keep>,
}

/// How the client gets in.
enum Entry {
    None,
    Token(SecretString),
    Credentials(Credentials),
    Password(String, SecretString),
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    pub(super) fn new(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            api: ApiChoice::Auto,
            http: None,
            user_agent: concat!("vikunja-sdk/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(60),
            call_timeout: Duration::from_secs(180),
            certificates: Vec::new(),
            headers: Vec::new(),
            proxy: None,
            retry: Policy::default(),
            budget: Budget::default(),
            pace: None,
            parallel_writes: false,
            entry: Entry::None,
            keep: None,
        }
    }

    /// As the environment says: `VIKUNJA_URL`, and `VIKUNJA_TOKEN` or `VIKUNJA_USERNAME` with `VIKUNJA_PASSWORD`.
    pub fn from_env() -> Result<Self, BuildError> {
        Self::from_variables(|name| env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BuildError> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let missing = |name: &str, problem: &str| BuildError::Setting {
            name: name.to_owned(),
            problem: problem.to_owned(),
        };
        let address = set("VIKUNJA_URL").ok_or_else(|| {
            missing(
                "VIKUNJA_URL",
                "it is not set; expected something like https://vikunja.example.com",
            )
        })?;
        let builder = Self::new(&address);
        match (
            set("VIKUNJA_TOKEN"),
            set("VIKUNJA_USERNAME"),
            set("VIKUNJA_PASSWORD"),
        ) {
            (Some(token), _, _) => Ok(builder.token(token.into())),
            (None, Some(username), Some(password)) => {
                Ok(builder.password(&username, password.into()))
            }
            (None, Some(_), None) => Err(missing(
                "VIKUNJA_PASSWORD",
                "it is not set, and VIKUNJA_USERNAME is: set both, or VIKUNJA_TOKEN",
            )),
            (None, None, Some(_)) => Err(missing(
                "VIKUNJA_USERNAME",
                "it is not set, and VIKUNJA_PASSWORD is: set both, or VIKUNJA_TOKEN",
            )),
            (None, None, None) => Ok(builder),
        }
    }

    /// Which API to call where the server has both.
    pub fn api(mut self, api: ApiChoice) -> Self {
        self.api = api;
        self
    }

    /// Uses a token that you have: a JWT or an API token.
    pub fn token(mut self, token: SecretString) -> Self {
        self.entry = Entry::Token(token);
        self
    }

    /// Takes up a session that [`on_credentials`](Self::on_credentials) kept.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.entry = Entry::Credentials(credentials);
        self
    }

    /// Logs in with name and password when it connects. The password is not kept.
    pub fn password(mut self, username: &str, password: SecretString) -> Self {
        self.entry = Entry::Password(username.to_owned(), password);
        self
    }

    /// Called with the credentials whenever they change, and waited for before anybody uses the new ones who waited for
    /// them: keep them, and a restart needs no log-in. `None` says that they are over: logged out, or the server
    /// refuses to renew them.
    pub fn on_credentials<F, Fut>(mut self, keep: F) -> Self
    where
        F: Fn(Option<Credentials>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.keep = Some(Box::new(move |credentials| Box::pin(keep(credentials))));
        self
    }

    /// What the client calls itself.
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        user_agent.clone_into(&mut self.user_agent);
        self
    }

    /// Longest wait for a connection; 10 s.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// Longest wait for one complete answer; 60 s.
    pub fn attempt_timeout(mut self, time: Duration) -> Self {
        self.attempt_timeout = time;
        self
    }

    /// Longest a call may take, with its waits and repetitions; 180 s. [`Client::within`] sets it for single calls.
    pub fn call_timeout(mut self, time: Duration) -> Self {
        self.call_timeout = time;
        self
    }

    /// Trusts this certificate too (PEM), besides those of the system.
    pub fn ca_certificate(mut self, pem: Vec<u8>) -> Self {
        self.certificates.push(pem);
        self
    }

    /// A header for every request: what a proxy in front of the server wants.
    pub fn header(mut self, name: &str, value: SecretString) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }

    /// Sends everything through this proxy.
    pub fn proxy(mut self, address: &str) -> Self {
        self.proxy = Some(address.to_owned());
        self
    }

    /// Uses a reqwest client of your own. Its settings count instead of user agent, connect time-out, certificates,
    /// headers and proxy of this builder. Give it the redirect policy «none»: another one can carry the token elsewhere.
    pub fn http(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// When a request is sent again.
    pub fn retry(mut self, policy: Policy) -> Self {
        self.retry = policy;
        self
    }

    /// What may be spent on sending again.
    pub fn retry_budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Sends no more than this: for servers with a rate limiter.
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = Some(pace);
        self
    }

    /// Sends writes side by side even where the server cannot take them so (SQLite): half of them will fail and be
    /// repeated.
    pub fn parallel_writes(mut self) -> Self {
        self.parallel_writes = true;
        self
    }

    /// Connects, asks the server for its release, and logs in where a password is given.
    pub async fn connect(mut self) -> Result<Client, Error> {
        let entry = std::mem::replace(&mut self.entry, Entry::None);
        let server = Server::new(&self.address)?.with_api(self.api);
        let client = self.build(server)?.identified().await?;
        match entry {
            Entry::None => {}
            Entry::Token(token) => client.session.set_token(Some(Token::new(token)?)),
            Entry::Credentials(credentials) => client.session.set_credentials(Some(credentials)),
            Entry::Password(username, password) => {
                client.log_in(&username, password).await?;
            }
        }
        Ok(client)
    }

    /// A client for a server that is known, without asking it. Logging in is for [`connect`](Self::connect).
    pub fn build(self, server: Server) -> Result<Client, Error> {
        let session = Session::new(server);
        match &self.entry {
            Entry::None => {}
            Entry::Password(..) => {
                return Err(BuildError::Setting {
                    name: "password".to_owned(),
                    problem: "build() does not log in: use connect(), or log in afterwards"
                        .to_owned(),
                }
                .into());
            }
            Entry::Token(token) => session.set_token(Some(Token::new(token.clone())?)),
            Entry::Credentials(credentials) => {
                session.set_credentials(Some(credentials.clone()));
            }
        }
        let http = match &self.http {
            Some(http) => http.clone(),
            None => self.default_http()?,
        };
        Ok(Client {
            session,
            shared: Arc::new(Shared {
                http,
                attempt_timeout: self.attempt_timeout,
                parallel_writes: self.parallel_writes,
                gate: Gate::new(self.pace),
                budget: Arc::new(self.budget),
            }),
            renewals: Arc::new(Renewals::new(self.keep)),
            retry: self.retry,
            call_timeout: self.call_timeout,
        })
    }

    fn default_http(&self) -> Result<reqwest::Client, Error> {
        let refused = |name: &str, problem: String| BuildError::Setting {
            name: name.to_owned(),
            problem,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let mut value = HeaderValue::try_from(value.expose_secret())
                .map_err(|_| refused(name, "no header can carry its value".to_owned()))?;
            value.set_sensitive(true);
            let parsed = HeaderName::try_from(name)
                .map_err(|_| refused(name, "it is no name of a header".to_owned()))?;
            headers.append(parsed, value);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(&self.user_agent)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            // One that lasted longer than the attempt would look like an answer that was lost.
            .connect_timeout(self.connect_timeout.min(self.attempt_timeout / 2));
        for pem in &self.certificates {
            let certificate = reqwest::Certificate::from_pem(pem)
                .map_err(|error| refused("CA certificate", why(&error)))?;
            builder = builder.add_root_certificate(certificate);
        }
        if let Some(proxy) = &self.proxy {
            let proxy = reqwest::Proxy::all(proxy).map_err(|error| {
                let why = why(&error.without_url());
                refused("proxy", format!("{why}; expected http://host:port"))
            })?;
            builder = builder.proxy(proxy);
        }
        builder
            .build()
            .map_err(|error| refused("HTTP client", why(&error)).into())
    }
}

/// What is behind an error of reqwest, whose own text says only where it was.
fn why(error: &reqwest::Error) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    source.unwrap_or_else(|| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<ClientBuilder, BuildError> {
        ClientBuilder::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_says_where_and_who() {
        let url = ("VIKUNJA_URL", "https://vikunja.example.com");
        let token = ("VIKUNJA_TOKEN", "tk_0123");
        let name = ("VIKUNJA_USERNAME", "alice");
        let password = ("VIKUNJA_PASSWORD", "hunter2");
        assert!(matches!(from(&[url]).unwrap().entry, Entry::None));
        let both = from(&[url, token, name, password]).unwrap();
        assert!(matches!(both.entry, Entry::Token(_)));
        let user = from(&[url, name, password]).unwrap();
        assert!(matches!(user.entry, Entry::Password(..)));
        assert!(!format!("{user:?}").contains("hunter2"));
        for (variables, named) in [
            (vec![token], "VIKUNJA_URL"),
            (vec![("VIKUNJA_URL", "")], "VIKUNJA_URL"),
            (vec![url, name], "VIKUNJA_PASSWORD"),
            (vec![url, password], "VIKUNJA_USERNAME"),
        ] {
            let error = from(&variables).unwrap_err().to_string();
            assert!(error.contains(&format!("{named}: ")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn unusable_settings_are_named_and_not_shown() {
        let server = || Server::new("https://vikunja.example.com").unwrap();
        let builder = || Client::builder("");
        for (builder, named) in [
            (builder().header("x y", "hunter2".into()), "x y: "),
            (builder().header("x-key", "hunter2\n".into()), "x-key: "),
            (builder().proxy("http://user:hunter2@"), "proxy: "),
            (
                builder().ca_certificate(
                    b"-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----".to_vec(),
                ),
                "certificate",
            ),
            (builder().token("".into()), "token"),
        ] {
            let error = builder.build(server()).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
