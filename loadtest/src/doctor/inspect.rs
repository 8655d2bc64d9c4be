//! What `podman inspect` (or docker's) says of containers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::service::{Health, Place, Port, Service, Setting};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Container {
    name: String,
    config: Config,
    #[serde(default)]
    host_config: HostConfig,
    #[serde(default)]
    image_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    #[serde(default)]
    env: Option<Vec<String>>,
    #[serde(default)]
    user: String,
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    healthcheck: Option<Healthcheck>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Healthcheck {
    #[serde(default)]
    test: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostConfig {
    #[serde(default)]
    privileged: bool,
    #[serde(default)]
    port_bindings: Option<BTreeMap<String, Option<Vec<Binding>>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Binding {
    #[serde(default)]
    host_ip: String,
    #[serde(default)]
    host_port: String,
}

/// Reads the containers. The error never repeats the text: it may hold secrets.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Service>, String> {
    let containers: Vec<Container> = serde_json::from_str(text).map_err(|error| {
        format!(
            "line {}, column {}: not what `podman inspect NAME` prints",
            error.line(),
            error.column()
        )
    })?;
    Ok(containers
        .into_iter()
        .map(|one| service(file, one))
        .collect())
}

fn service(file: &str, container: Container) -> Service {
    let name = container.name.trim_start_matches('/').to_owned();
    let place = Place::whole(format!("{file}: {name}"));
    let settings = container.config.env.unwrap_or_default().into_iter();
    let settings = settings.filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some(Setting {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            written: String::new(),
            place: place.clone(),
        })
    });
    let bindings = container.host_config.port_bindings.unwrap_or_default();
    let ports = bindings.into_iter().flat_map(|(target, bindings)| {
        let target = target.split('/').next().unwrap_or_default().to_owned();
        let bindings = bindings.unwrap_or_default().into_iter();
        let place = place.clone();
        bindings.map(move |binding| Port {
            address: binding.host_ip,
            published: binding.host_port,
            target: target.clone(),
            place: place.clone(),
        })
    });
    let test = container.config.healthcheck.and_then(|health| health.test);
    Service {
        settings: settings.collect(),
        ports: ports.collect(),
        image: container.image_name.or(container.config.image),
        user: Some((container.config.user, place.clone())),
        privileged: container.host_config.privileged,
        health: test.map(|test| Health {
            test,
            place: place.clone(),
        }),
        runs: true,
        name,
        place,
        ..Service::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_read_as_podman_and_docker_print_it() {
        let text = r#"[{"Name":"/vikunja","ImageName":"docker.io/vikunja/vikunja:0.24.1","Config":{"User":"1000","Env":["VIKUNJA_REDIS_HOST=redis"],
            "Healthcheck":{"Test":["CMD-SHELL","true"]}},"HostConfig":{"Privileged":true,"PortBindings":{"3456/tcp":[{"HostIp":"","HostPort":"3456"}],"1/tcp":null}}}]"#;
        let services = read("i.json", text).unwrap();
        let one = &services[0];
        assert_eq!(one.name, "vikunja");
        assert_eq!(
            one.setting("REDIS_HOST").unwrap().value.as_deref(),
            Some("redis")
        );
        assert_eq!(
            (&*one.ports[0].published, &*one.ports[0].target),
            ("3456", "3456")
        );
        assert!(one.privileged && one.runs && one.health.is_some());
        let error = read("i.json", r#"{"Env":["PASSWORD=hunter2"]}"#).map(|_| ());
        assert!(!error.unwrap_err().contains("hunter2"));
    }
}
