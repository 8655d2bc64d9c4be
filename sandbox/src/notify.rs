//! The listener that writes notifications: who is told of what happened, and what it says.

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::events::Event;
use crate::failure::Failure;
use crate::stamp::Stamp;
use crate::store::notifications::{self, was_told};
use crate::store::projects::{self, Project};
use crate::store::subscriptions::{self, Kind, subscribers};
use crate::store::tasks::{self, Task};
use crate::store::teams::Team;
use crate::store::users::{self, User};

/// Who is told of a task's deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeletionTold {
    /// Subscribers of the task alone: its project is no longer found (up to 0.24).
    ItsSubscribers,
    /// Nobody (1.0).
    Nobody,
    /// Subscribers of its projects, too (2.x).
    Everyone,
}

pub(crate) fn hear(call: &Call<'_>, event: &Event) -> Result<(), Failure> {
    match event {
        Event::TaskCreated { task } => mentions_in_task(call, *task, true),
        Event::TaskUpdated { task } => mentions_in_task(call, *task, false),
        Event::TaskDeleted { task } => deleted(call, task),
        Event::AssigneeCreated { task, assignee } => assigned(call, *task, *assignee),
        Event::CommentCreated { task, comment } => commented(call, *task, comment),
        Event::ProjectCreated { project } => project_created(call, project),
        Event::TeamMemberAdded { team, member } => member_added(call, team, *member),
        _ => Ok(()),
    }
}

fn mentions_in_task(call: &Call<'_>, id: i64, is_new: bool) -> Result<(), Failure> {
    const NAME: &str = "task.mentioned";
    let text = call.read(|db| tasks::description(db, id))?;
    let names = names_in(call, &text);
    if names.is_empty() {
        return Ok(());
    }
    call.write(|db| {
        let Some(task) = tasks::by_id(db, 0, id)? else {
            return Ok(());
        };
        let users = who_may_read(db, &names, task.project_id)?;
        // Only a new task names its creator up to 1.x.
        let mut news = about_task(call, db, task, is_new)?;
        news.insert("is_new".to_owned(), is_new.into());
        let news = Value::Object(news);
        for user in users {
            if !was_told(db, user.id, NAME, id)? {
                insert(call, db, user.id, (NAME, id), &news)?;
            }
        }
        Ok(())
    })
}

fn deleted(call: &Call<'_>, task: &Task) -> Result<(), Failure> {
    let project = match call.at.release.people.deletion_told {
        DeletionTold::Nobody => return Ok(()),
        DeletionTold::ItsSubscribers => 0,
        DeletionTold::Everyone => task.project_id,
    };
    let news = json!({"doer": doer(call, false)?, "task": task});
    call.write(|db| {
        let users = subscribers(db, task.id, project)?;
        tell(call, db, &users, "task.deleted", &news)
    })
}

/// Whoever is assigned is subscribed to the task, and stays so.
fn assigned(call: &Call<'_>, id: i64, assignee: i64) -> Result<(), Failure> {
    call.write(|db| {
        let (Some(task), Some(assignee)) = (tasks::by_id(db, 0, id)?, users::by_id(db, assignee)?)
        else {
            return Ok(());
        };
        subscriptions::insert(db, assignee.id, Kind::Task, id, &Stamp::now())?;
        let users = subscribers(db, id, task.project_id)?;
        let mut news = about_task(call, db, task, false)?;
        news.insert("assignee".to_owned(), json!(assignee.shape()));
        tell(call, db, &users, "task.assigned", &Value::Object(news))
    })
}

/// Those whom a comment names are told that it does, everyone else who wants news of the task is told without.
fn commented(call: &Call<'_>, id: i64, comment: &Value) -> Result<(), Failure> {
    const NAME: &str = "task.comment";
    let names = names_in(call, comment["comment"].as_str().unwrap_or_default());
    call.write(|db| {
        let Some(task) = tasks::by_id(db, 0, id)? else {
            return Ok(());
        };
        let mentioned = who_may_read(db, &names, task.project_id)?;
        let mut others = subscribers(db, id, task.project_id)?;
        others.retain(|user| mentioned.iter().all(|known| known.id != *user));
        let mut news = about_task(call, db, task, true)?;
        news.insert("comment".to_owned(), comment.clone());
        news.insert("mentioned".to_owned(), true.into());
        let with_name = Value::Object(news.clone());
        for user in mentioned {
            insert(call, db, user.id, (NAME, 0), &with_name)?;
        }
        news.insert("mentioned".to_owned(), false.into());
        tell(call, db, &others, NAME, &Value::Object(news))
    })
}

fn project_created(call: &Call<'_>, project: &Project) -> Result<(), Failure> {
    let word = call.at.release.project_word;
    let news = json!({"doer": doer(call, false)?, word: project});
    call.write(|db| {
        // Nobody can have subscribed to it yet, but to what it is in.
        let users = subscribers(db, 0, project.id)?;
        tell(call, db, &users, &format!("{word}.created"), &news)
    })
}

fn member_added(call: &Call<'_>, team: &Team, member: i64) -> Result<(), Failure> {
    call.write(|db| {
        let Some(user) = users::by_id(db, member)? else {
            return Ok(());
        };
        let news = json!({"doer": doer(call, false)?, "member": user.shape(), "team": team});
        tell(call, db, &[member], "team.member.added", &news)
    })
}

/// Tells these users, except whoever did it.
fn tell(
    call: &Call<'_>,
    db: &Connection,
    users: &[i64],
    name: &str,
    news: &Value,
) -> Result<(), Failure> {
    let doer = call.user()?.id;
    for user in users.iter().filter(|user| **user != doer) {
        insert(call, db, *user, (name, 0), news)?;
    }
    Ok(())
}

/// Writes a notification, and tells whoever listens.
fn insert(
    call: &Call<'_>,
    db: &Connection,
    user: i64,
    about: (&str, i64),
    news: &Value,
) -> Result<(), Failure> {
    let notification = notifications::insert(db, user, about, news)?;
    // Whoever reads the list at once finds it there: the database is not free before this is stored.
    call.world
        .listeners
        .tell(user, "notification.created", &notification);
    Ok(())
}

/// The task with nothing but its own columns, who did it, and in 2.x the project alike.
fn about_task(
    call: &Call<'_>,
    db: &Connection,
    task: Task,
    doer_named: bool,
) -> Result<Map<String, Value>, Failure> {
    let mut news = Map::new();
    news.insert("doer".to_owned(), doer(call, doer_named)?);
    if call.at.release.people.fuller_notifications {
        let project = projects::by_id(db, 0, task.project_id)?;
        news.insert("project".to_owned(), json!(project.map(Project::bare)));
    }
    news.insert("task".to_owned(), json!(task.bare()));
    Ok(news)
}

/// Up to 1.x some notifications know of the doer what the token knows.
fn doer(call: &Call<'_>, named: bool) -> Result<Value, Failure> {
    let user = call.user()?;
    let shape = if named || call.at.release.people.fuller_notifications {
        user.shape()
    } else {
        user.stub()
    };
    Ok(json!(shape))
}

/// The usernames that a rich text mentions: `@name` up to 0.24, then the editor's own element.
fn names_in<'a>(call: &Call<'_>, text: &'a str) -> Vec<&'a str> {
    let mut names: Vec<&str> = if call.at.release.people.mentions_are_elements {
        text.split("<mention-user")
            .skip(1)
            .filter_map(|rest| {
                let element = rest.split('>').next()?;
                element.split("data-id=\"").nth(1)?.split('"').next()
            })
            .collect()
    } else {
        let is_part = |letter: char| letter.is_alphanumeric() || "_-".contains(letter);
        text.split('@')
            .skip(1)
            .map(|rest| {
                let end = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
                &rest[..end]
            })
            .collect()
    };
    names.sort_unstable();
    names.dedup();
    names
}

/// Those of the named users who may see the project.
fn who_may_read(db: &Connection, names: &[&str], project: i64) -> Result<Vec<User>, Failure> {
    let mut users = Vec::new();
    for name in names {
        if let Some(user) = users::by_name(db, name)?
            && projects::access(db, user.id, project)?.is_some()
        {
            users.push(user);
        }
    }
    Ok(users)
}
