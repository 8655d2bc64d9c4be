//! What an export holds: all that a user sees, in the keys of the release.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Value, json};

use crate::archive::Entry;
use crate::call::Call;
use crate::expand::Expand;
use crate::failure::Failure;
use crate::json;
use crate::release::Api;
use crate::store::comments::{self, Comment};
use crate::store::filters::SavedFilter;
use crate::store::projects::{Project, Wanted};
use crate::store::tasks::{self, Condition, Selection, Task};
use crate::store::{buckets, exports, files, filters, list_buckets, namespaces, projects};

/// The files of the archive.
pub(super) fn entries(call: &Call<'_>, db: &Connection) -> Result<Vec<Entry>, Failure> {
    let (release, user) = (call.at.release, call.user()?);
    let wanted = Wanted {
        search: None,
        archived: true,
        nested: false,
        limit: i64::MAX,
        offset: 0,
    };
    let (mut found, _) = projects::list(db, user.id, &wanted)?;
    let mut attached = BTreeSet::new();
    if release.lists {
        namespaces::add_emails(db, &mut found)?;
    } else {
        projects::add_views(db, release, &mut found)?;
    }
    let mut data = Vec::new();
    for project in found {
        data.push(shown(call, db, project, &mut attached)?);
    }
    if release.lists {
        data = by_namespace(db, user.id, &data)?;
    }
    let filters: Vec<SavedFilter> = filters::of_user(db, user.id)?
        .into_iter()
        .map(|filter| SavedFilter {
            owner: None,
            ..filter
        })
        .collect();
    let mut entries = vec![written(call, "data.json", &data)];
    for file in attached {
        entries.push(Entry {
            name: format!("files/{file}"),
            content: files::content(db, file)?,
        });
    }
    entries.push(written(call, "filters.json", &some(filters)));
    entries.push(Entry {
        name: "VERSION".to_owned(),
        content: release.version.into(),
    });
    Ok(entries)
}

fn written<T: Serialize>(call: &Call<'_>, name: &str, value: &T) -> Entry {
    let mut value = json!(value);
    if let Some(spelling) = call.at.release.spelling {
        value = spelling.outward(value);
    }
    let mut content = json::write(&value, Api::V1);
    // The line end, which answers have.
    content.pop();
    Entry {
        name: name.to_owned(),
        content,
    }
}

/// `null` instead of an empty list.
fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// A project with its tasks and all about them.
fn shown(
    call: &Call<'_>,
    db: &Connection,
    mut project: Project,
    attached: &mut BTreeSet<i64>,
) -> Result<Value, Failure> {
    let (release, id) = (call.at.release, project.id);
    let selection = Selection {
        projects: json!([id]).to_string(),
        condition: Condition::always(),
        view: None,
    };
    let mut found = tasks::page(db, call.user()?.id, &selection, "t.id", i64::MAX, 0)?;
    Expand::always(release).fill(call, db, &mut found)?;
    let mut with_comments = Vec::new();
    for task in found {
        let attachments = task.attachments.iter().flatten();
        attached.extend(attachments.map(|attachment| attachment.file.id));
        with_comments.push(with_all_comments(db, &task)?);
    }
    let background = exports::background(db, id)?;
    attached.extend(background);
    if !release.lists {
        project.owner = None;
        project.max_permission = release.permissions.then(|| 0.into());
    }
    let views = project.views.clone();
    let mut shown = json!(project);
    shown["background_file_id"] = background.unwrap_or_default().into();
    if release.lists {
        shown["tasks"] = json!(with_comments);
        shown["buckets"] = json!(list_buckets::of_list(db, id)?);
        return Ok(shown);
    }
    let mut of_views = Vec::new();
    for view in views.iter().flatten() {
        of_views.extend(buckets::of_view(db, release, view.id)?);
    }
    for bucket in &mut of_views {
        bucket.created_by = None;
    }
    shown["tasks"] = json!(some(with_comments));
    shown["buckets"] = json!(some(of_views));
    shown["task_buckets"] = json!(some(exports::task_buckets(db, release, id)?));
    shown["positions"] = json!(some(exports::positions(db, id)?));
    shown["child_projects"] = Value::Null;
    Ok(shown)
}

fn with_all_comments(db: &Connection, task: &Task) -> Result<Value, Failure> {
    let wanted = comments::Wanted {
        task: task.id,
        search: None,
        newest_first: false,
        limit: i64::MAX,
        offset: 0,
    };
    let (comments, _) = comments::list(db, &wanted)?;
    let without_author = |comment| Comment {
        author: None,
        ..comment
    };
    let comments: Vec<Comment> = comments.into_iter().map(without_author).collect();
    let mut shown = json!(task);
    shown["comments"] = json!(some(comments));
    Ok(shown)
}

/// The lists in the namespaces that the user sees (0.20).
fn by_namespace(db: &Connection, user: i64, lists: &[Value]) -> Result<Vec<Value>, Failure> {
    let wanted = namespaces::Wanted {
        search: None,
        archived: true,
        limit: i64::MAX,
        offset: 0,
    };
    let (namespaces, _) = namespaces::list(db, user, &wanted)?;
    let with_lists = |namespace| {
        let mut shown = json!(namespace);
        let its = lists
            .iter()
            .filter(|list| list["namespace_id"] == shown["id"])
            .cloned();
        let its: Vec<Value> = its.collect();
        shown["lists"] = json!(its);
        shown
    };
    Ok(namespaces.iter().map(with_lists).collect())
}
