//! `scenarios`, `seed` and `clean`.

use std::time::Duration;

use vikunja_sdk::{Execute, Session, users::LogIn};

use crate::{
    cli::seed::{AtArgs, CleanArgs, SeedArgs},
    exit::{Exit, Problem},
    line::Line,
    out::Stdout,
    progress::say,
    scenario::all,
    seed::{Cleaned, Filling, Pace, Shape, clean_account, fill, knock, patient},
    server::explain,
    site::Site,
    stop::Stop,
    threads,
    who::{self, Who},
    world::World,
};

/// Accounts that are filled at the same time where the database takes writes side by side.
const JOBS: u64 = 8;

/// Lists the scenarios.
pub fn scenarios(out: &Stdout) -> Result<Exit, Problem> {
    let lines = all().map(|about| {
        let writes = if about.writes { "writes" } else { "reads only" };
        let (name, what, since) = (about.name, about.what, about.since);
        format!("{name:<20} {writes:<11} {since} and newer  {what}\n")
    });
    say_on(out, &lines.collect::<String>())
}

fn say_on(out: &Stdout, text: &str) -> Result<Exit, Problem> {
    out.print(text)?;
    Ok(Exit::Passed)
}

/// A server that was reached, and a line to it.
struct At {
    site: Site,
    line: Line,
    stop: Stop,
}

/// Reaches the server, or says why not.
async fn reach(args: &AtArgs, stop: Stop) -> Result<At, Problem> {
    let which = args.site.named()?;
    let site = Site::reach(&args.site, &which, &stop).await?;
    let line = site.line();
    Ok(At { site, line, stop })
}

/// Fills a server.
pub fn seed(args: &SeedArgs, out: &Stdout) -> Result<Exit, Problem> {
    let stop = Stop::on_signals()?;
    let text = threads::start(2)?.block_on(async {
        let At { site, line, stop } = reach(&args.at, stop).await?;
        let server = site.identified.server.clone();
        let base = server.base().to_owned();
        let file = args.at.state.clone();
        let file = file.unwrap_or_else(|| World::default_path(&base));
        let world = World::open(&file, &base)?.unwrap_or_default();
        refuse_other_names(&world, &args.shape)?;
        // Up to 2.3 no server tells its database. On SQLite some writes fail where several come at once, and up to 1.x
        // one that fails can leave half of it behind.
        let takes_many = server.concurrent_writes == Some(true);
        let jobs = args.jobs.unwrap_or(if takes_many { JOBS } else { 1 });
        say(&format!(
            "seeding {base} (Vikunja {}), kept in {}",
            server.version,
            file.display()
        ));
        let filling = Filling {
            shape: args.shape.clone(),
            server,
            target: line.target(),
            timeout: args.at.site.timeout,
            pace: Pace::new(args.rate),
            stop,
            file: file.clone(),
            jobs,
        };
        let world = fill(filling, world).await?;
        Ok::<_, Problem>(format!(
            "{} accounts with {} tasks on {base}, state {}\n",
            world.users.len(),
            world.tasks(),
            world.hash()
        ))
    })?;
    say_on(out, &text)
}

/// Accounts keep their names: other ones are other accounts, and belong into a file of their own.
fn refuse_other_names(world: &World, shape: &Shape) -> Result<(), Problem> {
    match &world.shape {
        Some(known) if known.prefix != shape.prefix => Err(Problem::new(format!(
            "the accounts of this seed file are called {}1 and so on, not {}1",
            known.prefix, shape.prefix
        ))
        .advise(format!(
            "leave --prefix out, or give --prefix {}",
            known.prefix
        ))
        .advise("or begin another file: --accounts FILE")),
        None if !world.users.is_empty() => Err(Problem::new(
            "this seed file was not made by loadtest seed: it can be run with, and not be added to",
        )
        .advise("begin another file: --accounts FILE")),
        _ => Ok(()),
    }
}

/// Deletes what was made.
pub fn clean(args: &CleanArgs, out: &Stdout) -> Result<Exit, Problem> {
    let stop = Stop::on_signals()?;
    let text = threads::start(2)?.block_on(async {
        let mut at = reach(&args.at, stop).await?;
        match Who::given()? {
            Some(who) => clean_given(&mut at, &who).await,
            None => clean_seeded(&mut at, args).await,
        }
    })?;
    say_on(out, &text)
}

async fn clean_given(at: &mut At, who: &Who) -> Result<String, Problem> {
    let base = at.site.base().to_owned();
    let state = World::default_path(&base);
    who::log_in(
        who,
        &mut at.line,
        &at.site.identified.info,
        &state,
        Duration::ZERO,
    )
    .await?;
    let user_session = at.line.session().token_kind() == Some(vikunja_sdk::auth::TokenKind::User);
    let cleaned = clean_account(&mut patient(&mut at.line), user_session)
        .await
        .map_err(|error| explain(&error, &base))?;
    Ok(format!(
        "deleted {cleaned}; {} projects without the mark remain\n",
        cleaned.kept
    ))
}

async fn clean_seeded(at: &mut At, args: &CleanArgs) -> Result<String, Problem> {
    let base = at.site.base().to_owned();
    let file = args.at.state.clone();
    let file = file.unwrap_or_else(|| World::default_path(&base));
    let Some(mut world) = World::open(&file, &base)? else {
        return Err(Problem::new(format!(
            "there is no seed file {}, so nothing is known to have been made on {base}",
            file.display()
        ))
        .advise("name it: --accounts FILE")
        .advise("or give one account, of which everything that carries the mark is deleted: VIKUNJA_USERNAME and VIKUNJA_PASSWORD"));
    };
    let mut sum = Cleaned::default();
    for number in 0..world.users.len() {
        let account = &mut world.users[number];
        let Some(password) = account.password.clone() else {
            continue;
        };
        if at.stop.is_asked() {
            return Err(Problem::cancelled().advise("the same command goes on where this stopped"));
        }
        at.line
            .set_session(Session::new(at.site.identified.server.clone()));
        let log_in = LogIn::new(&account.username, password);
        let stop = at.stop.clone();
        let knocking = async {
            let knocked = knock(&mut at.line, &log_in).await;
            knocked.map_err(|error| explain(&error, &base))
        };
        let credentials = stop.unless_asked(knocking).await?;
        at.line.session().set_credentials(Some(credentials));
        sum += clean_account(&mut patient(&mut at.line), true)
            .await
            .map_err(|error| explain(&error, &base))?;
        *account = crate::world::Account {
            username: std::mem::take(&mut account.username),
            password: account.password.take(),
            id: account.id,
            ..crate::world::Account::default()
        };
        world.save(&file)?;
    }
    Ok(format!(
        "deleted {sum}\n{} accounts and {} projects without the mark remain on {base}: no call of the API deletes an account \
         without a mail to its owner. Their names and passwords stay in {}\n",
        world.users.len(),
        sum.kept,
        file.display()
    ))
}
