//! How the server says «nothing».

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

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

/// Reads a time, where the zero time means none.
pub(super) fn time_or_none<'de, D>(deserializer: D) -> Result<Option<Timestamp>, D::Error>
where
    D: Deserializer<'de>,
{
    match Option::<Text<'de>>::deserialize(deserializer)? {
        Some(Text(text)) => Timestamp::parse_set(&text).map_err(serde::de::Error::custom),
        None => Ok(None),
    }
}
