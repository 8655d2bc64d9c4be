//! Waiting on a thread of its own: the async runtime's timers wake a millisecond late, which a measured delay shows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

/// One thread that ends waits on time.
#[derive(Debug)]
pub(crate) struct Timer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    waits: Mutex<Waits>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waits {
    queue: BinaryHeap<Reverse<Wait>>,
    stopped: bool,
}

#[derive(Debug)]
struct Wait {
    due: Instant,
    done: oneshot::Sender<()>,
}

impl Timer {
    pub(crate) fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = thread::Builder::new()
            .name("sandbox-timer".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.run()
            })?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Resolves after that time, or at once when the timer is stopped.
    pub(crate) async fn sleep(&self, time: Duration) {
        if time.is_zero() {
            return;
        }
        let (done, wait) = oneshot::channel();
        self.shared.lock().queue.push(Reverse(Wait {
            due: Instant::now() + time,
            done,
        }));
        self.shared.changed.notify_one();
        // An error means that the timer has stopped: there is nothing to wait for any more.
        let _ = wait.await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waits> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut waits = self.lock();
        while !waits.stopped {
            let now = Instant::now();
            while waits
                .queue
                .peek()
                .is_some_and(|Reverse(wait)| wait.due <= now)
            {
                if let Some(Reverse(wait)) = waits.queue.pop() {
                    // Nobody waits any more when the client has gone.
                    let _ = wait.done.send(());
                }
            }
            let pause = waits
                .queue
                .peek()
                .map_or(Duration::from_secs(60), |Reverse(wait)| {
                    wait.due.duration_since(now)
                });
            waits = self
                .changed
                .wait_timeout(waits, pause)
                .map_or_else(|error| error.into_inner().0, |(waits, _)| waits);
        }
        waits.queue.clear();
    }
}

impl PartialEq for Wait {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Wait {}

impl PartialOrd for Wait {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Wait {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.due.cmp(&other.due)
    }
}
