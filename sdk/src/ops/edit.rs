use serde_json::{Map, Value};

use crate::{
    Api, ApiChoice, At, Body, BuildError, Changed, Changes, Endpoint, Execute, Json, Object, Op,
    Path, Route, object, retry::Repeat,
};

/// Changes the named fields of an object and leaves all others as they are, on every release.
///
/// The server's update replaces: what is not sent is blanked. So v2 gets a `PATCH`, and v1 is read, changed and sent
/// back whole, as raw JSON, so that fields which this crate does not know survive too. The answer is the object as it
/// is stored afterwards.
///
/// No release protects against a lost update: of two writers at the same time the last one wins.
///
/// ```no_run
/// # async fn example(mut client: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
/// use vikunja_sdk::{model::TaskId, ops, tasks};
/// let changes = tasks::Fields { priority: 4.into(), ..Default::default() };
/// let task = ops::edit(&mut client, TaskId::from(7), &changes).await?;
/// # Ok(()) }
/// ```
pub async fn edit<X: Execute, O: Object>(
    executor: &mut X,
    id: O,
    changes: &O::Fields,
) -> Result<O::Model, X::Error>
where
    O::Fields: Clone,
{
    let server = executor.session().server();
    let by_patch = server.release.has_v2() && server.api != ApiChoice::Only(Api::V1);
    let at = At {
        release: server.release,
        api: if by_patch { Api::V2 } else { Api::V1 },
    };
    changes.check(at)?;
    if by_patch {
        let fields = changes.clone();
        let patch = object::Patch { id, fields };
        if let Changed::Now(model) = executor.execute(&patch).await? {
            return Ok(model);
        }
    } else {
        let mut whole = executor.execute(&GetRaw(id)).await?;
        whole.extend(changes.to_json(at)?);
        let replace = ReplaceRaw { id, whole, changes };
        executor.execute(&replace).await?;
    }
    executor.execute(&object::Get { id }).await
}

/// The object as the server has it, with fields that this crate does not know.
struct GetRaw<O>(O);

impl<O: Object> Endpoint for GetRaw<O> {
    const ROUTE: Route = O::ROUTE.only(Api::V1);
    type Reply = Json<Map<String, Value>>;
    fn path(&self, path: &mut Path) {
        self.0.path(path);
    }
}

/// All of it sent back, with the changes in it.
struct ReplaceRaw<'a, O: Object> {
    id: O,
    whole: Map<String, Value>,
    changes: &'a O::Fields,
}

impl<O: Object> Endpoint for ReplaceRaw<'_, O> {
    const ROUTE: Route = O::ROUTE.with_op(Op::Replace).only(Api::V1);
    type Reply = Json<Map<String, Value>>;
    fn path(&self, path: &mut Path) {
        self.id.path(path);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&self.whole)
    }
    fn repeat(&self) -> Repeat {
        self.changes.repeat()
    }
}
