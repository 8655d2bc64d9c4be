//! What is in the server: a project with tasks, made before the clock and deleted after it; or whole accounts, which stay.

mod clean;
mod door;
mod fill;
mod pace;
mod shape;

pub use clean::{Cleaned, clean_account};
pub use door::knock;
pub use fill::{Filling, fill};
pub use pace::Pace;
pub use shape::Shape;

use std::time::Duration;

use vikunja_sdk::{
    Execute, Failure, model::ProjectId, projects, retry::Policy, retrying::Retrying, tasks,
};

use crate::{
    exit::Problem,
    line::{Line, LineError},
    progress::say,
    server::explain,
    stop::Stop,
    world::own_namespace,
};

/// What is made carries this as its description, or where it has none as its title, so that `clean` knows it.
pub const MARK: &str = "Made by vikunja-loadtest.";

/// A wait that is worth a word.
const LONG: Duration = Duration::from_secs(2);

/// What was made.
#[derive(Clone, Copy, Debug)]
pub struct Seeded {
    /// The project that holds it all.
    pub project: ProjectId,
    /// Tasks in it.
    pub tasks: u64,
    /// Requests that were sent again (2.x on SQLite: 500, «database is locked», nothing stored).
    pub repeated: u32,
}

/// A line outside the clock: one request at a time, and again where that is safe or the server says that nothing
/// happened.
pub type Patient<X> = Retrying<X>;

/// Sends through this one.
pub fn patient<X>(inner: X) -> Patient<X> {
    let policy = Policy {
        // Half a minute in all: thousands of writes, each of which must succeed, beside handlers of the server's own that
        // hold the file for seconds (2.x: saved filters looked through after each change of a task).
        locked_tries: 60,
        // 2.0 – 2.3 do not tell their database, and the only harm of guessing wrong is a task more.
        assume_sqlite: true,
        ..Policy::default()
    };
    Retrying::new(inner, policy).observed(|wait| {
        if wait.pause > LONG {
            say(&format!(
                "the server's rate limiter wants a pause of {} s",
                wait.pause.as_secs()
            ));
        }
    })
}

/// Makes a project with `count` tasks. `progress` hears how many stand.
///
/// Whatever was made is in `made` even when this fails or is cancelled, so that it can be deleted.
pub async fn seed(
    line: &mut Line,
    count: u64,
    made: &mut Option<Seeded>,
    stop: &Stop,
    progress: impl Fn(u64),
) -> Result<(), Problem> {
    let base = line.session().server().base().to_owned();
    let cannot = |error: LineError| {
        explain(&error, &base)
            .advise("making tasks needs an account that may write; or leave --seed-tasks out")
    };
    let mut patient = patient(&mut *line);
    let mut create = projects::Create::new("Load test");
    create.fields.description = MARK.into();
    create.namespace = own_namespace(&mut patient).await.map_err(cannot)?;
    let project = patient.execute(&create).await.map_err(cannot)?.id;
    let seeded = made.insert(Seeded {
        project,
        tasks: 0,
        repeated: patient.repeated(),
    });
    for number in 1..=count {
        // Looked at between requests: one that is under way is waited for, so that what it makes is known.
        if stop.is_asked() {
            return Err(Problem::cancelled());
        }
        let mut task = tasks::Create::new(project, format!("Task {number:04}"));
        task.fields.description =
            format!("<p>Number {number} of {count}, made by the load test.</p>").into();
        task.fields.priority = i64::from((number % 6) as u8).into();
        patient.execute(&task).await.map_err(cannot)?;
        seeded.tasks = number;
        seeded.repeated = patient.repeated();
        progress(number);
    }
    Ok(())
}

/// Deletes what was made.
pub async fn clean(line: &mut Line, seeded: &Seeded) -> Result<(), LineError> {
    let delete = projects::Delete { id: seeded.project };
    match patient(line).execute(&delete).await {
        // Gone is gone.
        Err(error)
            if error
                .refusal()
                .is_some_and(vikunja_sdk::ApiError::is_not_found) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// Longest that cleaning may take when a run was cancelled.
pub const CLEANING: Duration = Duration::from_secs(10);
