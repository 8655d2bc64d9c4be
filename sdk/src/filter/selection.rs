//! What saved filters, views and their buckets store.

use serde_json::{Map, Value, json};

use super::Filter;
use crate::{
    At, BuildError, Release,
    model::{Order, SortField},
    tasks::sort_name,
};

/// First release that stores a text to search for, and whose views store more than an expression.
const SEARCHES: Release = Release(1, 0, 0);

/// Which tasks a saved filter, a view or a bucket shows, and in which order.
///
/// What is stored is read as a [`TaskCollection`](crate::model::TaskCollection); its expression is written again by
/// [`Filter::raw`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Which tasks.
    pub filter: Option<Filter>,
    /// What they are sorted by, the first being the most important. **Only saved filters are sorted so** (0.24+): views
    /// and 0.20 store it, and go by the tasks' position all the same.
    pub sort: Vec<(SortField, Order)>,
    /// Part of the title or description (1.0+). **Only views search**: saved filters store it, and find the other tasks
    /// all the same.
    pub search: Option<String>,
    /// Every condition also matches tasks in which the field is unset (or 0). Views of 1.0 store it and leave these out
    /// all the same.
    pub filter_include_nulls: bool,
}

impl From<Filter> for Selection {
    fn from(filter: Filter) -> Self {
        Self {
            filter: Some(filter),
            ..Self::default()
        }
    }
}

impl Selection {
    /// As a saved filter stores it; what is not given is left out.
    pub(crate) fn to_json(&self, at: At) -> Result<Map<String, Value>, BuildError> {
        let mut out = Map::new();
        if let Some(filter) = &self.filter {
            out.extend(filter.stored(at)?);
        }
        if !self.sort.is_empty() {
            let (fields, orders): (Vec<_>, Vec<_>) = self
                .sort
                .iter()
                .map(|(field, order)| (sort_name(field, at.release), order.as_str()))
                .unzip();
            out.insert("sort_by".to_owned(), json!(fields));
            out.insert("order_by".to_owned(), json!(orders));
        }
        if let Some(search) = &self.search {
            if at.release < SEARCHES {
                return Err(BuildError::Body(format!(
                    "a stored text to search for needs Vikunja {SEARCHES} or newer; this server is {}: compare the title \
                     by `like`",
                    at.release
                )));
            }
            out.insert("s".to_owned(), json!(search));
        }
        if self.filter_include_nulls {
            out.insert("filter_include_nulls".to_owned(), json!(true));
        }
        Ok(out)
    }

    /// As a view or a bucket stores it: 0.24 has the expression and nothing else.
    pub(crate) fn in_view(&self, at: At) -> Result<Value, BuildError> {
        if at.release >= SEARCHES {
            return self.to_json(at).map(Value::Object);
        }
        let Self { filter, .. } = self;
        if *self != filter.clone().map(Self::from).unwrap_or_default() {
            return Err(BuildError::Body(format!(
                "a view that sorts, searches or includes unset fields needs Vikunja {SEARCHES} or newer; this server is \
                 {}, whose views store the filter alone",
                at.release
            )));
        }
        let expression = filter.as_ref().map(|filter| filter.expression(at));
        Ok(json!(expression.transpose()?.unwrap_or_default()))
    }
}

/// Names all that the selection under this key can hold, so that a merge patch replaces it instead of merging the two.
pub(crate) fn name_all(fields: &mut Map<String, Value>, key: &str) {
    if let Some(Value::Object(selection)) = fields.get_mut(key) {
        for part in ["filter", "filter_include_nulls", "order_by", "s", "sort_by"] {
            selection.entry(part).or_insert(Value::Null);
        }
    }
}
