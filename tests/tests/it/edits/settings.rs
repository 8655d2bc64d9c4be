//! The same for the settings of an account.

use std::collections::BTreeSet;

use proptest::{prelude::*, sample::subsequence, test_runner::TestCaseError};
use serde_json::{Map, Value, json};
use vikunja_sdk::{Client, Execute, Release, WithRaw, ops, settings, users};

use super::{
    on_all_servers,
    seen::{differences, is_unset},
    world::World,
};

/// A setting, and what is written into it.
type Single = (&'static str, Value);

fn changes() -> impl Strategy<Value = Vec<Single>> {
    let switches = [
        "email_reminders_enabled",
        "discoverable_by_name",
        "discoverable_by_email",
        "overdue_tasks_reminders_enabled",
    ];
    let mut all = vec![
        ("name", json!("Ångström <b>&</b> \"x\"")),
        ("name", Value::Null),
        ("overdue_tasks_reminders_time", json!("08:30")),
        ("overdue_tasks_reminders_time", json!("9:00")),
        ("overdue_tasks_reminders_time", Value::Null),
        ("default_project_id", json!(7)),
        ("default_project_id", Value::Null),
        ("week_start", json!(6)),
        ("week_start", Value::Null),
        ("language", json!("de")),
        ("language", Value::Null),
        ("timezone", json!("Europe/Berlin")),
        ("timezone", Value::Null),
        ("frontend_settings", json!({"a": [1, {"b": "<c>"}]})),
        ("frontend_settings", json!("a word")),
        ("frontend_settings", Value::Null),
    ];
    for switch in switches {
        all.extend([(switch, json!(true)), (switch, json!(false))]);
        all.push((switch, Value::Null));
    }
    let most = all.len();
    subsequence(all, 1..=most).prop_shuffle()
}

#[test]
fn settings_keep_what_is_not_named() {
    on_all_servers(World::is_whole, changes, &async |world, changes| {
        edit_each(&world.alice.client, &changes).await
    });
}

/// Everything of the account, the settings too.
async fn read(client: &Client) -> Map<String, Value> {
    let (_, raw) = client.send(&WithRaw(users::Current)).await.unwrap();
    let mut all: Map<String, Value> = serde_json::from_slice(&raw).unwrap();
    let settings = all.remove("settings").unwrap();
    all.extend(settings.as_object().unwrap().clone());
    all
}

async fn edit_each(client: &Client, changes: &[Single]) -> Result<(), TestCaseError> {
    let release = client.session().server().release;
    for (field, value) in changes {
        let fields: settings::Fields = serde_json::from_value(json!({*field: value})).unwrap();
        let before = read(client).await;
        let edited = ops::edit_settings(&mut client.clone(), &fields).await;
        let after = read(client).await;
        let differ = differences(&before, &after);
        let is_refused = match *field {
            "overdue_tasks_reminders_time" => value.is_null(),
            "frontend_settings" => release < Release(0, 21, 0),
            _ => false,
        };
        if is_refused {
            prop_assert!(edited.is_err(), "{field} {value}");
            prop_assert_eq!(differ, BTreeSet::new());
            continue;
        }
        prop_assert!(edited.is_ok(), "{field} {value}: {}", edited.err().unwrap());
        let key = match *field {
            "default_project_id" if release < Release(0, 21, 0) => "default_list_id",
            other => other,
        };
        let mut others = differ;
        others.remove("updated");
        others.remove(key);
        prop_assert!(others.is_empty(), "{field}: {others:?}");
        let stored = after.get(key).unwrap_or(&Value::Null);
        let is_stored = match *field {
            // Of the server.
            "timezone" if value.is_null() => stored == "GMT",
            _ if is_unset(value) => is_unset(stored),
            _ => stored == value,
        };
        prop_assert!(is_stored, "{field}: {value} is {stored}");
    }
    Ok(())
}
