//! The body of a request on its way out.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, ReadBuf};

use crate::{
    Body, Form,
    form::{Piece, Reader, Unread},
};

/// Most bytes that are taken from a file at once: the memory that an upload needs.
const FRAME: usize = 64 << 10;

/// How many bytes of a form were handed to the connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress(Arc<AtomicU64>);

impl Progress {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A file that was to be sent could not be read, or a received one not be written: not the server's fault.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct LocalError(pub(super) String);

/// A body as reqwest wants it.
pub(super) fn body(body: Body, progress: &Progress) -> reqwest::Body {
    match body {
        Body::Empty => Bytes::new().into(),
        Body::Json(bytes) | Body::MergePatch(bytes) => bytes.into(),
        Body::Form(form) => reqwest::Body::wrap(Outgoing::new(&form, progress.clone())),
    }
}

/// A form that is read while it is sent.
struct Outgoing {
    left: u64,
    pieces: VecDeque<Piece>,
    open: Option<Open>,
    progress: Progress,
}

/// The file that is being read. Only `&mut` reaches the reader, so that the body is `Sync` although the reader is not.
struct Open {
    name: String,
    left: u64,
    length: u64,
    reader: Mutex<Reader>,
    buffer: Vec<u8>,
}

impl Outgoing {
    fn new(form: &Form, progress: Progress) -> Self {
        Self {
            left: form.length(),
            pieces: form.pieces(),
            open: None,
            progress,
        }
    }

    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, LocalError>>> {
        loop {
            if let Some(open) = &mut self.open {
                if let Some(read) = ready!(open.poll_read(cx)) {
                    return Poll::Ready(Some(read));
                }
                self.open = None;
            }
            match self.pieces.pop_front() {
                None => return Poll::Ready(None),
                // Handed on in small frames, too: what is still in one cannot be seen to move.
                Some(Piece::Memory(mut bytes)) => {
                    let frame = bytes.split_to(bytes.len().min(FRAME));
                    if !bytes.is_empty() {
                        self.pieces.push_front(Piece::Memory(bytes));
                    }
                    if !frame.is_empty() {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                Some(Piece::Stream {
                    name,
                    length,
                    reader,
                }) => match Open::new(name, length, &reader) {
                    Ok(open) => self.open = Some(open),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                },
            }
        }
    }
}

impl Open {
    fn new(name: String, length: u64, reader: &Unread) -> Result<Self, LocalError> {
        match reader.take() {
            Some(reader) => Ok(Self {
                name,
                left: length,
                length,
                reader: Mutex::new(reader),
                buffer: vec![0; FRAME],
            }),
            None => Err(LocalError(format!("{name:?} was read already"))),
        }
    }

    /// The next bytes; `None` at the end, which must be where it was said to be.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, LocalError>>> {
        // One byte more than there should be: a file that has grown must not be cut off silently.
        let most =
            usize::try_from(self.left.saturating_add(1)).map_or(FRAME, |left| left.min(FRAME));
        let mut read = ReadBuf::new(&mut self.buffer[..most]);
        let reader = self
            .reader
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let result = ready!(Pin::new(reader).poll_read(cx, &mut read));
        let bytes = read.filled();
        let problem = match result {
            Err(error) => format!("cannot be read: {error}"),
            Ok(()) if bytes.len() as u64 > self.left => {
                format!(
                    "has more than the {} bytes that were announced",
                    self.length
                )
            }
            Ok(()) if bytes.is_empty() && self.left > 0 => format!(
                "ends after {} of the {} bytes that were announced",
                self.length - self.left,
                self.length
            ),
            Ok(()) if bytes.is_empty() => return Poll::Ready(None),
            Ok(()) => {
                self.left -= bytes.len() as u64;
                return Poll::Ready(Some(Ok(Bytes::copy_from_slice(bytes))));
            }
        };
        Poll::Ready(Some(Err(LocalError(format!("{:?} {problem}", self.name)))))
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = LocalError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, LocalError>>> {
        let this = self.get_mut();
        let next = ready!(this.poll_bytes(cx));
        if let Some(Ok(bytes)) = &next {
            let length = bytes.len() as u64;
            this.left -= length;
            this.progress.0.fetch_add(length, Ordering::Relaxed);
        }
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.open.is_none() && self.pieces.is_empty()
    }

    /// Exact, so that the request says its length beforehand.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
