//! Rich text between HTML, as it is stored, and Markdown, as v2 shows it when asked.
//!
//! Not a converter of everything: paragraphs, lists of one level, task lists, bold, italic, code. Whatever else
//! a text holds is refused instead of being mangled.

use crate::failure::{Failure, lacking};

/// Marks around a piece of text, the longer first: Markdown, HTML element.
const MARKS: [(&str, &str); 4] = [("**", "strong"), ("~~", "del"), ("*", "em"), ("`", "code")];

/// Signs that the server gives a meaning, or escapes, in places that are not imitated.
const SPECIAL: &[char] = &['\\', '[', ']', '<', '>', '_', '&', '|', '"', '\'', '!'];

const TASK_LIST: &str = "<ul data-type=\"taskList\">";
const LIST: &str = "<ul>";

pub(crate) fn to_html(text: &str) -> Result<String, Failure> {
    let blocks: Vec<&str> = text
        .split("\n\n")
        .filter(|block| !block.is_empty())
        .collect();
    // Two lists in a row are one list of paragraphs.
    if blocks
        .windows(2)
        .any(|pair| pair.iter().all(|block| block.starts_with("- ")))
    {
        return Err(unknown());
    }
    let html: Vec<String> = blocks
        .into_iter()
        .map(block_to_html)
        .collect::<Result<_, _>>()?;
    Ok(html.join("\n"))
}

fn block_to_html(block: &str) -> Result<String, Failure> {
    if !block.starts_with("- ") {
        return Ok(format!("<p>{}</p>", inline_to_html(block)?));
    }
    let items: Vec<&str> = block
        .lines()
        .map(|line| line.strip_prefix("- ").ok_or_else(unknown))
        .collect::<Result<_, _>>()?;
    let is_task_list = items.iter().all(|item| checked(item).is_some());
    let start = if is_task_list { TASK_LIST } else { LIST };
    let mut lines = vec![start.to_owned()];
    for item in items {
        lines.push(match checked(item) {
            Some((done, text)) if is_task_list => format!(
                "<li data-type=\"taskItem\" data-checked=\"{done}\"><p>{}</p></li>",
                inline_to_html(text)?
            ),
            _ => format!("<li>{}</li>", inline_to_html(item)?),
        });
    }
    lines.push("</ul>".to_owned());
    Ok(lines.join("\n"))
}

/// The box of a task list's item, and the text behind it.
fn checked(item: &str) -> Option<(bool, &str)> {
    let open = item.strip_prefix("[ ] ").map(|text| (false, text));
    open.or_else(|| item.strip_prefix("[x] ").map(|text| (true, text)))
}

fn inline_to_html(text: &str) -> Result<String, Failure> {
    let starts_a_block = text.starts_with(['#', '-', '+', ' ', '='])
        || text.starts_with(|sign: char| sign.is_ascii_digit());
    if starts_a_block
        || text.contains(SPECIAL)
        || text.contains(['\n', '\t'])
        || text.contains("://")
    {
        return Err(unknown());
    }
    let (mut html, mut rest) = (String::new(), text);
    while let Some(place) = rest.find(['*', '`', '~']) {
        html.push_str(&rest[..place]);
        rest = &rest[place..];
        let (mark, element) = MARKS
            .into_iter()
            .find(|(mark, _)| rest.starts_with(mark))
            .ok_or_else(unknown)?;
        let (inside, behind) = rest[mark.len()..].split_once(mark).ok_or_else(unknown)?;
        // Marks within marks, or beside a blank, follow rules of their own.
        if inside.is_empty() || inside.trim() != inside || inside.contains(['*', '`', '~']) {
            return Err(unknown());
        }
        html.extend(["<", element, ">", inside, "</", element, ">"]);
        rest = behind;
    }
    Ok(html + rest)
}

pub(crate) fn from_html(html: &str) -> Result<String, Failure> {
    let (mut blocks, mut rest) = (Vec::new(), html.trim());
    while !rest.is_empty() {
        let (block, behind) = if let Some(inside) = rest.strip_prefix("<p>") {
            let (inside, behind) = inside.split_once("</p>").ok_or_else(unknown)?;
            (inline_from_html(inside)?, behind)
        } else if let Some(items) = rest
            .strip_prefix(TASK_LIST)
            .or_else(|| rest.strip_prefix(LIST))
        {
            let (items, behind) = items.split_once("</ul>").ok_or_else(unknown)?;
            (list_from_html(items)?, behind)
        } else {
            // Text without any element.
            (inline_from_html(rest)?, "")
        };
        blocks.push(block);
        rest = behind.trim_start();
    }
    Ok(blocks.join("\n\n"))
}

fn list_from_html(items: &str) -> Result<String, Failure> {
    const OPEN: &str = "<li data-type=\"taskItem\" data-checked=\"false\">";
    const DONE: &str = "<li data-type=\"taskItem\" data-checked=\"true\">";
    let mut lines = Vec::new();
    for item in items.split("</li>").map(str::trim) {
        if item.is_empty() {
            continue;
        }
        let known = [("<li>", "- "), (OPEN, "- [ ] "), (DONE, "- [x] ")];
        let (text, sign) = known
            .into_iter()
            .find_map(|(start, sign)| Some((item.strip_prefix(start)?, sign)))
            .ok_or_else(unknown)?;
        let text = text
            .strip_prefix("<p>")
            .and_then(|text| text.strip_suffix("</p>"))
            .unwrap_or(text);
        lines.push(format!("{sign}{}", inline_from_html(text)?));
    }
    Ok(lines.join("\n"))
}

fn inline_from_html(html: &str) -> Result<String, Failure> {
    let mut text = html.to_owned();
    // What would be a mark is escaped by the server.
    if text.contains(['*', '`', '~']) {
        return Err(unknown());
    }
    for (mark, element) in MARKS {
        text = text
            .replace(&format!("<{element}>"), mark)
            .replace(&format!("</{element}>"), mark);
    }
    // Whatever else stands there would not come back as it was.
    inline_to_html(&text)?;
    Ok(text)
}

fn unknown() -> Failure {
    lacking("Markdown beyond paragraphs, plain lists, bold, italic and code")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways() {
        // As a server of release 2.5 stored and showed them.
        for (markdown, html) in [
            ("", ""),
            ("plain", "<p>plain</p>"),
            ("a\n\nb", "<p>a</p>\n<p>b</p>"),
            ("*Some* plates", "<p><em>Some</em> plates</p>"),
            (
                "**b** `c` ~~s~~",
                "<p><strong>b</strong> <code>c</code> <del>s</del></p>",
            ),
            ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
            (
                "**All** plates\n\n- [ ] forks\n- [x] spoons",
                "<p><strong>All</strong> plates</p>\n<ul data-type=\"taskList\">\n\
                 <li data-type=\"taskItem\" data-checked=\"false\"><p>forks</p></li>\n\
                 <li data-type=\"taskItem\" data-checked=\"true\"><p>spoons</p></li>\n</ul>",
            ),
        ] {
            assert_eq!(to_html(markdown).expect("known Markdown"), html);
            assert_eq!(from_html(html).expect("known HTML"), markdown);
        }
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for text in [
            "# Head",
            "1. one",
            "[t](u)",
            "a\nb",
            "***bi***",
            "*a",
            "snake_case",
            "> q",
            "- a\n  - b",
            "- a\n\n- b",
        ] {
            assert!(to_html(text).is_err(), "{text}");
        }
        for html in [
            "<h1>x</h1>",
            "<p>a * b</p>",
            "<p>a<br>b</p>",
            "<p>a",
            "<p>- x</p>",
            "<p>a &amp; b</p>",
        ] {
            assert!(from_html(html).is_err(), "{html}");
        }
    }
}
