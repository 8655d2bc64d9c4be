//! Compose files.

use std::{path::Path, rc::Rc};

use super::{
    dotenv::EnvFile,
    service::{DEFAULT_NETWORK, Dependency, Health, NO_CHECK, Place, Port, Service, Setting},
    yaml::{self, Node},
};

/// A compose file.
#[derive(Default)]
pub(super) struct Compose {
    /// Its name, as it was given.
    pub(super) file: String,
    /// Keys that stand twice: the key, the first line and the other.
    pub(super) duplicates: Vec<(String, usize, usize)>,
    /// Services.
    pub(super) services: Vec<Service>,
    /// Networks that are declared, and whether others make them.
    pub(super) networks: Vec<(String, bool)>,
    /// Secrets that are declared, and whether others make them.
    pub(super) secrets: Vec<(String, bool)>,
    /// `${NAME}` that has neither value nor default; the name and where.
    pub(super) missing: Vec<(String, Place)>,
    /// Names that are asked for by `${…}`.
    pub(super) asked: Vec<String>,
}

impl Compose {
    /// Reads a file's text; variables come from the files that were given.
    pub(super) fn read(path: &Path, text: &str, env: &[EnvFile]) -> Result<Self, yaml::Broken> {
        let mut reader = Reader {
            folder: path.parent().unwrap_or(Path::new("")),
            env,
            compose: Self {
                file: path.display().to_string(),
                networks: vec![(DEFAULT_NETWORK.to_owned(), false)],
                ..Self::default()
            },
        };
        if let Some(tree) = yaml::read(text)? {
            reader.compose.duplicates = tree.duplicates();
            reader.top(&tree);
        }
        Ok(reader.compose)
    }
}

struct Reader<'a> {
    folder: &'a Path,
    env: &'a [EnvFile],
    compose: Compose,
}

impl Reader<'_> {
    fn place(&self, line: usize) -> Place {
        Place::line(&self.compose.file, line)
    }

    fn top(&mut self, tree: &Node) {
        let declared = |key| {
            let entries = entries(tree.get(key)).into_iter();
            entries.map(|entry| (entry.key.clone(), is_external(&entry.node)))
        };
        self.compose.networks.extend(declared("networks"));
        self.compose.secrets.extend(declared("secrets"));
        for entry in entries(tree.get("services")) {
            let service = self.service(&entry.key, entry.line, &entry.node);
            self.compose.services.push(service);
        }
    }

    fn service(&mut self, name: &str, line: usize, node: &Node) -> Service {
        let text = |key| node.get(key).and_then(|node| node.text());
        let networks: Vec<_> = names(node.get("networks"))
            .into_iter()
            .map(|(name, line)| (name, self.place(line)))
            .collect();
        Service {
            name: name.to_owned(),
            image: text("image").map(|image| self.put_in(image, line).unwrap_or_default()),
            settings: self.settings(node),
            user: node
                .get("user")
                .and_then(|user| Some((user.text()?.to_owned(), self.place(user.line)))),
            privileged: text("privileged") == Some("true"),
            ports: self.ports(node.get("ports")),
            health: node.get("healthcheck").and_then(|health| {
                if let Some(off) = health.get("disable") {
                    return Some(Health {
                        test: vec![NO_CHECK.to_owned()],
                        place: self.place(off.line),
                    });
                }
                let command = health.get("test")?;
                let words = match command.text() {
                    // A text is run by a shell.
                    Some(text) => vec!["CMD-SHELL".to_owned(), text.to_owned()],
                    None => texts(command),
                };
                Some(Health {
                    test: words,
                    place: self.place(command.line),
                })
            }),
            networks,
            network_mode: node.get("network_mode").is_some(),
            depends_on: self.dependencies(node.get("depends_on")),
            secrets: node
                .get("secrets")
                .map(|list| list.items())
                .unwrap_or_default()
                .iter()
                .filter_map(|item| item.text().or_else(|| item.get("source")?.text()))
                .map(ToOwned::to_owned)
                .collect(),
            folders: self.folders(node.get("volumes")),
            runs: false,
            place: self.place(line),
        }
    }

    /// `environment`, as a map or as a list, and the files of `env_file`.
    fn settings(&mut self, node: &Node) -> Vec<Setting> {
        let mut settings = Vec::new();
        for (file, _) in names(node.get("env_file")) {
            let path = self.folder.join(&file);
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            let shown = path.display().to_string();
            let read = EnvFile::read(&path, &text).variables.into_iter();
            settings.extend(read.map(|variable| Setting {
                place: Place::line(&shown, variable.line),
                written: String::new(),
                value: Some(variable.value),
                name: variable.name,
            }));
        }
        let environment = node.get("environment");
        let mut pairs: Vec<(String, Option<String>, usize)> = entries(environment)
            .iter()
            .map(|entry| {
                let value = entry.node.text().map(ToOwned::to_owned);
                (entry.key.clone(), value, entry.line)
            })
            .collect();
        for item in environment.map(|list| list.items()).unwrap_or_default() {
            let Some(text) = item.text() else { continue };
            let (name, value) = text
                .split_once('=')
                .map_or((text, None), |(name, value)| (name, Some(value.to_owned())));
            pairs.push((name.to_owned(), value, item.line));
        }
        for (name, written, line) in pairs {
            let value = match &written {
                Some(written) => self.put_in(written, line),
                // A name alone is passed on.
                None => self.variable(&name),
            };
            settings.push(Setting {
                name,
                value,
                written: written.unwrap_or_default(),
                place: self.place(line),
            });
        }
        settings
    }

    fn variable(&self, name: &str) -> Option<String> {
        let found = self.env.iter().rev().find_map(|file| file.get(name));
        found.map(ToOwned::to_owned)
    }

    /// A text with its `${…}` put in; `None` where one is unknown.
    fn put_in(&mut self, text: &str, line: usize) -> Option<String> {
        let mut done = String::new();
        let mut rest = text;
        let mut known = true;
        while let Some((before, after)) = rest.split_once('$') {
            done.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                done.push('$');
                rest = after;
                continue;
            }
            let (asked, behind) = match after.strip_prefix('{') {
                Some(braced) => braced.split_once('}').unwrap_or((braced, "")),
                None => {
                    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    after.split_at(after.find(|c| !is_name(c)).unwrap_or(after.len()))
                }
            };
            rest = behind;
            let name_ends = asked.find([':', '-', '?', '+']).unwrap_or(asked.len());
            let (name, rule) = asked.split_at(name_ends);
            let rule = rule.trim_start_matches(':');
            self.compose.asked.push(name.to_owned());
            match (self.variable(name), rule.strip_prefix('-')) {
                (Some(value), _) => done.push_str(&value),
                (None, Some(default)) => done.push_str(default),
                // ${NAME:+text} is empty without the name.
                (None, None) if rule.starts_with('+') => {}
                (None, None) => {
                    let place = self.place(line);
                    self.compose.missing.push((name.to_owned(), place));
                    known = false;
                }
            }
        }
        done.push_str(rest);
        known.then_some(done)
    }

    fn ports(&mut self, node: Option<&Rc<Node>>) -> Vec<Port> {
        let items: Vec<_> = node.map(|list| list.items().to_vec()).unwrap_or_default();
        let mut ports = Vec::new();
        for item in items {
            let place = self.place(item.line);
            let long = |key| item.get(key).and_then(|node| node.text());
            let port = match item.text() {
                Some(short) => {
                    let short = self
                        .put_in(short, item.line)
                        .unwrap_or_else(|| short.to_owned());
                    short_port(&short, place)
                }
                None => Port {
                    address: long("host_ip").unwrap_or_default().to_owned(),
                    published: long("published").unwrap_or_default().to_owned(),
                    target: long("target").unwrap_or_default().to_owned(),
                    place,
                },
            };
            ports.push(port);
        }
        ports
    }

    fn dependencies(&self, node: Option<&Rc<Node>>) -> Vec<Dependency> {
        let mapped = entries(node).into_iter().map(|entry| {
            let condition = entry.node.get("condition").and_then(|node| node.text());
            let healthy = condition == Some("service_healthy");
            (entry.key, entry.line, healthy)
        });
        let items = node.map(|list| list.items()).unwrap_or_default().iter();
        let listed = items.filter_map(|item| Some((item.text()?.to_owned(), item.line, false)));
        mapped
            .chain(listed)
            .map(|(name, line, healthy)| Dependency {
                name,
                healthy,
                place: self.place(line),
            })
            .collect()
    }

    /// Folders of the host: `./data:/var/lib/postgresql/data:Z`, or the long form.
    fn folders(&self, node: Option<&Rc<Node>>) -> Vec<(String, String, Place)> {
        let items = node.map(|list| list.items()).unwrap_or_default().iter();
        let pairs = items.filter_map(|item| {
            let (source, target) = match item.text() {
                Some(short) => {
                    let mut parts = short.split(':');
                    (parts.next()?.to_owned(), parts.next()?.to_owned())
                }
                None => {
                    let part = |key| Some(item.get(key)?.text()?.to_owned());
                    (part("source")?, part("target")?)
                }
            };
            // Without a slash it is a volume by name, which the engine guards.
            source.starts_with(['.', '/', '~']).then(|| {
                let path = self.folder.join(&source).display().to_string();
                (path, target, self.place(item.line))
            })
        });
        pairs.collect()
    }
}

/// `[address:][published:]target[/protocol]`; the address may be of IPv6, in brackets.
fn short_port(text: &str, place: Place) -> Port {
    let text = text.split_once('/').map_or(text, |(text, _)| text);
    let (front, target) = text.rsplit_once(':').unwrap_or(("", text));
    let (address, published) = front.rsplit_once(':').unwrap_or(("", front));
    Port {
        address: address.trim_matches(['[', ']']).to_owned(),
        published: published.to_owned(),
        target: target.to_owned(),
        place,
    }
}

fn is_external(node: &Node) -> bool {
    node.get("external")
        .is_some_and(|external| external.text() != Some("false"))
}

fn entries(node: Option<&Rc<Node>>) -> Vec<yaml::Entry> {
    let entries = node.map(|node| node.entries()).unwrap_or_default();
    entries.into_iter().cloned().collect()
}

fn texts(node: &Node) -> Vec<String> {
    let items = node.items().iter();
    items
        .filter_map(|item| Some(item.text()?.to_owned()))
        .collect()
}

/// Names with their lines: of a list, of the keys of a map, or of one text.
fn names(node: Option<&Rc<Node>>) -> Vec<(String, usize)> {
    let Some(node) = node else {
        return Vec::new();
    };
    if let Some(text) = node.text() {
        return vec![(text.to_owned(), node.line)];
    }
    let keys = entries(Some(node))
        .into_iter()
        .map(|entry| (entry.key, entry.line));
    let items = node.items().iter();
    let items = items.filter_map(|item| {
        let text = item.text().or_else(|| item.get("path")?.text());
        Some((text?.to_owned(), item.line))
    });
    keys.chain(items).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, env: &str) -> Compose {
        let env = [EnvFile::read(Path::new(".env"), env)];
        Compose::read(Path::new("c.yml"), text, &env).unwrap()
    }

    #[test]
    fn ports_are_read_in_all_forms() {
        let compose = read(
            "services:\n  a:\n    ports:\n      - '3456:3456'\n      - 127.0.0.1:80:8080/tcp\n      - '[::1]:1:2'\n      - '90'\n      - target: 5\n        published: 6\n        host_ip: 10.0.0.1\n      - '${P:-7}:8'\n",
            "",
        );
        let ports = compose.services[0].ports.iter();
        let seen: Vec<_> = ports
            .map(|port| (&*port.address, &*port.published, &*port.target))
            .collect();
        assert_eq!(
            seen,
            [
                ("", "3456", "3456"),
                ("127.0.0.1", "80", "8080"),
                ("::1", "1", "2"),
                ("", "", "90"),
                ("10.0.0.1", "6", "5"),
                ("", "7", "8"),
            ]
        );
    }

    #[test]
    fn variables_are_put_in_and_what_is_missing_is_named() {
        let compose = read(
            "services:\n  a:\n    environment:\n      - A=${X}-$Y\n      - B=${Z:?no}\n      - C=1$$2\n      - D=${E:-e}\n      - X\n",
            "X=x\nY=y\n",
        );
        let settings = &compose.services[0].settings;
        let values: Vec<_> = settings.iter().map(|one| one.value.as_deref()).collect();
        assert_eq!(
            values,
            [Some("x-y"), None, Some("1$2"), Some("e"), Some("x")]
        );
        assert_eq!(compose.missing, [("Z".to_owned(), Place::line("c.yml", 5))]);
        assert_eq!(compose.asked, ["X", "Y", "Z", "E"]);
    }

    #[test]
    fn lists_and_maps_say_the_same() {
        let compose = read(
            "services:\n  a:\n    depends_on: [b]\n    networks: [n]\n    healthcheck: {test: 'curl x'}\n  b:\n    depends_on:\n      a: {condition: service_healthy}\n    networks: {n: {}}\n",
            "",
        );
        let [a, b] = &compose.services[..] else {
            panic!("two services")
        };
        assert_eq!(a.networks[0].0, b.networks[0].0);
        assert_eq!(
            (&*a.depends_on[0].name, a.depends_on[0].healthy),
            ("b", false)
        );
        assert_eq!(
            (&*b.depends_on[0].name, b.depends_on[0].healthy),
            ("a", true)
        );
        assert_eq!(a.health.as_ref().unwrap().test, ["CMD-SHELL", "curl x"]);
    }
}
