//! People among each other: what the recordings do not show. Each of it was seen on real servers.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use crate::http::{Answer, User, send, send_to};

/// Sends what has to succeed.
fn done(user: &User<'_>, method: &str, path: &str, body: &Value) -> Value {
    let answer = ask(user, method, path, body);
    assert!(
        answer.status < 300,
        "{method} {path}: {} {}",
        answer.status,
        answer.body
    );
    answer.json()
}

fn ask(user: &User<'_>, method: &str, path: &str, body: &Value) -> Answer {
    user.send(method, path, Some(body)).expect("an answer")
}

fn add_team(user: &User<'_>, name: &str, members: &[&str]) -> i64 {
    let team = done(user, "PUT", "/api/v1/teams", &json!({"name": name}))["id"]
        .as_i64()
        .expect("an id");
    for member in members {
        let path = format!("/api/v1/teams/{team}/members");
        done(user, "PUT", &path, &json!({"username": member}));
    }
    team
}

fn add_project(user: &User<'_>, title: &str, parent: i64) -> i64 {
    let project = json!({"title": title, "parent_project_id": parent});
    done(user, "PUT", "/api/v1/projects", &project)["id"]
        .as_i64()
        .expect("an id")
}

fn share(user: &User<'_>, project: i64, name: &str) {
    let path = format!("/api/v1/projects/{project}/users");
    let both = json!({"username": name, "user_id": name, "permission": 0, "right": 0});
    done(user, "PUT", &path, &both);
}

/// What a user was told: names, newest first.
fn news(user: &User<'_>) -> Vec<String> {
    let told = user.get("/api/v1/notifications").json();
    let names = told.as_array().into_iter().flatten();
    names
        .filter_map(|one| one["name"].as_str().map(ToOwned::to_owned))
        .collect()
}

fn usernames(members: &Value) -> Vec<&str> {
    let members = members.as_array().into_iter().flatten();
    members
        .filter_map(|member| member["username"].as_str())
        .collect()
}

#[test]
fn a_team_opens_a_project_and_what_is_below_until_it_is_gone() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    let top = add_project(&alice, "Top", 0);
    let child = add_project(&alice, "Child", top);
    let team = add_team(&alice, "Cooks", &["bob"]);
    let tasks = format!("/api/v1/projects/{child}/tasks");
    done(&alice, "PUT", &tasks, &json!({"title": "Peel"}));
    assert_eq!(bob.get(&format!("/api/v1/projects/{child}")).status, 403);

    let shares = format!("/api/v1/projects/{top}/teams");
    done(
        &alice,
        "PUT",
        &shares,
        &json!({"team_id": team, "permission": 1}),
    );
    let read = bob.get(&format!("/api/v1/projects/{child}"));
    assert_eq!(read.header("x-max-permission"), Some("1"));
    assert_eq!(bob.get("/api/v1/tasks").json()[0]["title"], "Peel");
    done(&bob, "PUT", &tasks, &json!({"title": "Cut"}));
    let delete = ask(
        &bob,
        "DELETE",
        &format!("/api/v1/projects/{child}"),
        &json!({}),
    );
    assert_eq!(delete.status, 403);

    done(
        &alice,
        "DELETE",
        &format!("/api/v1/teams/{team}"),
        &json!({}),
    );
    assert_eq!(bob.get(&format!("/api/v1/projects/{child}")).status, 403);
    assert_eq!(bob.get("/api/v1/tasks").json(), json!([]));
    assert_eq!(alice.get(&shares).json(), json!([]));
}

#[test]
fn listed_teams_show_everyone_in_the_last_team_only() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (alice, _bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    let first = add_team(&alice, "First", &["bob"]);
    add_team(&alice, "Second", &[]);
    let teams = alice.get("/api/v1/teams").json();
    assert_eq!(usernames(&teams[0]["members"]), ["bob"]);
    assert_eq!(usernames(&teams[1]["members"]), ["alice"]);
    let alone = alice.get(&format!("/api/v1/teams/{first}")).json();
    assert_eq!(usernames(&alone["members"]), ["alice", "bob"]);
}

#[test]
fn members_may_leave_and_admins_alone_change_a_team() {
    let sandbox = Sandbox::with("1.0").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    let team = add_team(&alice, "Cooks", &["bob"]);
    let path = format!("/api/v1/teams/{team}");
    let read = bob.get(&path);
    assert_eq!(read.header("x-max-permission"), Some("0"));
    assert_eq!(
        ask(&bob, "POST", &path, &json!({"name": "Mine"})).status,
        403
    );
    assert_eq!(
        ask(&bob, "DELETE", &format!("{path}/members/alice"), &json!({})).status,
        403
    );
    done(&bob, "DELETE", &format!("{path}/members/bob"), &json!({}));
    assert_eq!(bob.get(&path).status, 403);
}

#[test]
fn the_id_of_a_new_team_is_stored_up_to_0_24() {
    for (release, stored, taken) in [("0.24", 7, 500), ("1.0", 1, 201)] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = User::new(&sandbox, "alice");
        let wanted = json!({"name": "Cooks", "id": 7});
        assert_eq!(done(&alice, "PUT", "/api/v1/teams", &wanted)["id"], stored);
        assert_eq!(ask(&alice, "PUT", "/api/v1/teams", &wanted).status, taken);
        let next = done(&alice, "PUT", "/api/v1/teams", &json!({"name": "Next"}));
        assert_eq!(next["id"], if release == "0.24" { 8 } else { 3 });
    }
}

#[test]
fn up_to_0_24_a_read_tells_the_access_of_another_share() {
    for (release, header, told) in [
        ("0.24", "x-max-right", "1"),
        ("1.0", "x-max-permission", "0"),
    ] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = User::new(&sandbox, "alice");
        let (_bob, carol) = (User::new(&sandbox, "bob"), User::new(&sandbox, "carol"));
        let project = add_project(&alice, "Shared", 0);
        let users = format!("/api/v1/projects/{project}/users");
        let write = json!({"username": "bob", "user_id": "bob", "permission": 1, "right": 1});
        done(&alice, "PUT", &users, &write);
        let team = add_team(&alice, "Readers", &["carol"]);
        let teams = format!("/api/v1/projects/{project}/teams");
        done(&alice, "PUT", &teams, &json!({"team_id": team}));
        let read = carol.get(&format!("/api/v1/projects/{project}"));
        assert_eq!(read.header(header), Some(told), "{release}");
        let tasks = format!("/api/v1/projects/{project}/tasks");
        assert_eq!(
            ask(&carol, "PUT", &tasks, &json!({"title": "No"})).status,
            403
        );
    }
}

#[test]
fn a_subscription_counts_for_what_is_below_and_in_lists_from_1_0() {
    for (release, in_list) in [("0.24", false), ("2.5", true)] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = User::new(&sandbox, "alice");
        let top = add_project(&alice, "Top", 0);
        let child = add_project(&alice, "Child", top);
        let task = done(
            &alice,
            "PUT",
            &format!("/api/v1/projects/{child}/tasks"),
            &json!({"title": "Peel"}),
        );
        done(
            &alice,
            "PUT",
            &format!("/api/v1/subscriptions/project/{top}"),
            &json!({}),
        );
        let alone = alice.get(&format!("/api/v1/projects/{child}")).json();
        assert_eq!(alone["subscription"]["entity_id"], top);
        let task = alice.get(&format!("/api/v1/tasks/{}", task["id"])).json();
        assert_eq!(task["subscription"]["entity"], "project");
        let again = ask(
            &alice,
            "PUT",
            &format!("/api/v1/subscriptions/project/{child}"),
            &json!({}),
        );
        assert_eq!(again.json()["code"], 12002);
        let projects = alice.get("/api/v1/projects").json();
        let listed = projects.as_array().into_iter().flatten();
        let listed: Vec<bool> = listed
            .filter(|project| project["id"] == child)
            .map(|project| project.get("subscription").is_some())
            .collect();
        assert_eq!(listed, [in_list], "{release}");
    }
}

#[test]
fn a_subscription_to_a_namespace_counts_for_its_lists() {
    let sandbox = Sandbox::with("0.20").expect("a sandbox");
    let alice = User::new(&sandbox, "alice");
    let own = alice.get("/api/v1/namespaces").json()[0]["id"].clone();
    let lists = format!("/api/v1/namespaces/{own}/lists");
    let list = done(&alice, "PUT", &lists, &json!({"title": "Kitchen"}))["id"].clone();
    let subscribe = format!("/api/v1/subscriptions/namespace/{own}");
    done(&alice, "PUT", &subscribe, &json!({}));
    let alone = alice.get(&format!("/api/v1/lists/{list}")).json();
    let inside = alice.get("/api/v1/namespaces").json();
    for shown in [&alone, &inside[0], &inside[0]["lists"][0]] {
        assert_eq!(shown["subscription"]["entity"], "namespace", "{shown}");
    }
    // Other lists show their own subscriptions alone.
    let listed = alice.get("/api/v1/lists").json();
    assert_eq!(listed[0].get("subscription"), None);
}

#[test]
fn subscribers_are_told_and_the_doer_is_not() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    let project = add_project(&alice, "Kitchen", 0);
    share(&alice, project, "bob");
    done(
        &bob,
        "PUT",
        &format!("/api/v1/subscriptions/project/{project}"),
        &json!({}),
    );
    add_project(&alice, "Pantry", project);
    let bob_id = bob.get("/api/v1/user").json()["id"].clone();
    let tasks = format!("/api/v1/projects/{project}/tasks");
    let task = done(
        &alice,
        "PUT",
        &tasks,
        &json!({"title": "Peel", "assignees": [{"id": bob_id}]}),
    );
    let path = format!("/api/v1/tasks/{}", task["id"]);
    // Who was assigned before is not told again.
    done(
        &alice,
        "POST",
        &path,
        &json!({"title": "Peel", "assignees": [{"id": bob_id}]}),
    );
    done(&alice, "DELETE", &path, &json!({}));
    assert_eq!(
        news(&bob),
        ["task.deleted", "task.assigned", "project.created"]
    );
    assert_eq!(news(&alice), Vec::<String>::new());
}

#[test]
fn a_mention_is_told_once_and_to_those_who_may_read() {
    let element = "<mention-user data-id=\"bob\">@bob</mention-user>\
                   <mention-user data-id=\"carol\">@carol</mention-user>";
    for (release, text) in [("0.24", "@bob, @carol: look"), ("2.5", element)] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = User::new(&sandbox, "alice");
        let (bob, carol) = (User::new(&sandbox, "bob"), User::new(&sandbox, "carol"));
        let project = add_project(&alice, "Kitchen", 0);
        share(&alice, project, "bob");
        let tasks = format!("/api/v1/projects/{project}/tasks");
        let wanted = json!({"title": "Peel", "description": text});
        let task = done(&alice, "PUT", &tasks, &wanted);
        done(
            &alice,
            "POST",
            &format!("/api/v1/tasks/{}", task["id"]),
            &wanted,
        );
        assert_eq!(news(&bob), ["task.mentioned"], "{release}");
        assert_eq!(news(&carol), Vec::<String>::new());
    }
}

#[test]
fn what_failed_is_told_to_nobody() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    let project = add_project(&alice, "Kitchen", 0);
    share(&alice, project, "bob");
    let bob_id = bob.get("/api/v1/user").json()["id"].clone();
    let tasks = format!("/api/v1/projects/{project}/tasks");
    let wanted = json!({"title": "Peel", "assignees": [{"id": bob_id}, {"id": 999}]});
    assert_eq!(ask(&alice, "PUT", &tasks, &wanted).status, 403);
    assert_eq!(news(&bob), Vec::<String>::new());
}

#[test]
fn users_are_found_by_name_and_by_what_they_allow() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    let found = |text: &str| alice.get(&format!("/api/v1/users?s={text}")).json();
    assert_eq!(usernames(&found("BOB")), ["bob"]);
    for text in ["bo", "Brow", "bob@example.com"] {
        assert_eq!(found(text), Value::Null, "{text}");
    }
    let settings = json!({"name": "Bob Brown", "overdue_tasks_reminders_time": "9:00",
        "discoverable_by_name": true, "discoverable_by_email": true});
    done(&bob, "POST", "/api/v1/user/settings/general", &settings);
    for (text, hit) in [
        ("brow", true),
        ("bob@example.com", true),
        ("bob@example", false),
        ("bo", true),
    ] {
        assert_eq!(usernames(&found(text)) == ["bob"], hit, "{text}");
    }
}

#[test]
fn an_avatar_is_what_was_chosen_or_uploaded() {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";
    for (release, drawn) in [("0.24", "image/png"), ("2.5", "image/svg+xml")] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = User::new(&sandbox, "alice");
        let avatar = |name: &str| alice.get(&format!("/api/v1/avatar/{name}?size=16"));
        assert_eq!(avatar("alice").header("content-type"), Some(drawn));
        assert_eq!(
            avatar("nobody").header("content-type"),
            Some("image/svg+xml")
        );

        let provider = "/api/v1/user/settings/avatar";
        done(
            &alice,
            "POST",
            provider,
            &json!({"avatar_provider": "marble"}),
        );
        assert!(avatar("alice").body.contains("<svg"));
        // There is no network to ask.
        done(
            &alice,
            "POST",
            provider,
            &json!({"avatar_provider": "gravatar"}),
        );
        assert_eq!(avatar("alice").status, 500);

        let form = [
            b"--X\r\ncontent-disposition: form-data; name=\"avatar\"; filename=\"a.png\"\r\n\r\n",
            PNG,
            b"\r\n--X--\r\n",
        ];
        let headers = [
            ("authorization", alice.authorization.as_str()),
            ("content-type", "multipart/form-data; boundary=X"),
        ];
        let path = "/api/v1/user/settings/avatar/upload";
        let answer = send_to(sandbox.address(), "PUT", path, &headers, &form.concat());
        assert_eq!(answer.expect("an answer").status, 200);
        assert_eq!(avatar("alice").bytes, PNG);
        assert_eq!(alice.get(provider).json()["avatar_provider"], "upload");
    }
}

#[test]
fn the_feed_tells_the_same_and_breaks_at_an_assignment() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    add_team(&alice, "Cooks & <co>", &["bob"]);
    let token = json!({"title": "reader", "permissions": {"feeds": ["access"]},
        "expires_at": "2040-01-01T00:00:00Z"});
    let token = done(&bob, "PUT", "/api/v1/tokens", &token)["token"].clone();
    let read = |name: &str| {
        let credentials = format!("{name}:{}", token.as_str().expect("a token"));
        let basic = format!("Basic {}", BASE64_STANDARD.encode(credentials));
        let headers = [("authorization", basic.as_str())];
        send(
            &sandbox,
            "GET",
            "/api/v2/notifications.atom",
            &headers,
            None,
        )
        .expect("an answer")
    };
    let line =
        "<title>alice added you to the &#34;Cooks &amp; &lt;co&gt;&#34; team in Vikunja</title>";
    assert!(read("bob").body.contains(line), "{}", read("bob").body);
    let refused = read("alice");
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").is_some());

    let project = add_project(&alice, "Kitchen", 0);
    share(&alice, project, "bob");
    let bob_id = bob.get("/api/v1/user").json()["id"].clone();
    let task = json!({"title": "Peel", "assignees": [{"id": bob_id}]});
    done(
        &alice,
        "PUT",
        &format!("/api/v1/projects/{project}/tasks"),
        &task,
    );
    assert_eq!(read("bob").status, 500);
}
