//! The rules: each is one small function, and one line of the table.

mod compose;
mod host;
mod secrets;
mod settings;
mod wire;

use super::{evidence::Evidence, finding::Checked};

/// A rule.
pub(super) struct Rule {
    /// Its name, which does not change.
    pub(super) name: &'static str,
    /// What it asks, as a sentence that is true where all is well.
    pub(super) well: &'static str,
    /// Looks.
    pub(super) check: fn(&Evidence) -> Checked,
}

const fn rule(name: &'static str, well: &'static str, check: fn(&Evidence) -> Checked) -> Rule {
    Rule { name, well, check }
}

/// All rules, in the order of reports.
pub(super) const RULES: &[Rule] = &[
    rule("release", "no release with known holes", wire::release),
    rule(
        "registration",
        "strangers cannot register",
        wire::registration,
    ),
    rule("tls", "passwords and tokens travel encrypted", wire::tls),
    rule(
        "cors",
        "web pages of others cannot call the API",
        wire::cors,
    ),
    rule("rate-limit", "calls are limited", wire::rate_limit),
    rule("metrics", "counters are not for everybody", wire::metrics),
    rule(
        "docs",
        "the API's description is not for everybody",
        wire::docs,
    ),
    rule(
        "unknown-setting",
        "every VIKUNJA_ name has an effect",
        settings::unknown,
    ),
    rule(
        "public-url",
        "the server knows its address",
        settings::public_url,
    ),
    rule(
        "redis-address",
        "Redis is named with its port",
        settings::redis_address,
    ),
    rule(
        "redis-unused",
        "Redis is used, or not there",
        settings::redis_unused,
    ),
    rule(
        "cors-origins",
        "allowed origins are named",
        settings::cors_origins,
    ),
    rule(
        "test-routes",
        "routes for tests are closed",
        settings::test_routes,
    ),
    rule(
        "token-lifetime",
        "tokens end soon",
        settings::token_lifetime,
    ),
    rule("weak-secret", "secrets cannot be guessed", secrets::weak),
    rule(
        "missing-secret",
        "tokens outlive a restart",
        secrets::missing,
    ),
    rule(
        "written-secret",
        "secrets stand in no compose file",
        secrets::written,
    ),
    rule(
        "broken-secret",
        "each secret is on one line",
        secrets::broken,
    ),
    rule("tracked-secret", "secrets are not in git", secrets::tracked),
    rule(
        "file-mode",
        "only the owner reads secrets and data",
        host::modes,
    ),
    rule(
        "duplicate-key",
        "no key stands twice",
        compose::duplicate_key,
    ),
    rule(
        "missing-variable",
        "every ${…} has a value",
        compose::missing_variable,
    ),
    rule(
        "secret-mount",
        "secrets are where they are read",
        compose::secret_mount,
    ),
    rule(
        "undefined-network",
        "networks are declared",
        compose::undefined_network,
    ),
    rule(
        "unreachable",
        "services reach each other",
        compose::unreachable,
    ),
    rule(
        "depends-on",
        "services wait for what they need",
        compose::depends_on,
    ),
    rule(
        "health-check",
        "health checks can work",
        compose::health_check,
    ),
    rule(
        "published-port",
        "ports are published on loopback only",
        compose::published_port,
    ),
    rule("root", "containers do not run as root", compose::root),
    rule(
        "image-tag",
        "images do not change by themselves",
        compose::image_tag,
    ),
];
