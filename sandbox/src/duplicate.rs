//! Copying a project: the handler.

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Failure, lacking};
use crate::projects::{self, WRITE, check_access};
use crate::reply::Reply;
use crate::store::copies;
use crate::store::projects::{self as store, FAVORITES, Project};
use crate::store::users::User;

const FIELDS: &[Field] = &[
    Field::new("project_id", Kind::Ignored),
    Field::new("parent_project_id", Kind::Integer),
    Field::new("duplicate_shares", Kind::Boolean),
    Field::new("duplicated_project", Kind::Ignored),
    Field::new("namespace_id", Kind::Integer),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    parent_project_id: i64,
    duplicate_shares: bool,
    namespace_id: i64,
}

pub(crate) fn duplicate(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, user) = (call.id("projectid")?, call.user()?);
    let lists = call.at.release.lists;
    // All but the last, which v2 does not know, where there are no namespaces.
    let fields = &FIELDS[..FIELDS.len() - usize::from(!lists)];
    let wanted: Wanted = call.bind(fields, &[])?;
    if project <= FAVORITES {
        return Err(lacking(
            "projects.duplicate of favourites and saved filters",
        ));
    }
    call.write(|db| {
        check_access(db, user, project, 0)?;
        if wanted.parent_project_id != 0 {
            check_access(db, user, wanted.parent_project_id, WRITE)?;
        }
        if lists {
            projects::check_namespace(db, user, wanted.namespace_id)?;
        }
        let copy = copy(call, db, user, project, &wanted)?;
        let mut answer = Map::new();
        if lists {
            answer.insert("namespace_id".to_owned(), wanted.namespace_id.into());
        }
        if wanted.parent_project_id != 0 {
            answer.insert(
                "parent_project_id".to_owned(),
                wanted.parent_project_id.into(),
            );
        }
        let copy = serde_json::to_value(copy).unwrap_or_default();
        let name = if lists { "List" } else { "duplicated_project" };
        answer.insert(name.to_owned(), copy);
        Ok(call.ok(None, &answer))
    })
}

fn copy(
    call: &Call<'_>,
    db: &Connection,
    user: &User,
    project: i64,
    wanted: &Wanted,
) -> Result<Project, Failure> {
    let release = call.at.release;
    let old = store::by_id(db, user.id, project)?.ok_or_else(projects::not_found)?;
    let mut copy = if release.lists {
        let plan = Project {
            identifier: String::new(),
            namespace_id: Some(wanted.namespace_id),
            is_favorite: false,
            ..old
        };
        store::insert(db, release, user, &plan)?
    } else {
        let plan = Project {
            title: format!("{} - duplicate", old.title),
            identifier: String::new(),
            parent_project_id: Some(wanted.parent_project_id),
            is_favorite: false,
            position: 0.0,
            ..old
        };
        store::insert_bare(db, release, user, &plan)?
    };
    let tasks = copies::tasks(db, release, user.id, project, copy.id)?;
    // Before the project is shared with them.
    for (task, assignee) in copies::assignees(db, copy.id, &tasks)? {
        call.tell(Event::AssigneeCreated { task, assignee });
    }
    if release.lists {
        copies::board(db, user.id, project, copy.id, &tasks)?;
    } else {
        copies::views(db, release, user.id, project, copy.id, &tasks)?;
    }
    copies::background(db, project, copy.id)?;
    if wanted.duplicate_shares || !release.boards.shares_copied_on_request {
        copies::shares(db, release, user.id, project, copy.id)?;
    }
    if release.lists {
        copy.owner = Some(user.stub());
        return Ok(copy);
    }
    store::add_views(db, release, std::slice::from_mut(&mut copy))?;
    copy.owner = Some(user.shape());
    copy.max_permission = release.permissions.then(|| Value::from(0));
    Ok(copy)
}
