//! `filter`, `sort_by` and `order_by` of task lists, as SQL.

mod arrays;
mod dates;
mod grammar;

use rusqlite::types::Value as Sql;

use crate::call::Call;
use crate::failure::{Domain, Failure, domain, lacking};
use crate::release::Release;
use crate::store::tasks::Condition;
use crate::store::views::{Query, View};
use arrays::Arrays;
use dates::Zone;
use grammar::{Comparison, Expression, Operator};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Integer,
    Number,
    Boolean,
    Text,
    Date,
}

/// Fields by which one can sort and filter, with their column.
const FIELDS: &[(&str, &str, Holds)] = &[
    ("id", "t.id", Holds::Integer),
    ("title", "t.title", Holds::Text),
    ("description", "t.description", Holds::Text),
    ("done", "t.done", Holds::Boolean),
    ("done_at", "t.done_at", Holds::Date),
    ("due_date", "t.due_date", Holds::Date),
    ("created_by_id", "t.created_by", Holds::Integer),
    ("project_id", "t.project_id", Holds::Integer),
    ("project", "t.project_id", Holds::Integer),
    ("repeat_after", "t.repeat_after", Holds::Integer),
    ("priority", "t.priority", Holds::Integer),
    ("start_date", "t.start_date", Holds::Date),
    ("end_date", "t.end_date", Holds::Date),
    ("hex_color", "t.hex_color", Holds::Text),
    ("percent_done", "t.percent_done", Holds::Number),
    ("created", "t.created", Holds::Date),
    ("updated", "t.updated", Holds::Date),
    ("index", "t.number", Holds::Integer),
];

/// Something of which a task has any number.
#[derive(Debug)]
struct List {
    name: &'static str,
    /// A query for those of the task `t`, to which a condition can be added.
    rows: &'static str,
    column: &'static str,
    holds: Holds,
}

const LISTS: [List; 3] = [
    List {
        name: "assignees",
        rows: "SELECT 1 FROM assignees a JOIN users au ON au.id = a.user_id WHERE a.task_id = t.id",
        column: "au.username",
        holds: Holds::Text,
    },
    List {
        name: "labels",
        rows: "SELECT 1 FROM task_labels x WHERE x.task_id = t.id",
        column: "x.label_id",
        holds: Holds::Integer,
    },
    List {
        name: "reminders",
        rows: "SELECT 1 FROM reminders r WHERE r.task_id = t.id",
        column: "r.reminder",
        holds: Holds::Date,
    },
];

impl List {
    fn named(name: &str) -> Option<&'static Self> {
        LISTS.iter().find(|list| list.name == name)
    }
}

/// Those that lists have besides.
const LIST_FIELDS: &[(&str, &str, Holds)] = &[
    ("position", "t.position", Holds::Number),
    ("kanban_position", "t.kanban_position", Holds::Number),
    ("bucket_id", "t.bucket_id", Holds::Integer),
];

fn field(release: &Release, name: &str) -> Option<(&'static str, Holds)> {
    let of_lists = LIST_FIELDS.iter().filter(|_| release.lists);
    FIELDS
        .iter()
        .chain(of_lists)
        .find(|(known, ..)| *known == name)
        .map(|(_, column, holds)| (*column, *holds))
}

/// SQL's `ORDER BY` of a list. In a view the tasks stand by their position (`vp`) unless told otherwise.
pub(crate) fn order(
    release: &Release,
    sort_by: &[&str],
    order_by: &[&str],
    in_view: bool,
) -> Result<String, Failure> {
    let mut order = Vec::new();
    for (place, name) in sort_by.iter().copied().enumerate() {
        let name = release
            .spelling
            .map_or(Some(name), |spelling| spelling.meant(name))
            .ok_or_else(|| unknown_field(name))?;
        let direction = match order_by.get(place).copied() {
            None | Some("asc" | "") => "ASC",
            Some("desc") => "DESC",
            Some(_) => {
                let message =
                    "The task sort order 'invalid' is invalid. Allowed is either asc or desc.";
                return Err(domain(400, 4014, message));
            }
        };
        order.push(match name {
            "position" if in_view => format!("{POSITION} IS NULL, {POSITION} {direction}"),
            "position" if !release.lists => {
                return Err(domain(
                    400,
                    4026,
                    "You must provide a project view ID when sorting by position",
                ));
            }
            "bucket_id" if !release.lists => return Err(Failure::Breaks("no such column")),
            "uid" => return Err(lacking("sorting by uid")),
            "relevance" if release.sessions => continue,
            name if name != "project" => match field(release, name) {
                // Tasks without the date come last in both directions.
                Some((column, Holds::Date)) => format!("{column} IS NULL, {column} {direction}"),
                Some((column, _)) => format!("{column} {direction}"),
                None => return Err(unknown_field(name)),
            },
            name => return Err(unknown_field(name)),
        });
    }
    if in_view && sort_by.is_empty() {
        order.push(format!("{POSITION} IS NULL, {POSITION}"));
    }
    order.push("t.id ASC".to_owned());
    Ok(order.join(", "))
}

/// A task's position in the view that is read.
const POSITION: &str = "vp.position";

/// The condition of a request's `filter`, if it has one.
pub(crate) fn condition(
    call: &Call<'_>,
    view: Option<&View>,
) -> Result<Option<Condition>, Failure> {
    let include_nulls = call.query("filter_include_nulls") == Some("true");
    let release = call.at.release;
    if release.filters.arrays {
        let arrays = Arrays {
            fields: call.query_all("filter_by").collect(),
            values: call.query_all("filter_value").collect(),
            comparators: call.query_all("filter_comparator").collect(),
            concat: call.query("filter_concat").unwrap_or_default(),
        };
        return arrays.condition(&Translator {
            release,
            zone: &Zone::servers(),
            include_nulls,
            view,
        });
    }
    let Some(text) = call.query("filter").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let zone = match call
        .query("filter_timezone")
        .filter(|name| !name.is_empty())
    {
        Some(name) => Zone::named(name).ok_or_else(|| unknown_zone(release, name))?,
        None => Zone::servers(),
    };
    compile(release, text, &zone, include_nulls, view).map(Some)
}

/// The condition of a stored query, if it has one.
pub(crate) fn stored(
    release: &Release,
    query: &Query,
    view: Option<&View>,
) -> Result<Option<Condition>, Failure> {
    let zone = Zone::servers();
    if let Some(arrays) = &query.arrays {
        let arrays = Arrays {
            fields: texts(arrays.fields.as_ref()),
            values: texts(arrays.values.as_ref()),
            comparators: texts(arrays.comparators.as_ref()),
            concat: &arrays.concat,
        };
        return arrays.condition(&Translator {
            release,
            zone: &zone,
            include_nulls: query.filter_include_nulls,
            view,
        });
    }
    if query.filter.is_empty() {
        return Ok(None);
    }
    compile(
        release,
        &query.filter,
        &zone,
        query.filter_include_nulls,
        view,
    )
    .map(Some)
}

fn texts(list: Option<&Vec<String>>) -> Vec<&str> {
    list.into_iter().flatten().map(String::as_str).collect()
}

/// Whether a request's filter is about buckets.
pub(crate) fn names_bucket(call: &Call<'_>) -> bool {
    call.query("filter")
        .is_some_and(|text| text.contains("bucket_id"))
}

fn compile(
    release: &Release,
    text: &str,
    zone: &Zone,
    include_nulls: bool,
    view: Option<&View>,
) -> Result<Condition, Failure> {
    let translator = Translator {
        release,
        zone,
        include_nulls,
        view,
    };
    translator.expression(&grammar::parse(text, release.filters.escapes)?)
}

struct Translator<'a> {
    release: &'a Release,
    zone: &'a Zone,
    include_nulls: bool,
    /// The view that is read.
    view: Option<&'a View>,
}

impl Translator<'_> {
    /// Our name for a field that the release calls so (0.20).
    fn field<'a>(&self, theirs: &'a str) -> Option<&'a str> {
        let meant = match self.release.spelling {
            Some(spelling) => spelling.meant(theirs),
            None => Some(theirs),
        };
        // One cannot ask for reminders there, and `project` is a later short form.
        meant.filter(|own| !matches!(*own, "reminders" | "project"))
    }

    fn expression(&self, expression: &Expression) -> Result<Condition, Failure> {
        let (parts, joint) = match expression {
            Expression::Comparison(comparison) => return self.comparison(comparison),
            Expression::All(parts) => (parts, " AND "),
            Expression::Any(parts) => (parts, " OR "),
        };
        let mut joined = Condition::default();
        for part in parts {
            let part = self.expression(part)?;
            if !joined.sql.is_empty() {
                joined.sql.push_str(joint);
            }
            joined.sql.extend(["(", &part.sql, ")"]);
            joined.values.extend(part.values);
        }
        Ok(joined)
    }

    fn comparison(&self, comparison: &Comparison) -> Result<Condition, Failure> {
        let name = comparison.field.as_str();
        if comparison.operator == Operator::NotIn && !self.release.filter_objects {
            return Err(lacking("the refusal of not in"));
        }
        let mut condition = if let Some(list) = List::named(name) {
            self.among(comparison, list)?
        } else if name == "namespace" && self.release.lists {
            let of_project = self.by_column(comparison, "p.namespace_id", Holds::Integer)?;
            Condition {
                sql: format!(
                    "t.project_id IN (SELECT p.id FROM projects p WHERE {})",
                    of_project.sql
                ),
                values: of_project.values,
            }
        } else if name == "bucket_id" && !self.release.lists {
            self.in_bucket(comparison)?
        } else if name == "uid" {
            return Err(bad_value(name, &comparison.value));
        } else {
            let unknown = || {
                if self.release.filters.fields_checked {
                    unknown_field(name)
                } else {
                    bad_value(name, &comparison.value)
                }
            };
            let (column, holds) = field(self.release, name).ok_or_else(unknown)?;
            self.by_column(comparison, column, holds)?
        };
        if self.include_nulls
            && let Some(unset) = self.unset(name)
        {
            condition.sql = format!("({}) OR {unset}", condition.sql);
        }
        Ok(condition)
    }

    /// One value of a comma-separated list.
    fn listed<'a>(&self, text: &'a str) -> &'a str {
        if self.release.filters.arrays {
            text
        } else {
            text.trim()
        }
    }

    /// Matches tasks whose date or whole number is not set, or whose list is empty; older releases do not look into lists.
    fn unset(&self, name: &str) -> Option<String> {
        match (field(self.release, name), List::named(name)) {
            (Some((column, Holds::Date)), _) => Some(format!("{column} IS NULL")),
            (Some((column, Holds::Integer)), _) => Some(format!("{column} = 0")),
            (None, Some(list)) if self.release.filter_objects => {
                Some(format!("NOT EXISTS ({})", list.rows))
            }
            (None, None) if name == "bucket_id" => Some(
                "NOT EXISTS (SELECT 1 FROM task_buckets fb WHERE fb.task_id = t.id)".to_owned(),
            ),
            _ => None,
        }
    }

    /// Whether one of the things in a list fulfils the comparison; for `!=` and `not in`, whether none of them does.
    fn among(&self, comparison: &Comparison, list: &List) -> Result<Condition, Failure> {
        let positive = match comparison.operator {
            Operator::Differs => Operator::Equals,
            Operator::NotIn => Operator::In,
            Operator::Like if list.name == "labels" => {
                // Go's own words for a number where it wanted a text.
                let value = format!("%!s(int64={})", comparison.value);
                return Err(bad_value(self.release.filters.label_column, &value));
            }
            // Matches every task.
            Operator::Like if list.holds == Holds::Text => return Ok(Condition::always()),
            operator if list.holds == Holds::Text && !operator.is_equality() => {
                return Err(Failure::Breaks("texts in a list have no order"));
            }
            operator => operator,
        };
        let negated = positive != comparison.operator;
        if negated && !self.release.filter_objects && list.holds != Holds::Date {
            return Ok(Condition::never());
        }
        let inner = Comparison {
            field: comparison.field.clone(),
            operator: positive,
            value: comparison.value.clone(),
        };
        let inner = self.by_column(&inner, list.column, list.holds)?;
        let not = if negated { "NOT " } else { "" };
        Ok(Condition {
            sql: format!("{not}EXISTS ({} AND {})", list.rows, inner.sql),
            values: inner.values,
        })
    }

    fn by_column(
        &self,
        comparison: &Comparison,
        column: &str,
        holds: Holds,
    ) -> Result<Condition, Failure> {
        let value = |text: &str| self.value(&comparison.field, text, holds);
        if let Operator::In | Operator::NotIn = comparison.operator {
            let values = comparison
                .value
                .split(',')
                .map(|text| value(self.listed(text)))
                .collect::<Result<Vec<_>, _>>()
                // The whole list is named, whichever of its values is wrong.
                .map_err(|_| bad_value(&comparison.field, &comparison.value))?;
            let places = vec!["?"; values.len()].join(", ");
            let not = if comparison.operator == Operator::NotIn {
                "NOT "
            } else {
                ""
            };
            return Ok(Condition {
                sql: format!("{column} {not}IN ({places})"),
                values,
            });
        }
        if comparison.operator == Operator::Like {
            if holds != Holds::Text {
                return Err(bad_value(&comparison.field, &comparison.value));
            }
            let values = vec![comparison.value.clone().into()];
            return Ok(Condition {
                sql: format!("{column} LIKE '%' || ? || '%'"),
                values,
            });
        }
        let operator = match (comparison.operator, holds) {
            // Dates are compared as texts of two forms there: never equal, and off by the exact second.
            (Operator::Equals, Holds::Date) => "IS NULL AND NULL =",
            (Operator::Differs, Holds::Date) => "IS NOT NULL AND 0 <>",
            (Operator::Equals, _) => "=",
            (Operator::Differs, _) => "<>",
            (Operator::Greater, _) | (Operator::AtLeast, Holds::Date) => ">",
            (Operator::AtLeast, _) => ">=",
            (Operator::Less, Holds::Date) | (Operator::AtMost, _) => "<=",
            (Operator::Less, _) => "<",
            (Operator::Like | Operator::In | Operator::NotIn, _) => {
                return Err(bad_value(&comparison.field, &comparison.value));
            }
        };
        Ok(Condition {
            sql: format!("{column} {operator} ?"),
            values: vec![value(&comparison.value)?],
        })
    }

    fn value(&self, name: &str, text: &str, holds: Holds) -> Result<Sql, Failure> {
        let read = match holds {
            Holds::Integer => text.parse().ok().map(Sql::Integer),
            Holds::Number => text.parse().ok().map(Sql::Real),
            Holds::Text => Some(Sql::Text(text.to_owned())),
            Holds::Date => dates::read(text, self.zone).map(Sql::Integer),
            Holds::Boolean => match text {
                "true" | "1" => Some(Sql::Integer(1)),
                "false" | "0" => Some(Sql::Integer(0)),
                _ => None,
            },
        };
        read.ok_or_else(|| bad_value(name, text))
    }

    /// On the board that is read; without one, on any.
    fn in_bucket(&self, comparison: &Comparison) -> Result<Condition, Failure> {
        let mut condition = self.by_column(comparison, "fb.bucket_id", Holds::Integer)?;
        let view = match self.view {
            None => String::new(),
            Some(view) if self.release.boards.bucket_filter_needs_board && !view.is_board() => {
                return Err(Failure::Breaks("no such column"));
            }
            Some(view) => format!("fb.view_id = {} AND ", view.id),
        };
        condition.sql = format!(
            "EXISTS (SELECT 1 FROM task_buckets fb WHERE fb.task_id = t.id AND {view}{})",
            condition.sql
        );
        Ok(condition)
    }
}

fn unknown_field(name: &str) -> Failure {
    domain(400, 4016, format!("The task field '{name}' is invalid."))
}

fn bad_value(name: &str, value: &str) -> Failure {
    domain(
        400,
        4019,
        format!("The task filter value '{value}' for field '{name}' is invalid."),
    )
}

fn unknown_zone(release: &Release, name: &str) -> Failure {
    if !release.filters.timezone_checked {
        return Failure::Breaks("unknown time zone");
    }
    Failure::Domain(Domain {
        status: 400,
        code: 2003,
        message: format!("The timezone '{name}' is invalid"),
        params: vec![("timezone", name.to_owned())],
        fields: Vec::new(),
    })
}
