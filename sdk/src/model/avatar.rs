//! Avatars.

use serde::Deserialize;

use super::open_enum::string_enum;

string_enum! {
    /// Where the picture of a user comes from.
    AvatarProvider {
        /// A placeholder.
        Default = "default",
        /// gravatar.com, by email address. Where the server cannot reach it, the picture is 500.
        Gravatar = "gravatar",
        /// The first letter of the name.
        Initials = "initials",
        /// The directory that checks the password (1.0+).
        Ldap = "ldap",
        /// A pattern made of the user.
        Marble = "marble",
        /// The OpenID provider (1.0+).
        OpenId = "openid",
        /// An uploaded picture. Where there is none, the picture is 500.
        Upload = "upload",
    }
}

/// What the caller has chosen for a picture.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct AvatarSettings {
    /// Where it comes from.
    pub avatar_provider: AvatarProvider,
}
