//! The command that repeats a run, without its secrets.

/// Words in the names of flags and variables whose values are secrets, or may hold some.
const SECRET: [&str; 5] = ["token", "password", "secret", "header", "before-each"];
/// What stands in place of a secret.
const MASK: &str = "…";

/// What was typed, with what the environment said, for a shell. Secrets are left out.
pub fn line(
    args: impl IntoIterator<Item = String>,
    variables: impl IntoIterator<Item = (String, String)>,
) -> String {
    let mut words: Vec<_> = variables
        .into_iter()
        .filter(|(name, value)| {
            (name.starts_with("VIKUNJA_") || name.starts_with("LOADTEST_")) && !value.is_empty()
        })
        .map(|(name, value)| {
            if is_secret(&name) {
                format!("{name}={MASK}")
            } else {
                format!("{name}={}", quoted(&value))
            }
        })
        .collect();
    words.sort();
    words.push("loadtest".to_owned());
    let mut masks_next = false;
    for arg in args.into_iter().skip(1) {
        let (flag, value) = match arg.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            _ => (arg.as_str(), None),
        };
        let masks = flag.starts_with("--") && is_secret(flag);
        words.push(match value {
            _ if masks_next => MASK.to_owned(),
            Some(_) if masks => format!("{flag}={MASK}"),
            Some(value) => format!("{flag}={}", quoted(value)),
            None => quoted(&arg),
        });
        masks_next = !masks_next && masks && value.is_none();
    }
    words.join(" ")
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    SECRET.iter().any(|secret| name.contains(secret))
}

/// Quoted for a shell, and masked where it is a token or an address with a password in it.
fn quoted(text: &str) -> String {
    if text.starts_with("eyJ") || text.starts_with("tk_") {
        return MASK.to_owned();
    }
    let text = without_password(text);
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+…".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text;
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// An address without the name and the password in it. Other text stays as it is.
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{MASK}{}", &rest[at..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(args: &[&str], variables: &[(&str, &str)]) -> String {
        let args = std::iter::once("/bin/loadtest").chain(args.iter().copied());
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        line(args.map(ToOwned::to_owned), variables.iter().map(owned))
    }

    #[test]
    fn it_can_be_typed_again() {
        let typed = said(
            &[
                "-n",
                "20",
                "--target",
                "p95<200ms",
                "--header",
                "X: y",
                "--html=a b.html",
            ],
            &[
                ("LOADTEST_USERS", "3"),
                ("HOME", "/root"),
                ("VIKUNJA_URL", "http://localhost:3456"),
            ],
        );
        assert_eq!(
            typed,
            "LOADTEST_USERS=3 VIKUNJA_URL=http://localhost:3456 loadtest -n 20 --target 'p95<200ms' --header … --html='a b.html'"
        );
        assert_eq!(said(&["it's"], &[]), r"loadtest 'it'\''s'");
    }

    #[test]
    fn no_secret_is_in_it() {
        for (args, variables) in [
            (&["--token", "geheim"][..], &[][..]),
            (&["--token=geheim"], &[]),
            (&["--password", "geheim"], &[]),
            (&["--password-b=geheim"], &[]),
            (&["--header", "X: geheim", "--header=Y: geheim"], &[]),
            (&["--before-each", "psql geheim"], &[]),
            (&["--url", "http://me:geheim@localhost/"], &[]),
            (&["--url=http://me:geheim@localhost"], &[]),
            (&["eyJgeheim", "--x=tk_geheim"], &[]),
            (&[], &[("VIKUNJA_TOKEN", "geheim")]),
            (&[], &[("VIKUNJA_PASSWORD", "geheim")]),
            (&[], &[("LOADTEST_HEADER", "geheim")]),
            (&[], &[("LOADTEST_BEFORE_EACH", "geheim")]),
            (&[], &[("VIKUNJA_SERVICE_JWTSECRET", "geheim")]),
        ] {
            let typed = said(args, variables);
            assert!(typed.contains('…') && !typed.contains("geheim"), "{typed}");
        }
    }
}
