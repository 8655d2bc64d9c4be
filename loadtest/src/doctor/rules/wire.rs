//! What the server shows to everybody.

use vikunja_sdk::Release;

use crate::doctor::{
    evidence::Evidence,
    finding::{Checked, Hit, Severity, Unknown},
    wire::{DOCS, FOREIGN, METRICS},
};

/// What the server's change log names as security fixes, by the release that has them.
const FIXED: [(Release, &str); 3] = [
    (
        Release(2, 2, 1),
        "GHSA-jfmm-mjcp-8wq2 (attachments of others), GHSA-g9xj-752q-xh63 and GHSA-g66v-54v9-52pr (requests into the server's network)",
    ),
    (Release(2, 3, 0), "GHSA-hj5c-mhh2-g7jq (labels of others)"),
    (
        Release(2, 4, 0),
        "GHSA-r6w9-259g-gwrv (reset tokens in clear), GHSA-vvcv-vpph-h844, GHSA-xv7q-fvmc-jx96, GHSA-v3p6-34mc-hj7v and five more about permissions",
    ),
];

pub(super) fn release(evidence: &Evidence) -> Checked {
    let release = evidence
        .release()
        .ok_or_else(|| Unknown("the release is not known: give --url, or --release".to_owned()))?;
    if evidence.wire.as_ref().is_some_and(|wire| !wire.released) {
        return Err(Unknown(
            "this is an unreleased build: its fixes are not known by number".to_owned(),
        ));
    }
    let missing = FIXED.iter().filter(|(fixed, _)| release < *fixed);
    let missing: Vec<_> = missing.map(|(_, what)| *what).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let (newest, _) = FIXED[FIXED.len() - 1];
    Ok(vec![Hit::new(
        Severity::High,
        format!("Vikunja {release}"),
        format!("it lacks fixes: {}", missing.join("; ")),
        format!("update to {newest} or newer (so old a release need not have all of these holes)"),
    )])
}

pub(super) fn registration(evidence: &Evidence) -> Checked {
    let hit = |place: &str| {
        vec![Hit::new(
            Severity::Medium,
            place,
            "anybody who reaches the server can make an account",
            "set VIKUNJA_SERVICE_ENABLEREGISTRATION=false once your people have theirs (`vikunja user create` makes more)",
        )]
    };
    if let Ok(wire) = evidence.wire() {
        return match wire.registration {
            Some(true) => Ok(hit(&wire.address)),
            Some(false) => Ok(Vec::new()),
            None => Err(Unknown("the server does not say".to_owned())),
        };
    }
    let servers = evidence.vikunjas()?;
    let open = servers
        .iter()
        // It is open unless it is closed.
        .filter(|server| server.switch("SERVICE_ENABLEREGISTRATION") != Some(false));
    Ok(open
        .flat_map(|server| hit(&server.place.to_string()))
        .collect())
}

pub(super) fn tls(evidence: &Evidence) -> Checked {
    let wire = evidence.wire()?;
    let plain = |what: String| {
        vec![Hit::new(
            Severity::High,
            &wire.address,
            what,
            "put a proxy with TLS before it (deploy/Caddyfile), and set VIKUNJA_SERVICE_PUBLICURL to its https address",
        )]
    };
    if wire.address.starts_with("https://") {
        return Ok(Vec::new());
    }
    if !wire.loopback {
        return Ok(plain("the server is called without TLS".to_owned()));
    }
    let public = url::Url::parse(&wire.public_url).ok();
    let away = public.filter(|url| {
        url.host_str()
            .is_some_and(|host| !crate::cli::is_loopback(host))
    });
    match away {
        Some(url) if url.scheme() == "http" => Ok(plain(format!(
            "its public address is {}, without TLS",
            &url[..url::Position::AfterPort]
        ))),
        _ => Err(Unknown(
            "it was asked on this machine, behind whatever encrypts: give --url the public address"
                .to_owned(),
        )),
    }
}

pub(super) fn cors(evidence: &Evidence) -> Checked {
    let wire = evidence.wire()?;
    let allowed = wire.allowed_origin.as_deref();
    let Some(allowed) = allowed.filter(|origin| *origin == "*" || *origin == FOREIGN) else {
        return Ok(Vec::new());
    };
    let (severity, with) = if wire.allows_credentials {
        (Severity::High, ", with the credentials of its visitors")
    } else {
        (Severity::Medium, "")
    };
    Ok(vec![Hit::new(
        severity,
        &wire.address,
        format!(
            "a page of {FOREIGN} may read answers{with} (Access-Control-Allow-Origin: {allowed})"
        ),
        "set VIKUNJA_CORS_ENABLE=false, or name the origins in VIKUNJA_CORS_ORIGINS",
    )])
}

pub(super) fn rate_limit(evidence: &Evidence) -> Checked {
    let hit = |place: String| {
        Hit::new(
            Severity::Medium,
            place,
            "only log-in and registration of API v1 are limited, ten a minute and address",
            "set VIKUNJA_RATELIMIT_ENABLED=true and VIKUNJA_RATELIMIT_LIMIT to what people need (100 a minute and user is the default, and little for a web client)",
        )
    };
    if let Ok(wire) = evidence.wire() {
        let unlimited = (!wire.limited).then(|| hit(wire.address.clone()));
        return Ok(unlimited.into_iter().collect());
    }
    let servers = evidence.vikunjas()?;
    let unlimited = servers
        .iter()
        .filter(|server| server.switch("RATELIMIT_ENABLED") != Some(true));
    Ok(unlimited
        .map(|server| hit(server.place.to_string()))
        .collect())
}

pub(super) fn metrics(evidence: &Evidence) -> Checked {
    let wire = evidence.wire()?;
    let open = wire.open.contains(&METRICS).then(|| {
        Hit::new(
            Severity::Medium,
            &wire.address,
            "/api/v1/metrics answers without a password: counts of users, projects and tasks",
            "set VIKUNJA_METRICS_USERNAME and VIKUNJA_METRICS_PASSWORD, or close the path at the proxy",
        )
    });
    Ok(open.into_iter().collect())
}

pub(super) fn docs(evidence: &Evidence) -> Checked {
    let wire = evidence.wire()?;
    let open: Vec<_> = DOCS
        .iter()
        .filter(|path| wire.open.contains(path))
        .collect();
    let Some(first) = open.first() else {
        return Ok(Vec::new());
    };
    Ok(vec![Hit::new(
        Severity::Low,
        &wire.address,
        format!("/api/v1{first} answers everybody"),
        "no setting closes it: close /api/v1/docs* (and /api/v2/docs*, /api/v2/openapi*) at the proxy (deploy/Caddyfile)",
    )])
}
