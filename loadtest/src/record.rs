//! What was measured: users send samples in batches to one thread, which owns all histograms.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, oneshot};
use vikunja_sdk::Resolved;

use crate::course::{Course, Tally};

/// Part of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Logging in, and making what the scenario needs.
    SetUp,
    /// Each user connects and arrives.
    WarmUp,
    /// The load rises.
    Ramp,
    /// What is judged.
    Steady,
    /// What users still do when time is over.
    Drain,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SetUp => "set-up",
            Self::WarmUp => "warm-up",
            Self::Ramp => "ramp",
            Self::Steady => "steady",
            Self::Drain => "drain",
        })
    }
}

/// Why a request failed; each failure has one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// This machine ran out of ports or descriptors: it says nothing about the server.
    Generator,
    /// No connection, or TLS failed.
    Connect,
    /// No complete answer in time.
    TimeOut,
    /// The connection broke before the answer was complete.
    Broken,
    /// 500 to a write, from 2.x on SQLite: its file is locked now and then, and nothing is stored.
    Locked,
    /// Any other 5xx.
    Server,
    /// 429.
    Limited,
    /// Any other status that is no success.
    Client,
    /// A good status, and an answer that cannot be read.
    Decode,
    /// A readable answer with something else in it than was promised.
    Content,
    /// The answer was not complete when the drain was over.
    Cut,
    /// A ticket that was due and never sent: no connection was free until the drain was over.
    NotStarted,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generator => "generator out of ports or descriptors",
            Self::Connect => "no connection",
            Self::TimeOut => "time-out",
            Self::Broken => "connection broke",
            Self::Locked => "server error (500) to a write on SQLite",
            Self::Server => "server error (5xx)",
            Self::Limited => "rate-limited (429)",
            Self::Client => "refused (3xx, 4xx)",
            Self::Decode => "unreadable answer",
            Self::Content => "wrong content",
            Self::Cut => "cut off at the end",
            Self::NotStarted => "not started in time",
        })
    }
}

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Row {
    /// The requests of a route.
    Route(Resolved),
    /// What the scenario has given a name.
    Named(&'static str),
    /// Tickets that were never sent. They might have been of any route.
    NotStarted,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route(route) => write!(f, "{route}"),
            Self::Named(name) => f.write_str(name),
            Self::NotStarted => f.write_str("(not started)"),
        }
    }
}

/// Where a sample belongs: which server of the run, which block, which phase, which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Index into the run's servers.
    pub server: usize,
    /// Index into the run's blocks.
    pub block: usize,
    /// Phase.
    pub phase: Phase,
    /// Row.
    pub row: Row,
}

/// How long the parts of a request took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timing {
    /// Connecting and TLS, where this request had to.
    pub connect: Option<Duration>,
    /// From the send (or the connect) to the response headers.
    pub first_byte: Duration,
    /// From the send (or the connect) to the last byte of the body: the service time.
    pub last_byte: Duration,
    /// Decoding and checking, after that.
    pub decode: Duration,
    /// Length of the answer's body.
    pub bytes: u64,
    /// How late it was sent; in the open model only, for the first request of a ticket.
    pub late: Option<Late>,
}

/// How late a request of the open model was sent, and why.
#[derive(Clone, Copy, Debug, Default)]
pub struct Late {
    /// From the moment when it was due to when the pacer gave it out: this machine's doing.
    pub pacer: Duration,
    /// From then to the send: no connection was free, the server's doing.
    pub queue: Duration,
}

impl Timing {
    /// The response time: from the moment when the request had to be sent to the last byte of the body.
    pub fn response(&self) -> Duration {
        let late = self.late.unwrap_or_default();
        late.pacer + late.queue + self.last_byte
    }
}

/// A failure: its class, and in words what was asked and answered, without secrets.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Class.
    pub class: Class,
    /// In words.
    pub words: String,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Where it belongs.
    pub place: Place,
    /// When it came to its end.
    pub at: Instant,
    /// How long it took.
    pub timing: Timing,
    /// What went wrong, if anything.
    pub failure: Option<Failure>,
}

/// Numbers for whoever watches.
#[derive(Debug, Default)]
pub struct Live {
    /// Judged requests done.
    pub done: AtomicU64,
    /// Judged requests failed.
    pub failed: AtomicU64,
    /// Why the run was given up, if it was.
    given_up: OnceLock<String>,
    gives_up: Notify,
    started: OnceLock<Instant>,
    /// The last whole second.
    last: Mutex<Tally>,
}

impl Live {
    /// Why the run was given up, if it was.
    pub fn given_up(&self) -> Option<&str> {
        self.given_up.get().map(String::as_str)
    }

    /// Waits until the run is given up.
    pub async fn until_given_up(&self) {
        // One waits, and a notice that comes first is kept for it.
        self.gives_up.notified().await;
    }

    /// The clock starts.
    pub fn start(&self) {
        // There is one start.
        let _ = self.started.set(Instant::now());
    }

    /// When the clock started, if it has.
    pub fn started(&self) -> Option<Instant> {
        self.started.get().copied()
    }

    /// What came to an end in the last whole second, as far as it is known.
    pub fn last_second(&self) -> Tally {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn show(&self, second: Tally) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = second;
    }

    fn count(&self, sample: &Sample) {
        if sample.place.phase == Phase::Steady {
            let failed = u64::from(sample.failure.is_some());
            self.failed.fetch_add(failed, Ordering::Relaxed);
            self.done.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn give_up(&self, why: String) {
        if self.given_up.set(why).is_ok() {
            self.gives_up.notify_one();
        }
    }
}

/// The figures of one row in one phase of one block on one server.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Successful requests, in µs: the response time.
    pub latency: Histogram<u64>,
    /// Successful requests of the open model, in µs from the send to the last byte. In the closed model that is the
    /// response time.
    pub service: Histogram<u64>,
    /// µs that the pacer was late, open model only.
    pub pacer: Histogram<u64>,
    /// µs without a free connection, open model only.
    pub queue: Histogram<u64>,
    /// µs of connecting, of those that had to.
    pub connect: Histogram<u64>,
    /// µs to the response headers, of successful ones.
    pub first_byte: Histogram<u64>,
    /// µs of decoding and checking, of successful ones.
    pub decode: Histogram<u64>,
    /// Bytes of the bodies of successful ones.
    pub bytes: u64,
    /// Failures by class.
    pub failures: BTreeMap<Class, u64>,
    /// The first failure of each class, in words.
    pub examples: BTreeMap<Class, String>,
    /// The first failure, in words.
    pub first_failure: Option<String>,
}

impl Default for Figures {
    fn default() -> Self {
        // Three digits, resizing: 1 µs to hours, and a few kB where nothing slow happens.
        let histogram = || {
            let mut histogram = Histogram::new(3).expect("three digits are allowed");
            histogram.auto(true);
            histogram
        };
        Self {
            latency: histogram(),
            service: histogram(),
            pacer: histogram(),
            queue: histogram(),
            connect: histogram(),
            first_byte: histogram(),
            decode: histogram(),
            bytes: 0,
            failures: BTreeMap::new(),
            examples: BTreeMap::new(),
            first_failure: None,
        }
    }
}

impl Figures {
    /// Adds a request.
    pub fn add(&mut self, timing: &Timing, failure: Option<Failure>) {
        let add = |histogram: &mut Histogram<u64>, time: Duration| {
            // A resizing histogram takes every value.
            let _ = histogram.record(micros(time));
        };
        if let Some(connect) = timing.connect {
            add(&mut self.connect, connect);
        }
        if let Some(late) = timing.late {
            add(&mut self.pacer, late.pacer);
            add(&mut self.queue, late.queue);
        }
        if let Some(failure) = failure {
            *self.failures.entry(failure.class).or_default() += 1;
            self.first_failure
                .get_or_insert_with(|| failure.words.clone());
            self.examples.entry(failure.class).or_insert(failure.words);
        } else {
            add(&mut self.latency, timing.response());
            if timing.late.is_some() {
                add(&mut self.service, timing.last_byte);
            }
            add(&mut self.first_byte, timing.first_byte);
            add(&mut self.decode, timing.decode);
            self.bytes += timing.bytes;
        }
    }

    /// Adds another's figures.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.latency, &other.latency),
            (&mut self.service, &other.service),
            (&mut self.pacer, &other.pacer),
            (&mut self.queue, &other.queue),
            (&mut self.connect, &other.connect),
            (&mut self.first_byte, &other.first_byte),
            (&mut self.decode, &other.decode),
        ] {
            // A resizing histogram takes every value.
            let _ = mine.add(theirs);
        }
        self.bytes += other.bytes;
        for (class, count) in &other.failures {
            *self.failures.entry(*class).or_default() += count;
        }
        for (class, words) in &other.examples {
            self.examples.entry(*class).or_insert_with(|| words.clone());
        }
        if self.first_failure.is_none() {
            self.first_failure.clone_from(&other.first_failure);
        }
    }

    /// Requests that failed.
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// Median time from the send to the last byte of successful requests, in µs: what the server and this machine
    /// need for one, without any queue.
    pub fn median_service(&self) -> Option<u64> {
        let times = if self.service.is_empty() {
            &self.latency
        } else {
            &self.service
        };
        (!times.is_empty()).then(|| times.value_at_quantile(0.5))
    }

    /// Requests in all.
    pub fn requests(&self) -> u64 {
        self.latency.len() + self.failed()
    }

    /// The response time in µs that `quantile` of **all** requests did not exceed. A failed one counts as infinitely
    /// slow: `None`, so that failing fast never helps.
    pub fn percentile(&self, quantile: f64) -> Option<u64> {
        percentile(&self.latency, self.failed(), quantile)
    }

    /// The mean response time in µs over all requests; `None` once one failed.
    pub fn mean(&self) -> Option<f64> {
        (self.failed() == 0 && !self.latency.is_empty()).then(|| self.latency.mean())
    }

    /// The longest response time in µs over all requests; `None` once one failed.
    pub fn max(&self) -> Option<u64> {
        (self.failed() == 0 && !self.latency.is_empty()).then(|| self.latency.max())
    }
}

/// The time that `quantile` of all requests did not exceed, where so many failed beside those in the histogram.
pub fn percentile(answered: &Histogram<u64>, failed: u64, quantile: f64) -> Option<u64> {
    let requests = answered.len() + failed;
    let rank = ((quantile * requests as f64) - 1e-9).ceil().max(1.0);
    let count = answered.len() as f64;
    (rank <= count).then(|| {
        // Half a rank less, against rounding up in the histogram's own arithmetic.
        answered.value_at_quantile((rank - 0.5) / count)
    })
}

/// Whole microseconds, rounded up, so that nothing takes no time at all.
pub fn micros(time: Duration) -> u64 {
    time.as_nanos().div_ceil(1000) as u64
}

/// All figures of a run.
#[derive(Clone, Debug)]
pub struct Record {
    began: Instant,
    places: Vec<(Place, Figures)>,
    /// The course of each place.
    courses: Vec<Course>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            places: Vec::new(),
            courses: Vec::new(),
        }
    }
}

impl Record {
    /// Every place with its figures, in the order in which they were first seen.
    pub fn places(&self) -> &[(Place, Figures)] {
        &self.places
    }

    /// The course of each place, in the same order. Seconds count from the begin of the run that it was of.
    pub fn courses(&self) -> impl Iterator<Item = (&Place, &Course)> {
        self.places
            .iter()
            .map(|(place, _)| place)
            .zip(&self.courses)
    }

    /// The figures of all places that are wanted, together.
    pub fn sum(&self, wanted: impl Fn(&Place) -> bool) -> Figures {
        let mut sum = Figures::default();
        for (place, figures) in &self.places {
            if wanted(place) {
                sum.merge(figures);
            }
        }
        sum
    }

    /// Takes over what another run has recorded, in blocks of its own.
    pub fn append(&mut self, other: Self) {
        self.places.extend(other.places);
        self.courses.extend(other.courses);
    }

    /// Adds a sample.
    pub fn add(&mut self, sample: Sample) {
        // A scenario has a handful of routes: looking through them is faster than hashing one.
        // The last block is the one that is under way.
        let known = self
            .places
            .iter()
            .rposition(|(place, _)| *place == sample.place);
        let index = known.unwrap_or_else(|| {
            self.places.push((sample.place, Figures::default()));
            self.courses.push(Course::default());
            self.places.len() - 1
        });
        let took = match sample.failure {
            None => Some(micros(sample.timing.response())),
            Some(_) => None,
        };
        let second = self.second(sample.at);
        self.courses[index].add(second, took);
        self.places[index].1.add(&sample.timing, sample.failure);
    }

    fn second(&self, at: Instant) -> u32 {
        at.saturating_duration_since(self.began).as_secs() as u32
    }

    /// What came to an end in the whole second before this moment.
    fn second_before(&self, at: Instant) -> Tally {
        let mut sum = Tally::default();
        if let Some(second) = self.second(at).checked_sub(1) {
            for tally in self.courses.iter().filter_map(|course| course.at(second)) {
                sum.merge(tally);
            }
        }
        sum
    }
}

/// How often it is asked whether to give up, and whoever watches is told: adding figures up is dearer than recording.
const LOOK: Duration = Duration::from_millis(250);

/// The recorder's thread.
#[derive(Debug)]
pub struct Recorder {
    thread: JoinHandle<Record>,
    trays: Trays,
    live: Arc<Live>,
}

/// What travels to the recorder.
enum Message {
    Samples(Vec<Sample>),
    /// Somebody wants to see the record as it is.
    Show(oneshot::Sender<Record>),
    /// Nothing comes any more.
    End,
}

impl Recorder {
    /// Starts it. `is_hopeless` looks at the record now and then, and may say why to give up.
    pub fn start(is_hopeless: impl Fn(&Record) -> Option<String> + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel::<Message>();
        let live = Arc::new(Live::default());
        let watched = Arc::clone(&live);
        let thread = std::thread::spawn(move || {
            let mut record = Record::default();
            let mut looked = Instant::now();
            loop {
                match receiver.recv_timeout(LOOK) {
                    Ok(Message::Samples(samples)) => {
                        for sample in samples {
                            watched.count(&sample);
                            record.add(sample);
                        }
                    }
                    // Whoever asked may have gone.
                    Ok(Message::Show(to)) => drop(to.send(record.clone())),
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(Message::End) | Err(RecvTimeoutError::Disconnected) => return record,
                }
                if looked.elapsed() >= LOOK {
                    looked = Instant::now();
                    watched.show(record.second_before(looked));
                    if let Some(why) = is_hopeless(&record) {
                        watched.give_up(why);
                    }
                }
            }
        });
        Self {
            thread,
            trays: Trays::new(sender),
            live,
        }
    }

    /// The record as it is now. `None` only when the recorder has ended.
    pub async fn so_far(&self) -> Option<Record> {
        let (sender, receiver) = oneshot::channel();
        self.trays.sender.send(Message::Show(sender)).ok()?;
        receiver.await.ok()
    }

    /// Where users get their trays.
    pub fn trays(&self) -> Trays {
        self.trays.clone()
    }

    /// Numbers for whoever watches.
    pub fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live)
    }

    /// Ends it and gives the record. The users must have put down their trays: what comes later is lost.
    pub fn finish(self) -> Record {
        // Fails only when the recorder has ended, and then it has panicked, which the join tells.
        let _ = self.trays.sender.send(Message::End);
        // A panic of the recorder is a bug; it goes on here instead of becoming an empty result.
        self.thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Gives out trays.
#[derive(Clone, Debug)]
pub struct Trays {
    sender: mpsc::Sender<Message>,
    /// What is on them. Crowds share: with a tray for each of ten thousand users every batch would hold one sample.
    batches: Arc<[Mutex<Batch>]>,
    given_out: Arc<AtomicUsize>,
}

/// What lies on a tray.
#[derive(Debug)]
struct Batch {
    samples: Vec<Sample>,
    handed_on: Instant,
}

impl Trays {
    /// Users beyond this number share.
    const COUNT: usize = 32;

    fn new(sender: mpsc::Sender<Message>) -> Self {
        let batch = || {
            Mutex::new(Batch {
                samples: Vec::with_capacity(Tray::FULL),
                handed_on: Instant::now(),
            })
        };
        Self {
            sender,
            batches: std::iter::repeat_with(batch).take(Self::COUNT).collect(),
            given_out: Arc::default(),
        }
    }

    /// A tray for one user.
    pub fn tray(&self) -> Tray {
        let number = self.given_out.fetch_add(1, Ordering::Relaxed);
        Tray {
            index: number % self.batches.len(),
            trays: self.clone(),
        }
    }

    fn hand_on(&self, batch: &mut Batch) {
        if !batch.samples.is_empty() {
            // The recorder lives as long as there are trays.
            let full = std::mem::replace(&mut batch.samples, Vec::with_capacity(Tray::FULL));
            let _ = self.sender.send(Message::Samples(full));
            batch.handed_on = Instant::now();
        }
    }
}

/// Where one user puts its samples. They are handed on in batches, the last one when the tray is dropped.
#[derive(Debug)]
pub struct Tray {
    index: usize,
    trays: Trays,
}

impl Tray {
    const FULL: usize = 16;
    /// Soon enough that whoever watches sees each user move.
    const STALE: Duration = Duration::from_millis(250);

    /// Puts in one sample.
    pub fn put(&mut self, sample: Sample) {
        let mut batch = self.batch();
        batch.samples.push(sample);
        if batch.samples.len() >= Self::FULL || batch.handed_on.elapsed() >= Self::STALE {
            self.trays.hand_on(&mut batch);
        }
    }

    /// Hands on what is in it.
    pub fn hand_on(&mut self) {
        self.trays.hand_on(&mut self.batch());
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.trays.batches[self.index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Tray {
    fn drop(&mut self) {
        self.hand_on();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(answered: impl IntoIterator<Item = u64>, failed: u64) -> Figures {
        let mut figures = Figures::default();
        for micros in answered {
            figures.latency.record(micros).unwrap();
        }
        if failed > 0 {
            figures.failures.insert(Class::Server, failed);
        }
        figures
    }

    #[test]
    fn percentiles_are_exact_ranks() {
        let hundred = figures(1..=100, 0);
        for (quantile, micros) in [
            (0.0, 1),
            (0.01, 1),
            (0.5, 50),
            (0.9, 90),
            (0.95, 95),
            (0.99, 99),
            (1.0, 100),
        ] {
            assert_eq!(hundred.percentile(quantile), Some(micros), "{quantile}");
        }
        assert_eq!(figures([], 0).percentile(0.5), None);
        assert_eq!(figures([7], 0).percentile(0.999), Some(7));
    }

    #[test]
    fn a_failed_request_is_infinitely_slow() {
        let some = figures(1..=95, 5);
        assert_eq!(some.percentile(0.5), Some(50));
        assert_eq!(some.percentile(0.95), Some(95));
        assert_eq!(some.percentile(0.96), None);
        assert_eq!((some.mean(), some.max()), (None, None));
        assert_eq!(figures([], 3).percentile(0.01), None);
    }
}
