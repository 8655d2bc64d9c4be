//! Copies of projects, and what link shares and bots leave behind. Every expectation was seen on real servers.

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use crate::http::{Answer, User, post, send, send_to};

const RELEASES: [&str; 3] = ["0.24", "1.0", "2.5"];

pub(crate) fn call(user: &User<'_>, method: &str, path: &str, body: &Value) -> Answer {
    let path = format!("/api/v1{path}");
    user.send(method, &path, Some(body)).expect("an answer")
}

pub(crate) fn make(user: &User<'_>, path: &str, body: &Value) -> Value {
    let answer = call(user, "PUT", path, body);
    assert!(answer.status < 300, "{path}: {}", answer.body);
    answer.json()
}

pub(crate) fn read(user: &User<'_>, path: &str) -> Value {
    user.get(&format!("/api/v1{path}")).json()
}

pub(crate) fn attach(user: &User<'_>, task: &Value, content: &str) -> Value {
    let head = "Content-Disposition: form-data; name=\"files\"; filename=\"note.txt\"";
    let form = format!("--X\r\n{head}\r\n\r\n{content}\r\n--X--\r\n");
    let headers = [
        ("authorization", user.authorization()),
        ("content-type", "multipart/form-data; boundary=X"),
    ];
    let path = format!("/api/v1/tasks/{task}/attachments");
    let address = user.sandbox.address();
    let answer = send_to(address, "PUT", &path, &headers, form.as_bytes());
    answer.expect("an answer").json()
}

#[test]
fn a_copy_has_what_hangs_on_its_tasks() {
    for release in RELEASES {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
        let project = make(&alice, "/projects", &json!({"title": "Bakery"}))["id"].clone();
        let elsewhere = make(
            &alice,
            &format!("/projects/{}/tasks", alice.inbox()),
            &json!({"title": "elsewhere"}),
        );
        let path = format!("/projects/{project}/tasks");
        let body = json!({"title": "first", "is_favorite": true, "reminders": [{"reminder": "2031-01-01T00:00:00Z"}]});
        let (first, second) = (
            make(&alice, &path, &body)["id"].clone(),
            make(&alice, &path, &json!({"title": "second"}))["id"].clone(),
        );
        let share = json!({"user_id": "bob", "username": "bob", "right": 1, "permission": 1});
        make(&alice, &format!("/projects/{project}/users"), &share);
        let label = make(&alice, "/labels", &json!({"title": "red"}));
        let on = |what: &str| format!("/tasks/{first}/{what}");
        make(&alice, &on("labels"), &json!({"label_id": label["id"]}));
        make(&bob, &on("comments"), &json!({"comment": "by bob"}));
        for (other, kind) in [(&second, "subtask"), (&elsewhere["id"], "related")] {
            let relation = json!({"other_task_id": other, "relation_kind": kind});
            make(&alice, &on("relations"), &relation);
        }
        for user in [&alice, &bob] {
            let id = read(user, "/user")["id"].clone();
            make(&alice, &on("assignees"), &json!({"user_id": id}));
        }
        let attached = attach(&alice, &first, "flour")["success"][0]["id"].clone();
        let mut whole = read(&alice, &format!("/tasks/{first}"));
        whole["cover_image_attachment_id"] = attached.clone();
        assert_eq!(
            call(&alice, "POST", &format!("/tasks/{first}"), &whole).status,
            200
        );
        let link = json!({"name": "guests", "right": 0, "permission": 0});
        let link = make(&alice, &format!("/projects/{project}/shares"), &link);

        let body = json!({"duplicate_shares": true});
        let path = format!("/projects/{project}/duplicate");
        let copy = make(&alice, &path, &body)["duplicated_project"]["id"].clone();
        let tasks = read(&alice, &format!("/projects/{copy}/tasks"));
        let find = |title: &str| {
            let all = tasks.as_array().expect("tasks").iter();
            let found = all.clone().find(|task| task["title"] == title);
            found.expect("a copy")["id"].clone()
        };
        let (task, below) = (
            read(&alice, &format!("/tasks/{}", find("first"))),
            find("second"),
        );
        assert_eq!(task["labels"][0]["id"], label["id"], "{release}");
        assert_eq!(task["reminders"][0]["reminder"], "2031-01-01T00:00:00Z");
        assert_eq!(task["is_favorite"], true);
        // Relations lead to the copies, and to no other project.
        assert_eq!(task["related_tasks"]["subtask"][0]["id"], below);
        assert_eq!(task["related_tasks"].as_object().expect("kinds").len(), 1);
        // Bob does not see the copy yet when it is assigned.
        assert_eq!(task["assignees"].as_array().expect("users").len(), 1);
        // A file of its own, and the cover of the original.
        assert_ne!(task["attachments"][0]["id"], attached);
        assert_eq!(task["cover_image_attachment_id"], attached);
        let comments = read(&alice, &format!("/tasks/{}/comments", task["id"]));
        assert_eq!(comments[0]["comment"], "by bob");
        assert_eq!(comments[0]["author"]["username"], "bob");
        let links = read(&alice, &format!("/projects/{copy}/shares"));
        assert_eq!(links[0]["name"], "guests");
        assert_ne!(links[0]["id"], link["id"]);
        assert_eq!(bob.get(&format!("/api/v1/projects/{copy}")).status, 200);
        let content = format!(
            "/tasks/{}/attachments/{}",
            task["id"], task["attachments"][0]["id"]
        );
        assert_eq!(alice.get(&format!("/api/v1{content}")).body, "flour");
    }
}

#[test]
fn what_a_link_wrote_cannot_be_written_once_it_is_gone() {
    for release in ["0.24", "1.0"] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = User::new(&sandbox, "alice");
        let project = make(&alice, "/projects", &json!({"title": "Bakery"}))["id"].clone();
        let link = json!({"right": 1, "permission": 1});
        let link = make(&alice, &format!("/projects/{project}/shares"), &link);
        let hash = link["hash"].as_str().expect("a hash");
        let answer = post(&sandbox, &format!("/api/v1/shares/{hash}/auth"), &json!({}));
        let token = answer.json()["token"].as_str().expect("a token").to_owned();
        let guest = User {
            sandbox: &sandbox,
            authorization: format!("Bearer {token}"),
        };
        let tasks = format!("/projects/{project}/tasks");
        let task = make(&guest, &tasks, &json!({"title": "by a guest"}))["id"].clone();
        let path = format!("/api/v1/projects/{project}/shares/{}", link["id"]);
        let headers = [("authorization", alice.authorization())];
        let deleted = send(&sandbox, "DELETE", &path, &headers, None).expect("an answer");
        assert_eq!(deleted.status, 200);
        // The token still reads and changes; nothing new has an author.
        assert_eq!(
            guest.get(&format!("/api/v1{tasks}")).status,
            200,
            "{release}"
        );
        let change = json!({"title": "changed"});
        assert_eq!(
            call(&guest, "POST", &format!("/tasks/{task}"), &change).status,
            200
        );
        for (path, body) in [
            (tasks.clone(), json!({"title": "late"})),
            (
                format!("/tasks/{task}/comments"),
                json!({"comment": "late"}),
            ),
        ] {
            let refused = call(&guest, "PUT", &path, &body);
            assert_eq!(
                (refused.status, &refused.json()["code"]),
                (404, &json!(3006)),
                "{release}: {path}"
            );
        }
        let upload = attach(&guest, &task, "late");
        assert!(
            upload["success"].is_null() && upload.to_string().contains("3006"),
            "{upload}"
        );
    }
}

#[test]
fn what_a_deleted_bot_wrote_stays_by_nobody() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = User::new(&sandbox, "alice");
    let project = make(&alice, "/projects", &json!({"title": "Bakery"}))["id"].clone();
    let bot = make(&alice, "/user/bots", &json!({"username": "bot-baker"}));
    let permissions = json!({"tasks": ["create"], "tasks_comments": ["create"]});
    let token = json!({"title": "t", "expires_at": "2131-01-01T00:00:00Z", "permissions": permissions, "owner_id": bot["id"]});
    let token = make(&alice, "/tokens", &token)["token"].clone();
    let share = json!({"username": "bot-baker", "permission": 1});
    make(&alice, &format!("/projects/{project}/users"), &share);
    let baker = User {
        sandbox: &sandbox,
        authorization: format!("Bearer {}", token.as_str().expect("a token")),
    };
    let tasks = format!("/projects/{project}/tasks");
    let task = make(&baker, &tasks, &json!({"title": "knead"}));
    assert_eq!(task["created_by"]["username"], "bot-baker");
    let path = format!("/tasks/{}", task["id"]);
    make(
        &baker,
        &format!("{path}/comments"),
        &json!({"comment": "slowly"}),
    );
    let bot = format!("/user/bots/{}", bot["id"]);
    assert_eq!(call(&alice, "DELETE", &bot, &Value::Null).status, 200);
    assert_eq!(read(&alice, &path)["title"], "knead");
    assert!(read(&alice, &path)["created_by"].is_null());
    assert!(read(&alice, &format!("{path}/comments"))[0]["author"].is_null());
    assert_eq!(
        call(&baker, "PUT", &tasks, &json!({"title": "late"})).status,
        401
    );
}
