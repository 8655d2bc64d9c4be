//! Backgrounds of projects, and the pictures of Unsplash. A server can have either switched off
//! (`enabled_background_providers` of [`/info`](crate::info)): then these routes are 404 without a code.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use vikunja_sdk::{NewFile, backgrounds, model::ProjectId};
//!
//! let project = ProjectId::from(3);
//! let file = NewFile::from_bytes("kitchen.jpg", std::fs::read("kitchen.jpg")?);
//! vikunja.upload(&backgrounds::Upload { project, file }).await?;
//! let picture = vikunja.send(&backgrounds::Get { project }).await?;
//! std::fs::write("as-stored.jpg", picture.bytes)?;
//! # Ok(()) }
//! ```

use serde_json::json;

use crate::{
    Api, At, Body, BuildError, Content, Empty, Endpoint, Form, Json, NewFile, Paged, Path, Query,
    Route,
    model::{Project, ProjectId, UnsplashImage},
    projects::{PROJECTS, search_name},
    retry::Repeat,
};

/// Reads the background of a project: whole into memory by [`crate::Execute`], as a stream by
/// [`crate::Client::download`]. The server calls every picture `image/jpg`. A project without one is 404.
#[derive(Clone, Copy, Debug)]
pub struct Get {
    /// The project; a list in 0.20.
    pub project: ProjectId,
}

impl Endpoint for Get {
    const ROUTE: Route = Route::read("/projects/{project}/background")
        .before(PROJECTS, "/lists/{project}/background");
    type Reply = Content;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
}

/// Makes a picture the background of a project, instead of the one that it has. What is no picture is 400. From 0.24
/// the server makes it smaller and a JPEG. One that is larger than the server takes files is 400 up to 1.0; 2.5 takes it.
///
/// The answer may lack owner and views: read the project again for the truth.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The project; a list in 0.20.
    pub project: ProjectId,
    /// The picture.
    pub file: NewFile,
}

impl Endpoint for Upload {
    const ROUTE: Route = Route::create("/projects/{project}/backgrounds/upload")
        .before(PROJECTS, "/lists/{project}/backgrounds/upload")
        .verb(Api::V2, "PUT");
    type Reply = Json<Project>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        let form = Form::new("background", std::slice::from_ref(&self.file))?;
        Ok(Body::Form(form.of_any_size()))
    }
    fn repeat(&self) -> Repeat {
        NewFile::repeat(std::slice::from_ref(&self.file))
    }
}

/// Takes the background off a project and deletes it. From 2.3 the server answers a project that is empty but for its
/// id, so nothing is answered here.
#[derive(Clone, Copy, Debug)]
pub struct Delete {
    /// The project; a list in 0.20.
    pub project: ProjectId,
}

impl Endpoint for Delete {
    const ROUTE: Route = Route::delete("/projects/{project}/background")
        .before(PROJECTS, "/lists/{project}/background");
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
}

/// Makes a picture of Unsplash the background of a project; the server fetches it. Not checked on a running server.
#[derive(Clone, Debug)]
pub struct SetUnsplash {
    /// The project; a list in 0.20.
    pub project: ProjectId,
    /// [`UnsplashImage::id`].
    pub image: String,
}

impl Endpoint for SetUnsplash {
    const ROUTE: Route = Route::replace("/projects/{project}/backgrounds/unsplash")
        .before(PROJECTS, "/lists/{project}/backgrounds/unsplash");
    type Reply = Json<Project>;
    fn path(&self, path: &mut Path) {
        path.set("project", self.project);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Body::json(&json!({"id": self.image}))
    }
}

/// Looks for pictures of Unsplash. The server does not say how many pages there are: an empty one is the end. Not
/// checked on a running server.
#[derive(Clone, Debug, Default)]
pub struct SearchUnsplash {
    /// What is looked for; without it Unsplash chooses.
    pub search: Option<String>,
    /// Page, from 1.
    pub page: Option<u64>,
}

impl Endpoint for SearchUnsplash {
    const ROUTE: Route = Route::read("/backgrounds/unsplash/search");
    type Reply = Paged<UnsplashImage>;
    fn query(&self, at: At) -> Result<String, BuildError> {
        let page = match at.api {
            Api::V1 => "p",
            Api::V2 => "page",
        };
        Ok(Query::new()
            .maybe(search_name(at), self.search.as_deref())
            .maybe(page, self.page)
            .finish())
    }
}

/// Reads a picture of Unsplash through the server. Not checked on a running server.
#[derive(Clone, Debug)]
pub struct UnsplashPicture {
    /// [`UnsplashImage::id`].
    pub image: String,
}

impl Endpoint for UnsplashPicture {
    const ROUTE: Route = Route::read("/backgrounds/unsplash/images/{image}");
    type Reply = Content;
    fn path(&self, path: &mut Path) {
        path.set("image", &self.image);
    }
}

/// Reads a small one of a picture of Unsplash through the server. Not checked on a running server.
#[derive(Clone, Debug)]
pub struct UnsplashThumb {
    /// [`UnsplashImage::id`].
    pub image: String,
}

impl Endpoint for UnsplashThumb {
    const ROUTE: Route = Route::read("/backgrounds/unsplash/images/{image}/thumb");
    type Reply = Content;
    fn path(&self, path: &mut Path) {
        path.set("image", &self.image);
    }
}
