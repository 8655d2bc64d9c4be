//! The body of a delivery: the state of things when it is sent, as far as they can be read again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Value, json};

use super::News;
use crate::events::Event;
use crate::expand;
use crate::failure::Failure;
use crate::json;
use crate::release::{Api, LinkDoer, Release};
use crate::stamp::Stamp;
use crate::store::projects::{self, Project};
use crate::store::tasks::{self, Task};
use crate::store::teams;
use crate::store::users::{self, UserShape};
use crate::world::World;

/// Part of what is told. Up to 1.x models have their keys in their own order, everything else has them sorted.
#[derive(Serialize)]
#[serde(untagged)]
enum Part {
    Value(Value),
    Task(Box<Task>),
    Project(Box<Project>),
    User(UserShape),
}

type Data = BTreeMap<&'static str, Part>;

/// The body for a webhook of this project, 0 for one of a user.
pub(super) fn body(
    world: &World,
    news: &News,
    project: Option<i64>,
    time: Timestamp,
) -> Result<Vec<u8>, Failure> {
    #[derive(Serialize)]
    struct Envelope {
        event_name: &'static str,
        time: String,
        data: Data,
    }
    let release = world.config.release;
    let mut data = world.store.read(|db| data(db, release, news, project))?;
    if release.webhooks.independent {
        // All keys are sorted.
        for part in data.values_mut() {
            *part = Part::Value(json!(part));
        }
    }
    let envelope = Envelope {
        event_name: news.event.name(),
        time: time.to_string(),
        data,
    };
    let mut body = json::write(&envelope, Api::V1);
    // The line end, which answers have.
    body.pop();
    Ok(body)
}

/// The project in which something happened, if it happened in one.
pub(super) fn place(db: &Connection, news: &News) -> Result<Option<i64>, Failure> {
    Ok(match &news.event {
        Event::ProjectUpdated { project }
        | Event::ProjectSharedWithUser { project, .. }
        | Event::ProjectSharedWithTeam { project, .. } => Some(*project),
        Event::ProjectDeleted { project } => Some(project.id),
        Event::TaskDeleted { task }
        | Event::ReminderFired { task, .. }
        | Event::TaskOverdue { task, .. } => Some(task.project_id),
        event => match event.task() {
            Some(task) => {
                let now = tasks::project_of(db, task)?;
                now.or_else(|| news.task.as_ref().map(|task| task.project_id))
            }
            None => None,
        },
    })
}

fn data(
    db: &Connection,
    release: &'static Release,
    news: &News,
    project: Option<i64>,
) -> Result<Data, Failure> {
    let by_id = release.webhooks.removed_by_id;
    let mut data = Data::new();
    match &news.event {
        Event::AssigneeDeleted { assignee, .. } if by_id => {
            let id = *assignee;
            let shape = UserShape {
                id,
                ..UserShape::default()
            };
            data.insert("assignee", Part::User(shape));
        }
        Event::AssigneeCreated { assignee, .. } | Event::AssigneeDeleted { assignee, .. } => {
            data.insert("assignee", user(db, *assignee)?);
        }
        Event::CommentCreated { comment, .. }
        | Event::CommentEdited { comment, .. }
        | Event::CommentDeleted { comment, .. } => {
            data.insert("comment", Part::Value(comment.clone()));
        }
        Event::AttachmentCreated { attachment, .. } => {
            data.insert("attachment", Part::Value(attachment.clone()));
        }
        Event::AttachmentDeleted { attachment, .. } => {
            let mut attachment = attachment.clone();
            if by_id {
                attachment["created_by"] = Value::Null;
            }
            data.insert("attachment", Part::Value(attachment));
        }
        Event::RelationCreated { relation, .. } => {
            data.insert("relation", Part::Value(relation.clone()));
        }
        Event::RelationDeleted { relation, .. } => {
            let mut relation = relation.clone();
            if by_id {
                relation["created_by"] = Value::Null;
                relation["created"] = json!(Stamp::default());
            }
            data.insert("relation", Part::Value(relation));
        }
        Event::ProjectSharedWithUser { user: with, .. } => {
            data.insert("user", user(db, *with)?);
        }
        Event::ProjectSharedWithTeam { team, .. } => {
            let team = teams::by_id(db, release, *team)?;
            data.insert("team", Part::Value(json!(team)));
        }
        Event::ReminderFired { user, reminder, .. } => {
            data.insert("reminder", Part::Value(json!(reminder)));
            data.insert("user", Part::User(user.shape()));
        }
        Event::TaskOverdue { user, .. } => {
            data.insert("user", Part::User(user.shape()));
        }
        Event::TasksOverdue { tasks, user } => {
            let mut projects = serde_json::Map::new();
            for task in tasks {
                let project = projects::by_id(db, 0, task.project_id)?.map(Project::bare);
                projects.insert(task.project_id.to_string(), json!(project));
            }
            data.insert("projects", Part::Value(Value::Object(projects)));
            data.insert("tasks", Part::Value(json!(tasks)));
            data.insert("user", Part::User(user.shape()));
        }
        _ => {}
    }
    if news.doer.is_some() {
        data.insert("doer", doer(release, news));
    }
    if let Some(task) = task(db, release, news)? {
        data.insert("task", task);
    }
    if let Some(project) = project_part(db, release, news, project)? {
        data.insert("project", project);
    }
    Ok(data)
}

fn user(db: &Connection, id: i64) -> Result<Part, Failure> {
    Ok(match users::by_id(db, id)? {
        Some(user) => Part::User(user.shape()),
        None => Part::Value(Value::Null),
    })
}

/// Whether it was done with a link.
fn by_link(news: &News) -> bool {
    news.doer.as_ref().is_some_and(|doer| doer.id < 0)
}

fn doer(release: &Release, news: &News) -> Part {
    let rules = &release.webhooks;
    let known = news.doer.as_ref().map(|doer| Part::User(doer.shape()));
    let known = known.unwrap_or(Part::Value(Value::Null));
    match &news.event {
        Event::CommentEdited { .. } if !rules.editor_told => Part::Value(Value::Null),
        Event::TaskUpdated { .. } if by_link(news) => match rules.link_doer {
            LinkDoer::Nameless => Part::Value(json!(UserShape::default())),
            LinkDoer::Nobody => Part::Value(Value::Null),
            LinkDoer::Link => known,
        },
        _ => known,
    }
}

/// The task that an event is about. It is not read again for a doer who cannot be looked up, and not when it is gone.
fn task(db: &Connection, release: &Release, news: &News) -> Result<Option<Part>, Failure> {
    let rules = &release.webhooks;
    let id = match &news.event {
        Event::TaskDeleted { task }
        | Event::ReminderFired { task, .. }
        | Event::TaskOverdue { task, .. } => return Ok(Some(Part::Value(json!(in_no_view(task))))),
        event => match event.task() {
            Some(id) => id,
            None => return Ok(None),
        },
    };
    let is_update = matches!(news.event, Event::TaskUpdated { .. });
    let is_hidden = match &news.event {
        Event::CommentEdited { .. } => !rules.editor_told,
        _ if by_link(news) => is_update || !rules.read_again_for_links,
        _ => false,
    };
    let doer = news.doer.as_ref().map_or(0, |doer| doer.id);
    let found = tasks::by_id(db, doer, id)?.filter(|_| !is_hidden);
    if let Some(task) = found {
        let mut found = [in_no_view(&task)];
        expand::add_relations(db, release, doer, &mut found)?;
        if rules.fuller {
            tasks::add_buckets(db, release, &mut found)?;
        }
        return Ok(found
            .into_iter()
            .next()
            .map(|task| Part::Task(Box::new(task))));
    }
    Ok(news.task.clone().map(|mut task| {
        if is_update && by_link(news) {
            // Taken from the request, which does not say it.
            task.created = Stamp::default();
        }
        Part::Value(json!(task))
    }))
}

/// Without what depends on a view.
fn in_no_view(task: &Task) -> Task {
    Task {
        bucket_id: 0,
        position: 0.0,
        ..task.clone()
    }
}

/// The project that an event is about or, with tasks, the one that the webhook is for.
fn project_part(
    db: &Connection,
    release: &'static Release,
    news: &News,
    of_webhook: Option<i64>,
) -> Result<Option<Part>, Failure> {
    let id = match &news.event {
        Event::ProjectDeleted { project } => {
            let bare = Project::clone(project).bare();
            return Ok(Some(Part::Value(json!(bare))));
        }
        Event::ReminderFired { task, .. } | Event::TaskOverdue { task, .. } => {
            let found = projects::by_id(db, 0, task.project_id)?;
            return Ok(found.map(|project| Part::Value(json!(project.bare()))));
        }
        Event::ProjectUpdated { project }
        | Event::ProjectSharedWithUser { project, .. }
        | Event::ProjectSharedWithTeam { project, .. } => *project,
        event if event.task().is_none() && !matches!(event, Event::TaskDeleted { .. }) => {
            return Ok(None);
        }
        _ if !release.webhooks.fuller => return Ok(None),
        _ => of_webhook.unwrap_or_default(),
    };
    let doer = news.doer.as_ref().map_or(0, |doer| doer.id);
    let Some(mut project) = projects::by_id(db, doer, id)? else {
        return Ok(None);
    };
    projects::add_views(db, release, std::slice::from_mut(&mut project))?;
    project.max_permission = Some(0.into());
    Ok(Some(Part::Project(Box::new(project))))
}
