//! Comments on tasks: the handlers.

use rusqlite::Connection;

use crate::body::{self, Field, Kind};
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Denied, Failure, domain, not_allowed};
use crate::paging::{Count, Page, count_of};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::comments::{self as store, Comment, Wanted};
use crate::store::reactions::{self, Subject};
use crate::store::{projects, unread, users};
use crate::tasks;

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("comment", Kind::Text),
    Field::new("author", Kind::Object),
    Field::new("reactions", Kind::Object),
    Field::new("created", Kind::Time),
    Field::new("updated", Kind::Time),
    Field::new("max_permission", Kind::Ignored),
];

/// v2's schema of a comment that is read alone.
const READ_SCHEMA: &str = "TaskCommentReadBody";

/// What v2 calls a comment's id in paths.
const ID: &str = "commentid";

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, page) = (call.id("task")?, Page::asked(call)?);
    let wanted = Wanted {
        task,
        search: call.search(),
        newest_first: newest_first(call)?,
        limit: page.limit(),
        offset: page.offset(),
    };
    call.read(|db| {
        if tasks::access(call, db, task)?.is_none() {
            return Err(not_allowed());
        }
        let (mut comments, total) = store::list(db, &wanted)?;
        add_reactions(db, &mut comments)?;
        let count = Count {
            total,
            here: count_of(&comments),
            forgotten_beyond_end: false,
        };
        Ok(page.reply(call, "PaginatedTaskComment", &comments, count))
    })
}

/// `order_by`, which v1 does not check.
fn newest_first(call: &Call<'_>) -> Result<bool, Failure> {
    if !call.at.release.tasks.comments_ordered {
        return Ok(false);
    }
    match call.query("order_by") {
        None | Some("asc") => Ok(false),
        Some("desc") => Ok(true),
        Some(_) if call.at.api == Api::V1 => Ok(false),
        Some(other) => {
            let location = "query.order_by".to_owned();
            Err(body::none_of(location, &["asc", "desc"], other))
        }
    }
}

fn add_reactions(db: &Connection, comments: &mut [Comment]) -> Result<(), Failure> {
    let ids: Vec<i64> = comments.iter().map(|comment| comment.id).collect();
    let list = serde_json::json!(ids).to_string();
    reactions::of_all(db, Subject::Comment, &list, |comment, value, user| {
        if let Some(place) = ids.iter().position(|id| *id == comment) {
            let reactions = comments[place].reactions.get_or_insert_default();
            reactions.entry(value).or_default().push(user);
        }
    })
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, id) = (call.id("task")?, call.id_at(1, ID)?);
    let (mut comment, access) = call.read(|db| read(call, db, task, id))?;
    comment.max_permission = call.permission(access);
    Ok(call.version(READ_SCHEMA, &comment, &comment.updated, access))
}

/// A comment as one read shows it, and the caller's access to its task.
fn read(call: &Call<'_>, db: &Connection, task: i64, id: i64) -> Result<(Comment, i64), Failure> {
    let access = tasks::access(call, db, task)?.ok_or(Failure::Forbidden(Denied::Sight))?;
    let mut comment = find(call, db, task, id)?;
    add_email(db, &mut comment)?;
    Ok((comment, access))
}

/// The author's, which a comment shows that is read alone.
fn add_email(db: &Connection, comment: &mut Comment) -> Result<(), Failure> {
    if let Some(author) = &mut comment.author {
        let user = users::by_id(db, author.id)?;
        author.email = user.map(|user| user.email).unwrap_or_default();
    }
    Ok(())
}

/// The comment of that id, which older releases find below any task.
fn find(call: &Call<'_>, db: &Connection, task: i64, id: i64) -> Result<Comment, Failure> {
    store::by_id(db, id)?
        .filter(|comment| comment.task == task || !call.at.release.tasks.comments_below_task)
        .ok_or_else(not_found)
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, user) = (call.id("task")?, call.user()?);
    // All but the last: v2 does not want to be told `max_permission` here.
    let mut comment: Comment = call.bind(&FIELDS[..FIELDS.len() - 1], &[])?;
    check_text(call, &comment)?;
    call.write(|db| {
        let project = tasks::check_write(db, call.user()?, task)?;
        comment.task = task;
        comment.author = Some(user.shape());
        comment.reactions = None;
        comment.created = Stamp::now();
        comment.updated = Stamp::now();
        let is_taken = || Ok(store::by_id(db, comment.id)?.is_some());
        let id = call.sent_id(comment.id, is_taken)?;
        comment.id = store::insert(db, id, call.author(db)?.id, &comment)?;
        crate::store::tasks::touch(db, task)?;
        for reader in projects::readers(db, project)? {
            if reader != user.id {
                unread::insert(db, task, reader)?;
            }
        }
        let told = serde_json::json!(comment);
        call.tell(Event::CommentCreated {
            task,
            comment: told,
        });
        Ok(call.ok(None, &comment))
    })
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, id) = (call.id("task")?, call.id_at(1, ID)?);
    let wanted: Comment = call.bind(FIELDS, &[("id", id)])?;
    call.write(|db| replace(call, db, task, wanted))
}

/// v2's partial update: read, merge, replace.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, id) = (call.id("task")?, call.id_at(1, ID)?);
    call.write(|db| {
        let (mut now, access) = read(call, db, task, id)?;
        now.max_permission = Some(access);
        let merged = crate::patch::merged(call, READ_SCHEMA, &now)?;
        let wanted = body::bind_object(call.at, merged, None, FIELDS, &[("id", id)])?;
        replace(call, db, task, wanted)
    })
}

/// Stores the text. The answer mirrors the request.
fn replace(
    call: &Call<'_>,
    db: &Connection,
    task: i64,
    mut comment: Comment,
) -> Result<Reply, Failure> {
    check_text(call, &comment)?;
    let task = find_own(call, db, task, comment.id)?.task;
    comment.updated = Stamp::now();
    store::update(db, &comment)?;
    crate::store::tasks::touch(db, task)?;
    call.tell(Event::CommentEdited {
        task,
        comment: serde_json::json!(comment),
    });
    Ok(call.ok(None, &comment))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, id) = (call.id("task")?, call.id_at(1, ID)?);
    call.write(|db| {
        let mut comment = find_own(call, db, task, id)?;
        store::delete(db, id)?;
        crate::store::tasks::touch(db, comment.task)?;
        add_email(db, &mut comment)?;
        call.tell(Event::CommentDeleted {
            task: comment.task,
            comment: serde_json::json!(comment),
        });
        Ok(call.deleted())
    })
}

/// Comments belong to their authors, as long as these may write.
fn find_own(call: &Call<'_>, db: &Connection, task: i64, id: i64) -> Result<Comment, Failure> {
    tasks::access(call, db, task)?;
    let comment = find(call, db, task, id)?;
    tasks::check_write(db, call.user()?, task)?;
    match &comment.author {
        Some(author) if author.id == call.user()?.id => Ok(comment),
        _ => Err(Failure::Forbidden(Denied::Act)),
    }
}

fn check_text(call: &Call<'_>, comment: &Comment) -> Result<(), Failure> {
    if call.at.release.tasks.comment_required && comment.text.is_empty() {
        return Err(body::missing("comment"));
    }
    Ok(())
}

pub(crate) fn not_found() -> Failure {
    domain(404, 4015, "This task comment does not exist")
}
