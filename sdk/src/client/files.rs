//! The two doors for large files.

use std::{
    fmt,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Version, header};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::timeout,
};

use super::{Client, Error, TransportError};
use crate::{Content, ContentHead, Endpoint, Output, Resolved};

/// Where an attempt leaves an accepted answer whose body is not read yet.
pub(super) type Slot = Option<(Resolved, reqwest::Response)>;

impl Client {
    /// Sends an endpoint that uploads files, such as [`crate::attachments::Upload`], with time-outs for large ones:
    /// instead of limits for the whole, it gives up when nothing moves for the attempt time-out (at most twice as long).
    ///
    /// All else is as in [`send`](Self::send): session, renewal, turn and retries. While an upload is under way on a
    /// server that takes writes one at a time, this client's other writes wait.
    ///
    /// A file from memory is sent again where the [table](crate::retry) says so; a stream only as long as not a byte of
    /// it was read; and neither once the server may have stored it.
    pub async fn upload<E: Endpoint>(&self, endpoint: &E) -> Result<Output<E>, Error> {
        self.within(Duration::MAX).send(endpoint).await
    }

    /// Asks for a file, such as [`crate::attachments::Download`], and leaves its content to be read from the
    /// [`Download`]. A refusal is an error here already.
    ///
    /// The attempt and call time-outs are for the answer's head; after it, the attempt time-out is for each piece.
    pub async fn download<E>(&self, endpoint: &E) -> Result<Download, Error>
    where
        E: Endpoint<Reply = Content>,
    {
        let started = Instant::now();
        let mut slot = None;
        let content = self.carry_out(endpoint, Some(&mut slot)).await?;
        let Some((route, body)) = slot else {
            return Err(TransportError::broken().of(None, started.elapsed()).into());
        };
        Ok(Download {
            head: content.head,
            route,
            has_end: has_end(&body),
            body: Some(body),
            received: 0,
            stall: self.shared.attempt_timeout,
            started,
        })
    }
}

/// Whether the end of an answer is more than the end of its connection, which may break at any time.
fn has_end(answer: &reqwest::Response) -> bool {
    let headers = answer.headers();
    answer.version() > Version::HTTP_11
        || headers.contains_key(header::CONTENT_LENGTH)
        || headers.contains_key(header::TRANSFER_ENCODING)
}

/// A file on its way from the server. Dropping it ends the transfer.
///
/// It comes whole or as an error, never cut short. After an error the file can be had from where it broke, with
/// [`crate::attachments::Download::from`]; nothing does so by itself.
#[must_use = "the file is not received before it is read"]
pub struct Download {
    head: ContentHead,
    route: Resolved,
    has_end: bool,
    /// `None` after an error.
    body: Option<reqwest::Response>,
    received: u64,
    stall: Duration,
    started: Instant,
}

impl Download {
    /// What the server says about the file.
    pub fn head(&self) -> &ContentHead {
        &self.head
    }

    /// Bytes received so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// The next piece; `None` at the end. A dropped future loses nothing.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match self.next().await {
            Ok(chunk) => Ok(chunk),
            Err(error) => {
                self.body = None;
                Err(self.failed(error))
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let Some(body) = &mut self.body else {
            return Err(TransportError::broken());
        };
        let chunk = timeout(self.stall, body.chunk())
            .await
            .map_err(|_| TransportError::timed_out())??;
        match &chunk {
            Some(bytes) => self.received += bytes.len() as u64,
            None if self.has_end && self.head.length.is_none_or(|all| all == self.received) => {}
            None => return Err(TransportError::broken()),
        }
        Ok(chunk)
    }

    /// Writes all that is left to `file` and flushes it; says how many bytes were received in all. After an error of the
    /// connection, the first [`received`](Self::received) bytes stand in the file: go on from there.
    pub async fn save_to<W>(&mut self, file: &mut W) -> Result<u64, Error>
    where
        W: AsyncWrite + Unpin + ?Sized,
    {
        let result = loop {
            match self.chunk().await {
                Ok(Some(chunk)) => {
                    let written = file.write_all(&chunk).await;
                    written.map_err(|error| self.failed(TransportError::local(&error)))?;
                }
                Ok(None) => break Ok(self.received),
                Err(error) => break Err(error),
            }
        };
        let flushed = file.flush().await;
        flushed.map_err(|error| self.failed(TransportError::local(&error)))?;
        result
    }

    fn failed(&self, error: TransportError) -> Error {
        error.of(self.route, self.started.elapsed()).into()
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("head", &self.head)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
