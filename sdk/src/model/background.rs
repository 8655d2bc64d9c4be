//! Pictures for backgrounds.

use serde::Deserialize;

use super::decode::null_to_default;

/// A picture of Unsplash. Not checked on a running server: it needs a key of Unsplash.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct UnsplashImage {
    /// Which, in Unsplash's words.
    pub id: String,
    /// Where Unsplash has it.
    #[serde(default)]
    pub url: String,
    /// Where Unsplash has a small one.
    #[serde(default)]
    pub thumb: String,
    /// The picture as a BlurHash, to show while it loads.
    #[serde(default)]
    pub blur_hash: String,
    /// Who made it.
    #[serde(default, deserialize_with = "null_to_default")]
    pub info: UnsplashAuthor,
}

/// Who made a picture of Unsplash, whose terms want them named.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct UnsplashAuthor {
    /// User name.
    #[serde(default)]
    pub author: String,
    /// Name.
    #[serde(default)]
    pub author_name: String,
}
