//! Release 0.20: namespaces and the lists in them, where the recordings are silent. Each fact was seen on 0.20.4.

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use crate::http::User;

fn sandbox() -> Sandbox {
    Sandbox::with("0.20").expect("a sandbox")
}

/// Status and body of a call below `/api/v1`.
fn call(user: &User<'_>, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let path = format!("/api/v1{path}");
    let answer = match body {
        Some(body) => user.send(method, &path, Some(&body)),
        None => user.send(method, &path, None),
    };
    let answer = answer.expect("an answer");
    (answer.status, answer.json())
}

/// The id of what a creation made.
fn made(user: &User<'_>, path: &str, body: Value) -> i64 {
    let (status, object) = call(user, "PUT", path, Some(body));
    assert_eq!(status, 201, "{path} {object}");
    object["id"].as_i64().expect("an id")
}

fn code((status, body): (u16, Value)) -> (u16, i64) {
    (status, body["code"].as_i64().unwrap_or_default())
}

fn ids(objects: &Value) -> Vec<i64> {
    let objects = objects.as_array().map_or(&[][..], Vec::as_slice);
    objects
        .iter()
        .filter_map(|object| object["id"].as_i64())
        .collect()
}

#[test]
fn access_to_a_namespace_is_access_to_its_lists() {
    let sandbox = sandbox();
    let [ann, ben, cat] = ["ann", "ben", "cat"].map(|name| User::new(&sandbox, name));
    let space = made(&ann, "/namespaces", json!({"title": "Home"}));
    let list = made(
        &ann,
        &format!("/namespaces/{space}/lists"),
        json!({"title": "Kitchen"}),
    );
    let task = made(
        &ann,
        &format!("/lists/{list}"),
        json!({"title": "Buy flour"}),
    );
    let (space, list, task) = (
        format!("/namespaces/{space}"),
        format!("/lists/{list}"),
        format!("/tasks/{task}"),
    );
    let shares = format!("{space}/users");
    made(&ann, &shares, json!({"user_id": "ben", "right": 0}));

    assert_eq!(call(&ben, "GET", &task, None).0, 200);
    assert_eq!(ids(&call(&ben, "GET", "/lists", None).1).len(), 1);
    assert_eq!(
        call(&ben, "PUT", &list, Some(json!({"title": "No"}))).0,
        403
    );
    assert_eq!(
        call(&ben, "PUT", &shares, Some(json!({"user_id": "cat"}))).0,
        403
    );
    assert_eq!(call(&ben, "DELETE", &space, None).0, 403);

    assert_eq!(call(&cat, "GET", &list, None).0, 403);
    assert_eq!(code(call(&cat, "GET", &shares, None)), (403, 5009));
    // What a stranger gets instead of a refusal.
    assert_eq!(call(&cat, "GET", &format!("{space}/lists"), None).0, 500);

    assert_eq!(call(&ann, "DELETE", &format!("{shares}/ben"), None).0, 200);
    assert_eq!(call(&ben, "GET", &task, None).0, 403);
    assert_eq!(call(&ben, "GET", "/lists", None).1, Value::Null);
}

#[test]
fn a_team_has_access_while_it_is_there() {
    let sandbox = sandbox();
    let [ann, ben] = ["ann", "ben"].map(|name| User::new(&sandbox, name));
    let list = made(&ann, "/namespaces/1/lists", json!({"title": "Kitchen"}));
    let team = made(&ann, "/teams", json!({"name": "Cooks"}));
    made(
        &ann,
        &format!("/teams/{team}/members"),
        json!({"username": "ben"}),
    );
    made(
        &ann,
        "/namespaces/1/teams",
        json!({"team_id": team, "right": 1}),
    );
    made(&ben, &format!("/lists/{list}"), json!({"title": "Soup"}));
    assert_eq!(
        code(call(
            &ann,
            "PUT",
            "/namespaces/1/teams",
            Some(json!({"team_id": team}))
        )),
        (409, 6004)
    );
    assert_eq!(call(&ann, "DELETE", &format!("/teams/{team}"), None).0, 200);
    assert_eq!(call(&ben, "GET", &format!("/lists/{list}"), None).0, 403);
}

#[test]
fn a_deleted_namespace_takes_its_lists_along() {
    let sandbox = sandbox();
    let ann = User::new(&sandbox, "ann");
    let space = made(&ann, "/namespaces", json!({"title": "Home"}));
    let list = made(
        &ann,
        &format!("/namespaces/{space}/lists"),
        json!({"title": "Kitchen"}),
    );
    let task = made(
        &ann,
        &format!("/lists/{list}"),
        json!({"title": "Buy flour"}),
    );
    assert_eq!(
        call(&ann, "DELETE", &format!("/namespaces/{space}"), None).0,
        200
    );
    assert_eq!(
        code(call(&ann, "GET", &format!("/lists/{list}"), None)),
        (404, 3001)
    );
    assert_eq!(
        code(call(&ann, "GET", &format!("/tasks/{task}"), None)),
        (404, 4002)
    );
    // Its id is not given again.
    assert_eq!(
        made(&ann, "/namespaces", json!({"title": "Next"})),
        space + 1
    );
}

#[test]
fn an_archived_namespace_holds_its_lists_as_they_are() {
    let sandbox = sandbox();
    let ann = User::new(&sandbox, "ann");
    let space = made(&ann, "/namespaces", json!({"title": "Home"}));
    let list = made(
        &ann,
        &format!("/namespaces/{space}/lists"),
        json!({"title": "Kitchen"}),
    );
    let (space_path, list_path) = (format!("/namespaces/{space}"), format!("/lists/{list}"));
    let archive = json!({"title": "Home", "is_archived": true});
    assert_eq!(
        call(&ann, "POST", &space_path, Some(archive.clone())).0,
        200
    );

    assert_eq!(call(&ann, "GET", &list_path, None).1["is_archived"], true);
    assert_eq!(call(&ann, "GET", "/lists", None).1, Value::Null);
    let (_, all) = call(&ann, "GET", "/lists?is_archived=true", None);
    assert_eq!(
        (ids(&all), &all[0]["is_archived"]),
        (vec![list], &json!(false))
    );
    let moved = json!({"title": "Kitchen", "namespace_id": 1});
    for refused in [
        call(&ann, "PUT", &list_path, Some(json!({"title": "Too late"}))),
        call(&ann, "POST", &list_path, Some(moved)),
        call(&ann, "POST", &space_path, Some(archive)),
    ] {
        assert_eq!(code(refused), (412, 5012));
    }
    // The count is that of the others.
    let answer = ann.get("/api/v1/namespaces?is_archived=true&s=Home");
    assert_eq!(answer.header("x-pagination-total-pages"), Some("0"));
    assert_eq!(ids(&answer.json()), [space]);
}

#[test]
fn pseudo_namespaces_lead_every_page_that_has_another() {
    let sandbox = sandbox();
    let [ann, ben] = ["ann", "ben"].map(|name| User::new(&sandbox, name));
    let own = made(&ann, "/namespaces/1/lists", json!({"title": "Own"}));
    made(
        &ann,
        &format!("/lists/{own}"),
        json!({"title": "Task", "is_favorite": true}),
    );
    let bens = made(&ben, "/namespaces/2/lists", json!({"title": "Ben's"}));
    made(
        &ben,
        &format!("/lists/{bens}/users"),
        json!({"user_id": "ann", "right": 1}),
    );
    let favorite = json!({"title": "Ben's", "namespace_id": 2, "is_favorite": true});
    assert_eq!(
        call(&ann, "POST", &format!("/lists/{bens}"), Some(favorite)).0,
        200
    );
    let second = made(&ann, "/namespaces", json!({"title": "Second"}));

    let (_, all) = call(&ann, "GET", "/namespaces", None);
    assert_eq!(ids(&all), [-2, -1, 1, second]);
    assert_eq!(ids(&all[0]["lists"]), [-1, bens]);
    assert_eq!(
        (ids(&all[1]["lists"]), &all[1]["lists"][0]["namespace_id"]),
        (vec![bens], &json!(-1))
    );
    assert_eq!(all[1]["lists"][0]["owner"]["email"], "ben@example.com");
    // Favourite tasks count among the lists of the page alone.
    assert_eq!(
        ids(&call(&ann, "GET", "/namespaces?per_page=1&page=2", None).1),
        [-2, -1, second]
    );
    assert_eq!(call(&ann, "GET", "/namespaces?page=9", None).1, Value::Null);
    assert_eq!(
        ids(&call(&ann, "GET", "/namespaces?namespaces_only=true", None).1),
        [1, second]
    );
    for (method, path) in [
        ("GET", "/namespaces/-2"),
        ("PUT", "/namespaces/-1/lists"),
        ("DELETE", "/namespaces/-3"),
    ] {
        let body = (method == "PUT").then(|| json!({"title": "No"}));
        assert_eq!(code(call(&ann, method, path, body)), (404, 1005), "{path}");
    }
}

#[test]
fn a_list_moves_between_namespaces_that_are_real_and_writable() {
    let sandbox = sandbox();
    let [ann, ben] = ["ann", "ben"].map(|name| User::new(&sandbox, name));
    let list = made(&ann, "/namespaces/1/lists", json!({"title": "List"}));
    made(
        &ann,
        &format!("/lists/{list}/users"),
        json!({"user_id": "ben", "right": 1}),
    );
    let path = format!("/lists/{list}");
    let to = |namespace: i64| Some(json!({"title": "List", "namespace_id": namespace}));
    assert_eq!(code(call(&ann, "POST", &path, to(-2))), (412, 3009));
    assert_eq!(code(call(&ann, "POST", &path, to(99))), (404, 5001));
    assert_eq!(code(call(&ann, "POST", &path, to(2))), (403, 1));
    // Whoever may write can take it home.
    assert_eq!(call(&ben, "POST", &path, to(2)).0, 200);
    assert_eq!(call(&ben, "GET", &path, None).1["namespace_id"], 2);
}

#[test]
fn later_names_of_keys_and_fields_mean_nothing() {
    let sandbox = sandbox();
    let ann = User::new(&sandbox, "ann");
    let list = made(
        &ann,
        "/namespaces/1/lists",
        json!({"title": "List", "hex_color": "#abc"}),
    );
    assert_eq!(
        call(&ann, "GET", &format!("/lists/{list}"), None).1["hex_color"],
        "#abc"
    );
    let other = made(&ann, "/namespaces/1/lists", json!({"title": "Other"}));
    let task =
        json!({"title": "Task", "project_id": other, "reminder_dates": ["2031-03-01T07:30:00Z"]});
    let (_, task) = call(&ann, "PUT", &format!("/lists/{list}"), Some(task));
    assert_eq!(
        (&task["list_id"], &task["reminder_dates"][0]),
        (&json!(list), &json!("2031-03-01T07:30:00Z"))
    );
    assert!(
        task.get("project_id").is_none() && task.get("reminders").is_none(),
        "{task}"
    );

    let found = |query: &str| call(&ann, "GET", &format!("/tasks/all?{query}"), None);
    assert_eq!(ids(&found("filter_by=namespace&filter_value=1").1).len(), 1);
    assert_eq!(ids(&found("filter_by=namespace&filter_value=2").1).len(), 0);
    assert_eq!(
        code(found("filter_by=project_id&filter_value=1")),
        (400, 4019)
    );
    assert_eq!(code(found("sort_by=project_id")), (400, 4016));
    // Blanks in a list of values count.
    let blank = made(&ann, &format!("/lists/{list}"), json!({"title": " like "}));
    let listed = "filter_by=title&filter_comparator=in&filter_value=x,%20like%20";
    assert_eq!(ids(&found(listed).1), [blank]);
    assert_eq!(
        ids(&found("filter_by=title&filter_comparator=in&filter_value=like").1).len(),
        0
    );
    // No value, no match and no error; the string of later releases is not looked at.
    assert_eq!(ids(&found("filter_by=priority").1).len(), 0);
    assert_eq!(ids(&found("filter=nonsense%20here").1).len(), 2);
}

#[test]
fn positions_stand_with_the_task_and_make_room() {
    let sandbox = sandbox();
    let ann = User::new(&sandbox, "ann");
    let list = made(&ann, "/namespaces/1/lists", json!({"title": "List"}));
    let path = format!("/lists/{list}");
    let tasks = ["first", "second", "third", "fourth"]
        .map(|title| made(&ann, &path, json!({"title": title})));
    let both = |task: &Value| (task["position"].as_f64(), task["kanban_position"].as_f64());
    let read = |task: i64| both(&call(&ann, "GET", &format!("/tasks/{task}"), None).1);
    assert_eq!(read(tasks[1]), (Some(131_072.0), Some(131_072.0)));

    let kept = json!({"title": "third", "position": 7, "kanban_position": 0.1});
    let (_, updated) = call(&ann, "POST", &format!("/tasks/{}", tasks[2]), Some(kept));
    assert_eq!(both(&updated), (Some(7.0), Some(0.1)));
    // Without positions it goes to the front, and all others are spread anew.
    let (_, updated) = call(
        &ann,
        "POST",
        &format!("/tasks/{}", tasks[3]),
        Some(json!({})),
    );
    let quarter = 1_073_741_824.0;
    assert_eq!(both(&updated), (Some(quarter), Some(quarter)));
    assert_eq!(read(tasks[2]), (Some(2.0 * quarter), Some(2.0 * quarter)));
    let (_, listed) = call(
        &ann,
        "GET",
        &format!("{path}/tasks?sort_by=kanban_position"),
        None,
    );
    assert_eq!(ids(&listed), [tasks[3], tasks[2], tasks[0], tasks[1]]);
}

#[test]
fn when_a_task_was_done_is_what_an_update_says() {
    let sandbox = sandbox();
    let ann = User::new(&sandbox, "ann");
    let list = made(&ann, "/namespaces/1/lists", json!({"title": "List"}));
    let path = format!(
        "/tasks/{}",
        made(&ann, &format!("/lists/{list}"), json!({"title": "Task"}))
    );
    let update = |body: Value| call(&ann, "POST", &path, Some(body)).1["done_at"].clone();
    assert_ne!(update(json!({"done": true})), "0001-01-01T00:00:00Z");
    assert_eq!(
        update(json!({"done": true, "done_at": "2020-01-01T00:00:00Z"})),
        "2020-01-01T00:00:00Z"
    );
    assert_eq!(update(json!({"done": true})), "0001-01-01T00:00:00Z");
}

#[test]
fn a_board_decides_what_is_done() {
    let sandbox = sandbox();
    let ann = User::new(&sandbox, "ann");
    let list = made(&ann, "/namespaces/1/lists", json!({"title": "List"}));
    let (path, buckets) = (format!("/lists/{list}"), format!("/lists/{list}/buckets"));
    let end = made(
        &ann,
        &buckets,
        json!({"title": "Done", "is_done_bucket": true}),
    );
    let small = made(
        &ann,
        &buckets,
        json!({"title": "Small", "limit": 1, "position": 3}),
    );
    // The leftmost bucket is the default, and it takes no more than it can hold.
    let task = format!("/tasks/{}", made(&ann, &path, json!({"title": "Task"})));
    assert_eq!(
        code(call(&ann, "PUT", &path, Some(json!({"title": "No room"})))),
        (412, 10004)
    );
    let (_, all) = call(&ann, "GET", &format!("{path}/tasks"), None);
    assert_eq!(ids(&all).len(), 1);

    let update = |body: Value| {
        let (status, task) = call(&ann, "POST", &task, Some(body));
        assert_eq!(status, 200, "{task}");
        (task["done"].as_bool(), task["bucket_id"].as_i64())
    };
    assert_eq!(update(json!({"done": true})), (Some(true), Some(end)));
    // It stays where it is, and with the next update it is done again.
    assert_eq!(update(json!({"done": false})), (Some(false), Some(end)));
    assert_eq!(update(json!({"title": "Again"})), (Some(true), Some(end)));
    assert_eq!(
        update(json!({"bucket_id": small})),
        (Some(false), Some(small))
    );
    // What repeats comes back to its bucket.
    let repeating = json!({"repeat_after": 86_400, "due_date": "2031-01-01T00:00:00Z"});
    assert_eq!(update(repeating.clone()), (Some(false), Some(small)));
    let mut into_end = repeating;
    into_end["bucket_id"] = end.into();
    assert_eq!(update(into_end), (Some(false), Some(small)));

    let (status, refused) = call(
        &ann,
        "PUT",
        &buckets,
        Some(json!({"title": "Less", "limit": -1})),
    );
    let rule = "limit: -1 does not validate as range(0|9223372036854775807)";
    assert_eq!((status, &refused["invalid_fields"][0]), (400, &json!(rule)));
    let second = json!({"title": "Small", "is_done_bucket": true});
    assert_eq!(
        code(call(
            &ann,
            "POST",
            &format!("{buckets}/{small}"),
            Some(second)
        )),
        (412, 10005)
    );
    assert_eq!(
        code(call(&ann, "POST", &task, Some(json!({"bucket_id": 999})))),
        (404, 10001)
    );
    let other = made(&ann, "/namespaces/1/lists", json!({"title": "Other"}));
    let (_, foreign) = call(&ann, "GET", &format!("/lists/{other}/buckets"), None);
    let foreign = json!({"bucket_id": foreign[0]["id"]});
    assert_eq!(code(call(&ann, "POST", &task, Some(foreign))), (400, 10002));
    // Its tasks go to the leftmost bucket that remains.
    assert_eq!(
        call(&ann, "DELETE", &format!("{buckets}/{small}"), None).0,
        200
    );
    let (_, board) = call(&ann, "GET", &buckets, None);
    assert_eq!(
        (&board[0]["title"], ids(&board[0]["tasks"]).len()),
        (&json!("Backlog"), 1)
    );
}

#[test]
fn a_saved_filter_is_a_list_of_its_own() {
    let sandbox = sandbox();
    let ann = User::new(&sandbox, "ann");
    let list = made(&ann, "/namespaces/1/lists", json!({"title": "List"}));
    let path = format!("/lists/{list}");
    made(&ann, &path, json!({"title": "Later"}));
    let urgent = made(&ann, &path, json!({"title": "Now", "priority": 5}));
    let arrays =
        json!({"filter_by": ["priority"], "filter_value": ["2"], "filter_comparator": ["greater"]});
    made(
        &ann,
        "/filters",
        json!({"title": "Pressing", "filters": arrays}),
    );
    assert_eq!(ids(&call(&ann, "GET", "/lists/-2/tasks", None).1), [urgent]);
    let (_, all) = call(&ann, "GET", "/namespaces", None);
    assert_eq!((ids(&all), ids(&all[0]["lists"])), (vec![-3, 1], vec![-2]));
    // What later releases would read is nothing here.
    let expression = json!({"title": "Empty", "filters": {"filter": "priority > 2"}});
    assert_eq!(
        code(call(&ann, "PUT", "/filters", Some(expression))),
        (400, 2002)
    );
    assert_eq!(call(&ann, "DELETE", "/filters/1", None).0, 200);
    assert_eq!(code(call(&ann, "GET", "/lists/-2", None)), (404, 11001));
}

#[test]
fn a_copy_has_the_board_of_the_original_beside_its_own() {
    let sandbox = sandbox();
    let ann = User::new(&sandbox, "ann");
    let list = made(&ann, "/namespaces/1/lists", json!({"title": "List"}));
    let buckets = format!("/lists/{list}/buckets");
    let bucket = made(&ann, &buckets, json!({"title": "Waiting", "position": 3}));
    made(
        &ann,
        &format!("/lists/{list}"),
        json!({"title": "Task", "bucket_id": bucket}),
    );
    let copy = format!("/lists/{list}/duplicate");
    for (namespace, refusal) in [(0, (404, 5001)), (-2, (412, 3009)), (99, (404, 5001))] {
        let to = Some(json!({"namespace_id": namespace}));
        assert_eq!(code(call(&ann, "PUT", &copy, to)), refusal);
    }
    let (status, copied) = call(&ann, "PUT", &copy, Some(json!({"namespace_id": 1})));
    assert_eq!((status, &copied["List"]["title"]), (201, &json!("List")));
    let (_, board) = call(
        &ann,
        "GET",
        &format!("/lists/{}/buckets", copied["List"]["id"]),
        None,
    );
    let titles: Vec<&Value> = board
        .as_array()
        .expect("buckets")
        .iter()
        .map(|bucket| &bucket["title"])
        .collect();
    assert_eq!(titles, ["Waiting", "Backlog", "Backlog"]);
    assert_eq!(board[0]["tasks"][0]["title"], "Task");
}
