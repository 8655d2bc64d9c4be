//! Cancelling: SIGINT and SIGTERM ask once, politely; the second one ends the process.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::watch;

use crate::exit::{Exit, Problem};

/// Signals within this time are one.
const ONE: Duration = Duration::from_secs(1);

/// Whether somebody asked to stop. Cheap to clone; all clones see it.
#[derive(Clone, Debug)]
pub struct Stop {
    asked: Arc<watch::Sender<bool>>,
    children: Arc<Mutex<Vec<Pid>>>,
}

impl Stop {
    /// Listens for the signals. goose would install a handler of its own; the first one installed stays.
    pub fn on_signals() -> Result<Self, Problem> {
        let stop = Self {
            asked: Arc::new(watch::Sender::new(false)),
            children: Arc::default(),
        };
        let on_signal = stop.clone();
        let mut asked_at = None;
        ctrlc::set_handler(move || {
            let since = asked_at.get_or_insert_with(Instant::now).elapsed();
            // `timeout` signals the child and then its group: two within a moment are one.
            if on_signal.is_asked() && since > ONE {
                on_signal.end_children();
                std::process::exit(Exit::Cancelled.code().into());
            }
            on_signal.asked.send_replace(true);
            goose::trigger_killswitch("signal");
        })
        .map_err(|error| Problem::new(format!("cannot listen for signals: {error}")))?;
        Ok(stop)
    }

    /// Whether to stop.
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        let mut asked = self.asked.subscribe();
        // The sender lives in `self`: waiting cannot fail.
        let _ = asked.wait_for(|asked| *asked).await;
    }

    /// Does `work` unless somebody asks to stop meanwhile.
    pub async fn unless_asked<T>(
        &self,
        work: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        tokio::select! {
            biased;
            () = self.asked() => Err(Problem::cancelled()),
            done = work => done,
        }
    }

    /// A process that must not outlive this one.
    pub fn add_child(&self, child: Pid) {
        self.lock_children().push(child);
    }

    /// A process that has ended.
    pub fn remove_child(&self, child: Pid) {
        self.lock_children().retain(|known| *known != child);
    }

    fn end_children(&self) {
        for child in self.lock_children().drain(..) {
            let _ = kill_process_group(child, Signal::KILL);
        }
    }

    fn lock_children(&self) -> std::sync::MutexGuard<'_, Vec<Pid>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
