//! Settings of the server.

use std::time::Duration;

use vikunja_sdk::Release;

use crate::doctor::{
    evidence::Evidence,
    finding::{Checked, Hit, Severity},
    names::{Known, look_up},
    service::{PREFIX, Service},
};

/// First release that has CORS switched on and then wants its public address.
const WANTS_URL: Release = Release(1, 0, 0);
/// Longest that a token of an ordinary log-in should live.
const LONG: Duration = Duration::from_secs(7 * 24 * 3600);
/// Longest that a session that is to be remembered should live.
const LONGEST: Duration = Duration::from_secs(90 * 24 * 3600);

fn each(evidence: &Evidence, look: impl Fn(&Service) -> Option<Hit>) -> Checked {
    Ok(evidence.vikunjas()?.iter().filter_map(look).collect())
}

pub(super) fn unknown(evidence: &Evidence) -> Checked {
    let release = evidence.release();
    let mut hits = Vec::new();
    let mut judge = |name: &str, place: String, remedy: &str| {
        let Some(known) = name.strip_prefix(PREFIX).map(|name| look_up(name, release)) else {
            return;
        };
        let Known::No(nearest) = known else { return };
        let of = release.map_or_else(String::new, |release| format!(" of {release}"));
        let meant = match nearest {
            Some(nearest) if nearest.ends_with("_HOST") && name.ends_with("_PORT") => {
                format!("the port belongs to the host: {PREFIX}{nearest}=host:port{remedy}")
            }
            Some(nearest) => format!("did you mean {PREFIX}{nearest}?{remedy}"),
            None => format!("remove it{remedy}"),
        };
        hits.push(Hit::new(
            Severity::Medium,
            place,
            format!("{name} has no effect: it is no setting{of}"),
            meant,
        ));
    };
    for server in evidence.vikunjas()? {
        for setting in &server.settings {
            judge(&setting.name, setting.place.to_string(), "");
        }
    }
    // A compose file may ask for names of its own; what it does not ask for was meant for the server.
    if !evidence.composes.is_empty() {
        let asked: Vec<_> = evidence
            .composes
            .iter()
            .flat_map(|one| &one.asked)
            .collect();
        for file in &evidence.env_files {
            for variable in file
                .variables
                .iter()
                .filter(|one| !asked.contains(&&one.name))
            {
                let place = format!("{}:{}", file.path.display(), variable.line);
                judge(&variable.name, place, ", and no compose file asks for it");
            }
        }
    }
    Ok(hits)
}

pub(super) fn public_url(evidence: &Evidence) -> Checked {
    let release = evidence.release();
    each(evidence, |server| {
        let wanted = release.is_some_and(|release| release >= WANTS_URL)
            && server.switch("CORS_ENABLE") != Some(false);
        let is_empty = server
            .setting("SERVICE_PUBLICURL")
            .is_none_or(|url| url.value.as_deref() == Some(""));
        (wanted && is_empty).then(|| {
            Hit::new(
                Severity::High,
                &server.place,
                "VIKUNJA_SERVICE_PUBLICURL is not set, and CORS is on: from 1.0 the server does not start so",
                "set VIKUNJA_SERVICE_PUBLICURL to the address in the browser",
            )
        })
    })
}

pub(super) fn redis_address(evidence: &Evidence) -> Checked {
    each(evidence, |server| {
        let host = server.setting("REDIS_HOST")?;
        let value = host.value.as_deref()?;
        if value.is_empty() || value.contains(':') {
            return None;
        }
        let (severity, when) = match server.switch("REDIS_ENABLED") {
            Some(true) => (
                Severity::High,
                "the server ends with «missing port in address»",
            ),
            _ => (
                Severity::Medium,
                "once Redis is enabled, the server ends with «missing port in address»",
            ),
        };
        Some(Hit::new(
            severity,
            &host.place,
            format!("VIKUNJA_REDIS_HOST has no port: {when}"),
            "write VIKUNJA_REDIS_HOST=redis:6379 (your host, and its port); no release has a VIKUNJA_REDIS_PORT",
        ))
    })
}

pub(super) fn redis_unused(evidence: &Evidence) -> Checked {
    each(evidence, |server| {
        let uses = |name| {
            server
                .setting(name)
                .is_some_and(|setting| setting.value.as_deref() == Some("redis"))
        };
        let enabled = server.switch("REDIS_ENABLED") == Some(true);
        match server.setting("REDIS_HOST") {
            Some(host) if !enabled => Some(Hit::new(
                Severity::Low,
                &host.place,
                "a Redis is named and not enabled",
                "set VIKUNJA_REDIS_ENABLED=true, or remove it",
            )),
            _ if enabled && !uses("KEYVALUE_TYPE") && !uses("RATELIMIT_STORE") => Some(Hit::new(
                Severity::Low,
                &server.place,
                "Redis is enabled, and nothing uses it: not one command in 10,000 task lists",
                "set VIKUNJA_KEYVALUE_TYPE=redis (and VIKUNJA_RATELIMIT_STORE=redis with the limiter), or leave Redis out",
            )),
            _ => None,
        }
    })
}

pub(super) fn cors_origins(evidence: &Evidence) -> Checked {
    each(evidence, |server| {
        let origins = server.setting("CORS_ORIGINS")?;
        let all = origins
            .value
            .as_deref()?
            .split(',')
            .any(|one| one.trim() == "*");
        (all && server.switch("CORS_ENABLE") != Some(false)).then(|| {
            Hit::new(
                Severity::Medium,
                &origins.place,
                "VIKUNJA_CORS_ORIGINS lets every web page call the API",
                "name the origins, or set VIKUNJA_CORS_ENABLE=false",
            )
        })
    })
}

pub(super) fn test_routes(evidence: &Evidence) -> Checked {
    each(evidence, |server| {
        let token = server.setting("SERVICE_TESTINGTOKEN")?;
        (token.value.as_deref() != Some("")).then(|| {
            Hit::new(
                Severity::High,
                &token.place,
                "VIKUNJA_SERVICE_TESTINGTOKEN opens routes that replace whole tables",
                "remove it",
            )
        })
    })
}

pub(super) fn token_lifetime(evidence: &Evidence) -> Checked {
    let limits = [
        ("SERVICE_JWTTTL", LONG),
        ("SERVICE_JWTTTLLONG", LONGEST),
        ("SERVICE_JWTTTLSHORT", Duration::from_secs(3600)),
    ];
    let mut hits = Vec::new();
    for server in evidence.vikunjas()? {
        for (name, limit) in limits {
            let Some(setting) = server.setting(name) else {
                continue;
            };
            let seconds = setting.value.as_deref().and_then(|text| text.parse().ok());
            let lasts = seconds.map(Duration::from_secs);
            if let Some(lasts) = lasts.filter(|lasts| *lasts > limit) {
                hits.push(Hit::new(
                    Severity::Medium,
                    &setting.place,
                    format!(
                        "{PREFIX}{name}: a stolen token works for {}",
                        humantime::format_duration(lasts)
                    ),
                    format!("at most {} (it is in seconds)", limit.as_secs()),
                ));
            }
        }
    }
    Ok(hits)
}
