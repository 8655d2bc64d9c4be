//! What needs a licence. This server has none, and answers as a real one without.

use crate::call::Call;
use crate::failure::{Failure, plain};
use crate::reply::Reply;

/// Administration: there seems to be no such route.
pub(crate) fn admin(_: &Call<'_>) -> Result<Reply, Failure> {
    Err(Failure::NoRoute)
}

/// Time entries.
pub(crate) fn time_entries(_: &Call<'_>) -> Result<Reply, Failure> {
    Err(plain(404, "Not Found"))
}
