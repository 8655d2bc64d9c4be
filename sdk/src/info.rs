//! What a server says about itself.
//!
//! ```no_run
//! # async fn example(mut vikunja: vikunja_sdk::Client) -> Result<(), vikunja_sdk::Error> {
//! use vikunja_sdk::info;
//!
//! let info = vikunja.send(&info::Get).await?;
//! println!("{}, uploads up to {}", info.version, info.max_file_size);
//! # Ok(()) }
//! ```

use crate::{Endpoint, Json, Route, model::Info};

/// Reads `/info`: version, limits, features. Needs no token, exists everywhere. v2 repeats what v1 says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Get;

impl Endpoint for Get {
    const ROUTE: Route = Route::read("/info").public().of_unknown_release();
    type Reply = Json<Info>;
}
