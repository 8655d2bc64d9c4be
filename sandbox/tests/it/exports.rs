//! Exports, and imports of them and of other files. Every expectation was seen on real servers.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;
use zip::ZipArchive;

use crate::copies::{attach, call, make, read};
use crate::http::{Answer, User, send_to};

const RELEASES: [&str; 4] = ["0.20", "0.24", "1.0", "2.5"];

/// A new project, and where its tasks are made.
fn project(user: &User<'_>, release: &str, title: &str) -> (Value, String) {
    let body = json!({"title": title, "description": "warm"});
    if release == "0.20" {
        let own = read(user, "/namespaces")[0]["id"].clone();
        let list = make(user, &format!("/namespaces/{own}/lists"), &body);
        let tasks = format!("/lists/{}", list["id"]);
        (list, tasks)
    } else {
        let project = make(user, "/projects", &body);
        let tasks = format!("/projects/{}/tasks", project["id"]);
        (project, tasks)
    }
}

/// What a user has of that title.
fn named(user: &User<'_>, release: &str, title: &str) -> Vec<Value> {
    let path = if release == "0.20" {
        "/lists"
    } else {
        "/projects"
    };
    let all = read(user, path);
    let all = all.as_array().expect("projects").iter();
    all.filter(|project| project["title"] == title)
        .cloned()
        .collect()
}

fn tasks_of(user: &User<'_>, release: &str, project: &Value) -> Vec<Value> {
    let kind = if release == "0.20" {
        "lists"
    } else {
        "projects"
    };
    let tasks = read(user, &format!("/{kind}/{}/tasks", project["id"]));
    tasks.as_array().expect("tasks").clone()
}

fn export(user: &User<'_>) -> Answer {
    let password = json!({"password": "password-1"});
    assert_eq!(
        call(user, "POST", "/user/export/request", &password).status,
        200
    );
    call(user, "POST", "/user/export/download", &password)
}

fn unzipped(answer: &Answer) -> BTreeMap<String, String> {
    let mut archive = ZipArchive::new(Cursor::new(&answer.bytes)).expect("an archive");
    let mut files = BTreeMap::new();
    for place in 0..archive.len() {
        let mut file = archive.by_index(place).expect("a file");
        let name = file.name().expect("a name").into_owned();
        let mut content = String::new();
        file.read_to_string(&mut content).expect("text");
        files.insert(name, content);
    }
    files
}

fn import(user: &User<'_>, from: &str, file: &[u8]) -> Answer {
    let head = "Content-Disposition: form-data; name=\"import\"; filename=\"file\"";
    let form = [
        format!("--X\r\n{head}\r\n\r\n").as_bytes(),
        file,
        b"\r\n--X--\r\n",
    ]
    .concat();
    let headers = [
        ("authorization", user.authorization()),
        ("content-type", "multipart/form-data; boundary=X"),
    ];
    let path = format!("/api/v1/migration/{from}/migrate");
    send_to(user.sandbox.address(), "PUT", &path, &headers, &form).expect("an answer")
}

#[test]
fn an_export_holds_what_its_owner_sees_and_replaces_the_last() {
    for release in RELEASES {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
        let (_, tasks) = project(&alice, release, "Bakery");
        let task = make(&alice, &tasks, &json!({"title": "knead dough"}))["id"].clone();
        let comment = json!({"comment": "slowly"});
        make(&alice, &format!("/tasks/{task}/comments"), &comment);
        attach(&alice, &task, "two cups of flour");
        let first = export(&alice);
        assert_eq!(first.header("content-type"), Some("application/zip"));
        let files = unzipped(&first);
        let names: Vec<&str> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["VERSION", "data.json", "files/1", "filters.json"]);
        assert!(files["VERSION"].starts_with(&format!("v{release}")));
        assert_eq!(files["files/1"], "two cups of flour");
        let data = &files["data.json"];
        assert!(
            data.contains("\"title\":\"knead dough\""),
            "{release}: {data}"
        );
        assert!(data.contains("\"comment\":\"slowly\""), "{release}: {data}");
        let password = json!({"password": "password-1"});
        let others = call(&bob, "POST", "/user/export/download", &password);
        assert!(others.status >= 400);
        call(
            &alice,
            "POST",
            &format!("/tasks/{task}"),
            &json!({"title": "bake bread"}),
        );
        assert!(unzipped(&export(&alice))["data.json"].contains("bake bread"));
    }
}

#[test]
fn what_one_exports_another_imports() {
    for release in RELEASES {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
        let (bakery, tasks) = project(&alice, release, "Bakery");
        let reminders = if release == "0.20" {
            json!({"reminder_dates": ["2031-01-01T00:00:00Z"]})
        } else {
            json!({"reminders": [{"reminder": "2031-01-01T00:00:00Z"}]})
        };
        let mut body = json!({"title": "knead", "priority": 3, "due_date": "2031-01-02T00:00:00Z"});
        body.as_object_mut()
            .expect("a task")
            .extend(reminders.as_object().expect("reminders").clone());
        let knead = make(&alice, &tasks, &body)["id"].clone();
        let fold = make(&alice, &tasks, &json!({"title": "fold"}))["id"].clone();
        let on = |what: &str| format!("/tasks/{knead}/{what}");
        let label = make(
            &alice,
            "/labels",
            &json!({"title": "red", "hex_color": "ff0000"}),
        );
        make(&alice, &on("labels"), &json!({"label_id": label["id"]}));
        make(&alice, &on("comments"), &json!({"comment": "slowly"}));
        let relation = json!({"other_task_id": fold, "relation_kind": "subtask"});
        make(&alice, &on("relations"), &relation);
        attach(&alice, &knead, "flour");
        if release != "0.20" {
            let below =
                json!({"title": "Oven", "parent_project_id": bakery["id"], "is_archived": false});
            make(&alice, "/projects", &below);
        }

        let imported = import(&bob, "vikunja-file", &export(&alice).bytes);
        assert_eq!(imported.status, 200, "{release}: {}", imported.body);
        let found = named(&bob, release, "Bakery");
        assert_eq!(found.len(), 1, "{release}");
        assert_ne!(found[0]["id"], bakery["id"]);
        assert_eq!(found[0]["description"], "warm");
        let tasks = tasks_of(&bob, release, &found[0]);
        let task = |title: &str| {
            tasks
                .iter()
                .find(|task| task["title"] == title)
                .expect("a task")
        };
        let knead = task("knead");
        assert_eq!(knead["priority"], 3);
        assert_eq!(knead["due_date"], "2031-01-02T00:00:00Z");
        let reminders = [&knead["reminder_dates"], &knead["reminders"]].map(Value::to_string);
        assert!(
            reminders.concat().contains("2031-01-01T00:00:00Z"),
            "{knead}"
        );
        assert_eq!(knead["labels"][0]["title"], "red");
        assert_ne!(knead["labels"][0]["id"], label["id"]);
        assert_eq!(knead["created_by"]["username"], "bob");
        assert_eq!(
            knead["related_tasks"]["subtask"][0]["id"],
            task("fold")["id"]
        );
        let on = |what: &str| format!("/tasks/{}/{what}", knead["id"]);
        let comments = read(&bob, &on("comments"));
        assert_eq!(
            (&comments[0]["comment"], &comments[0]["author"]["username"]),
            (&json!("slowly"), &json!("bob"))
        );
        let attachment = on(&format!("attachments/{}", knead["attachments"][0]["id"]));
        assert_eq!(bob.get(&format!("/api/v1{attachment}")).body, "flour");
        if release != "0.20" {
            let oven = named(&bob, release, "Oven");
            assert_eq!(oven[0]["parent_project_id"], found[0]["id"]);
        }
        if release == "2.5" {
            // The exported one beside that of the account.
            assert_eq!(named(&bob, release, "My Open Tasks").len(), 2);
        }
        for broken in [b"PK\x03\x04".as_slice(), b""] {
            let refused = import(&bob, "vikunja-file", broken);
            let wanted = if matches!(release, "0.20" | "0.24") {
                500
            } else {
                400
            };
            assert_eq!(refused.status, wanted, "{release}: {}", refused.body);
        }
    }
}

const TICKTICK: &str = "\"Version: 7.1\"\n\"Status: \n0 Normal\n1 Completed\n2 Archived\"\n\
    \"Folder Name\",\"List Name\",\"Title\",\"Tags\",\"Content\",\"Due Date\",\"Reminder\",\"Priority\",\"Status\",\"taskId\",\"parentId\"\n\
    \"\",\"Pantry\",\"Buy salt\",\"red, blue\",\"one\ntwo\",\"2023-01-05T10:00:00+0200\",\"-PT30M\",\"3\",\"0\",\"1\",\"\"\n\
    \"\",\"Pantry\",\"Fine salt\",\"red\",\"\",\"\",\"\",\"5\",\"1\",\"2\",\"1\"\n\
    \"F\",\"Attic\",\"Dust\",\"\",\"\",\"\",\"PT0S\",\"1\",\"2\",\"3\",\"\"\n";

#[test]
fn a_table_of_ticktick_becomes_projects() {
    for release in RELEASES {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let alice = User::new(&sandbox, "alice");
        let imported = import(&alice, "ticktick", TICKTICK.as_bytes());
        assert_eq!(imported.status, 200, "{release}: {}", imported.body);
        let is_older = matches!(release, "0.20" | "0.24");
        let pantry = named(&alice, release, "Pantry").remove(0);
        if release != "0.20" {
            let parent = named(&alice, release, "Migrated from TickTick").remove(0);
            assert_eq!(pantry["parent_project_id"], parent["id"]);
        }
        let tasks = tasks_of(&alice, release, &pantry);
        let (salt, fine) = (&tasks[0], &tasks[1]);
        assert_eq!(
            (&salt["title"], &salt["description"]),
            (&json!("Buy salt"), &json!("one\ntwo"))
        );
        assert_eq!(salt["due_date"], "2023-01-05T08:00:00Z");
        assert_eq!(salt["end_date"], salt["due_date"]);
        let newest = release == "2.5";
        assert_eq!(salt["priority"], if newest { 3 } else { 0 });
        assert_eq!(salt["labels"][1]["title"], "blue");
        assert_eq!(salt["labels"][0]["id"], fine["labels"][0]["id"]);
        assert_eq!(fine["done"], true);
        assert_eq!(salt["related_tasks"]["subtask"][0]["id"], fine["id"]);
        if release == "0.20" {
            assert_eq!(salt["reminder_dates"][0], "2023-01-05T07:30:00Z");
        }
        let attic = named(&alice, release, "Attic").remove(0);
        let dust = tasks_of(&alice, release, &attic).remove(0);
        assert_eq!(dust["done"], newest, "{release}");
        assert_eq!(dust["labels"].is_array(), is_older, "{release}");

        // Tasks without ids are nobody's subtasks.
        let table = "Folder Name,List Name,Title,taskId,parentId\n,Shelf,Jar,,\n,Shelf,Lid,,\n";
        assert_eq!(import(&alice, "ticktick", table.as_bytes()).status, 200);
        let shelf = named(&alice, release, "Shelf").remove(0);
        for task in tasks_of(&alice, release, &shelf) {
            assert_eq!(task["related_tasks"], json!({}), "{release}");
        }

        let finished = if release == "0.20" {
            "time"
        } else {
            "finished_at"
        };
        let status = || read(&alice, "/migration/ticktick/status");
        assert_eq!(status()["migrator_name"], "ticktick");
        assert_ne!(status()[finished], "0001-01-01T00:00:00Z");
        let refused = import(&alice, "ticktick", b"\"a\",\"b\"\n1,2\n");
        assert_eq!(
            refused.status,
            if is_older { 500 } else { 400 },
            "{}",
            refused.body
        );
        // One that failed was begun.
        assert_eq!(
            status()[finished] == "0001-01-01T00:00:00Z",
            release != "0.20"
        );
    }
}
