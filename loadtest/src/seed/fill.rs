//! Filling a server: accounts, and what each of them has.
//!
//! Everything is looked for before it is made, and found again by its name. So a second run makes nothing, and one that
//! was killed goes on where it was: at most one creation is behind what the file says.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use secrecy::SecretString;
use tokio::task::JoinSet;
use vikunja_sdk::{
    Api, ApiChoice, Code, Endpoint, Execute, Failure, Server, Session, api_tokens, comments,
    filter::{DONE, PRIORITY},
    labels,
    model::{
        ApiTokenRoutes, Label, LabelId, Permission, Project, ProjectId, Task, TaskId, TeamId,
        Timestamp, User, UserId,
    },
    page::walk,
    projects,
    renewing::Renewing,
    saved_filters, sharing, tasks, teams,
    users::{Current, LogIn, Register},
};

use super::{
    MARK, Pace, Patient, Shape, clean::shown_filters, knock, pace::Paced, patient, shape::Drawn,
};
use crate::{
    exit::Problem,
    line::{Line, LineError, Target},
    progress::{Progress, say},
    server::explain,
    stop::Stop,
    world::{Account, Place, Shared, World, look_into, own_namespace},
};

/// A filling under way.
pub struct Filling {
    /// What to make.
    pub shape: Shape,
    /// Where.
    pub server: Server,
    /// Where.
    pub target: Arc<Target>,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// How fast.
    pub pace: Pace,
    /// Whether to stop.
    pub stop: Stop,
    /// Where it is kept.
    pub file: PathBuf,
    /// Accounts that are filled at the same time.
    pub jobs: u64,
}

/// What all accounts share while they are filled.
struct Site {
    filling: Filling,
    world: Mutex<World>,
    progress: Progress,
    made: AtomicU64,
    repeated: AtomicU64,
    today: Timestamp,
}

/// One account's way to the server.
type Hand = Renewing<Patient<Paced<Line>>>;

/// Most tasks in one call.
const BULK: usize = 100;
/// Longest list that is looked through.
const MOST: usize = 100_000;
/// Years that a token can be used.
const TOKEN_LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

/// Makes what is missing, and says what is there then.
pub async fn fill(filling: Filling, world: World) -> Result<World, Problem> {
    let today = Timestamp::now();
    let open: u64 = (0..filling.shape.users)
        .filter(|number| !is_complete(&world, &filling.shape, *number))
        .map(|number| filling.shape.things(number, today))
        .sum();
    let site = Arc::new(Site {
        world: Mutex::new(prepared(world, &filling)),
        progress: Progress::of("seeding", open),
        made: AtomicU64::new(0),
        repeated: AtomicU64::new(0),
        today,
        filling,
    });
    site.save()?;
    site.register_all().await?;
    site.fill_all().await?;
    site.share();
    site.save()?;
    let repeated = site.repeated.load(Ordering::Relaxed);
    if repeated > 0 {
        say(&format!(
            "{repeated} requests were sent again (a locked SQLite file, a rate limiter, or a lost answer)"
        ));
    }
    Ok(site.world().clone())
}

fn is_complete(world: &World, shape: &Shape, number: u64) -> bool {
    let account = world.users.get(number as usize);
    world.shape.as_ref() == Some(shape) && account.is_some_and(|account| account.complete)
}

/// The accounts by name, with a password that is kept before it is used.
fn prepared(mut world: World, filling: &Filling) -> World {
    let shape = &filling.shape;
    if world.shape.as_ref() != Some(shape) {
        for account in &mut world.users {
            account.complete = false;
        }
    }
    world.shape = Some(shape.clone());
    filling.server.base().clone_into(&mut world.host);
    let known = world.users.iter().find_map(|one| one.password.clone());
    let password = known.unwrap_or_else(|| {
        let characters = std::iter::repeat_with(fastrand::alphanumeric).take(24);
        SecretString::from(characters.collect::<String>())
    });
    for number in world.users.len() as u64..shape.users {
        world.users.push(Account {
            username: shape.username(number),
            password: Some(password.clone()),
            ..Account::default()
        });
    }
    world
}

impl Site {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self) -> Result<(), Problem> {
        self.world().save(&self.filling.file)
    }

    fn account(&self, number: u64) -> Account {
        let world = self.world();
        world
            .users
            .get(number as usize)
            .cloned()
            .unwrap_or_default()
    }

    fn keep(&self, number: u64, account: Account) {
        if let Some(kept) = self.world().users.get_mut(number as usize) {
            *kept = account;
        }
    }

    /// Nothing is begun after somebody asked to stop; what is under way is waited for, so that it is known.
    fn go_on(&self) -> Result<(), Problem> {
        if self.filling.stop.is_asked() {
            return Err(stopped());
        }
        Ok(())
    }

    fn made(&self, count: u64) {
        let made = self.made.fetch_add(count, Ordering::Relaxed) + count;
        self.progress.set(made, 0);
    }

    fn problem(&self, error: &LineError) -> Problem {
        explain(error, self.filling.server.base())
    }

    fn hand(&self) -> Hand {
        let Filling {
            server,
            target,
            timeout,
            ..
        } = &self.filling;
        let session = Session::new(server.clone());
        let line = Line::new(session, Arc::clone(target), *timeout);
        Renewing(patient(Paced::new(line, self.filling.pace.clone())))
    }

    /// Registers who is not there yet. It takes no log-in, so teams can name everybody afterwards.
    async fn register_all(&self) -> Result<(), Problem> {
        let mut hand = self.hand();
        for number in 0..self.filling.shape.users {
            let mut account = self.account(number);
            let (Some(password), 0) = (account.password.clone(), account.id.get()) else {
                continue;
            };
            self.go_on()?;
            let register = Register {
                username: account.username.clone(),
                email: format!("{}@example.com", account.username),
                password,
            };
            match self.knock(&mut hand, &register).await? {
                Ok(user) => account.id = user.id,
                // By an earlier run of this, or by somebody else: then logging in will tell.
                Err(error) if error.code() == Some(Code::UsernameTaken) => {}
                Err(error) if error.status_code() == Some(404) => {
                    return Err(Problem::new(format!(
                        "{}: registration is closed, so no accounts can be made",
                        self.filling.server.base()
                    ))
                    .advise("open it for the seeding (VIKUNJA_SERVICE_ENABLEREGISTRATION=true)"));
                }
                Err(error) => return Err(self.problem(&error)),
            }
            self.keep(number, account);
            // Not after each: the file grows, and a name that is taken is no harm.
            if number % 50 == 49 {
                self.save()?;
            }
        }
        self.save()
    }

    /// Knocks until it is let in, or somebody asks to stop.
    async fn knock<E: Endpoint>(
        &self,
        hand: &mut Hand,
        endpoint: &E,
    ) -> Result<Result<vikunja_sdk::Output<E>, LineError>, Problem> {
        tokio::select! {
            biased;
            () = self.filling.stop.asked() => Err(stopped()),
            done = knock(hand, endpoint) => Ok(done),
        }
    }

    /// Fills the accounts, several at a time; the first problem ends it.
    async fn fill_all(self: &Arc<Self>) -> Result<(), Problem> {
        let next = Arc::new(AtomicU64::new(0));
        let mut jobs = JoinSet::new();
        for _ in 0..self.filling.jobs {
            let (site, next) = (Arc::clone(self), Arc::clone(&next));
            jobs.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= site.filling.shape.users {
                        return Ok(());
                    }
                    if !site.account(number).complete {
                        site.fill_one(number).await?;
                    }
                }
            });
        }
        while let Some(done) = jobs.join_next().await {
            done.map_err(|error| Problem::new(format!("seeding broke off: {error}")))??;
        }
        Ok(())
    }

    async fn fill_one(&self, number: u64) -> Result<(), Problem> {
        self.go_on()?;
        let mut account = self.account(number);
        let mut hand = self.hand();
        self.enter(&mut hand, &account).await?;
        let filled = self.fill_account(&mut hand, number, &mut account).await;
        let repeated = u64::from(hand.0.repeated());
        self.repeated.fetch_add(repeated, Ordering::Relaxed);
        account.complete = filled.is_ok();
        self.keep(number, account);
        self.save()?;
        filled.map_err(|stopped| match stopped {
            Stopped::Failed(error) => self.problem(&error),
            Stopped::Asked(problem) => problem,
        })
    }

    async fn enter(&self, hand: &mut Hand, account: &Account) -> Result<(), Problem> {
        let name = &account.username;
        let Some(password) = account.password.clone() else {
            return Err(Problem::new(format!(
                "the seed file {} has no password of {name}, so nothing can be made there",
                self.filling.file.display()
            ))
            .advise("name another file with --accounts FILE, and another --prefix"));
        };
        let log_in = LogIn {
            long_token: true,
            ..LogIn::new(name, password)
        };
        match self.knock(hand, &log_in).await? {
            Ok(credentials) => {
                hand.session().set_credentials(Some(credentials));
                Ok(())
            }
            Err(error) if error.code() == Some(Code::WrongCredentials) => {
                Err(Problem::new(format!(
                    "the account {name} is there already, and its password is not that of {}",
                    self.filling.file.display()
                ))
                .advise("give other names: --prefix loadtest")
                .advise("or name the file of the run that made it: --accounts FILE"))
            }
            Err(error) => Err(self.problem(&error)),
        }
    }

    async fn fill_account(
        &self,
        hand: &mut Hand,
        number: u64,
        account: &mut Account,
    ) -> Result<(), Stopped> {
        let User { id, .. } = hand.execute(&Current).await?;
        account.id = id;
        account.namespace = own_namespace(hand).await?;
        account.labels = self.labels(hand, id).await?;
        let listed = projects::List {
            is_archived: Some(true),
            ..projects::List::default()
        };
        let found = walk(&mut *hand, listed).collect(MOST).await?;
        account.projects.clear();
        for project in 0..self.filling.shape.projects {
            let parent = account.projects.first().map(|first| first.id);
            let place = self
                .project(hand, &found, account, number, project, parent)
                .await?;
            account.projects.push(place);
        }
        self.filters(hand, &found).await?;
        self.token(hand, account).await?;
        self.team(hand, account, number).await
    }

    async fn labels(&self, hand: &mut Hand, me: UserId) -> Result<Vec<LabelId>, Stopped> {
        if self.filling.shape.labels == 0 {
            return Ok(Vec::new());
        }
        let found = walk(&mut *hand, labels::List::default())
            .collect(MOST)
            .await?;
        // Labels of others are listed, too, where a project is shared; they look the same.
        let is_mine = |label: &Label| label.created_by.as_ref().is_some_and(|by| by.id == me);
        let mut labels = Vec::new();
        for number in 0..self.filling.shape.labels {
            let title = format!("Label {}", number + 1);
            let known = found
                .iter()
                .find(|label| is_mine(label) && label.title == title && label.description == MARK);
            let id = match known {
                Some(label) => label.id,
                None => {
                    let mut create = labels::Create::new(title);
                    create.fields.description = MARK.into();
                    create.fields.hex_color =
                        format!("{:06x}", 0x33_66_99 * (number + 1) % 0x00ff_ffff).into();
                    hand.execute(&create).await?.id
                }
            };
            labels.push(id);
            self.made(1);
        }
        Ok(labels)
    }

    async fn project(
        &self,
        hand: &mut Hand,
        found: &[Project],
        account: &Account,
        number: u64,
        project: u64,
        parent: Option<ProjectId>,
    ) -> Result<Place, Stopped> {
        let shape = &self.filling.shape;
        let title = format!("Project {} of {}", project + 1, account.username);
        let known = found
            .iter()
            .find(|one| one.title == title && one.description == MARK);
        // The tasks that an earlier run has made, by their titles.
        let mut there: BTreeMap<String, Vec<Task>> = BTreeMap::new();
        let made = match known {
            Some(known) => {
                let list = tasks::ListOfProject {
                    project: known.id,
                    query: tasks::ListQuery {
                        after: Some(TaskId(0)),
                        ..tasks::ListQuery::default()
                    },
                };
                for task in walk(&mut *hand, list).collect(MOST).await? {
                    there.entry(task.title.clone()).or_default().push(task);
                }
                known.clone()
            }
            None => {
                let mut create = projects::Create::new(title);
                create.fields.description = MARK.into();
                create.namespace = account.namespace;
                let is_child = project > 0 && project + 1 == shape.projects;
                if let Some(parent) = parent.filter(|_| is_child && account.namespace.is_none()) {
                    create.fields.parent_project_id = parent.into();
                }
                hand.execute(&create).await?
            }
        };
        let mut place = look_into(hand, &made).await?;
        self.made(1);
        let mut drawn: Vec<(Option<Task>, Drawn)> = (0..shape.tasks)
            .map(|task| {
                let drawn = shape.task(number, project, task, self.today);
                (there.get_mut(&drawn.title).and_then(Vec::pop), drawn)
            })
            .collect();
        self.tasks(hand, made.id, &mut drawn).await?;
        for (task, drawn) in &drawn {
            let Some(task) = task else { continue };
            place.tasks.push(task.id);
            self.decorate(hand, account, task, drawn, known.is_some())
                .await?;
        }
        Ok(place)
    }

    /// Makes the tasks that are missing, many in one call where the server can.
    async fn tasks(
        &self,
        hand: &mut Hand,
        project: ProjectId,
        drawn: &mut [(Option<Task>, Drawn)],
    ) -> Result<(), Stopped> {
        let server = &self.filling.server;
        let at_once = tasks::CreateBulk::ROUTE.exists(server.release)
            && server.api != ApiChoice::Only(Api::V1);
        let there = drawn.iter().filter(|(task, _)| task.is_some()).count();
        self.made(there as u64);
        let mut missing: Vec<_> = drawn
            .iter_mut()
            .filter(|(task, _)| task.is_none())
            .collect();
        for chunk in missing.chunks_mut(if at_once { BULK } else { 1 }) {
            self.go_on()?;
            let fields = chunk.iter().map(|(_, drawn)| drawn.fields.clone());
            let made = if at_once {
                let tasks = fields.collect();
                hand.execute(&tasks::CreateBulk { project, tasks })
                    .await?
                    .tasks
            } else {
                let mut made = Vec::new();
                for fields in fields {
                    made.push(hand.execute(&tasks::Create { project, fields }).await?);
                }
                made
            };
            self.made(made.len() as u64);
            for ((slot, _), task) in chunk.iter_mut().zip(made) {
                *slot = Some(task);
            }
        }
        Ok(())
    }

    /// Puts its label and its comment on a task, unless an earlier run has.
    async fn decorate(
        &self,
        hand: &mut Hand,
        account: &Account,
        task: &Task,
        drawn: &Drawn,
        may_be_there: bool,
    ) -> Result<(), Stopped> {
        self.go_on()?;
        let label = drawn
            .label
            .and_then(|label| account.labels.get(label as usize));
        if let Some(&label) = label {
            if task.labels.iter().all(|one| one.id != label) {
                let task = task.id;
                hand.execute(&labels::Add { task, label }).await?;
            }
            self.made(1);
        }
        if let Some(text) = &drawn.comment {
            let is_there = may_be_there && {
                let list = comments::List::new(task.id);
                let page = hand.execute(&list).await?;
                page.items.iter().any(|comment| comment.comment == *text)
            };
            if !is_there {
                hand.execute(&comments::Create::new(task.id, text.clone()))
                    .await?;
            }
            self.made(1);
        }
        Ok(())
    }

    async fn filters(&self, hand: &mut Hand, found: &[Project]) -> Result<(), Stopped> {
        let known = shown_filters(hand, found).await?;
        for number in 0..self.filling.shape.filters {
            let title = format!("Urgent {}", number + 1);
            let is_there = known
                .iter()
                .any(|one| one.title == title && one.description == MARK);
            if !is_there {
                let urgent = DONE.is(false) & PRIORITY.ge(3 + (number % 3).cast_signed());
                let mut create = saved_filters::Create::new(title, urgent);
                create.fields.description = MARK.into();
                hand.execute(&create).await?;
            }
            self.made(1);
        }
        Ok(())
    }

    /// A token's text comes once: one whose text is not in the file is replaced.
    async fn token(&self, hand: &mut Hand, account: &mut Account) -> Result<(), Stopped> {
        let release = self.filling.server.release;
        let wanted = self.filling.shape.tokens > 0 && api_tokens::Create::ROUTE.exists(release);
        if !wanted || account.token.is_some() {
            return Ok(());
        }
        for old in walk(&mut *hand, api_tokens::List::default())
            .collect(MOST)
            .await?
        {
            if old.title == MARK {
                hand.execute(&api_tokens::Delete { token: old.id }).await?;
            }
        }
        let catalogue: ApiTokenRoutes = hand.execute(&api_tokens::Routes).await?;
        // All that the server allows of these, as the official load test's bots have.
        let permissions = ["tasks", "projects", "labels"]
            .into_iter()
            .filter_map(|group| {
                let names = catalogue.get(group)?.keys().cloned().collect();
                Some((group.to_owned(), names))
            })
            .collect();
        let create = api_tokens::Create {
            title: MARK.to_owned(),
            permissions,
            expires_at: self.today + TOKEN_LIFE,
            owner: None,
        };
        account.token = hand.execute(&create).await?.token;
        Ok(())
    }

    /// The team that this account leads, with its first project shared.
    async fn team(
        &self,
        hand: &mut Hand,
        account: &mut Account,
        number: u64,
    ) -> Result<(), Stopped> {
        let members = self.filling.shape.members(number);
        let Some(place) = account.projects.first().map(|first| first.id) else {
            return Ok(());
        };
        if members.is_empty() {
            return Ok(());
        }
        let name = format!("Team of {}", account.username);
        let found = walk(&mut *hand, teams::List::default())
            .collect(MOST)
            .await?;
        let known = found
            .iter()
            .find(|team| team.name == name && team.description == MARK);
        let team: TeamId = match known {
            Some(team) => team.id,
            None => {
                let mut create = teams::Create::new(name);
                create.fields.description = MARK.into();
                hand.execute(&create).await?.id
            }
        };
        account.teams = vec![team];
        for member in members {
            let add = teams::AddMember {
                team,
                username: self.filling.shape.username(member),
                admin: false,
            };
            so_already(hand.execute(&add).await)?;
        }
        let share = sharing::Add {
            place,
            with: team,
            permission: Permission::ReadWrite,
        };
        so_already(hand.execute(&share).await)?;
        Ok(())
    }

    /// Tells every member of a team of the project that is shared, and of the others.
    fn share(&self) {
        let mut world = self.world();
        let shape = &self.filling.shape;
        for leader in 0..shape.users {
            let members: Vec<u64> = shape.members(leader).collect();
            let Some(account) = world.users.get(leader as usize) else {
                return;
            };
            let (Some(place), false) = (account.projects.first().cloned(), members.is_empty())
            else {
                continue;
            };
            let owner_id = account.id;
            let everybody: Vec<u64> = std::iter::once(leader).chain(members).collect();
            let ids: Vec<_> = everybody
                .iter()
                .filter_map(|one| world.users.get(*one as usize))
                .map(|one| one.id)
                .collect();
            for one in everybody {
                let Some(account) = world.users.get_mut(one as usize) else {
                    continue;
                };
                let others = ids.iter().copied().filter(|id| *id != account.id);
                account.team_members = others.collect();
                if one != leader {
                    let place = place.clone();
                    account.shared_projects = vec![Shared { place, owner_id }];
                }
            }
        }
    }
}

fn stopped() -> Problem {
    Problem::cancelled().advise("the same command goes on where this stopped")
}

/// Why an account is not complete.
enum Stopped {
    Failed(LineError),
    Asked(Problem),
}

impl From<LineError> for Stopped {
    fn from(error: LineError) -> Self {
        Self::Failed(error)
    }
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Asked(problem)
    }
}

/// What is wanted and is so already is fine.
fn so_already<T>(result: Result<T, LineError>) -> Result<(), LineError> {
    match result {
        Err(error)
            if error
                .refusal()
                .is_some_and(vikunja_sdk::ApiError::is_already_so) =>
        {
            Ok(())
        }
        other => other.map(drop),
    }
}
