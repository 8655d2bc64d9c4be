//! The content of a file as an answer: what its head says, and the bytes.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use percent_encoding::percent_decode_str;

use crate::{Answer, Reply, ReplyError, model::Timestamp};

/// A downloaded file, whole. [`crate::Client::download`] does not keep it in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Content {
    /// What the server says about it.
    pub head: ContentHead,
    /// The file, or the part of it that was asked for.
    pub bytes: Bytes,
}

/// What the server says about a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentHead {
    /// Name, from 2.x on. Safe to use in a folder: without the folders it may have had before it, without control
    /// characters, never `..`.
    pub name: Option<String>,
    /// Media type, as the server guessed it.
    pub content_type: Option<String>,
    /// Bytes that follow.
    pub length: Option<u64>,
    /// Which part of the file follows; `None` = the whole.
    pub range: Option<ContentRange>,
    /// When it was stored, to the second.
    pub last_modified: Option<Timestamp>,
    /// Its version, where the server names one. No release does for attachments.
    pub etag: Option<String>,
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// Offset of the first byte.
    pub first: u64,
    /// Offset of the last byte.
    pub last: u64,
    /// Bytes of the whole file, where the server says so.
    pub total: Option<u64>,
}

impl ContentHead {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name)?.to_str().ok();
        Self {
            name: headers
                .get(header::CONTENT_DISPOSITION)
                .and_then(|value| file_name(&String::from_utf8_lossy(value.as_bytes()))),
            content_type: text(header::CONTENT_TYPE).map(ToOwned::to_owned),
            length: text(header::CONTENT_LENGTH).and_then(|text| text.parse().ok()),
            range: text(header::CONTENT_RANGE).and_then(range),
            last_modified: text(header::LAST_MODIFIED).and_then(Timestamp::parse_http),
            etag: text(header::ETAG).map(ToOwned::to_owned),
        }
    }
}

impl Reply for Content {
    type Output = Self;

    fn accepts(status: StatusCode) -> bool {
        matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT)
    }

    fn read(answer: &Answer<'_>) -> Result<Self, ReplyError> {
        let head = ContentHead::of(answer.headers);
        // Written behind the part that is there already, a whole file would spoil it.
        if let Some(from) = &answer.sent.range
            && head
                .range
                .is_none_or(|range| format!("bytes={}-", range.first) != *from)
        {
            let problem = format!("{from} was asked for, and another part came, or the whole");
            return Err(answer.unreadable(".", problem));
        }
        Ok(Self {
            head,
            bytes: answer.body.clone(),
        })
    }
}

/// `bytes 2-4/10`.
fn range(text: &str) -> Option<ContentRange> {
    let (part, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    Some(ContentRange {
        first: first.parse().ok()?,
        last: last.parse().ok()?,
        total: total.parse().ok(),
    })
}

/// The name in `Content-Disposition` (RFC 6266): `filename*` counts before `filename`.
fn file_name(disposition: &str) -> Option<String> {
    let parameters = parameters(disposition);
    let find = |wanted: &str| {
        let (_, value) = parameters
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(value.as_str())
    };
    let name = find("filename*")
        .and_then(extended)
        .or_else(|| find("filename").map(ToOwned::to_owned))?;
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe: String = last.chars().filter(|char| !char.is_control()).collect();
    (!matches!(safe.trim(), "" | "." | "..")).then_some(safe)
}

/// `UTF-8''gr%C3%BCn.txt` (RFC 8187).
fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    if charset.eq_ignore_ascii_case("utf-8") {
        String::from_utf8(bytes).ok()
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.into_iter().map(char::from).collect())
    } else {
        None
    }
}

/// The parameters behind the first semicolon, unquoted.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, after)) = rest.split_once('=') {
        let (value, tail) = value(after.trim_start());
        found.push((name.trim_matches([' ', '\t', ';']).to_owned(), value));
        rest = tail.split_once(';').map_or("", |(_, rest)| rest);
    }
    found
}

/// One value, a quoted string or a token, and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_every_form_and_are_safe() {
        for (header, name) in [
            ("attachment; filename=recipe.txt", Some("recipe.txt")),
            (r#"attachment; filename="a\"b.txt""#, Some("a\"b.txt")),
            (
                r#"attachment; filename="semi;colon=x.txt"; size=3"#,
                Some("semi;colon=x.txt"),
            ),
            (
                "attachment; filename*=utf-8''gr%C3%BCn%20%E2%98%83.txt",
                Some("grün ☃.txt"),
            ),
            (
                "attachment; filename=\"x.txt\"; filename*=UTF-8'de'%e2%82%ac.txt",
                Some("€.txt"),
            ),
            (
                "attachment; filename*=iso-8859-1''gr%FCn; filename=x",
                Some("grün"),
            ),
            ("attachment; filename*=utf-8''%ff; filename=x", Some("x")),
            ("attachment; filename*=utf-16''a; filename=x", Some("x")),
            (
                "attachment; FileName = spaced.txt ; a=b",
                Some("spaced.txt"),
            ),
            ("inline;filename=\"grün.txt\"", Some("grün.txt")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            (r#"attachment; filename="C:\\x\\y.txt""#, Some("y.txt")),
            ("attachment; filename*=utf-8''..%2f..", None),
            ("attachment; filename*=utf-8''a%0d%0ab", Some("ab")),
            ("attachment; filename=..", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=\"open", Some("open")),
            ("attachment; filename=\"open\\", Some("open")),
            ("attachment", None),
            ("", None),
        ] {
            assert_eq!(file_name(header).as_deref(), name, "{header}");
        }
    }

    #[test]
    fn heads_are_read() {
        let mut headers = HeaderMap::new();
        assert_eq!(ContentHead::of(&headers), ContentHead::default());
        for (name, value) in [
            ("content-length", "3"),
            ("content-range", "bytes 2-4/10"),
            ("last-modified", "Mon, 23 Nov 2026 08:52:34 GMT"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }
        let head = ContentHead::of(&headers);
        let part = ContentRange {
            first: 2,
            last: 4,
            total: Some(10),
        };
        assert_eq!((head.length, head.range), (Some(3), Some(part)));
        let stored: Timestamp = "2026-11-23T08:52:34Z".parse().unwrap();
        assert_eq!(head.last_modified, Some(stored));
        assert_eq!(range("bytes 0-0/*").unwrap().total, None);
        assert_eq!(range("bytes */10"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_header_yields_an_unsafe_name(header in "(attachment)?(; ?filename\\*?=[\"a./\\\\%0-9'utf-]{0,20})*") {
            if let Some(name) = file_name(&header) {
                assert!(!name.contains(['/', '\\']) && name != ".." && !name.is_empty(), "{name:?}");
            }
        }
    }
}
