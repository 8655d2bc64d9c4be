//! What the load generator itself costs and suffers, so that its own trouble is never taken for the server's.

use std::{fs, time::Duration};

use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::{
    record::{Class, Figures},
    threads,
};

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
    /// Share of their time that these threads ran; `null` where the system does not say.
    pub busy_percent: Option<f64>,
    /// How long such a thread waited for a processor each time it had something to do, mean in µs; `null` where the system
    /// does not say. An answer that has come waits as long before it is read.
    pub run_queue_wait_us: Option<f64>,
    /// Share of their time that these threads waited so; `null` where the system does not say.
    pub waiting_percent: Option<f64>,
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
    cpu: Duration,
    threads: Option<Threads>,
}

/// What was used between two readings, or in several runs together.
#[derive(Clone, Copy, Debug)]
pub struct Used {
    lasted: Duration,
    cpu: Duration,
    threads: Option<Threads>,
}

/// What the kernel counts of the threads that carry out users.
#[derive(Clone, Copy, Debug, Default)]
struct Threads {
    ran: Duration,
    waited: Duration,
    /// How often one of them got a processor.
    turns: u64,
}

impl Reading {
    /// Now.
    pub fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Self {
            cpu: Duration::new(cpu.tv_sec as u64, cpu.tv_nsec as u32),
            threads: Threads::now(),
        }
    }

    /// What was used since by users who were at work for so long.
    pub fn used(self, lasted: Duration) -> Used {
        let now = Self::now();
        Used {
            lasted,
            cpu: now.cpu.saturating_sub(self.cpu),
            threads: now
                .threads
                .zip(self.threads)
                .map(|(now, then)| now.since(then)),
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
            threads: self.threads.zip(other.threads).map(|(a, b)| a.and(b)),
        }
    }
}

impl Threads {
    /// Reads `schedstat` of each: time on a processor and time waiting for one, in ns, and turns.
    fn now() -> Option<Self> {
        let mut sum = Self::default();
        for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
            // A thread may end while we look. The recorder's and the pacer's delay no answer.
            let read = |name| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            if read("comm").trim_end() != threads::NAME {
                continue;
            }
            let text = read("schedstat");
            let mut fields = text.split_whitespace().map(str::parse::<u64>);
            let mut next = || fields.next()?.ok();
            sum = sum.and(Self {
                ran: Duration::from_nanos(next()?),
                waited: Duration::from_nanos(next()?),
                turns: next()?,
            });
        }
        Some(sum)
    }

    fn and(self, other: Self) -> Self {
        Self {
            ran: self.ran + other.ran,
            waited: self.waited + other.waited,
            turns: self.turns + other.turns,
        }
    }

    fn since(self, then: Self) -> Self {
        Self {
            ran: self.ran.saturating_sub(then.ran),
            waited: self.waited.saturating_sub(then.waited),
            turns: self.turns.saturating_sub(then.turns),
        }
    }
}

/// Most that the pacer may be late, p99 in µs.
const PACER_LAG: u64 = 5000;
/// Least wait for a processor that matters, mean in µs.
const RUN_QUEUE_WAIT: f64 = 2000.0;
/// Requests from which on waiting is judged: fewer are over in a moment, and what happens in a moment is chance. Waiting
/// makes figures worse, never better, so nothing passes by this.
const ENOUGH: u64 = 100;
/// Share of its threads' time from which on waiting is most of what they do. A wait delays all answers that have come
/// meanwhile, so that a starved generator makes even the service time as long as it likes.
const STARVED: f64 = 50.0;
/// Share of its threads' time from which on the generator is busy all the time.
const SATURATED: f64 = 90.0;

impl Generator {
    /// What was used for these requests, by so many threads.
    pub fn of(used: Used, judged: &Figures, workers: usize, connections: Connects) -> Self {
        let requests = judged.requests().max(1) as f64;
        let per_request = |time: Duration| time.as_secs_f64() * 1e6 / requests;
        let p99 = |lag: &Histogram<u64>| (!lag.is_empty()).then(|| lag.value_at_quantile(0.99));
        let percent =
            |time: Duration| 100.0 * time.as_secs_f64() / used.lasted.as_secs_f64().max(1e-9);
        let threads = used.threads.filter(|threads| threads.turns > 0);
        Self {
            cpu_us_per_request: per_request(used.cpu),
            cpu_seconds: used.cpu.as_secs_f64(),
            cpu_percent: percent(used.cpu),
            peak_memory_bytes: peak_memory(),
            workers,
            busy_percent: threads.map(|all| percent(all.ran) / workers.max(1) as f64),
            waiting_percent: threads.map(|all| percent(all.waited) / workers.max(1) as f64),
            run_queue_wait_us: threads.map(|all| all.waited.as_secs_f64() * 1e6 / all.turns as f64),
            pacer_lag_us: p99(&judged.pacer),
            queue_lag_us: p99(&judged.queue),
            reconnects: connections.reconnects,
            resent: connections.resent,
        }
    }

    /// Why the run says nothing about the server, if it does not.
    pub fn invalidates(&self, judged: &Figures) -> Option<String> {
        Self::exhausted(judged).or_else(|| self.lag(judged))
    }

    /// Whether requests failed because of this machine.
    pub fn exhausted(judged: &Figures) -> Option<String> {
        let exhausted = judged.failures.get(&Class::Generator)?;
        Some(format!(
            "{exhausted} requests could not leave this machine (ports or descriptors used up)"
        ))
    }

    /// Whether this machine was late, so that the figures are worse than the server.
    pub fn lag(&self, judged: &Figures) -> Option<String> {
        if let Some(lag) = self.pacer_lag_us.filter(|lag| *lag > PACER_LAG) {
            return Some(format!(
                "requests were given out late, p99 {:.1} ms: this machine is overloaded",
                lag as f64 / 1000.0
            ));
        }
        // Waiting in a queue of ours because all threads are busy looks like a slow server, and is none. In the closed
        // model nothing waits there: a fast server makes every generator busy.
        if let Some(busy) = self.busy_percent.filter(|busy| *busy > SATURATED)
            && self.queue_lag_us.is_some_and(|lag| lag > PACER_LAG)
        {
            return Some(format!(
                "requests waited for a free connection while the load tester's threads ({}) were busy {busy:.0} % of the time: it is the wall (give it --threads, look less closely with --check, or ask for less)",
                self.workers
            ));
        }
        if judged.requests() < ENOUGH {
            return None;
        }
        let (wait, share) = self.run_queue_wait_us.zip(self.waiting_percent)?;
        // Not the response time: in the open model a starved generator makes that as long as it likes.
        let median = judged.median_service()? as f64;
        (wait > RUN_QUEUE_WAIT && (wait > median / 10.0 || share > STARVED)).then(|| {
            format!(
                "the load tester's threads waited {:.1} ms for a processor each time they had something to do, {share:.0} % of the time in all: this machine is overloaded",
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

    /// A second in which two threads ran so many ms, and waited so many in so many turns.
    fn invalid(figures: &Figures, ran: u64, waited: u64, turns: u64) -> Option<String> {
        let used = Used {
            lasted: Duration::from_secs(1),
            // The recorder's and the pacer's time says nothing of those two.
            cpu: Duration::from_millis(ran + 600),
            threads: Some(Threads {
                ran: Duration::from_millis(ran),
                waited: Duration::from_millis(waited),
                turns,
            }),
        };
        Generator::of(used, figures, 2, Connects::default()).invalidates(figures)
    }

    #[test]
    fn an_overloaded_server_is_not_the_generators_fault() {
        assert_eq!(invalid(&judged(0, 3000), 1400, 100, 200), None);
        assert_eq!(invalid(&judged(4, 0), 500, 199, 100), None);
    }

    #[test]
    fn a_starved_generator_makes_a_run_invalid() {
        for (figures, ran, waited, why) in [
            (judged(6, 0), 500, 0, "given out late, p99 6.0 ms"),
            // 3 ms each time, against 20 ms of service: the queue that this makes hides nothing.
            (judged(0, 3000), 500, 300, "waited 3.0 ms for a processor"),
            (judged(0, 3000), 1900, 0, "busy 95 % of the time"),
        ] {
            let said = invalid(&figures, ran, waited, 100).unwrap_or_default();
            assert!(said.contains(why), "{said:?} lacks {why:?}");
        }
    }

    #[test]
    fn many_users_who_wait_together_do_not_share_the_wait() {
        // A hundred requests of ten users at a time, half a second each: no single wait is a tenth of that, but the threads
        // did little else, and all ten waited at the same time.
        let mut closed = Figures::default();
        for _ in 0..100 {
            let timing = Timing {
                last_byte: Duration::from_millis(500),
                ..Timing::default()
            };
            closed.add(&timing, None);
        }
        let said = invalid(&closed, 50, 1800, 150).unwrap_or_default();
        assert!(
            said.contains("waited 12.0 ms") && said.contains("90 %"),
            "{said:?}"
        );
        assert_eq!(invalid(&closed, 50, 900, 75), None);
        // Short waits, however many, are no harm to speak of.
        assert_eq!(invalid(&closed, 50, 1800, 1800), None);
    }

    #[test]
    fn waiting_says_nothing_of_a_handful_of_requests() {
        let mut few = Figures::default();
        few.add(&Timing::default(), None);
        assert_eq!(invalid(&few, 0, 500, 100), None);
    }

    #[test]
    fn the_threads_of_users_are_counted_and_no_others() {
        let sleeps = || {
            let before = Reading::now();
            std::thread::sleep(Duration::from_millis(1));
            before.used(Duration::from_secs(1)).threads
        };
        // Where the kernel counts nothing, there is nothing to see.
        let Some(none) = sleeps() else {
            return;
        };
        assert_eq!(none.turns, 0, "this thread carries out no users");
        let worker = std::thread::Builder::new().name(threads::NAME.to_owned());
        let some = worker.spawn(sleeps).unwrap().join().unwrap().unwrap();
        assert!(some.turns > 0, "{some:?}");
    }

    #[test]
    fn ports_that_run_out_make_a_run_invalid() {
        let mut figures = judged(0, 0);
        let failure = Failure {
            class: Class::Generator,
            words: String::new(),
        };
        figures.add(&Timing::default(), Some(failure));
        let said = invalid(&figures, 0, 0, 100).unwrap_or_default();
        assert!(said.contains("1 requests could not leave"), "{said}");
    }
}
