//! The two sides of a comparison: which servers, as whom, with what in them.

use std::{fs, path::Path, sync::Arc};

use vikunja_sdk::{Api, ApiChoice, Execute, tasks};

use crate::{
    cli::{RunArgs, ab::AbArgs, variable},
    compare::{Comparison, Mode, SidePart},
    exit::Problem,
    guard,
    line::{Keep, Target},
    people::Site,
    renewal::Login,
    report::Wanted,
    run::{Job, Ready},
    scenario::Cast,
    server,
    stop::Stop,
};

/// The flags of a run on each server: two, or one that is compared with itself. `pairs`: most pairs of blocks.
pub(super) fn of(args: &AbArgs, pairs: usize) -> Result<Vec<RunArgs>, Problem> {
    let token = |given: &Option<String>, name| given.clone().or_else(|| variable(name));
    let mut sides = vec![side(
        args,
        ("--a", &args.a),
        token(&args.token_a, "VIKUNJA_TOKEN_A"),
        pairs,
    )?];
    if let Some(b) = &args.b {
        if *b == args.a && b.contains("://") {
            return Err(
                Problem::new(format!("--a and --b are the same server, {b}"))
                    .advise("to compare it with itself: --aa in place of --b"),
            );
        }
        let token = token(&args.token_b, "VIKUNJA_TOKEN_B");
        sides.push(side(args, ("--b", b), token, pairs)?);
    }
    Ok(sides)
}

fn side(
    args: &AbArgs,
    (flag, named): (&str, &str),
    token: Option<String>,
    pairs: usize,
) -> Result<RunArgs, Problem> {
    let mut run = args.run.clone();
    // The comparison is reported, not its sides.
    run.outputs = Wanted::default();
    // One pair more, which warms both up.
    run.how_much.requests = Some((pairs as u64 + 1) * args.block);
    run.token = token.or(run.token);
    match named.split_once(':') {
        _ if named == "sandbox" => run.sandbox = Some(server::SANDBOX.to_owned()),
        Some(("sandbox", config)) => run.sandbox = Some(config.to_owned()),
        _ if named.contains("://") => {
            let host = guard::host_of(named)?;
            // Several hosts can be confirmed at once, with commas; each side asks for its own.
            let confirmed = run.confirm_host.as_deref().unwrap_or_default();
            if confirmed
                .split(',')
                .any(|confirmed| confirmed.trim() == host)
            {
                run.confirm_host = Some(host);
            }
            run.url = Some(named.to_owned());
        }
        _ if Path::new(named).is_file() => run.bin = Some(named.into()),
        _ => {
            return Err(Problem::new(format!(
                "{flag} {named}: neither an address nor a program that is there"
            ))
            .advise(format!(
                "an address begins with http:// or https://: {flag} http://localhost:3456"
            ))
            .advise(format!("a Vikunja program is a file: {flag} ./vikunja"))
            .advise(format!("the stand-in: {flag} sandbox:2.5")));
        }
    }
    Ok(run)
}

/// Refuses a change that the testbed cannot tell from its own noise.
pub(super) fn check_noise(file: &Path, delta: f64) -> Result<(), Problem> {
    let unusable = |why: String| {
        Problem::new(format!("--noise {}: {why}", file.display()))
            .advise("make one: loadtest ab --a SERVER --aa --json FILE")
    };
    let text = fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    let noise = Comparison::read(&text).map_err(|problem| unusable(problem.to_string()))?;
    if noise.mode != Mode::Noise {
        return Err(unusable(
            "two servers are compared in it, not one with itself".to_owned(),
        ));
    }
    for row in noise.timed() {
        let floor = row.noise();
        if floor.is_none_or(|floor| floor > delta) {
            let floor = floor.map_or_else(
                || "unknown".to_owned(),
                |floor| format!("{:.1} %", 100.0 * floor),
            );
            return Err(Problem::new(format!(
                "--delta {}% is below the noise of this testbed: {} of {} differed from itself by up to {floor}",
                100.0 * delta,
                row.metric.name(),
                row.route,
            ))
            .advise("give a larger --delta")
            .advise("or measure the noise again with more --pairs or a larger --block"));
        }
    }
    Ok(())
}

/// Lets both sides call v1 where only one would call v2: else the APIs would be compared, not the servers.
pub(super) fn call_the_same_api(sides: &mut [Ready]) {
    let calls_v2 = |ready: &Ready| {
        let call = ready.line.session().call(&tasks::List::default());
        call.is_ok_and(|(_, pending)| pending.route().at.api == Api::V2)
    };
    if sides.iter().all(calls_v2) {
        return;
    }
    for ready in sides {
        let session = ready.line.session();
        let server = session.server().clone().with_api(ApiChoice::Only(Api::V1));
        let session = session.at(server);
        ready.line.set_session(session);
    }
}

/// A side that can be measured.
pub(super) struct Prepared {
    pub(super) logins: Vec<Arc<Login>>,
    pub(super) target: Arc<Target>,
    cast: Arc<Cast>,
    pub(super) part: SidePart,
}

impl Prepared {
    /// Where users go.
    pub(super) fn site(&self, keep: Keep) -> Site {
        Site {
            sessions: self
                .logins
                .iter()
                .map(|login| login.session().clone())
                .collect(),
            target: Arc::clone(&self.target),
            keep,
            cast: Arc::clone(&self.cast),
        }
    }
}

/// Gets a side ready that was entered.
pub(super) async fn prepare(
    job: &Job<'_>,
    ready: &mut Ready,
    stop: &Stop,
) -> Result<Prepared, Problem> {
    job.seed(ready, stop).await?;
    let prepared = stop.unless_asked(job.prepare(ready)).await?;
    job.check_limit(&ready.line)?;
    let (cast, logins, scenario) = job.cast(prepared, ready);
    Ok(Prepared {
        logins,
        target: ready.line.target(),
        cast,
        part: SidePart {
            server: ready.server.clone(),
            scenario,
        },
    })
}
