//! The result, for people.

use std::fmt::Write as _;

use super::{Finding, Verdict, Verified};

/// Findings of each kind that are shown; `--json` has all.
const SHOWN: usize = 30;

/// The result as a text.
pub(super) fn render(verified: &Verified) -> String {
    let (then, now) = (&verified.snapshot, &verified.now);
    let mut text = format!(
        "snapshot of {}: Vikunja {} at {}\nnow: Vikunja {} at {}\n\n",
        then.taken, then.version, then.url, now.version, now.url
    );
    let _ = writeln!(
        text,
        "  {} records now, {} the same as then",
        verified.records, verified.same
    );
    for (verdict, words) in [
        (Verdict::Missing, "missing"),
        (Verdict::Changed, "changed, and nobody edited them"),
        (Verdict::Edited, "edited since"),
        (Verdict::New, "new"),
    ] {
        let found: Vec<_> = verified
            .findings
            .iter()
            .filter(|finding| finding.verdict == verdict)
            .collect();
        if found.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n  {} {words}:", found.len());
        for finding in found.iter().take(SHOWN) {
            text += &line(finding);
        }
        if found.len() > SHOWN {
            let _ = writeln!(
                text,
                "    … and {} more (--json has all)",
                found.len() - SHOWN
            );
        }
    }
    if !verified.gaps_then.is_empty() {
        let kinds: Vec<_> = verified.gaps_then.keys().map(String::as_str).collect();
        let _ = writeln!(
            text,
            "\n  could not be seen when the snapshot was taken: {}",
            kinds.join(", ")
        );
    }
    text += if verified.passed {
        "\nnothing is lost\n"
    } else {
        "\nSOMETHING IS NOT AS IT WAS\n"
    };
    text
}

fn line(finding: &Finding) -> String {
    let title = finding
        .title
        .as_ref()
        .map_or_else(String::new, |title| format!(" «{title}»"));
    let mut text = format!("    {} {}{title}\n", finding.account, finding.what);
    for field in &finding.fields {
        let value = |value: &Option<String>| {
            value
                .as_ref()
                .map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"))
        };
        let _ = writeln!(
            text,
            "      {}: {} → {}",
            field.field,
            value(&field.was),
            value(&field.is)
        );
    }
    text
}
