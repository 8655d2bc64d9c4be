//! Services, their networks and what they wait for.

use vikunja_sdk::Release;

use crate::{
    cli::is_loopback,
    doctor::{
        evidence::Evidence,
        finding::{Checked, Hit, Severity},
        service::{Health, Kind, Service, Setting, split_tag},
    },
};

/// First release with a health check of its own.
const HEALTH_COMMAND: Release = Release(1, 0, 0);
/// Programs of images that have a shell; Vikunja's has none, nor anything else but Vikunja.
const PROGRAM: &str = "/app/vikunja/vikunja";

pub(super) fn duplicate_key(evidence: &Evidence) -> Checked {
    let files = evidence.composes()?.iter();
    Ok(files
        .flat_map(|file| {
            file.duplicates.iter().map(|(key, first, line)| {
                Hit::new(
                    Severity::High,
                    format!("{}:{line}", file.file),
                    format!("the key {key} stands here and in line {first}: some readers refuse the file, others drop one of them"),
                    "remove one; what a service waits for is listed once each",
                )
            })
        })
        .collect())
}

pub(super) fn missing_variable(evidence: &Evidence) -> Checked {
    evidence.env_files()?;
    let files = evidence.composes()?.iter();
    Ok(files
        .flat_map(|file| &file.missing)
        .map(|(name, place)| {
            Hit::new(
                Severity::High,
                place,
                format!("${{{name}}} stands in no file of variables that was given"),
                "add it to .env (deploy/make-env), or give the file: --env-file",
            )
        })
        .collect())
}

pub(super) fn secret_mount(evidence: &Evidence) -> Checked {
    let files = evidence.composes()?;
    let mut hits = Vec::new();
    for service in evidence.composed()? {
        for (setting, name) in service.settings.iter().filter_map(mounted_secret) {
            let mut declared = files.iter().flat_map(|file| &file.secrets);
            let external = declared.find(|(one, _)| one == name).map(|(_, it)| *it);
            let why = match external {
                None => "it is declared nowhere",
                _ if !service.secrets.iter().any(|one| one == name) => {
                    "the service is not given it"
                }
                Some(true) => "it is external, which podman-compose does not mount",
                Some(false) => continue,
            };
            hits.push(Hit::new(
                Severity::High,
                &setting.place,
                format!("/run/secrets/{name} will not be there: {why}"),
                format!(
                    "pass the secret as a variable: {}: ${{…:?}}, with the value in .env",
                    setting.name.trim_end_matches("_FILE")
                ),
            ));
        }
    }
    Ok(hits)
}

/// The secret that a setting expects below /run/secrets.
fn mounted_secret(setting: &Setting) -> Option<(&Setting, &str)> {
    let path = setting.value.as_deref()?;
    Some((setting, path.strip_prefix("/run/secrets/")?))
}

pub(super) fn undefined_network(evidence: &Evidence) -> Checked {
    let files = evidence.composes()?.iter();
    let declared: Vec<_> = files.flat_map(|file| &file.networks).collect();
    let named = evidence.composed()?.iter().flat_map(|one| &one.networks);
    Ok(named
        .filter(|(name, _)| declared.iter().all(|(one, _)| one != name))
        .map(|(name, place)| {
            Hit::new(
                Severity::High,
                place,
                format!("the network {name} is declared nowhere: «uses undefined network»"),
                format!("declare it below `networks:`; with `external: true` if it exists already (podman network create {name})"),
            )
        })
        .collect())
}

/// Settings that name another service, and what it is for.
const NEEDS: [(&str, &str, Option<&str>); 3] = [
    ("DATABASE_HOST", "its database", None),
    ("REDIS_HOST", "Redis", Some("REDIS_ENABLED")),
    ("MAILER_HOST", "its mail server", Some("MAILER_ENABLED")),
];

/// What a server needs, as far as it says: the setting, what for, and the host's name.
fn needs(server: &Service) -> impl Iterator<Item = (&Setting, &'static str, String)> {
    NEEDS.iter().filter_map(|(name, what, switch)| {
        if switch.is_some_and(|switch| server.switch(switch) != Some(true)) {
            return None;
        }
        let setting = server.setting(name)?;
        let value = setting.value.as_deref()?;
        let host = value.split(':').next()?;
        // With a dot it is a machine of the world, not a service.
        let is_service = !host.is_empty() && !host.contains(['.', '/']) && !is_loopback(host);
        is_service.then(|| (setting, *what, host.to_owned()))
    })
}

/// The servers among the services of compose files.
fn servers(services: &[Service]) -> impl Iterator<Item = &Service> {
    services.iter().filter(|one| one.kind() == Kind::Vikunja)
}

pub(super) fn unreachable(evidence: &Evidence) -> Checked {
    let all = evidence.composed()?;
    let files = evidence.composes()?.iter();
    let networks: Vec<_> = files.flat_map(|file| &file.networks).collect();
    let is_external = |name: &&str| {
        networks
            .iter()
            .any(|(one, external)| one == name && *external)
    };
    let mut hits = Vec::new();
    for server in servers(all).filter(|one| !one.network_mode) {
        let own = server.on_networks();
        for (setting, what, host) in needs(server) {
            let why = match all.iter().find(|service| service.name == host) {
                // Somebody else's network may hold it.
                None if own.iter().any(is_external) => continue,
                None => format!(
                    "{host} is no service of these files, and {} is on no network of others: isolated",
                    server.name
                ),
                Some(other) if other.network_mode => continue,
                Some(other) if other.on_networks().iter().any(|name| own.contains(name)) => {
                    continue;
                }
                Some(_) => format!("{} and {host} share no network", server.name),
            };
            hits.push(Hit::new(
                Severity::High,
                &setting.place,
                format!("the server cannot reach {what}: {why}"),
                "put both on one network; one that exists already is declared with `external: true`",
            ));
        }
    }
    Ok(hits)
}

pub(super) fn depends_on(evidence: &Evidence) -> Checked {
    let all = evidence.composed()?;
    let mut hits = Vec::new();
    for server in servers(all) {
        for (setting, what, host) in needs(server) {
            let is_here = all.iter().any(|service| service.name == host);
            let waits = server.depends_on.iter().any(|one| one.name == host);
            if is_here && !waits {
                hits.push(Hit::new(
                    Severity::Medium,
                    &setting.place,
                    format!(
                        "{} needs {what} ({host}) and does not wait for it",
                        server.name
                    ),
                    format!("add below depends_on: {host}: {{condition: service_healthy}}"),
                ));
            }
        }
    }
    for service in all {
        for wait in &service.depends_on {
            let other = all.iter().find(|one| one.name == wait.name);
            let (why, remedy) = match other {
                None => (
                    format!(
                        "{} waits for {}, which is no service of these files",
                        service.name, wait.name
                    ),
                    "give the file that has it (--compose is repeatable), or remove it",
                ),
                Some(other)
                    if wait.healthy && !other.health.as_ref().is_some_and(Health::checks) =>
                {
                    (
                        format!(
                            "{} waits until {} is healthy, which has no health check",
                            service.name, wait.name
                        ),
                        "give it a healthcheck, or wait for `service_started`",
                    )
                }
                Some(_) => continue,
            };
            hits.push(Hit::new(Severity::High, &wait.place, why, remedy));
        }
    }
    Ok(hits)
}

pub(super) fn health_check(evidence: &Evidence) -> Checked {
    let release = evidence.release();
    let mut hits = Vec::new();
    for service in evidence.services()? {
        let health = service.health.as_ref().filter(|health| health.checks());
        let Some(health) = health.filter(|_| service.kind() == Kind::Vikunja) else {
            continue;
        };
        let release = service.release().or(release);
        let words: Vec<_> = health.test.iter().map(String::as_str).collect();
        let has_command = release.is_none_or(|release| release >= HEALTH_COMMAND);
        let why = match &words[..] {
            ["CMD", PROGRAM, "healthcheck"] if has_command => continue,
            ["CMD", PROGRAM, "healthcheck"] => {
                "this release has no `healthcheck` command (1.0 is the first)".to_owned()
            }
            ["CMD", PROGRAM, ..] => continue,
            ["CMD-SHELL", ..] => {
                "it is run by a shell, and the image has none: it fails always".to_owned()
            }
            ["CMD", program, ..] => {
                format!("{program} is not in the image, which holds Vikunja alone: it fails always")
            }
            _ => "it is no health check: the first word must be CMD, CMD-SHELL or NONE".to_owned(),
        };
        let remedy = if has_command {
            "test: [\"CMD\", \"/app/vikunja/vikunja\", \"healthcheck\"] (from 1.0)"
        } else {
            "remove it, and ask from outside: loadtest monitor, or GET /health"
        };
        hits.push(Hit::new(Severity::High, &health.place, why, remedy));
    }
    Ok(hits)
}

pub(super) fn published_port(evidence: &Evidence) -> Checked {
    let mut hits = Vec::new();
    for service in evidence.services()? {
        let (severity, remedy) = match service.kind() {
            Kind::Vikunja => (
                Severity::Medium,
                "publish 127.0.0.1:PORT:3456 for a proxy on this machine, or nothing for one in the same network",
            ),
            Kind::Store => (
                Severity::High,
                "publish nothing: the server reaches it through their network",
            ),
            // A proxy is there to be reached.
            Kind::Other => continue,
        };
        let open = service
            .ports
            .iter()
            .filter(|port| !is_loopback(&port.address));
        hits.extend(open.map(|port| {
            let everywhere = matches!(port.address.as_str(), "" | "0.0.0.0" | "::");
            let address = if everywhere {
                "all addresses of this machine"
            } else {
                &port.address
            };
            let published = if port.published.is_empty() {
                "a free port"
            } else {
                &port.published
            };
            Hit::new(
                severity,
                &port.place,
                format!(
                    "{} ({}) is published on {address}: {published}",
                    service.name, port.target
                ),
                remedy,
            )
        }));
    }
    Ok(hits)
}

pub(super) fn root(evidence: &Evidence) -> Checked {
    let mut hits = Vec::new();
    for service in evidence.services()? {
        if service.privileged {
            hits.push(Hit::new(
                Severity::High,
                &service.place,
                format!(
                    "{} is privileged: it may do everything on this machine",
                    service.name
                ),
                "remove `privileged`",
            ));
        }
        let Some((user, place)) = &service.user else {
            // Vikunja's image runs as 1000 by itself; official databases change their user when they start.
            continue;
        };
        let name = user.split(':').next().unwrap_or_default();
        let is_root = matches!(name, "root" | "0");
        // An engine shows what the image says: empty is root, which databases leave by themselves.
        let is_unset = name.is_empty() && service.runs && service.kind() == Kind::Vikunja;
        if is_root || is_unset {
            hits.push(Hit::new(
                Severity::High,
                place,
                format!("{} runs as root", service.name),
                "remove `user` (Vikunja's image runs as 1000), and let that user own its folders",
            ));
        }
    }
    Ok(hits)
}

pub(super) fn image_tag(evidence: &Evidence) -> Checked {
    let services = evidence.composed()?.iter();
    Ok(services
        .filter_map(|service| {
            let image = service.image.as_deref()?;
            let (_, tag) = split_tag(image);
            let moves = matches!(tag, None | Some("latest" | "unstable"));
            (moves && !image.is_empty() && !image.contains('@')).then(|| {
                Hit::new(
                    Severity::Low,
                    &service.place,
                    format!("{image} is another program after each pull; a newer Vikunja changes the database for good"),
                    "name a release, and back up before another",
                )
            })
        })
        .collect())
}
