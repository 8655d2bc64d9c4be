//! `smoke`: does everything that matters work once? The manual's functional phase, with the calls that each release
//! really has, step by step.

mod journey;
mod steps;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, builder::BoolishValueParser};
use serde::Serialize;

use crate::{
    cli::{is_loopback, store::RedisArg},
    exit::{Exit, Problem},
    guard,
    out::Stdout,
    progress::plain,
    report::ServerPart,
    server::Which,
    sink::JsonArg,
    site::{Site, SiteArgs},
    state::State,
    stop::Stop,
    threads,
    who::Who,
};
pub(crate) use steps::{Outcome, Step};

/// Flags of `smoke`.
#[derive(Args)]
#[command(group = ArgGroup::new("which").args(["url", "bin", "sandbox"]).multiple(false))]
pub struct SmokeArgs {
    /// Where.
    #[command(flatten)]
    pub site: SiteArgs,
    /// A Vikunja program to start on a free loopback port with a scratch SQLite folder [env: VIKUNJA_BIN]
    #[arg(long, value_name = "PATH", help_heading = "Server")]
    pub bin: Option<PathBuf>,
    /// The stand-in [env: LOADTEST_SANDBOX]
    #[arg(long, value_name = "CONFIG", num_args = 0..=1, default_missing_value = "2.5", help_heading = "Server")]
    pub sandbox: Option<String>,
    /// Register an account on a loopback server; it remains, and is used again next time
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_THROWAWAY", help_heading = "Account")]
    pub throwaway: bool,
    /// Where accounts that were made are kept (mode 0600)
    #[arg(
        long,
        value_name = "FILE",
        env = "LOADTEST_STATE",
        help_heading = "Account"
    )]
    pub state: Option<PathBuf>,
    /// Leave on the server what was made there
    #[arg(long, value_parser = BoolishValueParser::new(), env = "LOADTEST_KEEP")]
    pub keep: bool,
    /// Its Redis, to count what lists ask of it.
    #[command(flatten)]
    pub redis: RedisArg,
    /// Its result.
    #[command(flatten)]
    pub json: JsonArg,
}

/// As whom.
enum Entry {
    /// As an account that is given.
    Given(Who),
    /// As one that is registered; kept for the next time where the server stays.
    Ours(Option<PathBuf>),
}

/// The result file.
#[derive(Serialize)]
struct Found<'a> {
    schema: u32,
    loadtest: &'static str,
    server: &'a ServerPart,
    steps: &'a [Step],
    passed: bool,
}

/// Runs, and says how it ended.
pub fn run(args: &SmokeArgs, out: &Stdout) -> Result<Exit, Problem> {
    let json = args.json.open()?;
    let stop = Stop::on_signals()?;
    let Walked { server, steps } = threads::start(1)?.block_on(walk(args, &stop))?;
    let passed = !steps.iter().any(Step::is_bad);
    let found = Found {
        schema: 1,
        loadtest: env!("CARGO_PKG_VERSION"),
        server: &server,
        steps: &steps,
        passed,
    };
    let screen = plain(&render(&server, &steps, passed));
    json.tell(&screen, &found, out)?;
    Ok(if passed { Exit::Passed } else { Exit::Missed })
}

/// The whole way.
pub(crate) struct Walked {
    /// Where it led.
    pub(crate) server: ServerPart,
    /// Its steps.
    pub(crate) steps: Vec<Step>,
}

/// Goes the whole way.
pub(crate) async fn walk(args: &SmokeArgs, stop: &Stop) -> Result<Walked, Problem> {
    let (url, bin, sandbox) = (&args.site.url, &args.bin, &args.sandbox);
    let which = match Which::given(url.clone(), bin.clone(), sandbox.clone()) {
        Some(which) => which,
        // A secret of CI that is not set would else be a green run of the stand-in.
        None if Who::given()?.is_some() => {
            return Err(Problem::new(
                "an account is given (VIKUNJA_TOKEN or VIKUNJA_USERNAME), and no server",
            )
            .advise("set VIKUNJA_URL, or take the account away to use the stand-in"));
        }
        None => Which::stand_in(),
    };
    let entry = entry(args, &which)?;
    let redis = args.redis.open()?;
    let site = Site::reach(&args.site, &which, stop).await?;
    let (server, steps) = journey::travel(&site, &entry, args.keep, redis.as_ref(), stop).await;
    if stop.is_asked() {
        return Err(Problem::cancelled());
    }
    Ok(Walked { server, steps })
}

/// As whom to call, where that is allowed.
fn entry(args: &SmokeArgs, which: &Which) -> Result<Entry, Problem> {
    let Which::Url(address) = which else {
        return Ok(Entry::Ours(None));
    };
    let host = guard::host_of(address)?;
    if let Some(who) = Who::given()? {
        return Ok(Entry::Given(who));
    }
    let advise = |problem: Problem| {
        problem.advise("set VIKUNJA_TOKEN, or VIKUNJA_USERNAME and VIKUNJA_PASSWORD")
    };
    match (is_loopback(&host), args.throwaway) {
        (true, true) => {
            let state = args.state.clone().unwrap_or_else(State::default_path);
            Ok(Entry::Ours(Some(state)))
        }
        (false, true) => Err(advise(Problem::new(format!(
            "--throwaway is for servers of this machine; {host} is not"
        )))),
        (_, false) => Err(advise(Problem::new(
            "no account is given: a project is made in it, and deleted again",
        ))
        .advise("or --throwaway on a server of this machine: it registers an account")),
    }
}

/// For people.
fn render(server: &ServerPart, steps: &[Step], passed: bool) -> String {
    let mut text = format!("{} at {}\n\n", server.name(), server.url);
    for step in steps {
        text += &step.to_string();
    }
    let failed: Vec<_> = steps
        .iter()
        .filter(|step| step.outcome == Outcome::Failed)
        .map(|step| step.name)
        .collect();
    if passed {
        text + "\neverything works\n"
    } else {
        text + "\nFAILED: " + &failed.join(", ") + "\n"
    }
}

/// The account of an earlier run on this server.
fn kept(state: Option<&Path>, base: &str) -> Result<Option<crate::state::Account>, Problem> {
    let Some(path) = state else { return Ok(None) };
    Ok(State::open(path.to_owned())?.account(base).cloned())
}
