//! Gives out the open model's tickets at their moments. It blocks, so it runs on a thread of its own: tokio's timers are
//! a millisecond late.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Due, Issued, Queue, Schedule};

/// Shortest sleep. From 5000/s on tickets are given out a few at a time: a switch of threads for each would cost more
/// than the request.
const BREATH: Duration = Duration::from_micros(200);
/// Longest sleep: so soon it notices that the run has ended.
const NAP: Duration = Duration::from_millis(50);

/// Gives out every ticket when it is due, and closes the queue after the last one. Ends early when somebody else closes
/// it.
pub fn pace(schedule: Schedule, origin: Instant, queue: &Queue) {
    let mut arrivals = schedule.peekable();
    let mut batch = Vec::new();
    while let Some(next) = arrivals.peek() {
        if queue.is_closed() {
            return;
        }
        let emitted = Instant::now();
        let early = (origin + next.at).saturating_duration_since(emitted);
        if !early.is_zero() {
            thread::sleep(early.clamp(BREATH, NAP));
            continue;
        }
        // All that are due by now: after a late waking there may be many.
        while let Some(arrival) = arrivals.next_if(|arrival| origin + arrival.at <= emitted) {
            batch.push(Issued {
                ticket: arrival.ticket,
                phase: arrival.phase,
                stage: arrival.stage,
                due: Some(Due {
                    intended: origin + arrival.at,
                    emitted,
                }),
            });
        }
        queue.put(&mut batch);
    }
    queue.close();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Arrivals, Model, Plan, Stage, Ticket};

    fn schedule(tickets: u64) -> Schedule {
        let plan = Plan {
            model: Model::Open(Arrivals::Constant),
            users: 1,
            stages: vec![Stage {
                level: 1000.0,
                lasts: None,
            }],
            tickets: Some(tickets),
            ramp: Duration::ZERO,
            drain: None,
            think: 1.0,
            seed: 7,
            timeout: Duration::from_secs(1),
        };
        Schedule::of(&plan).unwrap()
    }

    #[test]
    fn what_is_overdue_is_given_out_with_the_moment_when_it_was_due() {
        let queue = Queue::default();
        let origin = Instant::now();
        pace(schedule(20), origin, &queue);
        assert!(queue.is_closed());
        for (number, issued) in queue.take_rest().iter().enumerate() {
            let due = issued.due.unwrap();
            assert_eq!(issued.ticket, Ticket::new(7, number as u64));
            assert_eq!(due.intended, origin + Duration::from_millis(number as u64));
            assert!(due.emitted >= due.intended, "never early");
        }
    }

    #[test]
    fn a_closed_queue_ends_it() {
        let queue = Queue::default();
        queue.close();
        pace(schedule(u64::MAX), Instant::now(), &queue);
        assert_eq!(queue.take_rest().len(), 0);
    }
}
