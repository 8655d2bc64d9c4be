//! The examples, on the stand-in, or on the server on this machine that `VIKUNJA_URL` names: accounts are made there. With
//! SQLite give `--test-threads=1`, for it takes no writes of several clients side by side.

mod backup;
mod importer;
mod notifier;
mod quick_add;

use std::{env, time::SystemTime};

use vikunja_sandbox::Sandbox;
use vikunja_sdk::{Client, users::Register};

/// A server, and what keeps it alive.
struct Server {
    url: String,
    _sandbox: Option<Sandbox>,
}

/// A server of each kind that the examples are for.
fn servers() -> Vec<Server> {
    if let Ok(url) = env::var("VIKUNJA_URL") {
        return vec![Server {
            url,
            _sandbox: None,
        }];
    }
    let start = |release| Sandbox::with(release).unwrap();
    let sandboxes = ["0.24", "1.0", "2.5"].map(start);
    let server = |sandbox: Sandbox| Server {
        url: sandbox.url(),
        _sandbox: Some(sandbox),
    };
    sandboxes.map(server).into()
}

/// A client with an account of its own.
async fn client(server: &Server) -> Client {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let username = format!("u{now}");
    let client = Client::connect(&server.url).await.unwrap();
    let register = Register {
        email: format!("{username}@example.com"),
        username: username.clone(),
        password: "correct horse".into(),
    };
    client.send(&register).await.unwrap();
    let log_in = client.log_in(&username, "correct horse".into()).await;
    log_in.unwrap();
    client
}
