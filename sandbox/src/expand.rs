//! What a read of tasks adds to them: their relations always, the rest when asked for with `expand`.

use rusqlite::Connection;
use serde_json::json;

use crate::body;
use crate::call::Call;
use crate::failure::{Domain, Failure, lacking};
use crate::release::{Api, Release};
use crate::store::reactions::{self, Subject};
use crate::store::tasks::{self as store, Task};
use crate::store::{comments, projects, relations, unread};

/// The extras that a read asks for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Expand {
    /// In a list: subtasks below their parents instead of among them.
    pub(crate) subtasks: bool,
    comments: bool,
    comment_count: bool,
    reactions: bool,
    is_unread: bool,
    buckets: bool,
}

impl Expand {
    /// What the release adds unasked.
    pub(crate) fn always(release: &Release) -> Self {
        Self {
            reactions: release.tasks.reactions_always,
            ..Self::default()
        }
    }

    pub(crate) fn asked(call: &Call<'_>) -> Result<Self, Failure> {
        let known = call.at.release.tasks.expand;
        let mut expand = Self::always(call.at.release);
        for (place, value) in call.expand(true).enumerate() {
            match value {
                value if !known.contains(&value) => {
                    if call.at.release.tasks.expand_checked {
                        return Err(unknown(call, place, value));
                    }
                }
                "subtasks" => expand.subtasks = true,
                "comments" => expand.comments = true,
                "comment_count" => expand.comment_count = true,
                "reactions" => expand.reactions = true,
                "is_unread" => expand.is_unread = true,
                "buckets" => expand.buckets = true,
                // Without a licence there are none, and nothing is shown.
                "time_entries_count" => {}
                other => return Err(lacking(format!("expand={other}"))),
            }
        }
        Ok(expand)
    }

    /// Fills in the extras, with one query for each kind of them.
    pub(crate) fn fill(
        self,
        call: &Call<'_>,
        db: &Connection,
        tasks: &mut [Task],
    ) -> Result<(), Failure> {
        let user = call.user()?.id;
        let (places, ids) = store::places(tasks);
        add_relations(db, call.at.release, user, tasks)?;
        if self.reactions {
            reactions::of_all(db, Subject::Task, &ids, |task, value, user| {
                let reactions = tasks[places[&task]].reactions.get_or_insert_default();
                reactions.entry(value).or_default().push(user);
            })?;
        }
        if self.comments {
            comments::of_tasks(db, &ids, |comment| {
                tasks[places[&comment.task]].comments.push(comment);
            })?;
        }
        if self.comment_count {
            for task in &mut *tasks {
                task.comment_count = Some(0);
            }
            comments::count_of_tasks(db, &ids, |task, count| {
                tasks[places[&task]].comment_count = Some(count);
            })?;
        }
        if self.buckets {
            store::add_buckets(db, call.at.release, tasks)?;
        }
        if self.is_unread {
            unread::of_tasks(db, user, &ids, |task| tasks[places[&task]].is_unread = true)?;
        }
        Ok(())
    }
}

/// Newer releases leave out tasks that the user does not see.
pub(crate) fn add_relations(
    db: &Connection,
    release: &Release,
    user: i64,
    tasks: &mut [Task],
) -> Result<(), Failure> {
    let (places, ids) = store::places(tasks);
    let mut found = Vec::new();
    relations::of_tasks(db, user, &ids, |task, kind, other| {
        found.push((task, kind, other));
    })?;
    if found.is_empty() {
        return Ok(());
    }
    if release.tasks.relations_guarded {
        let visible = projects::visible_ids(db, user)?;
        found.retain(|(_, _, other)| visible.binary_search(&other.project_id).is_ok());
    }
    for (task, kind, other) in found {
        let related = tasks[places[&task]].related_tasks.get_or_insert_default();
        related.entry(kind).or_default().push(other);
    }
    Ok(())
}

/// Puts the subtasks of these tasks behind them, and theirs, whatever the list leaves out otherwise.
pub(crate) fn add_subtasks(
    db: &Connection,
    user: i64,
    tasks: &mut Vec<Task>,
) -> Result<(), Failure> {
    let ids: Vec<i64> = tasks.iter().map(|task| task.id).collect();
    let below = relations::subtasks(db, &json!(ids).to_string())?;
    tasks.extend(store::by_ids(db, user, &below)?);
    Ok(())
}

fn unknown(call: &Call<'_>, place: usize, value: &str) -> Failure {
    let known = call.at.release.tasks.expand;
    match call.at.api {
        Api::V1 => Failure::Domain(Domain {
            status: 412,
            code: 2002,
            message: format!(
                "Expand must be one of the following values: {}",
                known.join(", ")
            ),
            params: Vec::new(),
            fields: vec!["expand".to_owned()],
        }),
        Api::V2 => body::none_of(format!("query.expand[{place}]"), known, value),
    }
}
