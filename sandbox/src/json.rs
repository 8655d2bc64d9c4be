//! JSON as a Go server writes it: whole floats without a fraction and, on v1, `<`, `>`, `&` escaped.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

use crate::release::Api;

/// The value as the API writes it, with the line end that both APIs send.
pub(crate) fn write<T: Serialize + ?Sized>(value: &T, api: Api) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    let style = GoStyle {
        escape_html: api == Api::V1,
    };
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, style);
    if let Err(error) = value.serialize(&mut serializer) {
        // Only a map with keys that are no text could fail, and there is none.
        debug_assert!(false, "an answer that cannot be written: {error}");
    }
    bytes.push(b'\n');
    bytes
}

/// Puts the key `$schema` first into a JSON object.
pub(crate) fn with_schema(object: &[u8], url: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(object.len() + url.len() + 16);
    bytes.extend_from_slice(b"{\"$schema\":\"");
    bytes.extend_from_slice(url.as_bytes());
    bytes.push(b'"');
    if object.get(1) != Some(&b'}') {
        bytes.push(b',');
    }
    bytes.extend_from_slice(object.get(1..).unwrap_or_default());
    bytes
}

struct GoStyle {
    escape_html: bool,
}

impl Formatter for GoStyle {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        if value.fract() == 0.0 && value.abs() < 1e15 {
            write!(writer, "{}", value as i64)
        } else {
            write!(writer, "{value}")
        }
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if !self.escape_html {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&']) {
            writer.write_all(&rest.as_bytes()[..at])?;
            write!(writer, "\\u{:04x}", rest.as_bytes()[at])?;
            rest = &rest[at + 1..];
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_writes() {
        let value = serde_json::json!({"text": "<p>a & b</p>", "whole": 65536.0, "part": 0.25});
        let written = |api| String::from_utf8(write(&value, api)).expect("UTF-8");
        assert_eq!(
            written(Api::V1),
            "{\"part\":0.25,\"text\":\"\\u003cp\\u003ea \\u0026 b\\u003c/p\\u003e\",\"whole\":65536}\n"
        );
        assert_eq!(
            written(Api::V2),
            "{\"part\":0.25,\"text\":\"<p>a & b</p>\",\"whole\":65536}\n"
        );
    }

    #[test]
    fn the_schema_comes_first() {
        assert_eq!(
            with_schema(b"{\"id\":1}\n", "u"),
            b"{\"$schema\":\"u\",\"id\":1}\n"
        );
        assert_eq!(with_schema(b"{}", "u"), b"{\"$schema\":\"u\"}");
    }
}
