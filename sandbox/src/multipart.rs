//! Bodies of several parts, as browsers send files (`multipart/form-data`).

use axum::http::header;

use crate::call::Call;
use crate::failure::{Failure, Unreadable};

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    /// Name of the form's field.
    pub(crate) field: String,
    /// Name of the file, without folders; none for a field that is no file.
    pub(crate) file: Option<String>,
    pub(crate) content: &'a [u8],
}

/// Why a body is no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoForm {
    /// It says that it is something else.
    ContentType,
    /// It ends before its end.
    Truncated,
}

impl NoForm {
    /// In the words of Go.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::ContentType => "request Content-Type isn't multipart/form-data",
            Self::Truncated => "multipart: NextPart: EOF",
        }
    }

    /// v2's refusal.
    pub(crate) fn refusal(self) -> Failure {
        refused(
            "body",
            &format!("cannot read multipart form: {}", self.text()),
        )
    }
}

/// v2's refusal of a form, which does not repeat it.
pub(crate) fn refused(location: &str, message: &str) -> Failure {
    Failure::Unreadable(Unreadable {
        v2_status: 422,
        go: String::new(),
        v2: message.to_owned(),
        location: location.to_owned(),
        value: None,
        bad_request: true,
    })
}

/// The parts of a request's form.
pub(crate) fn parts<'a>(call: &Call<'a>) -> Result<Vec<Part<'a>>, NoForm> {
    let content_type = call.header(&header::CONTENT_TYPE).unwrap_or_default();
    let boundary = boundary(content_type).ok_or(NoForm::ContentType)?;
    split(call.body, &boundary).ok_or(NoForm::Truncated)
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    parameter(parameters, "boundary")
}

/// The parts between the boundaries; none if the last boundary is missing.
fn split<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let opening = format!("--{boundary}");
    // Every boundary but the first follows a line end, which belongs to it.
    let delimiter = format!("\r\n{opening}");
    let mut rest = body.strip_prefix(opening.as_bytes())?;
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let inside = rest.strip_prefix(b"\r\n")?;
        let end = find(inside, delimiter.as_bytes())?;
        parts.push(part(&inside[..end])?);
        rest = &inside[end + delimiter.len()..];
    }
    Some(parts)
}

fn part(part: &[u8]) -> Option<Part<'_>> {
    let end = find(part, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&part[..end]);
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    })?;
    let (_, parameters) = disposition.split_once(';')?;
    Some(Part {
        field: parameter(parameters, "name")?,
        file: extended(parameters)
            .or_else(|| parameter(parameters, "filename"))
            .map(|path| base_name(&path).to_owned()),
        content: &part[end + 4..],
    })
}

/// The value of `filename*`, which counts before `filename` (RFC 5987); none in another character set than UTF-8.
fn extended(parameters: &str) -> Option<String> {
    let value = parameter(parameters, "filename*")?;
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

/// The value of `name=value` or `name="value"` among parameters.
fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        let (name, value) = rest.split_once('=')?;
        let (value, behind) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted).filter(|(_, behind)| ends(behind))?,
            None => {
                let end = value.find(';').unwrap_or(value.len());
                (value[..end].trim().to_owned(), &value[end..])
            }
        };
        if name.trim_matches([';', ' ']).eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = behind;
    }
}

/// Whether nothing stands between a value and the next parameter.
fn ends(behind: &str) -> bool {
    let behind = behind.trim_start();
    behind.is_empty() || behind.starts_with(';')
}

/// A quoted text whose first quote is gone, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut signs = text.char_indices();
    while let Some((place, sign)) = signs.next() {
        match sign {
            '"' => return Some((value, &text[place + 1..])),
            '\\' => value.push(signs.next()?.1),
            sign => value.push(sign),
        }
    }
    None
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_at_the_boundary() {
        let body = b"--X\r\nContent-Disposition: form-data; name=\"files\"; filename=\"../a \\\"b\\\".txt\"\r\n\
            Content-Type: text/plain\r\n\r\none\r\n-X\r\n\r\n--X\r\ncontent-disposition: form-data; name=plain\r\n\r\n\r\n--X--\r\n";
        let parts = split(body, "X").expect("a form");
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].field, "files");
        assert_eq!(parts[0].file.as_deref(), Some("a \"b\".txt"));
        assert_eq!(parts[0].content, b"one\r\n-X\r\n");
        assert_eq!(
            (parts[1].field.as_str(), parts[1].file.as_deref()),
            ("plain", None)
        );
        assert!(parts[1].content.is_empty());
    }

    #[test]
    fn a_file_whose_name_cannot_be_read_is_no_file() {
        assert_eq!(
            parameter(" name=\"files\"; filename=\"a \"b\".txt\"", "name").as_deref(),
            Some("files")
        );
        assert_eq!(
            parameter(" name=\"files\"; filename=\"a \"b\".txt\"", "filename"),
            None
        );
    }

    #[test]
    fn an_encoded_name_counts_first() {
        let parameters = " name=files; filename=\"x\"; filename*=UTF-8''line%0D%0Aend%09.txt";
        assert_eq!(extended(parameters).as_deref(), Some("line\r\nend\t.txt"));
        for broken in [
            "filename*=utf-8''%4",
            "filename*=utf-8''%ff",
            "filename*=x",
            "filename=x",
        ] {
            assert_eq!(extended(broken), None, "{broken}");
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        assert_eq!(
            boundary("multipart/form-data; charset=x; boundary=\"a b\"").as_deref(),
            Some("a b")
        );
        assert_eq!(boundary("application/json"), None);
        assert_eq!(boundary("multipart/mixed; boundary=X"), None);
        for body in [&b""[..], b"garbage", b"--X\r\nno head", b"--X\r\n\r\n"] {
            assert_eq!(split(body, "X"), None);
        }
        assert_eq!(split(b"--X--\r\n", "X"), Some(Vec::new()));
    }
}
