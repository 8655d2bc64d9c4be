//! Labels: the handlers.

use rusqlite::Connection;

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Denied, Failure, domain};
use crate::paging::{Count, Page, count_of};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::labels::{self as store, Label, Sight, Wanted};
use crate::store::projects;

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("title", Kind::Text).length(1, 250),
    Field::new("description", Kind::Text),
    Field::colour("hex_color"),
    Field::new("created_by", Kind::Ignored),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
    Field::new("max_permission", Kind::Ignored),
];

/// v2's schema of a label that is read alone.
const READ_SCHEMA: &str = "LabelReadBody";

/// v2's schema of a list of labels, those of a task or any.
pub(crate) const LIST_SCHEMA: &str = "PaginatedLabelWithTaskID";

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (page, user) = (Page::asked(call)?, call.user()?.id);
    call.read(|db| {
        let projects = projects::visible(db, user)?;
        let wanted = Wanted {
            sight: Some(Sight {
                user,
                projects: &projects,
            }),
            task: None,
            search: call.search(),
        };
        let (labels, total) = store::list(db, &wanted, page.limit(), page.offset())?;
        let count = Count {
            total,
            here: count_of(&labels),
            forgotten_beyond_end: true,
        };
        Ok(page.reply(call, LIST_SCHEMA, &labels, count))
    })
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("id")?;
    let (mut label, access) = call.read(|db| read(call, db, id))?;
    label.max_permission = call.permission(access);
    Ok(call.version(READ_SCHEMA, &label, &label.updated, access))
}

/// A label that the caller sees, and his access. A missing one is refused like one out of sight.
fn read(call: &Call<'_>, db: &Connection, id: i64) -> Result<(Label, i64), Failure> {
    if !is_seen(call, db, id)? {
        return Err(Failure::Forbidden(Denied::Sight));
    }
    let label = store::by_id(db, id)?.ok_or_else(not_found)?;
    let own = is_own(&label, call.user()?.id);
    let access = if own {
        call.at.release.tasks.own_label_access
    } else {
        0
    };
    Ok((label, access))
}

/// Whether the caller sees the label.
pub(crate) fn is_seen(call: &Call<'_>, db: &Connection, label: i64) -> Result<bool, Failure> {
    let user = call.user()?.id;
    let sight = Sight {
        user,
        projects: &projects::visible(db, user)?,
    };
    store::is_seen(db, &sight, label)
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    // All but the last: v2 does not want to be told `max_permission` here.
    let mut label: Label = call.bind(&FIELDS[..FIELDS.len() - 1], &[])?;
    let user = call.user()?;
    label.created_by = Some(user.stub());
    label.created = Stamp::now();
    label.updated = Stamp::now();
    call.write(|db| {
        let is_taken = || Ok(store::by_id(db, label.id)?.is_some());
        let id = call.sent_id(label.id, is_taken)?;
        label.id = store::insert(db, id, user.id, &label)?;
        Ok(call.ok(None, &label))
    })
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("id")?;
    let wanted: Label = call.bind(FIELDS, &[("id", id)])?;
    call.write(|db| replace(call, db, &wanted))
}

/// v2's partial update: read, merge, replace.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("id")?;
    call.write(|db| {
        let (mut now, access) = read(call, db, id)?;
        now.max_permission = Some(access);
        let merged = crate::patch::merged(call, READ_SCHEMA, &now)?;
        let wanted = crate::body::bind_object(call.at, merged, None, FIELDS, &[("id", id)])?;
        replace(call, db, &wanted)
    })
}

/// Stores everything that a label update may change; what it does not name is reset.
fn replace(call: &Call<'_>, db: &Connection, wanted: &Label) -> Result<Reply, Failure> {
    check_own(call, db, wanted.id)?;
    store::update(db, wanted)?;
    let stored = store::by_id(db, wanted.id)?.ok_or_else(not_found)?;
    Ok(call.ok(None, &stored))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("id")?;
    call.write(|db| {
        check_own(call, db, id)?;
        store::delete(db, id)?;
        Ok(call.deleted())
    })
}

/// Labels belong to those who made them.
fn check_own(call: &Call<'_>, db: &Connection, id: i64) -> Result<(), Failure> {
    let label = store::by_id(db, id)?.ok_or_else(not_found)?;
    if is_own(&label, call.user()?.id) {
        Ok(())
    } else {
        Err(Failure::Forbidden(Denied::Act))
    }
}

fn is_own(label: &Label, user: i64) -> bool {
    label
        .created_by
        .as_ref()
        .is_some_and(|creator| creator.id == user)
}

pub(crate) fn not_found() -> Failure {
    domain(404, 8002, "This label does not exist.")
}
