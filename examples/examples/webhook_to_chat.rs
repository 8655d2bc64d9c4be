//! Tells a chat what happens in a project. The program makes its webhook itself, with every event that this server sends.
//!
//! ```sh
//! export VIKUNJA_URL=http://localhost:3456 VIKUNJA_TOKEN=tk_… PROJECT=3
//! export LISTEN=0.0.0.0:8080 TARGET=https://bot.example.com/vikunja  # where Vikunja reaches it
//! export SECRET='something long and random' CHAT=https://hooks.slack.com/services/…
//! cargo run -p vikunja-examples --example webhook_to_chat
//! ```
//!
//! Without `CHAT` messages are printed. `OLD_SECRET` is taken too, while the secret is changed. From 2.2 on Vikunja calls
//! private addresses only with `VIKUNJA_OUTGOINGREQUESTS_ALLOWNONROUTABLEIPS=true`.

use std::{env, error::Error};

use secrecy::SecretString;
use tokio::{net::TcpListener, signal};
use vikunja_examples::notifier::{IncomingWebhook, Printed, run};
use vikunja_sdk::{
    Client, Execute,
    model::{EventName, ProjectId},
    ops,
    webhook::Verifier,
    webhooks::{Create, OwnerKind, Support, support},
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = SecretString::from(variable("SECRET")?);
    let old = env::var("OLD_SECRET").ok().map(SecretString::from);
    let verifier = Verifier::new([Some(secret.clone()), old].into_iter().flatten())?;
    // Before the webhook is there: nothing is sent to nobody.
    let listener = TcpListener::bind(variable("LISTEN")?).await?;

    let mut vikunja = Client::from_env().await?;
    let release = vikunja.session().server().release;
    let is_sent = |name: &&EventName| support(name, OwnerKind::Project, release) == Support::Sent;
    let wanted = Create {
        owner: variable("PROJECT")?.parse::<ProjectId>()?,
        target_url: variable("TARGET")?,
        events: EventName::KNOWN.iter().filter(is_sent).cloned().collect(),
        secret: Some(secret),
        basic_auth: None,
    };
    let ensured = ops::ensure_webhook(&mut vikunja, &wanted).await?;
    println!("webhook {}: {:?}", ensured.webhook.id, ensured.change);
    for warning in &ensured.warnings {
        eprintln!("{warning}");
    }

    let shutdown = async {
        // Where there is no Ctrl-C, the program runs until it is ended.
        if signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    match env::var("CHAT") {
        Ok(chat) => {
            let chat = IncomingWebhook::new(chat.into())?;
            run(listener, verifier, chat, shutdown).await?;
        }
        Err(_) => run(listener, verifier, Printed, shutdown).await?,
    }
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("set {name}; the head of this file says to what"))
}
