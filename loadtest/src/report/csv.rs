//! The table of routes for programs and spreadsheets (RFC 4180). Times are in µs; an empty one is infinite.

use std::fmt::Write as _;

use super::result::{PERCENTILES, RunResult};

pub(super) fn render(result: &RunResult) -> String {
    let mut out = String::from("server,run,stage,phase,route,requests,failed,per_second");
    for (name, _) in PERCENTILES {
        let _ = write!(out, ",{name}");
    }
    out.push_str(",max\r\n");
    for part in &result.routes {
        let block = result.blocks.get(part.block);
        let server = result.servers.get(part.server);
        let _ = write!(
            out,
            "{},{},{},{},{},{},{},{}",
            quoted(server.map_or("", |server| &server.url)),
            block.map_or(0, |block| block.repeat) + 1,
            block.map_or(0, |block| block.stage) + 1,
            part.phase,
            quoted(&part.route),
            part.requests,
            part.failed,
            number(part.throughput),
        );
        for (name, _) in PERCENTILES {
            let _ = write!(out, ",{}", number(part.percentile(name)));
        }
        let _ = write!(out, ",{}\r\n", number(part.max()));
    }
    out
}

fn number(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// In quotes where it must be. A spreadsheet takes what begins with these signs for a formula.
fn quoted(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        for (cell, expected) in [
            ("GET /tasks", "GET /tasks"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=1+1", "'=1+1"),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
