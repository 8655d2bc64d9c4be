//! Sessions that outlive their tokens: from Vikunja 2.0 a JWT lives ten minutes.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};
use vikunja_sdk::{Session, ops, users::LogIn};

use crate::{
    line::{Line, LineError, Target},
    plan::Plan,
    progress::say,
    state::Account,
};

/// How often to look whether a token is about to end.
const LOOK: Duration = Duration::from_secs(1);
/// How long a session is left alone when renewing it has failed.
const LATER: Duration = Duration::from_secs(10);
/// How long before its end a token that nothing renews is replaced by logging in.
const MARGIN: u64 = 60;

/// A session, and what it can be entered with again.
pub struct Login {
    session: Session,
    account: Option<Account>,
    turn: Mutex<()>,
}

impl Login {
    /// A session of this account, where its password is known.
    pub fn new(session: Session, account: Option<Account>) -> Arc<Self> {
        Arc::new(Self {
            session,
            account,
            turn: Mutex::default(),
        })
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The turn to renew it: who does waits for the others, for a refresh cookie can be used once.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// What has to be done, if anything.
    fn due(&self) -> Option<Due<'_>> {
        if self.session.is_renewal_due() {
            return Some(Due::Renewal);
        }
        let account = self.account.as_ref()?;
        let ends = self.session.token()?.expires()?;
        (self.session.renewal().is_none() && ends <= unix_now() + MARGIN)
            .then_some(Due::LogIn(account))
    }

    /// Does it.
    async fn renew(&self, target: &Arc<Target>, patience: Duration) -> Result<Done, LineError> {
        let _turn = self.turn().await;
        let mut line = Line::new(self.session.clone(), Arc::clone(target), patience);
        // A user may have done it meanwhile.
        match self.due() {
            None => Ok(Done::Nothing),
            Some(Due::LogIn(account)) => log_in(&mut line, account).await,
            Some(Due::Renewal) => {
                let generation = self.session.generation();
                let Err(error) = ops::renew(&mut line).await else {
                    return Ok(Done::Renewed);
                };
                if !is_final(&error) {
                    return Err(error);
                }
                // What is refused once is refused the next time, too.
                self.session.stop_renewing(generation);
                match &self.account {
                    Some(account) => log_in(&mut line, account).await,
                    None => Err(error),
                }
            }
        }
    }
}

/// What has to be done with a session.
enum Due<'a> {
    Renewal,
    LogIn(&'a Account),
}

/// What was done with it.
enum Done {
    Nothing,
    Renewed,
    LoggedIn,
}

async fn log_in(line: &mut Line, account: &Account) -> Result<Done, LineError> {
    let log_in = LogIn {
        long_token: true,
        ..LogIn::new(&account.username, account.password.clone())
    };
    ops::log_in(line, &log_in).await.map(|_| Done::LoggedIn)
}

/// Whether the server has refused, and not only now.
fn is_final(error: &LineError) -> bool {
    matches!(error.status_code(), Some(400..=428 | 430..=499))
}

/// What became of the sessions of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Renewals {
    /// Renewed in time.
    pub renewed: u64,
    /// Logged in again, because the server had refused to renew them.
    pub logged_in_again: u64,
    /// Attempts that failed, by reason. A session that is not renewed by the next one ends with its token.
    pub failed: BTreeMap<String, u64>,
}

impl Renewals {
    /// Adds those of another run.
    pub fn add(&mut self, other: Self) {
        self.renewed += other.renewed;
        self.logged_in_again += other.logged_in_again;
        for (reason, count) in other.failed {
            *self.failed.entry(reason).or_default() += count;
        }
    }
}

/// A session that is kept.
struct Kept {
    login: Arc<Login>,
    target: Arc<Target>,
    rests_until: Option<Instant>,
}

/// Renews what is about to end, one after the other and on connections of its own: users never wait for it, and no figure
/// holds it.
pub struct Keeper {
    sessions: Vec<Kept>,
    patience: Duration,
    renewals: Renewals,
}

impl Keeper {
    /// Of nobody yet.
    pub fn new(patience: Duration) -> Self {
        Self {
            sessions: Vec::new(),
            patience,
            renewals: Renewals::default(),
        }
    }

    /// And of these sessions on a server.
    #[must_use]
    pub fn with(mut self, logins: &[Arc<Login>], target: &Arc<Target>) -> Self {
        self.sessions.extend(logins.iter().map(|login| Kept {
            login: Arc::clone(login),
            target: Arc::clone(target),
            rests_until: None,
        }));
        self
    }

    /// Keeps them. Never returns.
    pub async fn keep(&mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look().await;
        }
    }

    /// What became of them.
    pub fn renewals(self) -> Renewals {
        self.renewals
    }

    async fn look(&mut self) {
        for kept in &mut self.sessions {
            let login = &kept.login;
            let rests = kept.rests_until.is_some_and(|until| Instant::now() < until);
            if rests || login.due().is_none() {
                continue;
            }
            match login.renew(&kept.target, self.patience).await {
                Ok(Done::Nothing) => {}
                Ok(Done::Renewed) => self.renewals.renewed += 1,
                Ok(Done::LoggedIn) => self.renewals.logged_in_again += 1,
                Err(error) => {
                    kept.rests_until = Some(Instant::now() + LATER);
                    let why = error.to_string();
                    let times = self.renewals.failed.entry(why).or_default();
                    if *times == 0 {
                        say(&format!("warning: a session could not be renewed: {error}"));
                    }
                    *times += 1;
                }
            }
        }
    }
}

/// Says when tokens end before the run does, and nothing renews them.
pub fn warn(logins: &[Arc<Login>], plan: &Plan) {
    let lasts = plan.ramp + plan.lasts().unwrap_or_default();
    let ends = logins
        .iter()
        .filter(|login| login.account.is_none() && login.session.renewal().is_none())
        .filter_map(|login| login.session.token()?.expires())
        .min();
    if let Some(left) = ends.and_then(|end| end.checked_sub(unix_now()))
        && left < lasts.as_secs()
    {
        say(&format!(
            "warning: the JWT ends in {left} s, before the run does, and nothing renews it; give VIKUNJA_USERNAME and VIKUNJA_PASSWORD, or an API token"
        ));
    }
}

fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use vikunja_sandbox::{Config, Sandbox};
    use vikunja_sdk::{Execute, Server, login_sessions, users};

    use super::*;
    use crate::tls::Trust;

    /// A stand-in with an account that is logged in there.
    struct Stand {
        _sandbox: Sandbox,
        target: Arc<Target>,
        account: Account,
        session: Session,
    }

    impl Stand {
        async fn start() -> Self {
            let sandbox = Sandbox::start("2.5".parse::<Config>().unwrap()).unwrap();
            let connector = Trust::default().connector().unwrap();
            let target = Target::new(&sandbox.url(), &connector, &HeaderMap::new()).unwrap();
            let server = Server::new(&sandbox.url()).unwrap();
            let stand = Self {
                _sandbox: sandbox,
                target: Arc::new(target),
                account: Account {
                    username: "tester".to_owned(),
                    password: "tester-password-1".into(),
                },
                session: Session::new(server.with_release(vikunja_sdk::Release(2, 5, 0))),
            };
            let register = users::Register {
                username: stand.account.username.clone(),
                email: "t@example.com".to_owned(),
                password: stand.account.password.clone(),
            };
            let mut line = stand.line(stand.session.clone());
            line.execute(&register).await.unwrap();
            log_in(&mut line, &stand.account).await.unwrap();
            stand
        }

        fn line(&self, session: Session) -> Line {
            Line::new(session, Arc::clone(&self.target), PATIENCE)
        }

        /// The server forgets every log-in: refresh cookies are void, and tokens live on until they end.
        async fn forget(&self) {
            let mut line = self.line(self.session.clone());
            for one in line
                .execute(&login_sessions::List::default())
                .await
                .unwrap()
                .items
            {
                line.execute(&login_sessions::Delete { session: one.id })
                    .await
                    .unwrap();
            }
        }

        fn keeper(&self, account: Option<&Account>) -> Keeper {
            let login = Login::new(self.session.clone(), account.cloned());
            Keeper::new(PATIENCE).with(&[login], &self.target)
        }

        /// As if the token were about to end.
        async fn keep(&self, keeper: &mut Keeper) {
            self.session.postpone_renewal(Duration::ZERO);
            keeper.look().await;
        }
    }

    const PATIENCE: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn what_is_about_to_end_is_renewed() {
        let stand = Stand::start().await;
        let mut keeper = stand.keeper(Some(&stand.account));
        keeper.look().await;
        assert_eq!(keeper.renewals.renewed, 0, "nothing is due");
        stand.keep(&mut keeper).await;
        let renewals = keeper.renewals();
        assert_eq!((renewals.renewed, renewals.logged_in_again), (1, 0));
        assert!(renewals.failed.is_empty(), "{renewals:?}");
    }

    #[tokio::test]
    async fn a_session_whose_renewal_is_refused_is_logged_in_again() {
        let stand = Stand::start().await;
        stand.forget().await;
        let mut keeper = stand.keeper(Some(&stand.account));
        let before = stand.session.generation();
        stand.keep(&mut keeper).await;
        assert_eq!(keeper.renewals.logged_in_again, 1, "{:?}", keeper.renewals);
        assert!(stand.session.generation() > before && stand.session.renewal().is_some());
        // The new one is renewed like any other.
        stand.keep(&mut keeper).await;
        let renewals = keeper.renewals();
        assert_eq!((renewals.renewed, renewals.logged_in_again), (1, 1));
        assert!(renewals.failed.is_empty(), "{renewals:?}");
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_told_with_its_reason_and_without_the_password() {
        let stand = Stand::start().await;
        stand.forget().await;
        let wrong = Account {
            password: "hunter2hunter2".into(),
            ..stand.account.clone()
        };
        for (account, why) in [(None, "refresh"), (Some(&wrong), "login")] {
            let login = LogIn::new("tester", stand.account.password.clone());
            let mut line = stand.line(stand.session.clone());
            ops::log_in(&mut line, &login).await.unwrap();
            stand.forget().await;
            let mut keeper = stand.keeper(account);
            stand.keep(&mut keeper).await;
            // It rests, or nothing is left to try: the next look asks nothing.
            keeper.look().await;
            let renewals = keeper.renewals();
            assert_eq!((renewals.renewed, renewals.logged_in_again), (0, 0));
            let [(said, 1)] = renewals
                .failed
                .iter()
                .map(|(said, times)| (said.as_str(), *times))
                .collect::<Vec<_>>()[..]
            else {
                panic!("{renewals:?}");
            };
            assert!(said.contains(why) && !said.contains("hunter2"), "{said}");
        }
    }
}
