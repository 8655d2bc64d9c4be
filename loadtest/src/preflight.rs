//! What this machine can do, looked at before the run.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{exit::Problem, line::Connections, plan::Plan};

/// Descriptors that are wanted beside those of connections.
const OTHERS: u64 = 64;
/// How long a port rests after a connection that this side has closed.
const RESTS: u64 = 60;

/// What of this machine matters.
#[derive(Clone, Debug, Default)]
struct Machine {
    /// Descriptors that this process may have.
    descriptors: Option<u64>,
    /// Ports that outgoing connections get.
    ports: Option<u64>,
    cores: usize,
    /// Where the time comes from.
    clock: Option<String>,
}

/// Looks at this machine, and raises the limit on descriptors where it may. Gives what is worth a warning.
pub fn check(
    plan: &Plan,
    connections: Connections,
    workers: usize,
) -> Result<Vec<String>, Problem> {
    let open = match connections {
        Connections::User | Connections::Request => plan.users,
        Connections::Pool(size) => u64::from(size).min(plan.users),
    };
    let machine = Machine {
        descriptors: descriptors(open + OTHERS),
        ports: fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
            .ok()
            .and_then(|range| ports(&range)),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        clock: fs::read_to_string(
            "/sys/devices/system/clocksource/clocksource0/current_clocksource",
        )
        .ok()
        .map(|clock| clock.trim().to_owned()),
    };
    // A port for each connection that is open, and where none is kept for each that rests.
    let made = match connections {
        Connections::Request => plan.expected().unwrap_or(u64::MAX).min(
            plan.highest_rate()
                .map_or(u64::MAX, |rate| rate as u64)
                .saturating_mul(RESTS),
        ),
        _ => 0,
    };
    machine.check(open, made, workers)
}

impl Machine {
    fn check(&self, open: u64, made: u64, workers: usize) -> Result<Vec<String>, Problem> {
        if let Some(descriptors) = self.descriptors.filter(|most| *most < open + OTHERS) {
            return Err(Problem::new(format!(
                "{open} connections need {} descriptors, and this process may have {descriptors}",
                open + OTHERS
            ))
            .advise(format!("raise the limit: ulimit -n {}", open + OTHERS))
            .advise("or share connections: --connections pool:N"));
        }
        if let Some(ports) = self.ports.filter(|ports| *ports < open) {
            return Err(Problem::new(format!(
                "{open} connections need as many ports, and this machine gives out {ports}"
            ))
            .advise("widen the range: sysctl net.ipv4.ip_local_port_range='1024 65535'")
            .advise("or share connections: --connections pool:N"));
        }
        let mut warnings = Vec::new();
        if let Some(ports) = self.ports.filter(|ports| *ports < made) {
            warnings.push(format!(
                "a new connection for each request may use up the {ports} ports of this machine, which rest a minute after use; that would make the run invalid"
            ));
        }
        if workers > self.cores {
            warnings.push(format!(
                "--threads {workers} is more than the {} processors: threads would wait for each other",
                self.cores
            ));
        }
        // The others are read by a system call, or not precise to the microsecond.
        let slow = ["hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"];
        if let Some(clock) = self.clock.as_deref().filter(|clock| slow.contains(clock)) {
            warnings.push(format!("the clock of this machine is slow ({clock})"));
        }
        Ok(warnings)
    }
}

/// The limit, raised to what is needed as far as that is allowed; `None` = there is none.
fn descriptors(needed: u64) -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let current = current?;
    if current >= needed {
        return Some(current);
    }
    let raised = maximum.map_or(needed, |maximum| needed.min(maximum));
    let wanted = Rlimit {
        current: Some(raised),
        maximum,
    };
    match setrlimit(Resource::Nofile, wanted) {
        Ok(()) => Some(raised),
        Err(_) => Some(current),
    }
}

fn ports(range: &str) -> Option<u64> {
    let mut bounds = range.split_whitespace().map(str::parse::<u64>);
    let (first, last) = (bounds.next()?.ok()?, bounds.next()?.ok()?);
    Some((last + 1).saturating_sub(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDINARY: Machine = Machine {
        descriptors: Some(1024),
        ports: Some(28_232),
        cores: 2,
        clock: None,
    };

    #[test]
    fn what_cannot_work_is_refused_with_what_to_do() {
        for (open, said) in [(2000, "ulimit -n 2064"), (961, "ulimit -n 1025")] {
            let problem = ORDINARY.check(open, 0, 1).unwrap_err().to_string();
            assert!(problem.contains(said), "{problem}");
        }
        let unlimited = Machine {
            descriptors: None,
            ..ORDINARY
        };
        let problem = unlimited.check(30_000, 0, 1).unwrap_err().to_string();
        assert!(problem.contains("ip_local_port_range"), "{problem}");
        assert_eq!(ORDINARY.check(960, 0, 2).unwrap(), [""; 0]);
    }

    #[test]
    fn what_may_go_wrong_is_a_warning() {
        let warnings = Machine {
            clock: Some("hpet".to_owned()),
            ..ORDINARY
        }
        .check(10, 100_000, 3)
        .unwrap();
        for (warning, said) in warnings.iter().zip(["28232 ports", "--threads 3", "hpet"]) {
            assert!(warning.contains(said), "{warning}");
        }
        assert_eq!(warnings.len(), 3);
    }

    #[test]
    fn the_range_of_ports_is_counted() {
        assert_eq!(ports("32768\t60999\n"), Some(28_232));
        assert_eq!(ports("nonsense"), None);
    }
}
