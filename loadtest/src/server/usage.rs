//! What the server used: its process, where that is on this machine, and its own counters, where they are switched on.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use vikunja_sdk::{Execute, Session, service};

use crate::{
    line::{Line, Target},
    process::Stat,
};

/// Ticks of a second in `/proc/PID/stat`: 100 wherever Linux runs.
const TICKS: f64 = 100.0;

/// What the server's process used during the run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// CPU time, user and system, in seconds. Of all processes of its group, where it leads one.
    pub cpu_seconds: f64,
    /// Share of one core.
    pub cpu_percent: f64,
    /// CPU time per judged request, in µs.
    pub cpu_us_per_request: f64,
    /// Resident memory at the end, in bytes.
    pub memory_bytes: u64,
}

/// A reading of a process.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pid: u32,
    at: Instant,
    now: Stat,
}

impl Reading {
    /// Of a process on this machine; `None` where there is none.
    pub fn of(pid: u32) -> Option<Self> {
        Some(Self {
            pid,
            at: Instant::now(),
            now: Stat::of_group(pid)?,
        })
    }

    /// What it used since, for so many requests.
    pub fn used(self, requests: u64) -> Option<Process> {
        let now = Stat::of_group(self.pid)?;
        let seconds = now.ticks.saturating_sub(self.now.ticks) as f64 / TICKS;
        Some(Process {
            pid: self.pid,
            cpu_seconds: seconds,
            cpu_percent: 100.0 * seconds / self.at.elapsed().as_secs_f64().max(1e-9),
            cpu_us_per_request: seconds * 1e6 / requests.max(1) as f64,
            memory_bytes: now.pages * rustix::param::page_size() as u64,
        })
    }
}

/// Counters of the server by name, from `/api/v1/metrics`: those of its runtime.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Counters(BTreeMap<String, f64>);

/// What of them is kept: totals, of which the difference is told, and states, of which the last is.
const TOTALS: [&str; 3] = [
    "process_cpu_seconds_total",
    "go_gc_duration_seconds_count",
    "go_gc_duration_seconds_sum",
];
const STATES: [&str; 3] = [
    "process_resident_memory_bytes",
    "go_goroutines",
    "go_memstats_heap_alloc_bytes",
];

impl Counters {
    fn parse(text: &str) -> Self {
        let known = |name: &str| TOTALS.contains(&name) || STATES.contains(&name);
        let counters = text.lines().filter_map(|line| {
            let (name, value) = line.split_once(' ')?;
            let value = value.split_whitespace().next()?.parse().ok()?;
            known(name).then(|| (name.to_owned(), value))
        });
        Self(counters.collect())
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// What they counted since.
    #[must_use]
    pub fn since(mut self, before: &Self) -> Self {
        for (name, value) in &mut self.0 {
            if TOTALS.contains(&name.as_str()) {
                *value -= before.0.get(name).copied().unwrap_or_default();
            }
        }
        self
    }
}

/// The server's counters, where it has them switched on for everybody.
pub async fn counters(
    session: &Session,
    target: &Arc<Target>,
    patience: Duration,
) -> Option<Counters> {
    let mut line = Line::new(session.clone(), Arc::clone(target), patience);
    let text = line.execute(&service::Metrics::default()).await.ok()?;
    Some(Counters::parse(&text)).filter(|counters| !counters.0.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_process_can_be_read() {
        let reading = Reading::of(std::process::id()).unwrap();
        let used = reading.used(1).unwrap();
        assert!(used.memory_bytes > 0);
        assert!(Reading::of(u32::MAX).is_none());
    }

    #[test]
    fn of_totals_the_difference_is_told_and_of_states_the_last() {
        let before = Counters::parse("# HELP x\nprocess_cpu_seconds_total 1.5\ngo_goroutines 10\n");
        let after = Counters::parse(
            "process_cpu_seconds_total 4\ngo_goroutines 12\nother 3\ngo_gc_duration_seconds{quantile=\"0\"} 1\n",
        );
        let counted = after.since(&before).0;
        assert_eq!(counted.len(), 2);
        assert!((counted["process_cpu_seconds_total"] - 2.5).abs() < 1e-9);
        assert!((counted["go_goroutines"] - 12.0).abs() < 1e-9);
    }
}
