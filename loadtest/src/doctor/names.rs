//! Which settings a release reads from the environment.

use vikunja_sdk::Release;

/// A name, and in which of the releases that were looked at it is read.
const NAMES: &str = include_str!("settings.txt");

/// The releases that were looked at.
const LOOKED_AT: [(&str, Release); 4] = [
    ("0.20", Release(0, 20, 4)),
    ("0.24", Release(0, 24, 1)),
    ("1.0", Release(1, 0, 0)),
    ("2.5", Release(2, 5, 0)),
];

/// What a name is to a release; names are without `VIKUNJA_`.
#[derive(Debug, PartialEq)]
pub(super) enum Known {
    /// It is read.
    Yes,
    /// It has no effect, and this is what was perhaps meant.
    No(Option<&'static str>),
}

/// Looks a name up. Between two releases that were looked at, what either reads counts as known.
pub(super) fn look_up(name: &str, release: Option<Release>) -> Known {
    // Secrets out of a file that `…_FILE` names, and providers of OpenID from the environment, came after 0.24.1.
    let reads_files = release.is_none_or(|release| release > LOOKED_AT[1].1);
    let name = match name.strip_suffix("_FILE") {
        Some(name) if reads_files => name,
        _ => name,
    };
    if name.starts_with("AUTH_OPENID_PROVIDERS_") && reads_files {
        return Known::Yes;
    }
    let around = around(release);
    let read = |releases: &str| releases.split(' ').any(|one| around.contains(&one));
    if all().any(|(known, releases)| known == name && read(releases)) {
        return Known::Yes;
    }
    let spelled_out = match (name.strip_prefix("DB_"), name.strip_suffix("_PORT")) {
        (Some(rest), _) => format!("DATABASE_{rest}"),
        (_, Some(of)) => format!("{of}_HOST"),
        _ => name.to_owned(),
    };
    let likely = all()
        .filter(|(known, releases)| *known != name && read(releases))
        .map(|(known, _)| (unlikeness(&spelled_out, known), known))
        .min();
    Known::No(
        likely
            .filter(|(far, _)| *far <= FARTHEST)
            .map(|(_, known)| known),
    )
}

fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = NAMES.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' '))
}

/// The releases that tell about this one.
fn around(release: Option<Release>) -> Vec<&'static str> {
    let Some(release) = release else {
        return LOOKED_AT.map(|(name, _)| name).to_vec();
    };
    let below = LOOKED_AT.iter().rev().find(|(_, one)| *one <= release);
    // The patch releases of one that was looked at read what it reads.
    let above = LOOKED_AT.iter().find(|(_, one)| *one >= release);
    let same = below.filter(|(_, one)| (one.0, one.1) == (release.0, release.1));
    match same {
        Some((name, _)) => vec![name],
        None => [below, above]
            .into_iter()
            .flatten()
            .map(|(name, _)| *name)
            .collect(),
    }
}

/// Farthest that a name may be from what was meant, in thousandths.
const FARTHEST: u32 = 550;

/// How unlike two names are, in thousandths: pairs of letters that only one of them has. Order and underscores do not
/// matter much, for what people write is `WEBHOOK_TIMEOUT` for `WEBHOOKS_TIMEOUTSECONDS`.
fn unlikeness(one: &str, other: &str) -> u32 {
    let pairs = |name: &str| -> Vec<(char, char)> {
        let letters: Vec<_> = name.chars().filter(|c| *c != '_').collect();
        letters.windows(2).map(|two| (two[0], two[1])).collect()
    };
    let (mut left, right) = (pairs(one), pairs(other));
    let all = left.len() + right.len();
    let mut common = 0;
    for pair in right {
        if let Some(at) = left.iter().position(|one| *one == pair) {
            left.swap_remove(at);
            common += 2;
        }
    }
    1000 - (1000 * common / all.max(1)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const V0_24: Option<Release> = Some(Release(0, 24, 1));
    const V2_5: Option<Release> = Some(Release(2, 5, 0));

    #[test]
    fn names_have_no_effect_by_release() {
        for (name, release, known) in [
            ("SERVICE_PUBLICURL", V0_24, Known::Yes),
            ("SERVICE_FRONTENDURL", Some(Release(0, 20, 4)), Known::Yes),
            ("SERVICE_FRONTENDURL", None, Known::Yes),
            ("SERVICE_SECRET", Some(Release(2, 3, 0)), Known::Yes),
            ("SERVICE_SECRET_FILE", V2_5, Known::Yes),
            ("AUTH_OPENID_PROVIDERS_DEX_NAME", V2_5, Known::Yes),
            ("REDIS_PORT", V0_24, Known::No(Some("REDIS_HOST"))),
            ("JWT_SECRET", V0_24, Known::No(Some("SERVICE_JWTSECRET"))),
            ("DB_PASSWORD", V0_24, Known::No(Some("DATABASE_PASSWORD"))),
            (
                "WEBHOOK_TIMEOUT",
                V0_24,
                Known::No(Some("WEBHOOKS_TIMEOUTSECONDS")),
            ),
            ("QQQ", V0_24, Known::No(None)),
        ] {
            assert_eq!(look_up(name, release), known, "{name} {release:?}");
        }
        assert_ne!(look_up("SERVICE_SECRET_FILE", V0_24), Known::Yes);
        assert_ne!(look_up("SERVICE_SECRET", V0_24), Known::Yes);
    }
}
