//! Whom the story is told to.

use std::{io::Write, path::PathBuf, sync::OnceLock, time::Duration};

use loadtest::{
    server::{Running, Which},
    stop::Stop,
};
use vikunja_sandbox::Sandbox;
use vikunja_sdk::{Api, ApiChoice, Client, model::Info, ops};

/// A process can listen for signals once.
static STOP: OnceLock<Stop> = OnceLock::new();

/// A server and how to call it.
pub(crate) struct Told {
    pub(crate) name: String,
    address: String,
    api: ApiChoice,
    alive: Alive,
}

/// What must not be dropped meanwhile.
#[expect(dead_code, reason = "held for its drop")]
enum Alive {
    Sandbox(Box<Sandbox>),
    Program(Running),
    Elsewhere,
}

/// Whom everything is told to: the real server that `VIKUNJA_URL` or `VIKUNJA_BIN` names, otherwise the stand-in as every
/// release that it imitates; through each API.
pub(crate) fn servers() -> Vec<Told> {
    match real() {
        real if real.is_empty() => sandboxes(),
        real => real,
    }
}

fn sandboxes() -> Vec<Told> {
    [
        ("0.20", Api::V1),
        ("0.24", Api::V1),
        ("1.0", Api::V1),
        ("2.5", Api::V1),
        ("2.5", Api::V2),
    ]
    .map(|(release, api)| {
        let sandbox = Sandbox::with(release).unwrap();
        Told {
            name: format!("sandbox {release} {api}"),
            address: sandbox.url(),
            api: ApiChoice::Only(api),
            alive: Alive::Sandbox(Box::new(sandbox)),
        }
    })
    .into()
}

/// The real server; none where none is named.
pub(crate) fn real() -> Vec<Told> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let apis = [ApiChoice::Only(Api::V1), ApiChoice::Only(Api::V2)];
    if let Some(address) = variable("VIKUNJA_URL") {
        return apis
            .map(|api| Told {
                name: format!("{address} {api:?}"),
                address: address.clone(),
                api,
                alive: Alive::Elsewhere,
            })
            .into();
    }
    let Some(program) = variable("VIKUNJA_BIN") else {
        return Vec::new();
    };
    let stop = STOP.get_or_init(|| Stop::on_signals().unwrap());
    apis.map(|api| {
        let running = Running::start(&Which::Program(PathBuf::from(&program)), stop).unwrap();
        Told {
            name: format!("{program} {api:?}"),
            address: running.address.clone(),
            api,
            alive: Alive::Program(running),
        }
    })
    .into()
}

/// Says so aloud. Not with `eprintln!`: what a passing test prints is swallowed.
pub(crate) fn skipped(why: &str) {
    let said = format!("\nSKIPPED: {why}\n");
    std::io::stderr().write_all(said.as_bytes()).unwrap();
}

impl Told {
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn api(&self) -> ApiChoice {
        self.api
    }

    /// Whether this is the stand-in, which has not got that; says so aloud.
    pub(crate) fn lacks(&self, what: &str) -> bool {
        let lacks = matches!(self.alive, Alive::Sandbox(_));
        if lacks {
            skipped(&format!("{what}: not of {}", self.name));
        }
        lacks
    }

    /// A client with nobody logged in, once the server answers; `None` where it does not have this API.
    pub(crate) async fn client(&self) -> Option<(Client, Info)> {
        let mut last = None;
        for _ in 0..300 {
            match Client::connect(&self.address).await {
                Ok(mut client) => {
                    let identified = ops::identify(&mut client).await.unwrap();
                    if self.api == ApiChoice::Only(Api::V2) && !identified.server.release.has_v2() {
                        return None;
                    }
                    let server = identified.server.with_api(self.api);
                    return Some((client.at(server), identified.info));
                }
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{}: {}", self.name, last.unwrap());
    }
}
