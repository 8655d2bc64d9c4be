//! Views of projects: the handlers.

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::body::{Field, Kind, bind_object, refused_by_schema};
use crate::call::Call;
use crate::failure::{Denied, Failure, Unreadable, domain};
use crate::filter;
use crate::paging::{Count, Page, count_of};
use crate::projects::{ADMIN, check_standing, not_allowed, standing};
use crate::release::{Api, Release};
use crate::reply::Reply;
use crate::saved_filters;
use crate::stamp::Stamp;
use crate::store::projects::FAVORITES;
use crate::store::views::{self as store, BucketFilter, KINDS, MODES, Query, View};
use crate::store::{boards, buckets};

const FIELDS: &[Field] = &[
    Field::new("id", Kind::Integer),
    Field::new("title", Kind::Text).length(1, 250).required(),
    Field::new("project_id", Kind::Integer),
    Field::new("view_kind", Kind::Text).one_of("project view kind", KINDS),
    Field::new("filter", Kind::Json),
    Field::new("position", Kind::Number),
    Field::new("bucket_configuration_mode", Kind::Text)
        .one_of("bucket configuration mode kind", MODES),
    Field::new("bucket_configuration", Kind::Json),
    Field::new("default_bucket_id", Kind::Integer),
    Field::new("done_bucket_id", Kind::Integer),
    Field::new("created", Kind::Time),
    Field::new("updated", Kind::Ignored),
    Field::new("max_permission", Kind::Ignored),
];

/// v2's schema of a view that is read alone.
const READ_SCHEMA: &str = "ProjectViewReadBody";

/// A view as a request describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    id: i64,
    title: String,
    project_id: i64,
    view_kind: String,
    filter: Value,
    position: f64,
    bucket_configuration_mode: String,
    bucket_configuration: Value,
    default_bucket_id: i64,
    done_bucket_id: i64,
    created: Stamp,
}

pub(crate) fn read_all(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, page, user) = (call.id("project")?, Page::asked(call)?, call.user()?);
    call.read(|db| {
        standing(db, user, project)?.ok_or_else(not_allowed)?;
        let views = store::of_project(db, call.at.release, project)?;
        Ok(whole(call, page, "PaginatedProjectView", &views))
    })
}

/// A list that every page holds as a whole.
pub(crate) fn whole<T: serde::Serialize>(
    call: &Call<'_>,
    page: Page,
    schema: &'static str,
    items: &[T],
) -> Reply {
    let count = Count {
        total: count_of(items),
        here: count_of(items),
        forgotten_beyond_end: false,
    };
    page.reply(call, schema, items, count)
}

pub(crate) fn read_one(call: &Call<'_>) -> Result<Reply, Failure> {
    let (view, access) = call.read(|db| read(call, db))?;
    let updated = view.updated.clone();
    if call.at.api == Api::V1 {
        return Ok(call.version(READ_SCHEMA, &view, &updated, access));
    }
    let shown = with_permission(&view, access);
    Ok(call.version(READ_SCHEMA, &shown, &updated, access))
}

/// As v2 reads it.
fn with_permission(view: &View, access: i64) -> Value {
    let mut shown = serde_json::to_value(view).unwrap_or_default();
    shown["max_permission"] = access.into();
    shown
}

/// The view of the path as one read shows it, and the caller's access.
fn read(call: &Call<'_>, db: &Connection) -> Result<(View, i64), Failure> {
    let (project, id) = (call.id("project")?, call.id_at(1, "view")?);
    let access = standing(db, call.user()?, project)?.ok_or(Failure::Forbidden(Denied::Sight))?;
    Ok((found(db, call.at.release, project, id)?, access))
}

/// A view that must be there.
pub(crate) fn found(
    db: &Connection,
    release: &Release,
    project: i64,
    view: i64,
) -> Result<View, Failure> {
    store::by_id(db, release, project, view)?.ok_or_else(not_found)
}

/// A view that the caller may work with.
pub(crate) fn with_access(
    call: &Call<'_>,
    db: &Connection,
    project: i64,
    view: i64,
    wanted: i64,
) -> Result<View, Failure> {
    let user = call.user()?;
    if call.at.release.boards.project_before_view {
        check_standing(db, user, project, wanted)?;
    }
    let view = found(db, call.at.release, project, view)?;
    check_standing(db, user, project, wanted)?;
    Ok(view)
}

pub(crate) fn not_found() -> Failure {
    domain(404, 3014, "This project view does not exist.")
}

pub(crate) fn create(call: &Call<'_>) -> Result<Reply, Failure> {
    let project = call.id("project")?;
    let wanted: Wanted = call.bind(FIELDS, &[("project_id", project)])?;
    let (user, release) = (call.user()?, call.at.release);
    call.write(|db| {
        check_standing(db, user, wanted.project_id, ADMIN)?;
        let mut view = described(call, &wanted)?;
        check_filters(release, &view)?;
        store::insert(db, &mut view)?;
        if view.position == 0.0 && release.boards.view_position_from_id {
            view.position = view.id as f64 * 65_536.0;
            store::update(db, &view)?;
        }
        if view.is_board() && (view.default_bucket_id == 0 || !release.board_roles) {
            buckets::insert_first(db, release, user.id, &mut view)?;
        }
        if view.project_id < FAVORITES {
            let filter = saved_filters::found(db, -view.project_id - 1)?;
            saved_filters::fill(db, release, &filter, &view)?;
        } else {
            boards::fill_view(db, &view)?;
        }
        Ok(call.ok(None, &view))
    })
}

pub(crate) fn update(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, id) = (call.id("project")?, call.id_at(1, "view")?);
    let wanted: Wanted = call.bind(FIELDS, &[("project_id", project), ("id", id)])?;
    call.write(|db| replace(call, db, &wanted))
}

/// v2's partial update: read, merge, replace.
pub(crate) fn patch(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, id) = (call.id("project")?, call.id_at(1, "view")?);
    call.write(|db| {
        let (now, access) = read(call, db)?;
        let merged = crate::patch::merged(call, READ_SCHEMA, &with_permission(&now, access))?;
        let path = [("project_id", project), ("id", id)];
        let wanted: Wanted = bind_object(call.at, merged, None, FIELDS, &path)?;
        replace(call, db, &wanted)
    })
}

/// Stores everything that an update of a view may change; what it does not name is reset.
fn replace(call: &Call<'_>, db: &Connection, wanted: &Wanted) -> Result<Reply, Failure> {
    let release = call.at.release;
    let old = with_access(call, db, wanted.project_id, wanted.id, ADMIN)?;
    let mut view = View {
        id: old.id,
        created: wanted.created.clone(),
        ..described(call, wanted)?
    };
    check_filters(release, &view)?;
    if release.boards.kanban_is_board {
        check_roles(db, release, &view)?;
        keep_roles(&mut view, &old);
    }
    store::update(db, &view)?;
    if view.is_board() && !old.is_board() {
        if buckets::leftmost(db, view.id)?.is_none() && release.boards.kanban_is_board {
            let user = call.user()?;
            buckets::insert_first(db, release, user.id, &mut view)?;
        }
        boards::fill_view(db, &view)?;
    }
    if !view.is_board() && release.boards.kanban_is_board {
        (view.default_bucket_id, view.done_bucket_id) = (0, 0);
    }
    Ok(call.ok(None, &view))
}

/// Roles that an update does not name stay.
fn keep_roles(view: &mut View, old: &View) {
    for (new, old) in [
        (&mut view.default_bucket_id, old.default_bucket_id),
        (&mut view.done_bucket_id, old.done_bucket_id),
    ] {
        if *new == 0 {
            *new = old;
        }
    }
}

fn check_roles(db: &Connection, release: &Release, view: &View) -> Result<(), Failure> {
    for bucket in [view.default_bucket_id, view.done_bucket_id] {
        let own = buckets::by_id(db, release, bucket)?
            .is_some_and(|bucket| bucket.project_view_id == view.id);
        if bucket != 0 && !own {
            return Err(foreign_bucket());
        }
    }
    Ok(())
}

pub(crate) fn foreign_bucket() -> Failure {
    domain(400, 10002, "This bucket does not belong to that project.")
}

pub(crate) fn delete(call: &Call<'_>) -> Result<Reply, Failure> {
    let (project, view) = (call.id("project")?, call.id_at(1, "view")?);
    call.write(|db| {
        if call.at.release.boards.view_deletion_checked {
            with_access(call, db, project, view, ADMIN)?;
        }
        check_standing(db, call.user()?, project, ADMIN)?;
        store::delete(db, project, view)?;
        Ok(call.deleted())
    })
}

/// The view that a request describes.
fn described(call: &Call<'_>, wanted: &Wanted) -> Result<View, Failure> {
    let release = call.at.release;
    let kind = Some(wanted.view_kind.as_str()).filter(|kind| !kind.is_empty());
    let mut view = View::new(
        release,
        wanted.project_id,
        &wanted.title,
        kind.unwrap_or(KINDS[0]),
    );
    view.position = wanted.position;
    if !wanted.bucket_configuration_mode.is_empty() {
        view.mode.clone_from(&wanted.bucket_configuration_mode);
    }
    view.filter.query = query(call, "body.filter", &wanted.filter)?;
    view.buckets.list = bucket_filters(call, &wanted.bucket_configuration)?;
    (view.default_bucket_id, view.done_bucket_id) =
        (wanted.default_bucket_id, wanted.done_bucket_id);
    if release.boards.kanban_is_board {
        if view.kind != "kanban" {
            "none".clone_into(&mut view.mode);
            (view.default_bucket_id, view.done_bucket_id) = (0, 0);
        } else if view.mode == "none" {
            "manual".clone_into(&mut view.mode);
        }
    }
    Ok(view)
}

fn check_filters(release: &Release, view: &View) -> Result<(), Failure> {
    if !release.boards.filters_checked {
        return Ok(());
    }
    let own = view.buckets.list.iter().flatten();
    let in_buckets = own
        .filter(|_| view.has_bucket_filters())
        .map(|bucket| &bucket.filter);
    for query in view.filter.query.iter().chain(in_buckets) {
        filter::stored(release, query, None)?;
    }
    Ok(())
}

/// A view's filter in a body: text up to 0.24, then an object.
fn query(call: &Call<'_>, place: &str, value: &Value) -> Result<Option<Query>, Failure> {
    match value {
        Value::String(text) if !call.at.release.filter_objects => {
            Ok((!text.is_empty()).then(|| Query {
                filter: text.clone(),
                ..Query::default()
            }))
        }
        Value::Object(_) if !call.at.release.filter_objects => Err(unreadable(place, value)),
        value => saved_query(call, place, value),
    }
}

/// A query in a body, as an object.
pub(crate) fn saved_query(
    call: &Call<'_>,
    place: &str,
    value: &Value,
) -> Result<Option<Query>, Failure> {
    const KEYS: [&str; 5] = ["s", "sort_by", "order_by", "filter", "filter_include_nulls"];
    let object = match value {
        Value::Null => return Ok(None),
        Value::Object(object) => object,
        _ => return Err(unreadable(place, value)),
    };
    let unknown = object.keys().find(|key| !KEYS.contains(&key.as_str()));
    if let (Api::V2, Some(key)) = (call.at.api, unknown) {
        let place = place.strip_prefix("body.").unwrap_or(place);
        return Err(Failure::Invalid(vec![refused_by_schema(
            &format!("{place}.{key}"),
            "unexpected property".to_owned(),
            value.clone(),
        )]));
    }
    let mut query: Query =
        serde_json::from_value(value.clone()).map_err(|_| unreadable(place, value))?;
    query.s = call
        .at
        .release
        .filter_objects
        .then(|| query.s.unwrap_or_default());
    if call.at.release.filters.arrays {
        query.filter = String::new();
        query.arrays.get_or_insert_default();
    } else {
        query.arrays = None;
    }
    Ok(Some(query))
}

fn unreadable(place: &str, value: &Value) -> Failure {
    let expected = if value.is_object() {
        "string"
    } else {
        "object"
    };
    Failure::Unreadable(Unreadable {
        v2_status: 422,
        go: format!("Unmarshal type error: expected={expected}, field={place}"),
        v2: format!("expected {expected}"),
        location: place.to_owned(),
        value: Some(value.clone()),
        bad_request: true,
    })
}

/// The computed buckets in a body. Keys may be written in any case.
fn bucket_filters(call: &Call<'_>, value: &Value) -> Result<Option<Vec<BucketFilter>>, Failure> {
    const PLACE: &str = "body.bucket_configuration";
    let list = match value {
        Value::Null => return Ok(None),
        Value::Array(list) => list,
        _ => return Err(unreadable(PLACE, value)),
    };
    let bucket = |value: &Value| {
        let object = value.as_object().ok_or_else(|| unreadable(PLACE, value))?;
        let object: Map<String, Value> = object
            .iter()
            .map(|(key, value)| (key.to_ascii_lowercase(), value.clone()))
            .collect();
        let filter = object.get("filter").unwrap_or(&Value::Null);
        Ok(BucketFilter {
            title: object
                .get("title")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            filter: query(call, PLACE, filter)?.unwrap_or_default(),
        })
    };
    list.iter()
        .map(bucket)
        .collect::<Result<_, Failure>>()
        .map(Some)
}
