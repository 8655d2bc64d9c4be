//! Buckets of boards: the handlers. Those of lists (0.20) are told apart.

use rusqlite::Connection;

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Failure, domain};
use crate::paging::Page;
use crate::projects::{WRITE, not_allowed, standing};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::buckets::{self as store, Bucket, Tasks};
use crate::store::views::{self as stored_views, View};
use crate::{list_buckets, views};

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("title", Kind::Text).length(1, 250).required(),
    Field::new("project_view_id", Kind::Integer),
    Field::new("limit", Kind::Integer).natural(),
    Field::new("position", Kind::Number),
    Field::new("created", Kind::Time),
    Field::new("tasks", Kind::Ignored),
    Field::new("count", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
    Field::new("created_by", Kind::Ignored),
];

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.at.release.lists {
        return list_buckets::read_all(call);
    }
    let (project, id) = (call.id("project")?, call.id_at(1, "view")?);
    let (page, user, release) = (Page::asked(call)?, call.user()?, call.at.release);
    call.read(|db| {
        standing(db, user, project)?.ok_or_else(not_allowed)?;
        let view = views::found(db, release, project, id)?;
        let buckets = store::of_view(db, release, view.id)?;
        Ok(views::whole(call, page, "PaginatedBucket", &buckets))
    })
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.at.release.lists {
        return list_buckets::create(call);
    }
    let (project, id) = (call.id("project")?, call.id_at(1, "view")?);
    let wanted: Bucket = call.bind(FIELDS, &[("project_view_id", id)])?;
    call.write(|db| {
        let view = views::with_access(call, db, project, wanted.project_view_id, WRITE)?;
        let (user, now) = (call.user()?, Stamp::now());
        let mut bucket = Bucket {
            project_view_id: view.id,
            tasks: Tasks::none(call.at.release),
            created: now.clone(),
            updated: now,
            created_by: Some(user.shape()),
            ..wanted
        };
        store::insert(db, call.author(db)?.id, &mut bucket)?;
        Ok(call.ok(None, &bucket))
    })
}

/// Looks at the view of the path for access only: any bucket of the project may be meant.
pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.at.release.lists {
        return list_buckets::update(call);
    }
    let (project, view) = (call.id("project")?, call.id_at(1, "view")?);
    let path = [("project_view_id", view), ("id", call.id_at(2, "bucket")?)];
    let wanted: Bucket = call.bind(FIELDS, &path)?;
    call.write(|db| {
        let view = views::with_access(call, db, project, wanted.project_view_id, WRITE)?;
        found(call, db, &view, wanted.id)?;
        let bucket = Bucket {
            project_view_id: view.id,
            tasks: Tasks::none(call.at.release),
            updated: Stamp::now(),
            ..wanted
        };
        store::update(db, &bucket)?;
        Ok(call.ok(None, &bucket))
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    if call.at.release.lists {
        return list_buckets::delete(call);
    }
    let (project, view) = (call.id("project")?, call.id_at(1, "view")?);
    let bucket = call.id_at(2, "bucket")?;
    call.write(|db| {
        let view = views::with_access(call, db, project, view, WRITE)?;
        found(call, db, &view, bucket)?;
        if store::count(db, view.id)? <= 1 {
            return Err(domain(
                412,
                10003,
                "You cannot remove the last bucket on this project view.",
            ));
        }
        store::delete(db, &view, bucket)?;
        Ok(call.deleted())
    })
}

/// A bucket of that view, or of another one of the same project.
pub(crate) fn found(
    call: &Call<'_>,
    db: &Connection,
    view: &View,
    bucket: i64,
) -> Result<Bucket, Failure> {
    let bucket = store::by_id(db, call.at.release, bucket)?
        .ok_or_else(|| domain(404, 10001, "This bucket does not exist."))?;
    let project = stored_views::project_of(db, bucket.project_view_id)?;
    if project == Some(view.project_id) {
        Ok(bucket)
    } else {
        Err(views::not_found())
    }
}
