//! What happens to one field in a partial change.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{At, BuildError};

/// What happens to one field in a partial change: nothing, unless it is said.
///
/// On the wire a field that is kept is absent, one that is cleared is `null`. Absent is the business of the struct
/// around it, hence the attributes:
///
/// ```
/// use serde::Serialize;
/// use vikunja_sdk::model::Patch;
///
/// #[derive(Default, Serialize)]
/// struct Fields {
///     #[serde(skip_serializing_if = "Patch::is_keep")]
///     title: Patch<String>,
///     #[serde(skip_serializing_if = "Patch::is_keep")]
///     description: Patch<String>,
///     #[serde(skip_serializing_if = "Patch::is_keep")]
///     priority: Patch<i64>,
/// }
///
/// let change = Fields { description: Patch::Clear, priority: 3.into(), ..Fields::default() };
/// assert_eq!(serde_json::to_string(&change)?, r#"{"description":null,"priority":3}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Patch<T> {
    /// The field stays as it is.
    #[default]
    Keep,
    /// The field is emptied.
    Clear,
    /// The field gets this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the field stays as it is.
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// Refuses to empty a field that this release does not let go: to clear it, or to set what stands for nothing.
    pub(crate) fn check_not_emptied(
        &self,
        field: &'static str,
        at: At,
        is_nothing: impl Fn(&T) -> bool,
    ) -> Result<(), BuildError> {
        match self {
            Self::Set(value) if !is_nothing(value) => Ok(()),
            Self::Keep => Ok(()),
            Self::Set(_) | Self::Clear => Err(BuildError::CannotClear {
                field,
                release: at.release,
            }),
        }
    }

    /// The value that the field gets.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

impl Patch<f64> {
    /// Refuses NaN and the infinities: JSON would write `null`, which clears the field.
    pub(crate) fn check_finite(&self, field: &str) -> Result<(), BuildError> {
        match self {
            Self::Set(value) if !value.is_finite() => Err(BuildError::Body(format!(
                "{field} is {value}: give a finite number"
            ))),
            _ => Ok(()),
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl From<&str> for Patch<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// `null` is [`Patch::Clear`]; a field that may be absent needs `#[serde(default)]`.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
    #[serde(default)]
    struct Fields {
        #[serde(skip_serializing_if = "Patch::is_keep")]
        title: Patch<String>,
        #[serde(skip_serializing_if = "Patch::is_keep")]
        done: Patch<bool>,
    }

    #[test]
    fn absent_null_and_value_are_three_things() {
        for (json, title) in [
            ("{}", Patch::Keep),
            (r#"{"title":null}"#, Patch::Clear),
            (r#"{"title":""}"#, "".into()),
        ] {
            let fields = Fields {
                title,
                ..Fields::default()
            };
            assert_eq!(serde_json::to_string(&fields).unwrap(), json);
            assert_eq!(serde_json::from_str::<Fields>(json).unwrap(), fields);
        }
    }
}
