//! Where a scenario takes place: the accounts, the server, and what this server lacks.

use std::sync::Arc;

use vikunja_sdk::{
    ApiChoice, Execute, Failure, Release, Route, Server, Session,
    auth::Token,
    model::ViewKind,
    ops,
    users::{Current, LogIn},
};

use super::{Stage, sockets::Sockets, steps};
use crate::{
    exit::Problem,
    line::LineError,
    progress::Progress,
    renewal::Login,
    seed::{knock, patient},
    server::explain,
    state,
    world::{Account, Place, World, discover},
};

/// First release with views.
pub(super) const VIEWS: Release = Release(0, 24, 0);

/// What all users of a run share.
pub struct Scene {
    /// Accounts; projects without tasks are left out.
    pub accounts: Vec<Account>,
    /// Names of all of them.
    pub names: Vec<String>,
    /// The server.
    pub server: Server,
    /// Where everything random comes from.
    pub seed: u64,
    /// Tells what is there from what else could be: see [`World::hash`].
    pub state: String,
    /// One log-in for each account that is used, in their order.
    pub logins: Vec<Arc<Login>>,
    /// The same accounts by their API tokens.
    by_token: Vec<Option<Session>>,
    pub(super) sockets: Sockets,
}

impl Scene {
    /// Reads the account, or takes what `seed` has made, and logs in.
    pub(super) async fn prepare(stage: &mut Stage<'_>) -> Result<Arc<Self>, Problem> {
        let server = stage.line.session().server().clone();
        let cannot = |error: LineError| {
            explain(&error, server.base())
                .advise("a scenario needs an account whose projects, tasks and labels can be read")
        };
        let (world, logins) = match stage.world.take() {
            Some(world) => {
                let logins = log_in_all(stage, &world).await?;
                (world, logins)
            }
            None => {
                let session = stage.line.session().clone();
                let mut patient = patient(&mut *stage.line);
                let found = discover(&mut patient, stage.password.clone()).await;
                let world = found.map_err(cannot)?;
                let account = world.users.first().and_then(credentials);
                (world, vec![Login::new(session, account)])
            }
        };
        Self::new(world, &server, logins, stage.seed, stage.cacert.clone())
    }

    /// A world on a server, with who is logged in. `cacert` is an authority to trust besides the system's, as PEM.
    pub fn new(
        world: World,
        server: &Server,
        logins: Vec<Arc<Login>>,
        seed: u64,
        cacert: Option<Vec<u8>>,
    ) -> Result<Arc<Self>, Problem> {
        let state = world.hash();
        let mut accounts = world.users;
        for account in &mut accounts {
            account.projects.retain(|place| is_usable(place, server));
            let shared = &mut account.shared_projects;
            shared.retain(|shared| is_usable(&shared.place, server));
        }
        if accounts.is_empty() || logins.is_empty() {
            return Err(
                Problem::new("there is no account to act as").advise("make some: loadtest seed")
            );
        }
        let names = accounts.iter().map(|account| account.username.clone());
        let by_token = accounts.iter().map(|account| {
            let token = Token::new(account.token.clone()?).ok()?;
            let session = Session::new(server.clone());
            session.set_token(Some(token));
            Some(session)
        });
        Ok(Arc::new(Self {
            names: names.collect(),
            by_token: by_token.collect(),
            accounts,
            logins,
            server: server.clone(),
            seed,
            state,
            sockets: Sockets::of(server, cacert)?,
        }))
    }

    /// The account of a user: they take them in turn.
    pub fn account(&self, number: usize) -> &Account {
        // There is one at least.
        &self.accounts[number % self.accounts.len()]
    }

    /// The log-in of a user's account.
    pub(super) fn session(&self, number: usize) -> Session {
        self.login(number).session().clone()
    }

    fn login(&self, number: usize) -> &Login {
        &self.logins[number % self.logins.len()]
    }

    /// The same by its API token, where it has one.
    pub(super) fn program(&self, number: usize) -> Session {
        let by_token = self.by_token[number % self.by_token.len()].clone();
        by_token.unwrap_or_else(|| self.session(number))
    }

    /// Whether this server has a route, on the API that is called.
    pub fn has(&self, route: &Route) -> bool {
        route.exists(self.server.release)
            && match self.server.api {
                ApiChoice::Auto => true,
                ApiChoice::Only(api) => route.is_on(api),
            }
    }

    /// Whether the release is this one or newer.
    pub fn is_at_least(&self, release: Release) -> bool {
        self.server.release >= release
    }

    /// What of this the server lacks.
    pub(super) fn lacks(&self, parts: &[(&'static str, Route)]) -> Vec<&'static str> {
        let missing = parts.iter().filter(|(_, route)| !self.has(route));
        missing.map(|(what, _)| *what).collect()
    }

    /// Says before the run that an account has no project with tasks.
    pub(super) fn needs_projects(&self, scenario: &str) -> Result<(), Problem> {
        let Some(without) = self.accounts.iter().find(|one| one.projects.is_empty()) else {
            return Ok(());
        };
        Err(Problem::new(format!(
            "{scenario} needs a project with tasks in every account, and {} has none",
            without.username
        ))
        .advise("make accounts with projects: loadtest seed")
        .advise("or let this account get some: --seed-tasks 100"))
    }

    /// Says before the run that a password is not known.
    pub(super) fn needs_passwords(&self, scenario: &str) -> Result<(), Problem> {
        let Some(without) = self.accounts.iter().find(|one| one.password.is_none()) else {
            return Ok(());
        };
        Err(Problem::new(format!(
            "{scenario} logs in again and again, and the password of {} is not known",
            without.username
        ))
        .advise("give VIKUNJA_USERNAME and VIKUNJA_PASSWORD instead of a token")
        .advise("or make accounts: loadtest seed"))
    }
}

/// What logs in as an account again.
fn credentials(account: &Account) -> Option<state::Account> {
    Some(state::Account {
        username: account.username.clone(),
        password: account.password.clone()?,
    })
}

/// Logs in once as each account that users will take, one after the other: hashing passwords starves a server.
async fn log_in_all(stage: &mut Stage<'_>, world: &World) -> Result<Vec<Arc<Login>>, Problem> {
    let before = stage.line.session().clone();
    let server = before.server().clone();
    let users = world.users.len().min(stage.users as usize);
    let progress = Progress::of("logging in", users as u64);
    let mut logins = Vec::new();
    for account in world.users.iter().take(users) {
        let session = Session::new(server.clone());
        stage.line.set_session(session.clone());
        log_in(stage, account).await?;
        logins.push(Login::new(session, credentials(account)));
        progress.set(logins.len() as u64, 0);
    }
    stage.line.set_session(before);
    // The limiter of log-ins is not that of the run: what the next answer says of one is looked at before it.
    let base = server.base();
    let read = patient(&mut *stage.line).execute(&Current).await;
    read.map_err(|error| explain(&error, base))?;
    Ok(logins)
}

async fn log_in(stage: &mut Stage<'_>, account: &Account) -> Result<(), Problem> {
    let name = &account.username;
    let base = stage.line.session().server().base().to_owned();
    match (&account.password, &account.token) {
        (Some(password), _) => {
            let log_in = LogIn {
                long_token: true,
                ..LogIn::new(name, password.clone())
            };
            let credentials = knock(stage.line, &log_in).await.map_err(|error| {
                explain(&error, &base).advise(format!(
                    "{name} is from the seed file: if the server is a new one, remove that file"
                ))
            })?;
            stage.line.session().set_credentials(Some(credentials));
            Ok(())
        }
        (None, Some(token)) => {
            let token = Token::new(token.clone())
                .map_err(|error| Problem::new(format!("the token of {name}: {error}")))?;
            stage.line.session().set_token(Some(token));
            Ok(())
        }
        (None, None) => Err(Problem::new(format!(
            "the seed file has neither password nor token of {name}"
        ))
        .advise("name another one with --accounts FILE, or make accounts: loadtest seed")),
    }
}

/// Renews the actor's log-in; logs in again where that is refused.
pub(super) async fn renew<A: super::Actor>(actor: &mut A, scene: &Scene) -> Result<(), A::Error> {
    let _turn = scene.login(actor.number()).turn().await;
    let generation = actor.session().generation();
    actor.row("POST /user/token/refresh");
    match ops::renew(actor).await {
        Err(error) if error.is_unauthorized() => {
            // What is refused once is refused the next time, too.
            actor.session().stop_renewing(generation);
            steps::log_in(actor, scene.account(actor.number())).await
        }
        other => other.map(drop),
    }
}

/// A project without tasks is an inbox that nobody uses; from 0.24 on people look at three of its views.
fn is_usable(place: &Place, server: &Server) -> bool {
    let kinds = [ViewKind::List, ViewKind::Kanban, ViewKind::Gantt];
    !place.tasks.is_empty()
        && (server.release < VIEWS || kinds.iter().all(|kind| place.view(kind).is_some()))
}
