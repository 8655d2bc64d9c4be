//! What a server says about itself.

use crate::{Endpoint, Json, Route, model::Info};

/// Reads `/info`: version, limits, features. Needs no token, exists everywhere. v2 repeats what v1 says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Get;

impl Endpoint for Get {
    const ROUTE: Route = Route::read("/info").public().of_unknown_release();
    type Reply = Json<Info>;
}
