//! The threads that carry out users, and wait for servers.

use tokio::runtime::{Builder, Runtime};

use crate::exit::Problem;

/// The name of these threads, by which the kernel's account of them is found.
pub const NAME: &str = "loadtest-worker";

/// So many of them.
pub fn start(workers: usize) -> Result<Runtime, Problem> {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(NAME)
        .enable_all()
        .build()
        .map_err(|error| Problem::new(format!("no threads can be started: {error}")))
}

/// Half the processors: the server is often on the same machine.
pub fn half() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}
