use std::collections::{BTreeMap, BTreeSet};

use vikunja_sdk::{
    Execute, Page, Release,
    model::{Task, TaskId},
    tasks,
};

use super::{About, Actor, Any, Prepared, Scenario, Stage};
use crate::{
    exit::Problem, line::LineError, plan::Ticket, progress::say, record::Class, seed::patient,
    verdict, who,
};

/// The server's page size unless it is set otherwise: fewer tasks make a lighter answer than the documented one.
const FULL_PAGE: usize = 50;

/// The documented scenario: list the tasks, and find the page that was promised.
pub struct ListTasks {
    /// The page that every request must get.
    pub promise: Promise,
}

impl Scenario for ListTasks {
    const ABOUT: About = About {
        name: "list-tasks",
        what: "lists the tasks: the documented load",
        writes: false,
        since: Release(0, 20, 0),
        pauses: false,
        targets: &verdict::DOCUMENTED,
    };

    async fn begin<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        self.list(actor).await
    }

    async fn run<A: Actor>(&self, actor: &mut A, _: Ticket) -> Result<(), A::Error> {
        self.list(actor).await
    }
}

impl ListTasks {
    /// Reads the page that every request must get.
    pub(super) async fn prepare(stage: &mut Stage<'_>) -> Result<Prepared, Problem> {
        let page = first_page(stage).await?;
        let promise = page.as_ref().map(Promise::of).unwrap_or_default();
        let (tasks_per_page, tasks) = (promise.len(), page.and_then(|page| page.total));
        let checks = match (tasks_per_page, tasks) {
            (0, _) => "the first read failed already".to_owned(),
            (page, Some(all)) => format!("every answer must hold {page} tasks (of {all})"),
            (page, None) => format!("every answer must hold {page} tasks"),
        };
        Ok(Prepared {
            scenario: Any::ListTasks(Self { promise }),
            checks,
            tasks_per_page,
            tasks,
            logins: Vec::new(),
            state: None,
        })
    }

    async fn list<A: Actor>(&self, actor: &mut A) -> Result<(), A::Error> {
        if let Some(page) = actor.look(&tasks::List::default()).await?
            && let Err(why) = self.promise.is_kept_by(&page)
        {
            actor.reject(why);
        }
        Ok(())
    }
}

/// The page that every request must get. `None` where the server answers it with an error: then the run goes on, and
/// every request of it fails for all to see.
async fn first_page(stage: &mut Stage<'_>) -> Result<Option<Page<Task>>, Problem> {
    let read = patient(&mut *stage.line)
        .execute(&tasks::List::default())
        .await;
    let session = stage.line.session();
    let base = session.server().base();
    match read {
        Ok(page) => check_page(page.items.len(), base, stage.is_ours).map(|()| Some(page)),
        Err(error) if may_be_measured(&error) => Ok(None),
        Err(error) => Err(who::explain_refusal(&error, base, session.token_kind())),
    }
}

/// Whether the run would show what is wrong.
fn may_be_measured(error: &LineError) -> bool {
    match error.class() {
        Class::Server | Class::Decode | Class::TimeOut | Class::Broken => true,
        Class::Client => error.status_code() == Some(404),
        _ => false,
    }
}

fn check_page(tasks: usize, base: &str, is_ours: bool) -> Result<(), Problem> {
    if tasks == 0 {
        return Err(Problem::new(format!(
            "this account has no tasks on {base}: empty lists would measure nothing"
        ))
        .advise("use an account with tasks, or let the load test make some: --seed-tasks 100"));
    }
    if tasks < FULL_PAGE && !is_ours {
        say(&format!(
            "warning: a page holds {tasks} tasks only; a full one holds {FULL_PAGE}, and costs the server more"
        ));
    }
    Ok(())
}

/// The tasks that a page must hold: these ids with these titles, each once.
#[derive(Clone, Debug, Default)]
pub struct Promise(BTreeMap<TaskId, String>);

impl Promise {
    /// Expects the same page again.
    pub fn of(page: &Page<Task>) -> Self {
        let tasks = page.items.iter();
        Self(tasks.map(|task| (task.id, task.title.clone())).collect())
    }

    /// How many tasks it holds.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was promised, because the first read failed already. Then no answer is right.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn is_kept_by(&self, page: &Page<Task>) -> Result<(), String> {
        if self.is_empty() {
            return Err(
                "the first read before the clock failed, so it is unknown what the page must hold"
                    .to_owned(),
            );
        }
        if page.items.len() != self.0.len() {
            return Err(format!(
                "the page holds {} tasks, expected {}",
                page.items.len(),
                self.0.len()
            ));
        }
        for task in &page.items {
            match self.0.get(&task.id) {
                Some(title) if *title == task.title => {}
                Some(_) => return Err(format!("task {} has another title than expected", task.id)),
                None => return Err(format!("task {} was not expected on the page", task.id)),
            }
        }
        match repeated(page) {
            Some(id) => Err(format!("task {id} is on the page twice")),
            None => Ok(()),
        }
    }
}

/// A task that is on the page more than once.
fn repeated(page: &Page<Task>) -> Option<TaskId> {
    // Lists come by id: then nothing is repeated, and nothing has to be remembered.
    if page.items.is_sorted_by(|a, b| a.id < b.id) {
        return None;
    }
    let mut seen = BTreeSet::new();
    page.items
        .iter()
        .map(|task| task.id)
        .find(|id| !seen.insert(*id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: &[i64]) -> Page<Task> {
        let items = ids
            .iter()
            .map(|id| {
                serde_json::from_value(serde_json::json!({"id": id, "title": format!("t{id}")}))
            })
            .collect::<Result<_, _>>()
            .unwrap();
        Page {
            items,
            ..Page::default()
        }
    }

    #[test]
    fn the_same_page_keeps_the_promise_and_no_other_does() {
        let promise = Promise::of(&page(&[1, 2, 3]));
        assert_eq!(promise.is_kept_by(&page(&[1, 2, 3])), Ok(()));
        assert_eq!(promise.is_kept_by(&page(&[3, 1, 2])), Ok(()));
        let nothing = Promise::default();
        assert!(
            nothing
                .is_kept_by(&page(&[1]))
                .unwrap_err()
                .contains("unknown")
        );
        assert!(nothing.is_kept_by(&page(&[])).is_err());
        for (other, why) in [
            (page(&[1, 2]), "holds 2 tasks, expected 3"),
            (page(&[]), "holds 0 tasks"),
            (page(&[1, 2, 4]), "task 4 was not expected"),
            (page(&[1, 2, 2]), "task 2 is on the page twice"),
            (page(&[2, 1, 2]), "task 2 is on the page twice"),
        ] {
            let said = promise.is_kept_by(&other).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
        let mut renamed = page(&[1, 2, 3]);
        renamed.items[1].title = "other".to_owned();
        assert!(
            promise
                .is_kept_by(&renamed)
                .unwrap_err()
                .contains("another title")
        );
    }
}
