//! What is in a server, as far as scenarios must know it: accounts with their projects, views, buckets, labels and tasks.
//!
//! It is made by `seed` and kept in a file, or discovered by reading an account. The file has the form of the official
//! load test's `seed-state.json`, and a few fields more.

mod discover;
mod ids;

pub use discover::{discover, look_into, own_namespace};

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use vikunja_sdk::model::{
    BucketId, LabelId, NamespaceId, ProjectId, TaskId, TeamId, UserId, ViewId, ViewKind,
};

use crate::{exit::Problem, seed::Shape, state};

/// Accounts of a server, and what is in them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct World {
    /// The server's address.
    #[serde(default)]
    pub host: String,
    /// What was asked for, where `seed` made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// The accounts.
    pub users: Vec<Account>,
}

/// One account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// User name.
    pub username: String,
    /// Its id.
    pub id: UserId,
    /// Password, where it is known.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "state::maybe_exposed",
        deserialize_with = "state::maybe_hidden"
    )]
    pub password: Option<SecretString>,
    /// An API token, for bots.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "state::maybe_exposed",
        deserialize_with = "state::maybe_hidden"
    )]
    pub token: Option<SecretString>,
    /// Its own namespace (0.20).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceId>,
    /// Labels.
    #[serde(deserialize_with = "ids::read")]
    pub labels: Vec<LabelId>,
    /// Its own projects.
    pub projects: Vec<Place>,
    /// Projects that others share with it.
    pub shared_projects: Vec<Shared>,
    /// The other members of its team.
    #[serde(deserialize_with = "ids::read")]
    pub team_members: Vec<UserId>,
    /// Teams that it made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<TeamId>,
    /// Whether `seed` has made all of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub complete: bool,
}

/// A project.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// Which.
    pub id: ProjectId,
    /// Its views by kind (0.24+).
    pub views: BTreeMap<String, ViewId>,
    /// The columns of its board.
    #[serde(deserialize_with = "ids::read")]
    pub buckets: Vec<BucketId>,
    /// Its tasks.
    #[serde(deserialize_with = "ids::read")]
    pub tasks: Vec<TaskId>,
}

impl Place {
    /// The view of this kind.
    pub fn view(&self, kind: &ViewKind) -> Option<ViewId> {
        self.views.get(kind.as_str()).copied()
    }
}

/// A project of somebody else.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Shared {
    /// The project.
    #[serde(flatten)]
    pub place: Place,
    /// Who owns it.
    pub owner_id: UserId,
}

impl World {
    /// Where `seed` keeps what it made on a server, unless told: beside the accounts of `run`.
    pub fn default_path(base: &str) -> PathBuf {
        let name: String = base
            .trim_start_matches("http://")
            .trim_start_matches("https://")
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        state::State::default_path().with_file_name(format!("seed-{name}.json"))
    }

    /// Reads the file of a server; `None` where there is none. One of another server is refused.
    pub fn open(path: &Path, base: &str) -> Result<Option<Self>, Problem> {
        let unusable = |why: String| {
            Problem::new(format!("the seed file {} {why}", path.display()))
                .advise("name another one with --accounts FILE")
        };
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(format!("cannot be read: {error}"))),
        };
        let world: Self = serde_json::from_slice(&text).map_err(|error| {
            // Only where it stopped: the message could repeat a password.
            let (line, column) = (error.line(), error.column());
            unusable(format!("cannot be read: line {line}, column {column}"))
        })?;
        // The other generator names the server with or without a slash at the end.
        let host = world.host.trim_end_matches('/');
        if !host.is_empty() && host != base {
            return Err(unusable(format!("is of {host}, not of {base}")));
        }
        Ok(Some(world))
    }

    /// Writes the file, for this user only.
    pub fn save(&self, path: &Path) -> Result<(), Problem> {
        serde_json::to_vec_pretty(self)
            .map_err(io::Error::from)
            .and_then(|text| state::write_private(path, &text))
            .map_err(|error| {
                Problem::new(format!(
                    "the seed file {} cannot be written: {error}",
                    path.display()
                ))
                .advise("name another one with --accounts FILE")
            })
    }

    /// Tasks in all own projects of all accounts.
    pub fn tasks(&self) -> usize {
        let projects = self.users.iter().flat_map(|account| &account.projects);
        projects.map(|project| project.tasks.len()).sum()
    }

    /// What tells whether two servers hold the same: of what was asked for and how much is there, not of ids and
    /// secrets.
    pub fn hash(&self) -> String {
        let counts: Vec<(usize, Vec<usize>, usize)> = self
            .users
            .iter()
            .map(|account| {
                let tasks = account.projects.iter().map(|project| project.tasks.len());
                let (labels, shared) = (account.labels.len(), account.shared_projects.len());
                (labels, tasks.collect(), shared)
            })
            .collect();
        let text = serde_json::json!([self.shape, counts]).to_string();
        // FNV-1a: the same on every machine and for every version of this program.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{hash:016x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_file_of_the_official_load_test_is_read() {
        let text = r#"{
            "host": "http://a:3456/",
            "users": [{
                "username": "perf1", "id": 3, "token": "tk_1", "labels": [{"id": 5, "title": "l"}, 6],
                "projects": [{"id": 9, "views": {"list": 33, "kanban": 36}, "buckets": [7, 8], "tasks": [1, 2, 3]}],
                "shared_projects": [{"id": 4, "views": {}, "buckets": [], "tasks": [8], "owner_id": 2}],
                "team_members": [2], "something": "new"
            }]
        }"#;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed-state.json");
        fs::write(&path, text).unwrap();
        let world = World::open(&path, "http://a:3456").unwrap().unwrap();
        let account = &world.users[0];
        assert_eq!(account.labels, [LabelId(5), LabelId(6)]);
        assert_eq!(
            account.projects[0].view(&ViewKind::Kanban),
            Some(ViewId(36))
        );
        assert_eq!(account.projects[0].view(&ViewKind::Gantt), None);
        assert_eq!(account.shared_projects[0].place.id, ProjectId(4));
        assert_eq!(account.shared_projects[0].owner_id, UserId(2));
        assert_eq!(account.token.as_ref().unwrap().expose_secret(), "tk_1");
        assert_eq!(world.tasks(), 3);

        let other = World::open(&path, "http://b").unwrap_err().to_string();
        assert!(other.contains("is of http://a:3456"), "{other}");
        fs::write(&path, r#"{"users": [{"password": hunter2"#).unwrap();
        let broken = World::open(&path, "http://a").unwrap_err().to_string();
        assert!(
            broken.contains("line 1") && !broken.contains("hunter2"),
            "{broken}"
        );
    }

    #[test]
    fn it_is_kept_for_this_user_only_and_shows_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/seed.json");
        let account = Account {
            username: "u".to_owned(),
            password: Some("hunter2".into()),
            ..Account::default()
        };
        let world = World {
            host: "http://a".to_owned(),
            users: vec![account],
            ..World::default()
        };
        assert!(!format!("{world:?}").contains("hunter2"));
        world.save(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = World::open(&path, "http://a").unwrap().unwrap();
        let password = again.users[0].password.as_ref().unwrap();
        assert_eq!(password.expose_secret(), "hunter2");
        assert!(
            World::open(&folder.path().join("none"), "http://a")
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn the_hash_is_of_what_is_there_and_not_of_its_ids() {
        let world = |first: i64, tasks: i64| {
            let tasks = (first..first + tasks).map(TaskId).collect();
            let project = Place {
                id: ProjectId(first),
                tasks,
                ..Place::default()
            };
            let account = Account {
                projects: vec![project],
                ..Account::default()
            };
            World {
                users: vec![account],
                ..World::default()
            }
        };
        assert_eq!(world(1, 3).hash(), world(100, 3).hash());
        assert_ne!(world(1, 3).hash(), world(1, 4).hash());
    }
}
