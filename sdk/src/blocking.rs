//! The client for programs without async: the same one, driven by a small runtime of its own.
//!
//! ```no_run
//! use vikunja_sdk::{Error, blocking::Client, model::TaskId, ops, tasks};
//!
//! # fn main() -> Result<(), Error> {
//! let vikunja = Client::from_env()?;
//! let task = vikunja.send(&tasks::Get::new(TaskId::from(7)))?;
//! let done = tasks::Fields { done: true.into(), ..Default::default() };
//! // Everything else of this crate takes the async client.
//! vikunja.wait(|mut vikunja| async move { ops::edit(&mut vikunja, task.id, &done).await })?;
//! # Ok(()) }
//! ```

use std::{future::Future, io, sync::Arc};

use tokio::runtime::{Builder, Runtime};

use crate::{BuildError, Endpoint, Error, Output, client::ClientBuilder};

/// A client that blocks. Cheap to clone; clones share everything, and may be used by several threads at once.
///
/// Not from within async code: waiting there would panic. Use [`crate::Client`] there.
#[derive(Clone, Debug)]
pub struct Client {
    inner: crate::Client,
    runtime: Arc<Own>,
}

/// A runtime that ends without waiting: the last client may be dropped anywhere, also within async code.
#[derive(Debug)]
struct Own(Option<Runtime>);

impl Own {
    fn wait<F: Future>(&self, work: F) -> F::Output {
        match &self.0 {
            Some(runtime) => runtime.block_on(work),
            None => unreachable!("it is there until it is dropped"),
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Client {
    /// Connects to the server at `address` and asks for its release.
    pub fn connect(address: &str) -> Result<Self, Error> {
        Self::from_builder(crate::Client::builder(address))
    }

    /// Connects as the environment says; as [`crate::Client::from_env`].
    pub fn from_env() -> Result<Self, Error> {
        Self::from_builder(ClientBuilder::from_env()?)
    }

    /// Connects with other settings.
    pub fn from_builder(builder: ClientBuilder) -> Result<Self, Error> {
        // One thread of its own: renewals go on while nobody waits.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("vikunja")
            .enable_all()
            .build()
            .map_err(|error: io::Error| BuildError::Setting {
                name: "blocking client".to_owned(),
                problem: format!("its thread cannot be started: {error}"),
            })?;
        let runtime = Own(Some(runtime));
        Ok(Self {
            inner: runtime.wait(builder.connect())?,
            runtime: Arc::new(runtime),
        })
    }

    /// Sends one endpoint's request and waits for the answer.
    pub fn send<E: Endpoint>(&self, endpoint: &E) -> Result<Output<E>, Error> {
        self.runtime.wait(self.inner.send(endpoint))
    }

    /// Waits for whatever the async client is used for: logging in, edits, walks.
    pub fn wait<F: Future>(&self, work: impl FnOnce(crate::Client) -> F) -> F::Output {
        self.runtime.wait(work(self.inner.clone()))
    }
}
