//! What the load generator itself costs and suffers, so that its own trouble is never taken for the server's.

use std::{
    fs,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::record::{Class, Figures};

/// What the generator used between two moments.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Generator {
    /// CPU time of this process, user and system, per request, in µs. A stand-in server of ours is another process.
    pub cpu_us_per_request: f64,
    /// CPU time in seconds.
    pub cpu_seconds: f64,
    /// Share of one core.
    pub cpu_percent: f64,
    /// Largest resident memory so far, in bytes; `null` where the system does not say.
    pub peak_memory_bytes: Option<u64>,
    /// Threads that carried out users.
    pub workers: usize,
    /// Waiting of runnable threads for a processor, per request, in µs; `null` where the system does not say.
    pub run_queue_wait_us_per_request: Option<f64>,
    /// Lateness of the pacer (open plans only), p99 in µs.
    pub pacer_lag_us: Option<u64>,
    /// Wait for a free connection (open plans only), p99 in µs.
    pub queue_lag_us: Option<u64>,
    /// Connections made in place of lost ones.
    pub reconnects: u64,
    /// Requests sent again, because the server had closed a kept connection before a byte of the answer.
    pub resent: u64,
}

/// A reading of the process's own clocks.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    at: Instant,
    cpu: Duration,
    waited: Option<Duration>,
}

/// What was used between two readings, or in several runs together.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    lasted: Duration,
    cpu: Duration,
    waited: Option<Duration>,
}

impl Reading {
    /// Now.
    pub fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            at: Instant::now(),
            cpu: Duration::new(cpu.tv_sec as u64, cpu.tv_nsec as u32),
            waited: run_queue_wait(),
        }
    }

    /// What was used since.
    pub fn used(self) -> Used {
        let now = Self::now();
        Used {
            lasted: now.at - self.at,
            cpu: now.cpu.saturating_sub(self.cpu),
            waited: now
                .waited
                .zip(self.waited)
                .map(|(now, then)| now.saturating_sub(then)),
        }
    }
}

impl Used {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            lasted: self.lasted + other.lasted,
            cpu: self.cpu + other.cpu,
            waited: self.waited.zip(other.waited).map(|(a, b)| a + b),
        }
    }
}

/// Most that the pacer may be late, p99 in µs.
const PACER_LAG: u64 = 5000;
/// Least wait for a processor that matters, per request in µs.
const RUN_QUEUE_WAIT: f64 = 2000.0;
/// Requests from which on waiting is judged: the start and the end of all users are in it, and are most of it in a small
/// run. Waiting makes figures worse, never better, so nothing passes by this.
const ENOUGH: u64 = 100;
/// Share of its threads' time from which on the generator is busy all the time.
const SATURATED: f64 = 90.0;

impl Generator {
    /// What was used for these requests, by so many threads.
    pub fn of(used: Used, judged: &Figures, workers: usize, connections: Connects) -> Self {
        let requests = judged.requests().max(1) as f64;
        let per_request = |time: Duration| time.as_secs_f64() * 1e6 / requests;
        let p99 = |lag: &Histogram<u64>| (!lag.is_empty()).then(|| lag.value_at_quantile(0.99));
        Self {
            cpu_us_per_request: per_request(used.cpu),
            cpu_seconds: used.cpu.as_secs_f64(),
            cpu_percent: 100.0 * used.cpu.as_secs_f64() / used.lasted.as_secs_f64().max(1e-9),
            peak_memory_bytes: peak_memory(),
            workers,
            run_queue_wait_us_per_request: used.waited.map(per_request),
            pacer_lag_us: p99(&judged.pacer),
            queue_lag_us: p99(&judged.queue),
            reconnects: connections.reconnects,
            resent: connections.resent,
        }
    }

    /// Why the run says nothing about the server, if it does not.
    pub fn invalidates(&self, judged: &Figures) -> Option<String> {
        let exhausted = judged
            .failures
            .get(&Class::Generator)
            .copied()
            .unwrap_or_default();
        if exhausted > 0 {
            return Some(format!(
                "{exhausted} requests could not leave this machine (ports or descriptors used up)"
            ));
        }
        if let Some(lag) = self.pacer_lag_us.filter(|lag| *lag > PACER_LAG) {
            return Some(format!(
                "requests were given out late, p99 {:.1} ms: this machine is overloaded",
                lag as f64 / 1000.0
            ));
        }
        // Waiting in a queue of ours because all threads are busy looks like a slow server, and is none.
        let share = self.cpu_percent / self.workers.max(1) as f64;
        if self.queue_lag_us.is_some_and(|lag| lag > PACER_LAG) && share > SATURATED {
            return Some(format!(
                "requests waited for a free connection while the load tester used {:.0} % of a core with {} threads: it is the wall (give it --threads, look less closely with --check, or ask for less)",
                self.cpu_percent, self.workers
            ));
        }
        if judged.requests() < ENOUGH {
            return None;
        }
        let wait = self.run_queue_wait_us_per_request?;
        // Not the response time: in the open model a starved generator makes that as long as it likes.
        let median = judged.median_service()? as f64;
        (wait > RUN_QUEUE_WAIT && wait > median / 10.0).then(|| {
            format!(
                "the generator's threads waited {:.1} ms per request for a processor: this machine is overloaded",
                wait / 1000.0
            )
        })
    }
}

/// What became of connections.
#[derive(Clone, Copy, Debug, Default)]
pub struct Connects {
    /// Made in place of lost ones.
    pub reconnects: u64,
    /// Requests sent again on them.
    pub resent: u64,
}

/// Time that this process's threads were runnable and did not run (second field of `schedstat`, in ns).
fn run_queue_wait() -> Option<Duration> {
    let mut waited = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
        // A thread may end while we look.
        let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else {
            continue;
        };
        let nanos: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
        waited += Duration::from_nanos(nanos);
    }
    Some(waited)
}

/// `VmHWM` of this process.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Failure, Late, Timing};

    /// A hundred open requests of 20 ms each, so late.
    fn judged(pacer: u64, queue: u64) -> Figures {
        let mut figures = Figures::default();
        for _ in 0..100 {
            figures.add(
                &Timing {
                    last_byte: Duration::from_millis(20),
                    late: Some(Late {
                        pacer: Duration::from_millis(pacer),
                        queue: Duration::from_millis(queue),
                    }),
                    ..Timing::default()
                },
                None,
            );
        }
        figures
    }

    /// A second in which two threads used and waited so many ms.
    fn invalid(figures: &Figures, cpu: u64, waited: u64) -> Option<String> {
        let used = Used {
            lasted: Duration::from_secs(1),
            cpu: Duration::from_millis(cpu),
            waited: Some(Duration::from_millis(waited)),
        };
        Generator::of(used, figures, 2, Connects::default()).invalidates(figures)
    }

    #[test]
    fn an_overloaded_server_is_not_the_generators_fault() {
        assert_eq!(invalid(&judged(0, 3000), 500, 100), None);
        assert_eq!(invalid(&judged(4, 0), 500, 199), None);
    }

    #[test]
    fn a_starved_generator_makes_a_run_invalid() {
        for (figures, cpu, waited, why) in [
            (judged(6, 0), 500, 0, "given out late, p99 6.0 ms"),
            // 3 ms a request, against 20 ms of service: the queue that this makes hides nothing.
            (judged(0, 3000), 500, 300, "waited 3.0 ms per request"),
            (judged(0, 3000), 1900, 0, "190 % of a core with 2 threads"),
        ] {
            let said = invalid(&figures, cpu, waited).unwrap_or_default();
            assert!(said.contains(why), "{said:?} lacks {why:?}");
        }
    }

    #[test]
    fn waiting_says_nothing_of_a_handful_of_requests() {
        let mut few = Figures::default();
        few.add(&Timing::default(), None);
        assert_eq!(invalid(&few, 0, 500), None);
    }

    #[test]
    fn ports_that_run_out_make_a_run_invalid() {
        let mut figures = judged(0, 0);
        let failure = Failure {
            class: Class::Generator,
            words: String::new(),
        };
        figures.add(&Timing::default(), Some(failure));
        let said = invalid(&figures, 0, 0).unwrap_or_default();
        assert!(said.contains("1 requests could not leave"), "{said}");
    }
}
