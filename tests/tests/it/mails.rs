//! What needs a mail: confirming an address, a forgotten password, the end of an account. The server must send its mails
//! here: start it with `VIKUNJA_MAILER_ENABLED=true`, `VIKUNJA_MAILER_HOST=127.0.0.1`, a `VIKUNJA_MAILER_PORT` and
//! `VIKUNJA_MAILER_FROMEMAIL`, and name that port in `MAIL_PORT`, the server in `VIKUNJA_URL`.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use secrecy::SecretString;
use vikunja_sdk::{Client, Code, Execute, Failure, Release, account, users};

use super::{
    accounts::{PASSWORD, registered},
    servers::{real, skipped},
};

#[tokio::test]
async fn mails_of_a_real_server() {
    let port = std::env::var("MAIL_PORT").ok();
    let Some(port) = port.filter(|_| std::env::var_os("VIKUNJA_URL").is_some()) else {
        skipped("no server that sends mail is named; set VIKUNJA_URL and MAIL_PORT");
        return;
    };
    let inbox = Inbox::listening(port.parse().unwrap());
    for told in real() {
        let Some((mut client, info)) = told.client().await else {
            println!("{}: has no such API", told.name);
            continue;
        };
        println!("{}: {}", told.name, info.version);
        client.retry.assume_sqlite = true;
        client.retry.locked_tries = 12;
        let name = registered(&client).await;
        let email = format!("{name}@example.com");
        confirmed(&client, &inbox, &email).await;
        let password = forgotten(&client, &inbox, &email).await;
        client.log_in(&name, password.clone()).await.unwrap();
        let email = moved(&client, &inbox, &name, &password).await;
        ended(&client, &inbox, &email, &password).await;
    }
}

fn release(client: &Client) -> Release {
    Execute::session(client).server().release
}

async fn confirmed(client: &Client, inbox: &Inbox, email: &str) {
    let token = inbox.token(email, "userEmailConfirm").await;
    let confirm = account::ConfirmEmail { token };
    client.send(&confirm).await.unwrap();
    let again = client.send(&confirm).await.unwrap_err();
    assert_eq!(again.code(), Some(Code::EmailTokenInvalid));
}

/// The password that it is from now on.
async fn forgotten(client: &Client, inbox: &Inbox, email: &str) -> SecretString {
    let request = account::RequestPasswordReset {
        email: email.to_owned(),
    };
    client.send(&request).await.unwrap();
    let reset = account::ResetPassword {
        token: inbox.token(email, "userPasswordReset").await,
        new_password: "mails-password-1".into(),
    };
    client.send(&reset).await.unwrap();
    let again = client.send(&reset).await;
    if release(client) < Release(2, 0, 0) {
        again.unwrap();
    } else {
        let again = again.unwrap_err();
        assert_eq!(again.code(), Some(Code::ResetTokenInvalid));
    }
    reset.new_password
}

/// The address that it is from now on.
async fn moved(client: &Client, inbox: &Inbox, name: &str, password: &SecretString) -> String {
    let change = account::ChangeEmail {
        new_email: format!("{name}@example.org"),
        password: password.clone(),
    };
    client.send(&change).await.unwrap();
    // A token in hand works on; nobody logs in before the address is confirmed.
    client.send(&users::Current).await.unwrap();
    let log_in = users::LogIn::new(name, password.clone());
    let early = client.send(&log_in).await;
    if release(client) < Release(1, 0, 0) {
        early.unwrap();
    } else {
        assert_eq!(early.unwrap_err().code(), Some(Code::EmailNotConfirmed));
    }
    let token = inbox.token(&change.new_email, "userEmailConfirm").await;
    client.send(&account::ConfirmEmail { token }).await.unwrap();
    client.send(&log_in).await.unwrap();
    change.new_email
}

async fn ended(client: &Client, inbox: &Inbox, email: &str, password: &SecretString) {
    let wrong = account::RequestDeletion {
        password: Some(PASSWORD.into()),
    };
    let refused = client.send(&wrong).await.unwrap_err();
    assert_eq!(refused.code(), Some(Code::WrongCredentials));
    let password = Some(password.clone());
    let request = account::RequestDeletion {
        password: password.clone(),
    };
    client.send(&request).await.unwrap();
    let end = || async {
        let me = client.send(&users::Current).await.unwrap();
        me.deletion_scheduled_at
    };
    let wrong = account::ConfirmDeletion {
        token: "nothing".into(),
    };
    let refused = client.send(&wrong).await;
    assert_eq!(refused.is_ok(), release(client) < Release(1, 0, 0));
    assert_eq!(end().await, None);
    let token = inbox.token(email, "accountDeletionConfirm").await;
    client
        .send(&account::ConfirmDeletion { token })
        .await
        .unwrap();
    assert!(end().await.is_some());
    client
        .send(&account::CancelDeletion { password })
        .await
        .unwrap();
    assert_eq!(end().await, None);
}

/// A mail server that takes everything, as much of one as Vikunja needs.
struct Inbox(Arc<Mutex<Vec<String>>>);

impl Inbox {
    fn listening(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let inbox = Self(Arc::clone(&mails));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mails = Arc::clone(&mails);
                // One that hangs up in the middle has sent nothing.
                thread::spawn(move || take(&stream.unwrap(), &mails));
            }
        });
        inbox
    }

    /// What the link of the newest mail to this address says.
    async fn token(&self, to: &str, parameter: &str) -> SecretString {
        for _ in 0..100 {
            if let Some(token) = self.find(to, parameter) {
                return token.into();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no mail to {to} with {parameter} within ten seconds");
    }

    fn find(&self, to: &str, parameter: &str) -> Option<String> {
        let mails = self.0.lock().unwrap();
        let is_to = |mail: &&String| mail.contains(&format!("<{to}>"));
        mails.iter().rev().filter(is_to).find_map(|mail| {
            let (_, rest) = mail.split_once(&format!("{parameter}="))?;
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric());
            Some(rest[..end?].to_owned())
        })
    }
}

/// One connection: answers every command, and keeps what follows `DATA`.
fn take(mut stream: &TcpStream, mails: &Mutex<Vec<String>>) -> std::io::Result<()> {
    stream.write_all(b"220 here\r\n")?;
    let mut mail: Option<String> = None;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        match &mut mail {
            Some(text) if line == "." => {
                // Quoted-printable.
                let text = text.replace("=\n", "").replace("=3D", "=");
                mails.lock().unwrap().push(text);
                mail = None;
            }
            Some(text) => {
                *text += &line;
                text.push('\n');
                continue;
            }
            None if line == "DATA" => {
                mail = Some(String::new());
                stream.write_all(b"354 go on\r\n")?;
                continue;
            }
            None => {}
        }
        stream.write_all(b"250 well\r\n")?;
    }
    Ok(())
}
