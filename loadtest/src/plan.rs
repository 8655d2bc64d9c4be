//! How much: a number of tickets, by a number of users.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::exit::Problem;

/// Users in one process: each is a connection, and a machine has about so many ports.
const MOST_USERS: u64 = 60_000;

/// The plan of a run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Users at work at the same time, each with a connection of its own.
    pub users: u64,
    /// Runs of the scenario in all.
    pub tickets: u64,
    /// Where everything random comes from.
    pub seed: u64,
    /// Longest wait for one answer.
    pub timeout: Duration,
}

impl Plan {
    /// A closed plan: `tickets` in all, `users` at a time.
    pub fn closed(users: u64, tickets: u64, seed: u64, timeout: Duration) -> Result<Self, Problem> {
        if tickets == 0 {
            return Err(Problem::new("--requests 0 would measure nothing").advise("give 1 or more"));
        }
        if users == 0 {
            return Err(Problem::new("--users 0 would send nothing").advise("give 1 or more"));
        }
        if users > tickets {
            return Err(Problem::new(format!(
                "--users {users} is more than --requests {tickets}: some users would have nothing to do"
            ))
            .advise(format!("give at most --users {tickets}, or more requests")));
        }
        if users > MOST_USERS {
            return Err(Problem::new(format!(
                "--users {users} is more than one process can hold ({MOST_USERS})"
            ))
            .advise("share them among several machines"));
        }
        if timeout.is_zero() {
            return Err(
                Problem::new("--timeout 0s would let no answer in").advise("give 1s or more")
            );
        }
        Ok(Self {
            users,
            tickets,
            seed,
            timeout,
        })
    }
}

/// One run of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// From 0.
    pub number: u64,
    /// Where the scenario's chance comes from: from seed and number, never from who carries it out, so that the same
    /// seed sends the same requests.
    pub chance: u64,
}

/// Tickets, each given out once: a slow user takes fewer.
#[derive(Debug)]
pub struct Tickets {
    next: AtomicU64,
    total: u64,
    seed: u64,
}

impl Tickets {
    /// The tickets of a plan.
    pub fn of(plan: &Plan) -> Self {
        Self {
            next: AtomicU64::new(0),
            total: plan.tickets,
            seed: plan.seed,
        }
    }

    /// The next one, while there are any.
    pub fn take(&self) -> Option<Ticket> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.total).then(|| Ticket {
            number,
            chance: mix(self.seed ^ mix(number)),
        })
    }
}

/// SplitMix64's finisher (Steele, Lea, Flood 2014): every bit of the input moves every bit of the output.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(users: u64, tickets: u64) -> Result<Plan, Problem> {
        Plan::closed(users, tickets, 7, Duration::from_secs(1))
    }

    #[test]
    fn plans_that_measure_nothing_are_refused() {
        for (users, tickets, named) in [
            (10, 0, "--requests"),
            (0, 5, "--users"),
            (6, 5, "--users 6"),
        ] {
            let problem = plan(users, tickets).unwrap_err().to_string();
            assert!(problem.contains(named), "{problem}");
        }
    }

    #[test]
    fn each_ticket_is_given_out_once_whoever_takes_it() {
        let plan = plan(3, 1003).unwrap();
        let tickets = Tickets::of(&plan);
        let mut taken: Vec<_> = std::thread::scope(|scope| {
            let users: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| std::iter::from_fn(|| tickets.take()).collect::<Vec<_>>()))
                .collect();
            users
                .into_iter()
                .flat_map(|user| user.join().unwrap())
                .collect()
        });
        taken.sort_by_key(|ticket| ticket.number);
        let again = Tickets::of(&plan);
        let alone: Vec<_> = std::iter::from_fn(|| again.take()).collect();
        assert_eq!(taken, alone);
        assert_eq!(taken.len(), 1003);
    }
}
