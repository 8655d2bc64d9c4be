//! How the server says «nothing».

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use super::Timestamp;

/// A text that is borrowed from the input where it can be.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Reads `null` as the default: the server has no empty lists or maps, only missing ones.
pub(crate) fn null_to_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads an id that refers to another object, where 0 refers to none.
pub(super) fn id_or_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<i64>,
{
    let id = Option::<i64>::deserialize(deserializer)?;
    Ok(id.filter(|id| *id != 0).map(T::from))
}

/// Reads a word, where the empty one means none.
pub(super) fn word_or_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str>,
{
    let word = Option::<Text<'de>>::deserialize(deserializer)?;
    Ok(word
        .filter(|Text(word)| !word.is_empty())
        .map(|Text(word)| T::from(&*word)))
}

/// Reads a time, where the zero time means none. A task has ten: they are read where they stand, without a [`Text`] on
/// the way.
pub(super) fn time_or_none<'de, D>(deserializer: D) -> Result<Option<Timestamp>, D::Error>
where
    D: Deserializer<'de>,
{
    struct TimeOrNone;

    impl<'de> Visitor<'de> for TimeOrNone {
        type Value = Option<Timestamp>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a time or null")
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, time: D) -> Result<Self::Value, D::Error> {
            time.deserialize_str(self)
        }

        fn visit_str<E: de::Error>(self, time: &str) -> Result<Self::Value, E> {
            Timestamp::parse_set(time).map_err(E::custom)
        }
    }

    deserializer.deserialize_option(TimeOrNone)
}
