//! Files on tasks: the handlers.

use axum::http::{StatusCode, header};
use jiff::fmt::rfc2822;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Value, json};

use crate::body;
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Denied, Failure, domain, not_allowed, plain};
use crate::multipart::{self, NoForm, Part};
use crate::paging::{Count, Page, count_of};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::files::{self as store, Attachment, File};
use crate::{images, ranges, sniff, tasks};

/// `files.maxsize`.
const LARGEST: usize = 20 * 1024 * 1024;

/// Name of the form's field for files; others are not looked at.
const FIELD: &str = "files";

/// Sizes of previews (2.x), and their widths in pixels.
const PREVIEWS: [&str; 4] = ["sm", "md", "lg", "xl"];
const WIDTHS: [u32; 4] = [100, 200, 400, 800];

/// The answer to an upload. A file that is refused does not make it a failure.
#[derive(Serialize)]
struct Uploaded {
    errors: Option<Vec<Value>>,
    success: Option<Vec<Attachment>>,
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, page) = (call.id("task")?, Page::asked(call)?);
    call.read(|db| {
        if call.at.release.files.guarded && tasks::access(call, db, task)?.is_none() {
            return Err(not_allowed());
        }
        let (attachments, total) = store::attachments(db, task, page.limit(), page.offset())?;
        let count = Count {
            total,
            here: count_of(&attachments),
            forgotten_beyond_end: true,
        };
        Ok(page.reply(call, "PaginatedTaskAttachment", &attachments, count))
    })
}

pub(crate) fn upload(call: &Call<'_>) -> Result<Reply, Failure> {
    let task = call.id("task")?;
    let parts = multipart::parts(call).map_err(|why| no_form(call, why))?;
    let files: Vec<&Part<'_>> = parts
        .iter()
        .filter(|part| part.field == FIELD && part.file.is_some())
        .collect();
    if files.is_empty() && call.at.api == Api::V2 {
        return Err(multipart::refused(FIELD, "At least one file is required"));
    }
    call.write(|db| {
        tasks::check_write(db, call.user()?, task).map_err(|failure| refused(call, failure))?;
        let mut uploaded = Uploaded {
            errors: None,
            success: None,
        };
        for part in files {
            if part.content.len() > LARGEST {
                let errors = uploaded.errors.get_or_insert_default();
                errors.push(too_large(call, part.content.len()));
                continue;
            }
            let attachment = match attach(call, db, task, part) {
                Err(Failure::Domain(refusal)) => {
                    let errors = uploaded.errors.get_or_insert_default();
                    errors.push(file_error(
                        call,
                        refusal.code,
                        &refusal.text(call.at.release),
                    ));
                    continue;
                }
                other => other?,
            };
            call.tell(Event::AttachmentCreated {
                task,
                attachment: json!(attachment),
            });
            uploaded.success.get_or_insert_default().push(attachment);
        }
        if call.at.release.files.touch_task {
            crate::store::tasks::touch(db, task)?;
        }
        Ok(call.ok(Some("AttachmentUploadResult"), &uploaded))
    })
}

fn attach(
    call: &Call<'_>,
    db: &Connection,
    task: i64,
    part: &Part<'_>,
) -> Result<Attachment, Failure> {
    let mime = if call.at.release.files.have_types {
        sniff::by_content(part.content)
    } else {
        ""
    };
    let user = call.author(db)?;
    let mut file = File::new(part, mime);
    store::insert(db, &mut file, part.content)?;
    let created = Stamp::now();
    Ok(Attachment {
        id: store::attach(db, task, file.id, user.id, &created)?,
        task_id: task,
        created_by: Some(user.shape()),
        file,
        created,
    })
}

/// The text names a wrong limit, in every release.
fn too_large(call: &Call<'_>, size: usize) -> Value {
    let message = format!(
        "The task attachment exceeds the configured file size of 0 bytes, filesize was {size}"
    );
    file_error(call, 4012, &message)
}

fn file_error(call: &Call<'_>, code: i64, message: &str) -> Value {
    let error = json!({"code": code, "message": message});
    if call.at.release.files.errors_nested {
        json!({"message": error})
    } else {
        error
    }
}

fn no_form(call: &Call<'_>, why: NoForm) -> Failure {
    match (call.at.api, why) {
        (Api::V2, why) => why.refusal(),
        (Api::V1, NoForm::Truncated) => plain(400, "No task ID provided"),
        (Api::V1, NoForm::ContentType) if call.at.release.files.forms_checked => {
            plain(400, "No multipart form provided")
        }
        (Api::V1, NoForm::ContentType) => Failure::Breaks(why.text()),
    }
}

/// A refusal of access to a file, as the release words it.
fn refused(call: &Call<'_>, failure: Failure) -> Failure {
    match failure {
        Failure::Forbidden(_) if call.at.release.files.refusals_coded => not_allowed(),
        other => other,
    }
}

pub(crate) fn download(call: &Call<'_>) -> Result<Reply, Failure> {
    let task = call
        .id("task")
        .map_err(|failure| no_number(call, failure))?;
    let id = call
        .id_at(1, "attachment")
        .map_err(|failure| no_number(call, failure))?;
    let preview = preview(call)?;
    let (file, content) = call.read(|db| {
        if tasks::access(call, db, task)?.is_none() {
            return Err(refused(call, Failure::Forbidden(Denied::Act)));
        }
        let attachment = store::attachment(db, task, id)?.ok_or_else(not_found)?;
        let content = store::content(db, attachment.file.id)?;
        Ok((attachment.file, content))
    })?;
    if let Some(width) = preview
        && file.mime.starts_with("image/")
        && let Some(picture) = images::read(&content)?
    {
        let smaller = images::of_width(&picture, width);
        let reply = Reply::bytes(StatusCode::OK, "image/png", images::as_png(&smaller)?);
        return Ok(reply.with_header("cache-control", "no-cache"));
    }
    served(call, &file, content)
}

/// v1's own handler has one text for every number that is none.
fn no_number(call: &Call<'_>, failure: Failure) -> Failure {
    match call.at.api {
        Api::V1 => plain(400, "No task ID provided"),
        Api::V2 => failure,
    }
}

/// The width of the picture that is asked for instead of the whole. v1 ignores unknown sizes, older releases all of them.
fn preview(call: &Call<'_>) -> Result<Option<u32>, Failure> {
    let Some(size) = call.query("preview_size") else {
        return Ok(None);
    };
    match PREVIEWS.iter().position(|known| *known == size) {
        Some(place) => Ok(call.at.release.files.have_types.then_some(WIDTHS[place])),
        None if call.at.api == Api::V2 && !size.is_empty() => {
            let location = "query.preview_size".to_owned();
            Err(body::none_of(location, &PREVIEWS, size))
        }
        None => Ok(None),
    }
}

/// The file, or the part of it that `Range` names, or nothing if the client has it.
fn served(call: &Call<'_>, file: &File, content: Vec<u8>) -> Result<Reply, Failure> {
    let kind = if call.at.release.files.have_types {
        file.mime.as_str()
    } else {
        sniff::by_name(&file.name, &content)
    };
    let named = |reply: Reply| {
        if !call.at.release.files.have_types {
            return reply;
        }
        reply
            .with_header("content-disposition", &disposition(&file.name))
            .with_header("x-content-type-options", "nosniff")
    };
    let headers = |reply: Reply| {
        let reply = reply.with_header("last-modified", &ranges::http_date(&file.created));
        if !call.at.release.files.have_types {
            return reply;
        }
        named(reply).with_header("cache-control", "no-cache")
    };
    if is_unchanged(call, file) {
        return Ok(headers(Reply::empty(StatusCode::NOT_MODIFIED)));
    }
    let reply = ranges::answer(call, kind, content)?;
    if reply.status == StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok(named(reply));
    }
    Ok(headers(reply))
}

fn is_unchanged(call: &Call<'_>, file: &File) -> bool {
    let since = call
        .header(&header::IF_MODIFIED_SINCE)
        // Go does not compare the weekday with the date.
        .and_then(|date| {
            let parser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
            parser.parse_timestamp(date).ok()
        });
    match (since, file.created.seconds()) {
        (Some(since), Some(created)) => created <= since.as_second(),
        _ => false,
    }
}

/// `Content-Disposition` as Go writes it: bare, quoted or percent-encoded, whatever the name needs.
pub(crate) fn disposition(name: &str) -> String {
    let is_token = |sign: char| sign.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(sign);
    if !name.is_empty() && name.chars().all(is_token) {
        return format!("attachment; filename={name}");
    }
    if name.chars().all(|sign| matches!(sign, ' '..='~' | '\t')) {
        let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
        return format!("attachment; filename=\"{quoted}\"");
    }
    let stays = |byte: u8| byte.is_ascii() && is_token(char::from(byte)) && !b"*'%".contains(&byte);
    let encoded: String = name
        .bytes()
        .map(|byte| {
            if stays(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    format!("attachment; filename*=utf-8''{encoded}")
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, id) = (call.id("task")?, call.id_at(1, "attachment")?);
    call.write(|db| {
        tasks::check_write(db, call.user()?, task)?;
        let attachment = store::attachment(db, task, id)?.ok_or_else(not_found)?;
        store::delete(db, attachment.file.id)?;
        crate::store::tasks::touch(db, task)?;
        call.tell(Event::AttachmentDeleted {
            task,
            attachment: json!(attachment),
        });
        Ok(call.deleted())
    })
}

fn not_found() -> Failure {
    domain(404, 4011, "This task attachment does not exist.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_headers() {
        assert_eq!(disposition("a.txt"), "attachment; filename=a.txt");
        assert_eq!(
            disposition("a \"b\".txt"),
            "attachment; filename=\"a \\\"b\\\".txt\""
        );
        assert_eq!(
            disposition("ü.txt"),
            "attachment; filename*=utf-8''%C3%BC.txt"
        );
        assert_eq!(
            disposition("a\r\n\tb"),
            "attachment; filename*=utf-8''a%0D%0A%09b"
        );
    }
}
