//! Accounts, second factors, sessions, tokens, avatars, exports and OAuth against the recordings, and what the SDK refuses
//! to send or to show.

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use vikunja_sdk::{
    ApiChoice, BuildError, Endpoint, Failure, NewFile, Output, Release, ReplyError, Server,
    Session, account,
    auth::{Renewal, Token},
    avatars, caldav_tokens, exports, login_sessions,
    model::{AvatarProvider, CaldavTokenId, Patch},
    oauth, openid, ops, settings,
    testing::Fake,
    totp,
};

use super::{
    hold::{Tally, check, hold, hold_fields, ids, query, split},
    recorded::{Exchange, exchanges},
};

/// A text of the body.
fn text(exchange: &Exchange, key: &str) -> Option<String> {
    let value = exchange.request.body.get(key)?;
    Some(value.as_str()?.to_owned())
}

fn secret(exchange: &Exchange, key: &str) -> Option<SecretString> {
    text(exchange, key).map(SecretString::from)
}

/// The last part of the path.
fn last(exchange: &Exchange) -> String {
    let (path, _) = split(&exchange.request.path);
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Holds an operation whose request holds one secret, and nothing else.
fn hold_secret<E: Endpoint>(op: &str, key: &str, make: impl Fn(SecretString) -> E) {
    check(op, |exchange, tally| {
        hold(exchange, secret(exchange, key).map(&make), tally);
    });
}

/// Holds an operation that succeeds only with what comes by mail, or takes time: recorded are its refusals.
fn hold_refused<E: Endpoint>(op: &str, make: impl Fn(&Exchange) -> Option<E>) {
    for exchange in exchanges(&[op]) {
        let mut tally = Tally::default();
        hold(&exchange, make(&exchange), &mut tally);
        assert_eq!((tally.same, tally.refused), (1, 1), "{}", exchange.name());
    }
}

#[test]
fn settings_of_the_account() {
    check("user.update_settings", |exchange, tally| {
        hold_fields(exchange, |fields| Some(settings::Replace { fields }), tally);
    });
    check("user.timezones", |exchange, tally| {
        hold(exchange, Some(settings::TimeZones), tally);
    });
}

#[test]
fn password_and_email() {
    check("user.change_password", |exchange, tally| {
        let change = || {
            Some(account::ChangePassword {
                old_password: secret(exchange, "old_password")?,
                new_password: secret(exchange, "new_password")?,
            })
        };
        hold(exchange, change(), tally);
    });
    check("user.change_email", |exchange, tally| {
        let change = || {
            Some(account::ChangeEmail {
                new_email: text(exchange, "new_email")?,
                password: secret(exchange, "password")?,
            })
        };
        hold(exchange, change(), tally);
    });
    hold_refused("auth.confirm_email", |exchange| {
        secret(exchange, "token").map(|token| account::ConfirmEmail { token })
    });
    hold_refused("auth.request_password_reset", |exchange| {
        text(exchange, "email").map(|email| account::RequestPasswordReset { email })
    });
    hold_refused("auth.reset_password", |exchange| {
        let token = secret(exchange, "token")?;
        let new_password = secret(exchange, "new_password")?;
        Some(account::ResetPassword {
            token,
            new_password,
        })
    });
}

#[test]
fn deletion_of_the_account() {
    hold_secret("account_deletion.request", "password", |password| {
        let password = Some(password);
        account::RequestDeletion { password }
    });
    hold_secret("account_deletion.confirm", "token", |token| {
        account::ConfirmDeletion { token }
    });
    hold_secret("account_deletion.cancel", "password", |password| {
        let password = Some(password);
        account::CancelDeletion { password }
    });
}

#[test]
fn second_factors() {
    check("totp.read_one", |exchange, tally| {
        hold(exchange, Some(totp::Get), tally);
    });
    check("totp.enroll", |exchange, tally| {
        hold(exchange, Some(totp::Enroll), tally);
    });
    hold_secret("totp.enable", "passcode", |passcode| totp::Enable {
        passcode,
    });
    hold_secret("totp.disable", "password", |password| totp::Disable {
        password,
    });
}

#[test]
fn sessions_and_caldav_tokens() {
    check("sessions.read_all", |exchange, tally| {
        let query = query(exchange);
        let number = |name| query.get(name)?.first()?.parse().ok();
        let list = login_sessions::List {
            page: number("page"),
            per_page: number("per_page"),
        };
        hold(exchange, Some(list), tally);
    });
    check("sessions.delete", |exchange, tally| {
        let session = last(exchange);
        hold(exchange, Some(login_sessions::Delete { session }), tally);
    });
    check("caldav_tokens.read_all", |exchange, tally| {
        hold(exchange, Some(caldav_tokens::List), tally);
    });
    check("caldav_tokens.create", |exchange, tally| {
        hold(exchange, Some(caldav_tokens::Create), tally);
    });
    check("caldav_tokens.delete", |exchange, tally| {
        let token = ids(exchange).first().copied().map(CaldavTokenId);
        let delete = token.map(|token| caldav_tokens::Delete { token });
        hold(exchange, delete, tally);
    });
}

#[test]
fn avatars_and_their_providers() {
    check("avatars.read_one", |exchange, tally| {
        // Recorded with a token that nobody needs; the SDK sends it to nobody who does not.
        let is_public = exchange.release < "1.0.0";
        if is_public && exchange.request.who.is_some() {
            return;
        }
        let query = query(exchange);
        let download = avatars::Download {
            username: last(exchange),
            size: query.get("size").and_then(|all| all[0].parse().ok()),
        };
        hold(exchange, Some(download), tally);
    });
    check("avatars.upload", |exchange, tally| {
        let part = exchange.request.multipart.first();
        let picture = part.map(|part| NewFile::from_bytes(part.filename.as_str(), part.content()));
        let upload = picture.map(|picture| avatars::Upload { picture });
        hold(exchange, upload, tally);
    });
    check("avatar_provider.read_one", |exchange, tally| {
        hold(exchange, Some(avatars::GetProvider), tally);
    });
    let provider =
        |exchange: &Exchange| Some(AvatarProvider::from(&*text(exchange, "avatar_provider")?));
    check("avatar_provider.update", |exchange, tally| {
        let set = provider(exchange).map(|provider| avatars::SetProvider { provider });
        hold(exchange, set, tally);
    });
    check("avatar_provider.patch", |exchange, tally| {
        let patch = provider(exchange).map(|provider| avatars::PatchProvider { provider });
        hold(exchange, patch, tally);
    });
}

#[test]
fn exports_of_all_data() {
    check("exports.status", |exchange, tally| {
        hold(exchange, Some(exports::Status), tally);
    });
    let password = |exchange: &Exchange| secret(exchange, "password");
    hold_refused("exports.request", |exchange| {
        let password = password(exchange);
        Some(exports::Request { password })
    });
    hold_refused("exports.download", |exchange| {
        let password = password(exchange);
        Some(exports::Download { password })
    });
}

/// What is not in the recordings: a finished export, as 2.5.0 says it.
#[test]
fn an_export_that_is_ready_is_read() {
    let ready =
        r#"{"id":5,"size":1061,"created":"2026-11-23T16:41:18Z","expires":"2026-11-30T16:41:18Z"}"#;
    let newest = session(Release(2, 5, 0), USER);
    let export = answered(&newest, &exports::Status, ready).unwrap().unwrap();
    assert_eq!((export.id.get(), export.size), (5, 1061));
    let week =
        export.expires.unwrap().as_unix_seconds() - export.created.unwrap().as_unix_seconds();
    assert_eq!(week, 7 * 24 * 3600);
    for nothing in ["{}\n", "null"] {
        assert_eq!(answered(&newest, &exports::Status, nothing).unwrap(), None);
    }
    assert!(answered(&newest, &exports::Status, r#"{"size":1}"#).is_err());
}

#[test]
fn oauth_codes_and_tokens() {
    check("auth.oauth_authorize", |exchange, tally| {
        let authorize = || {
            Some(oauth::Authorize {
                client_id: text(exchange, "client_id")?,
                redirect_uri: text(exchange, "redirect_uri")?,
                state: text(exchange, "state")?,
                code_challenge: text(exchange, "code_challenge")?,
            })
        };
        hold(exchange, authorize(), tally);
    });
    check("auth.oauth_token", |exchange, tally| {
        let client_id = text(exchange, "client_id");
        if text(exchange, "grant_type").as_deref() == Some("authorization_code") {
            let code = || {
                Some(oauth::Exchange {
                    code: secret(exchange, "code")?,
                    client_id: client_id?,
                    redirect_uri: text(exchange, "redirect_uri")?,
                    code_verifier: secret(exchange, "code_verifier")?,
                })
            };
            hold(exchange, code(), tally);
        } else {
            let refresh = || {
                Some(oauth::Refresh {
                    refresh: secret(exchange, "refresh_token")?,
                    client_id: client_id?,
                })
            };
            hold(exchange, refresh(), tally);
        }
    });
}

#[test]
fn oauth_credentials_are_renewed_like_others() {
    let newest = session(Release(2, 5, 0), USER);
    let refresh = oauth::Refresh {
        refresh: "first".into(),
        client_id: "vikunja".to_owned(),
    };
    let answer = r#"{"access_token":"eyJ.new.jwt","token_type":"bearer","expires_in":600,"refresh_token":"second"}"#;
    let credentials = answered(&newest, &refresh, answer).unwrap();
    assert_eq!(credentials.token.secret().expose_secret(), "eyJ.new.jwt");
    newest.set_credentials(Some(credentials));
    let Some(Renewal::Cookie(cookie)) = newest.renewal() else {
        panic!("{:?}", newest.renewal());
    };
    assert_eq!(cookie.expose_secret(), "second");
}

/// A user's token.
const USER: &str = "eyJ.recorded.jwt";

/// A session with this token on a server of this release.
fn session(release: Release, token: &str) -> Session {
    let server = Server::new("http://127.0.0.1:3456")
        .unwrap()
        .with_release(release)
        .with_api(ApiChoice::Auto);
    let session = Session::new(server);
    session.set_token(Some(Token::new(token.to_owned().into()).unwrap()));
    session
}

/// What comes of this answer.
fn answered<E: Endpoint>(
    session: &Session,
    endpoint: &E,
    body: &'static str,
) -> Result<Output<E>, ReplyError> {
    let (_, pending) = session.call(endpoint).unwrap();
    pending.decode(&http::Response::new(Bytes::from_static(body.as_bytes())))
}

/// What is sent, on this release.
fn sent<E: Endpoint>(release: Release, endpoint: &E) -> (String, Value) {
    let (request, _) = session(release, USER).call(endpoint).unwrap();
    let body = serde_json::from_slice(request.body()).unwrap();
    (
        format!("{} {}", request.method(), request.uri().path()),
        body,
    )
}

/// What the SDK says instead of sending.
fn refusal<E: Endpoint>(session: &Session, endpoint: &E) -> BuildError {
    match session.call(endpoint) {
        Ok((request, _)) => panic!("{} {} is sent", request.method(), request.uri()),
        Err(error) => error,
    }
}

/// Not recorded: what `models.md` says of it.
#[test]
fn openid_log_ins() {
    let mut log_in = openid::LogIn::new("my key", "c0de".into(), "https://example.com/back");
    assert_eq!(
        sent(Release(0, 20, 4), &log_in),
        (
            "POST /api/v1/auth/openid/my%20key/callback".to_owned(),
            json!({"code": "c0de"})
        )
    );
    log_in.scope = Some("openid email".to_owned());
    log_in.totp_passcode = Some("123456".into());
    assert_eq!(
        sent(Release(2, 5, 0), &log_in),
        (
            "POST /api/v2/auth/openid/my%20key/callback".to_owned(),
            json!({
                "code": "c0de",
                "redirect_url": "https://example.com/back",
                "scope": "openid email",
                "totp_passcode": "123456",
            })
        )
    );
    let newest = session(Release(2, 5, 0), USER);
    let credentials = answered(&newest, &log_in, r#"{"token":"eyJ.new.jwt"}"#).unwrap();
    assert_eq!(credentials.token.secret().expose_secret(), "eyJ.new.jwt");
}

#[test]
fn what_a_server_cannot_do_is_said_before_anything_is_sent() {
    let authorize = oauth::Authorize {
        client_id: String::new(),
        redirect_uri: String::new(),
        state: String::new(),
        code_challenge: String::new(),
    };
    let error = refusal(
        &session(Release(1, 1, 0), USER),
        &login_sessions::List::default(),
    );
    assert!(error.to_string().contains("2.0.0 or newer"), "{error}");
    let error = refusal(&session(Release(2, 2, 0), USER), &authorize);
    assert!(error.to_string().contains("2.3.0 or newer"), "{error}");
    let error = refusal(&session(Release(0, 24, 6), USER), &exports::Status);
    assert!(error.to_string().contains("1.0.0 or newer"), "{error}");
    let patch = avatars::PatchProvider {
        provider: AvatarProvider::Marble,
    };
    let error = refusal(&session(Release(2, 3, 0), USER), &patch);
    assert!(error.to_string().contains("2.4.0 or newer"), "{error}");

    let write = |fields| settings::Replace { fields };
    let fields = settings::Fields {
        frontend_settings: json!({"color": "dark"}).into(),
        ..settings::Fields::default()
    };
    let error = refusal(&session(Release(0, 20, 4), USER), &write(fields));
    assert!(error.to_string().contains("0.21.0 or newer"), "{error}");
    for time in [Patch::Clear, "".into()] {
        let fields = settings::Fields {
            overdue_tasks_reminders_time: time,
            ..settings::Fields::default()
        };
        let error = refusal(&session(Release(2, 5, 0), USER), &write(fields));
        assert!(matches!(error, BuildError::CannotClear { .. }), "{error}");
    }
}

#[test]
fn api_tokens_are_kept_from_what_refuses_them() {
    let token = "tk_0123456789012345678901234567890123456789";
    for release in [Release(0, 24, 1), Release(1, 0, 0), Release(2, 5, 0)] {
        for error in [
            refusal(&session(release, token), &settings::TimeZones),
            refusal(&session(release, token), &totp::Get),
            refusal(&session(release, token), &caldav_tokens::List),
            refusal(&session(release, token), &avatars::GetProvider),
        ] {
            assert!(
                matches!(error, BuildError::ApiTokenRefused { .. }),
                "{error}"
            );
        }
    }
    let picture = avatars::Download {
        username: "alice".to_owned(),
        size: None,
    };
    let error = refusal(&session(Release(1, 0, 0), token), &picture);
    assert!(
        matches!(error, BuildError::ApiTokenRefused { .. }),
        "{error}"
    );
    assert!(session(Release(2, 5, 0), token).call(&picture).is_ok());
    let older = session(Release(0, 24, 1), token);
    let (request, _) = older.call(&picture).unwrap();
    assert!(!request.headers().contains_key("authorization"));
    older.set_token(None);
    assert!(older.call(&picture).is_ok());
}

/// Sends a secret, shows it to nobody, and has it masked in what the server repeats.
fn keep_secret<E: Endpoint + std::fmt::Debug>(endpoint: &E) {
    let session = session(Release(2, 5, 0), USER);
    let (request, pending) = session.call(endpoint).unwrap();
    let body = std::str::from_utf8(request.body()).unwrap();
    assert!(body.contains("s3cr3t"), "{body}");
    let repeated = json!({"title": "no", "status": 422, "detail": body}).to_string();
    let refused = http::Response::builder().status(422);
    let refused = refused.body(Bytes::from(repeated)).unwrap();
    let Err(error) = pending.decode(&refused) else {
        panic!("{refused:?}");
    };
    assert!(error.to_string().contains("***"), "{error}");
    for text in [
        format!("{endpoint:?}"),
        error.to_string(),
        format!("{error:?}"),
    ] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

#[test]
fn secrets_are_sent_and_not_shown() {
    let secret = || SecretString::from("s3cr3t-word");
    keep_secret(&account::ChangePassword {
        old_password: secret(),
        new_password: "s3cr3t-other".into(),
    });
    keep_secret(&account::ChangeEmail {
        new_email: "alice@example.com".to_owned(),
        password: secret(),
    });
    keep_secret(&account::ConfirmEmail { token: secret() });
    keep_secret(&account::ResetPassword {
        token: secret(),
        new_password: "s3cr3t-other".into(),
    });
    let password = Some(secret());
    keep_secret(&account::RequestDeletion { password });
    keep_secret(&account::ConfirmDeletion { token: secret() });
    let password = Some(secret());
    keep_secret(&account::CancelDeletion { password });
    keep_secret(&totp::Enable { passcode: secret() });
    keep_secret(&totp::Disable { password: secret() });
    let password = Some(secret());
    keep_secret(&exports::Request { password });
    let password = Some(secret());
    keep_secret(&exports::Download { password });
    keep_secret(&openid::LogIn {
        totp_passcode: Some("s3cr3t-other".into()),
        ..openid::LogIn::new("key", secret(), "https://example.com/back")
    });
    keep_secret(&oauth::Exchange {
        code: secret(),
        client_id: "vikunja".to_owned(),
        redirect_uri: "http://127.0.0.1:9/callback".to_owned(),
        code_verifier: "s3cr3t-other".into(),
    });
    keep_secret(&oauth::Refresh {
        refresh: secret(),
        client_id: "vikunja".to_owned(),
    });
}

/// A success that cannot be read is quoted in the error.
#[test]
fn secrets_of_unreadable_answers_are_masked() {
    let newest = session(Release(2, 5, 0), USER);
    let enrolled =
        r#"{"secret":"S3CR3T","url":"otpauth://totp/Vikunja:carol?secret=S3CR3T","enabled":7}"#;
    let authorized = r#"{"code":"S3CR3T","state":7}"#;
    let exchanged = r#"{"access_token":"S3CR3T","refresh_token":["S3CR3T"]}"#;
    let refresh = oauth::Refresh {
        refresh: "S3CR3T".into(),
        client_id: "vikunja".to_owned(),
    };
    let authorize = oauth::Authorize {
        client_id: "vikunja".to_owned(),
        redirect_uri: "http://127.0.0.1:9/callback".to_owned(),
        state: "s1".to_owned(),
        code_challenge: "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM".to_owned(),
    };
    for error in [
        answered(&newest, &totp::Enroll, enrolled).map(drop),
        answered(&newest, &authorize, authorized).map(drop),
        answered(&newest, &refresh, exchanged).map(drop),
    ] {
        let error = error.unwrap_err();
        assert!(matches!(error, ReplyError::Decode(_)), "{error}");
        assert!(error.to_string().contains("***"), "{error}");
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains("S3CR3T"), "{text}");
        }
    }
}

/// What this crate does not know goes back to the letter, and what is not named stays.
#[tokio::test]
async fn one_setting_is_changed_and_the_others_are_sent_back() {
    for (release, read, write) in [
        (
            Release(0, 24, 1),
            "GET /api/v1/user",
            "POST /api/v1/user/settings/general",
        ),
        (
            Release(2, 5, 0),
            "GET /api/v2/user",
            "PUT /api/v2/user/settings/general",
        ),
    ] {
        let mut fake = Fake::of(release);
        let account = r#"{"id":1,"settings":{"language":"en","new":[1.50,12345678901234567890],"week_start":1}}"#;
        fake.answer_with(
            read,
            http::Response::new(Bytes::from_static(account.as_bytes())),
        );
        fake.answer(write, 200, &json!({"message": "updated"}));
        let changes = settings::Fields {
            language: "de".into(),
            timezone: Patch::Clear,
            ..settings::Fields::default()
        };
        let me = ops::edit_settings(&mut fake, &changes).await.unwrap();
        assert_eq!(me.settings.unwrap().week_start, 1);
        let [_, written, _] = fake.requests() else {
            panic!("{:?}", fake.requests());
        };
        assert_eq!(
            written.body(),
            r#"{"language":"de","new":[1.50,12345678901234567890],"timezone":null,"week_start":1}"#
        );
    }
}

#[tokio::test]
async fn settings_that_cannot_be_written_are_not_even_read() {
    let mut fake = Fake::of(Release(2, 5, 0));
    let changes = settings::Fields {
        overdue_tasks_reminders_time: Patch::Clear,
        ..settings::Fields::default()
    };
    let error = ops::edit_settings(&mut fake, &changes).await.unwrap_err();
    assert!(!error.was_sent() && fake.requests().is_empty(), "{error}");
}
