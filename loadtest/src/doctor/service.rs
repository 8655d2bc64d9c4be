//! A service as a compose file describes it, and as an engine describes the container that it became: the same rules
//! judge both.

use std::fmt;

use vikunja_sdk::Release;

/// Where something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// File, or what else was looked at.
    pub(super) what: String,
    /// Line, from 1.
    pub(super) line: Option<usize>,
}

impl Place {
    /// A line of a file.
    pub(super) fn line(what: &str, line: usize) -> Self {
        Self {
            what: what.to_owned(),
            line: Some(line),
        }
    }

    /// Something without lines.
    pub(super) fn whole(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            line: None,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.what),
            None => write!(f, "{}", self.what),
        }
    }
}

impl From<&Place> for String {
    fn from(place: &Place) -> Self {
        place.to_string()
    }
}

/// A variable of the environment.
#[derive(Clone)]
pub(super) struct Setting {
    /// Name.
    pub(super) name: String,
    /// Value; `None` where it comes from somewhere that was not given.
    pub(super) value: Option<String>,
    /// The value as it is written, before `${…}` is put in.
    pub(super) written: String,
    /// Where it stands.
    pub(super) place: Place,
}

/// A port of the host that leads into the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Port {
    /// Address of the host; empty is all of them.
    pub(super) address: String,
    /// Port of the host; empty is a free one.
    pub(super) published: String,
    /// Port of the container.
    pub(super) target: String,
    /// Where it stands.
    pub(super) place: Place,
}

/// A wait for another service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dependency {
    /// Name of the other.
    pub(super) name: String,
    /// Whether it must be healthy, not only started.
    pub(super) healthy: bool,
    /// Where it stands.
    pub(super) place: Place,
}

/// A check that a container runs in itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Health {
    /// The command: `CMD`, `CMD-SHELL` or `NONE` first.
    pub(super) test: Vec<String>,
    /// Where it stands.
    pub(super) place: Place,
}

/// The test that is none.
pub(super) const NO_CHECK: &str = "NONE";

impl Health {
    /// Whether anything is checked.
    pub(super) fn checks(&self) -> bool {
        self.test.first().is_some_and(|word| word != NO_CHECK)
    }
}

/// A service or a container.
#[derive(Clone, Default)]
pub(super) struct Service {
    /// Its name: other services call it so.
    pub(super) name: String,
    /// Where it stands.
    pub(super) place: Place,
    /// Image.
    pub(super) image: Option<String>,
    /// Environment.
    pub(super) settings: Vec<Setting>,
    /// Who it runs as, where that is said.
    pub(super) user: Option<(String, Place)>,
    /// Whether it may do everything.
    pub(super) privileged: bool,
    /// Published ports.
    pub(super) ports: Vec<Port>,
    /// Health check.
    pub(super) health: Option<Health>,
    /// Networks by name, and where they are named; none is the one that all have.
    pub(super) networks: Vec<(String, Place)>,
    /// Whether it uses the network of something else: the host, or another container.
    pub(super) network_mode: bool,
    /// What it waits for.
    pub(super) depends_on: Vec<Dependency>,
    /// Names of the secrets that it is given.
    pub(super) secrets: Vec<String>,
    /// Folders of the host that it sees, and as what.
    pub(super) folders: Vec<(String, String, Place)>,
    /// Whether an engine describes it, not a file.
    pub(super) runs: bool,
}

/// Kinds of programs that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The server.
    Vikunja,
    /// A database or a cache, which nobody outside has to reach.
    Store,
    /// Anything else.
    Other,
}

const STORES: [&str; 7] = [
    "postgres",
    "mariadb",
    "mysql",
    "redis",
    "valkey",
    "keydb",
    "dragonfly",
];

impl Service {
    /// What runs in it, by image; where that says nothing by its settings.
    pub(super) fn kind(&self) -> Kind {
        let image = self.image.as_deref().unwrap_or_default();
        let (path, _) = split_tag(image);
        let program = path.rsplit('/').next().unwrap_or(path);
        // Up to 0.22 the server's image was vikunja/api.
        if program == "vikunja" || path.ends_with("vikunja/api") {
            Kind::Vikunja
        } else if STORES.iter().any(|store| program.contains(store)) {
            Kind::Store
        } else if image.is_empty() && self.settings.iter().any(|one| one.name.starts_with(PREFIX)) {
            Kind::Vikunja
        } else {
            Kind::Other
        }
    }

    /// The release that its image's tag names.
    pub(super) fn release(&self) -> Option<Release> {
        let (_, tag) = split_tag(self.image.as_deref()?);
        let tag = tag?;
        Release::parse(tag).or_else(|| Release::parse(&format!("{tag}.0")))
    }

    /// Names of its networks.
    pub(super) fn on_networks(&self) -> Vec<&str> {
        if self.networks.is_empty() {
            return vec![DEFAULT_NETWORK];
        }
        self.networks
            .iter()
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Puts what a later file says of the same service over it, as compose does.
    pub(super) fn overlay(&mut self, later: Self) {
        self.image = later.image.or(self.image.take());
        self.user = later.user.or(self.user.take());
        self.health = later.health.or(self.health.take());
        self.privileged |= later.privileged;
        self.network_mode |= later.network_mode;
        self.settings.extend(later.settings);
        self.ports.extend(later.ports);
        self.networks.extend(later.networks);
        self.depends_on.extend(later.depends_on);
        self.secrets.extend(later.secrets);
        self.folders.extend(later.folders);
    }

    /// A setting of Vikunja, by its name without `VIKUNJA_`.
    pub(super) fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings
            .iter()
            .rev()
            .find(|one| one.name.strip_prefix(PREFIX) == Some(name))
    }

    /// Whether a setting of Vikunja is switched on; `None` where it is not said.
    pub(super) fn switch(&self, name: &str) -> Option<bool> {
        let value = self.setting(name)?.value.as_deref()?;
        Some(matches!(value, "true" | "TRUE" | "True" | "t" | "1"))
    }
}

/// The network of services that name none.
pub(super) const DEFAULT_NETWORK: &str = "default";

/// What names of settings begin with.
pub(super) const PREFIX: &str = "VIKUNJA_";

/// An image's path, and its tag.
pub(super) fn split_tag(image: &str) -> (&str, Option<&str>) {
    let image = image.split_once('@').map_or(image, |(image, _)| image);
    match image.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (image, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_say_what_runs() {
        for (image, kind, release) in [
            (
                "vikunja/vikunja:0.24.1",
                Kind::Vikunja,
                Some(Release(0, 24, 1)),
            ),
            (
                "docker.io/vikunja/vikunja:2.5",
                Kind::Vikunja,
                Some(Release(2, 5, 0)),
            ),
            ("vikunja/api:0.20.4", Kind::Vikunja, Some(Release(0, 20, 4))),
            ("localhost:5000/vikunja", Kind::Vikunja, None),
            ("docker.io/library/postgres:16-alpine", Kind::Store, None),
            ("valkey/valkey:8", Kind::Store, None),
            ("caddy:2", Kind::Other, None),
        ] {
            let service = Service {
                image: Some(image.to_owned()),
                ..Service::default()
            };
            assert_eq!(service.kind(), kind, "{image}");
            if kind == Kind::Vikunja {
                assert_eq!(service.release(), release, "{image}");
            }
        }
    }
}
