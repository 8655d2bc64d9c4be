//! What kind of file some bytes are, by their content or by their name: what tests upload, not every format there is.

/// By content, as newer releases store it.
pub(crate) fn by_content(bytes: &[u8]) -> &'static str {
    const MAGIC: [(&[u8], &str); 7] = [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b", "application/gzip"),
        (b"BM", "image/bmp"),
    ];
    if let Some((_, kind)) = MAGIC.iter().find(|(start, _)| bytes.starts_with(start)) {
        return kind;
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return "image/webp";
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return "application/octet-stream";
    };
    let start = text.trim_start().to_ascii_lowercase();
    if bytes.is_empty() {
        "text/plain"
    } else if text
        .chars()
        .any(|sign| sign.is_control() && !sign.is_whitespace())
    {
        "application/octet-stream"
    } else if start.starts_with("<svg") {
        "image/svg+xml"
    } else if start.starts_with("<html") || start.starts_with("<!doctype html") {
        "text/html; charset=utf-8"
    } else if start.starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    }
}

/// By the ending of its name, else by content, as older releases send it.
pub(crate) fn by_name(name: &str, bytes: &[u8]) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "txt" => "text/plain; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "json" => "application/json",
        _ => by_content(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_files() {
        // As a server of release 2.5 stored them.
        for (bytes, kind) in [
            (&b"flour\n"[..], "text/plain; charset=utf-8"),
            (b"", "text/plain"),
            (b"\x00\x01", "application/octet-stream"),
            (b"<html><body>hi", "text/html; charset=utf-8"),
            (b"%PDF-1.4 x", "application/pdf"),
            (b"<svg xmlns=\"x\"></svg>", "image/svg+xml"),
            (b"{\"a\":1}", "application/json"),
            (b"\x89PNG\r\n\x1a\n...", "image/png"),
        ] {
            assert_eq!(by_content(bytes), kind);
        }
        assert_eq!(by_name("e.TXT", b""), "text/plain; charset=utf-8");
        assert_eq!(by_name("noct", b"\x00\x01"), "application/octet-stream");
    }
}
