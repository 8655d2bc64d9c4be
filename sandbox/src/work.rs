//! Work that a processor has to do: a sleep would leave it to others, and a slower program does not.

use std::hint::black_box;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use rustix::time::{ClockId, clock_gettime};

/// Digests between two looks at the clock.
const ROUNDS: usize = 16;

/// Computes until this thread has used so much of a processor, however long it has to wait for one meanwhile.
pub(crate) fn work(time: Duration) {
    if time.is_zero() {
        return;
    }
    let begun = used();
    let mut last = digest(&SHA256, b"work");
    while used().saturating_sub(begun) < time {
        for _ in 0..ROUNDS {
            last = digest(&SHA256, last.as_ref());
        }
    }
    black_box(last);
}

/// What this thread has used so far.
fn used() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        used.tv_sec.unsigned_abs(),
        u32::try_from(used.tv_nsec).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_costs_a_processor_what_it_says() {
        let begun = used();
        work(Duration::from_millis(3));
        assert!(used() >= begun + Duration::from_millis(3));
    }
}
