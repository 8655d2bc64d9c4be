//! All that rules look at.

use std::path::PathBuf;

use vikunja_sdk::Release;

use super::{
    compose::Compose,
    dotenv::EnvFile,
    finding::Unknown,
    service::{Kind, Place, Service, Setting},
    wire::Wire,
};

/// What was given, read.
#[derive(Default)]
pub(super) struct Evidence {
    /// What the server answered.
    pub(super) wire: Option<Wire>,
    /// Files of variables.
    pub(super) env_files: Vec<EnvFile>,
    /// Compose files.
    pub(super) composes: Vec<Compose>,
    /// Their services, each put together from all files.
    pub(super) composed: Vec<Service>,
    /// Containers as an engine describes them.
    pub(super) containers: Option<Vec<Service>>,
    /// The release that was named.
    pub(super) named: Option<Release>,
}

impl Evidence {
    /// What the server answered.
    pub(super) fn wire(&self) -> Result<&Wire, Unknown> {
        self.wire
            .as_ref()
            .ok_or_else(|| Unknown("no server was asked: give --url".to_owned()))
    }

    /// Files of variables.
    pub(super) fn env_files(&self) -> Result<&[EnvFile], Unknown> {
        match &self.env_files[..] {
            [] => Err(Unknown("no file of variables: give --env-file".to_owned())),
            files => Ok(files),
        }
    }

    /// Compose files.
    pub(super) fn composes(&self) -> Result<&[Compose], Unknown> {
        match &self.composes[..] {
            [] => Err(Unknown("no compose file: give --compose".to_owned())),
            files => Ok(files),
        }
    }

    /// Adds a compose file.
    pub(super) fn add(&mut self, mut compose: Compose) {
        for service in compose.services.drain(..) {
            let known = self.composed.iter_mut();
            match known.into_iter().find(|one| one.name == service.name) {
                Some(known) => known.overlay(service),
                None => self.composed.push(service),
            }
        }
        self.composes.push(compose);
    }

    /// Services of all compose files.
    pub(super) fn composed(&self) -> Result<&[Service], Unknown> {
        self.composes().map(|_| &*self.composed)
    }

    /// Services of compose files, and containers.
    pub(super) fn services(&self) -> Result<Vec<&Service>, Unknown> {
        if self.composes.is_empty() && self.containers.is_none() {
            return Err(Unknown(
                "no services: give --compose or --inspect".to_owned(),
            ));
        }
        let composed = self.composed.iter();
        let running = self.containers.iter().flatten();
        Ok(composed.chain(running).collect())
    }

    /// The servers, with their settings. Without services, a file of variables is taken for a server's environment.
    pub(super) fn vikunjas(&self) -> Result<Vec<Service>, Unknown> {
        if let Ok(services) = self.services() {
            let servers: Vec<_> = services
                .into_iter()
                .filter(|service| service.kind() == Kind::Vikunja)
                .cloned()
                .collect();
            return if servers.is_empty() {
                Err(Unknown("no Vikunja among the services".to_owned()))
            } else {
                Ok(servers)
            };
        }
        let files = self.env_files().map_err(|_| {
            Unknown("no settings: give --compose, --inspect or --env-file".to_owned())
        })?;
        Ok(files.iter().map(as_service).collect())
    }

    /// The release: as it was named, as the server says, or as an image's tag says.
    pub(super) fn release(&self) -> Option<Release> {
        let tags = || {
            let services = self.services().ok()?.into_iter();
            services
                .filter(|service| service.kind() == Kind::Vikunja)
                .find_map(Service::release)
        };
        let answered = || self.wire.as_ref().map(|wire| wire.release);
        self.named.or_else(answered).or_else(tags)
    }

    /// Files that hold secrets.
    pub(super) fn secret_files(&self) -> impl Iterator<Item = &PathBuf> {
        self.env_files.iter().map(|file| &file.path)
    }
}

fn as_service(file: &EnvFile) -> Service {
    let shown = file.path.display().to_string();
    let settings = file.variables.iter().map(|variable| Setting {
        name: variable.name.clone(),
        value: Some(variable.value.clone()),
        written: String::new(),
        place: Place::line(&shown, variable.line),
    });
    Service {
        settings: settings.collect(),
        place: Place::whole(&shown),
        name: shown,
        ..Service::default()
    }
}
