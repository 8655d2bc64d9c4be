//! Files on tasks: the handlers.

use axum::http::{StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use rusqlite::Connection;
use serde::Serialize;
use serde_json::{Value, json};

use crate::body;
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Denied, Failure, domain, lacking, not_allowed, plain};
use crate::multipart::{self, NoForm, Part};
use crate::paging::{Count, Page, count_of};
use crate::release::Api;
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::files::{self as store, Attachment, File};
use crate::{sniff, tasks};

/// `files.maxsize`.
const LARGEST: usize = 20 * 1024 * 1024;

/// Name of the form's field for files; others are not looked at.
const FIELD: &str = "files";

/// Widths of previews (2.x).
const PREVIEWS: [&str; 4] = ["sm", "md", "lg", "xl"];

/// The answer to an upload. A file that is refused does not make it a failure.
#[derive(Serialize)]
struct Uploaded {
    errors: Option<Vec<Value>>,
    success: Option<Vec<Attachment>>,
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (task, page) = (call.id("task")?, Page::asked(call)?);
    call.read(|db| {
        if call.at.release.attachments_guarded && tasks::access(call, db, task)?.is_none() {
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
            let attachment = attach(call, db, task, part)?;
            call.tell(Event::AttachmentCreated {
                task,
                attachment: json!(attachment),
            });
            uploaded.success.get_or_insert_default().push(attachment);
        }
        if call.at.release.upload_touches_task {
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
    let mime = if call.at.release.files_have_types {
        sniff::by_content(part.content)
    } else {
        ""
    };
    let mut file = File::new(part, mime);
    store::insert(db, &mut file, part.content)?;
    let (user, created) = (call.user()?, Stamp::now());
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
    let error = json!({"code": 4012, "message": message});
    if call.at.release.upload_errors_nested {
        json!({"message": error})
    } else {
        error
    }
}

fn no_form(call: &Call<'_>, why: NoForm) -> Failure {
    match (call.at.api, why) {
        (Api::V2, why) => why.refusal(),
        (Api::V1, NoForm::Truncated) => plain(400, "No task ID provided"),
        (Api::V1, NoForm::ContentType) if call.at.release.forms_checked => {
            plain(400, "No multipart form provided")
        }
        (Api::V1, NoForm::ContentType) => Failure::Breaks(why.text()),
    }
}

/// A refusal of access to a file, as the release words it.
fn refused(call: &Call<'_>, failure: Failure) -> Failure {
    match failure {
        Failure::Forbidden(_) if call.at.release.file_refusals_coded => not_allowed(),
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
    if preview && file.mime.starts_with("image/") {
        return Err(lacking("previews of images"));
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

/// Whether a smaller picture is asked for. v1 ignores unknown sizes, older releases all of them.
fn preview(call: &Call<'_>) -> Result<bool, Failure> {
    match call.query("preview_size") {
        Some(size) if PREVIEWS.contains(&size) => Ok(call.at.release.files_have_types),
        Some(size) if call.at.api == Api::V2 && !size.is_empty() => {
            let location = "query.preview_size".to_owned();
            Err(body::none_of(location, &PREVIEWS, size))
        }
        _ => Ok(false),
    }
}

/// The file, or the part of it that `Range` names, or nothing if the client has it.
fn served(call: &Call<'_>, file: &File, content: Vec<u8>) -> Result<Reply, Failure> {
    let kind = if call.at.release.files_have_types {
        file.mime.as_str()
    } else {
        sniff::by_name(&file.name, &content)
    };
    let named = |reply: Reply| {
        if !call.at.release.files_have_types {
            return reply;
        }
        reply
            .with_header("content-disposition", &disposition(&file.name))
            .with_header("x-content-type-options", "nosniff")
    };
    let headers = |reply: Reply| {
        let reply = reply.with_header("last-modified", &http_date(&file.created));
        if !call.at.release.files_have_types {
            return reply;
        }
        named(reply).with_header("cache-control", "no-cache")
    };
    if is_unchanged(call, file) {
        return Ok(headers(Reply::empty(StatusCode::NOT_MODIFIED)));
    }
    let length = content.len();
    let Some(wanted) = call.header(&header::RANGE) else {
        let reply = Reply::bytes(StatusCode::OK, kind, content);
        return Ok(headers(reply).with_header("accept-ranges", "bytes"));
    };
    if wanted.contains(',') {
        return Err(lacking("several ranges of a file"));
    }
    let Some((start, end)) = range(wanted, length) else {
        let text = b"invalid range: failed to overlap\n".to_vec();
        let reply = Reply::bytes(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "text/plain; charset=utf-8",
            text,
        );
        let reply = reply
            .with_header("content-range", &format!("bytes */{length}"))
            .with_header("x-content-type-options", "nosniff");
        return Ok(named(reply));
    };
    let reply = Reply::bytes(
        StatusCode::PARTIAL_CONTENT,
        kind,
        content[start..=end].to_vec(),
    );
    Ok(headers(reply)
        .with_header("accept-ranges", "bytes")
        .with_header("content-range", &format!("bytes {start}-{end}/{length}")))
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

/// First and last byte of `bytes=2-5`, `bytes=2-` or `bytes=-5`; none if the file has no such bytes.
fn range(wanted: &str, length: usize) -> Option<(usize, usize)> {
    let (start, end) = wanted.strip_prefix("bytes=")?.split_once('-')?;
    let last = length.checked_sub(1)?;
    if start.is_empty() {
        let tail: usize = end.parse().ok()?;
        return (tail > 0).then_some((length.saturating_sub(tail), last));
    }
    let start: usize = start.parse().ok()?;
    let end = if end.is_empty() {
        last
    } else {
        end.parse::<usize>().ok()?.min(last)
    };
    (start <= end).then_some((start, end))
}

fn http_date(time: &Stamp) -> String {
    let time = Timestamp::from_second(time.seconds().unwrap_or_default()).unwrap_or_default();
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .unwrap_or_default()
}

/// `Content-Disposition` as Go writes it: bare, quoted or percent-encoded, whatever the name needs.
fn disposition(name: &str) -> String {
    let is_token = |sign: char| sign.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(sign);
    if !name.is_empty() && name.chars().all(is_token) {
        return format!("attachment; filename={name}");
    }
    if name.is_ascii() {
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
    fn ranges() {
        assert_eq!(range("bytes=0-4", 19), Some((0, 4)));
        assert_eq!(range("bytes=5-", 19), Some((5, 18)));
        assert_eq!(range("bytes=-3", 19), Some((16, 18)));
        assert_eq!(range("bytes=3-99", 19), Some((3, 18)));
        for wanted in ["bytes=19-", "bytes=5-4", "bytes=-0", "lines=1-2"] {
            assert_eq!(range(wanted, 19), None, "{wanted}");
        }
        assert_eq!(range("bytes=0-", 0), None);
    }

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
    }
}
