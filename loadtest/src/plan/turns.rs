//! The tickets of a comparison: a block of them for one server, then one for the other. Nobody begins a block before
//! everybody is done with the last one, so one server is idle while the other works.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{Issued, Ticket, mix};
use crate::{
    process::{Meter, Work},
    record::Phase,
};

/// Blocks before those that are judged: one for each server, which warms them up.
pub const WARM_UP: usize = 2;

/// Which server each block of so many pairs goes to. Two neighbours are a pair, and two pairs are ABBA or BAAB, by chance
/// from the seed: a drift over time hits both servers alike.
pub fn order(pairs: usize, seed: u64) -> Vec<usize> {
    (0..pairs)
        .flat_map(|pair| {
            let chance = mix(seed ^ mix(pair as u64 / 2)) & 1;
            let first = (chance as usize) ^ (pair & 1);
            [first, 1 - first]
        })
        .collect()
}

/// What each block cost its server's processors; `None` where nobody knows. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Bill(Arc<Mutex<Vec<Option<Duration>>>>);

impl Bill {
    /// Of a block that came to its end.
    pub fn of(&self, block: usize) -> Option<Duration> {
        self.lock().get(block).copied().flatten()
    }

    /// Of the next block.
    pub fn add(&self, cost: Option<Duration>) {
        self.lock().push(cost);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Duration>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives out the tickets, each once to each server.
#[derive(Debug)]
pub struct Turns {
    order: Vec<usize>,
    size: u64,
    seed: u64,
    meter: Meter,
    bill: Bill,
    state: Mutex<State>,
    /// The block that is under way.
    block: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    /// Tickets of the block that were given out.
    issued: u64,
    /// Users that are there, and of them those that wait for the next block.
    users: u64,
    waiting: u64,
    /// When the block began, and what its server had worked until then.
    began: Option<(Instant, Option<Work>)>,
    lasted: Vec<Duration>,
}

impl Turns {
    /// Blocks of `size` tickets in this order, for so many users.
    pub fn new(order: Vec<usize>, size: u64, seed: u64, users: u64) -> Self {
        Self {
            order,
            size,
            seed,
            meter: Meter::default(),
            bill: Bill::default(),
            state: Mutex::new(State {
                issued: 0,
                users,
                waiting: 0,
                began: None,
                lasted: Vec::new(),
            }),
            block: watch::Sender::new(0),
        }
    }

    /// Has the blocks metered, and what they cost put on this bill.
    #[must_use]
    pub fn metered(mut self, meter: Meter, bill: Bill) -> Self {
        (self.meter, self.bill) = (meter, bill);
        self
    }

    /// Which server a block goes to.
    pub fn server(&self, block: usize) -> usize {
        self.order.get(block).copied().unwrap_or_default()
    }

    /// How long each block took that came to its end.
    pub fn lasted(&self) -> Vec<Duration> {
        self.lock().lasted.clone()
    }

    /// The next ticket; `None` when there will be none any more. `hand_in` is called before waiting for others: what
    /// everybody knows of a block is handed in before the next one begins.
    pub async fn next(&self, mut hand_in: impl FnMut()) -> Option<Issued> {
        let mut under_way = self.block.subscribe();
        loop {
            // It does not go on before this user waits.
            let block = *under_way.borrow_and_update();
            if block >= self.order.len() {
                return None;
            }
            if let Some(issued) = self.take(block) {
                return Some(issued);
            }
            hand_in();
            self.turn_over_after(|state| state.waiting += 1);
            // The sender lives in `self`: waiting cannot fail.
            let _ = under_way.wait_for(|now| *now > block).await;
        }
    }

    /// A seat in the round: nobody waits for who has left it, whatever the reason.
    pub fn sit(&self) -> Seat<'_> {
        Seat(self)
    }

    fn take(&self, block: usize) -> Option<Issued> {
        let mut state = self.lock();
        if state.issued >= self.size {
            return None;
        }
        if state.began.is_none() {
            let worked = self.meter.read(self.server(block));
            state.began = Some((Instant::now(), worked));
        }
        let number = state.issued;
        state.issued += 1;
        // Both blocks of a pair have the same tickets, and no other pair has them.
        let (phase, ticket) = match block.checked_sub(WARM_UP) {
            None => (Phase::Ramp, Ticket::of_ramp(self.seed, number)),
            Some(judged) => {
                let number = (judged as u64 / 2) * self.size + number;
                (Phase::Steady, Ticket::new(self.seed, number))
            }
        };
        Some(Issued {
            ticket,
            phase,
            stage: block,
            due: None,
        })
    }

    /// Changes who waits; the last one to wait begins the next block.
    fn turn_over_after(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        if state.users == 0 || state.waiting < state.users {
            return;
        }
        let block = *self.block.borrow();
        let (lasted, cost) = state.began.take().map_or_else(Default::default, |began| {
            let lasted = began.0.elapsed();
            let now = self.meter.read(self.server(block));
            (lasted, now.zip(began.1).map(|(now, then)| now.since(&then)))
        });
        state.lasted.push(lasted);
        self.bill.add(cost);
        (state.issued, state.waiting) = (0, 0);
        // Under the lock: nobody takes a ticket of the block that is over.
        self.block.send_modify(|block| *block += 1);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Turns::sit`].
#[derive(Debug)]
pub struct Seat<'a>(&'a Turns);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.0.turn_over_after(|state| state.users -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn each_server_goes_first_as_often_and_the_seed_decides() {
        let all = order(200, 7);
        assert_eq!(all.len(), 400);
        let mut starts = [0, 0];
        for four in all.chunks(4) {
            assert!(four == [0, 1, 1, 0] || four == [1, 0, 0, 1], "{four:?}");
            starts[four[0]] += 1;
        }
        assert!(starts[0] > 30 && starts[1] > 30, "{starts:?}");
        assert_eq!(all, order(200, 7));
        assert_ne!(all, order(200, 8));
    }

    #[tokio::test]
    async fn both_servers_get_the_same_tickets_and_nobody_runs_ahead() {
        let turns = Turns::new(vec![0, 1, 0, 1, 1, 0], 5, 3, 3);
        let under_way = AtomicU64::new(0);
        let user = || async {
            let _seat = turns.sit();
            let mut taken = Vec::new();
            while let Some(issued) = turns.next(|| ()).await {
                let before = under_way.fetch_max(issued.stage as u64, Ordering::Relaxed);
                assert!(before <= issued.stage as u64, "a later block was begun");
                taken.push((issued.stage, issued.ticket));
                tokio::task::yield_now().await;
            }
            taken
        };
        let (a, b, c) = tokio::join!(user(), user(), user());
        let taken = [a, b, c].concat();
        let of = |block: usize| {
            let mut tickets: Vec<_> = taken
                .iter()
                .filter(|(stage, _)| *stage == block)
                .map(|(_, ticket)| *ticket)
                .collect();
            tickets.sort_by_key(|ticket| ticket.number);
            tickets
        };
        assert_eq!(taken.len(), 30);
        for pair in [(0, 1), (2, 3), (4, 5)] {
            assert_eq!(of(pair.0), of(pair.1));
        }
        assert_eq!(of(2)[0], Ticket::new(3, 0));
        assert_eq!(of(5)[4], Ticket::new(3, 9));
        assert_ne!(of(0)[0].chance, of(2)[0].chance);
        assert_eq!(turns.lasted().len(), 6);
    }

    #[tokio::test]
    async fn blocks_are_billed_where_the_server_is_a_process_of_this_machine() {
        let bill = Bill::default();
        let meter = Meter::of(&[Some(std::process::id()), None]);
        let turns = Turns::new(vec![0, 1], 2, 3, 1).metered(meter, bill.clone());
        while turns.next(|| ()).await.is_some() {}
        assert!(bill.of(0).is_some());
        assert!(bill.of(1).is_none() && bill.of(2).is_none());
    }

    #[tokio::test]
    async fn nobody_waits_for_who_has_left() {
        let turns = Turns::new(vec![0, 1], 2, 3, 2);
        drop(turns.sit());
        let mut taken = 0;
        while turns.next(|| ()).await.is_some() {
            taken += 1;
        }
        assert_eq!(taken, 4);
    }

    #[tokio::test]
    async fn what_is_known_is_handed_in_before_each_wait() {
        let turns = Turns::new(vec![0, 1], 2, 3, 1);
        let mut handed = 0;
        while turns.next(|| handed += 1).await.is_some() {}
        assert_eq!(handed, 2);
    }
}
