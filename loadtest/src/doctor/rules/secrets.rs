//! Secrets: how good they are and where they lie. What they are is never told.

use std::{path::Path, process::Command};

use vikunja_sdk::Release;

use crate::doctor::{
    evidence::Evidence,
    finding::{Checked, Hit, Severity, Unknown},
    service::PREFIX,
    strength::weakness,
};

/// First release whose signing key is `service.secret`.
const RENAMED: Release = Release(2, 3, 0);

/// Whether a variable of this name holds a secret, not the name of a file with one.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    [
        "PASSWORD",
        "SECRET",
        "TOKEN",
        "APIKEY",
        "SECRETKEY",
        "ACCESSKEY",
    ]
    .iter()
    .any(|end| name.ends_with(end))
}

fn signs_tokens(name: &str) -> bool {
    ["JWTSECRET", "JWT_SECRET", "SERVICE_SECRET"]
        .iter()
        .any(|end| name.ends_with(end))
}

pub(super) fn weak(evidence: &Evidence) -> Checked {
    let files = evidence.env_files.iter().flat_map(|file| {
        let path = file.path.display();
        file.variables.iter().map(move |variable| {
            let place = format!("{path}:{}", variable.line);
            (variable.name.clone(), variable.value.clone(), place)
        })
    });
    // What a compose file only passes on is judged where it stands.
    let services = evidence.services().unwrap_or_default().into_iter();
    let written = services
        .flat_map(|service| &service.settings)
        .filter(|setting| !setting.written.contains('$'))
        .filter_map(|setting| {
            let value = setting.value.clone()?;
            Some((setting.name.clone(), value, setting.place.to_string()))
        });
    let all: Vec<_> = files.chain(written).collect();
    if all.is_empty() {
        return Err(Unknown(
            "no secrets were given: give --env-file, --compose or --inspect".to_owned(),
        ));
    }
    Ok(all
        .into_iter()
        .filter(|(name, ..)| is_secret(name))
        .filter_map(|(name, value, place)| {
            let why = weakness(&value, signs_tokens(&name))?;
            Some(Hit::new(
                Severity::High,
                place,
                format!("{name} is weak: {why}"),
                "make another: deploy/make-env, or openssl rand -hex 32",
            ))
        })
        .collect())
}

pub(super) fn missing(evidence: &Evidence) -> Checked {
    let renamed = evidence.release().is_some_and(|release| release >= RENAMED);
    let name = if renamed {
        "SERVICE_SECRET"
    } else {
        "SERVICE_JWTSECRET"
    };
    let keys = [
        "SERVICE_SECRET",
        "SERVICE_JWTSECRET",
        "SERVICE_SECRET_FILE",
        "SERVICE_JWTSECRET_FILE",
    ];
    let servers = evidence.vikunjas()?;
    let without = servers
        .iter()
        .filter(|server| keys.iter().all(|key| server.setting(key).is_none()));
    Ok(without
        .map(|server| {
            Hit::new(
                Severity::Medium,
                &server.place,
                "the key that signs tokens is made anew at each start: every restart logs everybody out",
                format!("set {PREFIX}{name}"),
            )
        })
        .collect())
}

pub(super) fn written(evidence: &Evidence) -> Checked {
    let services = evidence.composed()?;
    let settings = services.iter().flat_map(|service| &service.settings);
    Ok(settings
        .filter(|setting| is_secret(&setting.name))
        .filter(|setting| !setting.written.is_empty() && !setting.written.contains('$'))
        .map(|setting| {
            Hit::new(
                Severity::Medium,
                &setting.place,
                format!("{} is written into the compose file", setting.name),
                format!(
                    "write ${{{}:?}} there, and the value into .env",
                    setting.name
                ),
            )
        })
        .collect())
}

pub(super) fn broken(evidence: &Evidence) -> Checked {
    let mut hits = Vec::new();
    for file in evidence.env_files()? {
        for line in &file.strays {
            let before = file.variables.iter().rev().find(|one| one.line < *line);
            let evidence = match before.filter(|one| is_secret(&one.name)) {
                Some(one) => format!(
                    "line {line} is the rest of {} from line {}: the server gets a part of it",
                    one.name, one.line
                ),
                None => format!("line {line} is no NAME=VALUE"),
            };
            hits.push(Hit::new(
                Severity::High,
                format!("{}:{line}", file.path.display()),
                evidence,
                "write the value on one line: `openssl rand -base64 64` breaks it after 64 characters, `openssl rand -hex 32` does not",
            ));
        }
    }
    Ok(hits)
}

pub(super) fn tracked(evidence: &Evidence) -> Checked {
    let mut hits = Vec::new();
    let mut files = evidence.secret_files().peekable();
    if files.peek().is_none() {
        evidence.env_files()?;
    }
    for path in files {
        let place = path.display().to_string();
        if git(path, &["ls-files", "--error-unmatch"])? {
            hits.push(Hit::new(
                Severity::High,
                place,
                "git tracks this file: its secrets are in every clone, and in the history",
                "git rm --cached it, name it in .gitignore, and make new secrets",
            ));
        } else if git(path, &["rev-parse", "--is-inside-work-tree", "--"])?
            && !git(path, &["check-ignore", "--quiet"])?
        {
            hits.push(Hit::new(
                Severity::Low,
                place,
                "the next `git add .` would take this file in",
                "name it in .gitignore",
            ));
        }
    }
    Ok(hits)
}

/// Whether git agrees, asked in the file's folder.
fn git(path: &Path, question: &[&str]) -> Result<bool, Unknown> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let name = path.file_name().unwrap_or_default();
    let asked = Command::new("git")
        .current_dir(folder.unwrap_or(Path::new(".")))
        .args(question)
        .arg(name)
        .output();
    match asked {
        Ok(answer) => Ok(answer.status.success()),
        Err(error) => Err(Unknown(format!("git cannot be asked: {error}"))),
    }
}
