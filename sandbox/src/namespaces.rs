//! Namespaces (0.20): the handlers.

use rusqlite::Connection;
use serde::Serialize;
use serde_json::Value;

use crate::auth::user_gone;
use crate::body::{Field, Kind};
use crate::call::Call;
use crate::failure::{Denied, Failure, domain};
use crate::paging::{Count, Page, count_of};
use crate::projects::{ADMIN, WRITE};
use crate::reply::Reply;
use crate::stamp::Stamp;
use crate::store::filters::{self as saved_filters, SavedFilter};
use crate::store::namespaces::{self as store, Namespace};
use crate::store::projects::{self, Project};
use crate::store::subscriptions;
use crate::store::users::User;

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("title", Kind::Text).length(1, 250).required(),
    Field::new("description", Kind::Text),
    Field::colour("hex_color"),
    Field::new("is_archived", Kind::Boolean),
    Field::new("owner", Kind::Ignored),
    Field::new("created", Kind::Ignored),
    Field::new("updated", Kind::Ignored),
];

/// The pseudo namespaces: lists of others, favourites, saved filters.
const SHARED: i64 = -1;
/// See [`SHARED`].
pub(crate) const FAVORITES: i64 = -2;
/// See [`SHARED`].
const FILTERS: i64 = -3;

/// A namespace in the list of all, where it comes with its lists.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    namespace: Namespace,
    lists: Option<Vec<Project>>,
}

/// Every page begins with the pseudo namespaces that have something in them; a page without namespaces has none.
pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (page, user) = (Page::asked(call)?, call.user()?);
    let is_true = |name| call.query(name) == Some("true");
    let wanted = store::Wanted {
        search: call.search(),
        archived: is_true("is_archived"),
        limit: page.limit(),
        offset: page.offset(),
    };
    call.read(|db| {
        let (mut namespaces, total) = store::list(db, user.id, &wanted)?;
        for namespace in &mut namespaces {
            namespace.subscription = subscription(call, db, namespace.id)?;
            // The caller is known from the token alone.
            if namespace
                .owner
                .as_ref()
                .is_some_and(|owner| owner.id == user.id)
            {
                namespace.owner = Some(user.stub());
            }
        }
        let listed = if is_true("namespaces_only") || namespaces.is_empty() {
            let bare = |namespace| Listed {
                namespace,
                lists: None,
            };
            namespaces.into_iter().map(bare).collect()
        } else {
            with_lists(call, db, namespaces, wanted.archived)?
        };
        let here = count_of(&listed);
        let count = Count {
            total,
            here,
            forgotten_beyond_end: true,
        };
        Ok(page.reply(call, "", &listed, count))
    })
}

fn with_lists(
    call: &Call<'_>,
    db: &Connection,
    namespaces: Vec<Namespace>,
    archived: bool,
) -> Result<Vec<Listed>, Failure> {
    let user = call.user()?;
    let mut own = store::lists(db, user.id, &namespaces, archived)?;
    // Here those of the namespaces count, elsewhere in lists they do not.
    subscriptions::add_to_list(db, call.at.release, user.id, &mut own, true)?;
    let shared = shared(db, user, archived)?;
    let filters = filters(db, user)?;
    let mut favorites = favorite_tasks(call, db, user)?;
    let lists = own.iter().chain(&shared).chain(&filters);
    favorites.extend(lists.filter(|list| list.is_favorite).cloned());
    let pseudo = |(id, title, description, lists): (i64, &str, &str, Vec<Project>)| Listed {
        namespace: Namespace {
            id,
            title: title.to_owned(),
            description: description.to_owned(),
            owner: Some(user.stub()),
            created: call.world.started_at.clone(),
            updated: call.world.started_at.clone(),
            ..Namespace::default()
        },
        lists: Some(lists),
    };
    let mut listed: Vec<Listed> = [
        (FILTERS, "Filters", "Saved filters.", filters),
        (
            FAVORITES,
            "Favorites",
            "Favorite lists and tasks.",
            favorites,
        ),
        (
            SHARED,
            "Shared Lists",
            "Lists of other users shared with you via teams or directly.",
            shared,
        ),
    ]
    .into_iter()
    .filter(|(.., lists)| !lists.is_empty())
    .map(pseudo)
    .collect();
    for namespace in namespaces {
        let is_its = |list: &Project| list.namespace_id == Some(namespace.id);
        let (its, others): (Vec<_>, Vec<_>) = own.into_iter().partition(is_its);
        own = others;
        listed.push(Listed {
            namespace,
            lists: (!its.is_empty()).then_some(its),
        });
    }
    Ok(listed)
}

/// The lists of others that the caller was given.
fn shared(db: &Connection, user: &User, archived: bool) -> Result<Vec<Project>, Failure> {
    let mut shared = store::shared_lists(db, user.id, archived)?;
    for list in &mut shared {
        list.namespace_id = Some(SHARED);
    }
    Ok(shared)
}

/// The lists that the caller's saved filters are.
fn filters(db: &Connection, user: &User) -> Result<Vec<Project>, Failure> {
    let filters = saved_filters::of_user(db, user.id)?;
    let list = |filter: &SavedFilter| Project {
        namespace_id: Some(FILTERS),
        ..filter.project(Some(user.stub()))
    };
    Ok(filters.iter().map(list).collect())
}

/// The list of the caller's favourite tasks, if there are any.
fn favorite_tasks(call: &Call<'_>, db: &Connection, user: &User) -> Result<Vec<Project>, Failure> {
    let since = &call.world.started_at;
    let list = || projects::favorites(call.at.release, Some(user.stub()), since);
    let has_some = store::has_favorites(db, user.id)?;
    Ok(has_some.then(list).into_iter().collect())
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("namespace")?, call.user()?);
    call.read(|db| {
        let mut namespace = existing(db, id)?;
        let access = store::access(db, user.id, id)?.ok_or(Failure::Forbidden(Denied::Sight))?;
        namespace.subscription = subscription(call, db, id)?;
        Ok(call.with_access(call.ok(None, &namespace), access))
    })
}

fn subscription(call: &Call<'_>, db: &Connection, id: i64) -> Result<Option<Value>, Failure> {
    subscriptions::of_namespace(db, call.at.release, call.user()?.id, id)
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let wanted: Namespace = call.bind(FIELDS, &[])?;
    let user = call.user()?;
    call.write(|db| {
        if store::by_id(db, wanted.id)?.is_some() {
            return Err(Failure::Breaks("the id is taken"));
        }
        Ok(call.ok(None, &store::insert(db, user, wanted)?))
    })
}

/// Answers what was sent, not what is stored.
pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let id = call.id("namespace")?;
    let mut wanted: Namespace = call.bind(FIELDS, &[("id", id)])?;
    let user = call.user()?;
    wanted.updated = Stamp::now();
    call.write(|db| {
        check_access(db, user, wanted.id, WRITE)?;
        if wanted.is_archived && store::is_archived(db, wanted.id)? {
            return Err(archived());
        }
        store::update(db, &wanted)?;
        Ok(call.ok(None, &wanted))
    })
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("namespace")?, call.user()?);
    call.write(|db| {
        check_access(db, user, id, ADMIN)?;
        store::delete(db, id)?;
        Ok(call.deleted())
    })
}

/// All lists at once, whatever page is asked for.
pub(crate) fn read_lists(call: &Call<'_>) -> Result<Reply, Failure> {
    let (id, user) = (call.id("namespace")?, call.user()?);
    call.read(|db| {
        let mut lists = match id {
            SHARED => shared(db, user, false)?,
            // Not the lists that are favourites.
            FAVORITES => favorite_tasks(call, db, user)?,
            FILTERS => filters(db, user)?,
            id => {
                let namespace = existing(db, id)?;
                if store::access(db, user.id, id)?.is_none() {
                    return Err(Failure::Breaks("no access to the namespace"));
                }
                if namespace.is_archived {
                    Vec::new()
                } else {
                    store::lists(db, user.id, &[namespace], false)?
                }
            }
        };
        subscriptions::add_to_list(db, call.at.release, user.id, &mut lists, false)?;
        Ok(call.ok(None, &(!lists.is_empty()).then_some(lists)))
    })
}

/// The caller's access, if it is enough.
pub(crate) fn check_access(
    db: &Connection,
    user: &User,
    namespace: i64,
    wanted: i64,
) -> Result<i64, Failure> {
    existing(db, namespace)?;
    match store::access(db, user.id, namespace)? {
        Some(access) if access >= wanted => Ok(access),
        _ => Err(Failure::Forbidden(Denied::Act)),
    }
}

/// A namespace that is stored: the pseudo ones have no owner, and that is what the server misses.
fn existing(db: &Connection, namespace: i64) -> Result<Namespace, Failure> {
    if (FILTERS..=SHARED).contains(&namespace) {
        return Err(user_gone());
    }
    store::by_id(db, namespace)?.ok_or_else(not_found)
}

pub(crate) fn check_not_archived(db: &Connection, namespace: i64) -> Result<(), Failure> {
    if store::is_archived(db, namespace)? {
        return Err(archived());
    }
    Ok(())
}

fn archived() -> Failure {
    domain(
        412,
        5012,
        "This namespaces is archived. Editing or creating new lists is not possible.",
    )
}

fn not_found() -> Failure {
    domain(404, 5001, "Namespace not found.")
}
