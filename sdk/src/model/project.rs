//! Projects.

use serde::Deserialize;
use serde_json::Value;

use super::{
    NamespaceId, Permission, ProjectId, ProjectView, Subscription, Timestamp, User,
    decode::{id_or_none, null_to_default, time_or_none},
};

/// A project, which 0.20 calls a list.
///
/// Lists of projects also have pseudo projects: the favourites ([`ProjectId::FAVORITES`]) and saved filters
/// ([`ProjectId::filter`]), from 0.24 on every page.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Project {
    /// Which.
    pub id: ProjectId,
    /// Title. Empty in the answer to removing a background (2.3+).
    pub title: String,
    /// Description, HTML.
    #[serde(default)]
    pub description: String,
    /// Prefix of the tasks' identifiers; empty = none.
    #[serde(default)]
    pub identifier: String,
    /// Colour: six hex digits without `#`, or empty.
    #[serde(default)]
    pub hex_color: String,
    /// The namespace that it is in (0.20).
    #[serde(default, deserialize_with = "id_or_none")]
    pub namespace_id: Option<NamespaceId>,
    /// The project above (0.21+); `None` = top level.
    #[serde(default, deserialize_with = "id_or_none")]
    pub parent_project_id: Option<ProjectId>,
    /// Whom it belongs to.
    #[serde(default)]
    pub owner: Option<User>,
    /// Whether it, or one above it, is archived: nothing in it can be changed.
    #[serde(default)]
    pub is_archived: bool,
    /// Whether it is among the caller's favourites.
    #[serde(default)]
    pub is_favorite: bool,
    /// Order among its siblings.
    #[serde(default)]
    pub position: f64,
    /// Where the background is from: `{"Type":"upload"}`, or what Unsplash says. `None` = there is none.
    #[serde(default)]
    pub background_information: Option<Value>,
    /// The background as a BlurHash, to show while it loads; empty = there is none.
    #[serde(default)]
    pub background_blur_hash: String,
    /// The caller's subscription, from 1.0 also that of a project above.
    #[serde(default)]
    pub subscription: Option<Subscription>,
    /// Views (0.24+). Empty for favourite saved filters in lists.
    #[serde(default, deserialize_with = "null_to_default")]
    pub views: Vec<ProjectView>,
    /// What the caller may do with it (1.0+). True in v2 when it is read alone, and in lists expanded by
    /// `permissions`; **v1 says [`Permission::Read`] in other places, whatever the truth**, which is in the header
    /// `x-max-permission` (up to 0.24 `x-max-right`).
    #[serde(default)]
    pub max_permission: Option<Permission>,
    /// When it was made.
    #[serde(default, deserialize_with = "time_or_none")]
    pub created: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, deserialize_with = "time_or_none")]
    pub updated: Option<Timestamp>,
}

/// The answer to duplicating a project.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct DuplicatedProject {
    /// The copy. Its title ends with ` - duplicate` (not in 0.20), its `identifier` is empty.
    #[serde(rename = "duplicated_project", alias = "List")]
    pub project: Project,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_title_are_required() {
        assert!(serde_json::from_str::<Project>(r#"{"id":1}"#).is_err());
        assert!(serde_json::from_str::<Project>(r#"{"title":"t"}"#).is_err());
        assert!(serde_json::from_str::<Project>(r#"{"id":1,"title":null}"#).is_err());
        let project: Project = serde_json::from_str(
            r#"{"id":1,"title":"t","parent_project_id":null,"views":null,"new":{"a":1}}"#,
        )
        .unwrap();
        let bare = Project {
            id: ProjectId(1),
            title: "t".to_owned(),
            ..Project::default()
        };
        assert_eq!(project, bare);
    }

    #[test]
    fn zero_refers_to_nothing() {
        let child: Project =
            serde_json::from_str(r#"{"id":2,"title":"t","parent_project_id":1}"#).unwrap();
        assert_eq!(child.parent_project_id, Some(ProjectId(1)));
        let top: Project =
            serde_json::from_str(r#"{"id":2,"title":"t","parent_project_id":0}"#).unwrap();
        assert_eq!(top.parent_project_id, None);
    }
}
