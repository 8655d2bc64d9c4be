//! Exports of a user's data. The archive is made at once, not some moments later.

mod contents;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::accounts::confirmed;
use crate::attachments::disposition;
use crate::call::Call;
use crate::failure::{Failure, domain, plain};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::exports as store;
use crate::store::files::{self, File};
use crate::store::users::User;
use crate::{archive, ranges};

/// What an archive is.
const KIND: &str = "application/zip";
/// Seconds that an export is kept.
const KEPT: i64 = 7 * 86_400;

pub(crate) fn request(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = confirmed(call)?;
    call.write(|db| {
        let archive = archive::zip(&contents::entries(call, db)?)?;
        let mut file = File {
            id: 0,
            // The server lets one see where it made it.
            name: format!("/tmp/vikunja-export-{}.zip", fastrand::u32(..)),
            mime: KIND.to_owned(),
            size: i64::try_from(archive.len()).unwrap_or(i64::MAX),
            created: Stamp::now(),
        };
        files::insert(db, &mut file, &archive)?;
        store::replace(db, user.id, file.id)?;
        let text = "Successfully requested data export. We will send you an email when it's ready.";
        Ok(call.message("MessageBodyBody", text))
    })
}

pub(crate) fn status(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let Some(file) = call.read(|db| kept(db, user))? else {
        return Ok(match call.at.api {
            Api::V1 => call.ok(None, &json!({})),
            Api::V2 => call.ok(None, &Value::Null),
        });
    };
    let status = json!({
        "id": file.id,
        "size": file.size,
        "expires": file.created.plus(KEPT),
        "created": file.created,
    });
    Ok(call.ok(Some("UserExportStatus"), &status))
}

pub(crate) fn download(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = confirmed(call)?;
    let (file, content) = call.read(|db| {
        let file = kept(db, user)?.ok_or_else(|| none(call))?;
        let content = files::content(db, file.id)?;
        Ok((file, content))
    })?;
    let mut reply = ranges::answer(call, KIND, content)?;
    if reply.status.is_success() {
        reply = reply.with_header("last-modified", &ranges::http_date(&file.created));
        if call.at.release.files.have_types {
            reply = reply.with_header("cache-control", "no-cache");
        }
    }
    Ok(match call.at.api {
        Api::V1 => reply,
        Api::V2 => reply
            .with_header("content-disposition", &disposition(&file.name))
            .with_header("x-content-type-options", "nosniff"),
    })
}

/// The last export, as long as it is kept.
fn kept(db: &Connection, user: &User) -> Result<Option<File>, Failure> {
    let now = Stamp::now().seconds();
    let file = store::of_user(db, user.id)?;
    Ok(file.filter(|file| file.created.plus(KEPT).seconds() > now))
}

fn none(call: &Call<'_>) -> Failure {
    let text = "No user data export found.";
    match call.at.api {
        Api::V1 if call.at.release.accounts.missing_exports_noticed => plain(404, text),
        Api::V1 => Failure::Breaks("there is no export"),
        Api::V2 => domain(404, 19001, text),
    }
}
