//! Files of this machine.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::doctor::{
    evidence::Evidence,
    finding::{Checked, Hit, Severity, Unknown},
    service::Kind,
};

pub(super) fn modes(evidence: &Evidence) -> Checked {
    let composed = evidence.composed().unwrap_or_default();
    let data = composed
        .iter()
        .filter(|service| service.kind() == Kind::Store)
        .flat_map(|service| &service.folders)
        .map(|(path, ..)| (path.clone(), 0o700));
    let secrets = evidence
        .secret_files()
        .map(|path| (path.display().to_string(), 0o600));
    let all: Vec<_> = secrets.chain(data).collect();
    if all.is_empty() {
        return Err(Unknown(
            "no files were given: give --env-file or --compose".to_owned(),
        ));
    }
    let mut hits = Vec::new();
    for (path, wanted) in all {
        // What is not there yet is made by the engine.
        let Ok(found) = fs::metadata(&path) else {
            continue;
        };
        let mode = found.permissions().mode() & 0o777;
        let open = mode & 0o077;
        if open != 0 {
            let everybody = open & 0o007 != 0;
            hits.push(Hit::new(
                if everybody {
                    Severity::High
                } else {
                    Severity::Medium
                },
                &path,
                format!(
                    "mode {mode:o}: {} can get at it",
                    if everybody {
                        "every user of this machine"
                    } else {
                        "its group"
                    }
                ),
                format!("chmod {wanted:o}"),
            ));
        }
    }
    Ok(hits)
}
