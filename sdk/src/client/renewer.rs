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
use crate::{auth::Credentials, renewing};

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
        let mut renewal = {
            let mut under_way = self
                .renewals
                .under_way
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if self.session.generation() != seen {
                return true;
            }
            match under_way.as_ref().filter(|one| one.has_changed().is_ok()) {
                Some(one) => one.clone(),
                None => {
                    let (end, one) = watch::channel(());
                    tokio::spawn(self.clone().renew_now(end));
                    under_way.insert(one).clone()
                }
            }
        };
        // Nothing is ever sent: it ends when the task does, however it does.
        while renewal.changed().await.is_ok() {}
        self.session.generation() != seen
    }

    /// Renews, and has the new credentials kept before anybody who waits goes on.
    async fn renew_now(self, _end: watch::Sender<()>) {
        let _turn = self.shared.gate.turn(!self.takes_parallel_writes()).await;
        let span = span();
        let mut attempts = self.attempts(None, &span);
        let renewed = renewing::renew(&mut attempts)
            .instrument(span.clone())
            .await;
        let is_over = !renewed && self.session.renewal().is_none();
        if renewed || is_over {
            let credentials = self.session.credentials().filter(|_| renewed);
            self.renewals.keep(credentials).await;
        }
    }
}
