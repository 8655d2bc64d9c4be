//! Buckets of lists (0.20): the handlers.

use rusqlite::Connection;

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::expand::Expand;
use crate::failure::{Failure, domain};
use crate::filter;
use crate::paging::{Count, Page, count_of};
use crate::projects::{WRITE, check_access, not_found};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::list_buckets::{self as store, Bucket};
use crate::store::tasks::{self, Condition, Selection};
use crate::tasks::searched;

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("title", Kind::Text).length(1, 250).required(),
    Field::new("project_id", Kind::Integer),
    Field::new("limit", Kind::Integer).natural(),
    Field::new("is_done_bucket", Kind::Boolean),
    Field::new("position", Kind::Number),
    Field::new("tasks", Kind::Ignored),
    Field::new("created", Kind::Time),
    Field::new("updated", Kind::Ignored),
    Field::new("created_by", Kind::Ignored),
];

/// All buckets on every page: a page is one of tasks, in each of them.
pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (list, page, user) = (list(call)?, Page::asked(call)?, call.user()?);
    if list < 0 {
        return Err(not_found());
    }
    let asked = [call.search().map(searched), filter::condition(call, None)?];
    call.read(|db| {
        check_access(db, user, list, 0).map_err(|failure| match failure {
            Failure::Forbidden(_) => domain(403, 1, "You're not allowed to do this."),
            other => other,
        })?;
        let mut buckets = store::of_list(db, list)?;
        for bucket in &mut buckets {
            let own = Condition {
                sql: format!("t.bucket_id = {}", bucket.id),
                values: Vec::new(),
            };
            let conditions = [Some(own), asked[0].clone(), asked[1].clone()];
            let selection = Selection {
                projects: format!("[{list}]"),
                condition: Condition::all(conditions.into_iter().flatten()),
                view: None,
            };
            let order = "t.kanban_position, t.id";
            let (limit, offset) = (page.limit(), page.offset());
            let mut found = tasks::page(db, user.id, &selection, order, limit, offset)?;
            Expand::default().fill(call, db, &mut found)?;
            bucket.tasks = (!found.is_empty()).then_some(found);
        }
        let count = Count {
            total: count_of(&buckets),
            here: count_of(&buckets),
            forgotten_beyond_end: false,
        };
        Ok(page.reply(call, "", &buckets, count))
    })
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let list = list(call)?;
    let wanted: Bucket = call.bind(FIELDS, &[("project_id", list)])?;
    let user = call.user()?;
    call.write(|db| {
        check_access(db, user, wanted.project_id, WRITE)?;
        let now = Stamp::now();
        let mut bucket = Bucket {
            created: now.clone(),
            updated: now,
            created_by: Some(user.shape()),
            ..wanted
        };
        store::insert(db, call.author(db)?.id, &mut bucket)?;
        Ok(call.ok(None, &bucket))
    })
}

/// Looks at the list of the path for access only. The answer mirrors the request.
pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let path = [
        ("project_id", list(call)?),
        ("id", call.id_at(1, "bucket")?),
    ];
    let mut wanted: Bucket = call.bind(FIELDS, &path)?;
    call.write(|db| {
        check_access(db, call.user()?, wanted.project_id, WRITE)?;
        let stored = found(db, wanted.id)?;
        let is_other_end = |other: &Bucket| other.is_done && other.id != stored.id;
        if wanted.is_done
            && store::of_list(db, stored.project_id)?
                .iter()
                .any(is_other_end)
        {
            return Err(domain(
                412,
                10005,
                "There can be only one done bucket per list.",
            ));
        }
        wanted.updated = Stamp::now();
        store::update(db, &wanted)?;
        Ok(call.ok(None, &wanted))
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (list, id) = (list(call)?, call.id_at(1, "bucket")?);
    call.write(|db| {
        check_access(db, call.user()?, list, WRITE)?;
        let bucket = found(db, id)?;
        if store::of_list(db, list)?.len() <= 1 {
            return Err(domain(
                412,
                10003,
                "You cannot remove the last bucket on this list.",
            ));
        }
        store::delete(db, &bucket)?;
        Ok(call.deleted())
    })
}

/// The list of the path.
fn list(call: &Call<'_>) -> Result<i64, Failure> {
    call.id("list")
}

fn found(db: &Connection, bucket: i64) -> Result<Bucket, Failure> {
    store::by_id(db, bucket)?.ok_or_else(|| domain(404, 10001, "This bucket does not exist."))
}
