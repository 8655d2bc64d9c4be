//! `loadtest monitor`: a few requests again and again, held to the manual's thresholds.
//!
//! Percentiles are of answered probes here, and failures have a threshold of their own: a run judges both as one, but the
//! manual's warning at 5 % of errors would else always be critical.

mod alert;
mod judge;
mod machine;
mod metric;
mod probe;
mod serve;
mod stores;
mod window;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::json;
use vikunja_sdk::{Api, Raw, Server, Session, auth::Token};

use crate::{
    cli::{
        self,
        access::{AccessArgs, WayArgs},
        monitor::MonitorArgs,
    },
    exit::{Exit, Problem},
    line::{Body, Line, Target},
    out::Stdout,
    progress::say,
    state::write_private,
    stop::Stop,
    threads,
};
use alert::Alerts;
use judge::{Level, judge};
use machine::Machine;
use metric::Reading;
use probe::{Prober, now};
use stores::{Stores, Trails};
use window::{FEWEST, Sample, Window};

/// What a monitoring plugin ends with when it cannot say.
pub const UNKNOWN: u8 = 3;

/// What is kept between two runs.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    /// The server it is about.
    url: String,
    window: Window,
    alerts: Alerts,
    #[serde(default)]
    trails: Trails,
}

/// Watches, or judges once.
pub fn run(args: &MonitorArgs, out: &Stdout) -> Result<Exit, Problem> {
    let done = start(args, out);
    match done {
        // To a monitoring system everything else than its four codes is noise.
        Err(problem) if args.once => {
            let what = problem.to_string();
            out.print(&format!("VIKUNJA UNKNOWN - {}\n", what.replace('\n', " ")))?;
            Ok(plugin(Level::Unknown))
        }
        done => done,
    }
}

fn plugin(level: Level) -> Exit {
    Exit::Plugin(level.code())
}

fn start(args: &MonitorArgs, out: &Stdout) -> Result<Exit, Problem> {
    let token = cli::variable("VIKUNJA_TOKEN")
        .map(|token| Token::new(token.into()))
        .transpose()
        .map_err(|error| Problem::new(format!("VIKUNJA_TOKEN: {error}")))?;
    let watch = Watch::of(args, token)?;
    let stop = Stop::on_signals()?;
    threads::start(1)?.block_on(async {
        if args.once {
            stop.unless_asked(once(watch, args, out)).await
        } else {
            let watching = forever(watch, args, out);
            tokio::select! {
                biased;
                // That is how a watch ends.
                () = stop.asked() => Ok(Exit::Passed),
                ended = watching => ended,
            }
        }
    })
}

/// What an earlier run has kept.
fn recall(path: Option<&Path>, url: &str) -> Result<Memory, Problem> {
    let new = Memory {
        url: url.to_owned(),
        ..Memory::default()
    };
    let Some(path) = path.filter(|path| path.exists()) else {
        return Ok(new);
    };
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        Problem::new(format!("the state file {shown} cannot be read: {error}"))
            .advise("name another one: --state FILE")
    })?;
    let memory: Memory = serde_json::from_str(&text).map_err(|error| {
        Problem::new(format!("the state file {shown} is not ours: {error}"))
            .advise("name another one: --state FILE")
    })?;
    if memory.url != url {
        return Err(Problem::new(format!(
            "the state file {shown} is about {}, not {url}",
            memory.url
        ))
        .advise("give each server a file of its own"));
    }
    Ok(memory)
}

struct Watch {
    prober: Prober,
    machine: Machine,
    stores: Stores,
    memory: Memory,
    window: Duration,
    state: Option<PathBuf>,
}

impl Watch {
    /// What is to be watched. Nothing is sent.
    fn of(args: &MonitorArgs, token: Option<Token>) -> Result<Self, Problem> {
        let (server, target) = args.at.server()?.ok_or_else(|| {
            Problem::new("no server is named").advise("name it: --url http://localhost:3456")
        })?;
        let long = if args.state.is_some() { 30 } else { 5 };
        Ok(Self {
            memory: recall(args.state.as_deref(), server.base())?,
            prober: Prober::new(server, target, args.at.timeout, token),
            machine: Machine {
                memory: args.memory,
                disk: args.disk.clone(),
            },
            stores: Stores {
                postgres: args.postgres.open()?,
                redis: args.redis.open()?,
            },
            window: args.window.unwrap_or(Duration::from_secs(60 * long)),
            state: args.state.clone(),
        })
    }

    /// As many probes as a judgement needs, with what was kept of earlier ones.
    async fn round(&mut self, every: Option<Duration>) -> Round {
        let probes = if self.state.is_some() { 1 } else { FEWEST };
        let pause = every.unwrap_or(Duration::from_millis(100));
        // Where the counters of the stores begin.
        self.read().await;
        for number in 0..probes {
            if number > 0 {
                tokio::time::sleep(pause).await;
            }
            self.probe().await;
        }
        let readings = self.read().await;
        Round {
            level: judge(&readings),
            line: judge::line(&readings),
        }
    }

    async fn probe(&mut self) -> Sample {
        let sample = self.prober.probe().await;
        self.memory.window.add(sample.clone(), self.window);
        sample
    }

    /// Everything that is watched, as it stands now.
    async fn read(&mut self) -> Vec<Reading> {
        let mut readings = self.memory.window.figures().readings();
        readings.extend(self.machine.read());
        let trails = &mut self.memory.trails;
        readings.extend(self.stores.read(trails, now(), self.window).await);
        readings
    }

    fn keep(&self) -> Result<(), Problem> {
        let Some(path) = &self.state else {
            return Ok(());
        };
        let write = || write_private(path, &serde_json::to_vec(&self.memory)?);
        write().map_err(|error| {
            let path = path.display();
            Problem::new(format!("the state file {path} cannot be written: {error}"))
                .advise("name another one with --state FILE")
        })
    }
}

async fn once(mut watch: Watch, args: &MonitorArgs, out: &Stdout) -> Result<Exit, Problem> {
    let round = watch.round(args.every).await;
    watch.keep()?;
    out.print(&(round.line + "\n"))?;
    Ok(plugin(round.level))
}

/// What came of one round of probes.
#[derive(Serialize)]
pub(crate) struct Round {
    level: Level,
    /// In words, as monitoring plugins say it.
    pub(crate) line: String,
}

impl Round {
    /// Whether all is within the thresholds.
    pub(crate) fn is_well(&self) -> bool {
        self.level == Level::Ok
    }
}

/// One round, which nobody keeps.
pub(crate) async fn round(args: &MonitorArgs, token: Option<Token>) -> Result<Round, Problem> {
    Ok(Watch::of(args, token)?.round(args.every).await)
}

async fn forever(mut watch: Watch, args: &MonitorArgs, out: &Stdout) -> Result<Exit, Problem> {
    let page = Arc::new(Mutex::new(String::new()));
    if let Some(address) = args.listen {
        serve::start(address, Arc::clone(&page)).await?;
    }
    let mut messenger = Messenger::of(args)?;
    let mut beat = tokio::time::interval(
        args.every
            .unwrap_or(Duration::from_secs(5))
            .max(Duration::from_millis(1)),
    );
    // After a slow probe the next ones are not made up for.
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut stood = None;
    // Where the counters of the stores begin.
    watch.read().await;
    loop {
        beat.tick().await;
        let sample = watch.probe().await;
        let readings = watch.read().await;
        let level = judge(&readings);
        *page.lock().unwrap_or_else(PoisonError::into_inner) = judge::prometheus(&readings);
        if args.json_lines {
            let mut line = judge::object(&readings);
            line.insert("at".to_owned(), json!(sample.at));
            line.insert("ms".to_owned(), json!(sample.micros as f64 / 1e3));
            line.insert("error".to_owned(), json!(sample.error));
            out.print(&format!("{}\n", serde_json::Value::Object(line)))?;
        } else if stood.replace(level) != Some(level) {
            out.print(&(judge::line(&readings) + "\n"))?;
        }
        if let Some(messenger) = &mut messenger {
            let told = watch.memory.alerts.next(level, now(), args.cool_down);
            if let Some(alert) = told {
                let said = judge::line(&readings);
                let message =
                    json!({"alert": alert, "level": level, "url": watch.memory.url, "text": said});
                messenger.send(&message).await;
            }
        }
        watch.keep()?;
    }
}

/// Tells others. The address may hold a secret: it is never shown.
struct Messenger {
    line: Line,
    path: String,
}

impl Messenger {
    fn of(args: &MonitorArgs) -> Result<Option<Self>, Problem> {
        let Some(url) = args.alert_url.as_deref().filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        let unusable = || {
            Problem::new("--alert-url: not an address that can be called")
                .advise("expected https://host/path, without a query")
        };
        let url = url::Url::parse(url).map_err(|_| unusable())?;
        if url.query().is_some() || !url.has_host() {
            return Err(unusable());
        }
        let origin = url.origin().ascii_serialization();
        let access = AccessArgs {
            url: Some(origin),
            way: WayArgs {
                trust: args.at.way.trust.clone(),
                ..WayArgs::default()
            },
            timeout: args.at.timeout,
        };
        let (server, target): (Server, Arc<Target>) = access.server()?.ok_or_else(unusable)?;
        Ok(Some(Self {
            line: Line::new(Session::new(server), target, args.at.timeout),
            path: url.path().to_owned(),
        }))
    }

    /// What cannot be told is said here: the watch goes on.
    async fn send(&mut self, message: &serde_json::Value) {
        let sending = async {
            let post = Raw::post(Api::V1, self.path.clone())?
                .at_root()
                .public()
                .json(message)?;
            let call = vikunja_sdk::Execute::session(&self.line).call(&post)?;
            let timed = self
                .line
                .timed(call, Body::Counted, |_, answer| Ok(answer.status()))
                .await;
            timed.result
        };
        match sending.await {
            Ok(status) if status.is_success() => {}
            Ok(status) => say(&format!("warning: the alert was refused: {status}")),
            Err(error) => say(&format!(
                "warning: the alert was not sent: {}",
                error.class()
            )),
        }
    }
}
