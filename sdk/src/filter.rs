//! Filters of task lists: typed conditions, written as each release wants them.
//!
//! A condition is a field, what it is compared with, and how; conditions are joined by `&` and `|`. From 0.24 a filter
//! is sent as one expression, before that as parallel arrays. What a release cannot carry is a [`BuildError`] before
//! anything is sent: never a list that was filtered otherwise, or not at all.
//!
//! ```
//! use vikunja_sdk::{
//!     Api, At, Release,
//!     filter::{DONE, DUE_DATE, LABELS, PRIORITY, TITLE, Unit, now},
//!     model::LabelId,
//!     tasks,
//! };
//!
//! let urgent = PRIORITY.ge(4) | LABELS.any_of([LabelId(7)]);
//! let soon = DUE_DATE.lt(now().start_of(Unit::Day).plus(3, Unit::Day));
//! let filter = DONE.is(false) & soon & urgent;
//!
//! let at = At { release: Release(2, 5, 0), api: Api::V2 };
//! assert_eq!(
//!     filter.expression(at)?,
//!     "done = false && due_date <= now/d+3d-1s && (priority >= 4 || labels in 7)",
//! );
//!
//! let list = tasks::List {
//!     query: tasks::ListQuery { filter: Some(filter), ..Default::default() },
//! };
//!
//! let lost = TITLE.eq("Bread & butter").expression(at).unwrap_err();
//! assert!(lost.to_string().contains("ends a value at «&»"));
//! # Ok::<(), vikunja_sdk::BuildError>(())
//! ```
//!
//! What is unset: a number is 0, a text is empty, and they are compared as such (`PRIORITY.lt(3)` finds tasks without
//! priority). A date that is unset matches no condition, whichever way it is compared;
//! [`filter_include_nulls`](crate::tasks::ListQuery::filter_include_nulls) turns that around, for all conditions.
//!
//! There is no «not»: a condition and its opposite (`lt` and `ge`) both miss the tasks without the date.

mod moment;
mod selection;
mod write;

use std::{
    marker::PhantomData,
    ops::{BitAnd, BitOr},
};

use crate::model::{LabelId, ProjectId, TaskId, UserId};

pub use moment::{DateMath, Moment, Unit, now};
pub use selection::Selection;
pub(crate) use selection::name_all;
pub(crate) use write::EXPRESSIONS;

#[cfg(doc)]
use crate::BuildError;

/// Which tasks are wanted. Joined by `&` and `|`; several at once by `reduce`:
///
/// ```
/// use vikunja_sdk::filter::{Filter, TITLE};
///
/// let words = ["bread", "flour"];
/// let any: Option<Filter> = words.map(|word| TITLE.like(word)).into_iter().reduce(|a, b| a | b);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Compare(Comparison),
    Join(Join, Vec<Filter>),
    Raw(String),
}

/// How conditions are joined.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Join {
    And,
    Or,
}

#[derive(Clone, Debug, PartialEq)]
struct Comparison {
    field: &'static str,
    operator: Operator,
    /// One; any number of [`Operator::In`] and [`Operator::NotIn`].
    values: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Like,
    In,
    NotIn,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Moment(Moment),
    Text(String),
}

impl Filter {
    /// An expression written by hand (0.24+), such as `done = false && priority > 2`. It is sent as it is; joined with
    /// others it stands in parentheses.
    ///
    /// What the server does with its values is the caller's business: it trims them, ends them at `&`, `|`, `(` and
    /// `)` also inside quotes, and takes `and` for a part of them.
    pub fn raw(expression: impl Into<String>) -> Self {
        Self(Node::Raw(expression.into()))
    }

    fn one(field: &'static str, operator: Operator, value: Value) -> Self {
        Self::list(field, operator, vec![value])
    }

    fn list(field: &'static str, operator: Operator, values: Vec<Value>) -> Self {
        Self(Node::Compare(Comparison {
            field,
            operator,
            values,
        }))
    }

    /// Joins two, without a level of its own for what is joined in the same way already.
    fn join(self, how: Join, other: Self) -> Self {
        let mut parts = Vec::new();
        for part in [self, other] {
            match part.0 {
                Node::Join(same, inner) if same == how => parts.extend(inner),
                node => parts.push(Self(node)),
            }
        }
        Self(Node::Join(how, parts))
    }
}

/// Tasks that both want.
impl BitAnd for Filter {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.join(Join::And, other)
    }
}

/// Tasks that one of them wants.
impl BitOr for Filter {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.join(Join::Or, other)
    }
}

/// A field that is true or false.
#[derive(Clone, Copy, Debug)]
pub struct Flag(&'static str);

impl Flag {
    /// A field that this version has no constant for.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// It is so.
    pub fn is(self, value: bool) -> Filter {
        Filter::one(self.0, Operator::Eq, Value::Boolean(value))
    }
}

/// A field that holds a number or an id. Unset is 0.
#[derive(Clone, Copy, Debug)]
pub struct Number<T>(&'static str, PhantomData<T>);

/// What a [`Number`] can be compared with: `i64`, `f64` and ids.
#[expect(private_bounds, reason = "sealed")]
pub trait Operand: Into<Value> {}

macro_rules! operands {
    ($($operand:ty: $given:ident => $value:expr,)+) => {$(
        impl Operand for $operand {}
        impl From<$operand> for Value {
            fn from($given: $operand) -> Self {
                $value
            }
        }
    )+};
}

operands! {
    i64: number => Self::Integer(number),
    f64: number => Self::Number(number),
    TaskId: id => Self::Integer(id.0),
    ProjectId: id => Self::Integer(id.0),
    UserId: id => Self::Integer(id.0),
    LabelId: id => Self::Integer(id.0),
}

impl<T: Operand> Number<T> {
    /// A field that this version has no constant for.
    pub const fn named(name: &'static str) -> Self {
        Self(name, PhantomData)
    }

    /// It is this.
    pub fn eq(self, value: T) -> Filter {
        Filter::one(self.0, Operator::Eq, value.into())
    }

    /// It is something else.
    pub fn ne(self, value: T) -> Filter {
        Filter::one(self.0, Operator::Ne, value.into())
    }

    /// It is less.
    pub fn lt(self, value: T) -> Filter {
        Filter::one(self.0, Operator::Lt, value.into())
    }

    /// It is this or less.
    pub fn le(self, value: T) -> Filter {
        Filter::one(self.0, Operator::Le, value.into())
    }

    /// It is more.
    pub fn gt(self, value: T) -> Filter {
        Filter::one(self.0, Operator::Gt, value.into())
    }

    /// It is this or more.
    pub fn ge(self, value: T) -> Filter {
        Filter::one(self.0, Operator::Ge, value.into())
    }

    /// It is one of these. An empty list is a [`BuildError`].
    pub fn any_of(self, values: impl IntoIterator<Item = T>) -> Filter {
        let values = values.into_iter().map(Into::into).collect();
        Filter::list(self.0, Operator::In, values)
    }

    /// It is none of these. An empty list is a [`BuildError`].
    pub fn none_of(self, values: impl IntoIterator<Item = T>) -> Filter {
        let values = values.into_iter().map(Into::into).collect();
        Filter::list(self.0, Operator::NotIn, values)
    }
}

/// A field that holds text. Unset is empty.
///
/// From 0.24 an expression cannot carry every text: none with `&`, `|`, `(`, `)` or with blanks at its ends, before 2.5
/// also none with a backslash or one of the words `in` and `like` between blanks. Such a text is a [`BuildError`].
#[derive(Clone, Copy, Debug)]
pub struct Text(&'static str);

impl Text {
    /// A field that this version has no constant for.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// It is this text, upper and lower case told apart (on SQLite and PostgreSQL).
    pub fn eq(self, text: impl Into<String>) -> Filter {
        Filter::one(self.0, Operator::Eq, Value::Text(text.into()))
    }

    /// It is another text.
    pub fn ne(self, text: impl Into<String>) -> Filter {
        Filter::one(self.0, Operator::Ne, Value::Text(text.into()))
    }

    /// It contains this text, in upper or lower case (on SQLite: of ASCII letters). `%` in it stands for any text, `_`
    /// for any one character; they cannot be meant literally.
    pub fn like(self, text: impl Into<String>) -> Filter {
        Filter::one(self.0, Operator::Like, Value::Text(text.into()))
    }

    /// It is one of these texts. An empty list is a [`BuildError`].
    pub fn any_of<T: Into<String>>(self, texts: impl IntoIterator<Item = T>) -> Filter {
        Filter::list(self.0, Operator::In, all(texts))
    }

    /// It is none of these texts. An empty list is a [`BuildError`].
    pub fn none_of<T: Into<String>>(self, texts: impl IntoIterator<Item = T>) -> Filter {
        Filter::list(self.0, Operator::NotIn, all(texts))
    }
}

fn all<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Vec<Value> {
    texts
        .into_iter()
        .map(|text| Value::Text(text.into()))
        .collect()
}

/// A field that holds a moment, compared to the second. Unset matches nothing.
///
/// «Equals» is not offered: on SQLite the server's `=` never matches a date, its `>=` leaves the exact second out and
/// its `<` lets it in. So only `>` and `<=` are ever sent, which are right everywhere, with the moment shifted by one
/// second where need be.
#[derive(Clone, Copy, Debug)]
pub struct Date(&'static str);

impl Date {
    /// A field that this version has no constant for.
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// It is before this moment.
    pub fn lt(self, moment: impl Into<Moment>) -> Filter {
        let earlier = moment.into().second_before();
        Filter::one(self.0, Operator::Le, Value::Moment(earlier))
    }

    /// It is at this moment or before it.
    pub fn le(self, moment: impl Into<Moment>) -> Filter {
        Filter::one(self.0, Operator::Le, Value::Moment(moment.into()))
    }

    /// It is after this moment.
    pub fn gt(self, moment: impl Into<Moment>) -> Filter {
        Filter::one(self.0, Operator::Gt, Value::Moment(moment.into()))
    }

    /// It is at this moment or after it.
    pub fn ge(self, moment: impl Into<Moment>) -> Filter {
        let earlier = moment.into().second_before();
        Filter::one(self.0, Operator::Gt, Value::Moment(earlier))
    }
}

/// The labels of a task, by id.
#[derive(Clone, Copy, Debug)]
pub struct Labels(());

impl Labels {
    /// The task has one of these. An empty list is a [`BuildError`].
    pub fn any_of(self, labels: impl IntoIterator<Item = LabelId>) -> Filter {
        Number::named(write::LABELS).any_of(labels)
    }

    /// The task has none of these (1.0+: earlier releases find tasks with any other label). An empty list is a
    /// [`BuildError`].
    pub fn none_of(self, labels: impl IntoIterator<Item = LabelId>) -> Filter {
        Number::named(write::LABELS).none_of(labels)
    }
}

/// The assignees of a task, by user name.
#[derive(Clone, Copy, Debug)]
pub struct Assignees(());

impl Assignees {
    /// The task is assigned to one of these. An empty list is a [`BuildError`].
    pub fn any_of<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Filter {
        Text(write::ASSIGNEES).any_of(names)
    }

    /// The task is assigned to none of these (1.0+: earlier releases find tasks with any other assignee). An empty
    /// list is a [`BuildError`].
    pub fn none_of<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Filter {
        Text(write::ASSIGNEES).none_of(names)
    }
}

/// Id.
pub const ID: Number<TaskId> = Number::named("id");
/// Title.
pub const TITLE: Text = Text("title");
/// Description, HTML.
pub const DESCRIPTION: Text = Text("description");
/// Whether it is done.
pub const DONE: Flag = Flag("done");
/// When it was done.
pub const DONE_AT: Date = Date("done_at");
/// When it is due.
pub const DUE_DATE: Date = Date("due_date");
/// When it begins.
pub const START_DATE: Date = Date("start_date");
/// When it ends.
pub const END_DATE: Date = Date("end_date");
/// When it was made.
pub const CREATED: Date = Date("created");
/// When it was last changed.
pub const UPDATED: Date = Date("updated");
/// Its reminders (0.24+): one of them is so. Two conditions may be met by two different reminders.
pub const REMINDERS: Date = Date(write::REMINDERS);
/// Who made it.
pub const CREATED_BY: Number<UserId> = Number::named("created_by_id");
/// The project that it is in.
pub const PROJECT: Number<ProjectId> = Number::named(write::PROJECT);
/// Its number within the project.
pub const INDEX: Number<i64> = Number::named("index");
/// Priority: 0 unset, 1 low … 5 do now.
pub const PRIORITY: Number<i64> = Number::named("priority");
/// 0 … 1.
pub const PERCENT_DONE: Number<f64> = Number::named("percent_done");
/// Repetition, in seconds; 0 = none.
pub const REPEAT_AFTER: Number<i64> = Number::named("repeat_after");
/// Colour: six hex digits, without `#`.
pub const HEX_COLOR: Text = Text("hex_color");
/// Its labels.
pub const LABELS: Labels = Labels(());
/// Its assignees.
pub const ASSIGNEES: Assignees = Assignees(());
