//! What the load generator itself costs and suffers, so that its own trouble is never taken for the server's.

use std::{fs, time::Duration};

use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

use crate::record::Figures;

/// What the generator used between two moments.
#[derive(Clone, Debug, Serialize)]
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
    /// Connections made beyond one for each user.
    pub reconnects: u64,
}

/// A reading of the process's own clocks.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    cpu: Duration,
    waited: Option<Duration>,
}

impl Reading {
    /// Now.
    pub fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            cpu: Duration::new(cpu.tv_sec as u64, cpu.tv_nsec as u32),
            waited: run_queue_wait(),
        }
    }

    /// What was used since, for so many requests in so long.
    pub fn since(
        self,
        requests: u64,
        lasted: Duration,
        workers: usize,
        reconnects: u64,
    ) -> Generator {
        let now = Self::now();
        let cpu = now.cpu.saturating_sub(self.cpu);
        let per_request = |time: Duration| time.as_secs_f64() * 1e6 / requests.max(1) as f64;
        Generator {
            cpu_us_per_request: per_request(cpu),
            cpu_seconds: cpu.as_secs_f64(),
            cpu_percent: 100.0 * cpu.as_secs_f64() / lasted.as_secs_f64().max(1e-9),
            peak_memory_bytes: peak_memory(),
            workers,
            run_queue_wait_us_per_request: now
                .waited
                .zip(self.waited)
                .map(|(now, then)| per_request(now.saturating_sub(then))),
            pacer_lag_us: None,
            queue_lag_us: None,
            reconnects,
        }
    }
}

impl Generator {
    /// Why the run says nothing about the server, if it does not.
    pub fn invalidates(&self, judged: &Figures) -> Option<String> {
        let exhausted = judged
            .failures
            .get(&crate::record::Class::Generator)
            .copied()
            .unwrap_or_default();
        if exhausted > 0 {
            return Some(format!(
                "{exhausted} requests could not leave this machine (ports or descriptors used up)"
            ));
        }
        let wait = self.run_queue_wait_us_per_request?;
        let median = judged.percentile(0.5)? as f64;
        (wait > 2000.0 && wait > median / 10.0).then(|| {
            format!(
                "the generator's threads waited {:.1} ms per request for a processor: this machine is overloaded",
                wait / 1000.0
            )
        })
    }
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
