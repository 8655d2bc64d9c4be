//! Lists of ids, which the official load test writes as numbers or as whole objects.

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    Id(i64),
    Object { id: i64 },
}

/// Reads either.
pub(super) fn read<'de, D: Deserializer<'de>, T: From<i64>>(input: D) -> Result<Vec<T>, D::Error> {
    let items = Vec::<Item>::deserialize(input)?;
    Ok(items
        .into_iter()
        .map(|item| match item {
            Item::Id(id) | Item::Object { id } => T::from(id),
        })
        .collect())
}
