//! Projects: the handlers.

use rusqlite::Connection;
use serde_json::Value;

use crate::body::{Field, Kind};
use crate::call::Call;
use crate::events::Event;
use crate::failure::{Denied, Failure, domain};
use crate::namespaces::{check_access as namespace_access, check_not_archived};
use crate::paging::{Count, Page, count_of};
use crate::release::{Api, Release};
use crate::reply::Reply;
use crate::saved_filters;
use crate::stamp::Stamp;
use crate::store::projects::{self as store, FAVORITES, Project, Wanted};
use crate::store::tasks::{Condition, Selection};
use crate::store::users::User;
use crate::store::{filters, namespaces, shares, subscriptions, tasks, users};

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("title", Kind::Text).length(1, 250).required(),
    Field::new("description", Kind::Text),
    Field::new("identifier", Kind::Text).length(0, 10),
    Field::colour("hex_color"),
    Field::new("parent_project_id", Kind::Integer),
    Field::new("is_archived", Kind::Boolean),
    Field::new("is_favorite", Kind::Boolean),
    Field::new("position", Kind::Number),
    Field::new("owner", Kind::Ignored),
    Field::new("background_information", Kind::Ignored),
    Field::new("background_blur_hash", Kind::Ignored),
    Field::new("subscription", Kind::Ignored),
    Field::new("views", Kind::Ignored),
    Field::new("max_permission", Kind::Ignored),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
    Field::new("namespace_id", Kind::Integer),
];

/// The fields of a project; all but the last, which v2 does not know, where there are no namespaces.
fn fields(release: &Release) -> &'static [Field] {
    if release.lists {
        FIELDS
    } else {
        &FIELDS[..FIELDS.len() - 1]
    }
}

/// v2's schema of a project that is read alone.
const READ_SCHEMA: &str = "ProjectReadBody";

/// Access that allows writing.
pub(crate) const WRITE: i64 = 1;
/// Access that allows deleting.
pub(crate) const ADMIN: i64 = 2;

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (page, user, release) = (Page::asked(call)?, call.user()?, call.at.release);
    let wanted = Wanted {
        search: call.search(),
        archived: call.query("is_archived") == Some("true"),
        nested: release.search_finds_nested,
        limit: page.limit(),
        offset: page.offset(),
    };
    let expand = call.expand(false).any(|value| value == "permissions");
    call.read(|db| {
        if let Some(project) = call.shared_project() {
            let projects = crate::link_shares::only_project(call, db, user, project)?;
            return Ok(page.reply(call, "PaginatedProject", &projects, Count::default()));
        }
        let (mut projects, total) = store::list(db, user.id, &wanted)?;
        let inherited = release.people.subscriptions_inherited_in_lists;
        subscriptions::add_to_list(db, release, user.id, &mut projects, inherited)?;
        let mut here = count_of(&projects);
        if release.lists {
            namespaces::add_emails(db, &mut projects)?;
            let count = Count {
                // One page, however many there are.
                total: here.min(1),
                here,
                forgotten_beyond_end: true,
            };
            return Ok(page.reply(call, "", &projects, count));
        }
        if tasks::has_favorites(db, user.id)? {
            // Counted here and not in the total, as the server does.
            here += 1;
            projects.insert(0, store::favorites(release, None, &call.world.started_at));
        }
        if wanted.search.is_none() || !release.search_hides_filters {
            projects.extend(
                filters::of_user(db, user.id)?
                    .iter()
                    .map(|filter| filter.project(Some(user.stub()))),
            );
        }
        store::add_views(db, release, &mut projects)?;
        // The server counts favourite filters among its favourites, which have no views of their own here.
        for filter in projects
            .iter_mut()
            .filter(|one| one.id < FAVORITES && one.is_favorite)
        {
            filter.views = None;
        }
        for project in projects.iter_mut().filter(|_| release.permissions) {
            project.max_permission = Some(if expand {
                list_access(db, user, project.id)?
            } else {
                Value::Null
            });
        }
        Ok(page.reply(
            call,
            "PaginatedProject",
            &projects,
            Count {
                total,
                here,
                forgotten_beyond_end: true,
            },
        ))
    })
}

fn list_access(db: &Connection, user: &User, project: i64) -> Result<Value, Failure> {
    // One's own filters are one's own.
    let access = if project < FAVORITES {
        Some(ADMIN)
    } else {
        store::access(db, user.id, project)?
    };
    Ok(access.into())
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("id")?, call.user()?);
    let (project, access) = call.read(|db| read(call, db, user, id))?;
    Ok(call.with_access(call.ok(Some(READ_SCHEMA), &project), access))
}

/// A project as one read shows it, and the caller's access.
pub(crate) fn read(
    call: &Call<'_>,
    db: &Connection,
    user: &User,
    id: i64,
) -> Result<(Project, i64), Failure> {
    let release = call.at.release;
    let (mut project, access) = match id {
        FAVORITES => (
            store::favorites(release, Some(user.stub()), &call.world.started_at),
            0,
        ),
        id if id < FAVORITES => {
            let filter = saved_filters::found(db, filters::pseudo_id(id))?;
            if filter.owner_id() != user.id {
                return Err(Failure::Forbidden(Denied::Sight));
            }
            let mut project = filter.project(Some(user.shape()));
            project.namespace_id = release.lists.then_some(0);
            project.is_favorite &= !release.boards.favorite_filter_listed;
            (project, ADMIN)
        }
        id => {
            let project = store::by_id(db, user.id, id)?.ok_or_else(not_found)?;
            let access =
                store::access(db, user.id, id)?.ok_or(Failure::Forbidden(Denied::Sight))?;
            (
                project,
                store::told_access(db, release, user.id, id, access)?,
            )
        }
    };
    store::add_views(db, release, std::slice::from_mut(&mut project))?;
    if let Some(namespace) = project.namespace_id {
        project.is_archived |= namespaces::is_archived(db, namespace)?;
    }
    project.subscription = subscriptions::of_project(db, release, user.id, id)?;
    // v1 says 0 here whatever the truth, which is in a header.
    project.max_permission = release.permissions.then(|| {
        if call.at.api == Api::V1 {
            0.into()
        } else {
            access.into()
        }
    });
    Ok((project, access))
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let (user, release) = (call.user()?, call.at.release);
    let path = release.lists.then(|| call.id("namespace")).transpose()?;
    let path = path.map(|namespace| ("namespace_id", namespace));
    let wanted: Project = call.bind(fields(release), path.as_slice())?;
    call.write(|db| {
        match wanted.namespace_id {
            Some(namespace) => {
                namespace_access(db, user, namespace, WRITE)?;
                check_not_archived(db, namespace)?;
            }
            None => check_sent_id(db, release, wanted.id)?,
        }
        let parent = wanted.parent_project_id.unwrap_or_default();
        if parent != 0 {
            check_access(db, user, parent, WRITE)?;
        }
        check_identifier(db, &wanted)?;
        // What a bot makes is its owner's, who shares it with the bot.
        let owner = user.bot_owner_id.map(|owner| users::by_id(db, owner));
        let owner = owner.transpose()?.flatten();
        let mut project = store::insert(db, release, owner.as_ref().unwrap_or(user), &wanted)?;
        if owner.is_some() {
            let with_users = shares::Kind {
                what: shares::What::Project,
                with: shares::With::User,
            };
            shares::insert(db, with_users, project.id, user.id, ADMIN)?;
        }
        project.max_permission = release.permissions.then(|| own_permission(call));
        call.tell(Event::ProjectCreated {
            project: Box::new(project.clone()),
        });
        Ok(call.ok(Some("Project"), &project))
    })
}

/// What an `id` in the body of a creation does.
fn check_sent_id(db: &Connection, release: &Release, id: i64) -> Result<(), Failure> {
    match id {
        0 => Ok(()),
        id if !store::exists(db, id)? => Err(not_found()),
        _ if release.transactions => Ok(()),
        _ => Err(Failure::Breaks("the id is taken")),
    }
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("id")?;
    let wanted: Project = call.bind(fields(call.at.release), &[("id", id)])?;
    call.write(|db| replace(call, db, wanted))
}

/// v2's partial update: read, merge, replace.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("id")?, call.user()?);
    call.write(|db| {
        let (now, _) = read(call, db, user, id)?;
        let merged = crate::patch::merged(call, READ_SCHEMA, &now)?;
        let wanted: Project = crate::body::bind_object(
            call.at,
            merged,
            None,
            fields(call.at.release),
            &[("id", id)],
        )?;
        replace(call, db, wanted)
    })
}

/// Stores everything that a project update may change; what it does not name is reset.
fn replace(call: &Call<'_>, db: &Connection, wanted: Project) -> Result<Reply, Failure> {
    let (user, release) = (call.user()?, call.at.release);
    if wanted.id < FAVORITES && !release.lists {
        return rename_filter(call, db, &wanted);
    }
    check_access(db, user, wanted.id, WRITE)?;
    let old = store::by_id(db, user.id, wanted.id)?.ok_or_else(not_found)?;
    let old_parent = old.parent_project_id.unwrap_or_default();
    let parent = match wanted.parent_project_id {
        None if release.omitted_parent_detaches => 0,
        None => old_parent,
        Some(parent) => parent,
    };
    if release.lists {
        check_move(db, user, &old, wanted.namespace_id.unwrap_or_default())?;
    }
    if parent != 0 && parent != old_parent {
        check_parent(db, user, wanted.id, parent)?;
    }
    if wanted.is_archived {
        if store::is_archived(db, wanted.id)? {
            return Err(archived());
        }
        if !release.lists && users::is_default_project(db, wanted.id)? {
            return Err(domain(
                412,
                3013,
                "This project cannot be archived because it is the default project of a user.",
            ));
        }
    }
    check_identifier(db, &wanted)?;
    let project = Project {
        // An empty description is not written.
        description: if wanted.description.is_empty() {
            old.description
        } else {
            wanted.description
        },
        parent_project_id: Some(parent),
        updated: Stamp::now_in_seconds(),
        ..wanted
    };
    if project.position == 0.0 && !release.lists {
        // The others make room, and then this one is stored with its 0 all the same.
        store::renumber_children(db, parent)?;
    }
    store::update(db, user.id, &project)?;
    let (mut stored, _) = read(call, db, user, project.id)?;
    stored.max_permission = release.permissions.then(|| own_permission(call));
    call.tell(Event::ProjectUpdated { project: stored.id });
    Ok(call.ok(Some("Project"), &stored))
}

/// An update of the project that a saved filter shows up as. Its answer knows little.
fn rename_filter(call: &Call<'_>, db: &Connection, wanted: &Project) -> Result<Reply, Failure> {
    let mut filter = saved_filters::found(db, filters::pseudo_id(wanted.id))?;
    if filter.owner_id() != call.user()?.id {
        return Err(Failure::Forbidden(Denied::Act));
    }
    filter.title.clone_from(&wanted.title);
    filter.description.clone_from(&wanted.description);
    filter.is_favorite = wanted.is_favorite;
    filter.updated = Stamp::now();
    filters::update(db, &filter)?;
    let mut project = filter.project(None);
    project.max_permission = call.at.release.permissions.then(|| own_permission(call));
    Ok(call.ok(Some("Project"), &project))
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("id")?, call.user()?);
    call.write(|db| {
        check_access(db, user, id, ADMIN)?;
        if !call.at.release.lists && users::is_default_project(db, id)? {
            return Err(domain(
                412,
                3012,
                "This project cannot be deleted because it is the default project of a user.",
            ));
        }
        tell_deletion(call, db, id)?;
        store::delete(db, id)?;
        Ok(call.deleted())
    })
}

/// Whether the caller may put a list into a namespace that is a real one.
pub(crate) fn check_namespace(db: &Connection, user: &User, namespace: i64) -> Result<(), Failure> {
    if namespace < 0 {
        let message = "This list cannot belong a dynamically generated namespace.";
        return Err(domain(412, 3009, message));
    }
    namespace_access(db, user, namespace, WRITE).map(drop)
}

/// 0.20: a list has to stand in a namespace, and an archived one holds it as it is unless it is archived itself.
fn check_move(db: &Connection, user: &User, old: &Project, to: i64) -> Result<(), Failure> {
    let from = old.namespace_id.unwrap_or_default();
    if to == 0 {
        let message = "This list must belong to a namespace.";
        return Err(domain(412, 3010, message));
    }
    if to != from {
        check_namespace(db, user, to).map_err(|failure| match failure {
            Failure::Forbidden(_) => domain(403, 1, "You're not allowed to do this."),
            other => other,
        })?;
    }
    if !old.is_archived {
        check_not_archived(db, from)?;
    }
    Ok(())
}

fn tell_deletion(call: &Call<'_>, db: &Connection, id: i64) -> Result<(), Failure> {
    let (user, release) = (call.user()?, call.at.release);
    if release.people.project_deletion_tells_tasks {
        let selection = Selection {
            projects: store::with_children(db, id)?,
            condition: Condition::all(std::iter::empty()),
            view: None,
        };
        for task in tasks::page(db, user.id, &selection, "t.id", -1, 0)? {
            call.tell(Event::TaskDeleted {
                task: Box::new(task),
            });
        }
    }
    let (project, _) = read(call, db, user, id)?;
    call.tell(Event::ProjectDeleted {
        project: Box::new(project),
    });
    Ok(())
}

/// `max_permission` in answers to writes.
fn own_permission(call: &Call<'_>) -> Value {
    if call.at.api == Api::V1 {
        0.into()
    } else {
        Value::Null
    }
}

/// The caller's access to a project, a saved filter or the favourites, if any.
pub(crate) fn standing(db: &Connection, user: &User, project: i64) -> Result<Option<i64>, Failure> {
    match project {
        FAVORITES => Ok(Some(0)),
        project if project < FAVORITES => {
            let filter = saved_filters::found(db, filters::pseudo_id(project))?;
            Ok((filter.owner_id() == user.id).then_some(ADMIN))
        }
        project if store::exists(db, project)? => store::access(db, user.id, project),
        _ => Err(not_found()),
    }
}

/// As [`standing`], if it is enough.
pub(crate) fn check_standing(
    db: &Connection,
    user: &User,
    project: i64,
    wanted: i64,
) -> Result<i64, Failure> {
    standing(db, user, project)?
        .filter(|access| *access >= wanted)
        .ok_or(Failure::Forbidden(Denied::Act))
}

/// A list that the caller must not see.
pub(crate) fn not_allowed() -> Failure {
    domain(403, 1, "You're not allowed to do this.")
}

/// The caller's access, if it is enough.
pub(crate) fn check_access(
    db: &Connection,
    user: &User,
    project: i64,
    wanted: i64,
) -> Result<i64, Failure> {
    match store::access(db, user.id, project)? {
        Some(access) if access >= wanted => Ok(access),
        Some(_) => Err(Failure::Forbidden(Denied::Act)),
        None if project == FAVORITES || store::exists(db, project)? => {
            Err(Failure::Forbidden(Denied::Act))
        }
        None => Err(not_found()),
    }
}

/// Whether a project may be put below that one.
pub(crate) fn check_parent(
    db: &Connection,
    user: &User,
    project: i64,
    parent: i64,
) -> Result<(), Failure> {
    if parent == project {
        return Err(domain(
            412,
            3010,
            "This project cannot be a child of itself.",
        ));
    }
    check_access(db, user, parent, WRITE)?;
    if store::is_below(db, project, parent)? {
        return Err(domain(
            412,
            3011,
            "This project cannot have a cyclic relationship to a parent project.",
        ));
    }
    Ok(())
}

pub(crate) fn check_identifier(db: &Connection, project: &Project) -> Result<(), Failure> {
    if store::identifier_taken(db, &project.identifier, project.id)? {
        return Err(domain(
            400,
            3007,
            "A {project} with this identifier already exists.",
        ));
    }
    Ok(())
}

/// Whether a project takes new tasks.
pub(crate) fn check_open(db: &Connection, project: &Project) -> Result<(), Failure> {
    if let Some(namespace) = project.namespace_id {
        check_not_archived(db, namespace)?;
    }
    if store::is_archived(db, project.id)? {
        return Err(archived());
    }
    Ok(())
}

pub(crate) fn archived() -> Failure {
    domain(
        412,
        3008,
        "This {project} is archived. Editing or creating new tasks is not possible.",
    )
}

pub(crate) fn not_found() -> Failure {
    domain(404, 3001, "This {project} does not exist.")
}
