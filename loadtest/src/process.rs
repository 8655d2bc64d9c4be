//! Processes of this machine, as `/proc` tells of them.

use std::{collections::BTreeMap, fs, time::Duration};

/// What `/proc/PID/stat` says of one process, or of a group together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stat {
    /// The process that leads its group.
    pub group: u32,
    /// CPU time, user and system, in hundredths of a second.
    pub ticks: u64,
    /// Resident pages.
    pub pages: u64,
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
    pub fn of_group(pid: u32) -> Option<Self> {
        Self::of(pid)?;
        let all = group(pid).into_iter().filter_map(Self::of);
        all.reduce(|sum, stat| Self {
            ticks: sum.ticks + stat.ticks,
            pages: sum.pages + stat.pages,
            ..sum
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
            let tasks = fs::read_dir(format!("/proc/{pid}/task"));
            for task in tasks.into_iter().flatten().flatten() {
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
}
