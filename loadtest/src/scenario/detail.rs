//! One task with all that its page shows.

use vikunja_sdk::{
    Api, At, BuildError, Endpoint, Json, Object, Path, Query, Route,
    model::{Expand, Task, TaskId},
};

use super::queries;

/// Reads one task, expanded. The SDK's own endpoint reads it bare.
pub(super) struct Detail {
    pub(super) task: TaskId,
}

impl Endpoint for Detail {
    const ROUTE: Route = <TaskId as Object>::ROUTE;
    type Reply = Json<Task>;

    fn path(&self, path: &mut Path) {
        self.task.path(path);
    }

    fn query(&self, at: At) -> Result<String, BuildError> {
        let wanted = [
            Expand::Comments,
            Expand::Buckets,
            Expand::Reactions,
            Expand::IsUnread,
        ];
        let mut query = Query::new();
        for what in queries::expand(at.release, &wanted) {
            // 1.0 and 1.1 know the name with brackets only.
            let name = match at.api {
                Api::V1 => "expand[]",
                Api::V2 => "expand",
            };
            query.push(name, what);
        }
        Ok(query.finish())
    }
}
