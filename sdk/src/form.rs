//! Files to upload, and the multipart form that carries them.

use std::{
    collections::VecDeque,
    fmt,
    hash::{BuildHasher, Hasher, RandomState},
};

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use percent_encoding::utf8_percent_encode;

use crate::{BuildError, endpoint::SEGMENT, retry::Repeat};

/// A file to upload, from memory or from a stream. Clones share the stream.
#[derive(Clone)]
pub struct NewFile {
    name: String,
    length: u64,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Memory(Bytes),
    #[cfg(feature = "client")]
    Stream(Unread),
}

impl NewFile {
    /// A file in memory. Any name is kept as it is, but that the server drops what stands before the last slash.
    pub fn from_bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        Self {
            name: name.into(),
            length: content.len() as u64,
            source: Source::Memory(content),
        }
    }

    /// A file of `length` bytes that is read while it is sent, never as a whole. Only [`crate::Client`] sends it, and
    /// never twice once the first byte was read. It is an error when the stream turns out shorter or longer.
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// use vikunja_sdk::NewFile;
    ///
    /// let file = tokio::fs::File::open("holiday.mp4").await?;
    /// let length = file.metadata().await?.len();
    /// let video = NewFile::from_reader("holiday.mp4", file, length);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "client")]
    pub fn from_reader(
        name: impl Into<String>,
        reader: impl tokio::io::AsyncRead + Send + Unpin + 'static,
        length: u64,
    ) -> Self {
        Self {
            name: name.into(),
            length,
            source: Source::Stream(Unread::new(Box::new(reader))),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Whether it cannot be sent (again): it is a stream of which something was read.
    pub fn is_spent(&self) -> bool {
        match &self.source {
            Source::Memory(_) => false,
            #[cfg(feature = "client")]
            Source::Stream(reader) => reader.is_taken(),
        }
    }

    /// Whether a request that carries these files may be sent (again).
    pub(crate) fn repeat(files: &[Self]) -> Repeat {
        if files.iter().any(Self::is_spent) {
            Repeat::Never
        } else {
            Repeat::ByOperation
        }
    }

    /// Its name as a parameter of `Content-Disposition`. The server reads quoted strings with backslashes and raw UTF-8,
    /// and takes the browsers' `%22` literally. Line ends cannot be quoted: there the form of RFC 5987 stands in, which
    /// all releases read.
    fn parameter(&self) -> String {
        if self.name.contains(char::is_control) {
            format!(
                "filename*=UTF-8''{}",
                utf8_percent_encode(&self.name, SEGMENT)
            )
        } else {
            let quoted = self.name.replace('\\', "\\\\").replace('"', "\\\"");
            format!("filename=\"{quoted}\"")
        }
    }
}

impl fmt::Debug for NewFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewFile({:?}, {} bytes)", self.name, self.length)
    }
}

/// A `multipart/form-data` body of files. Its length is known before anything is read.
#[derive(Clone)]
pub struct Form {
    texts: Vec<(&'static str, String)>,
    field: &'static str,
    files: Vec<NewFile>,
    any_size: bool,
    boundary: String,
    content_type: HeaderValue,
}

impl Form {
    /// Files under one field name, in order. At least one; each with a name, and none of them [spent](NewFile::is_spent).
    pub fn new(field: &'static str, files: &[NewFile]) -> Result<Self, BuildError> {
        if files.is_empty() {
            let problem = "there is no file to upload; give at least one";
            return Err(BuildError::Body(problem.to_owned()));
        }
        for file in files {
            if file.name.is_empty() {
                let problem = "a file to upload has no name, and the server would ignore it";
                return Err(BuildError::Body(problem.to_owned()));
            }
            if file.is_spent() {
                return Err(BuildError::Body(format!(
                    "{:?} was read already and is not sent twice; open it again",
                    file.name
                )));
            }
        }
        let boundary = boundary();
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let content_type = HeaderValue::try_from(content_type)
            .map_err(|error| BuildError::Body(error.to_string()))?;
        Ok(Self {
            texts: Vec::new(),
            field,
            files: files.to_vec(),
            any_size: false,
            boundary,
            content_type,
        })
    }

    /// Puts a text before the files.
    #[must_use]
    pub fn with_text(mut self, field: &'static str, text: impl Into<String>) -> Self {
        self.texts.push((field, text.into()));
        self
    }

    /// The server's limit for files does not hold for these: it reads them, and does not store them as they are.
    #[must_use]
    pub fn of_any_size(mut self) -> Self {
        self.any_size = true;
        self
    }

    /// Whether the server's limit for files holds for these.
    pub(crate) fn is_limited(&self) -> bool {
        !self.any_size
    }

    /// The files.
    pub fn files(&self) -> &[NewFile] {
        &self.files
    }

    /// Length of the body in bytes.
    pub fn length(&self) -> u64 {
        self.pieces().iter().map(Piece::length).sum()
    }

    pub(crate) fn content_type(&self) -> HeaderValue {
        self.content_type.clone()
    }

    /// The body, in order.
    pub(crate) fn pieces(&self) -> VecDeque<Piece> {
        let mut pieces = VecDeque::new();
        let mut line_end = "";
        for (field, text) in &self.texts {
            let part = format!(
                "{line_end}--{}\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{text}",
                self.boundary
            );
            pieces.push_back(Piece::Memory(part.into()));
            line_end = "\r\n";
        }
        for file in &self.files {
            let head = format!(
                "{line_end}--{}\r\nContent-Disposition: form-data; name=\"{}\"; {}\r\n\
                 Content-Type: application/octet-stream\r\n\r\n",
                self.boundary,
                self.field,
                file.parameter()
            );
            pieces.push_back(Piece::Memory(head.into()));
            pieces.push_back(match &file.source {
                Source::Memory(content) => Piece::Memory(content.clone()),
                #[cfg(feature = "client")]
                Source::Stream(reader) => Piece::Stream {
                    name: file.name.clone(),
                    length: file.length,
                    reader: reader.clone(),
                },
            });
            line_end = "\r\n";
        }
        pieces.push_back(Piece::Memory(
            format!("\r\n--{}--\r\n", self.boundary).into(),
        ));
        pieces
    }

    /// The whole body, where no file of it is a stream.
    #[cfg_attr(
        not(feature = "client"),
        expect(
            clippy::unnecessary_wraps,
            reason = "without the client there are no streams"
        )
    )]
    pub(crate) fn to_bytes(&self) -> Result<Bytes, BuildError> {
        let mut whole = BytesMut::new();
        for piece in self.pieces() {
            match piece {
                Piece::Memory(bytes) => whole.extend_from_slice(&bytes),
                #[cfg(feature = "client")]
                Piece::Stream { name, .. } => {
                    return Err(BuildError::Body(format!(
                        "{name:?} is a stream, which only Client sends; give its bytes instead"
                    )));
                }
            }
        }
        Ok(whole.freeze())
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Form")
            .field(&self.files)
            .finish_non_exhaustive()
    }
}

/// 128 bits that nobody can foresee, so that no file can hold them. The standard library's hasher is keyed by the
/// system's randomness.
fn boundary() -> String {
    let [high, low] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
    format!("{high:016x}{low:016x}")
}

/// A part of a form's body.
pub(crate) enum Piece {
    Memory(Bytes),
    #[cfg(feature = "client")]
    Stream {
        name: String,
        length: u64,
        reader: Unread,
    },
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            #[cfg(feature = "client")]
            Self::Stream { length, .. } => *length,
        }
    }
}

#[cfg(feature = "client")]
pub(crate) use unread::{Reader, Unread};

#[cfg(feature = "client")]
mod unread {
    use std::sync::{Arc, Mutex, PoisonError};

    use tokio::io::AsyncRead;

    pub(crate) type Reader = Box<dyn AsyncRead + Send + Unpin>;

    /// A stream of which nothing was read. Who begins to read takes it away from all others.
    #[derive(Clone)]
    pub(crate) struct Unread(Arc<Mutex<Option<Reader>>>);

    impl Unread {
        pub(super) fn new(reader: Reader) -> Self {
            Self(Arc::new(Mutex::new(Some(reader))))
        }

        pub(super) fn is_taken(&self) -> bool {
            let reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            reader.is_none()
        }

        pub(crate) fn take(&self) -> Option<Reader> {
            let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            reader.take()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(files: &[NewFile]) -> String {
        written(&Form::new("files", files).unwrap())
    }

    fn written(form: &Form) -> String {
        let bytes = form.to_bytes().unwrap();
        assert_eq!(form.length(), bytes.len() as u64);
        let content_type = form.content_type();
        let (_, boundary) = content_type.to_str().unwrap().split_once('=').unwrap();
        assert_eq!(boundary.len(), 32);
        String::from_utf8(bytes.to_vec())
            .unwrap()
            .replace(boundary, "B")
    }

    #[test]
    fn a_form_is_its_files_between_boundaries() {
        let files = [
            NewFile::from_bytes("a.txt", "flour\n"),
            NewFile::from_bytes("b", ""),
        ];
        assert_eq!(
            text(&files),
            "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nflour\n\r\n\
             --B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"b\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n\r\n--B--\r\n"
        );
    }

    #[test]
    fn texts_stand_before_the_files() {
        let file = NewFile::from_bytes("a.csv", "x\n");
        let form = Form::new("import", &[file]).unwrap();
        assert_eq!(
            written(&form.with_text("config", "{}")),
            "--B\r\nContent-Disposition: form-data; name=\"config\"\r\n\r\n{}\r\n\
             --B\r\nContent-Disposition: form-data; name=\"import\"; filename=\"a.csv\"\r\n\
             Content-Type: application/octet-stream\r\n\r\nx\n\r\n--B--\r\n"
        );
    }

    #[test]
    fn no_name_ends_its_parameter() {
        for (name, parameter) in [
            ("a\"b.txt", r#"filename="a\"b.txt""#),
            ("back\\slash", r#"filename="back\\slash""#),
            ("grün ☃ %22.txt", "filename=\"grün ☃ %22.txt\""),
            (
                "a\r\nX-Evil: 1\"",
                "filename*=UTF-8''a%0D%0AX-Evil%3A%201%22",
            ),
            ("ü\t", "filename*=UTF-8''%C3%BC%09"),
        ] {
            assert_eq!(NewFile::from_bytes(name, "").parameter(), parameter);
        }
    }

    #[test]
    fn boundaries_differ() {
        assert_ne!(boundary(), boundary());
    }

    #[test]
    fn nothing_and_nameless_files_are_refused() {
        let refused = Form::new("files", &[]).unwrap_err().to_string();
        assert!(refused.contains("no file"), "{refused}");
        let nameless = NewFile::from_bytes("", "x");
        let refused = Form::new("files", &[nameless]).unwrap_err().to_string();
        assert!(refused.contains("no name"), "{refused}");
    }
}
