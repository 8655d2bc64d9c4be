//! Who the users are: a given token, a given account, or an account of our own.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use secrecy::SecretString;
use vikunja_sdk::{
    Code, Execute, Failure,
    auth::{Token, TokenKind},
    model::Info,
    ops,
    users::{LogIn, Register},
};

use crate::{
    cli::{RunArgs, variable},
    exit::Problem,
    guard,
    line::{Line, LineError},
    record::Class,
    server,
    state::{Account, State},
    world::World,
};

/// As whom to call.
pub enum Who {
    /// With a token.
    Token(SecretString),
    /// With name and password.
    Password {
        /// User name or email.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// As a user of our own.
    Ours {
        /// Whether the account is kept for the next run; not on servers that end with this one.
        kept: bool,
    },
    /// As the accounts that `seed` has made.
    Seeded(Box<World>),
}

/// Who is in.
pub struct Entered {
    /// An account that stays.
    pub remains: Option<Remains>,
    /// Who, where the password is known.
    pub account: Option<Account>,
}

/// An account that was made on a server that stays.
#[derive(Clone, Debug)]
pub struct Remains {
    /// Its name.
    pub username: String,
    /// Where its password is kept.
    pub state: String,
}

impl Who {
    /// The account that the environment names, if it names one.
    pub fn given() -> Result<Option<Self>, Problem> {
        let secret = |name| variable(name).map(SecretString::from);
        let username = variable("VIKUNJA_USERNAME");
        match (
            secret("VIKUNJA_TOKEN"),
            username,
            secret("VIKUNJA_PASSWORD"),
        ) {
            (Some(token), _, _) => Ok(Some(Self::Token(token))),
            (None, Some(username), Some(password)) => {
                Ok(Some(Self::Password { username, password }))
            }
            (None, None, None) => Ok(None),
            (None, ..) => Err(Problem::new("half an account is given").advise(
                "set VIKUNJA_USERNAME and VIKUNJA_PASSWORD, or VIKUNJA_TOKEN, or none of them",
            )),
        }
    }

    /// What the flags and the environment say.
    pub fn of(args: &RunArgs, address: &str) -> Result<Self, Problem> {
        match (args.token(), args.username(), args.password()) {
            (Some(token), _, _) => Ok(Self::Token(token)),
            (None, Some(username), Some(password)) => Ok(Self::Password { username, password }),
            (None, Some(username), None) => Err(Problem::new(format!(
                "user {username} is named, and no password"
            ))
            .advise("set VIKUNJA_PASSWORD, or VIKUNJA_TOKEN instead of both")),
            (None, None, Some(_)) => Err(Problem::new("a password is given, and no user name")
                .advise("set VIKUNJA_USERNAME")),
            (None, None, None) if args.throwaway => Ok(Self::Ours { kept: true }),
            (None, None, None) => Self::seeded(args, address),
        }
    }

    /// The accounts that `seed` has made on this server, if it has.
    fn seeded(args: &RunArgs, address: &str) -> Result<Self, Problem> {
        let server = guard::server_at(address)?;
        let base = server.base();
        let named = args.accounts.clone();
        let file = named.clone().unwrap_or_else(|| World::default_path(base));
        match World::open(&file, base)? {
            Some(world) => Ok(Self::Seeded(Box::new(world))),
            None if named.is_some() => Err(Problem::new(format!(
                "there is no seed file {}",
                file.display()
            ))
            .advise("make one: loadtest seed --accounts FILE")),
            None => Err(nobody()),
        }
    }

    /// Whether it is an account of this program's own, which it fills.
    pub fn is_ours(&self) -> bool {
        matches!(self, Self::Ours { .. })
    }

    /// Whether what is in the account is ours to change.
    pub fn may_be_written(&self) -> bool {
        matches!(self, Self::Ours { .. } | Self::Seeded(_))
    }

    /// What `seed` has made.
    pub fn world(&self) -> Option<&World> {
        match self {
            Self::Seeded(world) => Some(world),
            _ => None,
        }
    }
}

fn nobody() -> Problem {
    Problem::new("no account is given: every scenario needs one")
        .advise("set VIKUNJA_TOKEN (an API token or a JWT): it only reads, unless --writes lets it")
        .advise("or VIKUNJA_USERNAME and VIKUNJA_PASSWORD: the same")
        .advise(
            "or --throwaway on a server of this machine: it registers an account and makes tasks",
        )
        .advise("or make accounts that stay, for scenarios that write: loadtest seed")
}

/// Gets a token into the line's session. `wait` is how long a server that starts up may refuse.
pub async fn log_in(
    who: &Who,
    line: &mut Line,
    info: &Info,
    state: &Path,
    wait: Duration,
) -> Result<Entered, Problem> {
    let alone = |account| Entered {
        remains: None,
        account,
    };
    match who {
        Who::Token(token) => {
            let token = Token::new(token.clone())
                .map_err(|error| Problem::new(format!("VIKUNJA_TOKEN: {error}")))?;
            line.session().set_token(Some(token));
            Ok(alone(None))
        }
        Who::Password { username, password } => {
            enter(line, username, password, wait).await?;
            Ok(alone(Some(Account {
                username: username.clone(),
                password: password.clone(),
            })))
        }
        Who::Ours { kept: false } => {
            let account = new_account();
            register(line, info, &account, wait).await?;
            enter(line, &account.username, &account.password, wait).await?;
            Ok(alone(Some(account)))
        }
        Who::Ours { kept: true } => kept_account(line, info, state, wait).await,
        Who::Seeded(world) => enter_first(line, world, wait).await.map(alone),
    }
}

/// The account of an earlier run, or a new one that is kept.
async fn kept_account(
    line: &mut Line,
    info: &Info,
    path: &Path,
    wait: Duration,
) -> Result<Entered, Problem> {
    let base = line.session().server().base().to_owned();
    let mut state = State::open(path.to_owned())?;
    let account = match state.account(&base) {
        Some(known) => known.clone(),
        None => {
            let account = new_account();
            // Written first: an account whose password is nowhere could not be used or removed.
            state.keep(&base, account.clone())?;
            if let Err(problem) = register(line, info, &account, wait).await {
                state.forget(&base)?;
                return Err(problem);
            }
            account
        }
    };
    let remains = Remains {
        username: account.username.clone(),
        state: path.display().to_string(),
    };
    match enter(line, &account.username, &account.password, wait).await {
        Ok(()) => Ok(Entered {
            remains: Some(remains),
            account: Some(account),
        }),
        Err(problem) => Err(problem.advise(format!(
            "the account is from the state file {}: if the server is a new one, remove its entry there",
            remains.state
        ))),
    }
}

/// Enters as the first account that `seed` has made.
async fn enter_first(
    line: &mut Line,
    world: &World,
    wait: Duration,
) -> Result<Option<Account>, Problem> {
    let first = world.users.first();
    let known = first.and_then(|one| {
        Some(Account {
            username: one.username.clone(),
            password: one.password.clone()?,
        })
    });
    if let Some(account) = known {
        let entered = enter(line, &account.username, &account.password, wait).await;
        entered.map_err(|problem| {
            problem.advise(
                "the account is from the seed file: if the server is a new one, remove that file",
            )
        })?;
        return Ok(Some(account));
    }
    let token = first.and_then(|one| one.token.clone()).ok_or_else(|| {
        Problem::new("the seed file has no account with a password or a token")
            .advise("make accounts: loadtest seed")
    })?;
    let token = Token::new(token)
        .map_err(|error| Problem::new(format!("the token in the seed file: {error}")))?;
    line.session().set_token(Some(token));
    Ok(None)
}

/// A name and password that every release takes.
pub(crate) fn new_account() -> Account {
    let random = |length| -> String {
        std::iter::repeat_with(fastrand::alphanumeric)
            .take(length)
            .collect()
    };
    Account {
        username: format!("loadtest{}", random(10).to_lowercase()),
        password: SecretString::from(random(24)),
    }
}

/// Registers an account. `wait` is how long a server that starts up may refuse.
pub(crate) async fn register(
    line: &mut Line,
    info: &Info,
    account: &Account,
    wait: Duration,
) -> Result<(), Problem> {
    let base = line.session().server().base().to_owned();
    let closed = || {
        Problem::new(format!(
            "{base}: registration is closed, so no account can be made"
        ))
        .advise("give an account: VIKUNJA_TOKEN, or VIKUNJA_USERNAME and VIKUNJA_PASSWORD")
    };
    if info.registration_enabled() == Some(false) {
        return Err(closed());
    }
    let register = Register {
        username: account.username.clone(),
        email: format!("{}@example.com", account.username),
        password: account.password.clone(),
    };
    let deadline = patience(wait);
    loop {
        let Err(error) = line.execute(&register).await else {
            return Ok(());
        };
        if error.status_code() == Some(404) {
            return Err(closed());
        }
        try_again(&error, deadline, &base).await?;
    }
}

async fn enter(
    line: &mut Line,
    username: &str,
    password: &SecretString,
    wait: Duration,
) -> Result<(), Problem> {
    let base = line.session().server().base().to_owned();
    let deadline = patience(wait);
    let log_in = LogIn::new(username, password.clone());
    loop {
        let Err(error) = ops::log_in(line, &log_in).await else {
            return Ok(());
        };
        match error.refusal().and_then(|refusal| refusal.code) {
            Some(Code::WrongCredentials) => {
                return Err(Problem::new(format!(
                    "{base}: user name or password is wrong for {username}: {error}"
                ))
                .advise("check VIKUNJA_USERNAME and VIKUNJA_PASSWORD"));
            }
            Some(Code::TotpWanted) => {
                return Err(Problem::new(format!(
                    "{base}: the account {username} has a second factor (TOTP): {error}"
                ))
                .advise("use an API token of that account: VIKUNJA_TOKEN"));
            }
            _ => try_again(&error, deadline, &base).await?,
        }
    }
}

/// Until when to try again. A server on SQLite may refuse a write for a moment (2.x: 500, and nothing stored).
fn patience(wait: Duration) -> Instant {
    let wait = wait.clamp(Duration::from_secs(2), server::LONGEST_WAIT);
    Instant::now() + wait
}

/// Waits a moment if the server may still be starting up, else says what is wrong. A rate limiter is not waited for:
/// its window can be long, and the message says when it ends.
async fn try_again(error: &LineError, deadline: Instant, base: &str) -> Result<(), Problem> {
    // A lost answer is not asked for again: the account may stand already.
    let nothing_happened =
        error.status_code().is_some_and(|status| status >= 500) || error.class() == Class::Connect;
    if Instant::now() < deadline && nothing_happened {
        tokio::time::sleep(server::PAUSE).await;
        return Ok(());
    }
    let problem = server::explain(error, base);
    Err(if error.status_code() == Some(429) {
        problem
            .advise("log-ins and registrations are limited by address (VIKUNJA_RATELIMIT_NOAUTHLIMIT, 10 a minute): wait, or raise it")
            .advise("or give a token: VIKUNJA_TOKEN")
    } else {
        problem
    })
}

/// What a refused token means, in words.
pub fn explain_refusal(error: &LineError, base: &str, kind: Option<TokenKind>) -> Problem {
    let refused = error.status_code() == Some(401);
    let problem = server::explain(error, base);
    match kind {
        Some(TokenKind::Api) if refused => problem
            .advise("the API token is unknown, expired, or lacks the permission tasks: read_all (the server does not tell which)")
            .advise("make one with that permission in the settings of Vikunja"),
        Some(_) if refused => problem
            .advise("the JWT is expired or of another server; they live ten minutes from 2.0 on")
            .advise("an API token lives longer; or set VIKUNJA_USERNAME and VIKUNJA_PASSWORD"),
        _ => problem,
    }
}
