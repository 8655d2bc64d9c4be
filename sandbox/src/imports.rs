//! Imports, as far as nothing is imported.

use serde_json::{Map, json};

use crate::call::Call;
use crate::failure::{Failure, domain, lacking};
use crate::multipart;
use crate::reply::Reply;
use crate::stamp::Stamp;

/// Name of the form's field for the file.
const FIELD: &str = "import";

/// No import ever ran.
#[expect(clippy::unnecessary_wraps, reason = "all handlers have one type")]
pub(crate) fn status(call: &Call<'_>) -> Result<Reply, Failure> {
    let mut status = Map::new();
    status.insert("id".to_owned(), 0.into());
    status.insert("migrator_name".to_owned(), "".into());
    for name in call.at.release.people.import_times {
        status.insert((*name).to_owned(), json!(Stamp::default()));
    }
    Ok(call.ok(Some("Status"), &status))
}

/// Refuses what is no archive of another server.
pub(crate) fn vikunja_file(call: &Call<'_>) -> Result<Reply, Failure> {
    let parts = multipart::parts(call).unwrap_or_default();
    let archive = parts.iter().find(|part| part.field == FIELD);
    let is_zip = archive.is_some_and(|part| part.content.starts_with(b"PK"));
    if is_zip || archive.is_none() {
        return Err(lacking("imports of archives"));
    }
    if !call.at.release.people.archives_checked {
        return Err(Failure::Breaks("the file is no archive"));
    }
    Err(domain(
        400,
        14001,
        "The provided file is not a valid zip file.",
    ))
}
