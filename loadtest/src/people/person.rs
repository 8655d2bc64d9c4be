//! What a goose user does: it carries out typed endpoints over its own line, and records them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use vikunja_sdk::{Endpoint, Execute, Output, Pending, ReplyError, Session};

use super::{Moment, Run};
use crate::{
    line::{Body, Line, LineError},
    plan::{Desk, Due, Issued, Ticket},
    record::{Class, Failure, Late, Phase, Place, Row, Sample, Timing, Tray},
    scenario::Actor,
};

/// One user.
pub(super) struct Person<'a> {
    run: &'a Run,
    /// Its number, from 0.
    number: usize,
    /// One for each server.
    lines: Vec<Line>,
    /// Index of the server that it calls now.
    at: usize,
    /// The block that all of its ticket belongs to, where servers are compared.
    block: Option<(Phase, usize)>,
    tray: Tray,
    /// Where the next request belongs, if it is a ticket's first; later ones belong to the moment of their send.
    first: Option<(Phase, usize, Option<Due>)>,
    /// What the scenario calls the next request.
    row: Option<&'static str>,
    /// The ticket's chance, and how many of its answers could be left undecoded so far.
    chance: u64,
    looks: u64,
    under_way: Option<UnderWay>,
    /// The last request, until it is clear whether its answer holds what was promised.
    last: Option<Sample>,
}

/// A request without an answer.
struct UnderWay {
    place: Place,
    late: Option<Late>,
    sent: Instant,
}

impl<'a> Person<'a> {
    pub(super) fn new(run: &'a Run, number: usize, tray: Tray) -> Self {
        let crew = &run.crew;
        let lines = crew.sites.iter().map(|site| {
            let session = site.sessions[number % site.sessions.len()].clone();
            Line::new(session, Arc::clone(&site.target), crew.plan.timeout)
                .keeping(site.keep.clone())
        });
        Self {
            run,
            number,
            lines: lines.collect(),
            at: 0,
            block: None,
            tray,
            first: None,
            row: None,
            chance: 0,
            looks: 0,
            under_way: None,
            last: None,
        }
    }

    pub(super) fn reconnects(&self) -> u64 {
        self.lines.iter().map(|line| line.reconnects).sum()
    }

    pub(super) fn resent(&self) -> u64 {
        self.lines.iter().map(|line| line.resent).sum()
    }

    /// Hands in what it knows.
    pub(super) fn hand_in(&mut self) {
        self.tray.hand_on();
    }

    fn line(&self) -> &Line {
        &self.lines[self.at]
    }

    /// Connects and arrives, before the clock.
    pub(super) async fn arrive(&mut self) {
        let run = self.run;
        // Nobody closes the door; without a permit all would come at once.
        let _turn = run.arriving.acquire().await.ok();
        let ticket = run.arrival(self.number);
        for (at, site) in run.crew.sites.iter().enumerate() {
            self.at = at;
            self.take_up(ticket, None);
            for scenario in site.cast.of_user(self.number, run.casting()) {
                // A failure is in the record already.
                let _ = scenario.begin(self).await;
                self.settle();
            }
        }
    }

    /// Carries out a ticket.
    pub(super) async fn run(&mut self, issued: Issued) {
        let run = self.run;
        self.take_up(
            issued.ticket,
            Some((issued.phase, issued.stage, issued.due)),
        );
        self.at = run.desk.server(&issued);
        self.block = matches!(run.desk, Desk::Turns(_)).then_some((issued.phase, issued.stage));
        let cast = &run.crew.sites[self.at].cast;
        let scenario = cast.of_ticket(self.number, issued.ticket, run.casting());
        // A failure is in the record already.
        let _ = scenario.run(self, issued.ticket).await;
        self.settle();
    }

    fn take_up(&mut self, ticket: Ticket, first: Option<(Phase, usize, Option<Due>)>) {
        self.first = first;
        self.row = None;
        self.chance = ticket.chance;
        self.looks = 0;
    }

    /// Breaks off. What has no answer yet is recorded where the run ended by itself; where it was stopped, it is not.
    pub(super) fn cut(&mut self, counts: bool) {
        self.settle();
        let Some(UnderWay { place, late, sent }) = self.under_way.take() else {
            return;
        };
        if counts {
            let timing = Timing {
                last_byte: sent.elapsed(),
                late,
                ..Timing::default()
            };
            let failure = Failure {
                class: Class::Cut,
                words: format!("{}: no complete answer when the drain was over", place.row),
            };
            self.tray.put(Sample {
                place,
                at: Instant::now(),
                timing,
                failure: Some(failure),
            });
        }
    }

    /// Phase and stage of what is sent now.
    fn moment(&self) -> (Phase, usize) {
        let run = self.run;
        if let Some(block) = self.block {
            return block;
        }
        let Some(started) = run.clock.started() else {
            return (Phase::WarmUp, 0);
        };
        let (phase, stage) = run
            .timeline
            .at(Instant::now().saturating_duration_since(started));
        if run.clock.moment() >= Moment::Over {
            return (Phase::Drain, stage);
        }
        (phase, stage)
    }

    fn place(&self, phase: Phase, stage: usize, row: Row) -> Place {
        Place {
            server: self.at,
            block: self.run.crew.block + stage,
            phase,
            row,
        }
    }

    /// Hands the last request on to the record.
    fn settle(&mut self) {
        if let Some(sample) = self.last.take() {
            self.tray.put(sample);
        }
    }

    /// The only way to the server: sends, times, reads and records.
    async fn carry_out<E: Endpoint, T>(
        &mut self,
        endpoint: &E,
        body: Body,
        read: impl FnOnce(&Pending<E>, &http::Response<Bytes>) -> Result<T, ReplyError>,
    ) -> Result<T, LineError> {
        self.settle();
        let call = self.line().session().call(endpoint)?;
        let route = *call.1.route();
        let row = self.row.take().map_or(Row::Route(route), Row::Named);
        let sent = Instant::now();
        let (phase, stage, due) = self.first.take().unwrap_or_else(|| {
            let (phase, stage) = self.moment();
            (phase, stage, None)
        });
        let late = due.map(|due| Late {
            pacer: due.emitted.saturating_duration_since(due.intended),
            queue: sent.saturating_duration_since(due.emitted),
        });
        let place = self.place(phase, stage, row);
        self.under_way = Some(UnderWay { place, late, sent });
        let mut timed = self.lines[self.at].timed(call, body, read).await;
        self.under_way = None;
        timed.timing.late = late;
        if let (Phase::Steady, Some(started)) = (phase, self.run.clock.started()) {
            self.run.answered(stage, started);
        }
        let server = self.line().session().server();
        let failure = timed.result.as_ref().err().map(|error| Failure {
            class: error.class_on(server),
            words: error.in_words(&route),
        });
        self.last = Some(Sample {
            place,
            at: Instant::now(),
            timing: timed.timing,
            failure,
        });
        timed.result
    }
}

impl Execute for Person<'_> {
    type Error = LineError;

    fn session(&self) -> &Session {
        self.line().session()
    }

    async fn execute<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, LineError> {
        self.carry_out(endpoint, Body::Kept, Pending::decode).await
    }
}

impl Actor for Person<'_> {
    fn reject(&mut self, why: String) {
        if let Some(sample) = &mut self.last {
            sample.failure = Some(Failure {
                class: Class::Content,
                words: format!("{}: {why}", sample.place.row),
            });
        }
    }

    fn accept(&mut self) {
        if let Some(sample) = &mut self.last {
            sample.failure = None;
        }
    }

    fn row(&mut self, name: &'static str) {
        self.row = Some(name);
    }

    fn count(&mut self, row: &'static str, took: Duration, outcome: Result<(), String>) {
        let (phase, stage) = self.moment();
        self.tray.put(Sample {
            place: self.place(phase, stage, Row::Named(row)),
            at: Instant::now(),
            timing: Timing {
                last_byte: took,
                ..Timing::default()
            },
            failure: outcome.err().map(|why| Failure {
                class: Class::Content,
                words: format!("{row}: {why}"),
            }),
        });
    }

    fn number(&self) -> usize {
        self.number
    }

    fn enter(&mut self, session: Session) {
        self.lines[self.at].set_session(session);
    }

    async fn think(&mut self, time: Duration) {
        self.settle();
        tokio::select! {
            () = self.run.clock.reached(Moment::Over) => {}
            () = tokio::time::sleep(time.mul_f64(self.run.crew.plan.think)) => {}
        }
    }

    async fn look<E: Endpoint>(&mut self, endpoint: &E) -> Result<Option<Output<E>>, LineError> {
        let closely = self.run.crew.check.decodes(self.chance, self.looks);
        self.looks += 1;
        if closely {
            self.execute(endpoint).await.map(Some)
        } else {
            self.carry_out(endpoint, Body::Counted, Pending::accept)
                .await
                .map(|()| None)
        }
    }
}
