//! Several tasks in one call.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Assignee, Fields};
use crate::{
    Api, At, Body, BuildError, Changes, Empty, Endpoint, Json, Path, Release, Route,
    model::{NewReminder, ProjectId, Task, TaskId, null_to_default},
    retry::Repeat,
};

/// First release that changes what is named and nothing else, but for three things. Earlier ones have the route, and
/// clear dates and un-finish tasks that the request does not speak of.
pub(crate) const FIRST_BULK: Release = Release(1, 0, 0);

/// What is not among the changes of a bulk update, because it is replaced whether it is named or not.
const REPLACED: [&str; 3] = ["assignees", "is_favorite", "reminders"];

/// Gives several tasks the same values (1.0+).
///
/// **Assignees, reminders and the favourite mark of all of them are replaced**, whatever else changes: so they are part
/// of the request. [`crate::ops::edit_many`] leaves them as they are, on every release.
///
/// The fields that change are those that `changes` names; it must name one, and none of those three. The server only
/// repeats what was sent, so nothing is answered. No task that exists is 400, code 4004; one among others that does not
/// is 404, code 4002, and 1.x has then changed those before it. Up to 2.3 `done` moves the reminders of a repeating task
/// and not its dates.
#[derive(Clone, Debug)]
pub struct UpdateBulk {
    /// Which.
    pub tasks: Vec<TaskId>,
    /// What changes.
    pub changes: Fields,
    /// Who all of them are assigned to from now on.
    pub assignees: Vec<Assignee>,
    /// The reminders that each of them has from now on.
    pub reminders: Vec<NewReminder>,
    /// Whether they are among the caller's favourites from now on.
    pub is_favorite: bool,
}

impl Endpoint for UpdateBulk {
    const ROUTE: Route = Route::replace("/tasks/bulk").since(FIRST_BULK);
    type Reply = Empty;
    fn body(&self, at: At) -> Result<Body, BuildError> {
        self.changes.check(at)?;
        let mut values = self.changes.to_json(at)?;
        let fields: Vec<String> = values.keys().cloned().collect();
        // The server would take «no fields» for «all fields».
        if fields.is_empty() {
            return Err(BuildError::Body(
                "a bulk update that names no field would reset them all: name one in `changes`"
                    .into(),
            ));
        }
        if let Some(field) = REPLACED.iter().find(|field| values.contains_key(**field)) {
            return Err(BuildError::Body(format!(
                "{field} cannot be among the changes of a bulk update: it is replaced in any case, by what stands beside \
                 them in the request"
            )));
        }
        let replaced = [
            json!(self.assignees),
            json!(self.is_favorite),
            json!(self.reminders),
        ];
        values.extend(REPLACED.map(ToOwned::to_owned).into_iter().zip(replaced));
        let values = Value::Object(values);
        Body::json(&json!({"task_ids": self.tasks, "fields": fields, "values": values}))
    }
    fn repeat(&self) -> Repeat {
        self.changes.repeat()
    }
}

/// Makes 1 to 100 tasks in one project, or none of them (v2 of 2.5+).
#[derive(Clone, Debug)]
pub struct CreateBulk {
    /// Where.
    pub project: ProjectId,
    /// What they are to be; each needs a title.
    pub tasks: Vec<Fields>,
}

/// The answer to [`CreateBulk`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct CreatedInBulk {
    /// The tasks, in the order of the request.
    #[serde(default, deserialize_with = "null_to_default")]
    pub tasks: Vec<Task>,
}

impl Endpoint for CreateBulk {
    const ROUTE: Route = Route::create("/projects/{project}/tasks/bulk")
        .only(Api::V2)
        .since(Release(2, 5, 0));
    type Reply = Json<CreatedInBulk>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        let tasks: Vec<_> = self
            .tasks
            .iter()
            .map(|fields| fields.to_json(at))
            .collect::<Result<_, _>>()?;
        Body::json(&json!({"tasks": tasks}))
    }
}
