//! Relations between tasks: the handlers.

use rusqlite::Connection;
use serde_json::json;

use crate::body::{self, Field, Kind};
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Denied, Failure, domain};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::relations::{self as store, KINDS, Relation};
use crate::tasks;

const KIND_NAMES: [&str; KINDS.len()] = {
    let mut names = [""; KINDS.len()];
    let mut place = 0;
    while place < names.len() {
        names[place] = KINDS[place].0;
        place += 1;
    }
    names
};

const FIELDS: &[Field] = &[
    Field::new("task_id", Kind::Integer),
    Field::new("other_task_id", Kind::Integer),
    Field::new("relation_kind", Kind::Text).one_of("", &KIND_NAMES),
    Field::new("created_by", Kind::Ignored),
    Field::new("created", Kind::Ignored),
];

/// Relates two tasks. The other one gets the inverse without being asked.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let task = call.id("task")?;
    let mut relation: Relation = call.bind(FIELDS, &[("task_id", task)])?;
    let (task, other) = (relation.task_id, relation.other_task_id);
    let kind = relation.kind.clone();
    let kind = kind.as_str();
    call.write(|db| {
        if store::inverse(kind).is_none() {
            return Err(domain(400, 4007, "The task relation is invalid."));
        }
        tasks::check_write(db, call.user()?, task)?;
        if tasks::access(call, db, other)?.is_none() {
            return Err(Failure::Forbidden(Denied::Act));
        }
        if task == other {
            return Err(domain(400, 4010, "You cannot relate a task with itself"));
        }
        if call.at.release.tasks.circles_refused {
            check_circle(db, &relation)?;
        }
        relation.created_by = Some(call.user()?.shape());
        relation.created = Stamp::now();
        if !store::insert(db, &relation)? {
            return Err(domain(409, 4008, "The task relation already exists."));
        }
        crate::store::tasks::touch(db, task)?;
        call.tell(Event::RelationCreated {
            task,
            relation: json!(relation),
        });
        Ok(call.ok(None, &relation))
    })
}

/// Nothing may be its own subtask, however far below. Other kinds may run in circles.
fn check_circle(db: &Connection, relation: &Relation) -> Result<(), Failure> {
    let kind = relation.kind.as_str();
    let is_tree = matches!(kind, "subtask" | "parenttask");
    if is_tree && store::leads_to(db, relation.other_task_id, kind, relation.task_id)? {
        let message = "This task relation would create a cycle.";
        return Err(domain(409, 4023, message));
    }
    Ok(())
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let task = call.id("task")?;
    let kind = call.param(1);
    if call.at.api == Api::V2 && store::inverse(kind).is_none() {
        let location = "path.relationKind".to_owned();
        return Err(body::none_of(location, &KIND_NAMES, kind));
    }
    let other = call.id_at(2, "otherTask")?;
    call.write(|db| {
        tasks::check_write(db, call.user()?, task)?;
        // 0.20 means the inverse and looks for the same kind.
        let back = store::inverse(kind).filter(|_| call.at.release.tasks.inverse_ended);
        let relation = store::find(db, task, kind, other)?
            .ok_or_else(|| domain(404, 4009, "The task relation does not exist."))?;
        store::delete(db, &relation, back.unwrap_or(kind))?;
        crate::store::tasks::touch(db, task)?;
        call.tell(Event::RelationDeleted {
            task,
            relation: json!(relation),
        });
        Ok(call.deleted())
    })
}
