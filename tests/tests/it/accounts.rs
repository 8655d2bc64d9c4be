//! What somebody does with an account: settings apart, which have their place among the edits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::{digest, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use vikunja_sdk::{
    Api, ApiChoice, Changed, Client, Code, Content, Error, Execute, Failure, NewFile, Release,
    account, avatars, caldav_tokens, exports, login_sessions, model::AvatarProvider, oauth, openid,
    ops, page::walk, settings, totp, users,
};

use super::{files::DOT, servers::servers};

pub(crate) const PASSWORD: &str = "accounts-password-1";
const OTHER_PASSWORD: &str = "accounts-password-2";

#[tokio::test]
async fn accounts() {
    for told in servers() {
        let Some((mut client, info)) = told.client().await else {
            println!("{}: has no such API", told.name);
            continue;
        };
        println!("{}: {}", told.name, info.version);
        client.retry.assume_sqlite = true;
        client.retry.locked_tries = 12;
        let name = registered(&client).await;
        log_in(&client, &name, PASSWORD, None).await.unwrap();
        pictures(&client, &name).await;
        calendars(&client).await;
        all_data(&client).await;
        no_openid(&client).await;
        if release(&client) >= Release(2, 3, 0) {
            programs(&client).await;
        }
        if release(&client) >= Release(2, 0, 0) {
            sessions(&client, &name).await;
        }
        password(&client, &name).await;
        second_factor(&client, &name).await;
    }
}

fn release(client: &Client) -> Release {
    Execute::session(client).server().release
}

pub(crate) async fn registered(client: &Client) -> String {
    let name = format!("account{}", fastrand::u32(..));
    let register = users::Register {
        username: name.clone(),
        email: format!("{name}@example.com"),
        password: PASSWORD.into(),
    };
    client.send(&register).await.unwrap();
    name
}

async fn log_in(
    client: &Client,
    name: &str,
    password: &str,
    passcode: Option<SecretString>,
) -> Result<(), Error> {
    let log_in = users::LogIn {
        totp_passcode: passcode,
        ..users::LogIn::new(name, password.into())
    };
    client.log_in_with(&log_in).await.map(drop)
}

fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> Option<Code> {
    let error = result.unwrap_err();
    assert!(!error.to_string().contains("accounts-password"), "{error}");
    error.code()
}

async fn pictures(client: &Client, name: &str) {
    let download = |size| avatars::Download {
        username: name.to_owned(),
        size,
    };
    let is_svg = |content: &Content| content.head.content_type.as_deref() == Some("image/svg+xml");
    for provider in [AvatarProvider::Marble, AvatarProvider::Initials] {
        let set = avatars::SetProvider {
            provider: provider.clone(),
        };
        client.send(&set).await.unwrap();
        let chosen = client.send(&avatars::GetProvider).await.unwrap();
        assert_eq!(chosen.avatar_provider, provider);
        let picture = client.send(&download(Some(16))).await.unwrap();
        assert!(!picture.bytes.is_empty());
        assert!(is_svg(&picture) || provider == AvatarProvider::Initials);
    }
    let nothing = AvatarProvider::Other("nothing".to_owned());
    let unknown = avatars::SetProvider { provider: nothing };
    let refused = client.send(&unknown).await;
    assert_eq!(code(refused), Some(Code::AvatarProviderUnknown));

    let picture = NewFile::from_bytes("dot.png", DOT);
    client.upload(&avatars::Upload { picture }).await.unwrap();
    let chosen = client.send(&avatars::GetProvider).await.unwrap();
    assert_eq!(chosen.avatar_provider, AvatarProvider::Upload);
    let uploaded = client.send(&download(None)).await.unwrap();
    assert!(
        uploaded.bytes.starts_with(b"\x89PNG"),
        "{:?}",
        uploaded.head
    );
    let mut streamed = Vec::new();
    let mut stream = client.download(&download(None)).await.unwrap();
    stream.save_to(&mut streamed).await.unwrap();
    assert_eq!(streamed, uploaded.bytes);
    let picture = NewFile::from_bytes("note.txt", "no picture");
    let refused = client.upload(&avatars::Upload { picture }).await;
    assert_eq!(refused.unwrap_err().status().unwrap(), 400);

    let nobody = client.signed_out().send(&download(None)).await;
    assert_eq!(nobody.is_ok(), release(client) < Release(1, 0, 0));

    if Execute::session(client).server().api == ApiChoice::Only(Api::V2) {
        let patch = |provider| avatars::PatchProvider { provider };
        let set = patch(AvatarProvider::Marble);
        let Changed::Now(now) = client.send(&set).await.unwrap() else {
            panic!("nothing was changed");
        };
        assert_eq!(now.avatar_provider, AvatarProvider::Marble);
        let again = client.send(&set).await.unwrap();
        assert_eq!(again, Changed::Nothing);
    }
}

async fn calendars(client: &Client) {
    let made = client.send(&caldav_tokens::Create).await.unwrap();
    assert!(!made.token.unwrap().expose_secret().is_empty());
    let listed = client.send(&caldav_tokens::List).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].id, made.id);
    assert!(listed[0].token.is_none() && listed[0].created.is_some());
    let delete = caldav_tokens::Delete { token: made.id };
    client.send(&delete).await.unwrap();
    let listed = client.send(&caldav_tokens::List).await.unwrap();
    assert!(listed.is_empty());
    // What is not there is deleted already.
    client.send(&delete).await.unwrap();

    let zones = client.send(&settings::TimeZones).await.unwrap();
    assert!(zones.iter().any(|zone| zone == "Europe/Berlin"));
}

async fn all_data(client: &Client) {
    let has_status = release(client) >= Release(1, 0, 0);
    let status = client.send(&exports::Status).await;
    assert_eq!(status.is_ok(), has_status);
    assert_eq!(status.ok().flatten(), None);
    let password = |text: &str| Some(SecretString::from(text));
    let download = exports::Download {
        password: password(PASSWORD),
    };
    let nothing = client.download(&download).await.unwrap_err();
    assert_eq!(nothing.is_not_found(), has_status, "{nothing}");
    let wrong = exports::Request {
        password: password("wrong-password"),
    };
    assert_eq!(
        code(client.send(&wrong).await),
        Some(Code::WrongCredentials)
    );

    let request = exports::Request {
        password: password(PASSWORD),
    };
    client.send(&request).await.unwrap();
    let mut stream = None;
    for _ in 0..100 {
        match client.download(&download).await {
            Ok(ready) => {
                stream = Some(ready);
                break;
            }
            Err(error) => assert!(error.is_not_found() || !has_status, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut stream = stream.expect("an export within ten seconds");
    let head = stream.head().clone();
    assert_eq!(head.content_type.as_deref(), Some("application/zip"));
    let mut zip = Vec::new();
    let length = stream.save_to(&mut zip).await.unwrap();
    assert!(zip.starts_with(b"PK") && head.length == Some(length));
    assert_eq!(client.send(&download).await.unwrap().bytes, zip);
    if has_status {
        let ready = client.send(&exports::Status).await.unwrap().unwrap();
        assert_eq!(ready.size, length);
        assert!(ready.expires > ready.created);
    }
}

async fn no_openid(client: &Client) {
    let log_in = openid::LogIn::new("nobody", "code".into(), "https://example.com");
    let error = client.log_in_with(&log_in).await.unwrap_err();
    let is_gone = release(client) >= Release(1, 0, 0);
    let expected = if is_gone { 404 } else { 401 };
    assert_eq!(error.status().unwrap(), expected, "{error}");
}

/// A program is let in, is renewed like anybody, and its code works once.
async fn programs(user: &Client) {
    let verifier = "a-verifier-of-some-forty-three-characters-or-more";
    let redirect_uri = "http://127.0.0.1:9/callback".to_owned();
    let authorize = oauth::Authorize {
        client_id: "tests".to_owned(),
        redirect_uri: redirect_uri.clone(),
        state: "state".to_owned(),
        code_challenge: challenge(verifier),
    };
    let elsewhere = oauth::Authorize {
        redirect_uri: "https://example.com/callback".to_owned(),
        ..authorize.clone()
    };
    let refused = user.send(&elsewhere).await;
    assert_eq!(code(refused), Some(Code::OAuthRedirectForbidden));
    let authorized = user.send(&authorize).await.unwrap();
    assert_eq!(
        (authorized.state.as_str(), &authorized.redirect_uri),
        ("state", &redirect_uri)
    );
    let exchange = oauth::Exchange {
        code: authorized.code,
        client_id: "tests".to_owned(),
        redirect_uri,
        code_verifier: verifier.into(),
    };
    let mut program = user.signed_out();
    program.log_in_with(&exchange).await.unwrap();
    let me = user.send(&users::Current).await.unwrap().id;
    assert_eq!(program.send(&users::Current).await.unwrap().id, me);
    let spent = program.send(&exchange).await;
    assert_eq!(code(spent), Some(Code::OAuthCodeInvalid));

    // What the client does by itself, and what OAuth has for it, take the same token.
    for _ in 0..2 {
        let renewed = ops::renew(&mut program).await.unwrap().unwrap();
        let refresh = oauth::Refresh {
            refresh: renewed.refresh.unwrap(),
            client_id: "tests".to_owned(),
        };
        program.log_in_with(&refresh).await.unwrap();
        assert_eq!(program.send(&users::Current).await.unwrap().id, me);
        let spent = program.send(&refresh).await.unwrap_err();
        assert!(spent.is_unauthorized(), "{spent}");
    }
}

/// SHA-256 in base64url (RFC 7636).
fn challenge(verifier: &str) -> String {
    let hash = digest::digest(&digest::SHA256, verifier.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(hash)
}

/// Another device logs in and is thrown out.
async fn sessions(client: &Client, name: &str) {
    let list = login_sessions::List::default();
    let before = walk(client, list.clone()).collect(100).await.unwrap();
    let other = client.signed_out();
    log_in(&other, name, PASSWORD, None).await.unwrap();
    let mut one_by_one = list.clone();
    one_by_one.per_page = Some(1);
    let after = walk(client, one_by_one).collect(100).await.unwrap();
    assert_eq!(after.len(), before.len() + 1);
    let mut new = after.into_iter().filter(|one| !before.contains(one));
    let session = new.next().unwrap();
    assert!(session.created.is_some() && !session.device_info.is_empty());
    let delete = login_sessions::Delete {
        session: session.id,
    };
    client.send(&delete).await.unwrap();
    let gone = client.send(&delete).await;
    assert_eq!(code(gone), Some(Code::SessionNotFound));
    let over = ops::renew(&mut &other).await.unwrap_err();
    assert!(over.is_unauthorized(), "{over}");
}

async fn password(client: &Client, name: &str) {
    let change = account::ChangePassword {
        old_password: "wrong-password".into(),
        new_password: OTHER_PASSWORD.into(),
    };
    let refused = client.send(&change).await;
    assert_eq!(code(refused), Some(Code::WrongCredentials));
    let change = account::ChangePassword {
        old_password: PASSWORD.into(),
        ..change
    };
    client.send(&change).await.unwrap();
    if release(client) >= Release(2, 0, 0) {
        let over = ops::renew(&mut &*client).await.unwrap_err();
        assert!(over.is_unauthorized(), "{over}");
    }
    log_in(client, name, OTHER_PASSWORD, None).await.unwrap();
}

async fn second_factor(client: &Client, name: &str) {
    for none in [
        client.send(&totp::Get).await.map(drop),
        client.send(&totp::QrCode).await.map(drop),
    ] {
        assert_eq!(code(none), Some(Code::TotpNotEnrolled));
    }
    let enrolled = client.send(&totp::Enroll).await.unwrap();
    assert!(!enrolled.enabled);
    let url = enrolled.url.expose_secret();
    assert!(url.starts_with("otpauth://totp/") && url.contains(enrolled.secret.expose_secret()));
    let again = client.send(&totp::Enroll).await;
    assert_eq!(code(again), Some(Code::TotpEnrolled));
    let picture = client.send(&totp::QrCode).await.unwrap();
    assert_eq!(picture.head.content_type.as_deref(), Some("image/jpeg"));
    assert!(picture.bytes.starts_with(b"\xff\xd8\xff"));

    let key = base32(enrolled.secret.expose_secret());
    let wrong = totp::Enable {
        passcode: "000000".into(),
    };
    assert_eq!(code(client.send(&wrong).await), Some(Code::TotpWanted));
    // The server takes the next passcode, too, and from 2.2.1 each of them once.
    let enable = totp::Enable {
        passcode: passcode(&key, 0),
    };
    client.send(&enable).await.unwrap();
    assert!(client.send(&totp::Get).await.unwrap().enabled);

    let without = log_in(client, name, OTHER_PASSWORD, None).await;
    let without = without.unwrap_err();
    assert_eq!(without.code(), Some(Code::TotpWanted));
    assert!(without.refusal().unwrap().needs_totp());
    log_in(client, name, OTHER_PASSWORD, Some(passcode(&key, 1)))
        .await
        .unwrap();

    let wrong = totp::Disable {
        password: "wrong-password".into(),
    };
    let refused = client.send(&wrong).await;
    assert_eq!(code(refused), Some(Code::WrongCredentials));
    let disable = totp::Disable {
        password: OTHER_PASSWORD.into(),
    };
    client.send(&disable).await.unwrap();
    let none = client.send(&totp::Get).await;
    assert_eq!(code(none), Some(Code::TotpNotEnrolled));
    log_in(client, name, OTHER_PASSWORD, None).await.unwrap();
}

/// The passcode of now, or of so many steps of 30 seconds later (RFC 6238).
fn passcode(key: &[u8], steps: u64) -> SecretString {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    hotp(key, now.as_secs() / 30 + steps).into()
}

/// Six digits for a counter (RFC 4226).
fn hotp(key: &[u8], counter: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn base32(text: &str) -> Vec<u8> {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digits = text.chars().map(|digit| DIGITS.find(digit).unwrap());
    let bits: Vec<_> = digits
        .flat_map(|five| (0..5).rev().map(move |at| five >> at & 1))
        .collect();
    bits.chunks_exact(8)
        .map(|byte| byte.iter().fold(0, |all, bit| all << 1 | *bit as u8))
        .collect()
}

#[test]
fn passcodes_and_challenges_are_those_of_the_standards() {
    let key = base32("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    assert_eq!(key, b"12345678901234567890");
    // RFC 4226, appendix D.
    assert_eq!([hotp(&key, 0), hotp(&key, 1)], ["755224", "287082"]);
    // RFC 7636, appendix B.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(
        challenge(verifier),
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
}
