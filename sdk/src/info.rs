//! What a server says about itself.

use crate::{Endpoint, Json, Route, model::Info};

/// Reads `/info`: version, limits, features. Needs no token, exists everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Get;

impl Endpoint for Get {
    const ROUTE: Route = Route::read("/info").public();
    type Reply = Json<Info>;
}
