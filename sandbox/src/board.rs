//! Boards: buckets with their tasks, and moving a task from one to another.

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::events::Event;
use crate::expand::Expand;
use crate::failure::{Failure, domain, plain};
use crate::paging::{Page, count_of};
use crate::projects::{WRITE, archived};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::boards;
use crate::store::buckets::{self as store, Bucket, Tasks};
use crate::store::tasks::{self as stored_tasks, Selection, Task};
use crate::store::users::User;
use crate::store::views::View;
use crate::tasks::{self, Listed};
use crate::{buckets, filter, repeat, views};

/// v2's list of buckets, which is not paged.
pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, id) = (call.id("project")?, call.id_at(1, "view")?);
    let (listed, view) = tasks::of_view(call, project, id)?;
    if !view.is_board() && !view.has_bucket_filters() {
        return Err(plain(
            400,
            "this view has no buckets; use the tasks endpoint for non-kanban views",
        ));
    }
    let (_, buckets) = with_tasks(call, listed, &view)?;
    let list = json!({"total": count_of(&buckets), "items": buckets});
    Ok(call.ok(Some("BucketsWithTasksBodyBody"), &list))
}

/// v1's answer with the buckets of a view. Pages are pages of every bucket; the headers count buckets.
pub(crate) fn read(call: &Call<'_>, listed: Listed, view: &View) -> Result<Reply, Failure> {
    let (page, buckets) = with_tasks(call, listed, view)?;
    Ok(views::whole(call, page, "", &buckets))
}

fn with_tasks(
    call: &Call<'_>,
    listed: Listed,
    view: &View,
) -> Result<(Page, Vec<Bucket>), Failure> {
    let (page, user, expand) = (Page::asked(call)?, call.user()?, Expand::asked(call)?);
    let selection = listed.selection(call)?;
    let buckets = call.read(|db| {
        if view.has_bucket_filters() {
            computed(call, db, page, user, &selection, view, expand)
        } else {
            manual(call, db, page, user, &selection, view, expand)
        }
    })?;
    Ok((page, buckets))
}

/// Two queries for all buckets together, and those that complete the tasks.
fn manual(
    call: &Call<'_>,
    db: &Connection,
    page: Page,
    user: &User,
    selection: &Selection,
    view: &View,
    expand: Expand,
) -> Result<Vec<Bucket>, Failure> {
    let mut buckets = store::of_view(db, call.at.release, view.id)?;
    let counts = stored_tasks::counts_by_bucket(db, user.id, selection)?;
    let (limit, offset) = (page.limit(), page.offset());
    let mut tasks = stored_tasks::page_by_bucket(db, user.id, selection, limit, offset)?;
    expand.fill(call, db, &mut tasks)?;
    for bucket in &mut buckets {
        bucket.count = counts.get(&bucket.id).copied().unwrap_or_default();
    }
    for task in tasks {
        if let Some(bucket) = buckets
            .iter_mut()
            .find(|bucket| bucket.id == task.bucket_id)
        {
            bucket.tasks.push(task);
        }
    }
    Ok(buckets)
}

/// Buckets by filters: their ids are their places.
fn computed(
    call: &Call<'_>,
    db: &Connection,
    page: Page,
    user: &User,
    selection: &Selection,
    view: &View,
    expand: Expand,
) -> Result<Vec<Bucket>, Failure> {
    let release = call.at.release;
    let order = filter::order(release, &[], &[], true)?;
    let mut buckets = Vec::new();
    for (place, wanted) in (0_i64..).zip(view.buckets.list.iter().flatten()) {
        let own = filter::stored(release, &wanted.filter, Some(view))?;
        if own.is_none() && view.filter.query.is_some() {
            let message =
                "The filter expression is invalid: invalid or incomplete filter expression";
            return Err(domain(400, 4024, message));
        }
        let selection = selection.narrowed(own);
        let (limit, offset) = (page.limit(), page.offset());
        let mut tasks = stored_tasks::page(db, user.id, &selection, &order, limit, offset)?;
        expand.fill(call, db, &mut tasks)?;
        let now = Stamp::now();
        let mut bucket = Bucket {
            id: place,
            title: wanted.title.clone(),
            project_view_id: view.id,
            tasks: Tasks::none(release),
            count: stored_tasks::count(db, user.id, &selection)?,
            position: place as f64,
            created: now.clone(),
            updated: now,
            created_by: Some(user.shape()),
            ..Bucket::default()
        };
        for task in tasks {
            bucket.tasks.push(Task {
                bucket_id: place,
                ..task
            });
        }
        buckets.push(bucket);
    }
    Ok(buckets)
}

const MOVE_FIELDS: &[Field] = &[
    Field::new("task_id", Kind::Integer),
    Field::new("bucket_id", Kind::Integer),
    Field::new("project_view_id", Kind::Integer),
    Field::new("bucket", Kind::Ignored),
    Field::new("task", Kind::Ignored),
    Field::new("task_done", Kind::Ignored),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Move {
    #[serde(rename = "task_id")]
    task: i64,
    #[serde(rename = "bucket_id")]
    bucket: i64,
    #[serde(rename = "project_view_id")]
    view: i64,
}

pub(crate) fn move_task(call: &Call<'_>) -> Result<Reply, Failure> {
    let project = call.id("project")?;
    let path = [
        ("project_view_id", call.id_at(1, "view")?),
        ("bucket_id", call.id_at(2, "bucket")?),
    ];
    let wanted: Move = call.bind(MOVE_FIELDS, &path)?;
    let (user, release) = (call.user()?, call.at.release);
    call.write(|db| {
        let view = views::with_access(call, db, project, wanted.view, WRITE)?;
        let bucket = buckets::found(call, db, &view, wanted.bucket)?;
        if bucket.project_view_id != view.id {
            return Err(views::foreign_bucket());
        }
        let (mut task, _) = tasks::read(call, db, wanted.task, Expand::default())?;
        let from = boards::bucket_of(db, view.id, task.id)?;
        let is_archived = crate::store::projects::is_archived(db, task.project_id)?;
        if is_archived && release.boards.archive_stops_moves {
            return Err(archived());
        }
        if from == Some(bucket.id) {
            return Ok(moved(call, &view, bucket.id, None, &task));
        }
        boards::check_room(db, &bucket)?;
        let end = settle(call, db, user, &view, &bucket, from, &mut task)?;
        boards::put(db, view.id, task.id, end)?;
        call.tell(Event::TaskUpdated { task: task.id });
        let end = end.unwrap_or(bucket.id);
        let bucket = Bucket {
            count: store::fill(db, bucket.id)?,
            ..bucket
        };
        Ok(moved(call, &view, end, Some(&bucket), &task))
    })
}

/// Lets the task follow its move: done in the done bucket, not done outside. Where it ends is answered,
/// because a repeating task does not stay in the done bucket.
fn settle(
    call: &Call<'_>,
    db: &Connection,
    user: &User,
    view: &View,
    bucket: &Bucket,
    from: Option<i64>,
    task: &mut Task,
) -> Result<Option<i64>, Failure> {
    let release = call.at.release;
    let (into_end, out_of_end) = (
        bucket.id == view.done_bucket_id,
        from == Some(view.done_bucket_id),
    );
    if into_end && !task.done {
        let old = task.clone();
        if repeat::repeats(&old) && !release.boards.bucket_completes {
            return Ok(from);
        }
        task.done = true;
        if release.boards.bucket_completes {
            repeat::settle(&old, task);
        }
    } else if out_of_end && task.done {
        task.done = false;
        task.done_at = Stamp::default();
    } else {
        return Ok(Some(bucket.id));
    }
    task.updated = Stamp::now();
    stored_tasks::update(db, user.id, task)?;
    if !into_end {
        return Ok(Some(bucket.id));
    }
    boards::follow_board(db, release, view.id, task)?;
    if task.done {
        Ok(Some(bucket.id))
    } else {
        boards::default_bucket(db, view)
    }
}

/// The answer to a move; without a bucket when there was nothing to do.
fn moved(call: &Call<'_>, view: &View, end: i64, bucket: Option<&Bucket>, task: &Task) -> Reply {
    let mut answer = json!({"bucket_id": end, "task_id": task.id, "project_view_id": view.id});
    if call.at.release.boards.move_answers_task {
        let task = bucket.is_some().then_some(task);
        answer["task"] = json!(task);
        answer["bucket"] = json!(bucket);
    } else {
        answer["task_done"] = Value::Bool(task.done && bucket.is_some());
    }
    call.ok(None, &answer)
}
