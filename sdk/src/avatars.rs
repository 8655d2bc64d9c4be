//! Pictures of users.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use vikunja_sdk::{NewFile, avatars, model::AvatarProvider};
//!
//! let picture = NewFile::from_bytes("me.png", std::fs::read("me.png")?);
//! vikunja.upload(&avatars::Upload { picture }).await?;
//! let small = avatars::Download { username: "alice".to_owned(), size: Some(64) };
//! std::fs::write("small.png", vikunja.send(&small).await?.bytes)?;
//!
//! let provider = AvatarProvider::Initials;
//! vikunja.send(&avatars::SetProvider { provider }).await?;
//! # Ok(()) }
//! ```

use std::slice;

use serde::Serialize;

use crate::{
    Api, At, Body, BuildError, Content, Empty, Endpoint, Form, Json, NewFile, Op, Patched, Path,
    Query, Release, Route,
    model::{AvatarProvider, AvatarSettings, Message},
    retry::Repeat,
};

/// Reads a user's picture: PNG, JPEG or SVG, as [`crate::ContentHead::content_type`] says. Somebody who does not exist
/// has one, too. Everybody may up to 0.24; from 1.0 it needs a token.
#[derive(Clone, Debug)]
pub struct Download {
    /// User name.
    pub username: String,
    /// Width and height in pixels; 250 by default. What the server makes no larger, or at no size, comes as it is.
    pub size: Option<u32>,
}

impl Endpoint for Download {
    const ROUTE: Route = Route::read("/avatar/{username}")
        .public_before(Release(1, 0, 0))
        .api_tokens_since(Release(2, 0, 0));
    type Reply = Content;
    fn path(&self, path: &mut Path) {
        path.set("username", &self.username);
    }
    fn query(&self, _: At) -> Result<String, BuildError> {
        Ok(Query::new().maybe("size", self.size).finish())
    }
}

/// Stores a picture of the caller, and shows it from then on. What is no picture is 400 without a code.
#[derive(Clone, Debug)]
pub struct Upload {
    /// PNG, JPEG or GIF.
    pub picture: NewFile,
}

impl Endpoint for Upload {
    const ROUTE: Route = Route::replace("/user/settings/avatar/upload")
        .verb(Api::V1, "PUT")
        .on(Api::V2, "/user/settings/avatar")
        .user_only();
    type Reply = Json<Message>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Form::new("avatar", slice::from_ref(&self.picture)).map(Body::Form)
    }
    fn repeat(&self) -> Repeat {
        if self.picture.is_spent() {
            Repeat::Never
        } else {
            Repeat::ByOperation
        }
    }
}

/// Where the caller's choice is.
const PROVIDER: Route = Route::read("/user/settings/avatar")
    .on(Api::V2, "/user/settings/avatar/provider")
    .user_only();

/// Reads where the caller's picture comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct GetProvider;

impl Endpoint for GetProvider {
    const ROUTE: Route = PROVIDER;
    type Reply = Json<AvatarSettings>;
}

/// Chooses where the caller's picture comes from. An unknown provider is 412, code 1018.
#[derive(Clone, Debug, Serialize)]
pub struct SetProvider {
    /// From where.
    #[serde(rename = "avatar_provider")]
    pub provider: AvatarProvider,
}

impl Endpoint for SetProvider {
    const ROUTE: Route = PROVIDER.with_op(Op::Replace);
    type Reply = Empty;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(self)
    }
}

/// The same as a `PATCH` (v2 only), which says whether anything changed. There is nothing else to choose, so
/// [`SetProvider`] loses nothing.
#[derive(Clone, Debug, Serialize)]
pub struct PatchProvider {
    /// From where.
    #[serde(rename = "avatar_provider")]
    pub provider: AvatarProvider,
}

impl Endpoint for PatchProvider {
    const ROUTE: Route = PROVIDER.with_op(Op::Patch);
    type Reply = Patched<AvatarSettings>;
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::merge_patch(self)
    }
}
