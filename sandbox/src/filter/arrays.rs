//! The filters of 0.20: parallel arrays `filter_by`, `filter_value` and `filter_comparator`, joined by one
//! `filter_concat`.

use super::grammar::{Comparison, Expression, Operator};
use super::{Translator, bad_value};
use crate::failure::{Failure, domain};
use crate::store::tasks::Condition;

/// The arrays of a request or of a saved filter.
#[derive(Debug)]
pub(super) struct Arrays<'a> {
    pub(super) fields: Vec<&'a str>,
    pub(super) values: Vec<&'a str>,
    pub(super) comparators: Vec<&'a str>,
    /// `and` or `or`; empty is `or`.
    pub(super) concat: &'a str,
}

impl Arrays<'_> {
    /// All conditions as one, if there are any.
    pub(super) fn condition(
        &self,
        translator: &Translator<'_>,
    ) -> Result<Option<Condition>, Failure> {
        let joint = match self.concat {
            "" | "or" => " OR ",
            "and" => " AND ",
            other => {
                return Err(domain(
                    400,
                    4018,
                    format!("The task filter concatinator '{other}' is invalid."),
                ));
            }
        };
        let mut joined = Condition::default();
        for (place, field) in self.fields.iter().enumerate() {
            let operator = operator(self.comparators.get(place).copied().unwrap_or_default())?;
            let part = match self.values.get(place) {
                Some(value) => compared(translator, field, operator, value)?,
                // Without a value nothing matches.
                None => Condition {
                    sql: "FALSE".to_owned(),
                    values: Vec::new(),
                },
            };
            if place > 0 {
                joined.sql.push_str(joint);
            }
            joined.sql.extend(["(", &part.sql, ")"]);
            joined.values.extend(part.values);
        }
        Ok((!self.fields.is_empty()).then_some(joined))
    }
}

fn operator(comparator: &str) -> Result<Operator, Failure> {
    Ok(match comparator {
        "" | "equals" => Operator::Equals,
        "not_equals" => Operator::Differs,
        "greater" => Operator::Greater,
        "greater_equals" => Operator::AtLeast,
        "less" => Operator::Less,
        "less_equals" => Operator::AtMost,
        "like" => Operator::Like,
        "in" => Operator::In,
        other => {
            return Err(domain(
                400,
                4017,
                format!("The task filter comparator '{other}' is invalid."),
            ));
        }
    })
}

fn compared(
    translator: &Translator<'_>,
    field: &str,
    operator: Operator,
    value: &str,
) -> Result<Condition, Failure> {
    // The server mixes up field and value when it complains, whichever of the two is wrong.
    let refused = || bad_value(value, field);
    let known = translator.field(field).ok_or_else(refused)?;
    let comparison = Comparison {
        field: known.to_owned(),
        operator,
        value: value.to_owned(),
    };
    let condition = translator.expression(&Expression::Comparison(comparison));
    condition.map_err(|failure| match failure {
        Failure::Domain(_) => refused(),
        other => other,
    })
}
