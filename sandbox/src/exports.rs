//! Exports of a user's data: there is never one.

use serde_json::{Value, json};

use crate::accounts::confirmed;
use crate::call::Call;
use crate::failure::{Failure, domain, lacking, plain};
use crate::release::Api;
use crate::reply::Reply;

pub(crate) fn request(call: &Call<'_>) -> Result<Reply, Failure> {
    confirmed(call)?;
    Err(lacking(call.route.operation))
}

pub(crate) fn status(call: &Call<'_>) -> Result<Reply, Failure> {
    call.user()?;
    Ok(match call.at.api {
        Api::V1 => call.ok(None, &json!({})),
        Api::V2 => call.ok(None, &Value::Null),
    })
}

pub(crate) fn download(call: &Call<'_>) -> Result<Reply, Failure> {
    confirmed(call)?;
    let text = "No user data export found.";
    Err(match call.at.api {
        Api::V1 if call.at.release.accounts.missing_exports_noticed => plain(404, text),
        Api::V1 => Failure::Breaks("there is no export"),
        Api::V2 => domain(404, 19001, text),
    })
}
