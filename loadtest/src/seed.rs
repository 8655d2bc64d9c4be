//! What is in the server: a project with tasks, made before the clock and deleted after it.

use std::time::Duration;

use vikunja_sdk::{
    Execute, Failure, Release,
    model::{NamespaceId, ProjectId},
    namespaces, projects,
    retry::Policy,
    retrying::Retrying,
    tasks,
};

use crate::{
    exit::Problem,
    line::{Line, LineError},
    progress::say,
    server::explain,
    stop::Stop,
};

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
pub type Patient<'a> = Retrying<&'a mut Line>;

/// Sends through this line.
pub fn patient(line: &mut Line) -> Patient<'_> {
    let policy = Policy {
        // A longer row of failures than the default: hundreds of writes, each of which must succeed.
        locked_tries: 12,
        // 2.0 – 2.3 do not tell their database, and the only harm of guessing wrong is a task more.
        assume_sqlite: true,
        ..Policy::default()
    };
    Retrying::new(line, policy).observed(|wait| {
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
    let mut patient = patient(line);
    let mut create = projects::Create::new("Load test");
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

/// 0.20 wants a namespace for a list: every user has one of its own.
async fn own_namespace(patient: &mut Patient<'_>) -> Result<Option<NamespaceId>, LineError> {
    if patient.session().server().release >= Release(0, 21, 0) {
        return Ok(None);
    }
    let page = patient.execute(&namespaces::List::default()).await?;
    // Pseudo namespaces have negative ids.
    Ok(page
        .items
        .iter()
        .map(|namespace| namespace.id)
        .find(|id| id.get() > 0))
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
