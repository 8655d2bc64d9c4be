//! The page of a comparison.

use std::fmt::Write as _;

use super::{
    chart::{Axis, Chart, SIZES},
    heading, page,
    plots::figure,
    section,
};
use crate::{
    compare::{Comparison, DuelPart, HEADS, Outcome, cells, judge::Verdict},
    report::{markup::escaped, to_second},
};

/// The page.
pub(crate) fn render(comparison: &Comparison) -> String {
    let class = match comparison.outcome {
        Outcome::Unchanged | Outcome::Improved => "passed",
        Outcome::Regressed => "missed",
        Outcome::Inconclusive | Outcome::Invalid => "invalid",
        Outcome::Cancelled => "cancelled",
    };
    let words = comparison.in_words();
    let mut out = heading(class, &words);
    for line in comparison.heads() {
        let _ = writeln!(out, "<p>{}</p>", escaped(&line));
    }
    let began = to_second(&comparison.started);
    let _ = writeln!(out, "<p class=\"quiet\">{}</p></header>", escaped(&began));
    section(&mut out, "Route by route", &rows(comparison));
    if let Some(blocks) = comparison.duel.as_ref().and_then(blocks) {
        section(&mut out, "Block by block", &blocks);
    }
    let mut said = String::new();
    for line in comparison.tail() {
        let _ = write!(said, "<p>{}</p>", escaped(&line));
    }
    if !said.is_empty() {
        section(&mut out, "Beside that", &said);
    }
    super::command(&mut out, &comparison.command);
    page(&words, &out)
}

fn rows(comparison: &Comparison) -> String {
    let mut out = String::from("<div class=\"scroll\"><table><thead><tr>");
    for head in HEADS {
        let _ = write!(out, "<th>{head}</th>");
    }
    out.push_str("</tr></thead><tbody>");
    for row in &comparison.rows {
        let class = match row.verdict {
            Some(Verdict::Regressed) => " class=\"bad\"",
            _ => "",
        };
        out.push_str("<tr>");
        for cell in cells(row) {
            let _ = write!(out, "<td{class}>{}</td>", escaped(&cell));
        }
        out.push_str("</tr>\n");
    }
    out + "</tbody></table></div>"
}

/// Response times of A and B, pair by pair.
fn blocks(duel: &DuelPart) -> Option<String> {
    let line = |side: usize, of: fn(&crate::compare::BlockPart) -> Option<u64>| -> Vec<_> {
        let judged = duel.blocks.iter().filter(|block| block.judged);
        judged
            .filter(|block| block.side == side)
            .enumerate()
            .map(|(pair, block)| ((pair + 1) as f64, of(block).map(|us| us as f64)))
            .collect()
    };
    let lines = [
        (1, "", "A, p50", line(0, |block| block.p50)),
        (2, "", "B, p50", line(1, |block| block.p50)),
        (1, "dashed", "A, p95", line(0, |block| block.p95)),
        (2, "dashed", "B, p95", line(1, |block| block.p95)),
    ];
    let points = || lines.iter().flat_map(|(.., points)| points);
    let longest = points().filter_map(|(_, us)| *us).reduce(f64::max)?;
    let drawings = SIZES.map(|size| {
        let pairs = Axis::linear(duel.pairs as f64, "", 10).cut(1.0, duel.pairs as f64);
        let mut chart = Chart::new(size, pairs, Axis::time(longest));
        for (number, more, _, points) in &lines {
            chart.line(&format!("s{number} {more}"), None, points);
        }
        chart.draw("response time of A and B by pair of blocks")
    });
    let legend = lines
        .each_ref()
        .map(|(number, more, name, _)| (*number, *more, (*name).to_owned()));
    let caption = "Pairs of neighbouring blocks, in the order in which they were measured. What counts is the distance of A and B within a pair.";
    Some(figure(&legend, caption, &drawings))
}
