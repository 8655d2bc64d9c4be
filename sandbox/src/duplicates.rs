//! Copies of tasks: the handler.

use rusqlite::Connection;
use serde_json::json;

use crate::call::Call;
use crate::events::Event;
use crate::expand::Expand;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::relations::Relation;
use crate::store::tasks::Task;
use crate::store::{files, labels, relations};
use crate::tasks;

/// Copies a task with its assignees, reminders, labels and attachments. Not its relations, comments and reactions;
/// and the copy is neither done nor a favourite.
pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("projecttask")?;
    call.write(|db| {
        let project = tasks::check_write(db, call.user()?, id)?;
        let project = tasks::check_project(call, db, project)?;
        let (old, _) = tasks::read(call, db, id, Expand::default())?;
        let copy = Task {
            title: old.title.clone(),
            description: old.description.clone(),
            due_date: old.due_date.clone(),
            start_date: old.start_date.clone(),
            end_date: old.end_date.clone(),
            reminders: old.reminders.clone(),
            assignees: old.assignees.clone(),
            repeat_after: old.repeat_after,
            repeat_mode: old.repeat_mode,
            priority: old.priority,
            hex_color: old.hex_color.clone(),
            percent_done: old.percent_done,
            ..Task::default()
        };
        let copy = tasks::make(call, db, &project, copy)?.id;
        for label in old.labels.iter().flatten() {
            labels::put(db, copy, label.id)?;
        }
        copy_attachments(call, db, &old, copy)?;
        let relation = Relation {
            task_id: copy,
            other_task_id: id,
            kind: "copiedfrom".to_owned(),
            created_by: Some(call.user()?.shape()),
            created: Stamp::now(),
        };
        relations::insert(db, &relation)?;
        call.tell(Event::RelationCreated {
            task: copy,
            relation: json!(relation),
        });
        let (copy, _) = tasks::read(call, db, copy, Expand::default())?;
        Ok(call.ok(Some("TaskDuplicate"), &json!({"duplicated_task": copy})))
    })
}

/// The copy gets files of its own, and the cover is one of them.
fn copy_attachments(
    call: &Call<'_>,
    db: &Connection,
    old: &Task,
    copy: i64,
) -> Result<(), Failure> {
    for attachment in old.attachments.iter().flatten() {
        let mut file = attachment.file.clone();
        let content = files::content(db, file.id)?;
        file.created = Stamp::now();
        files::insert(db, &mut file, &content)?;
        let copied = files::attach(db, copy, file.id, call.user()?.id, &file.created)?;
        if attachment.id == old.cover_image_attachment_id {
            files::set_cover(db, copy, copied)?;
        }
    }
    Ok(())
}
