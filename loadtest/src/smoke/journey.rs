//! The journey: health, info, register, log in, container, task, done, list, cache, webhooks, delete.

use std::fmt::Write as _;

use vikunja_sdk::{
    BuildError, Execute, Failure,
    auth::TokenKind,
    filter::DONE,
    info,
    model::{EventName, Order, ProjectId, SortField, Task, TaskId},
    ops, projects, service, tasks, users, webhooks,
};

use super::{
    Entry, kept,
    steps::{Caller, Outcome, Step, Walker, Wrong, expect},
};
use crate::{
    line::LineError, progress::say, report::ServerPart, seed, site::Site, state::State, stop::Stop,
    store::Redis, who, world::own_namespace,
};

/// What the container is called.
const TITLE: &str = "loadtest smoke";
/// What the task says: it must survive every step.
const DESCRIPTION: &str = "<p>Made by loadtest smoke.</p>";
/// Lists that are counted at the Redis.
const LISTS: usize = 20;
/// Where the webhook points to: a host that never exists (RFC 2606), so that nothing is delivered to anybody.
const NOWHERE: &str = "http://loadtest.invalid/hook";

/// Goes the whole way, as far as it leads, and cleans up behind it.
pub(super) async fn travel(
    site: &Site,
    entry: &Entry,
    keep: bool,
    redis: Option<&Redis>,
    stop: &Stop,
) -> (ServerPart, Vec<Step>) {
    let mut walker = Walker::new(site.line());
    let mut made = None;
    tokio::select! {
        biased;
        () = stop.asked() => {}
        _ = go(&mut walker, site, entry, redis, &mut made) => {}
    }
    if let Some(project) = made {
        if keep {
            say(&format!("the project {project} with its tasks remains"));
        } else {
            remove(&mut walker, project).await;
        }
    }
    let server = site.part(&walker.caller.inner().line);
    (server, walker.steps)
}

/// The steps in order. `None` where one failed that the next ones need.
async fn go(
    walker: &mut Walker,
    site: &Site,
    entry: &Entry,
    redis: Option<&Redis>,
    made: &mut Option<ProjectId>,
) -> Option<()> {
    walker
        .step("health", async |on| {
            on.execute(&service::Health).await?;
            Ok(((), "OK".to_owned()))
        })
        .await;
    walker
        .step("info", async |on| {
            let info = on.execute(&info::Get).await?;
            Ok(((), format!("Vikunja {}", info.version)))
        })
        .await?;
    enter(walker, site, entry).await?;
    let project = walker
        .step("container", async |on| container(on, made).await)
        .await?;
    let task = walker
        .step("task", async |on| task(on, project).await)
        .await?;
    walker.step("done", async |on| done(on, task).await).await?;
    walker
        .step("list", async |on| list(on, project, task).await)
        .await;
    walker
        .step("cache", async |on| cache(on, project, redis).await)
        .await;
    let enabled = site.identified.info.webhooks_enabled;
    walker
        .step("webhooks", async |on| hooks(on, project, enabled).await)
        .await;
    Some(())
}

/// Registers where that is wanted, logs in, and looks who that is.
async fn enter(walker: &mut Walker, site: &Site, entry: &Entry) -> Option<()> {
    let who = match entry {
        Entry::Given(who) => {
            walker
                .step("register", async |_| {
                    Err::<((), String), _>(Wrong::Skipped("an account is given".to_owned()))
                })
                .await;
            who
        }
        Entry::Ours(state) => &register(walker, site, state.as_deref()).await?,
    };
    walker
        .step("log in", async |on| {
            let line = &mut on.inner().line;
            // Neither a token nor a password needs the state file.
            let no_state = std::path::Path::new("");
            who::log_in(who, line, &site.identified.info, no_state, site.wait).await?;
            if line.session().token_kind() == Some(TokenKind::Api) {
                return Ok(((), "an API token is used as it is".to_owned()));
            }
            let user = on.execute(&users::Current).await?;
            Ok(((), format!("user {} ({})", user.id, user.username)))
        })
        .await
}

/// An account of our own: that of an earlier run, or a new one.
async fn register(
    walker: &mut Walker,
    site: &Site,
    state: Option<&std::path::Path>,
) -> Option<who::Who> {
    let base = site.base();
    let mut account = None;
    walker
        .step("register", async |on| {
            account = kept(state, base)?;
            if let Some(known) = &account {
                let words = format!("{} of an earlier run is used", known.username);
                return Err(Wrong::Skipped(words));
            }
            let new = who::new_account();
            if let Some(path) = state {
                // Written first: an account whose password is nowhere could not be used or removed.
                State::open(path.to_owned())?.keep(base, new.clone())?;
            }
            let line = &mut on.inner().line;
            let done = who::register(line, &site.identified.info, &new, site.wait).await;
            if let (Err(_), Some(path)) = (&done, state) {
                State::open(path.to_owned())?.forget(base)?;
            }
            done?;
            let words = match state {
                Some(path) => format!(
                    "{}: it remains, its password is in {}",
                    new.username,
                    path.display()
                ),
                None => new.username.clone(),
            };
            account = Some(new);
            Ok(((), words))
        })
        .await;
    let account = account?;
    Some(who::Who::Password {
        username: account.username,
        password: account.password,
    })
}

/// A project; up to 0.20 a list in the namespace that every user has.
async fn container(
    on: &mut Caller,
    made: &mut Option<ProjectId>,
) -> Result<(ProjectId, String), Wrong> {
    let mut create = projects::Create::new(TITLE);
    create.namespace = own_namespace(on).await?;
    let id = on.execute(&create).await?.id;
    *made = Some(id);
    let read = on.execute(&projects::Get { id }).await?;
    expect(read.title == TITLE, || {
        format!("project {id} reads back as {:?}", read.title)
    })?;
    Ok((id, format!("project {id} reads back")))
}

async fn task(on: &mut Caller, project: ProjectId) -> Result<(TaskId, String), Wrong> {
    let mut create = tasks::Create::new(project, TITLE);
    create.fields.description = DESCRIPTION.into();
    create.fields.priority = 4.into();
    let id = on.execute(&create).await?.id;
    let read = on.execute(&tasks::Get::new(id)).await?;
    let is_it = |task: &Task| {
        task.title == TITLE && task.description == DESCRIPTION && task.priority == 4 && !task.done
    };
    expect(is_it(&read), || {
        format!("task {id} reads back with other values than it was made with")
    })?;
    Ok((id, format!("task {id} reads back as it was made")))
}

async fn done(on: &mut Caller, id: TaskId) -> Result<((), String), Wrong> {
    let changes = tasks::Fields {
        done: true.into(),
        ..tasks::Fields::default()
    };
    let read = ops::edit(on, id, &changes).await?;
    expect(read.done && read.done_at.is_some(), || {
        format!("task {id} was set to done, and reads back as open")
    })?;
    expect(
        read.description == DESCRIPTION && read.priority == 4,
        || format!("setting task {id} to done has changed other fields"),
    )?;
    Ok(((), "done, and nothing else has changed".to_owned()))
}

/// A second task stays open: each filter finds one of the two, and no filter both.
async fn list(on: &mut Caller, project: ProjectId, done: TaskId) -> Result<((), String), Wrong> {
    let open = on
        .execute(&tasks::Create::new(project, "loadtest smoke, open"))
        .await?
        .id;
    for (wanted, expected) in [
        (None, vec![done, open]),
        (Some(true), vec![done]),
        (Some(false), vec![open]),
    ] {
        let query = tasks::ListQuery {
            filter: wanted.map(|wanted| DONE.is(wanted)),
            ..tasks::ListQuery::default()
        };
        let page = on.execute(&tasks::ListOfProject { project, query }).await?;
        let found: Vec<_> = page.items.iter().map(|task| task.id).collect();
        expect(found == expected, || {
            let filter = wanted.map_or("no filter".to_owned(), |wanted| format!("done = {wanted}"));
            format!("with {filter} the project lists {found:?}, expected {expected:?}")
        })?;
    }
    let newest = tasks::ListQuery {
        filter: Some(DONE.is(true)),
        sort: vec![(SortField::Id, Order::Descending)],
        ..tasks::ListQuery::default()
    };
    let page = on.execute(&tasks::List { query: newest }).await?;
    expect(page.items.iter().any(|task| task.id == done), || {
        format!("the list of all done tasks, the newest first, lacks task {done}")
    })?;
    expect(page.items.iter().all(|task| task.done), || {
        "the list of all done tasks holds an open one".to_owned()
    })?;
    let words = "done tasks, open ones and all, as asked";
    Ok(((), words.to_owned()))
}

/// The manual expects the second list to be faster, because of a cache. There is none: this says what was seen.
async fn cache(
    on: &mut Caller,
    project: ProjectId,
    redis: Option<&Redis>,
) -> Result<((), String), Wrong> {
    let list = tasks::ListOfProject {
        project,
        query: tasks::ListQuery::default(),
    };
    let mut times = Vec::new();
    for _ in 0..2 {
        on.execute(&list).await?;
        times.push(on.inner().last.took.as_secs_f64() * 1e3);
    }
    let mut words = format!(
        "no release caches task lists: first {:.1} ms, second {:.1} ms, and that is chance",
        times[0], times[1]
    );
    if let Some(redis) = redis {
        let failed = |error: String| Wrong::Failed(format!("--redis {error}"));
        let before = redis.read().await.map_err(failed)?;
        for _ in 0..LISTS {
            on.execute(&list).await?;
        }
        let after = redis.read().await.map_err(failed)?;
        let counted = after.commands_since(&before);
        let counted: Vec<_> = counted
            .iter()
            .map(|(name, count)| format!("{count} × {name}"))
            .collect();
        let counted = match counted.as_slice() {
            [] => "no command".to_owned(),
            counted => counted.join(", "),
        };
        let _ = write!(words, "; Redis: {counted} in {LISTS} lists");
    }
    Ok(((), words))
}

/// Makes, lists and deletes a webhook. Nothing is delivered.
async fn hooks(
    on: &mut Caller,
    project: ProjectId,
    enabled: Option<bool>,
) -> Result<((), String), Wrong> {
    if enabled == Some(false) {
        let words = "switched off on this server (VIKUNJA_WEBHOOKS_ENABLED)";
        return Err(Wrong::Skipped(words.to_owned()));
    }
    let create = webhooks::Create {
        owner: project,
        target_url: NOWHERE.to_owned(),
        events: vec![EventName::TaskDeleted],
        secret: None,
        basic_auth: None,
    };
    let webhook = match on.execute(&create).await {
        Err(LineError::Build(error @ BuildError::NotOnThisServer { .. })) => {
            return Err(Wrong::Skipped(error.to_string()));
        }
        made => made?.id,
    };
    let page = on.execute(&webhooks::List::new(project)).await?;
    let listed = page.items.iter().find(|one| one.id == webhook);
    expect(listed.is_some_and(|one| one.target_url == NOWHERE), || {
        format!("webhook {webhook} was made, and is not in the list of its project")
    })?;
    let owner = project;
    on.execute(&webhooks::Delete { owner, webhook }).await?;
    let page = on.execute(&webhooks::List::new(project)).await?;
    expect(page.items.iter().all(|one| one.id != webhook), || {
        format!("webhook {webhook} was deleted, and is still listed")
    })?;
    Ok((
        (),
        "made, listed, deleted (deliveries: run --scenario webhooks)".to_owned(),
    ))
}

/// Deletes what was made, whatever came before, and sees that it is gone.
async fn remove(walker: &mut Walker, id: ProjectId) {
    walker.caller.inner().line.hang_up();
    let removing = walker.step("delete", async |on| {
        on.execute(&projects::Delete { id }).await?;
        let gone = on.execute(&projects::Get { id }).await;
        let is_gone = gone.as_ref().err().is_some_and(|error| {
            // A project that does not exist is 404, and 403 where that is not told.
            error.is_not_found() || error.status_code() == Some(403)
        });
        expect(is_gone, || {
            format!("project {id} was deleted, and can still be read")
        })?;
        Ok(((), format!("project {id} with its tasks is gone")))
    });
    if tokio::time::timeout(seed::CLEANING, removing)
        .await
        .is_err()
    {
        walker.steps.push(Step {
            name: "delete",
            outcome: Outcome::Failed,
            milliseconds: seed::CLEANING.as_secs_f64() * 1e3,
            words: format!("project {id} could not be deleted in time; it remains"),
            asked: None,
            answered: None,
        });
    }
}
