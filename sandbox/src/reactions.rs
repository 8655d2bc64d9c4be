//! Reactions to tasks and comments: the handlers.

use axum::http::StatusCode;
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::json;

use crate::body::{self, Field, Kind};
use crate::call::Call;
use crate::failure::{Failure, domain, not_allowed};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::reactions::{self as store, Reactions, Subject};
use crate::{comments, tasks};

const FIELDS: &[Field] = &[
    Field::new("value", Kind::Text).schema_length(0, 20),
    Field::new("user", Kind::Ignored),
    Field::new("created", Kind::Ignored),
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reaction {
    value: String,
}

/// Who reacted. Counts values, not users.
pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (subject, id) = subject(call)?;
    call.read(|db| {
        let task = task_of(db, subject, id)?;
        if tasks::access(call, db, task)?.is_none() {
            return Err(not_allowed());
        }
        let mut reactions = Reactions::new();
        let ids = json!([id]).to_string();
        store::of_all(db, subject, &ids, |_, value, user| {
            reactions.entry(value).or_default().push(user);
        })?;
        if call.at.api == Api::V2 {
            return Ok(call.ok(None, &reactions));
        }
        let shown = (!reactions.is_empty()).then_some(&reactions);
        let pages = i64::from(!reactions.is_empty());
        Ok(call
            .ok(None, &shown)
            .with_header("x-pagination-total-pages", &pages.to_string())
            .with_header("x-pagination-result-count", &reactions.len().to_string()))
    })
}

/// Says nothing about a reaction that was there already, but shows no time then.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (subject, id) = subject(call)?;
    let wanted: Reaction = call.bind(FIELDS, &[])?;
    check_value(&wanted)?;
    let user = call.user()?.id;
    call.write(|db| {
        tasks::check_write(db, call.user()?, task_of(db, subject, id)?)?;
        let created = if store::insert(db, subject, id, user, &wanted.value)? {
            Stamp::now()
        } else {
            Stamp::default()
        };
        let answer = json!({"user": null, "value": wanted.value, "created": created});
        Ok(call.ok(None, &answer))
    })
}

/// Says nothing about a reaction that is not there.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (subject, id) = subject(call)?;
    let wanted: Reaction = call.bind(FIELDS, &[])?;
    if call.at.api == Api::V2 {
        check_value(&wanted)?;
    }
    let user = call.user()?.id;
    call.write(|db| {
        tasks::check_write(db, call.user()?, task_of(db, subject, id)?)?;
        store::delete(db, subject, id, user, &wanted.value)?;
        Ok(match call.at.api {
            Api::V1 => call.deleted(),
            Api::V2 => Reply::empty(StatusCode::OK),
        })
    })
}

/// What the path names.
fn subject(call: &Call<'_>) -> Result<(Subject, i64), Failure> {
    let kind = call.param(0);
    let subject = match (kind, call.at.api) {
        ("tasks", _) => Subject::Task,
        ("comments", _) => Subject::Comment,
        (other, Api::V1) => {
            let message = format!("The reaction kind '{other}' is invalid.");
            return Err(domain(400, 4025, message));
        }
        (other, Api::V2) => {
            let location = "path.entitykind".to_owned();
            return Err(body::none_of(location, &["tasks", "comments"], other));
        }
    };
    Ok((subject, call.id_at(1, "entityid")?))
}

/// The task whose access counts.
fn task_of(db: &Connection, subject: Subject, id: i64) -> Result<i64, Failure> {
    match subject {
        Subject::Task => Ok(id),
        Subject::Comment => crate::store::comments::by_id(db, id)?
            .map(|comment| comment.task)
            .ok_or_else(comments::not_found),
    }
}

fn check_value(reaction: &Reaction) -> Result<(), Failure> {
    if reaction.value.is_empty() {
        return Err(body::missing("value"));
    }
    Ok(())
}
