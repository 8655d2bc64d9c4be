//! What is in the server: a project with tasks, made before the clock and deleted after it.

use std::time::Duration;

use vikunja_sdk::{
    Endpoint, Execute, Failure, Output, Release, ReplyError,
    model::{NamespaceId, ProjectId},
    namespaces, projects,
    retry::{Happened, Policy},
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
    /// Writes that were sent again after a 500 (2.x on SQLite: «database is locked», nothing stored).
    pub repeated: u64,
}

/// A line outside the clock: one request at a time, and again where that is safe or the server says that nothing
/// happened.
pub struct Patient<'a> {
    line: &'a mut Line,
    policy: Policy,
    repeated: u64,
}

impl<'a> Patient<'a> {
    /// Sends through this line.
    pub fn new(line: &'a mut Line) -> Self {
        let policy = Policy {
            // A longer row of failures than the default: hundreds of writes, each of which must succeed.
            locked_tries: 12,
            // 2.0 – 2.3 do not tell their database, and the only harm of guessing wrong is a task more.
            assume_sqlite: true,
            ..Policy::default()
        };
        Self {
            line,
            policy,
            repeated: 0,
        }
    }

    /// Sends until there is an answer that counts.
    pub async fn send<E: Endpoint>(&mut self, endpoint: &E) -> Result<Output<E>, LineError> {
        let mut sent = 0;
        loop {
            sent += 1;
            let timed = self.line.timed(endpoint).await;
            let (error, asked) = match (timed.result, timed.asked) {
                (Err(error), Some(asked)) => (error, asked),
                (result, _) => return result,
            };
            let happened = happened(&error);
            let Some(wait) = self.policy.again(asked, happened, sent, fastrand::f64()) else {
                return Err(error);
            };
            self.repeated += u64::from(happened == Happened::Status(500));
            if wait > LONG {
                say(&format!(
                    "the server's rate limiter wants a pause of {} s",
                    wait.as_secs()
                ));
            }
            tokio::time::sleep(wait).await;
        }
    }
}

fn happened(error: &LineError) -> Happened {
    match error {
        LineError::Reply(ReplyError::Api(refusal)) => match refusal.status.as_u16() {
            429 => Happened::Limited(refusal.limit.map(|limit| limit.seconds_left())),
            status => Happened::Status(status),
        },
        LineError::Connect(..) | LineError::UnknownHost(..) | LineError::Tls(_) => {
            Happened::NotSent
        }
        _ => Happened::Lost,
    }
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
    let mut patient = Patient::new(line);
    let mut create = projects::Create::new("Load test");
    create.namespace = own_namespace(&mut patient).await.map_err(cannot)?;
    let project = patient.send(&create).await.map_err(cannot)?.id;
    let seeded = made.insert(Seeded {
        project,
        tasks: 0,
        repeated: patient.repeated,
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
        patient.send(&task).await.map_err(cannot)?;
        seeded.tasks = number;
        seeded.repeated = patient.repeated;
        progress(number);
    }
    Ok(())
}

/// 0.20 wants a namespace for a list: every user has one of its own.
async fn own_namespace(patient: &mut Patient<'_>) -> Result<Option<NamespaceId>, LineError> {
    if patient.line.session().server().release >= Release(0, 21, 0) {
        return Ok(None);
    }
    let page = patient.send(&namespaces::List::default()).await?;
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
    match Patient::new(line).send(&delete).await {
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
