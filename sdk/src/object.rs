//! Objects that are read, replaced, patched and deleted by their id: four endpoints for all of them.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{At, Body, BuildError, Empty, Endpoint, Json, Op, Patched, Path, Route, retry::Repeat};

/// Something with an id and a path of its own. Implemented by the id.
pub trait Object: Copy + Send + Sync {
    /// What is read.
    type Model: DeserializeOwned + Send;
    /// What can be written.
    type Fields: Changes;
    /// Where one of it is read; the other operations follow from it.
    const ROUTE: Route;

    /// Fills the route's placeholders.
    fn path(&self, path: &mut Path);
}

/// Fields of an object as they are written: what is [kept](crate::model::Patch::Keep) is not sent.
pub trait Changes: Serialize + Send + Sync {
    /// Refuses what the server could not do, before anything is sent.
    fn check(&self, _: At) -> Result<(), BuildError> {
        Ok(())
    }

    /// Renames what this release calls otherwise, and refuses what JSON cannot say.
    fn adapt(&self, _: At, _: &mut Map<String, Value>) -> Result<(), BuildError> {
        Ok(())
    }

    /// Whether writing this twice is writing it once.
    fn repeat(&self) -> Repeat {
        Repeat::ByOperation
    }

    /// The named fields as they stand in a merge patch, which would keep what a nested object does not name.
    fn to_patch(&self, at: At) -> Result<Map<String, Value>, BuildError> {
        self.to_json(at)
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

/// Reads one.
#[derive(Clone, Copy, Debug)]
pub struct Get<O> {
    /// Which.
    pub id: O,
}

impl<O: Object> Endpoint for Get<O> {
    const ROUTE: Route = O::ROUTE;
    type Reply = Json<O::Model>;
    fn path(&self, path: &mut Path) {
        self.id.path(path);
    }
}

/// Writes a whole object: **what is not named is reset**. [`crate::ops::edit`] changes single fields. The answer often
/// mirrors the request; read again for the truth.
#[derive(Clone, Copy, Debug)]
pub struct Replace<O: Object> {
    /// Which.
    pub id: O,
    /// All of it.
    pub fields: O::Fields,
}

impl<O: Object> Endpoint for Replace<O> {
    const ROUTE: Route = O::ROUTE.with_op(Op::Replace);
    type Reply = Json<O::Model>;
    fn path(&self, path: &mut Path) {
        self.id.path(path);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        self.fields.check(at)?;
        Body::json(&self.fields.to_json(at)?)
    }
    fn repeat(&self) -> Repeat {
        self.fields.repeat()
    }
}

/// Changes the named fields (v2 only). [`crate::ops::edit`] does so on every release.
#[derive(Clone, Copy, Debug)]
pub struct Patch<O: Object> {
    /// Which.
    pub id: O,
    /// What changes.
    pub fields: O::Fields,
}

impl<O: Object> Endpoint for Patch<O> {
    const ROUTE: Route = O::ROUTE.with_op(Op::Patch);
    type Reply = Patched<O::Model>;
    fn path(&self, path: &mut Path) {
        self.id.path(path);
    }
    fn body(&self, at: At) -> Result<Body, BuildError> {
        self.fields.check(at)?;
        Body::merge_patch(&self.fields.to_patch(at)?)
    }
    fn repeat(&self) -> Repeat {
        self.fields.repeat()
    }
}

/// Deletes one.
#[derive(Clone, Copy, Debug)]
pub struct Delete<O> {
    /// Which.
    pub id: O,
}

impl<O: Object> Endpoint for Delete<O> {
    const ROUTE: Route = O::ROUTE.with_op(Op::Delete);
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        self.id.path(path);
    }
}
