//! Avatars: the handlers. Nothing is fetched from elsewhere, so providers that would have to are as broken as
//! on a server without a network.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::body::{Field, Kind, bind_object};
use crate::call::Call;
use crate::failure::{Failure, Unreadable, domain, plain};
use crate::multipart::{self, NoForm};
use crate::picture;
use crate::release::{Api, Binding};
use crate::reply::Reply;
use crate::store::avatars as store;
use crate::store::files::{self, File};
use crate::store::users;

const FIELDS: &[Field] = &[Field::new("avatar_provider", Kind::Text)];

/// v2's schema of the provider.
const SCHEMA: &str = "UserAvatarProviderBody";

/// Name of the form's field for the image.
const FIELD: &str = "avatar";

/// Width of an avatar in pixels where none is asked for, and at most.
const SIZE: i64 = 250;
const LARGEST: i64 = 1024;

/// How images begin.
const IMAGES: [(&[u8], &str); 4] = [
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
];

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Provider {
    avatar_provider: String,
}

pub(crate) fn read_provider(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let stored = call.read(|db| store::of(db, user.id))?;
    Ok(call.ok(
        Some(SCHEMA),
        &Provider {
            avatar_provider: stored.provider,
        },
    ))
}

pub(crate) fn update_provider(call: &Call<'_>) -> Result<Reply, Failure> {
    let wanted = call.bind(FIELDS, &[])?;
    replace(call, &wanted)
}

/// v2's partial update: read, merge, replace.
pub(crate) fn patch_provider(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let now = Provider {
        avatar_provider: call.read(|db| store::of(db, user.id))?.provider,
    };
    let merged = crate::patch::merged(call, SCHEMA, &now)?;
    replace(call, &bind_object(call.at, merged, None, FIELDS, &[])?)
}

fn replace(call: &Call<'_>, wanted: &Provider) -> Result<Reply, Failure> {
    let (user, provider) = (call.user()?, wanted.avatar_provider.as_str());
    if !call.at.release.people.avatar_providers.contains(&provider) {
        return Err(domain(
            412,
            1018,
            "Invalid avatar provider setting. See docs for valid types.",
        ));
    }
    call.write(|db| store::set_provider(db, user.id, provider))?;
    Ok(match call.at.api {
        Api::V1 => call.ok(
            None,
            &json!({"message": "Avatar was changed successfully."}),
        ),
        Api::V2 => call.ok(Some(SCHEMA), wanted),
    })
}

/// A user's avatar; whoever does not exist looks like somebody who chose nothing.
pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let size = size(call)?;
    let found = call.read(|db| match users::by_name(db, call.param(0))? {
        Some(user) => Ok(Some((store::of(db, user.id)?, user))),
        None => Ok(None),
    })?;
    let Some((avatar, user)) = found else {
        return Ok(picture::somebody(size).reply());
    };
    let drawn = match avatar.provider.as_str() {
        "" | "default" => picture::somebody(size),
        "marble" => picture::marble(user.id, size),
        "initials" if call.at.release.people.avatars_drawn => {
            let name = if user.name.is_empty() {
                &user.username
            } else {
                &user.name
            };
            picture::initial(user.id, name, size)
        }
        "initials" if size > 0 => picture::dot(user.id, size)?,
        provider => {
            let image = avatar.image.filter(|_| provider == "upload");
            let image = image.ok_or(Failure::Breaks("there is no avatar by that provider"))?;
            let kind = kind(&image).unwrap_or("application/octet-stream");
            return Ok(Reply::bytes(axum::http::StatusCode::OK, kind, image));
        }
    };
    Ok(drawn.reply())
}

fn size(call: &Call<'_>) -> Result<i64, Failure> {
    let Some(text) = call.query("size") else {
        return Ok(SIZE);
    };
    match (text.parse::<i64>(), call.at.api) {
        (Ok(size), _) => Ok(size.min(LARGEST)),
        (Err(_), Api::V2) => Err(Failure::Unreadable(Unreadable {
            v2_status: 422,
            go: String::new(),
            v2: "invalid integer".to_owned(),
            location: "query.size".to_owned(),
            value: Some(text.into()),
            bad_request: true,
        })),
        (Err(_), Api::V1) if call.at.release.refusals.binding == Binding::Text => {
            Err(Failure::Breaks("size is no number"))
        }
        (Err(_), Api::V1) => Err(domain(
            400,
            2004,
            "Invalid model provided: Invalid size parameter",
        )),
    }
}

/// Stores an image as it is; the server would make a PNG of the asked size of it.
pub(crate) fn upload(call: &Call<'_>) -> Result<Reply, Failure> {
    let user = call.user()?;
    let parts = multipart::parts(call).map_err(|why| no_form(call, why))?;
    let image = parts
        .iter()
        .find(|part| part.field == FIELD && part.file.is_some())
        .ok_or_else(|| no_file(call))?;
    let kind = kind(image.content).ok_or_else(|| plain(400, "Uploaded file is no image."))?;
    let mut file = File::new(image, kind);
    call.write(|db| {
        files::insert(db, &mut file, image.content)?;
        store::set_file(db, user.id, file.id)
    })?;
    Ok(call.ok(
        Some("Message"),
        &json!({"message": "Avatar was uploaded successfully."}),
    ))
}

fn kind(image: &[u8]) -> Option<&'static str> {
    let known = IMAGES.iter().find(|(start, _)| image.starts_with(start));
    known.map(|(_, kind)| *kind)
}

fn no_form(call: &Call<'_>, why: NoForm) -> Failure {
    match call.at.api {
        Api::V1 => Failure::Breaks(why.text()),
        Api::V2 => why.refusal(),
    }
}

fn no_file(call: &Call<'_>) -> Failure {
    match call.at.api {
        Api::V1 => Failure::Breaks("the form has no such file"),
        Api::V2 => multipart::refused(FIELD, "File required"),
    }
}
