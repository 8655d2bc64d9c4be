//! What the server used: its process, where that is on this machine, and its own counters, where they are switched on.

use std::{
    collections::BTreeMap,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use vikunja_sdk::{Execute, Session, service};

use crate::line::{Line, Target};

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

/// What `/proc/PID/stat` says of one process, or of a group together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Stat {
    group: u32,
    ticks: u64,
    pages: u64,
}

impl Stat {
    /// The fields stand behind the name, which is in parentheses and may hold anything.
    fn parse(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<_> = fields.split_whitespace().collect();
        let field = |number: usize| fields.get(number)?.parse::<u64>().ok();
        Some(Self {
            group: field(2)? as u32,
            ticks: field(11)? + field(12)?,
            pages: field(21)?,
        })
    }

    fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Of the process and its group together.
    fn of_group(pid: u32) -> Option<Self> {
        Self::of(pid)?;
        let all = group(pid).into_iter().filter_map(Self::of);
        all.reduce(|sum, stat| Self {
            ticks: sum.ticks + stat.ticks,
            pages: sum.pages + stat.pages,
            ..sum
        })
    }
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

/// CPU time of servers' processes, exact enough for a fraction of a second.
#[derive(Clone, Debug, Default)]
pub struct Meter(Vec<Vec<u32>>);

/// What each thread has run so far, in ns.
#[derive(Clone, Debug)]
pub struct Work(BTreeMap<u32, u64>);

impl Meter {
    /// Of servers in their order; `None`: not a process of ours.
    pub fn of(pids: &[Option<u32>]) -> Self {
        Self(
            pids.iter()
                .map(|pid| pid.map_or_else(Vec::new, group))
                .collect(),
        )
    }

    /// Now. One server that is compared with itself is both.
    pub fn read(&self, server: usize) -> Option<Work> {
        let processes = self.0.get(server % self.0.len().max(1))?;
        let mut work = BTreeMap::new();
        for pid in processes {
            for task in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
                // A thread may end while we look.
                let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
                let ran: Option<u64> = text
                    .split_whitespace()
                    .next()
                    .and_then(|ran| ran.parse().ok());
                let thread: Option<u32> = task.file_name().to_str().and_then(|id| id.parse().ok());
                work.extend(thread.zip(ran));
            }
        }
        Some(Work(work)).filter(|work| !work.0.is_empty())
    }
}

impl Work {
    /// What was run since. Of a thread that has ended since, nothing.
    pub fn since(&self, before: &Self) -> Duration {
        let ran = self.0.iter().map(|(thread, ran)| {
            ran.saturating_sub(before.0.get(thread).copied().unwrap_or_default())
        });
        Duration::from_nanos(ran.sum())
    }
}

/// The process, and those of its group where it leads it: a program may be a script around the server.
fn group(leader: u32) -> Vec<u32> {
    if Stat::of(leader).is_none_or(|stat| stat.group != leader) {
        return vec![leader];
    }
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| Stat::of(*pid).is_some_and(|stat| stat.group == leader))
        .collect()
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
    fn a_process_is_read_whatever_its_name() {
        let text = "42 (a) b) c) S 1 77 42 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 9 0 1 1000 2048 9";
        let stat = Stat {
            group: 77,
            ticks: 300,
            pages: 2048,
        };
        assert_eq!(Stat::parse(text), Some(stat));
        assert_eq!(Stat::parse("nonsense"), None);
    }

    #[test]
    fn this_very_process_can_be_read() {
        let reading = Reading::of(std::process::id()).unwrap();
        let used = reading.used(1).unwrap();
        assert!(used.memory_bytes > 0);
        assert!(Reading::of(u32::MAX).is_none());
    }

    #[test]
    fn what_a_process_works_is_metered() {
        let meter = Meter::of(&[Some(std::process::id()), None]);
        let before = meter.read(0).unwrap();
        let mut sum = 0_u64;
        while meter.read(0).unwrap().since(&before) < Duration::from_millis(2) {
            sum = std::hint::black_box(sum + 1);
        }
        assert_eq!(before.since(&before), Duration::ZERO);
        assert!(meter.read(1).is_none(), "a server elsewhere");
        let itself = Meter::of(&[Some(std::process::id())]);
        assert!(itself.read(1).is_some(), "compared with itself");
        assert!(Meter::default().read(0).is_none());
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
