//! Credentials and accounts: what the recordings do not show.

use std::time::Duration;

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use crate::http::{Answer, post, send};

/// A day.
const DAY: Duration = Duration::from_secs(86_400);

/// Sends JSON with a bearer token.
fn call(
    sandbox: &Sandbox,
    token: &str,
    method: &str,
    path: &str,
    body: impl Into<Option<Value>>,
) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    let body = body.into().map(|body| body.to_string());
    send(sandbox, method, path, &headers, body.as_deref()).expect("an answer")
}

fn text(answer: &Answer, key: &str) -> String {
    let value = answer.json()[key].as_str().map(str::to_owned);
    value.unwrap_or_else(|| panic!("no {key} in {}", answer.body))
}

fn id(answer: &Answer) -> i64 {
    let value = answer.json()["id"].as_i64();
    value.unwrap_or_else(|| panic!("no id in {}", answer.body))
}

fn make_project(sandbox: &Sandbox, token: &str, project: Value) -> i64 {
    id(&call(sandbox, token, "PUT", "/api/v1/projects", project))
}

/// An API token with these permissions.
fn api_token(sandbox: &Sandbox, token: &str, permissions: &Value) -> String {
    let wanted =
        json!({"title": "t", "permissions": permissions, "expires_at": "2099-01-01T00:00:00Z"});
    text(
        &call(sandbox, token, "PUT", "/api/v1/tokens", wanted),
        "token",
    )
}

/// The id and a token of a link share.
fn link_share(sandbox: &Sandbox, token: &str, project: i64, share: Value) -> (i64, String) {
    let path = format!("/api/v1/projects/{project}/shares");
    let made = call(sandbox, token, "PUT", &path, share);
    let path = format!("/api/v1/shares/{}/auth", text(&made, "hash"));
    (id(&made), text(&post(sandbox, &path, &json!({})), "token"))
}

#[test]
fn a_link_share_sees_its_project_and_no_child_of_it() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = sandbox.sign_up("alice").expect("an account").token;
    let kitchen = make_project(&sandbox, &alice, json!({"title": "Kitchen"}));
    let child = json!({"title": "Fridge", "parent_project_id": kitchen});
    let fridge = make_project(&sandbox, &alice, child);
    for project in [kitchen, fridge] {
        let path = format!("/api/v1/projects/{project}/tasks");
        let task = json!({"title": format!("in {project}")});
        assert_eq!(call(&sandbox, &alice, "PUT", &path, task).status, 201);
    }
    let (share, guest) = link_share(
        &sandbox,
        &alice,
        kitchen,
        json!({"permission": 1, "name": "n"}),
    );
    let status = |method: &str, path: &str, body: Option<Value>| {
        call(&sandbox, &guest, method, path, body).status
    };
    assert_eq!(
        status("GET", &format!("/api/v1/projects/{kitchen}"), None),
        200
    );
    assert_eq!(
        status("GET", &format!("/api/v1/projects/{fridge}"), None),
        403
    );
    let task = Some(json!({"title": "by a guest"}));
    assert_eq!(
        status(
            "PUT",
            &format!("/api/v1/projects/{fridge}/tasks"),
            task.clone()
        ),
        403
    );
    assert_eq!(
        status("DELETE", &format!("/api/v1/projects/{kitchen}"), None),
        403
    );
    // The server gives its own project's tasks to a share that asks for another's.
    let tasks = call(
        &sandbox,
        &guest,
        "GET",
        &format!("/api/v1/projects/{fridge}/tasks"),
        None,
    );
    assert_eq!(
        tasks.json().as_array().map(Vec::len),
        Some(1),
        "{}",
        tasks.body
    );
    assert_eq!(tasks.json()[0]["title"], format!("in {kitchen}"));
    // What it writes is told as the work of a user of its own.
    let path = format!("/api/v1/projects/{kitchen}/tasks");
    let made = call(&sandbox, &guest, "PUT", &path, task).json();
    assert_eq!(made["created_by"]["id"], -share);
    assert_eq!(
        made["created_by"]["username"],
        format!("link-share-{share}")
    );
    assert_eq!(made["created_by"]["name"], "n (Link Share)");
}

#[test]
fn tokens_outlive_their_link_share_up_to_1_0() {
    for (release, permission, status) in [
        ("0.24", "right", 200),
        ("1.0", "permission", 200),
        ("2.5", "permission", 500),
    ] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = sandbox.sign_up("alice").expect("an account").token;
        let project = make_project(&sandbox, &alice, json!({"title": "Kitchen"}));
        let (share, guest) = link_share(&sandbox, &alice, project, json!({permission: 0}));
        let path = format!("/api/v1/projects/{project}");
        assert_eq!(call(&sandbox, &guest, "GET", &path, None).status, 200);
        let of_share = format!("{path}/shares/{share}");
        assert_eq!(
            call(&sandbox, &alice, "DELETE", &of_share, None).status,
            200
        );
        let answer = call(&sandbox, &guest, "GET", &path, None);
        assert_eq!(answer.status, status, "{release}: {}", answer.body);
        let list = call(&sandbox, &alice, "GET", &format!("{path}/shares"), None);
        assert_eq!(list.header("x-pagination-result-count"), Some("0"));
    }
}

#[test]
fn writers_share_what_they_may_do_themselves() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = sandbox.sign_up("alice").expect("an account").token;
    let bob = sandbox.sign_up("bob").expect("an account").token;
    let project = make_project(&sandbox, &alice, json!({"title": "Kitchen"}));
    let users = format!("/api/v1/projects/{project}/users");
    let share = json!({"username": "bob", "permission": 1});
    assert_eq!(call(&sandbox, &alice, "PUT", &users, share).status, 201);
    let path = format!("/api/v1/projects/{project}/shares");
    for (permission, status) in [(0, 201), (1, 201), (2, 403)] {
        let share = json!({"permission": permission});
        assert_eq!(call(&sandbox, &bob, "PUT", &path, share).status, status);
    }
    assert_eq!(call(&sandbox, &bob, "GET", &path, None).status, 403);
    // The users that links act as are not among those with whom the project is shared.
    let listed = call(&sandbox, &alice, "GET", &users, None).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    let members = format!("/api/v1/projects/{project}/projectusers");
    let listed = call(&sandbox, &alice, "GET", &members, None).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(2), "{listed}");
    let path = "/api/v1/users?s=link-share-1";
    assert_eq!(
        call(&sandbox, &alice, "GET", path, None).body.trim(),
        "null"
    );
}

#[test]
fn an_api_token_opens_what_it_names_until_it_expires() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = sandbox.sign_up("alice").expect("an account").token;
    let project = make_project(&sandbox, &alice, json!({"title": "Kitchen"}));
    let path = format!("/api/v1/projects/{project}/tasks");
    let task = id(&call(&sandbox, &alice, "PUT", &path, json!({"title": "t"})));
    let updater = api_token(&sandbox, &alice, &json!({"tasks": ["update"]}));
    let change = |token: &str, method: &str, api: &str| {
        let path = format!("/api/{api}/tasks/{task}");
        call(
            &sandbox,
            token,
            method,
            &path,
            json!({"title": format!("by {method}")}),
        )
        .status
    };
    assert_eq!(change(&updater, "POST", "v1"), 200);
    assert_eq!(change(&updater, "PUT", "v2"), 200);
    // v2 reads what it patches.
    assert_eq!(change(&updater, "PATCH", "v2"), 401);
    let both = api_token(&sandbox, &alice, &json!({"tasks": ["update", "read_one"]}));
    assert_eq!(change(&both, "PATCH", "v2"), 200);
    let path = "/api/v1/tokens";
    assert_eq!(call(&sandbox, &both, "GET", path, None).status, 401);
    assert_eq!(
        call(&sandbox, &both, "GET", "/api/v1/nothing", None).status,
        404
    );
    sandbox.advance(DAY * 365 * 80);
    assert_eq!(change(&both, "POST", "v1"), 401);
}

#[test]
fn the_token_check_of_1_0_believes_everything() {
    let sandbox = Sandbox::with("1.0").expect("a sandbox");
    let check = |method: &str| call(&sandbox, "tk_nothing", method, "/api/v1/token/test", None);
    assert_eq!(check("GET").body.trim(), r#"{"message":"ok"}"#);
    assert_eq!(check("POST").status, 500);
}

#[test]
fn a_forgotten_password_is_set_anew_by_mail() {
    for (release, again) in [("0.24", 200), ("2.5", 412)] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        sandbox.sign_up("alice").expect("an account");
        let address = json!({"email": "alice@example.com"});
        let asked = post(&sandbox, "/api/v1/user/password/token", &address);
        assert_eq!(asked.status, 200, "{}", asked.body);
        let mails = sandbox.mails().expect("mails");
        let mail = mails.first().expect("a mail");
        assert_eq!(
            (mail.to.as_str(), mail.purpose.as_str()),
            ("alice@example.com", "password reset")
        );
        assert!(!format!("{mail:?}").contains(&mail.token));
        let reset = json!({"token": mail.token, "new_password": "another-password"});
        assert_eq!(
            post(&sandbox, "/api/v1/user/password/reset", &reset).status,
            200
        );
        let login = |password: &str| {
            post(
                &sandbox,
                "/api/v1/login",
                &json!({"username": "alice", "password": password}),
            )
            .status
        };
        assert_eq!(login("another-password"), 200);
        assert_ne!(login("correct-horse-9"), 200);
        // Up to 1.x the code can be used again.
        assert_eq!(
            post(&sandbox, "/api/v1/user/password/reset", &reset).status,
            again
        );
    }
}

#[test]
fn the_end_of_an_account_is_confirmed_by_mail() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = sandbox.sign_up("alice").expect("an account");
    let mallory = sandbox.sign_up("mallory").expect("an account");
    let deletion = |token: &str, step: &str, body: Value| {
        let path = format!("/api/v1/user/deletion/{step}");
        call(&sandbox, token, "POST", &path, body).status
    };
    let scheduled = || {
        let own = call(&sandbox, &alice.token, "GET", "/api/v1/user", None);
        text(&own, "deletion_scheduled_at") != "0001-01-01T00:00:00Z"
    };
    let password = json!({"password": alice.password});
    assert_eq!(deletion(&alice.token, "request", password.clone()), 200);
    let code = json!({"token": sandbox.mails().expect("mails")[0].token});
    assert_eq!(deletion(&mallory.token, "confirm", code.clone()), 403);
    assert!(!scheduled());
    assert_eq!(deletion(&alice.token, "confirm", code), 204);
    assert!(scheduled());
    assert_eq!(deletion(&alice.token, "cancel", password), 204);
    assert!(!scheduled());
}

#[test]
fn a_new_password_ends_the_sessions_and_no_token() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = sandbox.sign_up("alice").expect("an account");
    let sessions = || {
        let list = call(&sandbox, &alice.token, "GET", "/api/v1/user/sessions", None);
        list.json().as_array().map(Vec::len)
    };
    assert_eq!(sessions(), Some(1));
    let change = json!({"old_password": alice.password, "new_password": "another-password"});
    let answer = call(
        &sandbox,
        &alice.token,
        "POST",
        "/api/v1/user/password",
        change,
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(sessions(), Some(0));
}

#[test]
fn a_code_is_used_up_by_a_failed_exchange() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = sandbox.sign_up("alice").expect("an account").token;
    let wanted = json!({
        "response_type": "code",
        "client_id": "c",
        "redirect_uri": "http://localhost/x",
        "code_challenge": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
        "code_challenge_method": "S256",
    });
    let code = || {
        text(
            &call(
                &sandbox,
                &alice,
                "POST",
                "/api/v1/oauth/authorize",
                wanted.clone(),
            ),
            "code",
        )
    };
    let exchange = |code: &str, verifier: &str| {
        let path = "/api/v2/oauth/token";
        // SHA-256 of nothing is the challenge above.
        let form = format!(
            "grant_type=authorization_code&code={code}&client_id=c&redirect_uri=http%3A%2F%2Flocalhost%2Fx&code_verifier={verifier}"
        );
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        send(&sandbox, "POST", path, &headers, Some(&form)).expect("an answer")
    };
    let first = code();
    assert_eq!(exchange(&first, "wrong").json()["code"], 17006);
    assert_eq!(exchange(&first, "").json()["code"], 17004);
    let answer = exchange(&code(), "");
    let token = text(&answer, "access_token");
    assert_eq!(
        call(&sandbox, &token, "GET", "/api/v1/user", None).json()["username"],
        "alice"
    );
}

#[test]
fn a_bot_acts_by_its_tokens_alone() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = sandbox.sign_up("alice").expect("an account").token;
    let bob = sandbox.sign_up("bob").expect("an account").token;
    let bot = call(
        &sandbox,
        &alice,
        "PUT",
        "/api/v1/user/bots",
        json!({"username": "bot-a"}),
    );
    let bot = id(&bot);
    let wanted = json!({
        "title": "b",
        "permissions": {"other": ["user"], "projects": ["create", "read_one"]},
        "expires_at": "2099-01-01T00:00:00Z",
        "owner_id": bot,
    });
    assert_eq!(
        call(&sandbox, &bob, "PUT", "/api/v1/tokens", wanted.clone()).json()["code"],
        1033
    );
    let token = text(
        &call(&sandbox, &alice, "PUT", "/api/v1/tokens", wanted),
        "token",
    );
    let user = || call(&sandbox, &token, "GET", "/api/v1/user", None);
    assert_eq!(user().json()["username"], "bot-a");
    let project = make_project(&sandbox, &token, json!({"title": "By a bot"}));
    let path = format!("/api/v1/projects/{project}");
    let made = call(&sandbox, &alice, "GET", &path, None);
    assert_eq!(made.json()["owner"]["username"], "alice");
    assert_eq!(
        call(&sandbox, &token, "GET", &path, None).header("x-max-permission"),
        Some("2")
    );
    let login = json!({"username": "bot-a", "password": "password-1"});
    assert_eq!(post(&sandbox, "/api/v1/login", &login).json()["code"], 1031);
    let path = format!("/api/v1/user/bots/{bot}");
    assert_eq!(call(&sandbox, &alice, "DELETE", &path, None).status, 200);
    assert_eq!(user().status, 401);
}
