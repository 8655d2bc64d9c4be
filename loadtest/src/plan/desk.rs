//! Where users get their tickets.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::Semaphore;

use super::{Model, Plan, Seat, Shift, Ticket, Timeline, Turns};
use crate::record::Phase;

/// A ticket that somebody carries out, and where its first request belongs.
#[derive(Clone, Copy, Debug)]
pub struct Issued {
    /// The ticket.
    pub ticket: Ticket,
    /// Ramp or steady.
    pub phase: Phase,
    /// Index of the stage, or of the block of a comparison.
    pub stage: usize,
    /// When it was due; in the open model only.
    pub due: Option<Due>,
}

/// The moments before an open ticket's first send.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// When it had to begin.
    pub intended: Instant,
    /// When the pacer gave it out.
    pub emitted: Instant,
}

/// Gives out tickets, each once: a slow user gets fewer.
#[derive(Debug)]
pub enum Desk {
    /// The next one to whoever is ready.
    Closed(Counter),
    /// Each at its moment, by a pacer.
    Open(Arc<Queue>),
    /// Each once for each of two servers, block by block.
    Turns(Turns),
}

impl Desk {
    /// The desk of a plan.
    pub fn of(plan: &Plan) -> Self {
        match plan.model {
            Model::Closed => Self::Closed(Counter {
                timeline: Timeline::of(plan),
                seed: plan.seed,
                tickets: plan.tickets,
                steady: AtomicU64::new(0),
                ramp: AtomicU64::new(0),
            }),
            Model::Open(_) => Self::Open(Arc::default()),
        }
    }

    /// The next ticket for this user, when there is one; `None` when there will be none any more. `hand_in`: see
    /// [`Turns::next`].
    pub async fn next(
        &self,
        user: usize,
        started: Instant,
        hand_in: impl FnMut(),
    ) -> Option<Issued> {
        match self {
            Self::Closed(counter) => counter.next(user, started).await,
            Self::Open(queue) => queue.next().await,
            Self::Turns(turns) => turns.next(hand_in).await,
        }
    }

    /// Which server a ticket goes to.
    pub fn server(&self, issued: &Issued) -> usize {
        match self {
            Self::Turns(turns) => turns.server(issued.stage),
            Self::Closed(_) | Self::Open(_) => 0,
        }
    }

    /// A user comes; where others would wait for it, it is known to be gone when this is dropped.
    pub fn sit(&self) -> Option<Seat<'_>> {
        match self {
            Self::Turns(turns) => Some(turns.sit()),
            Self::Closed(_) | Self::Open(_) => None,
        }
    }
}

/// The tickets of a closed plan.
#[derive(Debug)]
pub struct Counter {
    timeline: Timeline,
    seed: u64,
    tickets: Option<u64>,
    steady: AtomicU64,
    ramp: AtomicU64,
}

impl Counter {
    async fn next(&self, user: usize, started: Instant) -> Option<Issued> {
        let (phase, stage) = loop {
            match self.timeline.shift(user, started.elapsed()) {
                Shift::Work(phase, stage) => break (phase, stage),
                Shift::Wait(until) => tokio::time::sleep_until((started + until).into()).await,
                Shift::Over => return None,
            }
        };
        let ticket = match phase {
            Phase::Ramp => Ticket::of_ramp(self.seed, self.ramp.fetch_add(1, Ordering::Relaxed)),
            _ => {
                let number = self.steady.fetch_add(1, Ordering::Relaxed);
                if self.tickets.is_some_and(|tickets| number >= tickets) {
                    return None;
                }
                Ticket::new(self.seed, number)
            }
        };
        Some(Issued {
            ticket,
            phase,
            stage,
            due: None,
        })
    }
}

/// Tickets that are due and that nobody has taken yet. Without an end: a server that cannot keep up finds them all here.
#[derive(Debug)]
pub struct Queue {
    tickets: Mutex<VecDeque<Issued>>,
    /// One permit for each. Users wait here in turn, so that all of them work.
    ready: Semaphore,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            tickets: Mutex::default(),
            ready: Semaphore::new(0),
        }
    }
}

impl Queue {
    /// Puts in tickets that are due.
    pub fn put(&self, due: &mut Vec<Issued>) {
        let count = due.len();
        self.lock().extend(due.drain(..));
        self.ready.add_permits(count);
    }

    /// No more will come.
    pub fn close(&self) {
        self.ready.close();
    }

    /// Whether no more will come.
    pub fn is_closed(&self) -> bool {
        self.ready.is_closed()
    }

    async fn next(&self) -> Option<Issued> {
        if let Ok(permit) = self.ready.acquire().await {
            permit.forget();
        }
        // Closed, it is emptied without permits.
        self.lock().pop_front()
    }

    /// Takes out what nobody has taken.
    pub fn take_rest(&self) -> Vec<Issued> {
        self.lock().drain(..).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Issued>> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::plan::Stage;

    fn counter(tickets: u64) -> Counter {
        let plan = Plan {
            model: Model::Closed,
            users: 3,
            stages: vec![Stage {
                level: 3.0,
                lasts: None,
            }],
            tickets: Some(tickets),
            ramp: Duration::ZERO,
            drain: None,
            think: 1.0,
            seed: 7,
            timeout: Duration::from_secs(1),
        };
        let Desk::Closed(counter) = Desk::of(&plan) else {
            panic!("a closed plan has a counter");
        };
        counter
    }

    #[tokio::test]
    async fn each_ticket_is_given_out_once_whoever_takes_it() {
        let shared = counter(1003);
        let started = Instant::now();
        let user = |number| {
            let shared = &shared;
            async move {
                let mut taken = Vec::new();
                while let Some(issued) = shared.next(number, started).await {
                    taken.push(issued.ticket);
                    tokio::task::yield_now().await;
                }
                taken
            }
        };
        let (a, b, c) = tokio::join!(user(0), user(1), user(2));
        let mut taken = [a, b, c].concat();
        taken.sort_by_key(|ticket| ticket.number);
        let expected: Vec<_> = (0..1003).map(|number| Ticket::new(7, number)).collect();
        assert_eq!(taken, expected);
    }

    #[tokio::test]
    async fn a_queue_gives_out_what_was_put_in_before_it_ends() {
        let queue = Queue::default();
        let issued = |number| Issued {
            ticket: Ticket::new(1, number),
            phase: Phase::Steady,
            stage: 0,
            due: None,
        };
        queue.put(&mut (0..5).map(issued).collect());
        assert_eq!(
            queue.next().await.map(|issued| issued.ticket.number),
            Some(0)
        );
        queue.close();
        assert!(queue.is_closed());
        assert_eq!(
            queue.next().await.map(|issued| issued.ticket.number),
            Some(1)
        );
        assert_eq!(queue.take_rest().len(), 3);
        assert!(queue.next().await.is_none());
    }
}
