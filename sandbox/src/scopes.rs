//! What an API token's permissions open, in one release.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::release::{Api, Release};

/// What the servers say themselves (`GET /routes`), and the operations that each permission opens:
/// release, group, permission, method, path, operations. Of those with `v1:` or `v2:` before them, that API's alone.
const TABLE: &str = include_str!("../data/scopes.tsv");

/// The path of permissions that the servers know and do not show: those for what needs a licence.
const HIDDEN: &str = "-";

/// An API token's permissions: names by group.
pub(crate) type Permissions = BTreeMap<String, Vec<String>>;

/// The permissions of a release; none in one without API tokens.
#[derive(Debug)]
pub(crate) struct Scopes(Vec<Scope>);

#[derive(Debug)]
struct Scope {
    group: &'static str,
    name: &'static str,
    method: &'static str,
    path: &'static str,
    operations: Vec<&'static str>,
}

impl Scope {
    fn opens(&self, api: Api, operation: &str) -> bool {
        let prefix = match api {
            Api::V1 => "v1:",
            Api::V2 => "v2:",
        };
        let mut opened = self.operations.iter();
        opened.any(|one| one.strip_prefix(prefix).unwrap_or(one) == operation)
    }
}

/// A permission that the release does not have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) group: String,
    /// Empty if it is the group that is unknown.
    pub(crate) name: String,
}

impl Scopes {
    pub(crate) fn of(release: &Release) -> Self {
        let scope = |line: &'static str| {
            let mut columns = line.split('\t');
            (columns.next()? == release.name).then_some(())?;
            Some(Scope {
                group: columns.next()?,
                name: columns.next()?,
                method: columns.next()?,
                path: columns.next()?,
                operations: columns.next()?.split(' ').collect(),
            })
        };
        Self(TABLE.lines().filter_map(scope).collect())
    }

    /// The catalogue as the server shows it: the route of each permission by name, by group.
    pub(crate) fn catalogue(&self) -> Value {
        let mut groups = Map::new();
        for scope in self.0.iter().filter(|scope| scope.path != HIDDEN) {
            let group = groups.entry(scope.group).or_insert_with(|| json!({}));
            group[scope.name] = json!({"path": scope.path, "method": scope.method});
        }
        Value::Object(groups)
    }

    /// Whether these permissions open an operation. A `PATCH` reads and updates.
    pub(crate) fn open(&self, permissions: &Permissions, api: Api, operation: &str) -> bool {
        if let Some(resource) = operation.strip_suffix(".patch") {
            return ["read_one", "update"]
                .iter()
                .all(|part| self.open(permissions, api, &format!("{resource}.{part}")));
        }
        self.0.iter().any(|scope| {
            scope.opens(api, operation)
                && permissions
                    .get(scope.group)
                    .is_some_and(|names| names.iter().any(|name| name == scope.name))
        })
    }

    /// Fails for the first permission that does not exist.
    pub(crate) fn check(&self, permissions: &Permissions) -> Result<(), Unknown> {
        for (group, names) in permissions {
            let known = self.0.iter().filter(|scope| scope.group == group);
            let unknown = |name: &str| Unknown {
                group: group.clone(),
                name: name.to_owned(),
            };
            if known.clone().next().is_none() {
                return Err(unknown(""));
            }
            if let Some(name) = names
                .iter()
                .find(|name| known.clone().all(|scope| scope.name != **name))
            {
                return Err(unknown(name));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(release: &str) -> Scopes {
        Scopes::of(Release::named(release).expect("an imitated release"))
    }

    fn granted(group: &str, names: &[&str]) -> Permissions {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Permissions::from([(group.to_owned(), names)])
    }

    #[test]
    fn a_permission_opens_its_operations_and_no_others() {
        let reader = granted("tasks", &["read_all"]);
        for release in ["0.24", "2.5"] {
            let scopes = scopes(release);
            assert!(scopes.open(&reader, Api::V1, "tasks.read_all"));
            assert!(scopes.open(&reader, Api::V1, "tasks.read_all_of_project"));
            assert!(!scopes.open(&reader, Api::V1, "tasks.read_one"));
            assert!(!scopes.open(&reader, Api::V1, "labels.read_all"));
        }
    }

    #[test]
    fn a_permission_may_open_something_else_on_the_other_api() {
        let scopes = scopes("2.5");
        let background = granted("projects", &["background"]);
        assert!(scopes.open(&background, Api::V1, "backgrounds.read_one"));
        assert!(!scopes.open(&background, Api::V1, "backgrounds.delete"));
        assert!(scopes.open(&background, Api::V2, "backgrounds.delete"));
        assert!(!scopes.open(&background, Api::V2, "backgrounds.read_one"));
    }

    #[test]
    fn a_patch_needs_to_read_and_to_update() {
        let scopes = scopes("2.5");
        assert!(!scopes.open(&granted("tasks", &["update"]), Api::V2, "tasks.patch"));
        assert!(!scopes.open(&granted("tasks", &["read_one"]), Api::V2, "tasks.patch"));
        assert!(scopes.open(
            &granted("tasks", &["update", "read_one"]),
            Api::V2,
            "tasks.patch"
        ));
    }

    #[test]
    fn every_listed_operation_exists() {
        let known: Vec<&str> = crate::catalogue::operations().collect();
        let listed = TABLE.lines().skip(1);
        for operation in
            listed.flat_map(|line| line.rsplit('\t').next().unwrap_or_default().split(' '))
        {
            assert!(
                operation == "-"
                    || known.contains(&operation.rsplit(':').next().unwrap_or_default()),
                "{operation}"
            );
        }
    }

    #[test]
    fn what_is_unknown_is_named() {
        let scopes = scopes("2.5");
        let unknown = |group: &str, name: &str| {
            Err(Unknown {
                group: group.to_owned(),
                name: name.to_owned(),
            })
        };
        assert_eq!(
            scopes.check(&granted("tasks", &["read_all", "read_one"])),
            Ok(())
        );
        assert_eq!(
            scopes.check(&granted("tasks", &["read_all", "juggle"])),
            unknown("tasks", "juggle")
        );
        assert_eq!(
            scopes.check(&granted("circus", &["read_all"])),
            unknown("circus", "")
        );
    }
}
