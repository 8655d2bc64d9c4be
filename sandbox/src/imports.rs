//! Imports from files. Services that a server would have to ask are not here.

mod ticktick;
mod vikunja_file;

use std::collections::HashMap;

use rusqlite::Connection;
use serde_json::{Map, json};

use crate::call::Call;
use crate::failure::{Failure, domain};
use crate::multipart::{self, NoForm, Part};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::imports as store;
use crate::store::labels::{self, Label};
use crate::store::relations::{self, Relation};

/// Name of the form's field for the file.
const FIELD: &str = "import";

/// The caller's last import from there; nothing but zeros if there was none.
pub(crate) fn status(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let last = call.read(|db| store::last(db, user.id, &migrator(call)))?;
    let last = last.unwrap_or_default();
    let mut status = Map::new();
    status.insert("id".to_owned(), last.id.into());
    status.insert("migrator_name".to_owned(), last.migrator.into());
    if call.at.release.imports.begin_noted {
        status.insert("started_at".to_owned(), json!(last.started));
        status.insert("finished_at".to_owned(), json!(last.finished));
    } else {
        status.insert("time".to_owned(), json!(last.finished));
    }
    Ok(call.ok(Some("Status"), &status))
}

/// What the operation imports from, as paths name it.
fn migrator(call: &Call<'_>) -> String {
    let (resource, _) = call.route.operation.split_once('.').unwrap_or_default();
    resource.trim_start_matches("migration_").replace('_', "-")
}

pub(crate) fn vikunja_file(call: &Call<'_>) -> Result<Reply, Failure> {
    import(call, vikunja_file::insert)
}

pub(crate) fn ticktick(call: &Call<'_>) -> Result<Reply, Failure> {
    import(call, ticktick::insert)
}

/// Makes what is in a file.
type Insert = fn(&Call<'_>, &Connection, &[u8]) -> Result<(), Failure>;

/// Makes what is in the sent file, and notes when. An import that fails was begun all the same.
fn import(call: &Call<'_>, insert: Insert) -> Result<Reply, Failure> {
    let parts = multipart::parts(call).map_err(|why| no_form(call, why))?;
    let content = file(call, &parts)?;
    let (user, from) = (call.user()?, migrator(call));
    let note = |db: &Connection| store::begin(db, user.id, &from);
    let is_noted = call.at.release.imports.begin_noted;
    let noted = is_noted.then(|| call.write(note)).transpose()?;
    call.write(|db| {
        insert(call, db, content)?;
        store::finish(db, noted.map_or_else(|| note(db), Ok)?)?;
        let text = "Everything was migrated successfully.";
        Ok(call.message("MigrationStartedBodyBody", text))
    })
}

fn file<'a>(call: &Call<'_>, parts: &[Part<'a>]) -> Result<&'a [u8], Failure> {
    let is_it = |part: &&Part<'_>| part.field == FIELD && part.file.is_some();
    let part = parts.iter().find(is_it);
    part.map(|part| part.content)
        .ok_or_else(|| match call.at.api {
            Api::V1 => Failure::Breaks("the form has no such file"),
            Api::V2 => multipart::refused(FIELD, "File required"),
        })
}

fn no_form(call: &Call<'_>, why: NoForm) -> Failure {
    match call.at.api {
        Api::V1 => Failure::Breaks(why.text()),
        Api::V2 => why.refusal(),
    }
}

/// What is said of a file of another kind: a refusal, or nothing but that the import breaks.
fn no_such_file(call: &Call<'_>, code: i64, text: &str, why: &'static str) -> Failure {
    if call.at.release.imports.checked {
        domain(400, code, text)
    } else {
        Failure::Breaks(why)
    }
}

/// Relates two tasks that were made.
fn relate(
    call: &Call<'_>,
    db: &Connection,
    task: i64,
    kind: &str,
    other: i64,
) -> Result<(), Failure> {
    let relation = Relation {
        task_id: task,
        other_task_id: other,
        kind: kind.to_owned(),
        created_by: Some(call.user()?.shape()),
        created: Stamp::now(),
    };
    relations::insert(db, &relation)?;
    Ok(())
}

/// The labels that an import made, by title: each is made once.
#[derive(Debug, Default)]
struct Labels(HashMap<String, i64>);

impl Labels {
    /// Puts a label on a task.
    fn put(
        &mut self,
        call: &Call<'_>,
        db: &Connection,
        task: i64,
        label: &Label,
    ) -> Result<(), Failure> {
        let known = self.0.get(&label.title).copied();
        let id = match known {
            Some(id) => id,
            None => {
                let new = Label {
                    created: Stamp::now(),
                    ..label.clone()
                };
                labels::insert(db, None, call.user()?.id, &new)?
            }
        };
        self.0.insert(label.title.clone(), id);
        labels::put(db, task, id)?;
        Ok(())
    }
}
