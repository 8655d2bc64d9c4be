//! Changing one field changes that field, and what follows from it on the server: random rich tasks, random changes, by
//! three kinds of editors, told to the stand-in and to real servers.
//!
//! `EDIT_CASES=200` runs more of them.

mod objects;
mod rich;
mod seen;
mod settings;
pub(crate) mod world;

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::Value;
use vikunja_sdk::{
    Api, ApiChoice, Client, Code, Endpoint, Execute, Failure, Output, Release, Session,
    model::{TaskId, Timestamp},
    ops, tasks,
};

use self::{
    rich::{Change, Rich, change, rich},
    seen::{Editor, differences, is_unset, on_wire, plain, read, repeats, unasked},
    world::World,
};
use crate::servers::{Told, servers};

/// Runs one random test against each server that can be reached and has what it is about.
fn on_all_servers<S: Strategy>(
    has: impl Fn(&World) -> bool,
    input: impl Fn() -> S,
    case: &impl AsyncFn(&World, S::Value) -> Result<(), TestCaseError>,
) {
    for told in servers() {
        on_server(&told, &has, &input(), case);
    }
}

fn on_server<S: Strategy>(
    told: &Told,
    has: &impl Fn(&World) -> bool,
    input: &S,
    case: &impl AsyncFn(&World, S::Value) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let Some(world) = runtime.block_on(World::on(told)) else {
        println!("{}: has no such API", told.name);
        return;
    };
    if !has(&world) {
        println!("{}: has no such thing", told.name);
        return;
    }
    let cases = std::env::var("EDIT_CASES").map_or(4, |number| number.parse().unwrap());
    let config = Config {
        cases,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let result = TestRunner::new(config).run(input, |input| runtime.block_on(case(&world, input)));
    if let Err(error) = result {
        panic!("{}: {error}", world.name);
    }
    println!("{}: {cases} cases passed", world.name);
}

#[test]
fn a_change_of_one_field_changes_that_field() {
    on_all_servers(|_| true, || (rich(), change(), editor()), &async |world,
                                                                      (
        rich,
        change,
        editor,
    )| {
        one_field(world, &rich, &change, editor).await
    });
}

fn editor() -> impl Strategy<Value = Editor> {
    select(vec![
        Editor::Alice,
        Editor::Alice,
        Editor::Bob,
        Editor::Link,
    ])
}

async fn one_field(
    world: &World,
    rich: &Rich,
    change: &Change,
    editor: Editor,
) -> Result<(), TestCaseError> {
    if !change.is_possible(world) {
        return Ok(());
    }
    let field = change.field();
    let (editor, mut client) = who(world, editor, &[field]);
    let task = world.make(rich).await;
    let mut fields = tasks::Fields::default();
    change.name_in(world, &mut fields);
    let before = world.see(task).await;
    let edited = ops::edit(&mut client, task, &fields).await;
    prop_assert!(edited.is_ok(), "{editor:?}: {}", edited.unwrap_err());
    // The answer is the task as it is, and not as it was sent.
    let mut edited = edited.unwrap();
    let stored = client.send(&tasks::Get::new(task)).await.unwrap();
    // The server subscribes whom it assigns a moment later.
    edited.subscription.clone_from(&stored.subscription);
    prop_assert_eq!(edited, stored);
    let after = world.see(task).await;

    let unasked = unasked(field, editor, &before, &after, world.release);
    prop_assert!(
        unasked.is_empty(),
        "{editor:?} changed {field}: {unasked:#?}"
    );
    let reader = if editor == Editor::Bob {
        "bob"
    } else {
        "alice"
    };
    let (before, after) = (&before.by[reader], &after.by[reader]);
    let wanted = serde_json::to_value(&fields).unwrap()[field].clone();
    // Done on a repeating task is what the server makes of it.
    if !(field == "done" && repeats(before)) {
        let stored = &after[on_wire(field, world.release)];
        prop_assert!(
            is_stored(field, &wanted, stored),
            "{field}: {wanted} is {stored}"
        );
    }
    world
        .alice
        .client
        .send(&tasks::Delete { id: task })
        .await
        .unwrap();
    Ok(())
}

/// Who makes a change, if he can: a link leads to one project, and has no favourites.
fn who(world: &World, editor: Editor, fields: &[&str]) -> (Editor, Client) {
    let may = !fields.contains(&"project_id") && !fields.contains(&"is_favorite");
    match (editor, &world.link) {
        (Editor::Link, Some(link)) if may => (editor, link.clone()),
        (Editor::Bob, _) => (editor, world.bob.client.clone()),
        _ => (Editor::Alice, world.alice.client.clone()),
    }
}

/// Whether the server has what was written.
fn is_stored(field: &str, wanted: &Value, stored: &Value) -> bool {
    match field {
        "assignees" => ids(wanted) == ids(stored),
        // Moments of relative ones are the server's.
        "reminders" => {
            let count = |list: &Value| list.as_array().map_or(0, Vec::len);
            count(wanted) == count(stored)
        }
        _ if is_unset(wanted) => is_unset(stored),
        _ => match (wanted.as_f64(), stored.as_f64()) {
            (Some(wanted), Some(stored)) => (wanted - stored).abs() < 1e-9,
            _ => wanted == stored,
        },
    }
}

fn ids(users: &Value) -> Vec<i64> {
    let users = users.as_array().into_iter().flatten();
    let mut ids: Vec<_> = users.filter_map(|user| user["id"].as_i64()).collect();
    ids.sort_unstable();
    ids
}

/// A bulk edit does what single edits do: twins, one edited alone, one among the others.
#[test]
fn a_bulk_edit_does_what_single_edits_do() {
    let input = || {
        (
            proptest::collection::vec(rich(), 1..5),
            proptest::collection::vec(change(), 1..4),
            editor(),
        )
    };
    on_all_servers(|_| true, input, &async |world, (rich, changes, editor)| {
        bulk(world, &rich, &changes, editor).await
    });
}

async fn bulk(
    world: &World,
    rich: &[Rich],
    changes: &[Change],
    editor: Editor,
) -> Result<(), TestCaseError> {
    let mut fields = tasks::Fields::default();
    for change in changes.iter().filter(|change| change.is_possible(world)) {
        change.name_in(world, &mut fields);
    }
    let names: Vec<_> = changes.iter().map(Change::field).collect();
    let (_, mut client) = who(world, editor, &names);
    let mut alone = Vec::new();
    let mut together = Vec::new();
    for rich in rich {
        alone.push(world.make(rich).await);
        together.push(world.make(rich).await);
    }
    for task in &alone {
        ops::edit(&mut client, *task, &fields).await.unwrap();
    }
    let mut watched = Watched {
        client,
        asked: BTreeSet::new(),
    };
    let edited = ops::edit_many(&mut watched, &together, &fields).await;
    prop_assert!(edited.is_ok(), "{}", edited.unwrap_err());
    // Else this test could pass without a single bulk update.
    if world.is_whole() && fits_in_bulk(world, changes) {
        prop_assert_eq!(watched.asked, BTreeSet::from(["/tasks", "/tasks/bulk"]));
    }
    for (one, other) in alone.iter().zip(&together) {
        for reader in [&world.alice.client, &world.bob.client] {
            let (one, other) = (read(reader, *one).await, read(reader, *other).await);
            // The server subscribes whom it assigns when it gets to it.
            let keys = differences(&one, &other);
            for key in keys.into_iter().filter(|key| key != "subscription") {
                let (one, other) = (plain(one.get(&key)), plain(other.get(&key)));
                let both_have = !is_unset(&one) && !is_unset(&other);
                prop_assert!(
                    (both_have && is_of_its_own(&key)) || is_about_now(&one, &other),
                    "{fields:?}: {key} is {one} alone and {other} in bulk"
                );
            }
        }
        let buckets = |seen: seen::Seen| {
            let mut places = seen.own_places;
            places.retain(|place, _| place.ends_with("bucket"));
            places
        };
        let (one, other) = (world.see(*one).await, world.see(*other).await);
        prop_assert_eq!(buckets(one), buckets(other));
    }
    for task in alone.into_iter().chain(together) {
        let delete = tasks::Delete { id: task };
        world.alice.client.send(&delete).await.unwrap();
    }
    Ok(())
}

/// Whether the changes are such that no task has to be edited by itself.
fn fits_in_bulk(world: &World, changes: &[Change]) -> bool {
    let fields: BTreeSet<_> = changes.iter().map(Change::field).collect();
    let replaced = ["assignees", "reminders", "is_favorite", "bucket_id"];
    world.release >= Release(1, 0, 0)
        && fields.is_disjoint(&replaced.into())
        && (world.release >= Release(2, 5, 0) || !fields.contains("done"))
}

/// A client that notes what is asked for.
struct Watched {
    client: Client,
    asked: BTreeSet<&'static str>,
}

impl Execute for Watched {
    type Error = vikunja_sdk::Error;

    fn session(&self) -> &Session {
        self.client.session()
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, Self::Error> {
        let (_, pending) = self.client.session().call(endpoint)?;
        self.asked.insert(pending.route().template);
        self.client.send(endpoint).await
    }
}

/// What every task has another one of.
fn is_of_its_own(key: &str) -> bool {
    matches!(
        key,
        "id" | "index"
            | "identifier"
            | "created"
            | "updated"
            | "attachments"
            | "cover_image_attachment_id"
            | "position"
            | "kanban_position"
    )
}

/// Times that count from the moment of the edit.
fn is_about_now(one: &Value, other: &Value) -> bool {
    let seconds = |value: &Value| {
        let time: Result<Timestamp, _> = value.as_str()?.parse();
        Some(time.ok()?.as_unix_seconds())
    };
    match (one, other) {
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .all(|(one, other)| one == other || is_about_now(one, other)),
        (Value::Object(one), Value::Object(other)) => differences(one, other)
            .iter()
            .all(|key| is_about_now(&one[key], &other[key])),
        _ => match (seconds(one), seconds(other)) {
            (Some(one), Some(other)) => (one - other).abs() < 30,
            _ => false,
        },
    }
}

/// One task that is not there does not keep the others from being changed, up to it; and the error says which it is.
#[test]
fn a_bulk_edit_says_where_it_stopped() {
    let gone = TaskId::from(999_999_999);
    on_all_servers(
        |_| true,
        || (rich(), 0..3_usize),
        &async |world, (rich, place)| {
            let mut asked = vec![world.make(&rich).await, world.make(&rich).await];
            asked.insert(place, gone);
            let changes = tasks::Fields {
                priority: 7.into(),
                ..Default::default()
            };
            let alice = &mut world.alice.client.clone();
            let Err(stopped) = ops::edit_many(alice, &asked, &changes).await else {
                return Err(TestCaseError::fail("a task that is not there was edited"));
            };
            prop_assert_eq!(&stopped.at, &[gone]);
            prop_assert!(stopped.error.is_not_found(), "{}", stopped);
            prop_assert_eq!(
                stopped.error.refusal().and_then(|refusal| refusal.code),
                Some(Code::TaskNotFound)
            );
            for task in asked.iter().filter(|task| **task != gone) {
                let priority = read(alice, *task).await["priority"].clone();
                prop_assert_eq!(priority == 7, stopped.done.contains(task));
            }
            for task in asked.iter().take_while(|task| **task != gone) {
                prop_assert!(stopped.done.contains(task), "{}", stopped);
            }
            for task in asked.into_iter().filter(|task| *task != gone) {
                alice.send(&tasks::Delete { id: task }).await.unwrap();
            }
            Ok(())
        },
    );
}

#[test]
fn tasks_are_made_together_or_not_at_all() {
    let has = |world: &World| world.is_whole() && world.release >= Release(2, 5, 0);
    on_all_servers(has, || 1..5_i64, &async |world, number| {
        let alice = &world.alice.client;
        let a_task = |title: String| tasks::Fields {
            title: title.into(),
            ..Default::default()
        };
        let mut create = tasks::CreateBulk {
            project: world.away.project,
            tasks: (0..number).map(|n| a_task(format!("Task {n}"))).collect(),
        };
        if alice.session().server().api == ApiChoice::Only(Api::V1) {
            let refused = alice.send(&create).await.unwrap_err();
            prop_assert!(!refused.was_sent(), "{refused}");
            return Ok(());
        }
        let made = alice.send(&create).await.unwrap().tasks;
        let titles: Vec<_> = made.iter().map(|task| task.title.clone()).collect();
        let wanted: Vec<_> = (0..number).map(|n| format!("Task {n}")).collect();
        prop_assert_eq!(titles, wanted);

        let stored = tasks::ListOfProject {
            project: world.away.project,
            query: tasks::ListQuery::default(),
        };
        create.tasks.push(a_task(String::new()));
        let refused = alice.send(&create).await.unwrap_err();
        prop_assert!(refused.refusal().is_some(), "{refused}");
        let left = alice.send(&stored).await.unwrap().items.len();
        prop_assert_eq!(left, made.len());
        for task in made {
            alice.send(&tasks::Delete { id: task.id }).await.unwrap();
        }
        Ok(())
    });
}
