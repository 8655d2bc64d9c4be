//! Saved filters: the handlers, and what their views hold.

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::Value;

use crate::body::{Field, Kind, bind_object};
use crate::call::Call;
use crate::failure::{Denied, Failure, Violation, domain};
use crate::projects::ADMIN;
use crate::release::{Api, Release};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::filters::{self as store, SavedFilter, pseudo_id};
use crate::store::tasks::{self as stored_tasks, Condition, Selection};
use crate::store::users::UserShape;
use crate::store::views::{self as stored_views, Query, View};
use crate::store::{boards, projects};
use crate::tasks::Listed;
use crate::{filter, views};

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("title", Kind::Text).length(1, 250).required(),
    Field::new("description", Kind::Text),
    Field::new("filters", Kind::Object),
    Field::new("is_favorite", Kind::Boolean),
    Field::new("owner", Kind::Object),
    Field::new("created", Kind::Time),
    Field::new("updated", Kind::Ignored),
    Field::new("max_permission", Kind::Ignored),
];

/// v2's schema of a saved filter that is read alone.
const READ_SCHEMA: &str = "SavedFilterReadBody";

/// A saved filter as a request describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    id: i64,
    title: String,
    description: String,
    filters: Value,
    is_favorite: bool,
    owner: Option<UserShape>,
    created: Stamp,
}

/// A saved filter that must be there.
pub(crate) fn found(db: &Connection, filter: i64) -> Result<SavedFilter, Failure> {
    store::by_id(db, filter)?.ok_or_else(|| domain(404, 11001, "This saved filter does not exist."))
}

/// The caller's own.
fn own(
    call: &Call<'_>,
    db: &Connection,
    filter: i64,
    denied: Denied,
) -> Result<SavedFilter, Failure> {
    let filter = found(db, filter)?;
    if filter.owner_id() == call.user()?.id {
        Ok(filter)
    } else {
        Err(Failure::Forbidden(denied))
    }
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("filter")?;
    let filter = call.read(|db| read(call, db, id))?;
    let updated = filter.updated.clone();
    Ok(call.version(READ_SCHEMA, &filter, &updated, ADMIN))
}

fn read(call: &Call<'_>, db: &Connection, id: i64) -> Result<SavedFilter, Failure> {
    let mut filter = own(call, db, id, Denied::Sight)?;
    filter.max_permission = (call.at.api == Api::V2).then_some(ADMIN);
    Ok(filter)
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut filter = new(call, call.bind(FIELDS, &[])?)?;
    call.write(|db| {
        insert(db, call.at.release, call.user()?.id, &mut filter)?;
        Ok(call.ok(None, &filter))
    })
}

/// Makes a saved filter of the caller of one that was exported.
pub(crate) fn restore(call: &Call<'_>, db: &Connection, exported: Value) -> Result<(), Failure> {
    let wanted = serde_json::from_value(exported);
    let wanted = wanted.map_err(|_| Failure::Breaks("this is no saved filter"))?;
    insert(
        db,
        call.at.release,
        call.user()?.id,
        &mut new(call, wanted)?,
    )
}

fn new(call: &Call<'_>, wanted: Wanted) -> Result<SavedFilter, Failure> {
    let (query, release, now) = (query(call, &wanted)?, call.at.release, Stamp::now());
    if release.boards.filters_checked {
        check(release, &query)?;
    }
    Ok(SavedFilter {
        query,
        title: wanted.title,
        description: wanted.description,
        is_favorite: wanted.is_favorite,
        created: now.clone(),
        updated: now,
        ..SavedFilter::default()
    })
}

/// Stores a saved filter and makes its views.
fn insert(
    db: &Connection,
    release: &Release,
    owner: i64,
    filter: &mut SavedFilter,
) -> Result<(), Failure> {
    store::insert(db, owner, filter)?;
    if release.lists {
        // No views, and nobody looks at the filter before it is used.
        return Ok(());
    }
    let stored = found(db, filter.id)?;
    for view in stored_views::insert_first(db, release, owner, pseudo_id(filter.id), false)? {
        fill(db, release, &stored, &view)?;
    }
    check(release, &stored.query)
}

/// Whether a query can be asked.
fn check(release: &Release, query: &Query) -> Result<(), Failure> {
    filter::stored(release, query, None)?;
    if release.boards.filter_order_checked {
        let names: Vec<&str> = query.sort_by.iter().flatten().map(String::as_str).collect();
        filter::order(release, &names, &[], true)?;
    }
    Ok(())
}

/// Gives the tasks of a saved filter their places in a new view of it.
pub(crate) fn fill(
    db: &Connection,
    release: &Release,
    filter: &SavedFilter,
    view: &View,
) -> Result<(), Failure> {
    let owner = filter.owner_id();
    let mut selection = Selection {
        projects: projects::visible(db, owner)?,
        condition: Condition::all(std::iter::empty()),
        view: None,
    };
    let all = release.boards.filters_place_all;
    if all {
        // Matching or not; only the board looks at the filter.
        boards::fill_filter_view(db, view, &stored_tasks::ids(db, owner, &selection)?)?;
        if !view.is_board() {
            return Ok(());
        }
    }
    let condition = filter::stored(release, &filter.query, None)?;
    selection.condition = Condition::all(condition.into_iter());
    let matching = stored_tasks::ids(db, owner, &selection)?;
    if !all {
        boards::fill_filter_view(db, view, &matching)?;
    }
    boards::fill_board(db, view, &matching)
}

/// Tasks that came to match since the views were made get their places now.
///
/// The server does this for boards when such a task is written, which nobody sees before the board is read.
pub(crate) fn place_later(call: &Call<'_>, listed: &Listed, view: &View) -> Result<(), Failure> {
    let user = call.user()?;
    let selection = Selection {
        projects: listed.projects.clone(),
        condition: Condition::all(listed.conditions.iter().cloned()),
        view: None,
    };
    call.write(|db| {
        let matching = stored_tasks::ids(db, user.id, &selection)?;
        boards::add_to_filter_view(db, view, &matching)?;
        boards::fill_board(db, view, &matching)
    })
}

/// The saved filter that every new user gets.
pub(crate) fn open_tasks(
    db: &Connection,
    release: &Release,
    owner: i64,
    expression: String,
) -> Result<(), Failure> {
    let now = Stamp::now();
    let mut filter = SavedFilter {
        query: Query {
            s: Some(String::new()),
            filter: expression,
            ..Query::default()
        },
        title: "My Open Tasks".to_owned(),
        created: now.clone(),
        updated: now,
        ..SavedFilter::default()
    };
    insert(db, release, owner, &mut filter)
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("filter")?;
    let wanted: Wanted = call.bind(FIELDS, &[("id", id)])?;
    call.write(|db| replace(call, db, wanted))
}

/// v2's partial update: read, merge, replace.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("filter")?;
    call.write(|db| {
        let merged = crate::patch::merged(call, READ_SCHEMA, &read(call, db, id)?)?;
        let wanted: Wanted = bind_object(call.at, merged, None, FIELDS, &[("id", id)])?;
        replace(call, db, wanted)
    })
}

/// Stores everything that an update may change; what it does not name is reset. The answer mirrors the request.
fn replace(call: &Call<'_>, db: &Connection, wanted: Wanted) -> Result<Reply, Failure> {
    let query = query(call, &wanted)?;
    own(call, db, wanted.id, Denied::Act)?;
    let filter = SavedFilter {
        id: wanted.id,
        query,
        title: wanted.title,
        description: wanted.description,
        owner: wanted.owner,
        is_favorite: wanted.is_favorite,
        created: wanted.created,
        updated: Stamp::now(),
        max_permission: None,
    };
    if !call.at.release.lists {
        check(call.at.release, &filter.query)?;
    }
    store::update(db, &filter)?;
    Ok(call.ok(None, &filter))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("filter")?;
    call.write(|db| {
        own(call, db, id, Denied::Act)?;
        store::delete(db, id)?;
        Ok(call.deleted())
    })
}

/// The query of a request, which must say something.
fn query(call: &Call<'_>, wanted: &Wanted) -> Result<Query, Failure> {
    let query = views::saved_query(call, "body.filters", &wanted.filters)?.unwrap_or_default();
    if query.is_empty() {
        return Err(Failure::Invalid(vec![Violation {
            location: "body.filters".to_owned(),
            v1: "filters: non zero value required".to_owned(),
            v2: "non zero value required".to_owned(),
            value: None,
        }]));
    }
    Ok(query)
}
