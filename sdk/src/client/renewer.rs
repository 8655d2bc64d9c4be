//! One renewal of credentials at a time, in a task of its own: who waits for it may be dropped, and nothing is lost.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;
use tracing::Instrument;

use super::{Client, span};
use crate::{
    auth::Credentials,
    renewing::{self, Renewed},
};

/// Called with every change of the credentials.
pub(super) type Keep = Box<
    dyn Fn(Option<Credentials>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync + 'static,
>;

/// What all clients of a session have in common.
#[derive(Default)]
pub(super) struct Renewals {
    /// The one that is under way: closed when it ends.
    under_way: Mutex<Option<watch::Receiver<()>>>,
    keep: Option<Keep>,
}

impl fmt::Debug for Renewals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Renewals").finish_non_exhaustive()
    }
}

impl Renewals {
    pub(super) fn new(keep: Option<Keep>) -> Self {
        Self {
            keep,
            ..Self::default()
        }
    }

    /// Has credentials kept.
    pub(super) async fn keep(&self, credentials: Option<Credentials>) {
        if let Some(keep) = &self.keep {
            keep(credentials).await;
        }
    }
}

impl Client {
    /// Renews the credentials, unless somebody has since the caller saw them; `false` when that failed.
    pub(super) async fn renew(&self, seen: u64) -> bool {
        if let Some(mut renewal) = self.start_renewal(seen) {
            // Nothing is ever sent: it ends when the task does, however it does.
            while renewal.changed().await.is_ok() {}
        }
        self.session.generation() != seen
    }

    /// The renewal that is under way, or a new one; `None` where somebody has renewed since the caller saw the
    /// credentials.
    pub(super) fn start_renewal(&self, seen: u64) -> Option<watch::Receiver<()>> {
        let mut under_way = self
            .renewals
            .under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.session.generation() != seen {
            return None;
        }
        if let Some(one) = under_way.as_ref().filter(|one| one.has_changed().is_ok()) {
            return Some(one.clone());
        }
        let (end, one) = watch::channel(());
        tokio::spawn(self.clone().renew_now(end));
        Some(under_way.insert(one).clone())
    }

    /// Renews, and has the new credentials kept before anybody uses them. Not in the turn of the writes: one that lasts
    /// would keep everybody from going on.
    async fn renew_now(self, _end: watch::Sender<()>) {
        let span = span();
        let generation = self.session.generation();
        let mut attempts = self.attempts(None, &span);
        let renewed = renewing::renewed(&mut attempts)
            .instrument(span.clone())
            .await;
        if self.session.generation() != generation {
            // Somebody has logged in or out meanwhile.
            return;
        }
        match renewed {
            Renewed::To(credentials) => {
                self.renewals.keep(Some((*credentials).clone())).await;
                self.session.renew_credentials(generation, *credentials);
            }
            Renewed::Refused => self.renewals.keep(None).await,
            Renewed::Failed => {}
        }
    }
}
