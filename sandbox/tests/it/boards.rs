//! Boards, positions and saved filters where the recordings are silent. Each fact was seen on the real servers.

use serde_json::{Value, json};
use vikunja_sandbox::Sandbox;

use crate::http::{Answer, User};

/// A project with its board, on v1.
struct Project<'a> {
    user: &'a User<'a>,
    id: i64,
    /// List, Gantt, table, board.
    views: Vec<i64>,
}

impl<'a> Project<'a> {
    fn new(user: &'a User<'a>, title: &str) -> Self {
        let made = put(user, "/api/v1/projects", &json!({"title": title}));
        Self::of(user, &made)
    }

    fn of(user: &'a User<'a>, made: &Value) -> Self {
        Self {
            user,
            id: number(&made["id"]),
            views: numbers(&made["views"], "id"),
        }
    }

    fn add(&self, task: &Value) -> i64 {
        let path = format!("/api/v1/projects/{}/tasks", self.id);
        number(&put(self.user, &path, task)["id"])
    }

    fn path(&self, view: usize, rest: &str) -> String {
        format!(
            "/api/v1/projects/{}/views/{}{rest}",
            self.id, self.views[view]
        )
    }

    fn tasks(&self, view: usize) -> Value {
        self.user.get(&self.path(view, "/tasks")).json()
    }

    /// The ids of the tasks in each bucket.
    fn board(&self) -> Vec<Vec<i64>> {
        let board = self.tasks(3);
        let buckets = board.as_array().expect("buckets");
        buckets
            .iter()
            .map(|bucket| numbers(&bucket["tasks"], "id"))
            .collect()
    }

    fn buckets(&self) -> Vec<i64> {
        numbers(&self.user.get(&self.path(3, "/buckets")).json(), "id")
    }

    fn move_into(&self, bucket: i64, task: i64) -> Answer {
        let path = self.path(3, &format!("/buckets/{bucket}/tasks"));
        post(self.user, &path, &json!({"task_id": task}))
    }

    fn set_position(&self, view: usize, task: i64, position: f64) -> f64 {
        let place = json!({"project_view_id": self.views[view], "position": position});
        let path = format!("/api/v1/tasks/{task}/position");
        post(self.user, &path, &place).json()["position"]
            .as_f64()
            .expect("a position")
    }
}

fn put(user: &User<'_>, path: &str, body: &Value) -> Value {
    let answer = user.send("PUT", path, Some(body)).expect("an answer");
    assert_eq!(answer.status, 201, "{path} {}", answer.body);
    answer.json()
}

fn post(user: &User<'_>, path: &str, body: &Value) -> Answer {
    user.send("POST", path, Some(body)).expect("an answer")
}

fn number(value: &Value) -> i64 {
    value.as_i64().expect("a number")
}

fn numbers(list: &Value, key: &str) -> Vec<i64> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| number(&item[key])).collect()
}

fn positions(tasks: &Value) -> Vec<f64> {
    let tasks = tasks.as_array().expect("tasks").iter();
    tasks.filter_map(|task| task["position"].as_f64()).collect()
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() < 0.001
}

#[test]
fn equal_positions_are_spread_between_their_neighbours() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let project = Project::new(&user, "Spread");
    let tasks: Vec<i64> = (0..3)
        .map(|_| project.add(&json!({"title": "Task"})))
        .collect();
    for (task, position) in tasks.iter().zip([100.0, 250.0, 900.0]) {
        assert!(near(project.set_position(0, *task, position), position));
    }
    let fourth = project.add(&json!({"title": "Fourth"}));
    // Between 100 and 900, the older task first.
    assert!(near(project.set_position(0, fourth, 250.0), 633.333));
    let positions = positions(&project.tasks(0));
    assert!(
        near(positions[0], 100.0) && near(positions[1], 366.667),
        "{positions:?}"
    );
}

#[test]
fn a_position_without_room_renumbers_the_view() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let project = Project::new(&user, "Renumbered");
    let tasks: Vec<i64> = (0..4)
        .map(|_| project.add(&json!({"title": "Task"})))
        .collect();
    let step = 4_294_967_296.0 / 4.0;
    assert!(near(project.set_position(0, tasks[0], -5.0), step));
    let listed = project.tasks(0);
    assert_eq!(numbers(&listed, "id")[0], tasks[0]);
    assert!(near(positions(&listed)[3], 4.0 * step));
}

#[test]
fn one_position_takes_the_others_away_in_0_24() {
    let sandbox = Sandbox::with("0.24").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let project = Project::new(&user, "Forgetful");
    let first = project.add(&json!({"title": "First"}));
    let second = project.add(&json!({"title": "Second"}));
    project.set_position(0, first, 5000.0);
    assert_eq!(numbers(&project.tasks(0), "id"), [first, second]);
    // In the table it has no position any more, and comes last.
    assert_eq!(numbers(&project.tasks(2), "id"), [second, first]);
    assert!(near(positions(&project.tasks(2))[1], 0.0));
}

#[test]
fn a_repeating_task_does_not_stay_in_the_done_bucket() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let project = Project::new(&user, "Repeating");
    let buckets = project.buckets();
    let task = project
        .add(&json!({"title": "Water", "repeat_after": 3600, "due_date": "2026-01-01T00:00:00Z"}));
    let answer = project.move_into(buckets[2], task).json();
    assert_eq!(answer["bucket_id"], buckets[0]);
    assert_eq!(answer["bucket"]["id"], buckets[2]);
    assert_eq!(answer["task"]["done"], false);
    assert_ne!(answer["task"]["due_date"], "2026-01-01T00:00:00Z");
    assert_eq!(project.board(), [vec![task], vec![], vec![]]);
}

#[test]
fn a_board_completes_a_task_on_all_boards_and_reopens_it_on_its_own() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let mut project = Project::new(&user, "Two boards");
    let task = project.add(&json!({"title": "Task"}));
    let second = put(
        &user,
        &format!("/api/v1/projects/{}/views", project.id),
        &json!({"title": "Second", "view_kind": "kanban"}),
    );
    let buckets = project.buckets();
    project.move_into(buckets[2], task);
    project.move_into(buckets[0], task);
    assert_eq!(project.board(), [vec![task], vec![], vec![]]);
    project.views[3] = number(&second["id"]);
    assert_eq!(project.board(), [vec![], vec![], vec![task]]);
}

#[test]
fn the_default_bucket_takes_its_tasks_along() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let project = Project::new(&user, "Buckets");
    let buckets = project.buckets();
    let kept = project.add(&json!({"title": "Kept", "bucket_id": buckets[1]}));
    project.add(&json!({"title": "Lost"}));
    let delete = |bucket| {
        let path = project.path(3, &format!("/buckets/{bucket}"));
        user.send("DELETE", &path, None).expect("an answer").status
    };
    assert_eq!(delete(buckets[0]), 200);
    assert_eq!(project.board(), [vec![kept], vec![]]);
    let view = user.get(&project.path(3, "")).json();
    assert_eq!(view["default_bucket_id"], 0);
    // Another bucket's tasks go into the leftmost one now.
    let late = project.add(&json!({"title": "Late", "bucket_id": buckets[2]}));
    assert_eq!(delete(buckets[2]), 200);
    assert_eq!(project.board(), [vec![late, kept]]);
}

#[test]
fn every_bucket_has_its_own_pages() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let project = Project::new(&user, "Pages");
    let buckets = project.buckets();
    for bucket in [buckets[0], buckets[0], buckets[1]] {
        project.add(&json!({"title": "Task", "bucket_id": bucket}));
    }
    let page = |number: i64| {
        let answer = user.get(&project.path(3, &format!("/tasks?per_page=1&page={number}")));
        assert_eq!(answer.header("x-pagination-total-pages"), Some("3"));
        let board = answer.json();
        let shown: Vec<usize> = board
            .as_array()
            .expect("buckets")
            .iter()
            .map(|bucket| numbers(&bucket["tasks"], "id").len())
            .collect();
        (shown, numbers(&board, "count"))
    };
    assert_eq!(page(1), (vec![1, 1, 0], vec![2, 1, 0]));
    assert_eq!(page(2), (vec![1, 0, 0], vec![2, 1, 0]));
    let filtered = user.get(&project.path(3, &format!("/tasks?filter=bucket_id+=+{}", buckets[0])));
    let tasks = filtered.json();
    assert_eq!(tasks.as_array().map(Vec::len), Some(2));
    assert_eq!(tasks[0]["bucket_id"], 0, "tasks and no buckets");
}

#[test]
fn a_task_from_another_project_is_put_on_boards_alone() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let (from, to) = (Project::new(&user, "From"), Project::new(&user, "To"));
    to.add(&json!({"title": "There"}));
    let task = from.add(&json!({"title": "Moved"}));
    post(
        &user,
        &format!("/api/v1/tasks/{task}"),
        &json!({"project_id": to.id, "done": true}),
    );
    assert_eq!(to.board()[2], [task]);
    assert_eq!(from.board(), [vec![], vec![], vec![]] as [Vec<i64>; 3]);
    let table = to.tasks(2);
    assert_eq!(numbers(&table, "id").last(), Some(&task));
    assert!(near(positions(&table)[1], 0.0));
}

#[test]
fn a_copy_has_a_board_of_its_own() {
    for release in ["0.24", "1.0", "2.5"] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let user = User::new(&sandbox, "alice");
        let project = Project::new(&user, "Original");
        let tasks: Vec<i64> = (0..3)
            .map(|_| project.add(&json!({"title": "Task"})))
            .collect();
        project.set_position(0, tasks[2], 1.0);
        let made = put(
            &user,
            &format!("/api/v1/projects/{}/duplicate", project.id),
            &json!({}),
        );
        let copy = Project::of(&user, &made["duplicated_project"]);
        let offset = tasks[2] - tasks[0] + 1;
        let mirrored: Vec<i64> = numbers(&project.tasks(0), "id")
            .iter()
            .map(|task| task + offset)
            .collect();
        assert_eq!(numbers(&copy.tasks(0), "id"), mirrored, "{release}");
        let path = format!("/api/v1/projects/{}", project.id);
        assert_eq!(
            user.send("DELETE", &path, None).expect("an answer").status,
            200
        );
        assert_eq!(copy.board().concat().len(), 3, "{release}");
        assert_eq!(
            user.get(&project.path(3, "/tasks")).status,
            404,
            "{release}"
        );
    }
}

#[test]
fn a_saved_filter_takes_up_tasks_that_match_later() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let project = Project::new(&user, "Filtered");
    let first = project.add(&json!({"title": "First", "priority": 5}));
    let filter = put(
        &user,
        "/api/v1/filters",
        &json!({"title": "Pressing", "filters": {"filter": "priority > 1"}}),
    );
    let pseudo = -number(&filter["id"]) - 1;
    let views = user.get(&format!("/api/v1/projects/{pseudo}/views")).json();
    let pressing = Project {
        user: &user,
        id: pseudo,
        views: numbers(&views, "id"),
    };
    let second = project.add(&json!({"title": "Second", "priority": 4}));
    assert_eq!(numbers(&pressing.tasks(0), "id"), [second, first]);
    assert_eq!(pressing.board()[0], [second, first]);
    let renamed = post(
        &user,
        &format!("/api/v1/projects/{pseudo}"),
        &json!({"title": "Renamed"}),
    );
    assert_eq!(
        (renamed.status, &renamed.json()["views"]),
        (200, &Value::Null)
    );
    let filter = user
        .get(&format!("/api/v1/filters/{}", filter["id"]))
        .json();
    assert_eq!(filter["title"], "Renamed");
    assert_eq!(filter["filters"]["filter"], "priority > 1");
}

#[test]
fn what_others_may_do() {
    // A saved filter of somebody else selects among one's own tasks, until that is refused.
    for (release, status, read, write) in [
        (
            "0.24",
            200,
            json!({"user_id": "bob", "right": 0}),
            json!({"right": 1}),
        ),
        (
            "2.5",
            403,
            json!({"username": "bob", "permission": 0}),
            json!({"permission": 1}),
        ),
    ] {
        let sandbox = Sandbox::with(release).expect("a sandbox");
        let (alice, bob) = (User::new(&sandbox, "alice"), User::new(&sandbox, "bob"));
        let project = Project::new(&alice, "Hers");
        let filter = put(
            &alice,
            "/api/v1/filters",
            &json!({"title": "Hers", "filters": {"filter": "done = false"}}),
        );
        let pseudo = -number(&filter["id"]) - 1;
        assert_eq!(
            bob.get(&format!("/api/v1/projects/{pseudo}/tasks")).status,
            status
        );
        assert_eq!(
            bob.get(&format!("/api/v1/projects/{pseudo}/views")).status,
            403
        );
        let add_bucket = || {
            let path = project.path(3, "/buckets");
            let answer = bob.send("PUT", &path, Some(&json!({"title": "His"})));
            answer.expect("an answer").status
        };
        assert_eq!(bob.get(&project.path(3, "/buckets")).status, 403);
        let users = format!("/api/v1/projects/{}/users", project.id);
        put(&alice, &users, &read);
        assert_eq!(bob.get(&project.path(3, "/buckets")).status, 200);
        assert_eq!(add_bucket(), 403, "{release}");
        post(&alice, &format!("{users}/bob"), &write);
        assert_eq!(add_bucket(), 201, "{release}");
        let view = format!("/api/v1/projects/{}/views", project.id);
        let own_view = json!({"title": "His", "view_kind": "list"});
        let answer = bob.send("PUT", &view, Some(&own_view)).expect("an answer");
        assert_eq!(
            answer.status, 403,
            "views are for those who manage the project"
        );
    }
}

#[test]
fn nothing_moves_in_an_archived_project() {
    let sandbox = Sandbox::with("2.5").expect("a sandbox");
    let user = User::new(&sandbox, "alice");
    let project = Project::new(&user, "Archived");
    let (task, buckets) = (project.add(&json!({"title": "Task"})), project.buckets());
    let path = format!("/api/v1/projects/{}", project.id);
    post(
        &user,
        &path,
        &json!({"title": "Archived", "is_archived": true}),
    );
    let refused = project.move_into(buckets[1], task);
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (412, &json!(3008))
    );
    let task = format!("/api/v1/tasks/{task}");
    assert_eq!(post(&user, &task, &json!({"title": "New"})).status, 412);
    assert_eq!(
        user.send("DELETE", &task, None).expect("an answer").status,
        412
    );
    // Buckets are not tasks.
    put(
        &user,
        &project.path(3, "/buckets"),
        &json!({"title": "Late"}),
    );
}
