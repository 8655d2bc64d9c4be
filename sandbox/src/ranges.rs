//! Stored bytes on their way out: whole, or the part of them that `Range` names.

use axum::http::{StatusCode, header};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::call::Call;
use crate::failure::{Failure, lacking};
use crate::reply::Reply;
use crate::stamp::Stamp;

/// The content, or the part of it that is asked for; 416 if it has no such part.
pub(crate) fn answer(call: &Call<'_>, kind: &str, content: Vec<u8>) -> Result<Reply, Failure> {
    let length = content.len();
    let Some(wanted) = call.header(&header::RANGE) else {
        let reply = Reply::bytes(StatusCode::OK, kind, content);
        return Ok(reply.with_header("accept-ranges", "bytes"));
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
        return Ok(reply
            .with_header("content-range", &format!("bytes */{length}"))
            .with_header("x-content-type-options", "nosniff"));
    };
    let part = content[start..=end].to_vec();
    let reply = Reply::bytes(StatusCode::PARTIAL_CONTENT, kind, part);
    Ok(reply
        .with_header("accept-ranges", "bytes")
        .with_header("content-range", &format!("bytes {start}-{end}/{length}")))
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

/// As HTTP writes times.
pub(crate) fn http_date(time: &Stamp) -> String {
    let time = Timestamp::from_second(time.seconds().unwrap_or_default()).unwrap_or_default();
    rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&time)
        .unwrap_or_default()
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
}
