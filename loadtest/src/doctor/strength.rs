//! How good a secret is, told without showing it.

/// Values that everybody tries first.
const KNOWN: [&str; 17] = [
    "admin",
    "changeit",
    "changeme",
    "default",
    "example",
    "passwd",
    "password",
    "postgres",
    "qwerty",
    "redis",
    "replaceme",
    "root",
    "secret",
    "supersecret",
    "test",
    "vikunja",
    "yoursecret",
];

/// Fewest characters of a password.
const SHORTEST: usize = 16;
/// Fewest characters of a key that signs tokens: who guesses it is everybody.
const SHORTEST_KEY: usize = 32;
/// Fewest bits, estimated by how often each character stands there: the most that is to be had from so short a text.
const FEWEST_BITS: f64 = 48.0;

/// What is wrong with a secret, if anything is.
pub(super) fn weakness(value: &str, signs_tokens: bool) -> Option<String> {
    let length = value.chars().count();
    let shortest = if signs_tokens { SHORTEST_KEY } else { SHORTEST };
    if length == 0 {
        return Some("it is empty".to_owned());
    }
    let letters: String = value.chars().filter(char::is_ascii_alphabetic).collect();
    let letters = letters.to_ascii_lowercase();
    let is_known = KNOWN
        .iter()
        .any(|word| !letters.is_empty() && letters.replace(word, "").is_empty());
    if value.starts_with('<') || is_known {
        return Some("it is a word of documentation".to_owned());
    }
    if length < shortest {
        return Some(format!(
            "it has {length} characters; at least {shortest} are expected"
        ));
    }
    let bits = bits(value);
    (bits < FEWEST_BITS).then(|| {
        format!("it repeats itself: about {bits:.0} bits; at least {FEWEST_BITS} are expected")
    })
}

fn bits(value: &str) -> f64 {
    let mut seen = std::collections::BTreeMap::new();
    for character in value.chars() {
        *seen.entry(character).or_insert(0_u32) += 1;
    }
    let length = value.chars().count() as f64;
    seen.values()
        .map(|&count| -f64::from(count) * (f64::from(count) / length).log2())
        .sum::<f64>()
        .abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_secrets_are_told_apart_and_not_shown() {
        for (value, said) in [
            ("", "empty"),
            ("secretsecretsecret", "documentation"),
            ("ChangeMe123!", "documentation"),
            ("<jwt-secret>", "documentation"),
            ("k8Zq", "4 characters"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "about 0 bits"),
            ("abababababababababababababababababab", "about 36 bits"),
        ] {
            let weakness = weakness(value, false).unwrap();
            assert!(weakness.contains(said), "{weakness}");
            assert!(value.is_empty() || !weakness.contains(value), "{weakness}");
        }
    }

    #[test]
    fn random_ones_are_good_and_keys_must_be_longer() {
        assert_eq!(weakness("q8Zr1LxV0bTnW5yk", false), None);
        assert!(weakness("q8Zr1LxV0bTnW5yk", true).is_some());
        assert_eq!(weakness("q8Zr1LxV0bTnW5ykq8Zr1LxV0bTnW5yk", true), None);
    }
}
