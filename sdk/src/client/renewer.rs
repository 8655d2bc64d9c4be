//! One renewal of credentials at a time, in a task of its own: who waits for it may be dropped, and nothing is lost.

use std::sync::PoisonError;

use tokio::sync::watch;
use tracing::Instrument;

use super::{Client, span};
use crate::renewing;

impl Client {
    /// Renews the credentials, unless somebody has since the caller saw them; `false` when that failed.
    pub(super) async fn renew(&self, seen: u64) -> bool {
        let mut under_way = {
            let mut renewal = self
                .shared
                .renewal
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if self.session.generation() != seen {
                return true;
            }
            match renewal.as_ref().filter(|one| one.has_changed().is_ok()) {
                Some(one) => one.clone(),
                None => {
                    let (end, one) = watch::channel(());
                    tokio::spawn(self.clone().renew_now(end));
                    renewal.insert(one).clone()
                }
            }
        };
        // Nothing is ever sent: it ends when the task does, however it does.
        while under_way.changed().await.is_ok() {}
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
            self.keep(credentials).await;
        }
    }
}
