//! The language of `filter`: conditions joined by `&&` and `||`, with parentheses.

use crate::failure::{Failure, domain, lacking};

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Expression {
    Comparison(Comparison),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) field: String,
    pub(super) operator: Operator,
    pub(super) value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equals,
    Differs,
    Greater,
    AtLeast,
    Less,
    AtMost,
    Like,
    In,
    NotIn,
}

impl Operator {
    /// Whether it asks for the same, not for more or less.
    pub(super) fn is_equality(self) -> bool {
        matches!(self, Self::Equals | Self::Differs | Self::In | Self::NotIn)
    }
}

/// Operators, longest first; word operators stand between single spaces.
const OPERATORS: [(&str, Operator); 12] = [
    (" not in ", Operator::NotIn),
    (" like ", Operator::Like),
    (" in ", Operator::In),
    ("?!=", Operator::NotIn),
    ("?=", Operator::In),
    ("!=", Operator::Differs),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("=", Operator::Equals),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("~", Operator::Like),
];

/// Reads a filter expression; `escapes` says whether every backslash in a value is one.
pub(super) fn parse(text: &str, escapes: bool) -> Result<Expression, Failure> {
    let mut parser = Parser {
        text,
        at: 0,
        escapes,
    };
    let depth = depth(text);
    if depth > 0 {
        let why = format!("invalid formatted group - missing {depth} closing bracket(s)");
        return Err(unparsable(text, &why));
    }
    let expression = parser.group()?;
    if parser.at < text.len() {
        return Err(unparsable(text, "unexpected character"));
    }
    Ok(expression)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    escapes: bool,
}

impl Parser<'_> {
    /// Conditions up to the closing parenthesis or the end.
    fn group(&mut self) -> Result<Expression, Failure> {
        let mut parts = vec![self.part()?];
        let mut joint = None;
        loop {
            self.skip_spaces();
            let found = ["&&", "||"]
                .into_iter()
                .find(|joint| self.rest().starts_with(joint));
            let Some(found) = found else { break };
            if *joint.get_or_insert(found) != found {
                // The server's reading of this follows no precedence that one could rely on.
                return Err(lacking("filters that mix && and || without parentheses"));
            }
            self.at += found.len();
            parts.push(self.part()?);
        }
        Ok(match joint {
            None => parts.swap_remove(0),
            Some("&&") => Expression::All(parts),
            Some(_) => Expression::Any(parts),
        })
    }

    fn part(&mut self) -> Result<Expression, Failure> {
        self.skip_spaces();
        if !self.rest().starts_with('(') {
            return self.comparison();
        }
        self.at += 1;
        let inside = self.group()?;
        self.skip_spaces();
        if !self.rest().starts_with(')') {
            return Err(unparsable(self.text, "invalid formatted group"));
        }
        self.at += 1;
        Ok(inside)
    }

    fn comparison(&mut self) -> Result<Expression, Failure> {
        let rest = self.rest();
        let end = rest.find(['&', '|', '(', ')']).unwrap_or(rest.len());
        let condition = &rest[..end];
        let Some((place, sign, operator)) = operator_in(condition) else {
            return Err(unparsable(self.text, "invalid filter operator"));
        };
        let value = unquoted(condition[place + sign.len()..].trim());
        let value = if self.escapes {
            unescaped(&value)
        } else {
            Some(value).filter(|value| !value.ends_with('\\'))
        };
        let comparison = Comparison {
            field: condition[..place].trim().to_owned(),
            operator,
            // The backslash at its end hides the quote.
            value: value.ok_or_else(|| unparsable(self.text, "invalid quoted text"))?,
        };
        self.at += end;
        Ok(Expression::Comparison(comparison))
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }
}

/// How many parentheses stay open.
fn depth(text: &str) -> i64 {
    text.chars()
        .map(|sign| i64::from(sign == '(') - i64::from(sign == ')'))
        .sum()
}

fn unquoted(value: &str) -> String {
    for quote in ['\'', '"'] {
        if let Some(inside) = value
            .strip_prefix(quote)
            .and_then(|value| value.strip_suffix(quote))
        {
            return inside.replace(&format!("\\{quote}"), &quote.to_string());
        }
    }
    value.to_owned()
}

/// Without escapes, as 2.5 knows them; what is none stays. None if the last backslash has nothing to escape.
fn unescaped(value: &str) -> Option<String> {
    let mut plain = String::with_capacity(value.len());
    let mut signs = value.chars();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            plain.push(sign);
            continue;
        }
        match signs.next()? {
            '\\' => plain.push('\\'),
            'n' => plain.push('\n'),
            'r' => plain.push('\r'),
            't' => plain.push('\t'),
            other => plain.extend(['\\', other]),
        }
    }
    Some(plain)
}

fn unparsable(text: &str, why: &str) -> Failure {
    let quoted = quoted(text);
    domain(
        400,
        4024,
        format!("The filter expression '{quoted}' is invalid: {why}"),
    )
}

/// The expression as the server's message repeats it: with its values in quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for piece in text.split_inclusive(['&', '|', '(', ')']) {
        let (condition, joint) =
            piece.split_at(piece.find(['&', '|', '(', ')']).unwrap_or(piece.len()));
        match operator_in(condition) {
            Some((place, sign, _)) => {
                let (field, value) = (
                    &condition[..place + sign.len()],
                    condition[place + sign.len()..].trim(),
                );
                let space = if condition[place + sign.len()..].starts_with(' ') {
                    " "
                } else {
                    ""
                };
                quoted.extend([field, space, "'", &unquoted(value), "'"]);
            }
            None => quoted.push_str(condition),
        }
        quoted.push_str(joint);
    }
    quoted
}

/// The first operator of a condition, and of two at one place the longer, which stands earlier in the list.
fn operator_in(condition: &str) -> Option<(usize, &'static str, Operator)> {
    let places = OPERATORS
        .into_iter()
        .filter_map(|(sign, operator)| Some((condition.find(sign)?, sign, operator)));
    places.min_by_key(|(place, ..)| *place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(field: &str, operator: Operator, value: &str) -> Expression {
        Expression::Comparison(Comparison {
            field: field.to_owned(),
            operator,
            value: value.to_owned(),
        })
    }

    #[test]
    fn conditions_join_and_nest() {
        assert_eq!(
            parse("done = false", true).expect("valid"),
            comparison("done", Operator::Equals, "false")
        );
        assert_eq!(
            parse("(priority>=4 || title like 'a b') && done!=true", true).expect("valid"),
            Expression::All(vec![
                Expression::Any(vec![
                    comparison("priority", Operator::AtLeast, "4"),
                    comparison("title", Operator::Like, "a b"),
                ]),
                comparison("done", Operator::Differs, "true"),
            ])
        );
        assert_eq!(
            parse("labels not in 1, 2", true).expect("valid"),
            comparison("labels", Operator::NotIn, "1, 2")
        );
    }

    #[test]
    fn backslashes() {
        let value = |text: &str, escapes| match parse(text, escapes) {
            Ok(Expression::Comparison(comparison)) => Some(comparison.value),
            _ => None,
        };
        // The text, what 2.5 compares with, and what earlier releases do.
        for (text, newer, older) in [
            (r#"title = "a\\b""#, Some(r"a\b"), Some(r"a\\b")),
            (r"title = a\\b", Some(r"a\b"), Some(r"a\\b")),
            (r#"title = "a\nb""#, Some("a\nb"), Some(r"a\nb")),
            (r#"title = "a\zb""#, Some(r"a\zb"), Some(r"a\zb")),
            (r"title = 'a\'b'", Some("a'b"), Some("a'b")),
            (r#"title = "a\\""#, Some(r"a\"), None),
            (r#"title = "a\""#, None, None),
        ] {
            assert_eq!(value(text, true).as_deref(), newer, "{text}");
            assert_eq!(value(text, false).as_deref(), older, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in [
            "(done = false",
            "done",
            "  ",
            "a = 1 || b = 2 && c = 3",
            "done = false) && x = 1",
        ] {
            assert!(parse(text, true).is_err(), "{text}");
        }
    }
}
