//! What hangs on tasks, where the recordings are silent. Every expectation was seen on real servers.

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use crate::http::{Answer, User, send_to};

/// A verb of v1, a path below `/api/v1`, and a JSON body.
fn call(user: &User<'_>, method: &str, path: &str, body: &Value) -> Answer {
    let path = format!("/api/v1{path}");
    user.send(method, &path, Some(body)).expect("an answer")
}

/// Makes something on v1, and answers its id.
fn make(user: &User<'_>, path: &str, body: &Value) -> i64 {
    let answer = call(user, "PUT", path, body);
    assert!(answer.status < 300, "{path}: {}", answer.body);
    answer.json()["id"].as_i64().expect("an id")
}

fn make_task(user: &User<'_>, project: i64, title: &str) -> i64 {
    make(
        user,
        &format!("/projects/{project}/tasks"),
        &json!({"title": title}),
    )
}

fn relate(user: &User<'_>, task: i64, kind: &str, other: i64) -> Answer {
    let body = json!({"other_task_id": other, "relation_kind": kind});
    call(user, "PUT", &format!("/tasks/{task}/relations"), &body)
}

fn titles(answer: &Answer) -> Vec<String> {
    let tasks = answer.json();
    let titles = tasks.as_array().into_iter().flatten();
    titles
        .map(|task| task["title"].as_str().expect("a title").to_owned())
        .collect()
}

fn share(owner: &User<'_>, project: i64, with: &str, access: i64) {
    let body = json!({"username": with, "permission": access});
    let answer = call(owner, "PUT", &format!("/projects/{project}/users"), &body);
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[test]
fn a_subtask_cannot_be_above_its_parent_but_other_kinds_run_in_circles() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = User::new(&sandbox, "alice");
    let inbox = alice.inbox();
    let [a, b, c] = ["a", "b", "c"].map(|title| make_task(&alice, inbox, title));
    assert_eq!(relate(&alice, a, "subtask", b).status, 201);
    assert_eq!(relate(&alice, b, "subtask", c).status, 201);
    for (task, kind, other) in [(c, "subtask", a), (a, "parenttask", c)] {
        assert_eq!(relate(&alice, task, kind, other).json()["code"], 4023);
    }
    assert_eq!(relate(&alice, a, "blocking", c).status, 201);
    assert_eq!(relate(&alice, c, "blocking", a).status, 201);
    let related = alice.get(&format!("/api/v1/tasks/{c}")).json()["related_tasks"].clone();
    let kinds: Vec<&String> = related.as_object().expect("related tasks").keys().collect();
    assert_eq!(kinds, ["blocked", "blocking", "parenttask"]);
}

#[test]
fn expanded_subtasks_stand_behind_their_parents_whatever_the_list_leaves_out() {
    // Which subtasks leave their places differs: a search that finds a subtask and not its parent shows it.
    for (release, found_alone) in [("0.24", 0), ("2.5", 2)] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = User::new(&sandbox, "alice");
        let inbox = alice.inbox();
        let parent = make_task(&alice, inbox, "parent");
        let child = make_task(&alice, inbox, "child");
        let below = make_task(&alice, inbox, "below");
        make_task(&alice, inbox, "last parent");
        relate(&alice, parent, "subtask", child);
        relate(&alice, child, "subtask", below);
        let list = |query: &str| alice.get(&format!("/api/v1/projects/{inbox}/tasks?{query}"));
        let answer = list("expand=subtasks&s=parent&per_page=1");
        assert_eq!(titles(&answer), ["parent", "child", "below"], "{release}");
        assert_eq!(answer.header("x-pagination-total-pages"), Some("2"));
        assert_eq!(answer.header("x-pagination-result-count"), Some("3"));
        assert_eq!(titles(&list("expand=subtasks&s=child")).len(), found_alone);
        assert_eq!(titles(&list("s=child")), ["child"]);
    }
}

#[test]
fn strangers_see_what_a_release_lets_them_see() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    let shared = make(&alice, "/projects", &json!({"title": "shared"}));
    let (task, secret) = (
        make_task(&alice, shared, "task"),
        make_task(&alice, alice.inbox(), "secret"),
    );
    let label = make(&alice, "/labels", &json!({"title": "label"}));
    relate(&alice, task, "related", secret);
    share(&alice, shared, "bob", 0);
    let read = |path: &str| bob.get(&format!("/api/v1{path}"));
    // A label is seen once it is on a task in sight.
    assert_eq!(read(&format!("/labels/{label}")).status, 403);
    call(
        &alice,
        "PUT",
        &format!("/tasks/{task}/labels"),
        &json!({"label_id": label}),
    );
    let seen = read(&format!("/labels/{label}"));
    assert_eq!(
        (seen.status, seen.header("x-max-permission")),
        (200, Some("0"))
    );
    assert_eq!(
        read(&format!("/tasks/{task}")).json()["related_tasks"],
        json!({})
    );
    assert_eq!(
        read(&format!("/tasks/{secret}/labels")).json()["code"],
        4005
    );
    for path in ["comments", "attachments", "reactions", "assignees"] {
        let answer = read(&format!("/tasks/{secret}/{path}"));
        assert!(matches!(
            (answer.status, answer.json()["code"].as_i64()),
            (403, Some(1))
        ));
    }
    // Reading is not writing.
    for (path, body) in [
        ("comments", json!({"comment": "x"})),
        ("reactions", json!({"value": "x"})),
        ("labels", json!({"label_id": label})),
        ("assignees", json!({"user_id": 1})),
    ] {
        let answer = call(&bob, "PUT", &format!("/tasks/{task}/{path}"), &body);
        assert_eq!(answer.status, 403, "{path}: {}", answer.body);
    }
}

#[test]
fn a_comment_is_news_for_everybody_but_its_author() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
    let project = make(&alice, "/projects", &json!({"title": "shared"}));
    share(&alice, project, "bob", 0);
    let task = make_task(&alice, project, "task");
    let is_unread = |user: &User<'_>| {
        let path = format!("/api/v1/tasks/{task}?expand=is_unread");
        user.get(&path).json().get("is_unread").cloned()
    };
    assert_eq!((is_unread(&alice), is_unread(&bob)), (None, None));
    make(
        &alice,
        &format!("/tasks/{task}/comments"),
        &json!({"comment": "news"}),
    );
    assert_eq!(
        (is_unread(&alice), is_unread(&bob)),
        (None, Some(true.into()))
    );
    let answer = call(&bob, "POST", &format!("/tasks/{task}/read"), &json!({}));
    assert_eq!(answer.json(), json!({"TaskID": task, "UserID": 0}));
    assert_eq!(is_unread(&bob), None);
}

#[test]
fn a_deleted_label_leaves_its_tasks_and_a_deleted_comment_its_reactions() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = User::new(&sandbox, "alice");
    let task = make_task(&alice, alice.inbox(), "task");
    let label = make(&alice, "/labels", &json!({"title": "label"}));
    call(
        &alice,
        "PUT",
        &format!("/tasks/{task}/labels"),
        &json!({"label_id": label}),
    );
    let read = || alice.get(&format!("/api/v1/tasks/{task}")).json();
    assert_eq!(read()["labels"][0]["id"], label);
    call(&alice, "DELETE", &format!("/labels/{label}"), &json!({}));
    assert_eq!(read()["labels"], Value::Null);
    // Ids are not given twice.
    let next = make(&alice, "/labels", &json!({"title": "next"}));
    assert_eq!(next, label + 1);
    let comment = make(
        &alice,
        &format!("/tasks/{task}/comments"),
        &json!({"comment": "c"}),
    );
    let reactions = format!("/comments/{comment}/reactions");
    assert_eq!(
        call(&alice, "PUT", &reactions, &json!({"value": "+"})).status,
        201
    );
    let path = format!("/tasks/{task}/comments/{comment}");
    assert_eq!(call(&alice, "DELETE", &path, &json!({})).status, 200);
    assert_eq!(alice.get(&format!("/api/v1{reactions}")).status, 404);
}

/// Answers the id of the attachment that a file became.
fn upload(user: &User<'_>, task: i64, name: &str, content: &[u8]) -> Answer {
    let head = format!(
        "--X\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
    );
    let body = [head.as_bytes(), content, b"\r\n--X--\r\n"].concat();
    let headers = [
        ("authorization", user.authorization()),
        ("content-type", "multipart/form-data; boundary=X"),
    ];
    let path = format!("/api/v1/tasks/{task}/attachments");
    send_to(user.sandbox.address(), "PUT", &path, &headers, &body).expect("an answer")
}

#[test]
fn files_are_kept_as_they_came_and_large_ones_refused_inside_a_success() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = User::new(&sandbox, "alice");
    let task = make_task(&alice, alice.inbox(), "task");
    let bytes: Vec<u8> = (0..=255).collect();
    let made = upload(&alice, task, "a b.bin", &bytes).json();
    let (id, file) = (&made["success"][0]["id"], &made["success"][0]["file"]);
    assert_eq!(
        (&file["mime"], &file["size"]),
        (&json!("application/octet-stream"), &json!(256))
    );
    let path = format!("/api/v1/tasks/{task}/attachments/{id}");
    let answer = alice.get(&path);
    assert_eq!(answer.bytes, bytes);
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"a b.bin\"")
    );
    let large = upload(&alice, task, "large", &vec![0; 20 * 1024 * 1024 + 1]);
    assert_eq!(large.status, 200);
    assert_eq!(large.json()["errors"][0]["code"], 4012);
    assert_eq!(large.json()["success"], Value::Null);
    // The cover is one of the task's own.
    let cover = |task: i64, id: &Value| {
        let body = json!({"title": "task", "cover_image_attachment_id": id});
        call(&alice, "POST", &format!("/tasks/{task}"), &body).json()
    };
    assert_eq!(cover(task, id)["cover_image_attachment_id"], *id);
    let other = make_task(&alice, alice.inbox(), "other");
    assert_eq!(cover(other, id)["code"], 4020);
}

#[test]
fn a_copy_has_files_of_its_own_and_no_history() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = User::new(&sandbox, "alice");
    let task = make_task(&alice, alice.inbox(), "task");
    let file = upload(&alice, task, "a.txt", b"a").json()["success"][0].clone();
    let body = json!({"title": "task", "done": true, "priority": 3, "is_favorite": true,
        "cover_image_attachment_id": file["id"]});
    call(&alice, "POST", &format!("/tasks/{task}"), &body);
    make(
        &alice,
        &format!("/tasks/{task}/comments"),
        &json!({"comment": "c"}),
    );
    let copied = call(
        &alice,
        "PUT",
        &format!("/tasks/{task}/duplicate"),
        &json!({}),
    )
    .json();
    let copy = &copied["duplicated_task"];
    assert_eq!(
        (&copy["done"], &copy["is_favorite"], &copy["priority"]),
        (&json!(false), &json!(false), &json!(3))
    );
    let own = &copy["attachments"][0];
    assert_ne!(own["file"]["id"], file["file"]["id"]);
    assert_eq!(copy["cover_image_attachment_id"], own["id"]);
    assert_eq!(copy["related_tasks"]["copiedfrom"][0]["id"], task);
    let read = alice.get(&format!(
        "/api/v1/tasks/{}?expand=comment_count",
        copy["id"]
    ));
    assert_eq!(read.json()["comment_count"], 0);
}

#[test]
fn the_forms_of_bulk_updates_wreck_each_others_tasks() {
    for release in ["0.24", "2.5"] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = User::new(&sandbox, "alice");
        let full = json!({"title": "task", "description": "d", "priority": 3, "due_date": "2031-01-01T00:00:00Z",
            "reminders": [{"reminder": "2030-05-05T00:00:00Z"}]});
        let path = format!("/projects/{}/tasks", alice.inbox());
        let task = make(&alice, &path, &full);
        let read = || alice.get(&format!("/api/v1/tasks/{task}")).json();
        let named = json!({"task_ids": [task], "fields": ["done"], "values": {"done": true}});
        let flat = json!({"task_ids": [task], "done": true});
        let (own, others) = if release == "2.5" {
            (named, flat)
        } else {
            (flat, named)
        };
        assert_eq!(call(&alice, "POST", "/tasks/bulk", &own).status, 200);
        let after = read();
        assert_eq!(
            (&after["done"], &after["priority"]),
            (&json!(true), &json!(3))
        );
        // The named form keeps the date and loses the reminders, the flat one the other way round.
        assert_eq!(after["reminders"] == Value::Null, release == "2.5");
        assert_eq!(
            after["due_date"] == "2031-01-01T00:00:00Z",
            release == "2.5"
        );
        assert_eq!(call(&alice, "POST", "/tasks/bulk", &others).status, 200);
        let after = read();
        assert_eq!(
            (&after["done"], &after["title"]),
            (&json!(false), &json!("task"))
        );
        assert_eq!(after["description"] == "", release == "2.5");
    }
}

#[test]
fn lists_are_searched_for_what_tasks_have() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = User::new(&sandbox, "alice");
    let inbox = alice.inbox();
    let labelled = make_task(&alice, inbox, "labelled");
    let label = make(&alice, "/labels", &json!({"title": "label"}));
    call(
        &alice,
        "PUT",
        &format!("/tasks/{labelled}/labels"),
        &json!({"label_id": label}),
    );
    let reminded =
        json!({"title": "reminded", "reminders": [{"reminder": "2030-05-05T00:00:00Z"}]});
    make(&alice, &format!("/projects/{inbox}/tasks"), &reminded);
    let found = |filter: &str| {
        let filter = filter
            .replace(' ', "+")
            .replace('=', "%3D")
            .replace('>', "%3E");
        alice.get(&format!("/api/v1/projects/{inbox}/tasks?filter={filter}"))
    };
    assert_eq!(
        titles(&found(&format!("labels in {label},99"))),
        ["labelled"]
    );
    assert_eq!(titles(&found(&format!("labels != {label}"))), ["reminded"]);
    assert_eq!(titles(&found("reminders > 2030-01-01")), ["reminded"]);
    assert_eq!(titles(&found("reminders != 2030-05-05")).len(), 2);
    assert_eq!(titles(&found("assignees like nobody")).len(), 2);
    for (filter, value, field) in [
        ("labels = x", "x", "labels"),
        ("labels like 1", "%!s(int64=1)", "label_id"),
    ] {
        let message = format!("The task filter value '{value}' for field '{field}' is invalid.");
        assert_eq!(
            found(filter).json(),
            json!({"code": 4019, "message": message})
        );
    }
}

#[test]
fn json_patch_is_applied_whole_or_not_at_all() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let alice = User::new(&sandbox, "alice");
    let task = make_task(&alice, alice.inbox(), "task");
    let patch = |steps: Value| {
        let headers = [
            ("authorization", alice.authorization()),
            ("content-type", "application/json-patch+json"),
        ];
        let path = format!("/api/v2/tasks/{task}");
        let body = steps.to_string();
        send_to(sandbox.address(), "PATCH", &path, &headers, body.as_bytes()).expect("an answer")
    };
    let refused = patch(json!([
        {"op": "replace", "path": "/priority", "value": 4},
        {"op": "test", "path": "/title", "value": "another"},
    ]));
    assert_eq!(refused.status, 422);
    assert_eq!(
        refused.json()["errors"][0]["message"],
        "testing value /title failed: test failed"
    );
    assert_eq!(patch(json!([])).status, 304);
    let changed = patch(json!([{"op": "copy", "from": "/title", "path": "/description"}])).json();
    assert_eq!(
        (&changed["description"], &changed["priority"]),
        (&json!("task"), &json!(0))
    );
}
