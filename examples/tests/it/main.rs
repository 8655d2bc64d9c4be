//! The examples, on the stand-in.

mod backup;
mod importer;
mod notifier;
mod quick_add;

use vikunja_sandbox::Sandbox;
use vikunja_sdk::Client;

/// A server of each kind that the examples are for.
fn sandboxes() -> Vec<Sandbox> {
    let start = |release| Sandbox::with(release).unwrap();
    ["0.24", "1.0", "2.5"].map(start).into()
}

/// A client with an account of its own.
async fn client(sandbox: &Sandbox, username: &str) -> Client {
    let account = sandbox.sign_up(username).unwrap();
    let client = Client::connect(&sandbox.url()).await.unwrap();
    client.set_token(account.token.into()).unwrap();
    client
}
