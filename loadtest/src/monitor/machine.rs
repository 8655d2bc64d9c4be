//! Memory and disk, where the server is on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::metric::{CONTAINER_MEMORY, DISK, MACHINE_MEMORY, Reading, SERVER_MEMORY};
use crate::{cli::monitor::MemoryOf, server::usage};

/// What of the machine is watched.
pub(super) struct Machine {
    /// Whose memory.
    pub(super) memory: Option<MemoryOf>,
    /// A path on the disk.
    pub(super) disk: Option<PathBuf>,
}

impl Machine {
    pub(super) fn read(&self) -> Vec<Reading> {
        let mut readings = Vec::new();
        match self.memory {
            None => {}
            Some(MemoryOf::Machine) => readings.push(MACHINE_MEMORY.read(of_machine())),
            Some(MemoryOf::Process(pid)) => {
                readings.push(SERVER_MEMORY.read(of_process(pid)));
                // Without a limit of its own it is the machine's memory that can run out.
                readings.push(match of_container(pid) {
                    Some(share) => CONTAINER_MEMORY.is(share),
                    None => MACHINE_MEMORY.read(of_machine()),
                });
            }
        }
        if let Some(path) = &self.disk {
            readings.push(DISK.read(of_disk(path)));
        }
        readings
    }
}

fn of_process(pid: u32) -> Result<f64, String> {
    usage::Reading::of(pid)
        .and_then(|reading| reading.used(1))
        .map(|used| used.memory_bytes as f64)
        .ok_or_else(|| format!("server memory: there is no process {pid}"))
}

/// Of a process' container that has a limit; `None` where there is none, or its control group (v2) is out of reach.
fn of_container(pid: u32) -> Option<f64> {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    share_of_limit(Path::new("/sys/fs/cgroup"), group)
}

/// Of the innermost group with a limit. File cache is given back when memory is needed, so it is no use of it.
fn share_of_limit(root: &Path, group: &str) -> Option<f64> {
    let innermost = root.join(group);
    let mut folders = innermost
        .ancestors()
        .take_while(|folder| folder.starts_with(root));
    folders.find_map(|folder| {
        let read = |name| fs::read_to_string(folder.join(name)).ok();
        let number = |name| read(name)?.trim().parse::<u64>().ok();
        let limit = number("memory.max").filter(|limit| *limit > 0)?;
        let cache = read("memory.stat")?
            .lines()
            .find_map(|line| line.strip_prefix("inactive_file ")?.parse::<u64>().ok())?;
        let used = number("memory.current")?.saturating_sub(cache);
        Some(100.0 * used as f64 / limit as f64)
    })
}

fn of_machine() -> Result<f64, String> {
    let unreadable = |why: String| format!("machine memory: /proc/meminfo {why}");
    let text = fs::read_to_string("/proc/meminfo")
        .map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    share_in_use(&text).ok_or_else(|| unreadable("says neither total nor available".to_owned()))
}

fn share_in_use(text: &str) -> Option<f64> {
    let number = |name: &str| {
        let mut lines = text.lines();
        let rest = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        rest.trim().strip_suffix(" kB")?.parse::<f64>().ok()
    };
    let total = number("MemTotal").filter(|total| *total > 0.0)?;
    Some(100.0 * (1.0 - number("MemAvailable")? / total))
}

/// As `df` counts: what is kept for root is neither used nor free.
fn of_disk(path: &Path) -> Result<f64, String> {
    let shown = path.display();
    let disk = rustix::fs::statvfs(path).map_err(|error| format!("disk: {shown}: {error}"))?;
    let used = disk.f_blocks.saturating_sub(disk.f_bfree) as f64;
    let all = used + disk.f_bavail as f64;
    if all > 0.0 {
        Ok(100.0 * used / all)
    } else {
        Err(format!("disk: {shown} has no size"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_held_to_the_innermost_limit() {
        let root = tempfile::tempdir().unwrap();
        let outer = root.path().join("machine.slice/libpod-1.scope");
        let inner = outer.join("container");
        fs::create_dir_all(&inner).unwrap();
        let share = || share_of_limit(root.path(), "machine.slice/libpod-1.scope/container");
        assert_eq!(share(), None);
        for (folder, limit) in [(&inner, "max\n"), (&outer, "2000\n")] {
            fs::write(folder.join("memory.max"), limit).unwrap();
            fs::write(folder.join("memory.current"), "1500\n").unwrap();
            fs::write(folder.join("memory.stat"), "anon 1\ninactive_file 500\n").unwrap();
        }
        assert_eq!(share(), Some(50.0));
        fs::write(inner.join("memory.max"), "1000\n").unwrap();
        assert_eq!(share(), Some(100.0));
    }

    #[test]
    fn this_machine_can_be_read() {
        let text = "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   250 kB\n";
        assert_eq!(share_in_use(text), Some(75.0));
        assert_eq!(share_in_use("MemTotal: 1000 kB\n"), None);
        for share in [of_machine(), of_disk(Path::new("/"))] {
            assert!((0.0..=100.0).contains(&share.unwrap()));
        }
        assert!(of_process(std::process::id()).unwrap() > 0.0);
        assert!(of_process(u32::MAX).unwrap_err().contains("no process"));
        let missing = of_disk(Path::new("/not/there")).unwrap_err();
        assert!(missing.contains("/not/there"), "{missing}");
    }
}
