//! What is asked for in a list of tasks, as views and saved filters store it.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    FilterId, Permission, Timestamp, User,
    decode::{null_to_default, time_or_none},
};

/// What a view, a bucket or a saved filter asks for. It is also sent, hence open to literals; what is empty is left
/// out.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct TaskCollection {
    /// Text to search for (1.0+).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub s: String,
    /// Fields to sort by.
    #[serde(
        deserialize_with = "null_to_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub sort_by: Vec<String>,
    /// Order of each of these fields: `asc` or `desc`.
    #[serde(
        deserialize_with = "null_to_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub order_by: Vec<String>,
    /// Filter expression (0.24+), such as `done = false && priority > 2`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// Whether tasks match in which the field is unset.
    pub filter_include_nulls: bool,
    /// Fields to filter by (0.20 to 0.23).
    #[serde(
        deserialize_with = "null_to_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub filter_by: Vec<String>,
    /// What each of these fields is compared with (0.20 to 0.23).
    #[serde(
        deserialize_with = "null_to_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub filter_value: Vec<String>,
    /// How each of these fields is compared (0.20 to 0.23): `equals`, `greater` …
    #[serde(
        deserialize_with = "null_to_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub filter_comparator: Vec<String>,
    /// How the comparisons are joined (0.20 to 0.23): `and`, `or`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter_concat: String,
}

/// Reads the filter of a view or a bucket: 0.24 has only the expression there, later releases the whole object.
pub(super) fn expression_or_object<'de, D>(
    deserializer: D,
) -> Result<Option<TaskCollection>, D::Error>
where
    D: Deserializer<'de>,
{
    struct Filter;

    impl<'de> Visitor<'de> for Filter {
        type Value = Option<TaskCollection>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a filter expression, an object or null")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_str<E: de::Error>(self, expression: &str) -> Result<Self::Value, E> {
            Ok((!expression.is_empty()).then(|| TaskCollection {
                filter: expression.to_owned(),
                ..TaskCollection::default()
            }))
        }

        fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
            Deserialize::deserialize(MapAccessDeserializer::new(object)).map(Some)
        }
    }

    deserializer.deserialize_any(Filter)
}

/// A saved filter. What it finds is a pseudo project, see [`FilterId::project`].
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct SavedFilter {
    /// Which.
    pub id: FilterId,
    /// Title.
    #[serde(default)]
    pub title: String,
    /// Description.
    #[serde(default)]
    pub description: String,
    /// What it asks for.
    #[serde(default)]
    pub filters: TaskCollection,
    /// Whether it is among the caller's favourites.
    #[serde(default)]
    pub is_favorite: bool,
    /// Whom it belongs to. `None` in the answers to creation and update.
    #[serde(default)]
    pub owner: Option<User>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
    /// What the caller may do with it (v2, read alone): always everything.
    #[serde(default)]
    pub max_permission: Option<Permission>,
}
