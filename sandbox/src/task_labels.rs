//! Labels on tasks: the handlers.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Denied, Failure, domain, lacking};
use crate::labels::{LIST_SCHEMA, is_seen, not_found};
use crate::paging::{Count, Page, count_of};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::labels::{self as store, Label, Wanted};
use crate::tasks;

const FIELDS: &[Field] = &[
    Field::new("label_id", Kind::Integer),
    Field::new("created", Kind::Time),
];

const BULK_FIELDS: &[Field] = &[Field::new("labels", Kind::Array)];

/// What v2 calls a task's id in these paths.
const ID: &str = "projecttask";

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct TaskLabel {
    label_id: i64,
    created: Stamp,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Bulk {
    labels: Option<Vec<Label>>,
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, page) = (call.id(ID)?, Page::asked(call)?);
    call.read(|db| {
        if tasks::access(call, db, task)?.is_none() {
            let word = call.at.release.access_word;
            let message = format!("You don't have the {word} to see this task.");
            return Err(domain(403, 4005, message));
        }
        let wanted = Wanted {
            sight: None,
            task: Some(task),
            search: call.search(),
        };
        let filled = page.filled_up();
        let (labels, total) = store::list(db, &wanted, filled.limit(), filled.offset())?;
        let count = Count {
            total,
            here: count_of(&labels),
            forgotten_beyond_end: true,
        };
        Ok(page.reply(call, LIST_SCHEMA, &labels, count))
    })
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let task = call.id(ID)?;
    let mut wanted: TaskLabel = call.bind(FIELDS, &[])?;
    if wanted.label_id == 0 && !call.at.release.transactions {
        return Err(lacking("putting the label 0 on a task"));
    }
    call.write(|db| {
        if wanted.label_id != 0 && store::by_id(db, wanted.label_id)?.is_none() {
            return Err(not_found());
        }
        if !is_seen(call, db, wanted.label_id)? {
            return Err(Failure::Forbidden(Denied::Act));
        }
        tasks::check_write(db, call.user()?, task)?;
        if !store::put(db, task, wanted.label_id)? {
            let message = "This label already exists on the task.";
            return Err(domain(400, 8001, message));
        }
        note(call, db, task)?;
        call.tell(Event::TaskUpdated { task });
        wanted.created = Stamp::now();
        Ok(call.ok(None, &wanted))
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, label) = (call.id(ID)?, call.id_at(1, "label")?);
    call.write(|db| {
        tasks::check_write(db, call.user()?, task)?;
        if !store::take(db, task, label)? {
            return Err(Failure::Forbidden(Denied::Act));
        }
        note(call, db, task)?;
        Ok(call.deleted())
    })
}

/// The answer repeats what was sent.
pub(crate) fn replace_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let task = call.id(ID)?;
    let wanted: Bulk = call.bind(BULK_FIELDS, &[])?;
    call.write(|db| {
        tasks::check_write(db, call.user()?, task)?;
        let ids: Vec<i64> = wanted
            .labels
            .iter()
            .flatten()
            .map(|label| label.id)
            .collect();
        // First, so that releases without transactions have lost them when a label is refused.
        store::keep_only(db, task, &ids)?;
        for label in ids {
            if store::by_id(db, label)?.is_none() {
                return Err(not_found());
            }
            if !is_seen(call, db, label)? {
                return Err(domain(403, 8003, "You don't have access to this label."));
            }
            store::put(db, task, label)?;
        }
        Ok(call.ok(None, &wanted))
    })
}

/// A label counts as a change of the task, in newer releases.
fn note(call: &Call<'_>, db: &Connection, task: i64) -> Result<(), Failure> {
    if call.at.release.tasks.label_touches {
        crate::store::tasks::touch(db, task)?;
    }
    Ok(())
}
