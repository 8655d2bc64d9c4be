use std::collections::HashSet;

use http::StatusCode;

use super::edit::write;
use crate::{
    Api, At, BuildError, Changes, Execute, Failure, Release, filter,
    model::{NewReminder, Reminder, RepeatMode, Task, TaskId, UserId},
    tasks::{Assignee, FIRST_BULK, Fields, List, ListQuery, UpdateBulk},
};

/// Tasks in one bulk update, and in the list that is read before it: a page of every server unless it was set lower.
const MOST: u64 = 50;

/// Makes the same changes to several tasks, and leaves everything else of them as it is, on every release.
///
/// It does what [`edit`](super::edit) does to one task after the other. From 1.0 it takes two requests for up to fifty tasks that are
/// assigned alike and have the same reminders and favourite mark, where the server's bulk update does the same; tasks
/// for which it would not are edited one by one. A task that is named twice is edited once.
///
/// It stops at the first task that fails and says so. No release protects against a lost update: of two writers at the
/// same time the last one wins, here also over assignees, reminders and favourite marks, which a bulk update writes back
/// as they were read.
///
/// ```no_run
/// # async fn example(mut client: vikunja_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use vikunja_sdk::{model::TaskId, ops, tasks};
/// let done = tasks::Fields { done: true.into(), ..Default::default() };
/// if let Err(stopped) = ops::edit_many(&mut client, &[3, 4, 5].map(TaskId::from), &done).await {
///     println!("{} done, stopped at {:?}", stopped.done.len(), stopped.at);
///     return Err(stopped.error.into());
/// }
/// # Ok(()) }
/// ```
pub async fn edit_many<X: Execute>(
    executor: &mut X,
    tasks: &[TaskId],
    changes: &Fields,
) -> Result<(), Stopped<X::Error>> {
    let mut seen = HashSet::new();
    let tasks: Vec<TaskId> = tasks
        .iter()
        .copied()
        .filter(|id| seen.insert(*id))
        .collect();
    let server = executor.session().server();
    let bulk = match Bulk::of(server.release, changes) {
        Ok(bulk) => bulk,
        Err(wrong) => {
            return Err(Stopped {
                done: Vec::new(),
                at: Vec::new(),
                error: wrong.into(),
            });
        }
    };
    let most = server.max_items_per_page.unwrap_or(MOST).clamp(1, MOST) as usize;
    let mut done = Vec::with_capacity(tasks.len());
    for some in tasks.chunks(most) {
        let before = done.len();
        if let Some(bulk) = &bulk
            && let Err((at, error)) = bulk.carry_out(executor, some, &mut done).await
        {
            return Err(Stopped { done, at, error });
        }
        for task in some {
            if done[before..].contains(task) {
                continue;
            }
            if let Err(error) = write(executor, *task, changes).await {
                let at = vec![*task];
                return Err(Stopped { done, at, error });
            }
            done.push(*task);
        }
    }
    Ok(())
}

/// An edit of several tasks stopped at one of them.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} tasks were changed{}: {error}", done.len(), then(at))]
#[non_exhaustive]
pub struct Stopped<E> {
    /// Tasks that were changed.
    pub done: Vec<TaskId>,
    /// Where it stopped: the task that failed, or those of a bulk update of which nobody knows whether it happened. Tasks
    /// that are neither here nor in `done` were not touched.
    pub at: Vec<TaskId>,
    /// How it failed. The text says it; so it is no `source()`, which would be printed a second time.
    pub error: E,
}

fn then(at: &[TaskId]) -> String {
    match at {
        [] => String::new(),
        [task] => format!(", then task {task} failed"),
        several => format!(", then a bulk update of {} failed", several.len()),
    }
}

/// Changes that a bulk update can make.
struct Bulk<'a> {
    changes: &'a Fields,
    /// Whether it does to repeating tasks what a single update does.
    takes_repeating: bool,
}

/// What a bulk update replaces: tasks that are alike in it can share one.
#[derive(PartialEq)]
struct Replaced {
    assignees: Vec<UserId>,
    reminders: Vec<NewReminder>,
    is_favorite: bool,
}

impl<'a> Bulk<'a> {
    /// `None` where it cannot make these changes.
    fn of(release: Release, changes: &'a Fields) -> Result<Option<Self>, BuildError> {
        // Fields of tasks are the same on both.
        let at = At {
            release,
            api: Api::V1,
        };
        changes.check(at)?;
        let names_something = !changes.to_json(at)?.is_empty();
        let Fields {
            assignees,
            reminders,
            is_favorite,
            done,
            ..
        } = changes;
        let fits = assignees.is_keep() && reminders.is_keep() && is_favorite.is_keep();
        let bulk = Self {
            changes,
            // Up to 2.3 it moves the reminders and not the dates; 2.5 was seen to move both.
            takes_repeating: done.is_keep() || release >= Release(2, 5, 0),
        };
        Ok((release >= FIRST_BULK && fits && names_something).then_some(bulk))
    }

    /// Changes those of the tasks that can be changed in bulk, and adds them to `done`. The others, and what the server
    /// does not list or refuses, are left: one by one the server says which it is and why.
    async fn carry_out<X: Execute>(
        &self,
        executor: &mut X,
        tasks: &[TaskId],
        done: &mut Vec<TaskId>,
    ) -> Result<(), (Vec<TaskId>, X::Error)> {
        let listed = match executor.execute(&list(tasks)).await {
            Ok(page) => page.items,
            Err(error) if is_refusal(&error) => return Ok(()),
            Err(error) => return Err((Vec::new(), error)),
        };
        for (same, tasks) in self.alike(listed) {
            let update = UpdateBulk {
                tasks,
                changes: self.changes.clone(),
                assignees: same
                    .assignees
                    .into_iter()
                    .map(|id| Assignee { id })
                    .collect(),
                reminders: same.reminders,
                is_favorite: same.is_favorite,
            };
            match executor.execute(&update).await {
                Ok(()) => done.extend(update.tasks),
                Err(error) if is_refusal(&error) => {}
                Err(error) => return Err((update.tasks, error)),
            }
        }
        Ok(())
    }

    /// Tasks that a bulk update fits, in groups that one can be for.
    fn alike(&self, tasks: Vec<Task>) -> Vec<(Replaced, Vec<TaskId>)> {
        let mut groups: Vec<(Replaced, Vec<TaskId>)> = Vec::new();
        for task in tasks {
            let repeats = task.repeat_after != 0 || task.repeat_mode != RepeatMode::AfterDate;
            let Some(reminders) = task.reminders.iter().map(Reminder::to_new).collect() else {
                continue;
            };
            if repeats && !self.takes_repeating {
                continue;
            }
            let mut assignees: Vec<_> = task.assignees.iter().map(|user| user.id).collect();
            assignees.sort_unstable();
            let own = Replaced {
                assignees,
                reminders,
                is_favorite: task.is_favorite,
            };
            match groups.iter_mut().find(|(same, _)| *same == own) {
                Some((_, members)) => members.push(task.id),
                None => groups.push((own, vec![task.id])),
            }
        }
        groups
    }
}

/// These tasks in one request; those that the caller does not see are not in it, nor those of archived projects.
fn list(tasks: &[TaskId]) -> List {
    List {
        query: ListQuery {
            per_page: Some(MOST),
            filter: Some(filter::ID.any_of(tasks.iter().copied())),
            ..ListQuery::default()
        },
    }
}

/// Whether the server has looked at a request and did not want it. A limiter has not looked; a stand-in may lack the call.
fn is_refusal(error: &impl Failure) -> bool {
    error.status().is_some_and(|status| match status {
        StatusCode::TOO_MANY_REQUESTS => false,
        StatusCode::NOT_IMPLEMENTED => true,
        other => other.is_client_error(),
    })
}
