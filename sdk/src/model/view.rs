//! Views of a project, and buckets.

use serde::Deserialize;

use super::{
    BucketId, Permission, ProjectId, Task, TaskCollection, TaskId, Timestamp, User, ViewId,
    decode::{id_or_none, null_to_default, time_or_none},
    filter::expression_or_object,
    open_enum::string_enum,
};

string_enum! {
    /// How a view shows its tasks (0.24+).
    #[derive(Default)]
    ViewKind {
        /// One below the other.
        #[default]
        List = "list",
        /// Bars on a time line.
        Gantt = "gantt",
        /// Rows and columns.
        Table = "table",
        /// A board of buckets.
        Kanban = "kanban",
    }
}

string_enum! {
    /// Where the buckets of a view come from (0.24+).
    #[derive(Default)]
    BucketConfigurationMode {
        /// There are none.
        #[default]
        None = "none",
        /// People make them and move tasks between them.
        Manual = "manual",
        /// Each shows what a filter finds.
        Filter = "filter",
    }
}

/// A view of a project (0.24+).
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct ProjectView {
    /// Which. Negative in the favourites.
    pub id: ViewId,
    /// Title.
    #[serde(default)]
    pub title: String,
    /// The project. Negative for a saved filter.
    #[serde(default)]
    pub project_id: ProjectId,
    /// How it shows the tasks.
    #[serde(default)]
    pub view_kind: ViewKind,
    /// What it asks for. Of 0.24, `filter` in it is the only part.
    #[serde(default, deserialize_with = "expression_or_object")]
    pub filter: Option<TaskCollection>,
    /// Order among the views.
    #[serde(default)]
    pub position: f64,
    /// Where its buckets come from.
    #[serde(default)]
    pub bucket_configuration_mode: BucketConfigurationMode,
    /// Its buckets, when they come from filters.
    #[serde(default, deserialize_with = "null_to_default")]
    pub bucket_configuration: Vec<BucketConfiguration>,
    /// The bucket of new tasks; `None` = the leftmost.
    #[serde(default, deserialize_with = "id_or_none")]
    pub default_bucket_id: Option<BucketId>,
    /// The bucket of done tasks.
    #[serde(default, deserialize_with = "id_or_none")]
    pub done_bucket_id: Option<BucketId>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
    /// What the caller may do with it (v2, read alone).
    #[serde(default)]
    pub max_permission: Option<Permission>,
}

/// A bucket that shows what a filter finds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
#[non_exhaustive]
pub struct BucketConfiguration {
    /// Title.
    #[serde(alias = "Title")]
    pub title: String,
    /// The filter.
    #[serde(alias = "Filter", deserialize_with = "expression_or_object")]
    pub filter: Option<TaskCollection>,
}

/// A column of a board. Up to 0.23 it belongs to a project, from 0.24 to a view.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Bucket {
    /// Which.
    pub id: BucketId,
    /// Title.
    #[serde(default)]
    pub title: String,
    /// The project (up to 0.23).
    #[serde(default, alias = "list_id", deserialize_with = "id_or_none")]
    pub project_id: Option<ProjectId>,
    /// The view (0.24+).
    #[serde(default, deserialize_with = "id_or_none")]
    pub project_view_id: Option<ViewId>,
    /// One page of its tasks, when a board is read.
    #[serde(default, deserialize_with = "null_to_default")]
    pub tasks: Vec<Task>,
    /// How many tasks it takes; 0 = any number.
    #[serde(default)]
    pub limit: i64,
    /// How many tasks it has (0.21+), when a board is read; else 0.
    #[serde(default)]
    pub count: u64,
    /// Whether its tasks are done (up to 0.23; later see [`ProjectView::done_bucket_id`]).
    #[serde(default)]
    pub is_done_bucket: bool,
    /// Order among the buckets.
    #[serde(default)]
    pub position: f64,
    /// Who made it.
    #[serde(default)]
    pub created_by: Option<User>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
}

/// The answer to moving a task into a bucket (0.24+).
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct TaskBucket {
    /// The task.
    pub task_id: TaskId,
    /// The bucket.
    pub bucket_id: BucketId,
    /// The view.
    #[serde(default, deserialize_with = "id_or_none")]
    pub project_view_id: Option<ViewId>,
    /// Whether the task is done now (0.24).
    #[serde(default)]
    pub task_done: Option<bool>,
    /// The bucket (1.0+); `None` when the task was in it already.
    #[serde(default)]
    pub bucket: Option<Bucket>,
    /// The task (1.0+); `None` when it was there already.
    #[serde(default)]
    pub task: Option<Task>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter_of(json: &str) -> Option<TaskCollection> {
        let view: ProjectView =
            serde_json::from_str(&format!(r#"{{"id":1,"filter":{json}}}"#)).unwrap();
        view.filter
    }

    #[test]
    fn a_filter_is_an_expression_or_an_object() {
        let expected = Some(TaskCollection {
            filter: "done = false".to_owned(),
            ..TaskCollection::default()
        });
        assert_eq!(filter_of(r#""done = false""#), expected);
        assert_eq!(
            filter_of(r#"{"s":"","sort_by":null,"filter":"done = false"}"#),
            expected
        );
        assert_eq!(filter_of(r#""""#), None);
        assert_eq!(filter_of("null"), None);
    }

    #[test]
    fn configured_buckets_have_capital_keys_in_0_24() {
        let old: BucketConfiguration =
            serde_json::from_str(r#"{"Title":"Soon","Filter":"priority > 2"}"#).unwrap();
        let new: BucketConfiguration =
            serde_json::from_str(r#"{"title":"Soon","filter":{"filter":"priority > 2"}}"#).unwrap();
        assert_eq!(old, new);
    }
}
