//! Filters on the wire: an expression from 0.24, parallel arrays before.

use serde_json::{Map, Value as Json};

use super::{Comparison, Filter, Join, Node, Operator, Value};
use crate::{At, BuildError, Query, Release, projects::PROJECTS};

pub(super) const LABELS: &str = "labels";
pub(super) const ASSIGNEES: &str = "assignees";
pub(super) const REMINDERS: &str = "reminders";
pub(super) const PROJECT: &str = "project_id";

/// First release that takes an expression and ignores the arrays.
pub(crate) const EXPRESSIONS: Release = Release(0, 24, 0);
/// First release with `not in`, and in which «not this label» is not «another label».
const NEGATIONS: Release = Release(1, 0, 0);
/// First release that is known to read backslashes in values as escapes, and words in quotes as no operators. What
/// those after 1.0.0 do is not known.
const ESCAPES: Release = Release(2, 5, 0);

impl Filter {
    /// The expression that 0.24 and later take, not percent-encoded: for saved filters and views, and to look at.
    pub fn expression(&self, at: At) -> Result<String, BuildError> {
        if at.release < EXPRESSIONS {
            return Err(refuse(
                at,
                "an expression",
                "the server would ignore it and list everything",
                "0.24.0 and newer take it",
            ));
        }
        let mut out = String::new();
        self.write(at, false, &mut out)?;
        Ok(out)
    }

    /// Adds the filter to a query, as the release takes it.
    pub(crate) fn push(&self, at: At, query: &mut Query) -> Result<(), BuildError> {
        if at.release >= EXPRESSIONS {
            query.push("filter", self.expression(at)?);
            return Ok(());
        }
        let mut arrays = Arrays::default();
        self.flatten(at, &mut arrays)?;
        for row in &arrays.rows {
            query
                .push("filter_by[]", row.field)
                .push("filter_comparator[]", row.comparator)
                .push("filter_value[]", &row.value);
        }
        query.maybe("filter_concat", arrays.concat.map(Join::word));
        Ok(())
    }

    /// The filter as saved filters, views and buckets store it.
    pub(super) fn stored(&self, at: At) -> Result<Map<String, Json>, BuildError> {
        if at.release >= EXPRESSIONS {
            let expression = Json::from(self.expression(at)?);
            return Ok(Map::from_iter([("filter".to_owned(), expression)]));
        }
        let mut arrays = Arrays::default();
        self.flatten(at, &mut arrays)?;
        let column = |of: fn(&Row) -> &str| arrays.rows.iter().map(of).collect();
        let mut stored = Map::from_iter([
            ("filter_by".to_owned(), column(|row| row.field)),
            ("filter_comparator".to_owned(), column(|row| row.comparator)),
            ("filter_value".to_owned(), column(|row| &row.value)),
        ]);
        if let Some(how) = arrays.concat {
            stored.insert("filter_concat".to_owned(), how.word().into());
        }
        Ok(stored)
    }

    fn write(&self, at: At, nested: bool, out: &mut String) -> Result<(), BuildError> {
        let (open, close) = if nested { ("(", ")") } else { ("", "") };
        match &self.0 {
            Node::Compare(comparison) => return comparison.write(at, nested, out),
            Node::Join(how, parts) => {
                out.push_str(open);
                for (number, part) in parts.iter().enumerate() {
                    if number > 0 {
                        out.push_str(how.sign());
                    }
                    part.write(at, true, out)?;
                }
            }
            Node::Raw(text) if text.trim().is_empty() => {
                return Err(refuse(
                    at,
                    "an empty expression",
                    "it would filter nothing",
                    "leave the filter out",
                ));
            }
            Node::Raw(text) => {
                out.push_str(open);
                out.push_str(text);
            }
        }
        out.push_str(close);
        Ok(())
    }

    fn flatten(&self, at: At, arrays: &mut Arrays) -> Result<(), BuildError> {
        match &self.0 {
            Node::Compare(comparison) => comparison.flatten(at, arrays),
            Node::Join(how, parts) => {
                if *arrays.concat.get_or_insert(*how) != *how {
                    return Err(refuse(
                        at,
                        "«and» together with «or»",
                        "it joins all conditions in one way",
                        "send one list request for each side of the «or»",
                    ));
                }
                parts.iter().try_for_each(|part| part.flatten(at, arrays))
            }
            Node::Raw(text) => Err(refuse(
                at,
                &format!("the expression {text:?}"),
                "the server would ignore it and list everything",
                "build it of typed conditions",
            )),
        }
    }
}

/// The parallel arrays of 0.20 to 0.23.
#[derive(Default)]
struct Arrays {
    rows: Vec<Row>,
    /// How they are joined, once there is something to join.
    concat: Option<Join>,
}

struct Row {
    field: &'static str,
    comparator: &'static str,
    value: String,
}

impl Join {
    const fn sign(self) -> &'static str {
        match self {
            Self::And => " && ",
            Self::Or => " || ",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

impl Comparison {
    fn write(&self, at: At, nested: bool, out: &mut String) -> Result<(), BuildError> {
        let field = self.field_on(at)?;
        // A list has no quotes around its values, and no `not` before 1.0: other comparisons say the same.
        let is_text = self
            .values
            .iter()
            .any(|value| matches!(value, Value::Text(_)));
        let is_listed = matches!(self.operator, Operator::In | Operator::NotIn);
        let is_unknown = self.operator == Operator::NotIn && at.release < NEGATIONS;
        if is_listed && (is_text || is_unknown) {
            return self.spelled_out(at)?.write(at, nested, out);
        }
        // Side by side, 2.5 wants one reminder for which both hold. In parentheses each stands for itself, as it does
        // on other releases.
        let (open, close) = if nested && field == REMINDERS {
            ("(", ")")
        } else {
            ("", "")
        };
        let sign = self.operator.sign();
        let values = self.listed(at, |value| self.value_in_expression(value, at))?;
        out.extend([open, field, sign, &values, close]);
        Ok(())
    }

    fn flatten(&self, at: At, arrays: &mut Arrays) -> Result<(), BuildError> {
        let field = self.field_on(at)?;
        let Some(comparator) = self.operator.word() else {
            return self.spelled_out(at)?.flatten(at, arrays);
        };
        let has_comma = |value: &Value| matches!(value, Value::Text(text) if text.contains(','));
        if self.operator == Operator::In && self.values.iter().any(has_comma) {
            return self.spelled_out(at)?.flatten(at, arrays);
        }
        arrays.rows.push(Row {
            field,
            comparator,
            value: self.listed(at, |value| self.value_alone(value, at))?,
        });
        Ok(())
    }

    /// The field as the release calls it, where it has it and can compare it so.
    fn field_on(&self, at: At) -> Result<&'static str, BuildError> {
        match (self.field, self.operator) {
            (PROJECT, _) if at.release < PROJECTS => Ok("list_id"),
            (REMINDERS, _) if at.release < EXPRESSIONS => Err(refuse(
                at,
                "a condition on reminders",
                "the server refuses the field",
                "0.24.0 and newer take it; look through the answer instead",
            )),
            (LABELS | ASSIGNEES, Operator::NotIn | Operator::Ne) if at.release < NEGATIONS => {
                Err(refuse(
                    at,
                    &format!("«none of» {}", self.field),
                    "the server would find the tasks that have any other",
                    "1.0.0 and newer take it; look through the answer instead",
                ))
            }
            (field, _) => Ok(field),
        }
    }

    /// A list as single comparisons, each with one value.
    fn spelled_out(&self, at: At) -> Result<Filter, BuildError> {
        let (operator, how) = match self.operator {
            Operator::NotIn => (Operator::Ne, Join::And),
            _ => (Operator::Eq, Join::Or),
        };
        self.values
            .iter()
            .map(|value| Filter::one(self.field, operator, value.clone()))
            .reduce(|all, one| all.join(how, one))
            .ok_or_else(|| self.refuse_empty(at))
    }

    /// All values, each as `write` has it.
    fn listed(
        &self,
        at: At,
        write: impl Fn(&Value) -> Result<String, BuildError>,
    ) -> Result<String, BuildError> {
        if self.values.is_empty() {
            return Err(self.refuse_empty(at));
        }
        let values: Result<Vec<_>, _> = self.values.iter().map(write).collect();
        // Without blanks: 0.20 takes them for a part of the number.
        Ok(values?.join(","))
    }

    fn refuse_empty(&self, at: At) -> BuildError {
        refuse(
            at,
            &format!("a list of no values for {}", self.field),
            "the server reads it as no value",
            "leave the condition out, or name a value",
        )
    }

    /// A value as nothing but itself.
    fn value_alone(&self, value: &Value, at: At) -> Result<String, BuildError> {
        match value {
            Value::Integer(number) => Ok(number.to_string()),
            Value::Number(number) if number.is_finite() => Ok(number.to_string()),
            Value::Number(number) => Err(refuse(
                at,
                &format!("{} compared with {number}", self.field),
                "it is no number",
                "compare with a finite one",
            )),
            Value::Boolean(value) => Ok(value.to_string()),
            Value::Moment(moment) => Ok(moment.to_string()),
            Value::Text(text) => Ok(text.clone()),
        }
    }

    /// A value among signs, words and other values.
    fn value_in_expression(&self, value: &Value, at: At) -> Result<String, BuildError> {
        let Value::Text(text) = value else {
            return self.value_alone(value, at);
        };
        match uncarried(text, at.release) {
            None => Ok(format!(
                "\"{}\"",
                text.replace('\\', r"\\").replace('"', "\\\"")
            )),
            Some(why) => Err(refuse(
                at,
                &format!("{}{}{text:?}", self.field, self.operator.sign()),
                &why,
                "compare with a part of the text by `like`, or look through the answer",
            )),
        }
    }
}

impl Operator {
    /// As an expression has it.
    const fn sign(self) -> &'static str {
        match self {
            Self::Eq => " = ",
            Self::Ne => " != ",
            Self::Lt => " < ",
            Self::Le => " <= ",
            Self::Gt => " > ",
            Self::Ge => " >= ",
            Self::Like => " like ",
            Self::In => " in ",
            Self::NotIn => " not in ",
        }
    }

    /// As the arrays have it.
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Eq => Some("equals"),
            Self::Ne => Some("not_equals"),
            Self::Lt => Some("less"),
            Self::Le => Some("less_equals"),
            Self::Gt => Some("greater"),
            Self::Ge => Some("greater_equals"),
            Self::Like => Some("like"),
            Self::In => Some("in"),
            Self::NotIn => None,
        }
    }
}

/// Why an expression cannot carry a text: the server would refuse it, or compare with another one.
fn uncarried(text: &str, release: Release) -> Option<String> {
    if let Some(end) = text
        .chars()
        .find(|one| matches!(one, '&' | '|' | '(' | ')'))
    {
        return Some(format!(
            "the server ends a value at «{end}», also in quotes"
        ));
    }
    if text.trim() != text {
        return Some("the server cuts blanks off both ends of a value, also in quotes".to_owned());
    }
    if release >= ESCAPES {
        return None;
    }
    if text.contains('\\') {
        return Some("releases before 2.5.0 do not agree on what a backslash means".to_owned());
    }
    let word = [" in ", " like "]
        .into_iter()
        .find(|word| text.contains(word))?;
    Some(format!(
        "releases before 2.5.0 may take «{}» for an operator, also in quotes",
        word.trim()
    ))
}

fn refuse(at: At, what: &str, why: &str, instead: &str) -> BuildError {
    BuildError::Filter {
        what: what.to_owned(),
        why: why.to_owned(),
        instead: instead.to_owned(),
        release: at.release,
    }
}
