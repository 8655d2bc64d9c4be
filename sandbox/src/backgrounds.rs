//! Background pictures of projects: the handlers.

use axum::http::header;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::call::Call;
use crate::failure::{Failure, Violation, domain, plain};
use crate::images;
use crate::multipart::{self, Part};
use crate::projects::{self, WRITE, check_access, not_allowed};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::backgrounds as store;
use crate::store::files::{self, File};
use crate::store::projects::Project;
use crate::store::tasks::set_favorite;
use crate::{ranges, sniff};

/// Most pixels of a background from top to bottom (0.24).
const HIGHEST: u32 = 3840;

/// How files of known picture formats begin.
const PICTURES: [&[u8]; 6] = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM",
    b"II*\0",
    b"MM\0*",
];

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, user) = (call.id("project")?, call.user()?);
    let background = call.read(|db| {
        projects::standing(db, user, project)?
            .ok_or_else(|| plain(403, "Forbidden"))
            .and_then(|_| store::of_project(db, project))?
            .ok_or_else(|| none(call))
    })?;
    let since = Timestamp::from_second(background.created).unwrap_or_default();
    let reply = if is_known(call, since) {
        Failure::NotModified.reply(call.at)
    } else {
        Reply::bytes(axum::http::StatusCode::OK, "image/jpg", background.image)
    };
    let since = ranges::http_date(&Stamp::from_seconds(Some(background.created)));
    Ok(reply.with_header("last-modified", &since))
}

fn none(call: &Call<'_>) -> Failure {
    match call.at.api {
        Api::V1 => plain(404, call.at.release.boards.no_background),
        Api::V2 => domain(404, 3015, "Project background not found"),
    }
}

/// The exact time of the picture does not count as known: the server compares fractions of seconds.
fn is_known(call: &Call<'_>, since: Timestamp) -> bool {
    let known = call
        .header(&header::IF_MODIFIED_SINCE)
        .and_then(|text| rfc2822::DateTimeParser::new().parse_timestamp(text).ok());
    call.at.release.boards.background_not_modified && known.is_some_and(|known| known > since)
}

pub(crate) fn upload(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, user) = (call.id("project")?, call.user()?);
    call.write(|db| {
        match check_access(db, user, project, WRITE) {
            Err(Failure::Forbidden(_)) => return Err(not_allowed()),
            other => other?,
        };
        let parts = multipart::parts(call).map_err(|why| missing(call, why.text()))?;
        let Some(part) = parts
            .into_iter()
            .find(|part| part.field == "background" && part.file.is_some())
        else {
            return Err(missing(call, "no file in the field background"));
        };
        if !PICTURES.iter().any(|start| part.content.starts_with(start)) {
            return Err(no_image(call, part.content));
        }
        let jpeg;
        let mut stored = part;
        if call.at.release.boards.backgrounds_are_jpegs {
            let picture = images::read(stored.content)?;
            let picture = picture.ok_or(Failure::Breaks("the picture cannot be read"))?;
            let picture = images::of_height_at_most(picture, HIGHEST);
            jpeg = images::as_jpeg(&picture)?;
            stored = Part {
                content: &jpeg,
                ..stored
            };
        }
        let kind = if call.at.release.files.have_types {
            sniff::by_content(stored.content)
        } else {
            ""
        };
        let mut file = File::new(&stored, kind);
        files::insert(db, &mut file, stored.content)?;
        store::set(db, project, file.id)?;
        if call.at.release.boards.background_unmarks {
            set_favorite(db, "project", user.id, project, false)?;
        }
        let (mut project, _) = projects::read(call, db, user, project)?;
        if call.at.release.boards.background_unmarks {
            project.owner = None;
        }
        project.max_permission = call.at.release.permissions.then(|| 0.into());
        Ok(call.ok(Some("Project"), &project))
    })
}

fn missing(call: &Call<'_>, why: &'static str) -> Failure {
    match call.at.api {
        Api::V1 => Failure::Breaks(why),
        Api::V2 => Failure::Invalid(vec![Violation {
            location: "form.background".to_owned(),
            v1: String::new(),
            v2: "File required".to_owned(),
            value: None,
        }]),
    }
}

fn no_image(call: &Call<'_>, content: &[u8]) -> Failure {
    let mime = if std::str::from_utf8(content).is_ok() {
        "text/plain; charset=utf-8"
    } else {
        "application/octet-stream"
    };
    match call.at.api {
        Api::V1 => plain(400, "Uploaded file is no image."),
        Api::V2 => plain(400, format!("uploaded file is not an image [Mime: {mime}]")),
    }
}

/// Succeeds without a background, too.
pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("project")?, call.user()?);
    call.write(|db| {
        match check_access(db, user, id, WRITE) {
            Err(Failure::Forbidden(_)) => return Err(plain(403, "Forbidden")),
            other => other?,
        };
        store::delete(db, id)?;
        if call.at.release.boards.background_removal_unmarks {
            set_favorite(db, "project", user.id, id, false)?;
        }
        let mut project = if call.at.release.boards.background_removal_empty {
            Project {
                id,
                ..Project::default()
            }
        } else {
            projects::read(call, db, user, id)?.0
        };
        project.max_permission = call.at.release.permissions.then(|| 0.into());
        Ok(call.ok(Some("Project"), &project))
    })
}
