//! Credentials are renewed, one renewal at a time, and nobody who is dropped loses any.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
    time::Duration,
};

use secrecy::ExposeSecret;
use vikunja_sandbox::Sandbox;
use vikunja_sdk::{
    ApiChoice, Client, Error, Execute, Failure, Release,
    auth::{Credentials, Token},
    client::ClientBuilder,
    users,
};

use super::servers::{Told, servers};

/// What a service would write to its disk.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Option<Credentials>>>>);

impl Kept {
    /// A client whose credentials are kept here, slowly.
    fn watching(&self, builder: ClientBuilder) -> ClientBuilder {
        let kept = self.clone();
        builder.on_credentials(move |credentials| {
            let kept = kept.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                kept.0.lock().unwrap().push(credentials);
            }
        })
    }

    fn changes(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn newest(&self) -> Option<Credentials> {
        self.0.lock().unwrap().last().cloned().flatten()
    }
}

fn text(credentials: Option<Credentials>) -> Option<(String, String)> {
    let credentials = credentials?;
    let token = credentials.token.secret().expose_secret().to_owned();
    let refresh = credentials.refresh?.expose_secret().to_owned();
    Some((token, refresh))
}

/// Registers somebody new and logs in.
async fn logged_in(address: &str, api: ApiChoice, kept: &Kept) -> Result<Client, Error> {
    let client = kept
        .watching(Client::builder(address).api(api))
        .connect()
        .await?;
    let name = format!("session{}", fastrand::u32(..));
    client
        .send(&users::Register {
            username: name.clone(),
            email: format!("{name}@example.com"),
            password: "session-password-1".into(),
        })
        .await?;
    client.log_in(&name, "session-password-1".into()).await?;
    Ok(client)
}

/// As if ten minutes had passed: a token that the server refuses, beside a cookie that is good.
fn age(client: &Client) {
    let credentials = Execute::session(client).credentials().unwrap();
    let aged = Credentials {
        token: Token::new("eyJ0eXAiOiJKV1QifQ.eyJ0eXBlIjoxfQ.c2ln".into()).unwrap(),
        ..credentials
    };
    Execute::session(client).set_credentials(Some(aged));
}

#[tokio::test]
async fn sessions() {
    for told in servers() {
        tell(&told).await;
    }
}

async fn tell(told: &Told) {
    let Some((client, _)) = told.client().await else {
        return;
    };
    println!("{}", told.name);
    let session = Execute::session(&client);
    if session.server().release < Release(2, 0, 0) {
        by_the_token(told).await;
    } else {
        by_the_cookie(told).await;
        one_renewal_for_all(told).await;
        dropped_at_every_await(told).await;
    }
}

/// Up to 1.x the token itself is exchanged.
async fn by_the_token(told: &Told) {
    let kept = Kept::default();
    let client = logged_in(told.address(), told.api(), &kept).await.unwrap();
    let before = Execute::session(&client).token().unwrap();
    // A token made within the same second is the same.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let renewed = vikunja_sdk::ops::renew(&mut &client).await.unwrap();
    let after = renewed.unwrap().token;
    assert_ne!(
        before.secret().expose_secret(),
        after.secret().expose_secret()
    );
    client.send(&users::Current).await.unwrap();
    client.log_out().await.unwrap();
    assert!(Execute::session(&client).token().is_none());
    assert!(kept.newest().is_none());
}

/// From 2.0 a refused token is replaced, the call is sent again, and the new cookie is kept before it goes on.
async fn by_the_cookie(told: &Told) {
    let kept = Kept::default();
    let client = logged_in(told.address(), told.api(), &kept).await.unwrap();
    let first = text(kept.newest()).unwrap();
    age(&client);
    client.send(&users::Current).await.unwrap();
    let second = text(kept.newest()).unwrap();
    assert!(first.1 != second.1);
    // Not `assert_eq`, which would print them.
    assert!(text(Execute::session(&client).credentials()) == Some(second));

    // A restart takes the session up again.
    let again = kept.watching(Client::builder(told.address()).api(told.api()));
    let again = again.credentials(kept.newest().unwrap());
    let again = again.connect().await.unwrap();
    age(&again);
    again.send(&users::Current).await.unwrap();
    assert!(text(kept.newest()).is_some());

    // The first client's cookie is void by now: its session is over, and it says so once.
    age(&client);
    let over = client.send(&users::Current).await.unwrap_err();
    assert!(over.is_unauthorized(), "{over}");
    assert!(kept.newest().is_none());

    again.log_out().await.unwrap();
    assert!(Execute::session(&again).token().is_none());
    let nobody = again.send(&users::Current).await.unwrap_err();
    assert!(matches!(nobody, Error::Build(_)), "{nobody}");
}

/// Twenty calls find the token expired at once: one renews, all go on.
async fn one_renewal_for_all(told: &Told) {
    let kept = Kept::default();
    let client = logged_in(told.address(), told.api(), &kept).await.unwrap();
    age(&client);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send(&users::Current).await.map(|user| user.id) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    // The log-in, and one renewal.
    assert_eq!(kept.changes(), 2);
}

/// A future that is dropped wherever it waits costs nobody the session.
async fn dropped_at_every_await(told: &Told) {
    let kept = Kept::default();
    let client = logged_in(told.address(), told.api(), &kept).await.unwrap();
    let mut waits = 0;
    loop {
        age(&client);
        if after_waits(client.send(&users::Current), waits).await {
            break;
        }
        waits += 1;
        // What was under way ends without anybody waiting for it; the next call goes on with what came of it.
        client.send(&users::Current).await.unwrap();
        let kept = text(kept.newest());
        assert!(text(Execute::session(&client).credentials()) == kept);
    }
    println!("{}: dropped at {waits} awaits", told.name);
    assert!(waits >= 3, "{waits}");
}

/// Polls a future as often as it wakes, but lets it wait only so many times; true when it was done before.
async fn after_waits<F: Future>(future: F, most: u32) -> bool {
    let mut future = pin!(future);
    let mut waits = 0;
    poll_fn(move |context| match future.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if waits == most => Poll::Ready(false),
        Poll::Pending => {
            waits += 1;
            Poll::Pending
        }
    })
    .await
}

/// Where the token says when it ends, nobody is refused at all.
#[tokio::test]
async fn a_token_is_renewed_before_it_expires() {
    let sandbox = Sandbox::with("2.5,token-life=2s").unwrap();
    let kept = Kept::default();
    let client = logged_in(&sandbox.url(), ApiChoice::Auto, &kept)
        .await
        .unwrap();
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        client.send(&users::Current).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(kept.changes() >= 3, "{}", kept.changes());
    let refused = sandbox
        .requests()
        .into_iter()
        .filter(|request| request.status == 401)
        .count();
    assert_eq!(refused, 0);
}
