//! Views of projects and of saved filters.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::buckets;
use super::projects::FAVORITES;
use crate::failure::Failure;
use crate::release::Release;
use crate::stamp::Stamp;

/// A view, as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct View {
    pub(crate) id: i64,
    pub(crate) title: String,
    pub(crate) project_id: i64,
    #[serde(rename = "view_kind")]
    pub(crate) kind: String,
    #[serde(serialize_with = "shown_filter")]
    pub(crate) filter: ViewFilter,
    pub(crate) position: f64,
    #[serde(rename = "bucket_configuration_mode")]
    pub(crate) mode: String,
    #[serde(rename = "bucket_configuration", serialize_with = "shown_buckets")]
    pub(crate) buckets: BucketFilters,
    pub(crate) default_bucket_id: i64,
    pub(crate) done_bucket_id: i64,
    pub(crate) updated: Stamp,
    pub(crate) created: Stamp,
}

/// What a saved query holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Query {
    /// Absent up to 0.24.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) s: Option<String>,
    pub(crate) sort_by: Option<Vec<String>>,
    pub(crate) order_by: Option<Vec<String>>,
    pub(crate) filter: String,
    pub(crate) filter_include_nulls: bool,
    /// 0.20 alone, which has no expression.
    #[serde(
        flatten,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "stored_arrays"
    )]
    pub(crate) arrays: Option<FilterArrays>,
}

/// The parallel arrays that are the filter of 0.20.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FilterArrays {
    #[serde(rename = "filter_by")]
    pub(crate) fields: Option<Vec<String>>,
    #[serde(rename = "filter_value")]
    pub(crate) values: Option<Vec<String>>,
    #[serde(rename = "filter_comparator")]
    pub(crate) comparators: Option<Vec<String>>,
    #[serde(rename = "filter_concat")]
    pub(crate) concat: String,
}

/// Reads the arrays back, where they are.
fn stored_arrays<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<FilterArrays>, D::Error> {
    let rest = serde_json::Map::deserialize(deserializer)?;
    if !rest.contains_key("filter_by") {
        return Ok(None);
    }
    FilterArrays::deserialize(Value::Object(rest))
        .map(Some)
        .map_err(serde::de::Error::custom)
}

impl Query {
    /// Whether it says nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        let arrays = self.arrays.clone();
        let said = Self {
            s: self.s.clone().filter(|text| !text.is_empty()),
            arrays: arrays.filter(|arrays| *arrays != FilterArrays::default()),
            ..self.clone()
        };
        said == Self::default()
    }
}

/// A view's filter, and whether the release shows it as text.
#[derive(Debug, Clone, Default)]
pub(crate) struct ViewFilter {
    pub(crate) query: Option<Query>,
    pub(crate) as_text: bool,
}

/// The buckets of a board that sorts by filters, and whether the release shows filters as text.
#[derive(Debug, Clone, Default)]
pub(crate) struct BucketFilters {
    pub(crate) list: Option<Vec<BucketFilter>>,
    pub(crate) as_text: bool,
}

/// A computed bucket.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct BucketFilter {
    pub(crate) title: String,
    pub(crate) filter: Query,
}

fn shown_filter<S: serde::Serializer>(
    filter: &ViewFilter,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match (&filter.query, filter.as_text) {
        (query, false) => query.serialize(serializer),
        (None, true) => serializer.serialize_str(""),
        (Some(query), true) => serializer.serialize_str(&query.filter),
    }
}

fn shown_buckets<S: serde::Serializer>(
    buckets: &BucketFilters,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if !buckets.as_text {
        return buckets.list.serialize(serializer);
    }
    // That release forgot to name the keys.
    let shown =
        |bucket: &BucketFilter| json!({"Title": bucket.title, "Filter": bucket.filter.filter});
    let list: Option<Vec<Value>> = buckets
        .list
        .as_ref()
        .map(|list| list.iter().map(shown).collect());
    list.serialize(serializer)
}

/// Kinds of a view, in the order of the server's numbers.
pub(crate) const KINDS: &[&str] = &["list", "gantt", "table", "kanban"];
/// Where the buckets of a view come from.
pub(crate) const MODES: &[&str] = &["none", "manual", "filter"];

/// The views that every project gets: title, kind, position, filter, bucket mode.
const FIRST: [(&str, &str, f64, &str, &str); 4] = [
    ("List", "list", 100.0, "done = false", "none"),
    ("Gantt", "gantt", 200.0, "", "none"),
    ("Table", "table", 300.0, "", "none"),
    ("Kanban", "kanban", 400.0, "", "manual"),
];

impl View {
    /// A view that is not stored yet.
    pub(crate) fn new(release: &Release, project: i64, title: &str, kind: &str) -> Self {
        let now = Stamp::now();
        let as_text = !release.filter_objects;
        Self {
            id: 0,
            title: title.to_owned(),
            project_id: project,
            kind: kind.to_owned(),
            filter: ViewFilter {
                query: None,
                as_text,
            },
            position: 0.0,
            mode: "none".to_owned(),
            buckets: BucketFilters {
                list: None,
                as_text,
            },
            default_bucket_id: 0,
            done_bucket_id: 0,
            updated: now.clone(),
            created: now,
        }
    }

    /// Whether tasks are put into its buckets by hand.
    pub(crate) fn is_board(&self) -> bool {
        self.mode == "manual"
    }

    /// Whether its buckets are computed.
    pub(crate) fn has_bucket_filters(&self) -> bool {
        self.mode == "filter"
    }

    fn read(row: &Row<'_>, release: &Release) -> rusqlite::Result<Self> {
        let as_text = !release.filter_objects;
        Ok(Self {
            id: row.get(0)?,
            title: row.get(1)?,
            project_id: row.get(2)?,
            kind: row.get(3)?,
            filter: ViewFilter {
                query: from_json(row, 4)?,
                as_text,
            },
            position: row.get(5)?,
            mode: row.get(6)?,
            buckets: BucketFilters {
                list: from_json(row, 7)?,
                as_text,
            },
            default_bucket_id: row.get(8)?,
            done_bucket_id: row.get(9)?,
            updated: Stamp::from_seconds(row.get(10)?),
            created: Stamp::from_seconds(row.get(11)?),
        })
    }
}

const COLUMNS: &str = "v.id, v.title, v.project_id, v.view_kind, v.filter, v.position, v.bucket_mode, v.bucket_filters,
    v.default_bucket_id, v.done_bucket_id, v.updated, v.created";

/// A column that holds JSON, or NULL.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                column,
                rusqlite::types::Type::Text,
                Box::new(error),
            )
        })
    };
    text.map(read).transpose()
}

fn to_json<T: Serialize>(value: Option<&T>) -> Option<String> {
    value.map(|value| json!(value).to_string())
}

/// The views of these projects, each project's in their order.
pub(crate) fn of_projects(
    db: &Connection,
    release: &Release,
    projects: &[i64],
) -> Result<HashMap<i64, Vec<View>>, Failure> {
    let mut by_project: HashMap<i64, Vec<View>> = HashMap::new();
    let sql = format!(
        "SELECT {COLUMNS} FROM json_each(?1) j CROSS JOIN views v ON v.project_id = j.value ORDER BY v.position, v.id"
    );
    let mut query = db.prepare_cached(&sql)?;
    let views = query.query_map([json!(projects).to_string()], |row| {
        View::read(row, release)
    })?;
    for view in views {
        let view = view?;
        by_project.entry(view.project_id).or_default().push(view);
    }
    Ok(by_project)
}

/// The views of one project in their order; the favourites have none that are stored.
pub(crate) fn of_project(
    db: &Connection,
    release: &Release,
    project: i64,
) -> Result<Vec<View>, Failure> {
    Ok(of_projects(db, release, &[project])?
        .remove(&project)
        .unwrap_or_default())
}

/// A view of that project.
pub(crate) fn by_id(
    db: &Connection,
    release: &Release,
    project: i64,
    view: i64,
) -> Result<Option<View>, Failure> {
    if project == FAVORITES {
        return Ok(of_favorites(release).into_iter().find(|own| own.id == view));
    }
    let sql = format!("SELECT {COLUMNS} FROM views v WHERE v.id = ?1 AND v.project_id = ?2");
    Ok(db
        .prepare_cached(&sql)?
        .query_row([view, project], |row| View::read(row, release))
        .optional()?)
}

/// The project of a view.
pub(crate) fn project_of(db: &Connection, view: i64) -> Result<Option<i64>, Failure> {
    Ok(db
        .prepare_cached("SELECT project_id FROM views WHERE id = ?1")?
        .query_row([view], |row| row.get(0))
        .optional()?)
}

/// The views of the pseudo project of favourites, which are stored nowhere.
pub(crate) fn of_favorites(release: &Release) -> Vec<View> {
    (1..)
        .zip(first(release, FAVORITES, true))
        .take(3)
        .map(|(number, view)| View {
            id: -number,
            updated: Stamp::default(),
            created: Stamp::default(),
            ..view
        })
        .collect()
}

fn first(release: &Release, project: i64, own_filters: bool) -> impl Iterator<Item = View> {
    // Lists have a board that nobody sees.
    FIRST
        .into_iter()
        .filter(|(_, kind, ..)| !release.lists || *kind == "kanban")
        .map(move |(title, kind, position, filter, mode)| {
            let mut view = View::new(release, project, title, kind);
            view.position = position;
            mode.clone_into(&mut view.mode);
            view.filter.query = (own_filters && !filter.is_empty()).then(|| Query {
                s: release.filter_objects.then(String::new),
                filter: filter.to_owned(),
                ..Query::default()
            });
            view
        })
}

/// Gives a project or saved filter its four views, the board with its buckets.
pub(crate) fn insert_first(
    db: &Connection,
    release: &Release,
    user: i64,
    project: i64,
    own_filters: bool,
) -> Result<Vec<View>, Failure> {
    let mut views = Vec::with_capacity(FIRST.len());
    for mut view in first(release, project, own_filters) {
        insert(db, &mut view)?;
        if view.is_board() {
            buckets::insert_first(db, release, user, &mut view)?;
        }
        views.push(view);
    }
    Ok(views)
}

/// Stores a new view and gives it its id.
pub(crate) fn insert(db: &Connection, view: &mut View) -> Result<(), Failure> {
    db.prepare_cached(
        "INSERT INTO views (project_id, title, view_kind, filter, position, bucket_mode, bucket_filters,
         default_bucket_id, done_bucket_id, created, updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
    )?
    .execute(params![
        view.project_id,
        view.title,
        view.kind,
        to_json(view.filter.query.as_ref()),
        view.position,
        view.mode,
        to_json(view.buckets.list.as_ref()),
        view.default_bucket_id,
        view.done_bucket_id,
        view.created.seconds()
    ])?;
    view.id = db.last_insert_rowid();
    Ok(())
}

/// Stores every column of a view.
pub(crate) fn update(db: &Connection, view: &View) -> Result<(), Failure> {
    db.prepare_cached(
        "UPDATE views SET title = ?2, view_kind = ?3, filter = ?4, position = ?5, bucket_mode = ?6, bucket_filters = ?7,
         default_bucket_id = ?8, done_bucket_id = ?9, updated = ?10 WHERE id = ?1",
    )?
    .execute(params![
        view.id,
        view.title,
        view.kind,
        to_json(view.filter.query.as_ref()),
        view.position,
        view.mode,
        to_json(view.buckets.list.as_ref()),
        view.default_bucket_id,
        view.done_bucket_id,
        view.updated.seconds()
    ])?;
    Ok(())
}

/// Deletes a view with its buckets; whether there was one.
pub(crate) fn delete(db: &Connection, project: i64, view: i64) -> Result<bool, Failure> {
    let sql = "DELETE FROM views WHERE id = ?1 AND project_id = ?2";
    Ok(db.prepare_cached(sql)?.execute([view, project])? > 0)
}
