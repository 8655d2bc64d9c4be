//! Files on tasks. A server can have them switched off (`task_attachments_enabled` of `/info`): then these routes are
//! 404 without a code.
//!
//! ```no_run
//! # async fn example(vikunja: vikunja_sdk::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use vikunja_sdk::{NewFile, attachments, model::TaskId};
//!
//! let recipe = NewFile::from_bytes("recipe.txt", "flour, water, salt\n");
//! let upload = attachments::Upload { task: TaskId::from(7), files: vec![recipe] };
//! let stored = vikunja.upload(&upload).await?;
//!
//! let mut download = vikunja.download(&attachments::Download::new(stored[0].task_id, stored[0].id)).await?;
//! let mut file = tokio::fs::File::create("copy.txt").await?;
//! download.save_to(&mut file).await?;
//! # Ok(()) }
//! ```

use http::{HeaderMap, HeaderValue, header};

use crate::{
    Answer, At, Body, BuildError, Content, Empty, Endpoint, FilesRefused, Form, Keyed, NewFile,
    Paged, Pages, Path, Query, RefusedFile, Release, Reply, ReplyError, Route,
    model::{AttachmentId, TaskAttachment, TaskId, UploadedAttachments},
    retry::Repeat,
};

/// Lists the files on a task, the oldest first. The server has no search here.
#[derive(Clone, Debug)]
pub struct List {
    /// Which.
    pub task: TaskId,
    /// Page, from 1.
    pub page: Option<u64>,
    /// Items a page. v1: the server caps it; v2: 1 to 1000.
    pub per_page: Option<u64>,
}

impl List {
    /// The files on this task.
    pub fn new(task: TaskId) -> Self {
        Self {
            task,
            page: None,
            per_page: None,
        }
    }
}

impl Endpoint for List {
    const ROUTE: Route = Route::read("/tasks/{task}/attachments");
    type Reply = Paged<TaskAttachment>;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn query(&self, _: At) -> Result<String, BuildError> {
        Ok(Query::new()
            .maybe("page", self.page)
            .maybe("per_page", self.per_page)
            .finish())
    }
}

impl Keyed for TaskAttachment {
    type Key = AttachmentId;
    fn key(&self) -> AttachmentId {
        self.id
    }
}

impl Pages for List {
    type Item = TaskAttachment;
    fn set_page(&mut self, number: u64) {
        self.page = Some(number);
    }
}

/// Puts files on a task, and answers what was stored, in the order of the files.
///
/// The server says «success» also when it refuses files: here that is a [`FilesRefused`], which says what was stored
/// nevertheless. A file that is larger than the server takes is a [`BuildError::FileTooLarge`] before anything is sent.
/// From 1.0 one request can hold little more than one file of the largest size: send large ones one by one.
///
/// [`crate::Client::upload`] sends it with time-outs that suit large files. An upload whose answer is lost is never
/// sent again: it may be stored.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Which.
    pub task: TaskId,
    /// At least one.
    pub files: Vec<NewFile>,
}

impl Endpoint for Upload {
    const ROUTE: Route = Route::create("/tasks/{task}/attachments");
    type Reply = Stored;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task);
    }
    fn body(&self, _: At) -> Result<Body, BuildError> {
        Form::new("files", &self.files).map(Body::Form)
    }
    fn repeat(&self) -> Repeat {
        NewFile::repeat(&self.files)
    }
}

/// The answer to an upload: what was stored, or a [`FilesRefused`].
#[derive(Debug)]
pub struct Stored;

impl Reply for Stored {
    type Output = Vec<TaskAttachment>;

    fn read(answer: &Answer<'_>) -> Result<Self::Output, ReplyError> {
        let uploaded: UploadedAttachments = answer.json()?;
        let (stored, errors) = (uploaded.success, uploaded.errors);
        // Without a word about it fewer may be stored, too: v1 ignores what it does not take for a file.
        if errors.is_empty() && stored.len() >= answer.sent.files.len() {
            return Ok(stored);
        }
        let mut names = answer.sent.files.clone();
        for file in stored.iter().filter_map(|one| one.file.as_ref()) {
            let is_this = |name: &String| name.rsplit('/').next() == Some(&file.name);
            if let Some(at) = names.iter().position(is_this) {
                names.remove(at);
            }
        }
        // Errors come in the order of the files, and without their names.
        let count = if errors.is_empty() {
            names.len()
        } else {
            errors.len()
        };
        let are_named = count == names.len();
        let refused = (0..count)
            .map(|at| {
                let error = errors.get(at).cloned().unwrap_or_default();
                RefusedFile {
                    name: names.get(at).filter(|_| are_named).cloned(),
                    code: error.code,
                    message: error.message,
                }
            })
            .collect();
        Err(ReplyError::Files(Box::new(FilesRefused {
            route: *answer.route,
            status: answer.status,
            refused,
            stored,
        })))
    }
}

/// Reads a file: whole into memory by [`crate::Execute`], as a stream by [`crate::Client::download`].
///
/// A file never changes under its id; there is no need to ask whether it has.
#[derive(Clone, Debug)]
pub struct Download {
    /// The task.
    pub task: TaskId,
    /// The file.
    pub attachment: AttachmentId,
    /// A smaller or larger picture of it (2.0+), as PNG. Of a file that is no picture the server sends the file itself:
    /// see [`crate::ContentHead::content_type`].
    pub preview: Option<PreviewSize>,
    /// Offset of the first byte that is wanted; 0 = the whole file. To go on with a download that broke. An answer that
    /// ignores it is an error; an offset at or beyond the end is refused with 416.
    pub from: u64,
}

impl Download {
    /// The whole file.
    pub fn new(task: TaskId, attachment: AttachmentId) -> Self {
        Self {
            task,
            attachment,
            preview: None,
            from: 0,
        }
    }
}

/// Width of a preview. Smaller pictures are enlarged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreviewSize {
    /// 100 pixels.
    Small,
    /// 200 pixels.
    Medium,
    /// 400 pixels.
    Large,
    /// 800 pixels.
    ExtraLarge,
}

impl PreviewSize {
    const fn name(self) -> &'static str {
        match self {
            Self::Small => "sm",
            Self::Medium => "md",
            Self::Large => "lg",
            Self::ExtraLarge => "xl",
        }
    }
}

impl Endpoint for Download {
    const ROUTE: Route = Route::read("/tasks/{task}/attachments/{attachment}");
    type Reply = Content;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task)
            .set("attachment", self.attachment);
    }
    fn query(&self, at: At) -> Result<String, BuildError> {
        // Older servers ignore it and send the file itself, however large.
        let since = Release(2, 0, 0);
        if self.preview.is_some() && at.release < since {
            return Err(BuildError::NotOnThisServer {
                route: format!("The preview of {}", Self::ROUTE),
                needs: format!("{since} or newer"),
                release: at.release,
            });
        }
        Ok(Query::new()
            .maybe("preview_size", self.preview.map(PreviewSize::name))
            .finish())
    }
    fn headers(&self, headers: &mut HeaderMap) -> Result<(), BuildError> {
        if self.from > 0 {
            let range = HeaderValue::try_from(format!("bytes={}-", self.from))
                .map_err(|error| BuildError::Body(error.to_string()))?;
            headers.insert(header::RANGE, range);
        }
        Ok(())
    }
}

/// Takes a file off a task and deletes it.
#[derive(Clone, Copy, Debug)]
pub struct Delete {
    /// The task.
    pub task: TaskId,
    /// The file.
    pub attachment: AttachmentId,
}

impl Endpoint for Delete {
    const ROUTE: Route = Route::delete("/tasks/{task}/attachments/{attachment}");
    type Reply = Empty;
    fn path(&self, path: &mut Path) {
        path.set("task", self.task)
            .set("attachment", self.attachment);
    }
}
