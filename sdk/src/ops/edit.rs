use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};

use crate::{
    Api, ApiChoice, At, Body, BuildError, Changes, Endpoint, Execute, Json, Object, Op, Path,
    Route, object, retry::Repeat,
};

/// Changes the named fields of an object and leaves all others as they are, on every release.
///
/// The server's update replaces: what is not sent is blanked. So v2 gets a `PATCH`, and v1 is read, changed and sent
/// back whole, to the letter, so that fields which this crate does not know survive too. The answer is the object as it is
/// stored, read again: the server's own answer to a change has the old identifier of a moved task, and assignees without
/// names.
///
/// No release protects against a lost update: of two writers at the same time the last one wins, over all fields on v1,
/// and on v2 too, where the server carries out a `PATCH` as reading and writing one after the other. `If-Match` is
/// ignored.
///
/// Writing and reading again are two requests: an error of the second one looks like one of the first. Whoever repeats an
/// edit that set `done` on a repeating task reads it first.
///
/// What the server would ignore without a word, such as clearing a title, is a [`BuildError`] before anything is sent.
///
/// Beside what is named, the server changes what follows from it: `updated`; with `done` the time of it, the bucket, and
/// the dates of a repeating task; with a date the moments of reminders that are relative to it; with the project number,
/// bucket and position.
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
    write(executor, id, changes).await?;
    executor.execute(&object::Get { id }).await
}

/// [`edit`] without reading again.
pub(super) async fn write<X: Execute, O: Object>(
    executor: &mut X,
    id: O,
    changes: &O::Fields,
) -> Result<(), X::Error>
where
    O::Fields: Clone,
{
    let server = executor.session().server();
    // What v1 does not have is patched, or refused in the route's own words.
    let by_patch = !O::ROUTE.is_on(Api::V1)
        || server.release.has_v2() && server.api != ApiChoice::Only(Api::V1);
    let at = At {
        release: server.release,
        api: if by_patch { Api::V2 } else { Api::V1 },
    };
    changes.check(at)?;
    if by_patch {
        let fields = changes.clone();
        // Nothing to change is no failure.
        executor.execute(&object::Patch { id, fields }).await?;
    } else {
        let named = changes.to_json(at)?;
        let mut whole = executor.execute(&GetRaw(id)).await?;
        name_in(&mut whole, &named)?;
        let replace = ReplaceRaw { id, whole, changes };
        executor.execute(&replace).await?;
    }
    Ok(())
}

/// An object to the letter: numbers are not read, so that none is rounded.
pub(super) type Whole = BTreeMap<String, Box<RawValue>>;

/// Sets the named fields.
pub(super) fn name_in(whole: &mut Whole, named: &Map<String, Value>) -> Result<(), BuildError> {
    for (key, value) in named {
        let value = to_raw_value(value).map_err(|error| BuildError::Body(error.to_string()))?;
        whole.insert(key.clone(), value);
    }
    Ok(())
}

/// The object as the server has it, with fields that this crate does not know.
struct GetRaw<O>(O);

impl<O: Object> Endpoint for GetRaw<O> {
    const ROUTE: Route = O::ROUTE.only(Api::V1);
    type Reply = Json<Whole>;
    fn path(&self, path: &mut Path) {
        self.0.path(path);
    }
}

/// All of it sent back, with the changes in it.
struct ReplaceRaw<'a, O: Object> {
    id: O,
    whole: Whole,
    changes: &'a O::Fields,
}

impl<O: Object> Endpoint for ReplaceRaw<'_, O> {
    const ROUTE: Route = O::ROUTE.with_op(Op::Replace).only(Api::V1);
    type Reply = Json<IgnoredAny>;
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
