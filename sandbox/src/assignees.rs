//! Assignees of tasks: the handlers.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::auth::user_gone;
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Failure, domain, not_allowed};
use crate::paging::{Count, Page, count_of};
use crate::projects::{self, WRITE};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::assignees as store;
use crate::store::tasks;
use crate::store::users::{self, UserShape};

const FIELDS: &[Field] = &[
    Field::new("user_id", Kind::Integer),
    Field::new("created", Kind::Ignored),
];

const BULK_FIELDS: &[Field] = &[Field::new("assignees", Kind::Array)];

/// What v2 calls a task's id in these paths.
const ID: &str = "projecttask";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Assignee {
    user_id: i64,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Bulk {
    assignees: Option<Vec<UserShape>>,
}

/// Never succeeds in older releases: their count fails.
pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, page, user) = (call.id(ID)?, Page::asked(call)?, call.user()?);
    call.read(|db| {
        let project = project_of(db, task)?;
        if crate::store::projects::access(db, user.id, project)?.is_none() {
            return Err(not_allowed());
        }
        let (users, total) = store::list(db, task, call.search(), page.limit(), page.offset())?;
        let nobody = total == 0 && call.at.release.tasks.nobody_listed;
        if !call.at.release.tasks.assignees_listed && !nobody {
            return Err(Failure::Breaks("it cannot count assignees"));
        }
        let count = Count {
            total,
            here: count_of(&users),
            forgotten_beyond_end: nobody,
        };
        Ok(page.reply(call, "PaginatedUser", &users, count))
    })
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let task = call.id(ID)?;
    let wanted: Assignee = call.bind(FIELDS, &[])?;
    call.write(|db| {
        let project = check_write(call, db, task)?;
        check_user(db, project, wanted.user_id)?;
        if !store::insert(db, task, wanted.user_id)? {
            let message = "This user is already assigned to that task.";
            return Err(domain(400, 4021, message));
        }
        note(call, db, task)?;
        let assignee = wanted.user_id;
        call.tell(Event::AssigneeCreated { task, assignee });
        let answer = Map::from_iter([
            ("user_id".to_owned(), wanted.user_id.into()),
            (
                call.at.release.tasks.assignee_created.to_owned(),
                json!(Stamp::default()),
            ),
        ]);
        Ok(call.ok(None, &Value::Object(answer)))
    })
}

/// Says nothing about somebody who is not assigned.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, user) = (call.id(ID)?, call.id_at(1, "user")?);
    call.write(|db| {
        check_write(call, db, task)?;
        if store::delete(db, task, user)? {
            note(call, db, task)?;
            let assignee = user;
            call.tell(Event::AssigneeDeleted { task, assignee });
        }
        Ok(call.deleted())
    })
}

/// The answer repeats what was sent.
pub(crate) fn replace_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let task = call.id(ID)?;
    let wanted: Bulk = call.bind(BULK_FIELDS, &[])?;
    call.write(|db| {
        let project = check_write(call, db, task)?;
        let users = wanted.assignees.iter().flatten();
        let ids: Vec<i64> = users.map(|user| user.id).collect();
        let mut changed = store::keep_only(db, task, &ids)?;
        for user in ids {
            check_user(db, project, user)?;
            if store::insert(db, task, user)? {
                let assignee = user;
                call.tell(Event::AssigneeCreated { task, assignee });
                changed = true;
            }
        }
        if changed {
            note(call, db, task)?;
        }
        Ok(call.ok(None, &wanted))
    })
}

/// Assignments are changes of the task.
fn note(call: &Call<'_>, db: &Connection, task: i64) -> Result<(), Failure> {
    tasks::touch(db, task)?;
    call.tell(Event::TaskUpdated { task });
    Ok(())
}

/// The task's project, if the caller may write there. Of a missing task the server says that its project is missing.
fn check_write(call: &Call<'_>, db: &Connection, task: i64) -> Result<i64, Failure> {
    let project = project_of(db, task)?;
    projects::check_access(db, call.user()?, project, WRITE)?;
    Ok(project)
}

fn project_of(db: &Connection, task: i64) -> Result<i64, Failure> {
    tasks::project_of(db, task)?.ok_or_else(projects::not_found)
}

fn check_user(db: &Connection, project: i64, user: i64) -> Result<(), Failure> {
    let user = users::by_id(db, user)?.ok_or_else(user_gone)?;
    if crate::store::projects::access(db, user.id, project)?.is_none() {
        return Err(crate::tasks::no_access_to_project());
    }
    Ok(())
}
