//! What is in an account, by reading it.

use std::collections::BTreeMap;

use secrecy::SecretString;
use vikunja_sdk::{
    Execute, Failure, Release, buckets, labels,
    model::{LabelId, Project, ProjectId, TaskId, UserId, ViewId, ViewKind},
    namespaces,
    page::walk,
    projects, tasks, users, views,
};

use super::{Account, Place, Shared, World};

/// Projects that are looked into: each costs a request or two.
const PROJECTS: usize = 50;
/// Tasks that are looked at.
const TASKS: usize = 2000;
/// Labels that are looked at.
const LABELS: usize = 100;

/// First release with views.
const VIEWS: Release = Release(0, 24, 0);
/// First release without namespaces.
const NO_NAMESPACES: Release = Release(0, 21, 0);

/// Reads the account that the executor is logged in as. Its password is kept where it is given.
pub async fn discover<X: Execute>(
    executor: &mut X,
    password: Option<SecretString>,
) -> Result<World, X::Error> {
    let me = executor.execute(&users::Current).await?;
    let mut account = Account {
        username: me.username,
        id: me.id,
        password,
        namespace: own_namespace(executor).await?,
        ..Account::default()
    };
    account.labels = own_labels(executor, me.id).await?;
    let mut by_project: BTreeMap<ProjectId, Vec<TaskId>> = BTreeMap::new();
    for task in walk(&mut *executor, tasks::List::default())
        .collect(TASKS)
        .await?
    {
        by_project.entry(task.project_id).or_default().push(task.id);
    }
    let projects = walk(&mut *executor, projects::List::default());
    for project in projects.collect(PROJECTS).await? {
        // Saved filters are listed as projects, too; and nothing happens in a project without tasks.
        let Some(tasks) = by_project.remove(&project.id) else {
            continue;
        };
        let place = Place {
            tasks,
            ..look_into(executor, &project).await?
        };
        match project.owner {
            Some(owner) if owner.id != me.id => account.shared_projects.push(Shared {
                place,
                owner_id: owner.id,
            }),
            _ => account.projects.push(place),
        }
    }
    Ok(World {
        host: executor.session().server().base().to_owned(),
        shape: None,
        users: vec![account],
    })
}

/// The labels that the account has made: those of others cannot be put on tasks everywhere. A token that may not read
/// labels has none.
async fn own_labels<X: Execute>(executor: &mut X, me: UserId) -> Result<Vec<LabelId>, X::Error> {
    let labels = walk(executor, labels::List::default())
        .collect(LABELS)
        .await;
    let is_closed = |error: &X::Error| {
        // 501: the stand-in has none.
        let status = error.status().map(|status| status.as_u16());
        matches!(status, Some(401 | 403 | 501))
    };
    match labels {
        Err(error) if is_closed(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(labels) => Ok(labels
            .into_iter()
            .filter(|label| label.created_by.as_ref().is_none_or(|by| by.id == me))
            .map(|label| label.id)
            .collect()),
    }
}

/// A project's views and buckets, as they are on this release.
pub async fn look_into<X: Execute>(executor: &mut X, project: &Project) -> Result<Place, X::Error> {
    let id = project.id;
    let mut found: BTreeMap<String, ViewId> = BTreeMap::new();
    let mut board = Some(buckets::Place::project(id));
    if executor.session().server().release >= VIEWS {
        let views = if project.views.is_empty() {
            executor.execute(&views::List { project: id }).await?
        } else {
            project.views.clone()
        };
        for view in views {
            // The first of its kind: those that every project has.
            found.entry(view.view_kind.to_string()).or_insert(view.id);
        }
        let kanban = found.get(ViewKind::Kanban.as_str());
        board = kanban.map(|view| buckets::Place::view(id, *view));
    }
    let buckets = match board {
        Some(place) => executor.execute(&buckets::List { place }).await?,
        None => Vec::new(),
    };
    Ok(Place {
        id,
        views: found,
        buckets: buckets.into_iter().map(|bucket| bucket.id).collect(),
        tasks: Vec::new(),
    })
}

/// 0.20 wants a namespace for a list: every user has one of its own. Pseudo namespaces have negative ids.
pub async fn own_namespace<X: Execute>(
    executor: &mut X,
) -> Result<Option<vikunja_sdk::model::NamespaceId>, X::Error> {
    if executor.session().server().release >= NO_NAMESPACES {
        return Ok(None);
    }
    let page = executor.execute(&namespaces::List::default()).await?;
    let ids = page.items.iter().map(|namespace| namespace.id);
    Ok(ids.into_iter().find(|id| id.get() > 0))
}
