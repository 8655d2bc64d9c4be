use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    Api, ApiChoice, At, Body, BuildError, Changed, Endpoint, Execute, Json, Op, Patched, Path,
    Route, retry::Repeat,
};

/// Fields of an object as they are written: what is [kept](crate::model::Patch::Keep) is not sent.
pub trait Changes: Serialize + Sync {
    /// Refuses what the server could not do, before anything is sent.
    fn check(&self, _: At) -> Result<(), BuildError> {
        Ok(())
    }

    /// Renames what this release calls otherwise.
    fn adapt(&self, _: At, _: &mut Map<String, Value>) -> Result<(), BuildError> {
        Ok(())
    }

    /// The named fields as this release wants them.
    fn to_json(&self, at: At) -> Result<Map<String, Value>, BuildError> {
        match serde_json::to_value(self) {
            Ok(Value::Object(mut fields)) => {
                self.adapt(at, &mut fields)?;
                Ok(fields)
            }
            Ok(_) => Err(BuildError::Body("the fields are not an object".to_owned())),
            Err(error) => Err(BuildError::Body(error.to_string())),
        }
    }
}

/// An object that [`edit`] can change; implemented by its id.
pub trait Editable: Sync {
    /// The object.
    type Model: DeserializeOwned + Send;
    /// What can be written of it.
    type Fields: Changes;
    /// Where one of it is read.
    const ROUTE: Route;

    /// Fills the route's placeholders.
    fn path(&self, path: &mut Path);
}

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
/// let task = ops::edit(&mut client, &TaskId::from(7), &changes).await?;
/// # Ok(()) }
/// ```
pub async fn edit<X: Execute, O: Editable>(
    executor: &mut X,
    object: &O,
    changes: &O::Fields,
) -> Result<O::Model, X::Error> {
    let server = executor.session().server();
    let by_patch = server.release.has_v2() && server.api != ApiChoice::Only(Api::V1);
    let at = At {
        release: server.release,
        api: if by_patch { Api::V2 } else { Api::V1 },
    };
    changes.check(at)?;
    let fields = changes.to_json(at)?;
    let repeat = if fields.get("done") == Some(&Value::Bool(true)) {
        Repeat::IfNothingHappened
    } else {
        Repeat::ByOperation
    };
    if by_patch {
        let patch = PatchOne {
            object,
            fields,
            repeat,
        };
        if let Changed::Now(model) = executor.execute(&patch).await? {
            return Ok(model);
        }
    } else {
        let mut whole = executor.execute(&GetRaw(object)).await?;
        whole.extend(fields);
        let replace = ReplaceRaw {
            object,
            whole,
            repeat,
        };
        executor.execute(&replace).await?;
    }
    executor.execute(&Get(object)).await
}

struct Get<'a, O>(&'a O);

impl<O: Editable> Endpoint for Get<'_, O> {
    const ROUTE: Route = O::ROUTE;
    type Reply = Json<O::Model>;
    fn path(&self, path: &mut Path) {
        self.0.path(path);
    }
}

struct GetRaw<'a, O>(&'a O);

impl<O: Editable> Endpoint for GetRaw<'_, O> {
    const ROUTE: Route = O::ROUTE.only(Api::V1);
    type Reply = Json<Map<String, Value>>;
    fn path(&self, path: &mut Path) {
        self.0.path(path);
    }
}

struct ReplaceRaw<'a, O> {
    object: &'a O,
    whole: Map<String, Value>,
    repeat: Repeat,
}

impl<O: Editable> Endpoint for ReplaceRaw<'_, O> {
    const ROUTE: Route = O::ROUTE.with_op(Op::Replace).only(Api::V1);
    type Reply = Json<Map<String, Value>>;
    fn path(&self, path: &mut Path) {
        self.object.path(path);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&self.whole)
    }
    fn repeat(&self) -> Repeat {
        self.repeat
    }
}

struct PatchOne<'a, O> {
    object: &'a O,
    fields: Map<String, Value>,
    repeat: Repeat,
}

impl<O: Editable> Endpoint for PatchOne<'_, O> {
    const ROUTE: Route = O::ROUTE.with_op(Op::Patch);
    type Reply = Patched<O::Model>;
    fn path(&self, path: &mut Path) {
        self.object.path(path);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::merge_patch(&self.fields)
    }
    fn repeat(&self) -> Repeat {
        self.repeat
    }
}
